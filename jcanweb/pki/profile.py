"""What a subscriber's certificate looks like: RFC 5280 §4 with the numbers of the policy as data."""

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.x509.oid import (
    AuthorityInformationAccessOID,
    ExtendedKeyUsageOID,
    NameOID,
)

from jcanweb.pki.key_check import check_public_key

MAXIMUM_DAYS = 825
"""S/MIME BR §6.3.2; a begun day counts as a whole one, so the profile stays below it."""
UPPER_BOUNDS = {"organization": 64, "organization_unit": 64, "common_name": 64, "state": 128, "locality": 128}
"""RFC 5280 appendix A.1 (ub-organization-name and so on), in characters"""
ALLOWED = re.compile(r"[A-Za-z0-9 '()+,\-./:=?]+")
"""the repertoire of PrintableString (X.680 §41.4), the widest that may stand in a subject here"""


class SubjectRefused(ValueError):
    """A subject field is empty, too long or has characters that may not stand in a certificate."""


class ProfileRefused(ValueError):
    """The profile itself cannot be used."""


@dataclass(frozen=True)
class Profile:
    country: str
    """ISO 3166 alpha-2"""
    state: str
    locality: str
    organization: str
    """English name of the registration authority, not of the subscriber's company"""
    policy_oid: str
    """certificatePolicies: exactly one"""
    cps_url: str
    """where the policy document is read; empty for none"""
    cdp_url: str
    """http URL of the CRL"""
    aia_ca_issuers_url: str
    """http URL of the issuing CA's certificate"""
    one_year_days: int = 365
    two_year_days: int = 730
    key_bits: int = 2048
    """RSA modulus"""
    non_repudiation: bool = True
    """add nonRepudiation (contentCommitment) to digitalSignature"""

    def days(self, years: int) -> int:
        """Validity in days of 86,400 s. Raises ProfileRefused unless 1 or 2 years and below 825 days."""
        days = {1: self.one_year_days, 2: self.two_year_days}.get(years, 0)
        if not 0 < days < MAXIMUM_DAYS:
            raise ProfileRefused(f"validity is 1 or 2 years and less than {MAXIMUM_DAYS} days")
        return days


@dataclass(frozen=True)
class Subject:
    corporate_number: str
    """法人番号, 13 digits"""
    organization_unit: str
    """OU2: what the application calls OrganizationUnitName2"""
    common_name: str


def subject_name(profile: Profile, subject: Subject) -> x509.Name:
    """C, ST, L, O, OU=CN-<corporate number>, OU=OU2, CN. C is a PrintableString, the others UTF8String
    (RFC 5280 §4.1.2.4 and appendix A). Raises SubjectRefused."""
    if not re.fullmatch(r"[A-Z]{2}", profile.country):
        raise SubjectRefused("country is two capital letters")
    if not re.fullmatch(r"[0-9]{13}", subject.corporate_number):
        raise SubjectRefused("a corporate number has 13 digits")
    for field, bound in UPPER_BOUNDS.items():
        _check(field, getattr(subject if hasattr(subject, field) else profile, field), bound)
    utf8 = [
        (NameOID.STATE_OR_PROVINCE_NAME, profile.state),
        (NameOID.LOCALITY_NAME, profile.locality),
        (NameOID.ORGANIZATION_NAME, profile.organization),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, f"CN-{subject.corporate_number}"),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, subject.organization_unit),
        (NameOID.COMMON_NAME, subject.common_name),
    ]
    country = x509.NameAttribute(NameOID.COUNTRY_NAME, profile.country)
    return x509.Name([country, *(x509.NameAttribute(oid, text) for oid, text in utf8)])


def new_serial() -> int:
    """A serial number: 20 random bytes with the top bit cleared (RFC 5280 §4.1.2.2: positive, at most 20
    octets), drawn again below 2**64."""
    while (serial := int.from_bytes(secrets.token_bytes(20)) & (2**159 - 1)) < 2**64:
        pass
    return serial


def build(
    profile: Profile,
    subject: Subject,
    years: int,
    public_key: PublicKeyTypes,
    issuer: x509.Certificate,
    serial: int,
    not_before: datetime,
) -> x509.CertificateBuilder:
    """The certificate to be signed. `not_before` is an aware time, cut to the second.
    Raises SubjectRefused, ProfileRefused, KeyRefused (key_check)."""
    key = check_public_key(public_key, profile.key_bits)
    start = not_before.astimezone(UTC).replace(microsecond=0)
    end = start + timedelta(days=profile.days(years)) - timedelta(seconds=1)
    if not (issuer.not_valid_before_utc <= start and end <= issuer.not_valid_after_utc):
        raise ProfileRefused("the certificate would outlive its issuer")
    issuer_ski = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    qualifiers: list[str | x509.UserNotice] | None = [profile.cps_url] if profile.cps_url else None
    policy = x509.PolicyInformation(x509.ObjectIdentifier(profile.policy_oid), qualifiers)
    location = x509.UniformResourceIdentifier
    extensions: list[tuple[x509.ExtensionType, bool]] = [
        (x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(issuer_ski), False),
        (x509.SubjectKeyIdentifier.from_public_key(key), False),
        (key_usage(digital_signature=True, content_commitment=profile.non_repudiation), True),
        (x509.CertificatePolicies([policy]), False),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), False),
        (
            x509.CRLDistributionPoints(
                [x509.DistributionPoint([location(profile.cdp_url)], None, None, None)]
            ),
            False,
        ),
        (
            x509.AuthorityInformationAccess(
                [
                    x509.AccessDescription(
                        AuthorityInformationAccessOID.CA_ISSUERS, location(profile.aia_ca_issuers_url)
                    )
                ]
            ),
            False,
        ),
    ]
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject_name(profile, subject))
        .issuer_name(issuer.subject)
        .public_key(key)
        .serial_number(serial)
        .not_valid_before(start)
        .not_valid_after(end)
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return builder


def key_usage(
    digital_signature: bool = False, content_commitment: bool = False, ca: bool = False
) -> x509.KeyUsage:
    """RFC 5280 §4.2.1.3; `ca` means keyCertSign and cRLSign."""
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=content_commitment,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=ca,
        crl_sign=ca,
        encipher_only=False,
        decipher_only=False,
    )


def spki_sha256(public_key_der: bytes) -> str:
    """Hex SHA-256 of a DER SubjectPublicKeyInfo: the name of a key in ledgers. Raises ValueError if it is
    none."""
    key = serialization.load_der_public_key(public_key_der)
    spki = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(spki).hexdigest()


def _check(field: str, text: str, bound: int) -> None:
    if not text or len(text) > bound:
        raise SubjectRefused(f"{field} has 1 to {bound} characters")
    if not ALLOWED.fullmatch(text):
        raise SubjectRefused(f"{field} has a character that may not stand in a certificate")
    if text != text.strip() or "  " in text:
        raise SubjectRefused(f"{field} begins or ends with a space or has two in a row")
