"""Editions of the terms of use: exact bytes, the text read from them, and the day each takes effect by approval."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from jcanweb.database import Base
from jcanweb.terms.document import SourceKind


class Edition(Base):
    """A text as it was imported: a draft until it has an approval, which alone gives it a day. Append-only."""

    __tablename__ = "edition"
    __table_args__ = (
        UniqueConstraint("version", "sha256", "imported_by", name="uq_edition_draft"),
        UniqueConstraint("id", "imported_by", name="uq_edition_imported_by"),  # what the approval refers to
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[str] = mapped_column(String(20))
    official: Mapped[bool]
    proposed_on: Mapped[date]
    """The first day in force as the importer proposed it."""
    source: Mapped[bytes] = mapped_column(deferred=True)
    text: Mapped[str] = mapped_column(Text, deferred=True)
    """`terms.text_of(source)`; the line numbers of what could not be read count in it."""
    kind: Mapped[SourceKind]
    sha256: Mapped[str] = mapped_column(String(64))
    imported_by: Mapped[int | None] = mapped_column(ForeignKey("officer.id"))  # NULL: at the terminal
    imported_at: Mapped[datetime]

    approval: Mapped["EditionApproval | None"] = relationship(back_populates="edition", lazy="joined",
        primaryjoin="Edition.id == EditionApproval.edition_id", foreign_keys="EditionApproval.edition_id")  # fmt: skip

    @property
    def effective_on(self) -> date | None:
        """The first day in force; None while it is a draft."""
        return self.approval.effective_on if self.approval else None


class EditionApproval(Base):
    """The second officer's act: the edition takes effect on this day. One edition a day, one text a version.

    The sample (official = false) serves only while no official edition is in force; set-up approves it by itself.
    """

    __tablename__ = "edition_approval"
    __table_args__ = (
        ForeignKeyConstraint(["edition_id", "imported_by"], ["edition.id", "edition.imported_by"],
                             name="fk_edition_approval_importer"),
        UniqueConstraint("official", "effective_on", name="uq_edition_approval_day"),
        CheckConstraint("imported_by <> approved_by", name="two_person_approve"),
        CheckConstraint("approved_by IS NOT NULL OR NOT official", name="approved"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("edition.id"), unique=True)
    version: Mapped[str] = mapped_column(String(20), unique=True)  # the edition's, as are the next two
    official: Mapped[bool]
    imported_by: Mapped[int | None]
    approved_by: Mapped[int | None] = mapped_column(ForeignKey("officer.id"))
    approved_at: Mapped[datetime]
    effective_on: Mapped[date]

    edition: Mapped[Edition] = relationship(back_populates="approval", foreign_keys=[edition_id])
