"""What relying parties fetch: the CRL and the CA certificates, the same bytes for everybody."""

import hashlib

from flask import Blueprint, Response, abort, request
from werkzeug.wrappers import Response as Answer

from jcanweb import clock
from jcanweb.permissions import public
from jcanweb.services import status

blueprint = Blueprint("status", __name__)


@blueprint.get("/crl/issuing.crl")
@public
def crl() -> Answer:
    found = status.served() or abort(503)
    answer = Response(found.der, mimetype="application/pkix-crl")
    left = int((found.next_update - clock.now()).total_seconds())
    answer.headers["Cache-Control"] = f"public, max-age={min(3600, left)}"
    answer.last_modified = found.this_update
    answer.set_etag(found.sha256)
    return answer.make_conditional(request)


@blueprint.get("/ca/<name>.cer")
@public
def certificate(name: str) -> Answer:
    der = status.ca_certificate(name) or abort(404)
    answer = Response(der, mimetype="application/pkix-cert")
    answer.headers["Cache-Control"] = "public, max-age=86400"
    answer.set_etag(hashlib.sha256(der).hexdigest())
    return answer.make_conditional(request)
