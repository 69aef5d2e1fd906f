"""What an applicant has begun and not yet sent: bookmarks, neither a consent nor a part of the application."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from jcanweb.database import Base
from jcanweb.models.edition import Edition
from jcanweb.models.organization import Document


class ReadingProgress(Base):
    """Where a person is in the terms: what is ticked so far of the edition that was shown. No consent."""

    __tablename__ = "reading_progress"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("edition.id"))
    ticked: Mapped[list[int]] = mapped_column(JSON)  # numbers of statements
    article: Mapped[int] = mapped_column(default=0)  # the last one marked as read; 0: none
    saved_at: Mapped[datetime]

    edition: Mapped[Edition] = relationship()


class FormProgress(Base):
    """The form as typed so far, unchecked, by the fields' names; a PDF that came with it is kept already."""

    __tablename__ = "form_progress"

    application_id: Mapped[int] = mapped_column(ForeignKey("application.id"), primary_key=True)
    application_version: Mapped[int]  # of the application that the form was opened with
    typed: Mapped[dict[str, str]] = mapped_column(JSON)
    seal_certificate_id: Mapped[int | None] = mapped_column(ForeignKey("document.id"))
    saved_at: Mapped[datetime]

    seal_certificate: Mapped[Document | None] = relationship()
