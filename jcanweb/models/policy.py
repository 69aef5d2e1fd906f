"""CP documents: what the CA publishes at an address, and the day from which it is bound to new certificates."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from jcanweb.database import Base


class PolicyDocument(Base):
    """A CP as it was registered: a draft until it has an approval, which alone gives it a day. Append-only."""

    __tablename__ = "policy_document"
    __table_args__ = (
        CheckConstraint("(content IS NULL) = (sha256 IS NULL)", name="content_hashed"),
        CheckConstraint("registered_by IS NOT NULL OR NOT official", name="registered"),
        UniqueConstraint("id", "registered_by", name="uq_policy_document_registered_by"),  # for the approval
        UniqueConstraint("id", "version", "official", name="uq_policy_document_version"),  # for the approval
        UniqueConstraint("id", "name", "version", "url", name="uq_policy_document_bound"),  # for certificates
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    version: Mapped[str] = mapped_column(String(20))
    url: Mapped[str] = mapped_column(String(300))
    """Where it is published; the CPS pointer of certificatePolicies (RFC 5280 section 4.2.1.4)."""
    oid: Mapped[str] = mapped_column(String(100))
    official: Mapped[bool]
    content: Mapped[bytes | None] = mapped_column(deferred=True)
    """The document itself, where it was given."""
    sha256: Mapped[str | None] = mapped_column(String(64))
    """Of the content."""
    proposed_on: Mapped[date]
    """The first day in force as it was proposed."""
    registered_by: Mapped[int | None] = mapped_column(ForeignKey("officer.id"))  # NULL: the sample, by set-up
    registered_at: Mapped[datetime]

    approval: Mapped["PolicyApproval | None"] = relationship(back_populates="policy", lazy="joined",
        primaryjoin="PolicyDocument.id == PolicyApproval.policy_id", foreign_keys="PolicyApproval.policy_id")  # fmt: skip

    @property
    def effective_on(self) -> date | None:
        """The first day in force; None while it is a draft."""
        return self.approval.effective_on if self.approval else None


class PolicyApproval(Base):
    """The second officer's act: the CP takes effect on this day. One CP a day, one document a version.

    The sample (official = false) serves only while no official CP is in force; set-up approves it by itself.
    """

    __tablename__ = "policy_approval"
    __table_args__ = (
        ForeignKeyConstraint(["policy_id", "registered_by"], ["policy_document.id", "policy_document.registered_by"],
                             name="fk_policy_approval_registrar"),
        ForeignKeyConstraint(["policy_id", "version", "official"],
                             ["policy_document.id", "policy_document.version", "policy_document.official"],
                             name="fk_policy_approval_version"),
        UniqueConstraint("official", "effective_on", name="uq_policy_approval_day"),
        CheckConstraint("registered_by <> approved_by", name="two_person_approve"),
        CheckConstraint("(registered_by IS NOT NULL AND approved_by IS NOT NULL) OR NOT official", name="approved"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    policy_id: Mapped[int] = mapped_column(ForeignKey("policy_document.id"), unique=True)
    version: Mapped[str] = mapped_column(String(20), unique=True)  # the document's, as are the next two
    official: Mapped[bool]
    registered_by: Mapped[int | None]
    approved_by: Mapped[int | None] = mapped_column(ForeignKey("officer.id"))
    approved_at: Mapped[datetime]
    effective_on: Mapped[date]

    policy: Mapped[PolicyDocument] = relationship(back_populates="approval", foreign_keys=[policy_id])
