"""One-time deliveries, sealed under the secret of their own link: the database alone opens none."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from jcanweb.database import Base
from jcanweb.models.certificate import Certificate
from jcanweb.vocabulary import SecretKind


class Delivery(Base):
    __tablename__ = "delivery"
    __table_args__ = (
        Index("ix_delivery_certificate", "certificate_id"),
        Index("uq_delivery_open", "certificate_id", "kind", unique=True,
              sqlite_where=text("ended_at IS NULL"), postgresql_where=text("ended_at IS NULL")),
        CheckConstraint("(ended_at IS NULL) = (sealed IS NOT NULL)", name="sealed"),
        CheckConstraint("taken_at IS NULL OR ended_at IS NOT NULL", name="taken"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    certificate_id: Mapped[int] = mapped_column(ForeignKey("certificate.id"))
    kind: Mapped[SecretKind]
    recovery_id: Mapped[int | None] = mapped_column(ForeignKey("recovery.id"))
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    sealed: Mapped[bytes | None] = mapped_column(deferred=True)  # gone once taken or ended
    context: Mapped[str] = mapped_column(String(120))  # bound into the seal
    sent_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    taken_at: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

    certificate: Mapped[Certificate] = relationship()
