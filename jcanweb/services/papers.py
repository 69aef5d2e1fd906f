"""The 印鑑証明書 as an officer opens it: the PDF, or images of its pages beside the form (product.md §4)."""

from datetime import timedelta

from sqlalchemy import select

from jcanweb import audit, clock, page_images
from jcanweb.database import db
from jcanweb.errors import FieldRefused, OwnApplication
from jcanweb.events import Event, Subject
from jcanweb.models import Application, AuditEntry, Document, Officer
from jcanweb.services import documents, screening

OPENING = timedelta(minutes=15)
"""How long images are looked at under one entry of the record."""


def open_document(application: Application, *, by: Officer) -> bytes:
    """The PDF as it was handed in; that it was opened is recorded. Raises OwnApplication, FieldRefused."""
    paper = _paper(application, by)
    _record(application, by)
    return documents.content(paper)


def pages(application: Application, *, by: Officer) -> int:
    """How many page images there are, at most page_images.MOST; 0 for a PDF that gives none. Raises as `page`."""
    paper = _paper(application, by)
    count = page_images.count(documents.content(paper))
    _note(application, paper, by)
    return count


def page(application: Application, number: int, *, by: Officer) -> bytes:
    """The image of one page as PNG; the first of an OPENING records that the document was opened.

    Raises OwnApplication, FieldRefused, page_images.NoImage.
    """
    paper = _paper(application, by)
    image = page_images.image(documents.content(paper), number)
    _note(application, paper, by)
    return image


def _note(application: Application, paper: Document, by: Officer) -> None:
    """Recorded once drawn: nobody's writing waits for a heavy PDF."""
    seen = select(AuditEntry.facts).where(
        AuditEntry.subject == Subject.APPLICATION, AuditEntry.subject_id == str(application.id),
        AuditEntry.event == Event.APPLICATION_DOCUMENT_OPENED, AuditEntry.actor == audit.actor_name(by),
        AuditEntry.at > clock.now() - OPENING,
    )  # fmt: skip
    if {"document": paper.id} not in db.session.scalars(seen).all():
        _record(application, by)


def _paper(application: Application, by: Officer) -> Document:
    if screening.own(application, by):
        raise OwnApplication()
    if application.seal_certificate is None:
        raise FieldRefused("印鑑証明書は添付されていません。")
    return application.seal_certificate


def _record(application: Application, by: Officer) -> None:
    audit.record(Event.APPLICATION_DOCUMENT_OPENED, Subject.APPLICATION, application.id, by=by,
                 document=application.seal_certificate_id)  # fmt: skip
