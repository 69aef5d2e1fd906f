"""The evidence of one certificate as a file."""

from flask import Blueprint, Response, abort, g

from jcanweb.permissions import requires
from jcanweb.roles import Permission
from jcanweb.services import evidence, ledger
from jcanweb.web import download

blueprint = Blueprint("evidence", __name__)


@blueprint.get("/certificates/<jc_number>/evidence.zip")
@requires(Permission.EVIDENCE_VIEW)
def file(jc_number: str) -> Response:
    """Made anew each time, and recorded."""
    certificate = ledger.one(jc_number) or abort(404)
    made = evidence.hand_out(certificate, by=g.officer)
    return download(made, f"evidence-{certificate.jc_number}.zip", "application/zip")
