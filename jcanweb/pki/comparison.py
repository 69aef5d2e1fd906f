"""Is the certificate that came back the one that was approved? Asked before anything is built on it.

The expected certificate is built from the profile and signed with a throw-away key; every field of the part that
is signed is compared with it (RFC 5280 §4.1.2), the extensions by their encoded values.
"""

from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from jcanweb.pki.profile import Profile, Subject, build

TOLERANCE = timedelta(hours=24)
"""how far a CA may set notBefore from the moment of the order"""
UNREADABLE = (
    TypeError, ValueError, UnsupportedAlgorithm, x509.DuplicateExtension, x509.ExtensionNotFound, x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)  # fmt: skip


def differences(certificate_der: bytes, issuer_der: bytes, *, profile: Profile, subject: Subject, years: int,
                public_key_der: bytes, at: datetime) -> list[str]:  # fmt: skip
    """Names of the fields that are not as approved; empty when all are. `at` is the aware moment of the order.

    Never raises for what a CA sent: bytes that cannot be read, and an issuer that could not have signed for this
    profile, are the difference `encoding`.
    """
    try:
        found = x509.load_der_x509_certificate(certificate_der)
        issuer = x509.load_der_x509_certificate(issuer_der)
        key = serialization.load_der_public_key(public_key_der)
        builder = build(profile, subject, years, key, issuer, found.serial_number, found.not_valid_before_utc)
        expected = builder.sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
        named = {
            "version": found.version is x509.Version.v3,
            "subject": found.subject.public_bytes() == expected.subject.public_bytes(),
            "issuer": found.issuer.public_bytes() == issuer.subject.public_bytes(),
            "public_key": _spki(found) == _spki(expected),
            "serial_number": 2**64 <= found.serial_number < 2**159,
            "not_before": abs(found.not_valid_before_utc - at.astimezone(UTC)) <= TOLERANCE,
            "not_after": found.not_valid_after_utc == expected.not_valid_after_utc,
            "extensions": _extensions(found) == _extensions(expected),
            "signature": _is_signed_by(found, issuer),
        }
    except UNREADABLE:
        return ["encoding"]
    return [name for name, same in named.items() if not same]


def _spki(certificate: x509.Certificate) -> bytes:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return certificate.public_key().public_bytes(serialization.Encoding.DER, form)


def _extensions(certificate: x509.Certificate) -> dict[str, tuple[bool, bytes]]:
    return {one.oid.dotted_string: (one.critical, one.value.public_bytes()) for one in certificate.extensions}


def _is_signed_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, TypeError, ValueError):
        return False
    return isinstance(certificate.signature_hash_algorithm, hashes.SHA256)
