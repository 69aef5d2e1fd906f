"""The embedded CA's own certificates, made once at set-up: RFC 5280 §4 for a root and one issuing CA.

RSA 3072: 128 bits of strength, which has to last longer than a subscriber's key, and read by everything that
reads the subscribers' RSA 2048. RSA 4096 would cost 10 ms a signature instead of 5 and lengthen every file
for nothing.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, CertificatePoliciesOID, NameOID

from jcanweb.pki.profile import key_usage, new_serial

KEY_BITS = 3072
ROOT_DAYS = 20 * 365
ISSUING_DAYS = 10 * 365


@dataclass(frozen=True)
class Authority:
    certificate: x509.Certificate
    key: rsa.RSAPrivateKey


def create_root(country: str, organization: str, common_name: str, at: datetime) -> Authority:
    """A self-signed root, valid 20 years from `at` (aware)."""
    key = rsa.generate_private_key(65537, KEY_BITS)
    name = _name(country, organization, common_name)
    builder = _builder(name, name, key.public_key(), at, ROOT_DAYS)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    return Authority(builder.sign(key, hashes.SHA256()), key)


def create_issuing(
    root: Authority,
    country: str,
    organization: str,
    common_name: str,
    root_certificate_url: str,
    at: datetime,
) -> Authority:
    """A CA under the root that signs only end entities and CRLs (path length 0), valid 10 years from `at`.

    It asserts anyPolicy (RFC 5280 §4.2.1.4): the policies of what it signs change with the CP in force.
    """
    key = rsa.generate_private_key(65537, KEY_BITS)
    name = _name(country, organization, common_name)
    root_ski = root.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    policy = x509.PolicyInformation(CertificatePoliciesOID.ANY_POLICY, None)
    root_url = x509.AccessDescription(
        AuthorityInformationAccessOID.CA_ISSUERS, x509.UniformResourceIdentifier(root_certificate_url)
    )
    builder = _builder(name, root.certificate.subject, key.public_key(), at, ISSUING_DAYS)
    builder = (
        builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(root_ski), critical=False
        )
        .add_extension(x509.CertificatePolicies([policy]), critical=False)
        .add_extension(x509.AuthorityInformationAccess([root_url]), critical=False)
    )
    return Authority(builder.sign(root.key, hashes.SHA256()), key)


def _builder(
    subject: x509.Name, issuer: x509.Name, public_key: rsa.RSAPublicKey, at: datetime, days: int
) -> x509.CertificateBuilder:
    start = at.astimezone(UTC).replace(microsecond=0)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(new_serial())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=days) - timedelta(seconds=1))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        .add_extension(key_usage(ca=True), critical=True)
    )


def _name(country: str, organization: str, common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, country),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )
