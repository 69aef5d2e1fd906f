"""What relying parties fetch: the CRL and the CA certificates."""

from cryptography.hazmat.primitives.serialization import Encoding
from flask import Blueprint, Response, abort

from jcanweb import clock, keys
from jcanweb.permissions import public
from jcanweb.services import status

blueprint = Blueprint("status", __name__)


@blueprint.get("/crl/issuing.crl")
@public
def crl() -> Response:
    found = status.current()
    answer = Response(found.der, mimetype="application/pkix-crl")
    left = int((found.next_update - clock.now()).total_seconds())
    answer.headers["Cache-Control"] = f"public, max-age={max(0, min(3600, left))}"
    answer.last_modified = found.this_update
    answer.set_etag(found.sha256)
    return answer


@blueprint.get("/ca/<name>.cer")
@public
def certificate(name: str) -> Response:
    found = {"root": keys.issuer().root, "issuing": keys.issuer().certificate}.get(name)
    if found is None:
        abort(404)
    answer = Response(found.public_bytes(Encoding.DER), mimetype="application/pkix-cert")
    answer.headers["Cache-Control"] = "public, max-age=86400"
    return answer
