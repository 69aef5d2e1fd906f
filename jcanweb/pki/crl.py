"""Certificate revocation lists: RFC 5280 §5, written as a DER stream so that cost grows with the entries
only.

The library's builder copies its list at every entry (quadratic: 100,000 entries took 14 s); here an entry is
some concatenated bytes. Issuer name and extensions are the library's own encodings.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from jcanweb.vocabulary import RevocationReason

REASON_CODES = {
    RevocationReason.KEY_COMPROMISE: 1,
    RevocationReason.CA_COMPROMISE: 2,
    RevocationReason.AFFILIATION_CHANGED: 3,
    RevocationReason.SUPERSEDED: 4,
    RevocationReason.CESSATION_OF_OPERATION: 5,
    RevocationReason.PRIVILEGE_WITHDRAWN: 9,
}
"""RFC 5280 §5.3.1; unspecified (0) is not encoded (same section, and S/MIME BR §7.2.2)"""

SHA256_WITH_RSA = bytes.fromhex("300d06092a864886f70d01010b0500")
REASON_OID = bytes.fromhex("0603551d15")
INVALIDITY_DATE_OID = bytes.fromhex("0603551d18")
CRL_NUMBER_OID = bytes.fromhex("0603551d14")
AUTHORITY_KEY_IDENTIFIER_OID = bytes.fromhex("0603551d23")


class CrlRefused(ValueError):
    """The list to be signed would break RFC 5280, or what was signed does not verify."""


@dataclass(frozen=True)
class CrlEntry:
    serial: int
    revoked_at: datetime
    """aware"""
    reason: RevocationReason = RevocationReason.UNSPECIFIED
    invalidity_date: datetime | None = None
    """when the key was, or may have been, compromised (RFC 5280 §5.3.2); aware"""


@dataclass(frozen=True)
class CrlFacts:
    number: int
    this_update: datetime
    next_update: datetime
    size: int
    """count of entries"""


def build_crl(
    issuer_certificate: x509.Certificate,
    issuer_key: rsa.RSAPrivateKey,
    number: int,
    this_update: datetime,
    next_update: datetime,
    entries: Iterable[CrlEntry],
) -> bytes:
    """A full CRL in DER, signed with SHA-256 and RSA, with CRL number and authority key identifier.
    Times are aware and cut to the second. Raises CrlRefused."""
    if not 0 < number < 2**159:
        raise CrlRefused("a CRL number is positive and has at most 20 octets (RFC 5280 §5.2.3)")
    if next_update <= this_update:
        raise CrlRefused("nextUpdate is not after thisUpdate")
    ski = issuer_certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    aki = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(ski)
    extensions = _tlv(
        0x30,
        _tlv(0x30, AUTHORITY_KEY_IDENTIFIER_OID, _tlv(0x04, aki.public_bytes())),
        _tlv(0x30, CRL_NUMBER_OID, _tlv(0x04, x509.CRLNumber(number).public_bytes())),
    )
    encoded = [_entry(entry) for entry in entries]
    revoked = [_tlv(0x30, *encoded)] if encoded else []
    tbs = _tlv(
        0x30,
        b"\x02\x01\x01",
        SHA256_WITH_RSA,
        issuer_certificate.subject.public_bytes(),
        _time(this_update),
        _time(next_update),
        *revoked,
        _tlv(0xA0, extensions),
    )
    signature = issuer_key.sign(tbs, padding.PKCS1v15(), hashes.SHA256())
    der = _tlv(0x30, tbs, SHA256_WITH_RSA, _tlv(0x03, b"\x00", signature))
    verify_crl(der, issuer_certificate)
    return der


def verify_crl(der: bytes, issuer_certificate: x509.Certificate) -> None:
    """The list is this issuer's and its signature holds. Raises CrlRefused."""
    crl, key = _load(der), issuer_certificate.public_key()
    if not isinstance(key, rsa.RSAPublicKey) or crl.issuer != issuer_certificate.subject:
        raise CrlRefused("the list is another issuer's")
    if not crl.is_signature_valid(key):
        raise CrlRefused("the signature of the list does not hold")


def read_crl(der: bytes) -> CrlFacts:
    """Number, times and size of a CRL. Raises CrlRefused if it is none or lacks number or nextUpdate."""
    crl = _load(der)
    try:
        number = crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
    except x509.ExtensionNotFound:
        raise CrlRefused("the list has no CRL number") from None
    if crl.next_update_utc is None:
        raise CrlRefused("the list has no nextUpdate")
    return CrlFacts(number, crl.last_update_utc, crl.next_update_utc, len(crl))


def is_listed(der: bytes, serial: int) -> bool:
    """Does this serial number stand in the CRL? Raises CrlRefused."""
    return _load(der).get_revoked_certificate_by_serial_number(serial) is not None


def _load(der: bytes) -> x509.CertificateRevocationList:
    try:
        return x509.load_der_x509_crl(der)
    except ValueError:
        raise CrlRefused("not a DER certificate revocation list") from None


def _entry(entry: CrlEntry) -> bytes:
    extensions = b""
    if entry.reason is not RevocationReason.UNSPECIFIED:
        code = bytes([0x0A, 1, REASON_CODES[entry.reason]])
        extensions += _tlv(0x30, REASON_OID, _tlv(0x04, code))
    if entry.invalidity_date is not None:
        extensions += _tlv(0x30, INVALIDITY_DATE_OID, _tlv(0x04, _generalized(entry.invalidity_date)))
    serial = entry.serial.to_bytes(entry.serial.bit_length() // 8 + 1)
    return _tlv(
        0x30, _tlv(0x02, serial), _time(entry.revoked_at), _tlv(0x30, extensions) if extensions else b""
    )


def _time(moment: datetime) -> bytes:
    """RFC 5280 §5.1.2.4: UTCTime through 2049, GeneralizedTime after."""
    utc = moment.astimezone(UTC)
    return _generalized(utc) if utc.year >= 2050 else _tlv(0x17, utc.strftime("%y%m%d%H%M%SZ").encode())


def _generalized(moment: datetime) -> bytes:
    return _tlv(0x18, moment.astimezone(UTC).strftime("%Y%m%d%H%M%SZ").encode())


def _tlv(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes((tag, 0x80 | len(length))) + length + content
