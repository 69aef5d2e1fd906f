"""Reading the audit record: newest first by keyset, what is unfinished, whether it is whole."""

from sqlalchemy import select

from jcanweb.database import db
from jcanweb.models import AuditEntry
from jcanweb.vocabulary import Event, Subject

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
