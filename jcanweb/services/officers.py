"""Officers: the first administrator, invitations, roles (product.md §1, §14)."""

import secrets
from datetime import timedelta

from sqlalchemy import select

from jcanweb import audit, clock, sessions
from jcanweb.config import setting
from jcanweb.database import db, flush, lock
from jcanweb.errors import AlreadyTaken, FieldRefused, LinkExpired, RolesExclude, TwoPersonRule
from jcanweb.events import Event, Subject
from jcanweb.models import Custodian, Officer, OfficerInvitation, OfficerRole
from jcanweb.names import check_name, normalise_email
from jcanweb.permissions import check_roles
from jcanweb.pki.sealbox import new_token, token_hash
from jcanweb.roles import Role


def invite(*, email: str, name: str, roles: set[Role], by: Officer | None) -> str:
    """Make a one-time link for a new officer; the token for the link is returned, only its hash is kept.

    Raises RolesExclude for roles that may not be held together, names.NameRefused for name or address,
    FieldRefused when the address is an officer's already. `by=None` only for the first administrator.
    """
    check_roles(roles)
    email, name = normalise_email(email), check_name(name, "氏名")
    if db.session.scalar(select(Officer.id).where(Officer.email == email)):
        raise FieldRefused("このメールアドレスの担当者は既に登録されています。", field="email")
    token, at = new_token(), clock.now()
    invitation = OfficerInvitation(
        token_sha256=token_hash(token), email=email, name=name, roles=sorted(roles), invited_at=at,
        invited_by=by.id if by else None, expires_at=at + timedelta(days=setting("INVITATION_DAYS")),
    )  # fmt: skip
    db.session.add(invitation)
    flush()
    audit.record(
        Event.OFFICER_INVITED, Subject.OFFICER, f"invitation:{invitation.id}", by=by, roles=sorted(roles)
    )
    return token


def first_link() -> str:
    """The token of the set-up link, made anew at each start until the installation is claimed."""
    end_first_links()
    token, at = new_token(), clock.now()
    db.session.add(OfficerInvitation(token_sha256=token_hash(token), roles=[Role.ADMINISTRATOR], invited_at=at,
                                     expires_at=at + timedelta(days=1)))  # fmt: skip
    flush()
    return token


def end_first_links() -> None:
    """No set-up link works any more."""
    for old in db.session.scalars(select(OfficerInvitation).where(OfficerInvitation.email.is_(None))):
        old.expires_at = min(old.expires_at, clock.now())


def invitation(token: str) -> OfficerInvitation:
    """The living invitation of this token. Raises LinkExpired for an unknown, used or expired one."""
    found = db.session.scalar(
        select(OfficerInvitation).where(OfficerInvitation.token_sha256 == token_hash(token))
    )
    if found is None or found.used_at is not None or found.expires_at <= clock.now():
        raise LinkExpired()
    return found


def claimed() -> bool:
    """Has anybody become an officer here?"""
    return db.session.scalar(select(Officer.id).limit(1)) is not None


def join(token: str, *, name: str, email: str, password_hash: str, one_time: bool = False) -> Officer:
    """Turn an invitation into an officer; the link works once. `password_hash` is Argon2id.

    A named invitation keeps the address it was sent to. Raises LinkExpired, AlreadyTaken, names.NameRefused.
    """
    found = invitation(token)
    lock(found)
    if found.used_at is not None or (found.email is None and claimed()):
        raise AlreadyTaken("このリンクは既に使用されています。")
    email, name = normalise_email(found.email or email), check_name(name, "氏名")
    if db.session.scalar(select(Officer.id).where(Officer.email == email)):
        raise FieldRefused("このメールアドレスの担当者は既に登録されています。", field="email")
    at = clock.now()
    officer = Officer(email=email, name=name, password=password_hash, fs_uniquifier=secrets.token_hex(32), active=True,
                      password_changed_at=None if one_time else at, joined_at=at)  # fmt: skip
    officer.roles = [OfficerRole(name=Role(role), granted_at=at) for role in found.roles]
    db.session.add(officer)
    found.used_at = at
    flush()
    audit.record(Event.OFFICER_JOINED, Subject.OFFICER, officer.id, by=officer, roles=sorted(found.roles))
    if found.email is None:
        audit.record(Event.INSTALLATION_CLAIMED, Subject.INSTALLATION, 1, by=officer, way="real")
    return officer


def change_roles(officer: Officer, roles: set[Role], *, version: int, by: Officer) -> None:
    """Give exactly these roles; every session of the officer ends. Nobody changes the own roles.

    Raises RolesExclude, TwoPersonRule, StalePage.
    """
    lock(officer, version)
    if officer.id == by.id:
        raise TwoPersonRule("自分の役割を自分で変更することはできません。別の管理者が操作してください。")
    check_roles(roles)
    held_key = select(Custodian.id).where(Custodian.officer_id == officer.id, Custodian.released_at.is_(None))
    if Role.ADMINISTRATOR in roles and db.session.scalar(held_key):
        raise RolesExclude("鍵の管理者に選任されている担当者は、管理者になれません。先に解任してください。")
    at = clock.now()
    officer.roles = [held for held in officer.roles if held.name in roles]
    flush()
    kept = {held.name for held in officer.roles}
    officer.roles += [OfficerRole(name=role, granted_at=at) for role in sorted(roles - kept)]
    officer.fs_uniquifier = secrets.token_hex(32)
    sessions.end_all(officer.id)
    flush()
    audit.record(Event.OFFICER_ROLES_CHANGED, Subject.OFFICER, officer.id, by=by, roles=sorted(roles))


def deactivate(officer: Officer, *, version: int, by: Officer) -> None:
    """Close the account; sessions end at once (NSR 2.2.1.3). Raises TwoPersonRule for the own account."""
    lock(officer, version)
    if officer.id == by.id:
        raise TwoPersonRule("自分のアカウントを自分で停止することはできません。")
    officer.active, officer.deactivated_at = False, clock.now()
    sessions.end_all(officer.id)
    flush()
    audit.record(Event.OFFICER_DEACTIVATED, Subject.OFFICER, officer.id, by=by)


def everyone() -> list[Officer]:
    """All officers, those at work first."""
    return list(db.session.scalars(select(Officer).order_by(Officer.active.desc(), Officer.id)))
