"""The terms in force for everybody; the editions for officers."""

from flask import Blueprint

from jcanweb import clock
from jcanweb import terms as reader
from jcanweb.calendar import jst_date
from jcanweb.permissions import public, requires
from jcanweb.services import terms
from jcanweb.vocabulary import Permission
from jcanweb.web import respond

blueprint = Blueprint("terms", __name__)


@blueprint.get("/terms")
@public
def in_force() -> tuple[str, int]:
    edition = terms.in_force()
    document = terms.document(edition)
    return respond(
        "terms/in_force.html", edition=edition, document=document, statements=reader.statements(document)
    )


@blueprint.get("/terms/editions")
@requires(Permission.TERMS_VIEW)
def listing() -> tuple[str, int]:
    today = jst_date(clock.now())
    return respond(
        "terms/listing.html", editions=terms.editions(), current=terms.in_force(today), today=today
    )
