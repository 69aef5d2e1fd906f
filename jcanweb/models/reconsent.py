"""Asking the subscribers anew: one campaign an edition, one row a person with the answer and who decided on a refusal."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from jcanweb.database import Base
from jcanweb.models.consent import Consent
from jcanweb.models.edition import Edition
from jcanweb.models.organization import Person
from jcanweb.vocabulary import ReconsentDecision, ReconsentState


class Campaign(Base):
    """The list of an edition is made by certificate, oldest first; `cursor` is the last one looked at."""

    __tablename__ = "campaign"

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("edition.id"), unique=True)
    started_at: Mapped[datetime]
    cursor: Mapped[int] = mapped_column(default=0)
    listed_at: Mapped[datetime | None]  # every certificate there was had been looked at

    edition: Mapped[Edition] = relationship()


class Reconsent(Base):
    """One person asked to accept one edition. The state keeps the last answer; a decision ends the asking."""

    __tablename__ = "reconsent"
    __table_args__ = (
        UniqueConstraint("campaign_id", "person_id", name="uq_reconsent_once"),
        Index("ix_reconsent_state", "campaign_id", "state", "id"),
        Index("ix_reconsent_person", "person_id"),
        Index("ix_reconsent_mail", "campaign_id", "mail_due_at", "id",
              sqlite_where=text("mail_due_at IS NOT NULL"), postgresql_where=text("mail_due_at IS NOT NULL")),
        Index("ix_reconsent_refused", "answered_at", "id",
              sqlite_where=text("state = 'refused' AND decided_at IS NULL"),
              postgresql_where=text("state = 'refused' AND decided_at IS NULL")),
        CheckConstraint("(state = 'asked') = (answered_at IS NULL)", name="state_answered"),
        CheckConstraint("(state = 'agreed') = (consent_id IS NOT NULL)", name="state_agreed"),
        CheckConstraint("state = 'asked' OR mail_due_at IS NULL", name="answered_quiet"),
        CheckConstraint("(decided_by IS NULL) = (decided_at IS NULL)", name="decided"),
        CheckConstraint("(decision IS NULL) = (decided_at IS NULL)", name="decision"),
        CheckConstraint("decided_at IS NULL OR state = 'refused'", name="state_decided"),
        CheckConstraint("decision <> 'keep' OR comment <> ''", name="comment"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    state: Mapped[ReconsentState]
    mail_due_at: Mapped[datetime | None]  # of the next mail: the asking or a reminder
    asked_at: Mapped[datetime | None]  # the first mail was written
    reminders: Mapped[int] = mapped_column(default=0)
    reminded_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    consent_id: Mapped[int | None] = mapped_column(ForeignKey("consent.id"), unique=True)
    words: Mapped[str] = mapped_column(String(1000), default="")  # why it was refused
    decision: Mapped[ReconsentDecision | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("officer.id"))
    decided_at: Mapped[datetime | None]
    comment: Mapped[str] = mapped_column(String(1000), default="")
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}

    campaign: Mapped[Campaign] = relationship()
    person: Mapped[Person] = relationship()
    consent: Mapped[Consent | None] = relationship()
