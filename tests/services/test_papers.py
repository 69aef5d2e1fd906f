"""The 印鑑証明書 opened by an officer: recorded, once for the images looked at together."""

from typing import Any

import pytest

from jcanweb.database import db, flush
from jcanweb.errors import FieldRefused, OwnApplication
from jcanweb.events import Event
from jcanweb.models import AuditEntry
from jcanweb.page_images import NoImage
from jcanweb.roles import Role
from jcanweb.services import documents
from jcanweb.services import papers as service
from jcanweb.services.demo_cast import paper
from tests import builders
from tests.people import officer


def openings() -> int:
    return db.session.query(AuditEntry).filter_by(event=Event.APPLICATION_DOCUMENT_OPENED).count()


@pytest.fixture
def made(context: Any) -> Any:
    made = builders.application()
    made.seal_certificate = documents.keep(paper(), by=made.person)
    flush()
    return made


def test_the_pdf_comes_as_it_was_handed_in_and_each_opening_is_recorded(made: Any) -> None:
    who = officer(Role.SCREENER)
    assert service.open_document(made, by=who) == paper()
    assert service.open_document(made, by=who) == paper()
    assert openings() == 2


def test_images_looked_at_together_are_one_opening(made: Any, hands: Any) -> None:
    one, other = officer(Role.SCREENER), officer(Role.APPROVER)
    assert service.pages(made, by=one) == 1
    assert service.page(made, 1, by=one).startswith(b"\x89PNG")
    assert openings() == 1
    service.pages(made, by=other)
    assert openings() == 2
    hands.forward(minutes=16)
    service.pages(made, by=one)
    assert openings() == 3
    made.seal_certificate = documents.keep(paper()[:300], by=made.person)
    flush()
    assert service.pages(made, by=one) == 0
    assert openings() == 4


def test_a_page_that_is_not_there_gives_no_image(made: Any) -> None:
    with pytest.raises(NoImage):
        service.page(made, 2, by=officer(Role.SCREENER))


def test_nobody_looks_at_the_own_paper(made: Any) -> None:
    who = officer(Role.SCREENER)
    made.person.email = who.email
    flush()
    for act in (service.open_document, service.pages, lambda one, by: service.page(one, 1, by=by)):
        with pytest.raises(OwnApplication):
            act(made, by=who)
    assert openings() == 0


def test_an_application_without_paper_says_so(made: Any) -> None:
    made.seal_certificate = None
    flush()
    with pytest.raises(FieldRefused, match="添付されていません"):
        service.pages(made, by=officer(Role.SCREENER))
