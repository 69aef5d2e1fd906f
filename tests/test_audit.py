"""The audit record: every outcome, no gap, fixed facts, and every doctoring found."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from jcanweb import audit, clock
from jcanweb.database import after_commit, db, transaction
from jcanweb.events import Damage, Event, Outcome, Subject
from jcanweb.models import AuditEntry, AuditHead, Corporation, ReceiptTimestamp
from jcanweb.models.triggers import APPEND_ONLY
from jcanweb.pki.tree import Frontier, leaf_hash, root_of
from jcanweb.roles import Role
from jcanweb.services import comments, status
from jcanweb.services import organization_history as history
from jcanweb.vocabulary import ApplicationState
from tests import builders, plain
from tests.issued import issued_certificate
from tests.people import PASSWORD, officer
from tests.withdrawals import withdraw


def entries() -> list[AuditEntry]:
    return list(db.session.scalars(db.select(AuditEntry).order_by(AuditEntry.sequence)))


def newest() -> AuditEntry:
    return entries()[-1]


def lapse(number: int, **values: Any) -> AuditEntry:
    return audit.record(Event.APPLICATION_LAPSED, Subject.APPLICATION, number, by=None, **values)


# --- outcomes -------------------------------------------------------------------------------------------


def test_what_was_done_stands_in_the_transaction_it_describes(context: Any) -> None:
    made = builders.corporation()
    audit.record(Event.CORPORATION_REGISTERED, Subject.CORPORATION, made.id, by=None,
                 corporate_number=made.corporate_number)  # fmt: skip
    before = db.session.get_one(AuditHead, 1).size
    db.session.rollback()
    assert db.session.query(Corporation).count() == 0
    assert db.session.get_one(AuditHead, 1).size == before - 1 == newest().sequence
    assert audit.verify() == []


def test_an_act_that_cannot_be_recorded_does_not_happen(app: Any) -> None:
    def act() -> None:
        builders.corporation()
        lapse(1, surplus=1)

    with app.app_context():
        with pytest.raises(TypeError), transaction():
            act()
        assert db.session.query(Corporation).count() == 0


def test_an_intent_survives_the_roll_back_of_what_follows(context: Any) -> None:
    act = audit.begin(
        Event.RECOVERY_OPENED, Subject.RECOVERY, 5, by="officer:3", certificate=1, deliveries=[]
    )
    builders.corporation()
    db.session.rollback()
    (left,) = audit.unfinished()
    assert (left.outcome, left.act, left.subject_id, left.actor) == (Outcome.BEGUN, act, "5", "officer:3")
    assert left in audit.unfinished(Subject.RECOVERY, 5)
    assert audit.unfinished(Subject.RECOVERY, 6) == []
    assert db.session.query(Corporation).count() == 0


@pytest.mark.parametrize("outcome", [Outcome.DONE, Outcome.REFUSED])
def test_done_or_refused_ends_an_intent(context: Any, outcome: Outcome) -> None:
    facts: dict[str, Any] = {"certificate": 1, "deliveries": []}
    act = audit.begin(Event.RECOVERY_OPENED, Subject.RECOVERY, 5, by=None, **facts)
    other = audit.begin(Event.RECOVERY_OPENED, Subject.RECOVERY, 6, by=None, **facts)
    if outcome is Outcome.DONE:
        audit.record(Event.RECOVERY_OPENED, Subject.RECOVERY, 5, by=None, act=act, **facts)
    else:
        audit.refuse(Event.RECOVERY_OPENED, Subject.RECOVERY, 5, by=None, act=act, reason="CannotOpen")
    assert [left.act for left in audit.unfinished()] == [other]


def test_an_intent_taken_up_again_ends_with_its_act(context: Any) -> None:
    facts: dict[str, Any] = {"certificate": 1, "deliveries": []}
    act = audit.begin(Event.RECOVERY_OPENED, Subject.RECOVERY, 5, by=None, **facts)
    assert audit.begin(Event.RECOVERY_OPENED, Subject.RECOVERY, 5, by=None, act=act, **facts) == act
    assert len(audit.unfinished()) == 2
    audit.record(Event.RECOVERY_OPENED, Subject.RECOVERY, 5, by=None, act=act, **facts)
    assert audit.unfinished() == []


def test_a_refusal_rolls_back_what_was_tried_and_stays(context: Any) -> None:
    sent: list[int] = []
    builders.corporation()
    after_commit(lambda: sent.append(1))
    audit.refuse(Event.CORPORATION_REGISTERED, Subject.CORPORATION, 7, by="officer:3", reason="FieldRefused")
    db.session.rollback()
    assert db.session.query(Corporation).count() == 0
    assert (newest().outcome, newest().facts) == (Outcome.REFUSED, {"reason": "FieldRefused"})
    assert db.session.info.get("after_commit") is None
    assert sent == []
    assert audit.refusals(Event.CORPORATION_REGISTERED, Subject.CORPORATION, 7) == 1
    assert (
        audit.refusals(Event.CORPORATION_REGISTERED, Subject.CORPORATION, 7, clock.now() + timedelta(1)) == 0
    )


def test_actors_are_ids(context: Any) -> None:
    who, person = officer(Role.SCREENER), builders.person()
    assert audit.actor_name(who) == f"officer:{who.id}"
    assert audit.actor_name(person) == f"person:{person.id}"
    assert (audit.actor_name(None), audit.actor_name("link:7")) == ("system", "link:7")


# --- facts ----------------------------------------------------------------------------------------------


def test_an_event_fixes_its_facts(context: Any) -> None:
    for event in Event:
        facts = dict.fromkeys(audit.EVENT_FACTS[event], 1)
        wrong: list[dict[str, Any]] = [facts | {"surplus": 1}]
        if facts:
            wrong += [dict(list(facts.items())[1:]), dict(list(facts.items())[1:]) | {"other": 1}]
        for given in wrong:
            for write in (audit.record, audit.begin):
                with pytest.raises(TypeError, match="takes the facts"):
                    write(event, Subject.REPORT, 1, by=None, **given)
        assert audit.record(event, Subject.REPORT, 1, by=None, **facts).facts == facts


@pytest.mark.parametrize("value", [
    "田村 花子", "Tamura Hanako", "tamura@example.jp", PASSWORD, "9kQ7wYb2TmXe4RcH8vNa",
    "q1-7LrZxw9P0bQm3uYt_5sVnKdE2cHfJgA8oTiRyUeM", "3 Chome, Minato-ku", "03-1234-5678", "右\u202e",
])  # fmt: skip
@pytest.mark.parametrize("place", ["fact", "inside", "key", "subject"])
def test_what_is_about_a_person_or_secret_is_noticed(value: str, place: str) -> None:
    facts: dict[str, Any] = {"fact": {"document": value}, "inside": {"document": [1, {"a": value}]},
                             "key": {"document": {value: 1}}}.get(place, {"document": 1})  # fmt: skip
    entry = AuditEntry(event=Event.APPLICATION_DOCUMENT_OPENED, subject_id=value if place == "subject" else "1",
                       actor="officer:3", facts=facts)  # fmt: skip
    assert len(plain.strange(entry)) == 1


@pytest.mark.parametrize("value", [
    1, None, "keyCompromise", "delivery:taken", "cessationOfOperation", "JC-00000012", "T00000001", "TwoPersonRule",
    "2026-11-24T01:00:00+00:00", "2026-11-24", "0123456789abcdef0123456789abcdef", "3.0", ["name", "email"],
])  # fmt: skip
def test_what_is_plain_passes(value: Any) -> None:
    entry = AuditEntry(
        event=Event.REPORT_BUILT, subject_id="screening.show", actor="system", facts={"x": value}
    )
    assert plain.strange(entry) == []


# --- writers at once ------------------------------------------------------------------------------------


def test_eight_writers_at_once_leave_no_gap(app: Any) -> None:
    gate, troubles = threading.Barrier(8), []
    with app.app_context():
        start = newest().sequence

    def write(number: int) -> None:
        with app.app_context():
            gate.wait(30)
            for turn in range(5):
                try:
                    with transaction():
                        lapse(number)
                        if turn == number % 5:
                            raise KeyError  # this one is rolled back
                except KeyError:
                    audit.refuse(
                        Event.APPLICATION_LAPSED, Subject.APPLICATION, number, by=None, reason="KeyError"
                    )
                except Exception as failure:
                    troubles.append(failure)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert troubles == []
    with app.app_context():
        written = entries()
        assert [one.sequence for one in written] == list(range(1, start + 41))
        assert sum(one.outcome is Outcome.REFUSED for one in written) == 8
        assert audit.verify() == []


def test_a_walk_while_others_write_raises_no_false_alarm(app: Any) -> None:
    stop, found = threading.Event(), []

    def write() -> None:
        with app.app_context():
            while not stop.is_set():
                with transaction():
                    lapse(1)

    thread = threading.Thread(target=write)
    thread.start()
    with app.app_context():
        for _ in range(20):
            found += audit.verify()
            db.session.rollback()
    stop.set()
    thread.join(30)
    assert found == []


# --- doctored -------------------------------------------------------------------------------------------


@pytest.fixture
def record(context: Any) -> list[AuditEntry]:
    """Nine entries, whole, and the database's own guard taken away; all in one transaction."""
    while newest().sequence < 9:
        number = newest().sequence
        audit.record(Event.APPLICATION_SCREENED, Subject.APPLICATION, number, by="officer:3", revision=1)
    assert audit.verify() == []
    if db.engine.dialect.name == "sqlite":
        for act in ("update", "delete"):
            db.session.execute(text(f"DROP TRIGGER audit_entry_no_{act}"))
    else:
        db.session.execute(text("DROP TRIGGER audit_entry_append_only ON audit_entry"))
    return entries()


def sql(statement: str, **values: Any) -> None:
    db.session.execute(text(statement), values)
    db.session.expire_all()


def rehash(sequence: int) -> None:
    """What a doctor with the source at hand does next."""
    entry = db.session.get_one(AuditEntry, sequence)
    sql("UPDATE audit_entry SET leaf = :leaf WHERE sequence = :sequence", sequence=sequence,
        leaf=leaf_hash(audit.canonical(entry)).hex())  # fmt: skip
    frontier = Frontier()
    for entry in entries():
        frontier.append(bytes.fromhex(entry.leaf))
        sql("UPDATE audit_entry SET peak = :peak WHERE sequence = :sequence", sequence=frontier.size,
            peak=frontier.peak().hex())  # fmt: skip


def rewrite_root() -> None:
    leaves = [leaf_hash(audit.canonical(entry)) for entry in entries()]
    sql("UPDATE audit_head SET root = :root, size = :size", root=root_of(leaves).hex(), size=len(leaves))


COPY = ("INSERT INTO audit_entry SELECT :number, at, event, outcome, subject, subject_id, actor, facts, act, leaf, peak"
        " FROM audit_entry WHERE sequence = 4")  # fmt: skip
CHANGED, MISSING = [Damage.CHANGED, Damage.OTHER_ROOT], [Damage.MISSING]
ONE = "UPDATE audit_entry SET {} WHERE sequence = 6"
DOCTORINGS: dict[str, tuple[list[str], list[Damage]]] = {
    "another event": ([ONE.format("event = 'application:returned'")], CHANGED),
    "another outcome": ([ONE.format("outcome = 'refused'")], CHANGED),
    "another kind of thing": ([ONE.format("subject = 'certificate'")], CHANGED),
    "another thing": ([ONE.format("subject_id = '99'")], CHANGED),
    "another officer": ([ONE.format("actor = 'officer:4'")], CHANGED),
    "no officer": ([ONE.format("actor = 'system'")], CHANGED),
    "another fact": ([ONE.format("""facts = '{"revision": 2}'""")], CHANGED),
    "a fact of another type": ([ONE.format("""facts = '{"revision": "1"}'""")], CHANGED),
    "a fact more": ([ONE.format("""facts = '{"revision": 1, "more": 1}'""")], CHANGED),
    "no facts": ([ONE.format("facts = '{}'")], CHANGED),
    "facts that are a list": ([ONE.format("facts = '[1]'")], CHANGED),
    "another time": ([ONE.format("at = '2026-11-24 01:00:00.000001+00:00'")], CHANGED),
    "another act": ([ONE.format("act = '0'")], CHANGED),
    "another leaf": ([ONE.format(f"leaf = '{'0' * 64}'")], [Damage.CHANGED]),
    "another peak": ([ONE.format(f"peak = '{'0' * 64}'")], [Damage.CHANGED]),
    "a leaf that is no hash": ([ONE.format("leaf = '?'")], [Damage.CHANGED]),
    "a time that is none": ([ONE.format("at = 'no time'")], [Damage.UNREADABLE]),
    "facts that are no JSON": ([ONE.format("facts = '{'")], [Damage.UNREADABLE]),
    "the tail cut": (["DELETE FROM audit_entry WHERE sequence = 9"], MISSING),
    "the tail cut and the size lowered": (
        ["DELETE FROM audit_entry WHERE sequence = 9", "UPDATE audit_head SET size = 8"], [Damage.OTHER_ROOT]),
    "the head cut": (["DELETE FROM audit_entry WHERE sequence = 1"], MISSING),
    "the head cut and all renumbered": (
        ["DELETE FROM audit_entry WHERE sequence = 1", "UPDATE audit_entry SET sequence = sequence + 99",
         "UPDATE audit_entry SET sequence = sequence - 100", "UPDATE audit_head SET size = 8"],
        [*[Damage.CHANGED] * 8, Damage.OTHER_ROOT]),
    "one cut out": (["DELETE FROM audit_entry WHERE sequence = 5"], MISSING),
    "everything cut": (["DELETE FROM audit_entry"], MISSING),
    "two swapped": (
        ["UPDATE audit_entry SET sequence = 100 WHERE sequence = 5",
         "UPDATE audit_entry SET sequence = 5 WHERE sequence = 6",
         "UPDATE audit_entry SET sequence = 6 WHERE sequence = 100"],
        [Damage.CHANGED, Damage.CHANGED, Damage.OTHER_ROOT]),
    "one added at the end": ([COPY.replace(":number", "10")], [Damage.BEYOND_HEAD]),
    "one added far beyond": ([COPY.replace(":number", "1000")], [Damage.BEYOND_HEAD]),
    "one added at the end and the size raised": (
        [COPY.replace(":number", "10"), "UPDATE audit_head SET size = 10"], CHANGED),
    "one added before the first": ([COPY.replace(":number", "0")], MISSING),
    "one added with a number below zero": ([COPY.replace(":number", "-1")], MISSING),
    "the size raised": (["UPDATE audit_head SET size = 10"], MISSING),
    "the size lowered": (["UPDATE audit_head SET size = 8"], [Damage.BEYOND_HEAD, Damage.OTHER_ROOT]),
    "another root": ([f"UPDATE audit_head SET root = '{'0' * 64}'"], [Damage.OTHER_ROOT]),
    "another frontier": (["UPDATE audit_head SET frontier = '[]'"], [Damage.OTHER_FRONTIER]),
    "a frontier that is no JSON": (["UPDATE audit_head SET frontier = '['"], [Damage.UNREADABLE]),
    "no head": (["DELETE FROM audit_head"], [Damage.HEAD_MISSING]),
}  # fmt: skip


@pytest.mark.parametrize("doctoring", DOCTORINGS)
def test_a_doctored_record_is_found(record: list[AuditEntry], doctoring: str) -> None:
    statements, damage = DOCTORINGS[doctoring]
    try:
        for statement in statements:
            sql(statement)
    except DatabaseError:  # PostgreSQL keeps text out of columns of times and JSON by itself
        assert db.engine.dialect.name == "postgresql"
        assert damage == [Damage.UNREADABLE]
        return
    assert [one.damage for one in audit.verify()] == damage


def test_a_changed_row_is_named(record: list[AuditEntry]) -> None:
    sql(ONE.format("actor = 'officer:4'"))
    assert [str(one) for one in audit.verify()] == ["changed 6", "other_root"]


def test_a_changed_row_with_a_new_leaf_changes_the_root(record: list[AuditEntry]) -> None:
    sql(ONE.format("actor = 'officer:4'"))
    rehash(6)
    assert [one.damage for one in audit.verify()] == [Damage.OTHER_ROOT]


def test_a_new_leaf_and_a_new_root_leave_the_frontier_behind(record: list[AuditEntry]) -> None:
    sql(ONE.format("actor = 'officer:4'"))
    rehash(6)
    rewrite_root()
    assert [one.damage for one in audit.verify()] == [Damage.OTHER_FRONTIER]


def test_nothing_is_written_on_a_head_that_cannot_be_right(record: list[AuditEntry]) -> None:
    sql("UPDATE audit_head SET frontier = '[]'")
    with pytest.raises(ValueError, match="frontier"):
        lapse(1)


def test_the_tree_is_that_of_rfc_9162(context: Any) -> None:
    for number in range(20):
        lapse(number)
    head, frontier = db.session.get_one(AuditHead, 1), Frontier()
    leaves = [leaf_hash(audit.canonical(entry)) for entry in entries()]
    for leaf in leaves:
        frontier.append(leaf)
    assert (head.size, head.root, head.frontier) == (len(leaves), root_of(leaves).hex(), frontier.dump())


# --- append-only ----------------------------------------------------------------------------------------


@pytest.fixture
def kept(context: Any) -> None:
    """A row in every append-only table."""
    application = builders.application(ApplicationState.APPROVED)
    receipt = builders.receipt(application)
    db.session.add(ReceiptTimestamp(receipt_id=receipt.id, token=b"x", stamped_at=clock.now()))
    withdraw(issued_certificate(application=application))
    history.note(application.corporation, None, {"name": (None, "見本")}, by=officer(Role.SCREENER))
    status.publish()
    comments.write(application, "電話で確認した。", by=officer(Role.SCREENER))
    db.session.commit()


@pytest.mark.parametrize("table", APPEND_ONLY)
def test_append_only_tables_are_neither_changed_nor_emptied(kept: None, table: str) -> None:
    column = next(iter(db.metadata.tables[table].columns)).name
    count = f"SELECT count(*) FROM {table}"  # noqa: S608 - names from the models
    before = db.session.execute(text(count)).scalar_one()
    assert before > 0
    statements = [f"DELETE FROM {table}", f"UPDATE {table} SET {column} = {column}"]  # noqa: S608 - as above
    if db.engine.dialect.name == "postgresql":
        statements.append(f"TRUNCATE {table} CASCADE")
    else:
        statements.append(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}")  # noqa: S608 - as above
    for statement in statements:
        with pytest.raises(DatabaseError, match="append_only"):
            db.session.execute(text(statement))
        db.session.rollback()
    assert db.session.execute(text(count)).scalar_one() == before
