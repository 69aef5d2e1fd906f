"""Files of rows under bad luck: killed, two at once, thousands of rows with wrong ones among them, hostile bytes."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from jcanweb.database import db, transaction
from jcanweb.errors import RuleViolation
from jcanweb.events import Event
from jcanweb.models import Application, AuditEntry, Corporation, Intake, Mail, Officer
from jcanweb.roles import Role
from jcanweb.services import intake, intake_ledger, intake_work
from jcanweb.sheets import SheetRefused
from jcanweb.vocabulary import IntakeKind
from jcanweb.vocabulary import RowResult as R
from tests import builders
from tests.intakes import application, carried_out, corporation, csv, received, work
from tests.people import officer
from tests.sheets.test_read import altered, workbook

CORPORATIONS, APPLICATIONS = IntakeKind.CORPORATIONS, IntakeKind.APPLICATIONS
URI = os.environ.get("JCANWEB_TEST_DATABASE_URI")


@pytest.fixture
def clerk(app: Any) -> int:
    with app.app_context(), transaction():
        return officer(Role.SCREENER).id


def count(what: Any, *where: Any) -> int:
    return db.session.scalar(select(func.count()).select_from(what).where(*where)) or 0


def counts(intake_id: int) -> dict[str, int]:
    found = intake_ledger.counts(db.session.get_one(Intake, intake_id))
    return {result.value: number for result, number in found.items() if number}


def together(app: Any, *acts: Callable[[], Any]) -> list[str]:
    """What became of each, done at the same moment by threads."""
    gate, outcomes = threading.Barrier(len(acts)), []

    def press(act: Callable[[], Any]) -> None:
        with app.app_context():
            gate.wait()
            try:
                act()
                outcomes.append("won")
            except RuleViolation as violation:
                outcomes.append(violation.code)

    threads = [threading.Thread(target=press, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return sorted(outcomes)


# --- many ----------------------------------------------------------------------------------------------


def test_of_many_rows_the_wrong_ones_are_refused_and_a_second_time_adds_nothing(app: Any, clerk: int) -> None:
    """One in twenty is wrong; the bench does the same with ten thousand."""
    source = csv(*(corporation(n, **({"代表者": ""} if n % 20 == 0 else {})) for n in range(200)))
    with app.app_context():
        by = db.session.get_one(Officer, clerk)
        first = received(CORPORATIONS, source, by=by)
        assert counts(first) == {"new": 190, "refused": 10}
        carried_out(first, by=by)
        assert counts(first) == {"done": 190, "refused": 10}
        second = received(CORPORATIONS, source + b"\r\n", by=by)  # other bytes, the same rows
        assert counts(second) == {"unchanged": 190, "refused": 10}
        assert count(Corporation) == 190
        assert count(AuditEntry, AuditEntry.event == Event.CORPORATION_REGISTERED) == 190


def test_judging_asks_the_database_as_often_for_two_hundred_rows_as_for_two(app: Any, clerk: int) -> None:
    from sqlalchemy import event

    asked: list[int] = []
    with app.app_context():
        by = db.session.get_one(Officer, clerk)
        with transaction():
            people = [builders.person() for _ in range(20)]
        for kind, row in ((CORPORATIONS, corporation), (APPLICATIONS, lambda n: application(people[n % 20], **{
                "部署・役職または氏名（英字）": f"Dept. {n}"}))):  # fmt: skip
            for many in (2, 200):
                asked.append(0)

                def one_more(*_: Any) -> None:
                    asked[-1] += 1

                event.listen(db.engine, "before_cursor_execute", one_more)
                received(kind, csv(*(row(n + many) for n in range(many))), by=by)
                event.remove(db.engine, "before_cursor_execute", one_more)
    assert abs(asked[0] - asked[1]) <= 1  # a longer list of values is asked for in as many questions
    assert abs(asked[2] - asked[3]) <= 1


# --- killed --------------------------------------------------------------------------------------------

KILLED = """
import os, signal, sys
from datetime import datetime
from jcanweb import clock, create_app
instance, uri, moment = sys.argv[1:]
clock.replace(lambda: datetime.fromisoformat("2026-11-24T01:00:00+00:00"))
app = create_app({"TESTING": True} | ({"SQLALCHEMY_DATABASE_URI": uri} if uri else {}), instance=instance)
from jcanweb import jobs, database
from jcanweb.services import intake_work
jobs.PAUSE, intake_work.JUDGED, intake_work.CARRIED_OUT, intake_work.MAILED = 0, 7, 7, 1
act, left = getattr(intake_work, moment), [3]
def die_the_third_time(*arguments):
    made = act(*arguments)
    left[0] -= 1
    if not left[0]:
        database.db.session.flush()
        os.kill(os.getpid(), signal.SIGKILL)
    return made
setattr(intake_work, moment, die_the_third_time)
with app.app_context():
    jobs.take_in_files()
"""


def kill(app: Any, moment: str) -> None:
    """The job in a process of its own that dies in the middle of the third such step."""
    uri = app.config["SQLALCHEMY_DATABASE_URI"] if URI else ""
    child = subprocess.run([sys.executable, "-c", KILLED, app.instance_path, uri, moment], capture_output=True, text=True,
                           timeout=60, cwd=Path(__file__).parents[2])  # fmt: skip
    assert child.returncode == -signal.SIGKILL, child.stderr


def test_killed_while_judging_it_goes_on_behind_the_last_row_that_is_there(app: Any, clerk: int) -> None:
    with app.app_context(), transaction():
        one = intake.receive(CORPORATIONS, "a.csv", csv(*(corporation(n) for n in range(30))),
                             by=db.session.get_one(Officer, clerk)).id  # fmt: skip
    kill(app, "keep")
    with app.app_context():
        assert counts(one) == {"new": 14}
        work()
        assert counts(one) == {"new": 30}
        assert count(AuditEntry, AuditEntry.event == Event.INTAKE_READ) == 1


def test_killed_while_carrying_out_each_row_is_done_once(app: Any, clerk: int) -> None:
    with app.app_context():
        by = db.session.get_one(Officer, clerk)
        one = received(CORPORATIONS, csv(*(corporation(n) for n in range(30))), by=by)
        with transaction():
            intake.start(db.session.get_one(Intake, one), by=by)
    kill(app, "_to_do")
    with app.app_context():
        assert counts(one) == {"new": 16, "done": 14}
        assert count(Corporation) == 14
        work()
        assert counts(one) == {"done": 30}
        assert count(Corporation) == 30
        assert count(AuditEntry, AuditEntry.event == Event.CORPORATION_REGISTERED) == 30


def test_killed_while_writing_mails_nobody_gets_a_second_one(app: Any, clerk: int) -> None:
    with app.app_context():
        by = db.session.get_one(Officer, clerk)
        with transaction():
            people = [builders.person() for _ in range(5)]
        one = received(APPLICATIONS, csv(*(application(person) for person in people)), by=by)
        with transaction():
            intake.start(db.session.get_one(Intake, one), by=by)
    kill(app, "_write")
    with app.app_context():
        assert (count(Application), count(Mail)) == (5, 2)
        work()
        assert (count(Application), count(Mail)) == (5, 5)
        assert db.session.get_one(Intake, one).done_at is not None


# --- at the same moment --------------------------------------------------------------------------------


def test_of_two_officers_starting_at_once_one_starts_and_the_other_is_told(app: Any, clerk: int) -> None:
    with app.app_context():
        with transaction():
            other = officer(Role.SCREENER).id
        one = received(CORPORATIONS, csv(corporation(1)), by=db.session.get_one(Officer, clerk))

    def start(who: int) -> None:
        with transaction():
            intake.start(db.session.get_one(Intake, one), by=db.session.get_one(Officer, who))

    assert together(app, lambda: start(clerk), lambda: start(other)) == ["AlreadyStarted", "won"]
    with app.app_context():
        assert count(AuditEntry, AuditEntry.event == Event.INTAKE_STARTED) == 1


def test_of_two_handing_in_the_same_file_at_once_one_is_kept(app: Any, clerk: int) -> None:
    source = csv(corporation(1))

    def receive() -> None:
        with transaction():
            intake.receive(CORPORATIONS, "a.csv", source, by=db.session.get_one(Officer, clerk))

    assert together(app, receive, receive) == ["AlreadyReceived", "won"]


def test_two_jobs_at_once_judge_and_carry_out_each_row_once(
    app: Any, clerk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake_work, "JUDGED", 20)
    with app.app_context(), transaction():
        source = csv(*(corporation(n) for n in range(120)))
        one = intake.receive(CORPORATIONS, "a.csv", source, by=db.session.get_one(Officer, clerk)).id
    assert together(app, work, work) == ["won", "won"]
    with app.app_context(), transaction():
        assert counts(one) == {"new": 120}
        intake.start(db.session.get_one(Intake, one), by=db.session.get_one(Officer, clerk))
    assert together(app, work, work) == ["won", "won"]
    with app.app_context():
        assert counts(one) == {"done": 120}
        assert count(AuditEntry, AuditEntry.event == Event.INTAKE_READ) == 1
        assert count(AuditEntry, AuditEntry.event == Event.INTAKE_FINISHED) == 1


# --- hostile -------------------------------------------------------------------------------------------


def test_a_million_rows_are_refused_without_judging_one(
    app: Any, clerk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = csv(corporation(1)).splitlines(keepends=True)
    with app.app_context():
        monkeypatch.setattr(intake_work, "keep", None)
        one = received(CORPORATIONS, source[0] + b"1\r\n" * 1_000_000, by=db.session.get_one(Officer, clerk))
        assert (
            db.session.get_one(Intake, one).trouble == "100,000行を超えています。分けて取り込んでください。"
        )


@pytest.mark.parametrize(
    ("source", "words"),
    [(csv({"法人番号": "1", "企業ID": "2"}), "項目「法人名」「法人名英字」"), (b"%PDF-1.7\n\xff\xfe", "文字の読める"),
     (csv(corporation(1)).replace(b"CT9", b"CT\0"), "文字の読める"),
     (csv(corporation(1)) + "髙橋".encode("cp932"), "3行目"), (csv(corporation(1)).splitlines()[0], "項目名のほかに行が"),
     (altered(workbook(["法人番号"], ["1"]), lambda part, content: content + b" " * (201 * 2**20) if "theme" in part else content),
      "大きすぎる")],
)  # fmt: skip
def test_what_is_no_such_table_is_refused_when_it_comes(
    app: Any, clerk: int, source: bytes, words: str
) -> None:
    with app.app_context(), pytest.raises(SheetRefused, match=words):
        intake.receive(CORPORATIONS, "a.xlsx", source, by=db.session.get_one(Officer, clerk))


def test_a_workbook_named_csv_is_read_as_what_it_is_and_a_formula_is_refused_at_its_cell(
    app: Any, clerk: int
) -> None:
    row = corporation(1)
    source = workbook(list(row), list((row | {"企業ID": "=1+1"}).values()), list(corporation(2).values()))
    with app.app_context():
        one = received(CORPORATIONS, source, by=db.session.get_one(Officer, clerk), name="表.csv")
        assert counts(one) == {"new": 1, "refused": 1}
        (wrong,) = intake_ledger.rows(db.session.get_one(Intake, one), R.REFUSED)
        assert "数式" in wrong.notes["company_id"]
