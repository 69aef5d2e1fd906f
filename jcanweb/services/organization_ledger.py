"""Reading corporations: the list with its search, the people, links, certificates and open decisions of one."""

import re
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, case, func, select, true
from sqlalchemy.orm import selectinload

from jcanweb import clock, names
from jcanweb.database import db
from jcanweb.models import AgreementEnd, Certificate, Corporation, Invitation, Person, Revocation
from jcanweb.services import agreements
from jcanweb.vocabulary import RevocationState

PAGE = 50


@dataclass(frozen=True)
class Decisions:
    """What is under way on the certificates of a corporation."""

    awaited: int
    """certificates of an ended agreement whose decision the minute job has yet to open"""
    received: int
    decided: int
    upon: int
    """of those two, opened because an agreement ended or was suspended"""
    due_at: datetime | None
    """of the first of them"""


def matching(typed: str) -> ColumnElement[bool]:
    """What a search box for corporations means: digits are the head of the 法人番号, any other text is looked for
    anywhere in the names, an empty one is all."""
    wanted = names.comparison_key(typed[:200])
    digits = re.sub(r"[-‐‑–—−ー]", "", wanted)
    if digits.isascii() and digits.isdigit():
        return Corporation.corporate_number.startswith(digits)
    return Corporation.name_key.contains(wanted, autoescape=True) if wanted else true()


def search(typed: str = "", *, before: int | None = None) -> list[Corporation]:
    """Up to PAGE + 1 corporations `matching`, below the id `before`, newest first; the last only tells of more."""
    query = select(Corporation).options(selectinload(Corporation.people)).order_by(Corporation.id.desc())
    query = query.where(matching(typed))
    if before is not None:
        query = query.where(Corporation.id < before)
    return list(db.session.scalars(query.limit(PAGE + 1)))


def person_of(corporation: Corporation, person_id: int) -> Person | None:
    """A person of this corporation and of no other."""
    found = db.session.get(Person, person_id)
    return found if found is not None and found.corporation_id == corporation.id else None


def certificates(corporation: Corporation) -> list[Certificate]:
    """PAGE + 1 certificates of the corporation, living ones first, then the newest; the last only tells of more."""
    living = Certificate.living(clock.now())
    newest = select(Certificate.id).where(Certificate.corporation_id == corporation.id)
    ids: list[int] = []
    for part in (living, ~living):  # ids by the index alone; a row is wide
        query = newest.where(part).order_by(Certificate.id.desc())
        ids += db.session.scalars(query.limit(PAGE + 1 - len(ids)))
    found = {one.id: one for one in db.session.scalars(select(Certificate).where(Certificate.id.in_(ids)))}
    return [found[number] for number in ids]


def invitations(corporation: Corporation) -> dict[int, Invitation]:
    """The newest invitation of each person of the corporation, by person."""
    query = select(Invitation).join(Person).where(Person.corporation_id == corporation.id)
    return {found.person_id: found for found in db.session.scalars(query.order_by(Invitation.id))}


def decisions(corporation: Corporation) -> Decisions:
    """How many revocations of its certificates are under way, and by when the first must be done."""
    first = func.sum(case((Revocation.state == RevocationState.RECEIVED, 1), else_=0))
    query = select(func.count(), first, func.count(Revocation.received_upon), func.min(Revocation.due_at))
    query = query.join(Revocation.certificate).where(
        Certificate.corporation_id == corporation.id,
        Revocation.state != RevocationState.REFUSED,
        Revocation.state != RevocationState.EXECUTED,  # nothing to search by
    )
    count, received, upon, due_at = db.session.execute(query).one()
    waiting = select(func.count()).select_from(AgreementEnd)
    waiting = waiting.join(Certificate, Certificate.corporation_id == AgreementEnd.corporation_id)
    waiting = waiting.where(AgreementEnd.corporation_id == corporation.id, agreements.awaiting())
    return Decisions(db.session.scalar(waiting) or 0, received or 0, count - (received or 0), upon, due_at)


def revocations(certificates: list[Certificate]) -> dict[int, Revocation]:
    """The newest revocation of each of these certificates, by certificate."""
    query = select(Revocation).where(Revocation.certificate_id.in_([one.id for one in certificates]))
    return {one.certificate_id: one for one in db.session.scalars(query.order_by(Revocation.id))}
