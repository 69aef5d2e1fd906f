"""Editions of the terms of use: exact bytes, digest, and the day each takes effect."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from jcanweb.database import Base


class Edition(Base):
    """One edition takes effect on one day, so that on any day exactly one is in force.

    The sample edition (official = false) serves only while no official one is in force.
    """

    __tablename__ = "edition"
    __table_args__ = (UniqueConstraint("official", "effective_on", name="uq_edition_effective"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[str] = mapped_column(String(20), unique=True)
    official: Mapped[bool]
    effective_on: Mapped[date]
    source: Mapped[bytes] = mapped_column(deferred=True)
    sha256: Mapped[str] = mapped_column(String(64))
    imported_by: Mapped[int | None] = mapped_column(ForeignKey("officer.id"))
    imported_at: Mapped[datetime]
