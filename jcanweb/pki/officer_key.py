"""An officer's X25519 key: a file under the officer's own long passphrase, and a public half for the server.

The file is PKCS#8 EncryptedPrivateKeyInfo (RFC 5958 §3) with PBES2 (RFC 8018 §6.2): PBKDF2-HMAC-SHA-256,
AES-256-CBC. `cryptography` writes that form with 2,048 iterations only, so its ASN.1 encoder is given the
same structure here with as many as the OWASP figure for PBKDF2-HMAC-SHA-256 asks; any reader of PKCS#8 opens
the file.
"""

import base64
import hashlib
import os
import secrets
import textwrap
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives import hashes, padding, serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
from cryptography.x509 import ObjectIdentifier

ITERATIONS = 600_000
MINIMUM_PASSPHRASE = 15
"""characters; NIST SP 800-63B-4 for a password that stands alone"""


class PassphraseTooShort(ValueError):
    """Fewer than MINIMUM_PASSPHRASE characters."""


class WrongPassphrase(ValueError):
    """The file does not open with this passphrase, or is not an officer's key."""


@dataclass(frozen=True)
class OfficerKey:
    private_pem: bytes
    """PKCS#8, encrypted under the passphrase"""
    public_key: bytes
    """32 bytes"""

    @property
    def fingerprint(self) -> str:
        """Hex SHA-256 of the public key, to compare by eye."""
        return hashlib.sha256(self.public_key).hexdigest()


def new_officer_key(passphrase: str, iterations: int = ITERATIONS) -> OfficerKey:
    """A new key pair, the private half encrypted. Raises PassphraseTooShort."""
    if len(passphrase) < MINIMUM_PASSPHRASE:
        raise PassphraseTooShort(f"a passphrase has at least {MINIMUM_PASSPHRASE} characters")
    key = X25519PrivateKey.generate()
    plain = key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return OfficerKey(_encrypt(plain, passphrase.encode(), iterations), key.public_key().public_bytes_raw())


def write_key_file(path: Path, pem: bytes) -> None:
    """Keep the private half in a new file that only its owner may read. Raises FileExistsError, OSError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(descriptor)
    except OSError:
        path.unlink()
        raise


def load_officer_key(pem: bytes, passphrase: str) -> X25519PrivateKey:
    """The private key of such a file. Raises WrongPassphrase."""
    try:
        key = serialization.load_pem_private_key(pem, passphrase.encode())
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise WrongPassphrase("the key file does not open with this passphrase") from None
    if not isinstance(key, X25519PrivateKey):
        raise WrongPassphrase("the file holds another kind of key")
    return key


@asn1.sequence
class _Prf:
    algorithm: ObjectIdentifier
    parameters: asn1.Null


@asn1.sequence
class _Pbkdf2Parameters:
    salt: bytes
    iterations: int
    prf: _Prf


@asn1.sequence
class _Pbkdf2:
    algorithm: ObjectIdentifier
    parameters: _Pbkdf2Parameters


@asn1.sequence
class _Aes256Cbc:
    algorithm: ObjectIdentifier
    iv: bytes


@asn1.sequence
class _Pbes2Parameters:
    derivation: _Pbkdf2
    encryption: _Aes256Cbc


@asn1.sequence
class _Pbes2:
    algorithm: ObjectIdentifier
    parameters: _Pbes2Parameters


@asn1.sequence
class _EncryptedPrivateKeyInfo:
    algorithm: _Pbes2
    encrypted: bytes


def _encrypt(plain: bytes, passphrase: bytes, iterations: int) -> bytes:
    salt, iv = secrets.token_bytes(16), secrets.token_bytes(16)
    key = PBKDF2HMAC(hashes.SHA256(), 32, salt, iterations).derive(passphrase)
    padder = padding.PKCS7(128).padder()
    encryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    encrypted = encryptor.update(padder.update(plain) + padder.finalize()) + encryptor.finalize()
    oid = ObjectIdentifier
    derivation = _Pbkdf2(
        algorithm=oid("1.2.840.113549.1.5.12"),
        parameters=_Pbkdf2Parameters(
            salt=salt,
            iterations=iterations,
            prf=_Prf(algorithm=oid("1.2.840.113549.2.9"), parameters=asn1.Null()),
        ),
    )
    encryption = _Aes256Cbc(algorithm=oid("2.16.840.1.101.3.4.1.42"), iv=iv)
    pbes2 = _Pbes2(
        algorithm=oid("1.2.840.113549.1.5.13"),
        parameters=_Pbes2Parameters(derivation=derivation, encryption=encryption),
    )
    der = asn1.encode_der(_EncryptedPrivateKeyInfo(algorithm=pbes2, encrypted=encrypted))
    body = "\n".join(textwrap.wrap(base64.b64encode(der).decode(), 64))
    return f"-----BEGIN ENCRYPTED PRIVATE KEY-----\n{body}\n-----END ENCRYPTED PRIVATE KEY-----\n".encode()
