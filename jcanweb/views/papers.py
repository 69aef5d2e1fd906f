"""The 印鑑証明書 of an application: the PDF in a window that may do nothing, or images of its pages."""

from flask import Blueprint, Response, abort, g

from jcanweb.models import Application
from jcanweb.page_images import MOST, NoImage
from jcanweb.permissions import requires
from jcanweb.roles import Permission
from jcanweb.services import papers as service
from jcanweb.services import screening_ledger as ledger
from jcanweb.web import respond, shut_in

blueprint = Blueprint("papers", __name__)


@blueprint.get("/applications/<number>/document")
@requires(Permission.DOCUMENT_OPEN)
def document(number: str) -> Response:
    """That it was opened is recorded."""
    content = service.open_document(_found(number), by=g.officer)
    return shut_in(content, "application/pdf", f"{number}.pdf")


@blueprint.get("/applications/<number>/document/pages")
@requires(Permission.DOCUMENT_OPEN)
def pages(number: str) -> tuple[str, int]:
    """All pages below one another, for beside the form or alone."""
    one = _found(number)
    count = service.pages(one, by=g.officer)
    return respond("screening/paper.html", "screening/_paper.html", application=one, pages=count, most=MOST)


@blueprint.get("/applications/<number>/document/<int:page>.png")
@requires(Permission.DOCUMENT_OPEN)
def page(number: str, page: int) -> Response:
    try:
        drawn = service.page(_found(number), page, by=g.officer)
    except NoImage:
        abort(404)
    return shut_in(drawn, "image/png", f"{number}-{page}.png")


def _found(number: str) -> Application:
    return ledger.one(number) or abort(404)
