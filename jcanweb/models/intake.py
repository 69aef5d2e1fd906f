"""Tables handed in as files: each row with what was found of it and what became of it."""

from datetime import datetime

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from jcanweb.database import Base
from jcanweb.models.officer import Officer
from jcanweb.sheets import Encoding
from jcanweb.vocabulary import IntakeKind, RowResult


class Intake(Base):
    """A file: received, read row by row, looked at by an officer, started, carried out row by row."""

    __tablename__ = "intake"
    __table_args__ = (
        Index("ix_intake_unfinished", "done_at", "id"),
        Index("ix_intake_sha256", "sha256"),
        CheckConstraint("(started_by IS NULL) = (started_at IS NULL)", name="started"),
        CheckConstraint("started_at IS NULL OR read_at IS NOT NULL", name="started_read"),
        CheckConstraint("trouble IS NULL OR started_at IS NULL", name="trouble"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[IntakeKind]
    name: Mapped[str] = mapped_column(String(120))
    """the file's name as it was chosen"""
    sha256: Mapped[str] = mapped_column(String(64))
    sealed: Mapped[bytes] = mapped_column(deferred=True)
    """the file's exact bytes"""
    encoding: Mapped[Encoding]
    unknown: Mapped[list[str]] = mapped_column(JSON)
    """titles of columns that are not read"""
    received_by: Mapped[int] = mapped_column(ForeignKey("officer.id"))
    received_at: Mapped[datetime]
    read_at: Mapped[datetime | None]
    """every row has been looked at"""
    trouble: Mapped[str | None] = mapped_column(String(300))
    """why the file could not be read to its end"""
    started_by: Mapped[int | None] = mapped_column(ForeignKey("officer.id"))
    started_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    """nothing more will happen to it"""

    receiver: Mapped[Officer] = relationship(foreign_keys=[received_by])


class IntakeRow(Base):
    __tablename__ = "intake_row"
    __table_args__ = (
        UniqueConstraint("intake_id", "number", name="uq_intake_row"),
        Index("ix_intake_row_result", "intake_id", "result", "number"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    intake_id: Mapped[int] = mapped_column(ForeignKey("intake.id"))
    number: Mapped[int]
    """as the spreadsheet numbers it"""
    cells: Mapped[dict[str, str]] = mapped_column(JSON)
    result: Mapped[RowResult]
    notes: Mapped[dict[str, str]] = mapped_column(JSON)
    """column → the sentence that refuses it, or the former value; "" for the row as a whole"""
    subject_id: Mapped[int | None]
    """what it was carried out on"""
