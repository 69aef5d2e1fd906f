"""CRLs of the embedded CA: published on revocation, renewed before they grow old (RFC 5280)."""

import hashlib
from datetime import timedelta

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import select

from jcanweb import audit, clock, keys
from jcanweb.config import setting
from jcanweb.database import db, flush
from jcanweb.events import Event, Subject
from jcanweb.issuers.port import IssuerError
from jcanweb.models import Certificate, Crl, Revocation

RETRY = timedelta(minutes=1)
"""How long a CRL stands, at least, before another is made only because a revocation is not in it yet."""


def publish(*, by: object = None) -> Crl:
    """Sign and keep a new CRL; numbers come from the CA and only grow. Raises issuers.port.IssuerError.

    Executed revocations that no CRL has shown yet get its number when their serial number stands in it.
    """
    at = clock.now().replace(microsecond=0)
    der = keys.issuer().crl(at, at + timedelta(days=setting("CRL_VALID_DAYS")))
    parsed = x509.load_der_x509_crl(der)
    number = parsed.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
    crl = Crl(number=number, this_update=parsed.last_update_utc, next_update=parsed.next_update_utc or at,
              sha256=hashlib.sha256(der).hexdigest(), entries=len(parsed), der=der)  # fmt: skip
    db.session.add(crl)
    _mark_listed(number, parsed)
    flush()
    audit.record(Event.CRL_PUBLISHED, Subject.CRL, number, by=by, entries=crl.entries, sha256=crl.sha256,
                 next_update=crl.next_update.isoformat())  # fmt: skip
    return crl


def current() -> Crl:
    """The newest CRL, made anew when older than CRL_RENEW_HOURS or lacking an executed revocation: every minute's job.

    While the CA does not answer, the last one is served on as long as it is valid; then issuers.port.IssuerError.
    """
    newest = _newest()
    if newest is None:
        return publish()
    age = clock.now() - newest.this_update
    if age > timedelta(hours=setting("CRL_RENEW_HOURS")) or (age > RETRY and _unlisted()):
        try:
            return publish()
        except IssuerError:
            if newest.next_update <= clock.now():
                raise
    return newest


def served() -> Crl | None:
    """What relying parties fetch: the newest CRL, only read; made here when none is valid, None when that fails."""
    newest = _newest()
    if newest is not None and newest.next_update > clock.now():
        return newest
    try:
        return publish()
    except IssuerError:
        return None


def ca_certificate(name: str) -> bytes | None:
    """The certificate in DER of the CA that is called root or issuing here."""
    found = {"root": keys.issuer().root, "issuing": keys.issuer().certificate}.get(name)
    return None if found is None else found.public_bytes(Encoding.DER)


def _newest() -> Crl | None:
    return db.session.scalar(select(Crl).order_by(Crl.number.desc()).limit(1))


def _unlisted() -> bool:
    waiting = select(Revocation.id).where(
        Revocation.executed_at.is_not(None), Revocation.crl_number.is_(None)
    )
    return db.session.scalar(waiting.limit(1)) is not None


def _mark_listed(number: int, crl: x509.CertificateRevocationList) -> None:
    waiting = (
        select(Revocation, Certificate.serial_number)
        .join(Certificate, Certificate.id == Revocation.certificate_id)
        .where(Revocation.executed_at.is_not(None), Revocation.crl_number.is_(None))
        .with_for_update(skip_locked=True, of=Revocation)
        .execution_options(populate_existing=True)
    )
    for revocation, serial in db.session.execute(waiting).all():
        if crl.get_revoked_certificate_by_serial_number(int(serial, 16)) is not None:
            revocation.crl_number, revocation.published_at = number, clock.now()
