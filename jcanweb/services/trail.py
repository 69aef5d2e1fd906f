"""Reading the audit record: newest first by keyset, the history of one thing."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from jcanweb.database import db
from jcanweb.models import AuditEntry, Officer
from jcanweb.vocabulary import Event, Outcome, Subject

PAGE = 50


def page(*, before: int | None = None, event: Event | None = None, subject: Subject | None = None,
         subject_id: str | None = None) -> list[AuditEntry]:  # fmt: skip
    """Up to PAGE + 1 entries with a sequence below `before`; the last one only tells that there is more."""
    query = select(AuditEntry).order_by(AuditEntry.sequence.desc()).limit(PAGE + 1)
    if before is not None:
        query = query.where(AuditEntry.sequence < before)
    if event is not None:
        query = query.where(AuditEntry.event == event)
    if subject is not None and subject_id:
        query = query.where(AuditEntry.subject == subject, AuditEntry.subject_id == subject_id)
    return list(db.session.scalars(query))


@dataclass(frozen=True)
class Step:
    """One line of the history of a thing, as an officer reads it."""

    at: datetime
    event: Event
    outcome: Outcome
    who: str
    """An officer's name; for others what they are (申請者, リンクの受取人, 自動処理)."""


def history(subject: Subject, subject_id: object) -> list[Step]:
    """The newest PAGE steps of one thing, newest first, with the officers' names."""
    entries = page(subject=subject, subject_id=str(subject_id))[:PAGE]
    ids = {
        int(number) for kind, _, number in (one.actor.partition(":") for one in entries) if kind == "officer"
    }
    found = (
        db.session.execute(select(Officer.id, Officer.name).where(Officer.id.in_(ids))).all() if ids else []
    )
    names = {f"officer:{number}": name for number, name in found}
    return [Step(one.at, one.event, one.outcome, names.get(one.actor, _other(one.actor))) for one in entries]


_TOLD = {
    Event.APPLICATION_DRAFTED, Event.CONSENT_GIVEN, Event.APPLICATION_EDITED, Event.APPLICATION_SUBMITTED,
    Event.APPLICATION_WITHDRAWN, Event.APPLICATION_LAPSED, Event.APPLICATION_SCREENING_STARTED,
    Event.APPLICATION_RETURNED, Event.APPLICATION_APPROVED, Event.APPLICATION_REJECTED,
}  # fmt: skip


def for_applicant(application_id: int) -> list[Step]:
    """What an applicant is told of the own application: what was done, and no officer's name."""
    entries = page(subject=Subject.APPLICATION, subject_id=str(application_id))[:PAGE]
    return [
        Step(
            one.at,
            one.event,
            one.outcome,
            "登録局" if one.actor.startswith("officer:") else _other(one.actor),
        )
        for one in entries
        if one.event in _TOLD and one.outcome is Outcome.DONE
    ]


def _other(actor: str) -> str:
    others = {"person": "申請者", "link": "リンクの受取人"}
    return others.get(actor.partition(":")[0], "自動処理")
