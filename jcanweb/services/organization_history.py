"""What was registered of a corporation and its people, before and after each change, field by field."""

from datetime import date
from enum import StrEnum

from sqlalchemy import select

from jcanweb import clock, labels
from jcanweb.calendar import japanese_date
from jcanweb.database import db, flush
from jcanweb.models import Corporation, Officer, OrganizationChange, Person
from jcanweb.vocabulary import ChangedField

PAGE = 50
Changes = dict[str, tuple[object, object]]
"""column → (before, after)"""


def note(corporation: Corporation, person: Person | None, changes: Changes, *, by: Officer) -> None:
    """Keep each change as words; what said nothing and says nothing is no change."""
    known = {field.value for field in ChangedField}
    for name, (before, after) in changes.items():
        old, new = words(before), words(after)
        if name in known and old != new:
            db.session.add(OrganizationChange(
                corporation_id=corporation.id, person_id=person.id if person else None, field=ChangedField(name),
                old=old, new=new, changed_by=by.id, changed_at=clock.now(),
            ))  # fmt: skip
    flush()


def words(value: object) -> str:
    """A value of a column as an officer reads it; nothing is empty."""
    if value is None:
        return ""
    if isinstance(value, StrEnum):
        return labels.word(value)
    return japanese_date(value) if isinstance(value, date) else str(value)


def page(corporation: Corporation, *, before: int | None = None) -> list[OrganizationChange]:
    """Up to PAGE + 1 changes with an id below `before`, newest first; the last only tells of more."""
    query = select(OrganizationChange).where(OrganizationChange.corporation_id == corporation.id)
    if before is not None:
        query = query.where(OrganizationChange.id < before)
    return list(db.session.scalars(query.order_by(OrganizationChange.id.desc()).limit(PAGE + 1)))
