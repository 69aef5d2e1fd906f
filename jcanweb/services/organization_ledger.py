"""Reading corporations: the list with its search, the people, links and certificates of one."""

import re

from sqlalchemy import ColumnElement, select, true
from sqlalchemy.orm import selectinload

from jcanweb import clock, names
from jcanweb.database import db
from jcanweb.models import Certificate, Corporation, Invitation, Person

PAGE = 50


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
