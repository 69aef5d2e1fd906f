"""Texts that travel between the server and a custodian's own computer: a public key, a share to open, and the
share opened there and sealed again to the recovery. JSON with base64; none of them holds anything in the clear.
"""

import base64
import binascii
import json
from dataclasses import asdict, dataclass
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from jcanweb.pki import officer_key, vault

SHARE_FORMAT = "jcanweb/share/v1"
RESEALED_FORMAT = "jcanweb/resealed-share/v1"
SHARE_BYTES = 80
"""a sealed half: encapsulated key (32), half (32), tag (16)"""


class ShareFileRefused(ValueError):
    """Not one of these texts, or for another share."""


@dataclass(frozen=True)
class SealedShare:
    """A custodian's own share of one backup, and the recovery it is to be sealed to again."""

    recovery: str
    record: str
    """the backup's record id"""
    half: str
    jc_number: str
    """for the custodian's eyes"""
    sealed: bytes
    info: bytes
    """vault.share_info"""
    ephemeral_public_key: bytes
    reseal_info: bytes
    """vault.reseal_info"""


@dataclass(frozen=True)
class ResealedShare:
    recovery: str
    record: str
    half: str
    resealed: bytes
    """SHARE_BYTES long"""


def public_key_text(public_key: bytes) -> str:
    """An X25519 public key (32 bytes) as PEM SubjectPublicKeyInfo (RFC 8410 §4)."""
    encoding, form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    return X25519PublicKey.from_public_bytes(public_key).public_bytes(encoding, form).decode()


def read_public_key(text: str) -> bytes:
    """The 32 bytes of such a PEM; a point of low order, to which nothing can be sealed, is refused (RFC 7748 §6.1).
    Raises ShareFileRefused."""
    try:
        key = serialization.load_pem_public_key(text.strip().encode("ascii"))
        if not isinstance(key, X25519PublicKey):
            raise ShareFileRefused("not an X25519 public key")
        X25519PrivateKey.generate().exchange(key)
    except (ValueError, UnsupportedAlgorithm):
        raise ShareFileRefused("not an X25519 public key") from None
    return key.public_bytes_raw()


def write(share: SealedShare | ResealedShare) -> dict[str, Any]:
    """What is written as JSON: the fields, bytes in base64, and the name of the format."""
    name = SHARE_FORMAT if isinstance(share, SealedShare) else RESEALED_FORMAT
    fields = {
        key: _text(value) if isinstance(value, bytes) else value for key, value in asdict(share).items()
    }
    return {"format": name} | fields


def read_share(text: str) -> SealedShare:
    """The share file of `write`. Raises ShareFileRefused."""
    found = _fields(text, SHARE_FORMAT, SealedShare)
    return SealedShare(**found)


def read_resealed(text: str) -> ResealedShare:
    """The answer of `reseal`. Raises ShareFileRefused."""
    found = ResealedShare(**_fields(text, RESEALED_FORMAT, ResealedShare))
    if len(found.resealed) != SHARE_BYTES:
        raise ShareFileRefused("a share has another length")
    return found


def reseal(share: SealedShare, officer_pem: bytes, passphrase: str) -> ResealedShare:
    """On the custodian's computer: open the own share and seal it to the recovery.
    Raises officer_key.WrongPassphrase, vault.CannotOpen."""
    key = officer_key.load_officer_key(officer_pem, passphrase)
    try:
        resealed = vault.reseal_share(
            key, share.sealed, share.info, share.ephemeral_public_key, share.reseal_info
        )
    except ValueError:
        raise vault.CannotOpen("the share does not open") from None
    return ResealedShare(share.recovery, share.record, share.half, resealed)


def _fields(text: str, name: str, kind: Any) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise ShareFileRefused("not JSON") from None
    if not isinstance(found, dict) or found.pop("format", None) != name:
        raise ShareFileRefused("another kind of file")
    wanted = kind.__annotations__
    if found.keys() != wanted.keys() or not all(isinstance(value, str) for value in found.values()):
        raise ShareFileRefused("fields are missing")
    return {key: _bytes(value) if wanted[key] is bytes else value for key, value in found.items()}


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ShareFileRefused("not base64") from None
