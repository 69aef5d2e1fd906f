"""A decision on every living certificate of an agreement that is not in force any more (第2条, product.md §4).

Received from the system in batches, counted from the moment the end was noticed; whatever crashes or runs twice, an
end opens one decision a certificate. To revoke or not is decided by an officer, as always.
"""

from sqlalchemy import select

from jcanweb.database import db
from jcanweb.errors import CertificateExpired, CertificateRevoked, RevocationOpen
from jcanweb.models import AgreementEnd, Certificate
from jcanweb.services import agreements, revocation
from jcanweb.vocabulary import AgreementState, RevocationReason, RevocationRequester

RECEIVED = 50
"""decisions opened in one transaction"""
WORDS = {
    AgreementState.SUSPENDED: "CECTRUST-Lightの電子契約利用契約が停止されたため、自動で受け付けました。",
    AgreementState.ENDED: "CECTRUST-Lightの電子契約利用契約が終わったため、自動で受け付けました。",
}


def receive_some() -> bool:
    """Open up to RECEIVED decisions that are due for an open end; False when none is.

    The certificates are held before anything is recorded; one that somebody else holds has its turn at the next run.
    """
    query = select(AgreementEnd, Certificate).join(
        Certificate, Certificate.corporation_id == AgreementEnd.corporation_id
    )
    query = query.where(agreements.awaiting()).order_by(AgreementEnd.id, Certificate.id).limit(RECEIVED)
    found = db.session.execute(query.with_for_update(of=Certificate, skip_locked=True)).all()
    for end, certificate in found:
        try:
            revocation.receive(certificate, reason=RevocationReason.CESSATION_OF_OPERATION, words=WORDS[end.cause],
                               requester=RevocationRequester.REGISTRATION_AUTHORITY, by=end)  # fmt: skip
        except (CertificateRevoked, CertificateExpired, RevocationOpen):
            pass  # somebody was first, at the same moment
    return bool(found)
