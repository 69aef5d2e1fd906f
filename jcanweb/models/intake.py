"""Tables handed in as files: the file, and each row with what was found of it and what became of it."""

from datetime import datetime

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from jcanweb.database import Base
from jcanweb.models.officer import Officer
from jcanweb.vocabulary import IntakeKind, RowResult

_OPEN = text("done_at IS NULL")


class Intake(Base):
    """A file: received, its rows counted and judged, looked at by an officer, started, carried out row by row."""

    __tablename__ = "intake"
    __table_args__ = (
        Index("uq_intake_open", "kind", "sha256", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_intake_sha256", "sha256", "id"),
        Index("ix_intake_unfinished", "done_at", "id"),
        Index("ix_intake_kept", "erased_at", "received_at"),
        CheckConstraint("(started_by IS NULL) = (started_at IS NULL)", name="started"),
        CheckConstraint("started_at IS NULL OR read_at IS NOT NULL", name="started_read"),
        CheckConstraint("read_at IS NULL OR total IS NOT NULL", name="read_counted"),
        CheckConstraint("trouble IS NULL OR started_at IS NULL", name="trouble"),
        CheckConstraint("erased_at IS NULL OR done_at IS NOT NULL", name="erased_done"),
        CheckConstraint("(erased_at IS NULL) = (sealed IS NOT NULL)", name="erased"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[IntakeKind]
    name: Mapped[str] = mapped_column(String(120))  # the file's, as it was chosen
    sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int]
    sealed: Mapped[bytes | None] = mapped_column(deferred=True)  # the file's exact bytes
    encoding: Mapped[str] = mapped_column(String(40))  # as people call it
    unknown: Mapped[list[str]] = mapped_column(JSON)  # titles of columns that are not read
    received_by: Mapped[int] = mapped_column(ForeignKey("officer.id"))
    received_at: Mapped[datetime]
    total: Mapped[int | None]  # rows, once they were counted
    read_at: Mapped[datetime | None]  # every row had been judged
    trouble: Mapped[str | None] = mapped_column(String(300))  # why the file could not be read to its end
    started_by: Mapped[int | None] = mapped_column(ForeignKey("officer.id"))
    started_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]  # nothing more will happen to it
    erased_at: Mapped[datetime | None]  # the file and the rows' content were deleted
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}

    receiver: Mapped[Officer] = relationship(foreign_keys=[received_by])
    starter: Mapped[Officer | None] = relationship(foreign_keys=[started_by])


class IntakeRow(Base):
    """A row; its keys are keyed hashes, so that they tell nothing once the content is deleted."""

    __tablename__ = "intake_row"
    __table_args__ = (
        UniqueConstraint("intake_id", "number", name="uq_intake_row_number"),
        UniqueConstraint("done_key", name="uq_intake_row_done"),
        Index("ix_intake_row_result", "intake_id", "result", "number"),
        Index("ix_intake_row_key", "intake_id", "key"),
        Index("ix_intake_row_other_key", "intake_id", "other_key"),
        Index("ix_intake_row_untold", "intake_id", "person_id",
              sqlite_where=text("person_id IS NOT NULL AND told_at IS NULL"),
              postgresql_where=text("person_id IS NOT NULL AND told_at IS NULL")),
        CheckConstraint("result = 'done' OR (done_key IS NULL AND person_id IS NULL)", name="done"),
        CheckConstraint("(result = 'done') = (subject_id IS NOT NULL)", name="done_on"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    intake_id: Mapped[int] = mapped_column(ForeignKey("intake.id"))
    number: Mapped[int]  # as the spreadsheet numbers it
    key: Mapped[str | None] = mapped_column(String(64))  # what may stand in a file only once
    other_key: Mapped[str | None] = mapped_column(String(64))  # a second such thing
    cells: Mapped[dict[str, str]] = mapped_column(JSON)
    result: Mapped[RowResult]
    notes: Mapped[dict[str, str]] = mapped_column(JSON)
    """column → the sentence that refuses it, or the former value; "" for the row as a whole"""
    seen_version: Mapped[int | None]  # of what it would change, when it was judged
    subject_id: Mapped[int | None]  # what it was carried out on
    done_key: Mapped[str | None] = mapped_column(String(64))  # the key of what is never done twice
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))  # who is written to about it
    told_at: Mapped[datetime | None]
