"""Revocation: received, decided by another, executed by a third act, seen in the CRL; all timed."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from jcanweb.database import Base
from jcanweb.models.certificate import Certificate
from jcanweb.vocabulary import RevocationReason, RevocationRequester, RevocationState


class Revocation(Base):
    __tablename__ = "revocation"
    __table_args__ = (
        Index("uq_revocation_open", "certificate_id", unique=True,
              sqlite_where=text("state <> 'refused'"), postgresql_where=text("state <> 'refused'")),
        Index("ix_revocation_state", "state", "due_at"),
        Index("ix_revocation_received", "received_at", "id"),
        Index("ix_revocation_executed", "executed_at", "id"),
        Index("ix_revocation_certificate", "certificate_id"),
        Index("ix_revocation_unlisted", "id", sqlite_where=text("executed_at IS NOT NULL AND crl_number IS NULL"),
              postgresql_where=text("executed_at IS NOT NULL AND crl_number IS NULL")),
        ForeignKeyConstraint(["certificate_id", "received_from"], ["certificate.id", "certificate.person_id"],
                             name="fk_revocation_subscriber"),
        Index("uq_revocation_upon", "received_upon", "certificate_id", unique=True),
        CheckConstraint("CASE WHEN received_by IS NULL THEN 0 ELSE 1 END + CASE WHEN received_from IS NULL THEN 0 ELSE 1 END"
                        " + CASE WHEN received_upon IS NULL THEN 0 ELSE 1 END = 1", name="received"),
        CheckConstraint("(crl_number IS NULL) = (published_at IS NULL)", name="published"),
        CheckConstraint("crl_number IS NULL OR executed_at IS NOT NULL", name="published_executed"),
        CheckConstraint("received_by <> decided_by", name="two_person_decide"),
        CheckConstraint("decided_by <> executed_by", name="two_person_execute"),
        CheckConstraint("(decided_by IS NULL) = (decided_at IS NULL)", name="decided"),
        CheckConstraint("(executed_by IS NULL) = (executed_at IS NULL)", name="executed"),
        CheckConstraint("(state = 'received') = (decided_by IS NULL)", name="state_decided"),
        CheckConstraint("(state = 'executed') = (executed_by IS NOT NULL)", name="state_executed"),
        CheckConstraint("reason <> 'unspecified' OR words <> ''", name="words"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    certificate_id: Mapped[int] = mapped_column(ForeignKey("certificate.id"))
    state: Mapped[RevocationState]
    reason: Mapped[RevocationReason]
    requester: Mapped[RevocationRequester]
    words: Mapped[str] = mapped_column(String(1000), default="")  # the ground in words
    invalid_from: Mapped[datetime | None]  # RFC 5280 section 5.3.2
    received_by: Mapped[int | None] = mapped_column(ForeignKey("officer.id"))
    received_from: Mapped[int | None]  # the subscriber, who asked on the own page: no officer was between
    received_upon: Mapped[int | None] = mapped_column(
        ForeignKey("agreement_end.id")
    )  # the system, when it ended
    received_at: Mapped[datetime]
    due_at: Mapped[datetime]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("officer.id"))
    decided_at: Mapped[datetime | None]
    decision_words: Mapped[str | None] = mapped_column(String(1000))
    executed_by: Mapped[int | None] = mapped_column(ForeignKey("officer.id"))
    executed_at: Mapped[datetime | None]
    crl_number: Mapped[int | None] = mapped_column(BigInteger)
    published_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}

    certificate: Mapped[Certificate] = relationship(foreign_keys=[certificate_id])
