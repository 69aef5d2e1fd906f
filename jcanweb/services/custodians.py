"""Custodians: officers in three disjoint groups who hold the keys of the backups (product.md §7).

An administrator appoints, the appointed officer makes the key; a group is for good (trigger custodian_disjoint).
"""

import hashlib

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from jcanweb import audit, clock
from jcanweb.database import db, flush, lock
from jcanweb.errors import AlreadyTaken, CustodiansMissing, FieldRefused, TwoPersonRule, WrongState
from jcanweb.events import Event, Subject
from jcanweb.models import Backup, BackupShare, Custodian, Officer
from jcanweb.pki import enclave, share_file
from jcanweb.roles import Role
from jcanweb.vocabulary import CustodianGroup

_WITH_KEY = (Custodian.released_at.is_(None), Custodian.public_key.is_not(None), Officer.active)
OTHER_GROUP = (
    "鍵管理者・PIN管理者・保全責任者は、一度選任されたら別の区分に移れません。別の担当者を選んでください。"
)


def appoint(officer: Officer, group: CustodianGroup, *, by: Officer) -> Custodian:
    """Put an officer into a group; the officer then makes the own key.

    Raises TwoPersonRule for the own person, for an administrator and for who was ever in another group,
    FieldRefused for who is appointed already or has left.
    """
    lock(officer)
    if officer.id == by.id:
        raise TwoPersonRule("自分を選任することはできません。別の管理者が操作してください。")
    if officer.holds(Role.ADMINISTRATOR):
        raise TwoPersonRule("管理者は鍵とPINに触れないため、選任できません。別の担当者を選んでください。")
    if not officer.active:
        raise FieldRefused("この担当者のアカウントは停止しています。", field="officer")
    earlier = list(db.session.scalars(select(Custodian).where(Custodian.officer_id == officer.id)))
    if any(one.group is not group for one in earlier):
        raise TwoPersonRule(OTHER_GROUP)
    if any(one.released_at is None for one in earlier):
        raise FieldRefused("この担当者は既に選任されています。", field="officer")
    made = Custodian(officer_id=officer.id, group=group, appointed_by=by.id, appointed_at=clock.now())
    made.officer = officer
    db.session.add(made)
    flush()
    audit.record(
        Event.CUSTODIAN_APPOINTED, Subject.CUSTODIAN, made.id, by=by, officer=officer.id, group=group.value
    )
    return made


def release(custodian: Custodian, *, by: Officer) -> None:
    """End an appointment: nothing new is sealed to this key, and it opens nothing here. Raises WrongState."""
    lock(custodian)
    if custodian.released_at is not None:
        raise WrongState("Custodian", "released", "released")
    custodian.released_at, custodian.released_by = clock.now(), by.id
    flush()
    audit.record(Event.CUSTODIAN_RELEASED, Subject.CUSTODIAN, custodian.id, by=by, officer=custodian.officer_id,
                 group=custodian.group.value)  # fmt: skip


def make_key(custodian: Custodian, passphrase: str, *, by: Officer) -> None:
    """The small-office way: a key made in the child process and kept here under the officer's own passphrase.

    Raises FieldRefused below 15 characters, TwoPersonRule for another's key, AlreadyTaken when there is one.
    """
    _check_key_wanted(custodian, by)
    try:
        made = enclave.new_officer_key(passphrase)
    except enclave.PassphraseTooShort:
        raise FieldRefused("合言葉は15文字以上にしてください。", field="passphrase") from None
    _keep_key(custodian, made.public_key, made.private_pem, by=by)


def take_key(custodian: Custodian, text: str, *, by: Officer) -> None:
    """The public half (PEM) of a key made on the officer's own computer; its private half never comes here.

    Raises FieldRefused for a text that is no X25519 public key or one that is in use, and as `make_key`.
    """
    _check_key_wanted(custodian, by)
    try:
        public_key = share_file.read_public_key(text)
    except share_file.ShareFileRefused:
        raise FieldRefused("公開鍵として読めません。BEGIN から END の行まで、すべて貼り付けてください。",
                           field="public_key") from None  # fmt: skip
    if db.session.scalar(select(Custodian.id).where(Custodian.public_key == public_key)):
        raise FieldRefused("この公開鍵は既に登録されています。新しい鍵を作ってください。", field="public_key")
    _keep_key(custodian, public_key, None, by=by)


def _check_key_wanted(custodian: Custodian, by: Officer) -> None:
    lock(custodian)
    if custodian.officer_id != by.id:
        raise TwoPersonRule("鍵は、選任された本人だけが作れます。")
    if custodian.public_key is not None or custodian.released_at is not None:
        raise AlreadyTaken("鍵は既に登録されています。作り直すには、管理者が解任してから選任し直します。")


def _keep_key(custodian: Custodian, public_key: bytes, private_pem: bytes | None, *, by: Officer) -> None:
    custodian.public_key, custodian.private_pem, custodian.key_made_at = public_key, private_pem, clock.now()
    flush()
    audit.record(Event.CUSTODIAN_KEY_MADE, Subject.CUSTODIAN, custodian.id, by=by,
                 public_key_sha256=fingerprint(custodian),
                 kept="server" if private_pem else "officer")  # fmt: skip


def by_group() -> dict[CustodianGroup, list[Custodian]]:
    """All appointments, those in force first."""
    query = select(Custodian).options(joinedload(Custodian.officer))
    found: dict[CustodianGroup, list[Custodian]] = {group: [] for group in CustodianGroup}
    for custodian in db.session.scalars(
        query.order_by(Custodian.released_at.is_not(None), Custodian.id.desc())
    ):
        found[custodian.group].append(custodian)
    return found


def eligible() -> list[Officer]:
    """Officers who could be appointed: at work, no administrator, not appointed now."""
    taken = select(Custodian.officer_id).where(Custodian.released_at.is_(None))
    query = select(Officer).where(Officer.active, Officer.id.not_in(taken)).order_by(Officer.id)
    return [officer for officer in db.session.scalars(query) if not officer.holds(Role.ADMINISTRATOR)]


def holders() -> dict[CustodianGroup, list[Custodian]]:
    """Everybody a backup is sealed to now, by group. Raises CustodiansMissing when a group is empty."""
    query = select(Custodian).join(Custodian.officer).where(*_WITH_KEY)
    found: dict[CustodianGroup, list[Custodian]] = {group: [] for group in CustodianGroup}
    for custodian in db.session.scalars(query.order_by(Custodian.id)):
        found[custodian.group].append(custodian)
    if not all(found.values()):
        raise CustodiansMissing()
    return found


def missing() -> list[CustodianGroup]:
    """Groups without anybody who has a key: nothing can be issued until they are filled."""
    query = select(Custodian.group).join(Custodian.officer).where(*_WITH_KEY)
    there = set(db.session.scalars(query.distinct()))
    return [group for group in CustodianGroup if group not in there]


def is_last(custodian: Custodian) -> bool:
    """Would nothing be issued any more without this one?"""
    others = select(Custodian.id).join(Custodian.officer).where(
        *_WITH_KEY, Custodian.group == custodian.group, Custodian.id != custodian.id
    )  # fmt: skip
    return db.session.scalar(others.limit(1)) is None


def fingerprint(custodian: Custodian) -> str | None:
    """SHA-256 of the public key (32 bytes) in hex, as the command prints it and the audit record keeps it."""
    return hashlib.sha256(custodian.public_key).hexdigest() if custodian.public_key else None


def only_holder_of() -> dict[int, int]:
    """Custodian id → certificates whose backup nobody else at work could open there: the price of a release."""
    at_work = select(Custodian.id).join(Custodian.officer).where(*_WITH_KEY)
    alone = (
        select(BackupShare.backup_id, func.min(BackupShare.custodian_id).label("custodian_id"))
        .where(BackupShare.custodian_id.in_(at_work))
        .group_by(BackupShare.backup_id, BackupShare.half)
        .having(func.count() == 1)
        .subquery()
    )
    query = (
        select(alone.c.custodian_id, func.count(Backup.certificate_id.distinct()).label("certificates"))
        .join(Backup, Backup.id == alone.c.backup_id)
        .where(Backup.destroyed_at.is_(None))
        .group_by(alone.c.custodian_id)
    )
    return {row.custodian_id: row.certificates for row in db.session.execute(query)}
