"""The 印鑑証明書 on the screen: the PDF in a sandbox, images of its pages, and a sentence where there are none."""

from typing import Any

import pytest

from jcanweb.database import db, transaction
from jcanweb.events import Event
from jcanweb.models import Application, AuditEntry
from jcanweb.roles import Role
from jcanweb.services import documents
from jcanweb.services.demo_cast import paper
from jcanweb.vocabulary import ApplicationState as A
from tests import builders
from tests.page import Visitor
from tests.people import enter, officer


@pytest.fixture
def made(app: Any) -> Application:
    """With a paper that can be drawn, on the desk of the first officer."""
    with app.app_context(), transaction():
        one = builders.application(A.SCREENING)
        one.seal_certificate = documents.keep(paper(), by=one.person)
        return one


def come_in(app: Any, role: Role) -> Visitor:
    visitor = Visitor(app)
    with app.app_context(), transaction():
        who = officer(role)
    enter(app, visitor, who)
    return visitor


def opened(app: Any) -> list[dict[str, Any]]:
    with app.app_context():
        query = db.session.query(AuditEntry).filter_by(event=Event.APPLICATION_DOCUMENT_OPENED)
        return [one.facts for one in query]


@pytest.mark.parametrize(
    ("path", "kind", "begin"),
    [("document", "application/pdf", b"%PDF"), ("document/1.png", "image/png", b"\x89PNG")],
)
def test_it_is_opened_in_a_sandbox_and_that_is_recorded(app: Any, made: Application, path: str, kind: str,
                                                        begin: bytes) -> None:  # fmt: skip
    answer = come_in(app, Role.SCREENER).client.get(f"/applications/{made.number}/{path}")
    assert (answer.status_code, answer.content_type, answer.data[: len(begin)]) == (200, kind, begin)
    assert answer.headers["Content-Security-Policy"].startswith("sandbox")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert opened(app) == [{"document": made.seal_certificate_id}]


def test_the_pages_stand_alone_and_beside_the_form(app: Any, made: Application) -> None:
    visitor = come_in(app, Role.APPROVER)
    url = f"/applications/{made.number}/document/pages"
    page = visitor.get(url)
    assert [image.get("src") for image in page.all("img")] == [f"/applications/{made.number}/document/1.png"]
    part = visitor.client.get(url, headers={"HX-Request": "true"}).get_data(as_text=True)
    assert part.lstrip().startswith('<aside id="_paper"')


def test_a_page_that_is_not_there_is_not_found(app: Any, made: Application) -> None:
    visitor = come_in(app, Role.SCREENER)
    for page in ("2", "0", "99999999999999999999"):
        visitor.get(f"/applications/{made.number}/document/{page}.png", status=404)


def test_a_pdf_that_cannot_be_drawn_says_so_and_can_be_opened(app: Any) -> None:
    with app.app_context(), transaction():
        one = builders.application()
        one.seal_certificate = documents.keep(paper()[:300], by=one.person)
    page = come_in(app, Role.SCREENER).get(f"/applications/{one.number}/document/pages")
    assert "画像にできません" in page.text
    assert f"/applications/{one.number}/document" in [link.get("href") for link in page.all("a")]
    assert page.all("img") == []


def test_the_operator_opens_nothing(app: Any, made: Application) -> None:
    visitor = come_in(app, Role.OPERATOR)
    assert "印鑑証明書を開く" not in visitor.get(f"/applications/{made.number}").text
    for path in ("document", "document/pages", "document/1.png"):
        visitor.get(f"/applications/{made.number}/{path}", status=403)
    assert opened(app) == []
