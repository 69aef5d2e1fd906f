"""An application and the checks of its fields."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

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
from jcanweb.models.consent import Consent
from jcanweb.models.organization import Corporation, Document, Person
from jcanweb.vocabulary import ApplicationKind, ApplicationState, CheckedField, Verdict

if TYPE_CHECKING:
    from jcanweb.models.certificate import Certificate

RENEWING = "state NOT IN ('draft', 'rejected', 'withdrawn', 'lapsed')"
"""Handed in and not ended in vain: of these a certificate has at most one that renews it."""


def _where(condition: str) -> dict[str, Any]:
    """Only rows of this condition stand in the index, on both databases."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


class Application(Base):
    """Screener, approver and issuing operator stand side by side so that CHECKs can compare them."""

    __tablename__ = "application"
    __table_args__ = (
        Index("ix_application_state", "state", "submitted_at", "id"),
        Index("ix_application_list", "state", "arrival"),
        Index("ix_application_kind", "kind", "arrival"),
        Index("ix_application_submitted", "submitted_at", "arrival"),
        Index("ix_application_due", "state", "due_on", "id"),
        Index("ix_application_clock", "due_on", "id", **_where("due_on IS NOT NULL")),
        Index("ix_application_desk", "screening_by", "state", "due_on", "id"),
        Index("ix_application_held", "held_at", "id", **_where("held_at IS NOT NULL")),
        Index("ix_application_returned", "state", "returned_at", "id"),
        Index("ix_application_person", "person_id"),
        Index("ix_application_corporation", "corporation_id", "arrival"),
        UniqueConstraint("id", "screened_by", "approved_by", "issued_by", name="uq_application_people"),
        Index("ix_application_renewal", "renewal_of_id", **_where("renewal_of_id IS NOT NULL")),
        Index("uq_application_renewal", "renewal_of_id", unique=True, **_where(RENEWING)),
        ForeignKeyConstraint(["renewal_of_id", "corporation_id"], ["certificate.id", "certificate.corporation_id"],
                             name="fk_application_renewal", use_alter=True),
        CheckConstraint("(kind = 'renewal') = (renewal_of_id IS NOT NULL)", name="renewal"),
        CheckConstraint("screened_by <> approved_by", name="two_person_approve"),
        CheckConstraint("approved_by <> issued_by", name="two_person_issue"),
        CheckConstraint("(submitted_at IS NULL) = (arrival IS NULL)", name="submitted"),
        CheckConstraint("(screened_by IS NULL) = (screened_at IS NULL)", name="screened"),
        CheckConstraint("(approved_by IS NULL) = (approved_at IS NULL)", name="approved"),
        CheckConstraint("(issued_by IS NULL) = (issued_at IS NULL)", name="issued"),
        CheckConstraint("(returned_by IS NULL) = (returned_at IS NULL)", name="returned"),
        CheckConstraint("screened_by <> rejected_by", name="two_person_reject"),
        CheckConstraint("(rejected_by IS NULL) = (rejected_at IS NULL)", name="rejected"),
        CheckConstraint("state = 'draft' OR state IN ('withdrawn', 'lapsed') OR submitted_at IS NOT NULL",
                        name="state_submitted"),
        CheckConstraint("(state IN ('approved', 'issuing', 'issued')) = (approved_by IS NOT NULL)"
                        " OR state = 'withdrawn'", name="state_approved"),
        CheckConstraint("approved_by IS NULL OR screened_by IS NOT NULL", name="approved_screened"),
        CheckConstraint("(state IN ('issuing', 'issued')) = (issued_by IS NOT NULL)", name="state_issuing"),
        CheckConstraint("(state = 'rejected') = (rejected_by IS NOT NULL)", name="state_rejected"),
        CheckConstraint("(screening_by IS NULL) = (screening_at IS NULL)", name="screening"),
        CheckConstraint("due_on IS NULL OR (days_left IS NULL"
                        " AND state IN ('submitted', 'screening', 'approved', 'issuing'))", name="due"),
        CheckConstraint("(held_by IS NULL) = (held_at IS NULL) AND (held_by IS NULL) = (held_reason IS NULL)",
                        name="held"),
        CheckConstraint("held_by IS NULL OR (state = 'screening' AND screened_by IS NULL)", name="state_held"),
        CheckConstraint("length(organization_unit) <= 64 AND length(common_name) <= 64", name="lengths"),
        CheckConstraint("years IN (1, 2)", name="years"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(20), unique=True)  # 受付番号
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    corporation_id: Mapped[int] = mapped_column(ForeignKey("corporation.id"))
    kind: Mapped[ApplicationKind] = mapped_column(default=ApplicationKind.NEW)
    renewal_of_id: Mapped[int | None]  # the certificate it renews, of the same corporation
    state: Mapped[ApplicationState]
    revision: Mapped[int] = mapped_column(default=1)  # raised by every edit: checks look at one revision
    organization_unit_typed: Mapped[str] = mapped_column(String(200), default="")
    organization_unit: Mapped[str] = mapped_column(String(64), default="")
    organization_unit_ja: Mapped[str] = mapped_column(String(120), default="")
    common_name_typed: Mapped[str] = mapped_column(String(200), default="")
    common_name: Mapped[str] = mapped_column(String(64), default="")
    common_name_ja: Mapped[str] = mapped_column(String(120), default="")
    years: Mapped[int] = mapped_column(default=2)
    pin_recipient_name: Mapped[str] = mapped_column(String(120), default="")
    pin_recipient_email: Mapped[str] = mapped_column(String(254), default="")
    seal_certificate_id: Mapped[int | None] = mapped_column(ForeignKey("document.id"))
    seal_certificate_on: Mapped[date | None]

    drafted_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]
    arrival: Mapped[int | None] = mapped_column(
        unique=True
    )  # grows with every handing-in: the order of lists
    due_on: Mapped[
        date | None
    ]  # the day in Japan by which we should be done; NULL while nothing is waited for from us
    days_left: Mapped[int | None]  # business days, when it was returned
    screening_by: Mapped[int | None] = mapped_column(ForeignKey("officer.id"))  # who has it on the desk
    screening_at: Mapped[datetime | None]  # since when
    held_by: Mapped[int | None] = mapped_column(ForeignKey("officer.id"))
    held_at: Mapped[datetime | None]
    held_reason: Mapped[str | None] = mapped_column(String(1000))
    screened_by: Mapped[int | None] = mapped_column(ForeignKey("officer.id"))
    screened_at: Mapped[datetime | None]
    returned_by: Mapped[int | None] = mapped_column(ForeignKey("officer.id"))
    returned_at: Mapped[datetime | None]
    returned_reason: Mapped[str | None] = mapped_column(String(1000))
    approved_by: Mapped[int | None] = mapped_column(ForeignKey("officer.id"))
    approved_at: Mapped[datetime | None]
    rejected_by: Mapped[int | None] = mapped_column(ForeignKey("officer.id"))
    rejected_at: Mapped[datetime | None]
    rejected_reason: Mapped[str | None] = mapped_column(String(1000))
    issued_by: Mapped[int | None] = mapped_column(ForeignKey("officer.id"))
    issued_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}

    person: Mapped[Person] = relationship()
    corporation: Mapped[Corporation] = relationship()
    seal_certificate: Mapped[Document | None] = relationship()
    renewal_of: Mapped["Certificate | None"] = relationship(
        primaryjoin="foreign(Application.renewal_of_id) == Certificate.id", viewonly=True
    )
    consents: Mapped[list[Consent]] = relationship(order_by=Consent.id)
    checks: Mapped[list["FieldCheck"]] = relationship(order_by="FieldCheck.id")
    entries: Mapped[list["SecondEntry"]] = relationship(order_by="SecondEntry.id")


class Comment(Base):
    """Between officers; never shown to the applicant. Append-only."""

    __tablename__ = "comment"
    __table_args__ = (Index("ix_comment_application", "application_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    application_id: Mapped[int] = mapped_column(ForeignKey("application.id"))
    words: Mapped[str] = mapped_column(String(1000))
    written_by: Mapped[int] = mapped_column(ForeignKey("officer.id"))
    written_at: Mapped[datetime]


class FieldCheck(Base):
    """A verdict on one field of one revision. Append-only: the newest of the revision counts."""

    __tablename__ = "field_check"
    __table_args__ = (
        Index("ix_field_check_application", "application_id", "revision"),
        CheckConstraint("field <> 'seal_certificate' OR verdict <> 'pass'"
                        " OR matched = 'corporation_name representative issued_on'", name="matched"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    application_id: Mapped[int] = mapped_column(ForeignKey("application.id"))
    revision: Mapped[int]
    field: Mapped[CheckedField]
    value: Mapped[str] = mapped_column(String(200))  # the text that was looked at, or a digest
    verdict: Mapped[Verdict]
    matched: Mapped[str] = mapped_column(String(100), default="")  # of the paper: each PaperPoint found right
    comment: Mapped[str] = mapped_column(String(1000), default="")
    checked_by: Mapped[int] = mapped_column(ForeignKey("officer.id"))
    checked_at: Mapped[datetime]


class SecondEntry(Base):
    """OU2 and CN as an approver read them from the evidence, without seeing the application's. Append-only."""

    __tablename__ = "second_entry"
    __table_args__ = (Index("ix_second_entry_application", "application_id", "revision"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    application_id: Mapped[int] = mapped_column(ForeignKey("application.id"))
    revision: Mapped[int]
    organization_unit: Mapped[str] = mapped_column(String(200))  # as a certificate would carry what was typed
    common_name: Mapped[str] = mapped_column(String(200))
    agrees: Mapped[bool]
    entered_by: Mapped[int] = mapped_column(ForeignKey("officer.id"))
    entered_at: Mapped[datetime]
