"""The ledger (管理台帳): the list of certificates, one with all it is bound to, the certificate as a file."""

from flask import Blueprint, Response, abort, request, url_for

from jcanweb import labels
from jcanweb.forms.officers import whole_number
from jcanweb.permissions import requires
from jcanweb.roles import Permission
from jcanweb.services import ledger as service
from jcanweb.services import search
from jcanweb.vocabulary import CertificateState
from jcanweb.web import download, picked, respond

blueprint = Blueprint("ledger", __name__)
EXPIRED = "期限切れ"


@blueprint.get("/certificates")
@requires(Permission.CERTIFICATE_VIEW)
def listing() -> tuple[str, int]:
    standing, typed = picked(service.Standing, "state"), request.args.get("q", "")[: search.LONGEST].strip()
    found = service.page(
        typed=typed, standing=standing, after=whole_number(request.args.get("after")) or None
    )
    later = url_for(".listing", state=standing, q=typed or None, after=found.after) if found.after else None
    return respond("ledger/listing.html", "ledger/_rows.html", rows=found.rows, later=later, standing=standing,
                   typed=typed, unfinished=found.unfinished, complaint=search.read(typed).complaint,
                   standings=[*labels.choices(CertificateState), (service.Standing.EXPIRED, EXPIRED)])  # fmt: skip


@blueprint.get("/certificates/<jc_number>")
@requires(Permission.CERTIFICATE_VIEW)
def show(jc_number: str) -> tuple[str, int]:
    certificate = service.one(jc_number) or abort(404)
    return respond("ledger/show.html", certificate=certificate, expired=service.expired(certificate),
                   bound=service.bound(certificate))  # fmt: skip


@blueprint.get("/certificates/<jc_number>/certificate.cer")
@requires(Permission.CERTIFICATE_VIEW)
def file(jc_number: str) -> Response:
    """The certificate in DER (RFC 2585 §4.1)."""
    certificate = service.one(jc_number) or abort(404)
    return download(certificate.der, f"{certificate.jc_number}.cer", "application/pkix-cert")
