"""Reading corporations: the list with its search, the people, links, certificates and open decisions of one."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, false, func, select
from sqlalchemy.orm import selectinload

from jcanweb import clock
from jcanweb.database import db
from jcanweb.models import AgreementEnd, Certificate, Corporation, Invitation, Person, Revocation
from jcanweb.services import agreements
from jcanweb.services.search import LONGEST, holding, newest, plain, read
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
    """What a search box for corporations means: digits are the head of the 法人番号, any other words are looked for
    anywhere in the names, an empty one is all."""
    if digits := _digits(typed):
        return and_(Corporation.corporate_number >= digits, Corporation.corporate_number < digits + ":")
    sought = read(typed)
    return false() if sought.complaint else holding(Corporation.name_key, sought.words)


def search(typed: str = "", *, before: int | None = None) -> list[Corporation]:
    """Up to PAGE + 1 corporations `matching`, behind the one of id `before`; the last only tells of more.

    Newest first, or by 法人番号 when digits of one were typed.
    """
    query = select(Corporation).options(selectinload(Corporation.people)).limit(PAGE + 1)
    if _digits(typed):
        last = db.session.get(Corporation, before) if before is not None else None
        query = query.where(Corporation.corporate_number > last.corporate_number) if last else query
        return list(db.session.scalars(query.where(matching(typed)).order_by(Corporation.corporate_number)))
    if before is not None:
        query = query.where(Corporation.id < before)
    words = read(typed).words
    if words:
        query = query.where(
            Corporation.id.in_(newest("corporation_fts", words, limit=PAGE + 1, below=before))
        )
    else:
        query = query.where(matching(typed))
    return list(db.session.scalars(query.order_by(Corporation.id.desc())))


def _digits(typed: str) -> str:
    """The head of a 法人番号, or nothing when other characters were typed."""
    digits = plain(typed[:LONGEST]).replace("-", "")
    return digits if digits.isascii() and digits.isdigit() else ""


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
