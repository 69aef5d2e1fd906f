"""Sealing with a key that the server holds (fields at rest) or that only the holder of a link holds
(deliveries)."""

import hashlib
import os
import secrets
import stat
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

VERSION = b"\x01"


class CannotUnseal(ValueError):
    """Wrong key or token, wrong context or changed bytes; which of them is not told."""


class UnsafeKeyFile(ValueError):
    """The key file can be read by others or does not hold 32 bytes."""


class Sealer:
    """AES-256-GCM under a key of 32 bytes. Sealed = version (1), key id (4), nonce (12), ciphertext and tag.

    `older` keys still open what they sealed; `context` (table, column, row) is authenticated, so a sealed
    value moved to another row does not open.
    """

    def __init__(self, key: bytes, *older: bytes) -> None:
        self._keys = {_key_id(each): AESGCM(each) for each in (key, *older)}
        self._current = _key_id(key)

    def __repr__(self) -> str:
        return f"<Sealer {self._current.hex()}>"

    def seal(self, content: bytes, context: str) -> bytes:
        """Seals content for one context."""
        nonce, head = secrets.token_bytes(12), VERSION + self._current
        return head + nonce + self._keys[self._current].encrypt(nonce, content, head + context.encode())

    def open(self, sealed: bytes, context: str) -> bytes:
        """The content. Raises CannotUnseal."""
        head, nonce, ciphertext = sealed[:5], sealed[5:17], sealed[17:]
        cipher = self._keys.get(head[1:])
        if cipher is None or head[:1] != VERSION:
            raise CannotUnseal("sealed under an unknown key")
        return _decrypt(cipher, nonce, ciphertext, head + context.encode())


def new_key_file(path: Path) -> bytes:
    """Makes a file with a new key, readable by its owner only. Raises FileExistsError."""
    key = secrets.token_bytes(32)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(key)
        file.flush()
        os.fsync(descriptor)
    return key


def read_key_file(path: Path) -> bytes:
    """The key of such a file. Raises UnsafeKeyFile, FileNotFoundError."""
    if os.name == "posix" and path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise UnsafeKeyFile(f"{path.name} must be readable by its owner only (chmod 600)")
    key = path.read_bytes()
    if len(key) != 32:
        raise UnsafeKeyFile(f"{path.name} does not hold a key of 32 bytes")
    return key


def new_token() -> str:
    """A one-time link token: 256 random bits, 43 characters that need no escaping in a URL."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """What the database keeps of a token: hex SHA-256, by which the row is found and from which nothing
    opens."""
    return hashlib.sha256(token.encode()).hexdigest()


def delivery_key(token: str) -> bytes:
    """The key under which a delivery is sealed: HKDF-SHA256 (RFC 5869) of the token."""
    return HKDF(hashes.SHA256(), 32, salt=None, info=b"jcanweb/delivery/v1").derive(token.encode())


def seal_delivery(token: str, content: bytes, context: str) -> bytes:
    """Seals content for the holder of the token. Sealed = nonce (12), ciphertext and tag."""
    nonce = secrets.token_bytes(12)
    return nonce + AESGCM(delivery_key(token)).encrypt(nonce, content, context.encode())


def open_delivery(token: str, sealed: bytes, context: str) -> bytes:
    """The content of a delivery. Raises CannotUnseal."""
    return _decrypt(AESGCM(delivery_key(token)), sealed[:12], sealed[12:], context.encode())


def _key_id(key: bytes) -> bytes:
    return hashlib.sha256(b"jcanweb/key-id/v1" + key).digest()[:4]


def _decrypt(cipher: AESGCM, nonce: bytes, ciphertext: bytes, aad: bytes) -> bytes:
    try:
        return cipher.decrypt(nonce, ciphertext, aad)
    except (InvalidTag, ValueError):
        raise CannotUnseal("it does not open") from None
