"""Officers, their roles, the custodians among them, and sessions kept on the server."""

from datetime import datetime
from typing import Any

from flask_security.core import RoleMixin, UserMixin
from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from jcanweb.database import Base
from jcanweb.roles import Role
from jcanweb.vocabulary import CustodianGroup


class OfficerRole(Base, RoleMixin):
    """A role held. Exclusive pairs are refused by the trigger role_disjoint."""

    __tablename__ = "officer_role"
    __table_args__ = (UniqueConstraint("officer_id", "name", name="uq_officer_role_once"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    officer_id: Mapped[int] = mapped_column(ForeignKey("officer.id"))
    name: Mapped[Role]
    granted_at: Mapped[datetime]


class Officer(Base, UserMixin):
    __tablename__ = "officer"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    password: Mapped[str | None] = mapped_column(String(255))
    password_changed_at: Mapped[datetime | None]  # empty while the password is a one-time one
    active: Mapped[bool] = mapped_column(default=True)  # Flask-Security's own column
    fs_uniquifier: Mapped[str] = mapped_column(String(64), unique=True)
    tf_primary_method: Mapped[str | None] = mapped_column(String(64))
    tf_totp_secret: Mapped[str | None] = mapped_column(String(255))
    totp_counter: Mapped[int | None]  # of the last code used: each works once (RFC 6238 section 5.2)
    mf_recovery_codes: Mapped[list[str] | None] = mapped_column(JSON)
    joined_at: Mapped[datetime]
    signed_in_at: Mapped[datetime | None]
    deactivated_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}

    roles: Mapped[list[OfficerRole]] = relationship(  # type: ignore[assignment]  # narrower than the mixin's
        lazy="selectin", cascade="all, delete-orphan"
    )

    def holds(self, *roles: Role) -> bool:
        return any(held.name in roles for held in self.roles)


class OfficerInvitation(Base):
    """A one-time link with which a new officer sets name and password (also the first administrator)."""

    __tablename__ = "officer_invitation"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    email: Mapped[str | None] = mapped_column(String(254))
    name: Mapped[str | None] = mapped_column(String(120))
    roles: Mapped[list[str]] = mapped_column(JSON)
    invited_by: Mapped[int | None] = mapped_column(ForeignKey("officer.id"))
    invited_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Custodian(Base):
    """An officer's public key in one of three disjoint groups (trigger custodian_disjoint: for good).

    `private_pem` is the small-office way: the private key under the officer's own long passphrase.
    """

    __tablename__ = "custodian"
    __table_args__ = (
        Index("uq_custodian_active", "officer_id", unique=True, sqlite_where=text("released_at IS NULL"),
              postgresql_where=text("released_at IS NULL")),
        UniqueConstraint("id", "officer_id", name="uq_custodian_officer"),
        CheckConstraint("appointed_by <> officer_id", name="other_person"),
        CheckConstraint("(released_at IS NULL) = (released_by IS NULL)", name="released"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    officer_id: Mapped[int] = mapped_column(ForeignKey("officer.id"))
    group: Mapped[CustodianGroup] = mapped_column("custodian_group")
    public_key: Mapped[bytes | None] = mapped_column(unique=True)  # the officer makes it after appointment
    private_pem: Mapped[bytes | None]
    key_made_at: Mapped[datetime | None]
    appointed_by: Mapped[int] = mapped_column(ForeignKey("officer.id"))
    appointed_at: Mapped[datetime]
    released_by: Mapped[int | None] = mapped_column(ForeignKey("officer.id"))
    released_at: Mapped[datetime | None]

    officer: Mapped[Officer] = relationship(foreign_keys=[officer_id])


class WebSession(Base):
    """A browser's session; the cookie holds the secret id, this row only its hash."""

    __tablename__ = "web_session"
    __table_args__ = (Index("ix_web_session_officer", "officer_id"), Index("ix_web_session_seen", "seen_at"))

    id_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    officer_id: Mapped[int | None]
    person_id: Mapped[int | None]
    data: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
