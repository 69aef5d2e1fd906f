"""CRLs of the embedded CA: published on revocation, renewed before they grow old (RFC 5280)."""

import hashlib
from datetime import timedelta

from cryptography import x509
from sqlalchemy import select

from jcanweb import audit, clock, keys
from jcanweb.config import setting
from jcanweb.database import db, flush
from jcanweb.models import Crl
from jcanweb.vocabulary import Event, Subject


def publish(*, by: object = None) -> Crl:
    """Sign and keep a new CRL; numbers come from the CA and only grow."""
    at = clock.now().replace(microsecond=0)
    der = keys.issuer().crl(at, at + timedelta(days=setting("CRL_VALID_DAYS")))
    parsed = x509.load_der_x509_crl(der)
    number = parsed.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
    crl = Crl(number=number, this_update=parsed.last_update_utc, next_update=parsed.next_update_utc or at,
              sha256=hashlib.sha256(der).hexdigest(), entries=len(parsed), der=der)  # fmt: skip
    db.session.add(crl)
    flush()
    audit.record(Event.CRL_PUBLISHED, Subject.CRL, number, by=by, entries=crl.entries, sha256=crl.sha256,
                 next_update=crl.next_update.isoformat())  # fmt: skip
    return crl


def current() -> Crl:
    """The newest CRL, made anew when older than CRL_RENEW_HOURS: what is fetched is never stale."""
    newest = db.session.scalar(select(Crl).order_by(Crl.number.desc()).limit(1))
    if newest is None or clock.now() - newest.this_update > timedelta(hours=setting("CRL_RENEW_HOURS")):
        return publish()
    return newest
