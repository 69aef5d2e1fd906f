"""Reading corporations: the list with its search, the people, links and certificates of one."""

import re

from sqlalchemy import or_, select
from sqlalchemy.orm import selectinload

from jcanweb import clock, names
from jcanweb.database import db
from jcanweb.models import Certificate, Corporation, Invitation, Person
from jcanweb.vocabulary import CertificateState

PAGE = 50


def search(typed: str = "", *, before: int | None = None) -> list[Corporation]:
    """Up to PAGE + 1 corporations below the id `before`, newest first; the last only tells of more.

    A text of digits is looked for at the head of the 法人番号, any other anywhere in the names.
    """
    query = select(Corporation).options(selectinload(Corporation.people)).order_by(Corporation.id.desc())
    wanted = names.comparison_key(typed[:200])
    digits = re.sub(r"[-‐‑–—−ー]", "", wanted)
    if digits.isascii() and digits.isdigit():
        query = query.where(Corporation.corporate_number.startswith(digits))
    elif wanted:
        query = query.where(Corporation.name_key.contains(wanted, autoescape=True))
    if before is not None:
        query = query.where(Corporation.id < before)
    return list(db.session.scalars(query.limit(PAGE + 1)))


def person_of(corporation: Corporation, person_id: int) -> Person | None:
    """A person of this corporation and of no other."""
    found = db.session.get(Person, person_id)
    return found if found is not None and found.corporation_id == corporation.id else None


def certificates(corporation: Corporation) -> list[Certificate]:
    """PAGE + 1 certificates of the corporation, living ones first, then the newest; the last only tells of more."""
    ended = or_(Certificate.state == CertificateState.REVOKED, Certificate.not_after <= clock.now())
    newest = select(Certificate.id).where(Certificate.corporation_id == corporation.id)
    ids: list[int] = []
    for part in (~ended, ended):  # ids by the index alone; a row is wide
        query = newest.where(part).order_by(Certificate.id.desc())
        ids += db.session.scalars(query.limit(PAGE + 1 - len(ids)))
    found = {one.id: one for one in db.session.scalars(select(Certificate).where(Certificate.id.in_(ids)))}
    return [found[number] for number in ids]


def invitations(corporation: Corporation) -> dict[int, Invitation]:
    """The newest invitation of each person of the corporation, by person."""
    query = select(Invitation).join(Person).where(Person.corporation_id == corporation.id)
    return {found.person_id: found for found in db.session.scalars(query.order_by(Invitation.id))}
