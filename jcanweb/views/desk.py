"""The staff home: what waits for the officer who is signed in."""

from flask import Blueprint, g

from jcanweb.permissions import permissions_of, requires
from jcanweb.services import custodians, desk, reconsent_ledger
from jcanweb.vocabulary import Permission
from jcanweb.web import respond

blueprint = Blueprint("desk", __name__)
CONCERNED = {Permission.CUSTODIAN_APPOINT, Permission.APPLICATION_APPROVE, Permission.APPLICATION_ISSUE}
"""by a missing custodian, without whom nothing can be issued, and by a CRL that nobody renewed"""


@blueprint.get("/desk")
@requires(Permission.DESK_VIEW)
def home() -> tuple[str, int]:
    granted = permissions_of(g.officer)
    concerned = bool(CONCERNED & granted)
    keyless = g.custodian is not None and g.custodian.public_key is None
    return respond("desk/home.html", desk=desk.of(g.officer, granted, g.custodian), keyless=keyless,
                   missing=custodians.missing() if concerned else [],
                   unanswered=reconsent_ledger.unanswered() if Permission.RECONSENT_DECIDE in granted else [],
                   late_crl=desk.late_crl() if concerned else None)  # fmt: skip
