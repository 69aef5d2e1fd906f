"""Backups the server can seal and never open: PKCS#12 and PIN in two records, shares to custodians."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from jcanweb.database import Base
from jcanweb.models.officer import Custodian
from jcanweb.vocabulary import SecretKind


class Backup(Base):
    __tablename__ = "backup"
    __table_args__ = (
        Index("ix_backup_certificate", "certificate_id"),
        Index("uq_backup_living", "certificate_id", "kind", unique=True,
              sqlite_where=text("destroyed_at IS NULL"), postgresql_where=text("destroyed_at IS NULL")),
        CheckConstraint("(destroyed_at IS NULL) = (ciphertext IS NOT NULL)", name="destroyed"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    record_id: Mapped[str] = mapped_column(String(40), unique=True)  # bound into the seals
    certificate_id: Mapped[int] = mapped_column(ForeignKey("certificate.id"))
    kind: Mapped[SecretKind]
    nonce: Mapped[bytes]
    ciphertext: Mapped[bytes | None] = mapped_column(deferred=True)
    commit_sha256: Mapped[str] = mapped_column(String(64))
    sealed_at: Mapped[datetime]
    destroyed_at: Mapped[datetime | None]

    shares: Mapped[list["BackupShare"]] = relationship(
        order_by="BackupShare.id", cascade="all, delete-orphan"
    )


class BackupShare(Base):
    """One half of the data key, sealed to one custodian."""

    __tablename__ = "backup_share"
    __table_args__ = (UniqueConstraint("backup_id", "custodian_id", name="uq_backup_share_once"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    backup_id: Mapped[int] = mapped_column(ForeignKey("backup.id"))
    half: Mapped[str] = mapped_column(String(10))  # custodian | security
    custodian_id: Mapped[int] = mapped_column(ForeignKey("custodian.id"), index=True)
    sealed: Mapped[bytes]

    custodian: Mapped[Custodian] = relationship()
