"""A subscriber's withdrawal of the consent to the backup: of which certificate, told what, when. Append-only."""

from datetime import datetime

from sqlalchemy import ForeignKey, ForeignKeyConstraint, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from jcanweb.database import Base


class ConsentWithdrawal(Base):
    """At most one a certificate, and only by its own subscriber."""

    __tablename__ = "consent_withdrawal"
    __table_args__ = (
        ForeignKeyConstraint(["certificate_id", "person_id"], ["certificate.id", "certificate.person_id"],
                             name="fk_consent_withdrawal_subscriber"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    certificate_id: Mapped[int] = mapped_column(unique=True)
    consent_id: Mapped[int] = mapped_column(ForeignKey("consent.id"), index=True)
    person_id: Mapped[int]
    words: Mapped[str] = mapped_column(Text)  # the consequences as they were shown, a line each
    button: Mapped[str] = mapped_column(String(80))  # the wording of the button pressed
    withdrawn_at: Mapped[datetime]
