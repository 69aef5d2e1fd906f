"""The end of an agreement: noticed once, a decision on every living certificate, also after a crash."""

import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import IntegrityError

from jcanweb import audit, clock, jobs
from jcanweb.config import setting
from jcanweb.database import db, transaction
from jcanweb.errors import RuleViolation
from jcanweb.events import Event, Subject
from jcanweb.models import AgreementEnd, AuditEntry, Certificate, Corporation, Officer, Revocation
from jcanweb.roles import Role
from jcanweb.services import agreements, cessation, evidence_files, organizations, reports, revocation, trail
from jcanweb.services import organization_ledger as ledger
from jcanweb.services.organization_entries import CorporationEntry
from jcanweb.vocabulary import (
    AgreementState,
    ApplicationState,
    CertificateState,
    RevocationReason,
    RevocationRequester,
    RevocationState,
)
from tests import builders
from tests.issued import issued_certificate
from tests.people import officer

URI = os.environ.get("JCANWEB_TEST_DATABASE_URI")
ACTIVE, SUSPENDED, ENDED = AgreementState.ACTIVE, AgreementState.SUSPENDED, AgreementState.ENDED


def entry(home: Corporation, **values: Any) -> CorporationEntry:
    names = CorporationEntry.__dataclass_fields__
    return replace(CorporationEntry(**{name: getattr(home, name) for name in names}), **values)


def become(home: Corporation, state: AgreementState, by: Officer, **values: Any) -> None:
    organizations.change(home, entry(home, agreement_state=state, **values), version=home.version, by=by)


def certificate(of: Corporation, state: CertificateState = CertificateState.DELIVERED) -> Certificate:
    who = of.people[0] if of.people else builders.person(of)
    return issued_certificate(state, application=builders.application(ApplicationState.APPROVED, person=who))


def sweep() -> None:
    while agreements.settle_some() or cessation.receive_some():
        pass


def ends() -> list[AgreementEnd]:
    return list(db.session.query(AgreementEnd).order_by(AgreementEnd.id))


def opened() -> list[Revocation]:
    return list(db.session.query(Revocation).order_by(Revocation.id))


@pytest.fixture
def screener(context: Any) -> Officer:
    return officer(Role.SCREENER)


@pytest.fixture
def home(screener: Officer) -> Corporation:
    return builders.corporation()  # type: ignore[no-any-return]  # builders hand out what they keep


# --- a decision on each certificate -------------------------------------------------------------------


@pytest.mark.parametrize("state", [SUSPENDED, ENDED])
def test_an_end_opens_a_decision_on_every_living_certificate_due_in_five_days(
    home: Corporation, screener: Officer, hands: Any, state: AgreementState
) -> None:
    made = [certificate(home), certificate(home, CertificateState.ISSUED)]
    certificate(home, CertificateState.REVOKED)
    certificate(builders.corporation())
    become(home, state, screener)
    noticed = clock.now()
    hands.forward(hours=2)
    sweep()
    found = opened()
    assert [one.certificate_id for one in found] == [one.id for one in made]
    for one in found:
        assert (one.state, one.reason, one.requester) == (
            RevocationState.RECEIVED, RevocationReason.CESSATION_OF_OPERATION, RevocationRequester.REGISTRATION_AUTHORITY,
        )  # fmt: skip
        assert (one.received_by, one.received_from, one.received_upon) == (None, None, ends()[0].id)
        assert one.received_at == noticed
        assert one.due_at == noticed + timedelta(days=setting("REVOCATION_NORMAL_DAYS"))
        assert trail.history(Subject.REVOCATION, one.id)[0].who == "自動処理"
    entry = db.session.query(AuditEntry).filter_by(event=Event.AGREEMENT_ENDED).one()
    assert (entry.actor, entry.facts) == (f"officer:{screener.id}", {"end": ends()[0].id, "cause": state})


def test_any_officer_decides_and_another_executes(home: Corporation, screener: Officer) -> None:
    made = certificate(home)
    become(home, ENDED, screener)
    sweep()
    (one,) = opened()
    revocation.decide(one, version=one.version, by=officer(Role.APPROVER))
    revocation.execute(one, confirmation=made.jc_number, version=one.version, by=officer(Role.OPERATOR))
    assert made.state is CertificateState.REVOKED
    today = date(2026, 11, 24)
    (line,) = reports.revocation_page(reports.period(today, today))
    assert (line.receiver, line.requester) == (
        "自動（契約の終了・停止）",
        RevocationRequester.REGISTRATION_AUTHORITY,
    )
    assert evidence_files._received(one) == {"by": "system", "at": "2026-11-24T01:00:00.000000Z"}


def test_a_certificate_with_an_open_revocation_gets_no_second(home: Corporation, screener: Officer) -> None:
    asked = revocation.receive(certificate(home), reason=RevocationReason.SUPERSEDED,
                               requester=RevocationRequester.CORPORATION, by=screener)  # fmt: skip
    become(home, ENDED, screener)
    sweep()
    assert opened() == [asked]


def test_an_expired_certificate_needs_no_decision(home: Corporation, screener: Officer, hands: Any) -> None:
    made = certificate(home)
    hands.at = made.not_after
    become(home, ENDED, screener)
    sweep()
    assert opened() == []


def test_what_is_issued_after_the_end_awaits_a_decision_too(home: Corporation, screener: Officer) -> None:
    become(home, SUSPENDED, screener)
    sweep()
    made = certificate(home)
    sweep()
    assert [one.certificate_id for one in opened()] == [made.id]


def test_batches_are_bounded_and_a_further_run_adds_nothing(
    home: Corporation, screener: Officer, monkeypatch: Any
) -> None:
    monkeypatch.setattr(cessation, "RECEIVED", 2)
    for _ in range(3):
        certificate(home)
    become(home, ENDED, screener)
    assert [cessation.receive_some(), len(opened())] == [True, 2]
    assert [cessation.receive_some(), len(opened())] == [True, 3]
    assert [cessation.receive_some(), len(opened())] == [False, 3]


# --- noticed once -------------------------------------------------------------------------------------


def test_the_day_after_the_last_day_the_job_notices(home: Corporation, screener: Officer, hands: Any) -> None:
    made = certificate(home)
    become(home, ACTIVE, screener, agreement_to=date(2026, 11, 24))
    hands.at = hands.at.replace(hour=14, minute=59)  # 23:59 in Japan
    sweep()
    assert ends() == []
    hands.forward(minutes=1)
    sweep()
    (end,) = ends()
    assert (end.cause, end.noticed_by, end.noticed_at) == (ENDED, None, clock.now())
    assert [one.certificate_id for one in opened()] == [made.id]
    become(home, ENDED, screener)  # it ended twice
    sweep()
    assert (len(ends()), len(opened())) == (1, 1)


def test_an_agreement_ended_twice_adds_nothing_also_after_a_refusal(
    home: Corporation, screener: Officer
) -> None:
    certificate(home)
    become(home, ENDED, screener)
    sweep()
    (one,) = opened()
    revocation.refuse(one, words="引き継ぐ契約があるため。", version=one.version, by=officer(Role.APPROVER))
    become(home, ENDED, screener, name="改名株式会社")
    sweep()
    assert (len(ends()), opened()) == (1, [one])


def test_lifted_before_a_decision_the_officer_decides(
    home: Corporation, screener: Officer, hands: Any
) -> None:
    certificate(home)
    become(home, SUSPENDED, screener)
    sweep()
    hands.forward(hours=3)
    become(home, ACTIVE, screener)
    sweep()
    (one,), (end,) = opened(), ends()
    assert (one.state, end.lifted_by, end.lifted_at) == (RevocationState.RECEIVED, screener.id, clock.now())
    assert db.session.query(AuditEntry).filter_by(event=Event.AGREEMENT_RESUMED).one().facts == {
        "end": end.id
    }
    revocation.refuse(one, words="契約が再開したため。", version=one.version, by=officer(Role.APPROVER))
    sweep()
    assert opened() == [one]


def test_a_suspension_that_becomes_an_end_is_decided_on_anew(home: Corporation, screener: Officer) -> None:
    kept, waiting = certificate(home), certificate(home)
    become(home, SUSPENDED, screener)
    sweep()
    first = opened()[0]
    revocation.refuse(
        first, words="再開の見込みがあるため。", version=first.version, by=officer(Role.APPROVER)
    )
    assert agreements.concerned(home, ENDED, None) == 1
    become(home, ENDED, screener)
    sweep()
    assert [(one.cause, one.lifted_at is None) for one in ends()] == [(SUSPENDED, False), (ENDED, True)]
    assert [one.certificate_id for one in opened()] == [kept.id, waiting.id, kept.id]


def test_a_suspended_agreement_whose_last_day_passes_has_ended(
    home: Corporation, screener: Officer, hands: Any
) -> None:
    certificate(home)
    become(home, SUSPENDED, screener, agreement_to=date(2026, 11, 24))
    sweep()
    (first,) = opened()
    revocation.refuse(
        first, words="再開の見込みがあるため。", version=first.version, by=officer(Role.APPROVER)
    )
    hands.forward(days=1)
    sweep()
    assert [(one.cause, one.lifted_at is None) for one in ends()] == [(SUSPENDED, False), (ENDED, True)]
    assert len(opened()) == 2
    sweep()
    assert (len(ends()), len(opened())) == (2, 2)


def test_a_second_suspension_asks_again(home: Corporation, screener: Officer) -> None:
    certificate(home)
    for state in (SUSPENDED, ACTIVE, SUSPENDED):
        become(home, state, screener)
        sweep()
        for one in opened():
            if one.state is RevocationState.RECEIVED:
                revocation.refuse(one, words="再開の見込み。", version=one.version, by=officer(Role.APPROVER))
    assert (len(ends()), len(opened())) == (2, 2)


def test_how_many_are_concerned_is_known_beforehand(home: Corporation, screener: Officer) -> None:
    certificate(home)
    certificate(home)
    past, to_come = date(2026, 11, 23), date(2026, 11, 24)
    assert [agreements.concerned(home, *asked) for asked in (
        (ENDED, None), (SUSPENDED, None), (ACTIVE, past), (ACTIVE, to_come), (ACTIVE, None),
    )] == [2, 2, 2, 0, 0]  # fmt: skip
    become(home, SUSPENDED, screener)
    assert agreements.concerned(home, SUSPENDED, None) == 0


# --- what the database keeps --------------------------------------------------------------------------


def test_by_sql_there_is_one_open_end_and_one_receiver(home: Corporation, screener: Officer) -> None:
    certificate(home)
    become(home, ENDED, screener)
    sweep()
    db.session.commit()
    (end,), (one,) = ends(), opened()
    for statement, said in (
        ("INSERT INTO agreement_end (corporation_id, cause, noticed_at) SELECT corporation_id, cause, noticed_at"
         " FROM agreement_end", "agreement_end"),
        ("UPDATE agreement_end SET cause = 'active'", "ended"),
        ("UPDATE revocation SET received_upon = NULL", "received"),
        (f"UPDATE revocation SET received_by = {screener.id}", "received"),
    ):  # fmt: skip
        with pytest.raises(IntegrityError, match=said):
            db.session.execute(text(statement))
        db.session.rollback()
    assert (end.lifted_at, one.received_upon) == (None, end.id)


# --- at the same moment, and killed -------------------------------------------------------------------


def test_of_two_ending_it_at_once_one_is_told_and_one_end_stands(app: Any) -> None:
    with app.test_request_context(), transaction():
        who, home = officer(Role.SCREENER).id, builders.corporation()
        certificate(home)
        number, version = home.id, home.version
    gate, outcomes = threading.Barrier(2), []

    def press(state: AgreementState) -> None:
        with app.test_request_context():
            mine, by = db.session.get_one(Corporation, number), db.session.get_one(Officer, who)
            asked = entry(mine, agreement_state=state)
            db.session.rollback()
            gate.wait()
            try:
                with transaction():
                    organizations.change(mine, asked, version=version, by=by)
                outcomes.append("won")
            except RuleViolation as violation:
                outcomes.append(violation.code)

    run(press, SUSPENDED, ENDED)
    assert sorted(outcomes) == ["StalePage", "won"]
    with app.test_request_context():
        assert len(ends()) == 1
        assert audit.verify() == []


def test_two_jobs_at_once_open_one_decision_each(app: Any) -> None:
    with app.test_request_context(), transaction():
        home = builders.corporation()
        for _ in range(4):
            certificate(home)
        become(home, ENDED, officer(Role.SCREENER))
    gate = threading.Barrier(2)

    def job(number: int) -> None:
        with app.app_context():
            gate.wait()
            jobs.decide_on_ended_agreements()

    run(job, 1, 2)
    with app.test_request_context():
        assert len(opened()) == len({one.certificate_id for one in opened()}) == 4
        assert audit.verify() == []


def run(act: Any, *given: Any) -> None:
    threads = [threading.Thread(target=act, args=(one,)) for one in given]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)


KILLED = """
import os, signal, sys
from datetime import datetime
from sqlalchemy import event
from jcanweb import clock, create_app, jobs
from jcanweb.services import cessation
instance, uri, moment, left = sys.argv[1:]
clock.replace(lambda: datetime.fromisoformat("2026-11-24T01:00:00+00:00"))
app = create_app({"TESTING": True} | ({"SQLALCHEMY_DATABASE_URI": uri} if uri else {}), instance=instance)
cessation.RECEIVED, left = 2, [int(left)]
from jcanweb.database import db
def die(session):
    left[0] -= 1
    if left[0] == 0:
        os.kill(os.getpid(), signal.SIGKILL)
with app.app_context():
    event.listen(db.session, moment, die)
    jobs.decide_on_ended_agreements()
"""


@pytest.mark.parametrize("moment", ["before_commit", "after_commit"])
def test_killed_between_two_batches_the_job_goes_on_and_none_is_opened_twice(app: Any, moment: str) -> None:
    with app.test_request_context(), transaction():
        home = builders.corporation()
        for _ in range(5):
            certificate(home)
        become(home, ENDED, officer(Role.SCREENER))
    uri = app.config["SQLALCHEMY_DATABASE_URI"] if URI else ""
    child = subprocess.run(
        [sys.executable, "-c", KILLED, app.instance_path, uri, moment, "3"], capture_output=True, text=True,
        timeout=60, cwd=Path(__file__).parents[2], env=os.environ,
    )  # fmt: skip
    assert child.returncode == -signal.SIGKILL, child.stderr
    with app.test_request_context():
        assert len(opened()) == (2 if moment == "before_commit" else 4)
    with app.app_context():
        jobs.decide_on_ended_agreements()
    with app.test_request_context():
        assert len(opened()) == len({one.certificate_id for one in opened()}) == 5
        assert audit.verify() == []


# --- many ---------------------------------------------------------------------------------------------


def test_a_thousand_living_certificates_all_await_a_decision(app: Any) -> None:
    """Copies of one row: what is under test never looks into the certificate itself."""
    with app.test_request_context(), transaction():
        home = builders.corporation()
        first = certificate(home)
        copy_certificate(first, 999)
        become(home, ENDED, officer(Role.SCREENER))
    with app.app_context():
        jobs.decide_on_ended_agreements()
    with app.test_request_context():
        assert len(opened()) == len({one.certificate_id for one in opened()}) == 1000
        assert {one.due_at for one in opened()} == {clock.now() + timedelta(days=5)}
        page = ledger.certificates(home)
        assert (len(page), len(ledger.revocations(page)), ledger.decisions(home).received) == (51, 51, 1000)


def copy_certificate(first: Certificate, times: int) -> None:
    """As many rows like it, each with an application and an order of its own."""
    found = first.application, first.order, first
    own = ({"number": "T9{:07}"}, {"request_id": "r{}", "jc_number": "JC-9{:07}", "public_key_sha256": "k{}", "application_id": None},
           {"jc_number": "JC-9{:07}", "serial_number": "f{:x}", "public_key_sha256": "k{}", "application_id": None, "order_id": None})  # fmt: skip
    for one, changed in zip(found, own, strict=True):
        table, at = type(one).__table__, 10_000
        (row,) = db.session.execute(select(table).where(table.c.id == one.id)).mappings()
        db.session.execute(insert(table), [
            dict(row) | {"id": at + n} | {name: shape.format(n) if shape else at + n for name, shape in changed.items()}
            for n in range(times)
        ])  # fmt: skip
