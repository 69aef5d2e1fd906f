"""What the job does with files of rows: count, judge, carry out and write to people, batch by batch.

Each batch is a transaction of its own and none is open while a file is parsed. A crash loses at most the batch under
way: judging goes on behind the last row that is there, carrying out with the rows that are still to be done.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from time import monotonic, sleep

from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError

from jcanweb import audit, clock, mail
from jcanweb.config import setting
from jcanweb.database import db, flush, lock, transaction
from jcanweb.errors import RuleViolation
from jcanweb.events import Event, Subject
from jcanweb.models import Intake, IntakeRow, Officer, Person
from jcanweb.services import intake, invitations
from jcanweb.services.intake_kind import Judged, Kind
from jcanweb.sheets import Row, SheetRefused
from jcanweb.vocabulary import RowResult

JUDGED = 200
"""rows judged in one transaction"""
CARRIED_OUT = 50
"""rows carried out in one transaction: where the database has one writer, pages wait for it"""
MAILED = 100
"""people written to in one transaction"""


def run(seconds: float, pause: float) -> bool:
    """Work for that long, with a pause between batches; whether more is to do. No transaction may be open."""
    until = monotonic() + seconds
    for _ in _batches():
        if monotonic() >= until:
            return True
        sleep(pause)
    return False


def _batches() -> Iterator[None]:
    """What was started first, then what is to be judged, the oldest first."""
    while (started := _next(Intake.started_at.is_not(None))) is not None:
        while _carry_on(started):
            yield
    while (unread := _next(Intake.read_at.is_(None))) is not None:
        yield from _judge(unread)


def _next(what: object) -> int | None:
    with transaction():
        query = select(Intake.id).where(Intake.done_at.is_(None), what)  # type: ignore[arg-type]  # a condition
        return db.session.scalar(query.order_by(Intake.id).limit(1))


def _judge(intake_id: int) -> Iterator[None]:
    """Count the rows, then judge those behind the last one that is there."""
    with transaction():
        one = db.session.get_one(Intake, intake_id)
        kind, source, total = one.kind, intake.content(one), one.total
        last = _last(intake_id)
    try:
        if total is None:
            total = sum(1 for _ in intake.read(kind, source).rows)
            with transaction():
                _open(intake_id).total = total
        rows = (row for row in intake.read(kind, source).rows if row.number > last)
        while some := list(islice(rows, JUDGED)):
            with transaction():
                if _open(intake_id).done_at is not None:  # discarded meanwhile
                    return
                last = _last(intake_id)  # two jobs may be at it
                keep(intake_id, intake.KINDS[kind], [row for row in some if row.number > last])
            yield
    except SheetRefused as refused:
        with transaction():
            _spoil(_open(intake_id), refused.sentence)
        return
    with transaction():
        _finish_reading(_open(intake_id))


def _open(intake_id: int) -> Intake:
    """The intake, locked and as it is now."""
    one = db.session.get_one(Intake, intake_id)
    lock(one)
    return one


def _last(intake_id: int) -> int:
    """The number of the last row that is there."""
    return db.session.scalar(select(func.max(IntakeRow.number)).where(IntakeRow.intake_id == intake_id)) or 0


def keep(intake_id: int, kind: Kind, rows: Sequence[Row]) -> None:
    """Judge these rows and keep what was found; a key that stands twice in the file refuses each of its rows."""
    if not rows:
        return
    judged = kind.judge(rows)
    for place in range(len(kind.keyed)):
        judged = _refuse_doubles(intake_id, kind, place, rows, judged)
    db.session.execute(insert(IntakeRow), [
        {"intake_id": intake_id, "number": row.number, "key": one.keys[0], "other_key": one.keys[1],
         "cells": dict(row.cells), "result": one.result, "notes": dict(one.notes), "seen_version": one.seen_version}
        for row, one in zip(rows, judged, strict=True)
    ])  # fmt: skip


def _refuse_doubles(intake_id: int, kind: Kind, place: int, rows: Sequence[Row],
                    judged: list[Judged]) -> list[Judged]:  # fmt: skip
    """The same rows, refused where a row of this batch or an earlier one has the same key; that one is refused too."""
    column, key = kind.keyed[place], (IntakeRow.key, IntakeRow.other_key)[place]
    what = kind.title(column) if column else "法人、申請者、証明書に載る英字"

    def refused(notes: Mapping[str, str], result: RowResult, other: int) -> dict[str, str]:
        wrong = dict(notes) if result is RowResult.REFUSED else {}
        return wrong | {column: f"{other}行目と{what}が同じです。一行だけを残してください。"}

    made, first = list(judged), dict[str, int]()
    wanted = {one.keys[place] for one in judged} - {None}
    query = select(key, IntakeRow).where(IntakeRow.intake_id == intake_id, key.in_(wanted))
    kept = {found: row for found, row in db.session.execute(query.order_by(IntakeRow.number.desc()))}
    for at, row in enumerate(rows):
        one, found = made[at], judged[at].keys[place]
        if found is None:
            continue
        before = kept.get(found)
        other = before.number if before else rows[first[found]].number if found in first else None
        if other is not None:
            made[at] = replace(one, result=RowResult.REFUSED, notes=refused(one.notes, one.result, other))
        if before is not None:
            before.notes = refused(before.notes, before.result, row.number)
            before.result = RowResult.REFUSED
        elif found in first:
            former = made[first[found]]
            made[first[found]] = replace(
                former, result=RowResult.REFUSED, notes=refused(former.notes, former.result, row.number)
            )
        first.setdefault(found, at)
    flush()
    return made


def _spoil(one: Intake, sentence: str) -> None:
    """The file cannot be read to its end: nothing of it will be done."""
    one.trouble, one.done_at = sentence[:300], clock.now()
    flush()
    audit.record(Event.INTAKE_UNREADABLE, Subject.INTAKE, one.id, by=None)


def _finish_reading(one: Intake) -> None:
    if one.done_at is None and one.read_at is None:
        one.read_at = clock.now()
        flush()
        audit.record(Event.INTAKE_READ, Subject.INTAKE, one.id, by=None, rows=one.total)


def _carry_on(intake_id: int) -> bool:
    """One batch: rows, then mails, then the end; whether more is to do."""
    with transaction():
        one = _open(intake_id)
        if one.done_at is not None:
            return False
        rows, starter = _to_do(one), db.session.get_one(Officer, one.started_by)
        people: list[int] = []
        for row in rows:
            _carry_out(row, intake.KINDS[one.kind], starter)
        if not rows:
            people = _untold(one)
            _write(one, people)
        if not rows and not people:
            one.done_at = clock.now()
            flush()
            done = select(func.count()).where(
                IntakeRow.intake_id == one.id, IntakeRow.result == RowResult.DONE
            )
            audit.record(
                Event.INTAKE_FINISHED, Subject.INTAKE, one.id, by=None, rows=db.session.scalar(done) or 0
            )
        return one.done_at is None


def _to_do(one: Intake) -> list[IntakeRow]:
    for result in intake.TO_DO:
        query = select(IntakeRow).where(IntakeRow.intake_id == one.id, IntakeRow.result == result)
        if rows := list(db.session.scalars(query.order_by(IntakeRow.number).limit(CARRIED_OUT))):
            return rows
    return []


def _carry_out(row: IntakeRow, kind: Kind, by: Officer) -> None:
    """Done, or refused as by hand; what a refused row had changed is rolled back with it."""
    try:
        with db.session.begin_nested():
            done = kind.carry_out(row.cells, row.seen_version, by)
            row.subject_id, row.person_id, row.done_key = done.subject_id, done.person_id, done.key
            row.result = RowResult.DONE
            flush()
    except RuleViolation as violation:
        _refuse(row, violation.sentence, violation.field or "")
    except IntegrityError:
        _refuse(row, "同じ内容が同時に登録されました。もう一度取り込んで、違いを確かめてください。")


def _refuse(row: IntakeRow, sentence: str, column: str = "") -> None:
    row.result, row.notes = RowResult.REFUSED, {column: sentence}
    flush()


def _untold(one: Intake) -> list[int]:
    query = select(IntakeRow.person_id).where(IntakeRow.intake_id == one.id, IntakeRow.person_id.is_not(None),
                                              IntakeRow.told_at.is_(None))  # fmt: skip
    return [
        number
        for number in db.session.scalars(query.distinct().order_by(IntakeRow.person_id).limit(MAILED))
        if number
    ]


def _write(one: Intake, people: list[int]) -> None:
    """One mail with one personal link to each of these people, for all their rows."""
    if not people:
        return
    rows: dict[int, list[IntakeRow]] = {}
    untold = select(IntakeRow).where(IntakeRow.intake_id == one.id, IntakeRow.person_id.in_(people),
                                     IntakeRow.told_at.is_(None))  # fmt: skip
    for row in db.session.scalars(untold):
        rows.setdefault(row.person_id or 0, []).append(row)
        row.told_at = clock.now()
    links = []
    for person in db.session.scalars(select(Person).where(Person.id.in_(people)).order_by(Person.id)):
        invitation, link = invitations.add(person, by=one.starter)
        links.append(invitation.id)
        mail.send(person.email, "drafts_waiting", bulk=True, person=person, link=link, many=len(rows[person.id]),
                  days=setting("INVITATION_DAYS"), months=setting("SEAL_CERTIFICATE_MONTHS"),
                  lra_name=setting("LRA_NAME_JA"), lra_contact=setting("LRA_CONTACT"))  # fmt: skip
    flush()
    audit.record(Event.INTAKE_MAILED, Subject.INTAKE, one.id, by=None, people=people, invitations=links)
