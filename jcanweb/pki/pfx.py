"""PKCS#12 (RFC 7292): the subscriber's key, certificate and chain in one file under a PIN.

PBES2 with AES-256-CBC (RFC 8018) and a SHA-256 MAC. The library fixes the MAC at 2,048 iterations, so
`rounds` slows only the reading of the bags, and the PIN's own 116 bits carry the strength.
"""

from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import PrivateFormat, pkcs12

ROUNDS = 600_000


class CannotOpenPfx(ValueError):
    """Wrong PIN, or not a PKCS#12 with an RSA key and a certificate."""


@dataclass(frozen=True, repr=False)
class PfxContent:
    key: rsa.RSAPrivateKey
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...]
    friendly_name: str


def build_pfx(content: PfxContent, pin: str, rounds: int = ROUNDS) -> bytes:
    """The file in DER; `rounds` are PBKDF2 iterations of each bag."""
    encryption = (
        PrivateFormat.PKCS12.encryption_builder()
        .kdf_rounds(rounds)
        .key_cert_algorithm(pkcs12.PBES.PBESv2SHA256AndAES256CBC)
        .hmac_hash(hashes.SHA256())
        .build(pin.encode())
    )
    return pkcs12.serialize_key_and_certificates(
        content.friendly_name.encode(), content.key, content.certificate, content.chain, encryption
    )


def open_pfx(der: bytes, pin: str) -> PfxContent:
    """What the file holds. Raises CannotOpenPfx."""
    try:
        store = pkcs12.load_pkcs12(der, pin.encode())
    except ValueError:
        raise CannotOpenPfx("the PKCS#12 does not open") from None
    if not isinstance(store.key, rsa.RSAPrivateKey) or store.cert is None:
        raise CannotOpenPfx("the PKCS#12 holds no RSA key with a certificate")
    chain = tuple(extra.certificate for extra in store.additional_certs)
    return PfxContent(store.key, store.cert.certificate, chain, (store.cert.friendly_name or b"").decode())
