"""Reading recoveries: the list with those going on first, one with all its page shows, and who opens which half."""

import re
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import aliased, joinedload, selectinload

from jcanweb.database import db
from jcanweb.models import (
    Application,
    Backup,
    BackupShare,
    Certificate,
    Custodian,
    Delivery,
    Person,
    Recovery,
    ShareOpening,
)
from jcanweb.vocabulary import CustodianGroup, RecoveryState, SecretKind

PAGE = 50
OPEN = (RecoveryState.REQUESTED, RecoveryState.AUTHORIZED)
ENDED = (RecoveryState.OPENED, RecoveryState.DECLINED, RecoveryState.LAPSED)
HALVES: dict[tuple[SecretKind, str], CustodianGroup] = {
    (SecretKind.PFX, "custodian"): CustodianGroup.KEY,
    (SecretKind.PFX, "security"): CustodianGroup.SECURITY,
    (SecretKind.PIN, "custodian"): CustodianGroup.PIN,
    (SecretKind.PIN, "security"): CustodianGroup.SECURITY,
}
"""Who opens which half of which record: no group alone, and no two groups, get both records."""


@dataclass(frozen=True)
class Slot:
    """One of the four halves, as the page shows it."""

    kind: SecretKind
    half: str
    group: CustodianGroup
    opening: ShareOpening | None


@dataclass(frozen=True)
class Rows:
    recoveries: list[Recovery]
    after: str | None
    """The cursor of the next page, None on the last one."""


def slots(recovery: Recovery) -> list[Slot]:
    """The four halves and who has opened them."""
    opened = {(one.backup.kind, one.half): one for one in recovery.openings}
    return [Slot(kind, half, group, opened.get((kind, half))) for (kind, half), group in HALVES.items()]


def awaited(recovery: Recovery) -> list[CustodianGroup]:
    """The groups that still have a half to open; none when all four are there."""
    left = {slot.group for slot in slots(recovery) if slot.opening is None}
    return [group for group in CustodianGroup if group in left]


def own_shares(recovery: Recovery, custodian: Custodian) -> list[BackupShare]:
    """This custodian's shares of the certificate's living backups that nobody has opened for this recovery yet."""
    opened = {(one.backup_id, one.half) for one in recovery.openings}
    query = (
        select(BackupShare, Backup.kind)
        .join(Backup, Backup.id == BackupShare.backup_id)
        .where(Backup.certificate_id == recovery.certificate_id, Backup.destroyed_at.is_(None),
               BackupShare.custodian_id == custodian.id)
        .options(joinedload(BackupShare.custodian))
        .order_by(BackupShare.id)
    )  # fmt: skip
    return [share for share, kind in db.session.execute(query)
            if HALVES[kind, share.half] is custodian.group and (share.backup_id, share.half) not in opened]  # fmt: skip


def kind_of(share: BackupShare) -> SecretKind:
    """Which of the two records this share belongs to."""
    return db.session.get_one(Backup, share.backup_id).kind


def one(recovery_id: int) -> Recovery | None:
    """A recovery with all that its page shows."""
    people = [joinedload(Recovery.requester), joinedload(Recovery.authorizer), joinedload(Recovery.decliner)]
    opened = selectinload(Recovery.openings)
    holder = opened.joinedload(ShareOpening.custodian).joinedload(Custodian.officer)
    query = select(Recovery).where(Recovery.id == recovery_id)
    return db.session.scalar(query.options(
        joinedload(Recovery.certificate), *people, holder, opened.joinedload(ShareOpening.backup)
    ))  # fmt: skip


def certificate(number: str) -> Certificate | None:
    """The certificate of this JC-number."""
    return db.session.scalar(select(Certificate).where(Certificate.jc_number == number))


def application(of: Certificate) -> Application:
    """The application behind a certificate: its corporation, its person, and who receives the PIN."""
    query = select(Application).where(Application.id == of.application_id)
    return db.session.scalars(
        query.options(joinedload(Application.person), joinedload(Application.corporation))
    ).one()


def going_on(of: Certificate) -> Recovery | None:
    """The recovery of this certificate that has not ended, if there is one."""
    return db.session.scalar(
        select(Recovery).where(Recovery.certificate_id == of.id, Recovery.state.in_(OPEN))
    )


def deliveries(recovery: Recovery) -> list[Delivery]:
    """What came of it, the PKCS#12 first."""
    query = select(Delivery).where(
        Delivery.certificate_id == recovery.certificate_id, Delivery.recovery_id == recovery.id
    )
    return list(db.session.scalars(query.order_by(Delivery.id)))


def page(*, state: RecoveryState | None = None, number: str = "", after: str | None = None) -> Rows:
    """Up to PAGE recoveries: those going on, the earliest first, then those that ended, the latest first.

    `number`: only of this JC-number. `after`: a cursor of an earlier page; a mangled one starts at the top.
    """
    ended, last = _cursor(after)
    found: list[Recovery] = []
    if not ended:
        going = Recovery.id > last if last else None
        found = _part(OPEN, state, number, going, Recovery.id)
    if len(found) <= PAGE:
        older = Recovery.id < last if ended else None
        found += _part(ENDED, state, number, older, Recovery.id.desc())[: PAGE + 1 - len(found)]
    shown = found[:PAGE]
    return Rows(shown, _place(shown[-1]) if len(found) > PAGE else None)


def waiting_for(custodian: Custodian) -> list[Recovery]:
    """Authorised recoveries in which this custodian still has an own share to open, the earliest first.

    None of a certificate whose subscriber or PIN recipient the custodian is.
    """
    share, opening = aliased(BackupShare), aliased(ShareOpening)
    done = select(opening.id).where(
        opening.recovery_id == Recovery.id, opening.backup_id == share.backup_id, opening.half == share.half
    )  # fmt: skip
    own = (
        select(share.id)
        .join(Backup, Backup.id == share.backup_id)
        .where(share.custodian_id == custodian.id, Backup.certificate_id == Recovery.certificate_id,
               Backup.destroyed_at.is_(None), ~done.exists())
    )  # fmt: skip
    mine = func.lower(custodian.officer.email)
    their_own = (
        select(Application.id).join(Application.person).where(
            Application.id == Certificate.application_id,
            or_(func.lower(Person.email) == mine, func.lower(Application.pin_recipient_email) == mine))
    )  # fmt: skip
    query = _rows().where(
        Recovery.state == RecoveryState.AUTHORIZED, Recovery.requested_by != custodian.officer_id,
        Recovery.authorized_by != custodian.officer_id, own.exists(), ~their_own.exists(),
    )  # fmt: skip
    return list(db.session.scalars(query.order_by(Recovery.open_from)))


def _part(states: tuple[RecoveryState, ...], state: RecoveryState | None, number: str, beyond: Any,
          order: Any) -> list[Recovery]:  # fmt: skip
    if state is not None and state not in states:
        return []
    query = _rows().where(Recovery.state.in_([state] if state else states))
    if number:
        query = query.where(Certificate.jc_number == number)
    if beyond is not None:
        query = query.where(beyond)
    return list(db.session.scalars(query.order_by(order).limit(PAGE + 1)))


def _rows() -> Select[Any]:
    opened = selectinload(Recovery.openings).joinedload(ShareOpening.backup)
    return (
        select(Recovery)
        .join(Recovery.certificate)
        .options(joinedload(Recovery.certificate), joinedload(Recovery.requester), opened)
    )


def _place(row: Recovery) -> str:
    return f"{'g' if row.state in OPEN else 'e'}{row.id}"


def _cursor(after: str | None) -> tuple[bool, int]:
    """(has the ended part begun?, the last id that was shown)"""
    if not re.fullmatch(r"[ge][0-9]{1,9}", after or "", re.ASCII):
        return False, 0
    return str(after)[0] == "e", int(str(after)[1:])
