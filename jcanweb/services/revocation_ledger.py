"""Reading revocations: the list with the open ones first, and one with the people in it."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import joinedload

from jcanweb.database import db
from jcanweb.models import AgreementEnd, Certificate, Corporation, Revocation
from jcanweb.services import trail
from jcanweb.vocabulary import RevocationState as R

PAGE = 50
OPEN, CLOSED = (R.RECEIVED, R.DECIDED), (R.REFUSED, R.EXECUTED)


class Group(StrEnum):
    """The part of the list a row stands in, and the first letter of a cursor."""

    OPEN = "o"
    CLOSED = "c"


@dataclass(frozen=True)
class Rows:
    revocations: list[Revocation]
    after: str | None
    """The cursor of the next page, None on the last one."""


def page(*, state: R | None = None, number: str = "", after: str | None = None) -> Rows:
    """Up to PAGE revocations: open ones by deadline, then closed ones, latest received first.

    `number`: only of this JC-number. `after`: a cursor of an earlier page; a mangled one starts at the top.
    """
    group, last = _cursor(after)
    found: list[Revocation] = []
    if group is Group.OPEN:
        found = _part(Group.OPEN, state, number, last)
    if len(found) <= PAGE:
        found += _part(Group.CLOSED, state, number, last if group is Group.CLOSED else None)[
            : PAGE + 1 - len(found)
        ]
    shown = found[:PAGE]
    return Rows(shown, _place(shown[-1]) if len(found) > PAGE else None)


def one(revocation_id: int) -> Revocation | None:
    """A revocation with its certificate."""
    query = select(Revocation).where(Revocation.id == revocation_id)
    return db.session.scalar(query.options(joinedload(Revocation.certificate)))


def certificate(number: str) -> Certificate | None:
    """The certificate of this JC-number."""
    return db.session.scalar(select(Certificate).where(Certificate.jc_number == number))


def corporation(of: Certificate) -> Corporation:
    """Whose certificate it is."""
    return db.session.get_one(Corporation, of.corporation_id)


def living(of: Certificate) -> Revocation | None:
    """The revocation of this certificate that was not refused, if there is one."""
    query = select(Revocation).where(Revocation.certificate_id == of.id, Revocation.state != R.REFUSED)
    return db.session.scalar(query)


def end(revocation: Revocation) -> AgreementEnd | None:
    """The end of the agreement over which the system received it, if it did."""
    return db.session.get(AgreementEnd, revocation.received_upon) if revocation.received_upon else None


def names(revocation: Revocation) -> dict[int | None, str]:
    """The officers who received, decided and executed, by id."""
    return trail.officers({revocation.received_by, revocation.decided_by, revocation.executed_by})


def _part(group: Group, state: R | None, number: str, last: Revocation | None) -> list[Revocation]:
    states = OPEN if group is Group.OPEN else CLOSED
    if state is not None and state not in states:
        return []
    query = select(Revocation).where(Revocation.state.in_([state] if state else states))
    if number:
        query = query.where(Revocation.certificate_id.in_(
            select(Certificate.id).where(Certificate.jc_number == number)))  # fmt: skip
    if last is not None:
        query = query.where(_beyond(group, last))
    order: tuple[Any, ...] = (Revocation.due_at, Revocation.id)
    if group is Group.CLOSED:
        order = (Revocation.received_at.desc(), Revocation.id.desc())
    query = query.options(joinedload(Revocation.certificate)).order_by(*order).limit(PAGE + 1)
    return list(db.session.scalars(query))


def _beyond(group: Group, last: Revocation) -> Any:
    if group is Group.OPEN:
        later = and_(Revocation.due_at == last.due_at, Revocation.id > last.id)
        return or_(Revocation.due_at > last.due_at, later)
    earlier = and_(Revocation.received_at == last.received_at, Revocation.id < last.id)
    return or_(Revocation.received_at < last.received_at, earlier)


def _place(row: Revocation) -> str:
    return f"{Group.OPEN if row.state in OPEN else Group.CLOSED}{row.id}"


def _cursor(after: str | None) -> tuple[Group, Revocation | None]:
    if not re.fullmatch(r"[oc][0-9]{1,9}", after or "", re.ASCII):
        return Group.OPEN, None
    last = db.session.get(Revocation, int(str(after)[1:]))
    return (Group(str(after)[0]), last) if last else (Group.OPEN, None)
