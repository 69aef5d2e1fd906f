"""What tests of a campaign and of its answers begin from."""

from datetime import date
from typing import Any

from jcanweb import terms
from jcanweb.database import db
from jcanweb.events import Event
from jcanweb.models import (
    AuditEntry,
    Edition,
    Person,
    Reconsent,
)
from jcanweb.services import campaign
from jcanweb.services import reconsent as service
from jcanweb.services import terms as editions
from tests import builders
from tests.terms.pages import document

DAY = date(2026, 12, 25)


def scheduled(version: str = "4.0", day: date = DAY) -> Edition:
    return builders.edition(document() + version.encode(), version=version, effective_on=day)


def run() -> None:
    """The job without its transactions."""
    for step in (campaign.start, campaign.list_some, campaign.write_some):
        while step():
            pass


def rows() -> list[Reconsent]:
    return list(db.session.scalars(db.select(Reconsent).order_by(Reconsent.id)))


def asked_anew() -> Reconsent:
    """The question to the holder of the oldest certificate, once the terms change."""
    scheduled()
    run()
    return rows()[0]


def statements(edition: Edition) -> tuple[Any, ...]:
    return terms.statements(editions.document(edition))


def agree(asked: Reconsent, by: Person | None = None, served: str | None = None, less: int = 0) -> None:
    shown = statements(asked.campaign.edition)
    numbers = {one.number for one in shown} - ({1} if less else set())
    service.agree(asked, served or service.serve(asked, shown), numbers, by=by or asked.person)


def events(event: Event) -> list[AuditEntry]:
    return list(
        db.session.scalars(
            db.select(AuditEntry).where(AuditEntry.event == event).order_by(AuditEntry.sequence)
        )
    )
