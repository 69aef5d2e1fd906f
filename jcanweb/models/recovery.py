"""Recovery: requested, authorised by another, shares opened each by its own custodian."""

from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from jcanweb.database import Base
from jcanweb.models.certificate import Certificate
from jcanweb.models.officer import Custodian, Officer
from jcanweb.models.vault import Backup
from jcanweb.vocabulary import RecoveryGround, RecoveryState


class Recovery(Base):
    __tablename__ = "recovery"
    __table_args__ = (
        Index("ix_recovery_state", "state", "requested_at"),
        Index("ix_recovery_certificate", "certificate_id"),
        Index(
            "uq_recovery_open",
            "certificate_id",
            unique=True,
            sqlite_where=text("state IN ('requested', 'authorized')"),
            postgresql_where=text("state IN ('requested', 'authorized')"),
        ),
        UniqueConstraint("id", "requested_by", "authorized_by", name="uq_recovery_people"),
        CheckConstraint("requested_by <> authorized_by", name="two_person"),
        CheckConstraint("(authorized_by IS NULL) = (authorized_at IS NULL)", name="authorized"),
        CheckConstraint(
            "state NOT IN ('authorized', 'opened') OR authorized_by IS NOT NULL", name="state_authorized"
        ),
        CheckConstraint("(authorized_by IS NULL) = (open_from IS NULL)", name="open_from"),
        CheckConstraint("(authorized_by IS NULL) = (open_until IS NULL)", name="open_until"),
        CheckConstraint("requested_by <> declined_by", name="two_person_decline"),
        CheckConstraint("(declined_by IS NULL) = (declined_at IS NULL)", name="declined"),
        CheckConstraint("(state = 'declined') = (declined_by IS NOT NULL)", name="state_declined"),
        CheckConstraint("(state = 'opened') = (opened_at IS NOT NULL)", name="state_opened"),
        CheckConstraint("(state = 'authorized') = (ephemeral_sealed IS NOT NULL)", name="state_ephemeral"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    certificate_id: Mapped[int] = mapped_column(ForeignKey("certificate.id"))
    state: Mapped[RecoveryState]
    ground: Mapped[RecoveryGround]
    proof: Mapped[str] = mapped_column(String(1000))  # how the asker was identified
    requested_by: Mapped[int] = mapped_column(ForeignKey("officer.id"))
    requested_at: Mapped[datetime]
    authorized_by: Mapped[int | None] = mapped_column(ForeignKey("officer.id"))
    authorized_at: Mapped[datetime | None]
    open_from: Mapped[datetime | None]  # end of the cooling-off
    open_until: Mapped[datetime | None]
    declined_by: Mapped[int | None] = mapped_column(ForeignKey("officer.id"))
    declined_at: Mapped[datetime | None]
    declined_reason: Mapped[str | None] = mapped_column(String(1000))
    opened_at: Mapped[datetime | None]
    ephemeral_public: Mapped[bytes | None]
    ephemeral_sealed: Mapped[bytes | None]  # under the server's field key; gone once opened or ended
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}

    certificate: Mapped[Certificate] = relationship()
    requester: Mapped[Officer] = relationship(foreign_keys=[requested_by])
    authorizer: Mapped[Officer | None] = relationship(foreign_keys=[authorized_by])
    decliner: Mapped[Officer | None] = relationship(foreign_keys=[declined_by])
    openings: Mapped[list["ShareOpening"]] = relationship(order_by="ShareOpening.id", overlaps="recovery")


class ShareOpening(Base):
    """A custodian opened the own share of one backup record; never requester or authoriser, one group each."""

    __tablename__ = "share_opening"
    __table_args__ = (
        ForeignKeyConstraint(
            ["recovery_id", "requested_by", "authorized_by"],
            ["recovery.id", "recovery.requested_by", "recovery.authorized_by"],
            name="fk_share_opening_people",
        ),
        ForeignKeyConstraint(
            ["custodian_id", "opened_by"],
            ["custodian.id", "custodian.officer_id"],
            name="fk_share_opening_other_person",
        ),
        CheckConstraint("half IN ('custodian', 'security')", name="half"),
        CheckConstraint("opened_by <> requested_by AND opened_by <> authorized_by", name="other_person"),
        UniqueConstraint("recovery_id", "backup_id", "half", name="uq_share_opening_once"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    recovery_id: Mapped[int]
    backup_id: Mapped[int] = mapped_column(ForeignKey("backup.id"))
    half: Mapped[str] = mapped_column(String(10))
    custodian_id: Mapped[int] = mapped_column(ForeignKey("custodian.id"))
    requested_by: Mapped[int] = mapped_column(ForeignKey("officer.id"))
    authorized_by: Mapped[int] = mapped_column(ForeignKey("officer.id"))
    opened_by: Mapped[int] = mapped_column(ForeignKey("officer.id"))
    opened_at: Mapped[datetime]
    resealed: Mapped[bytes | None]  # the half, sealed to the recovery's ephemeral key; gone once opened

    backup: Mapped[Backup] = relationship()
    custodian: Mapped[Custodian] = relationship(foreign_keys=[custodian_id])
