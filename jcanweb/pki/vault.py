"""A vault record: sealed under officers' public keys so that the server can make one and never open one.

    a, s   = 32 random bytes each            data key = a XOR s
    ct     = AES-256-GCM(data key, nonce, content, aad)
    share  = HPKE seal of a to every custodian, of s to every security officer, info = aad | half | officer

One share of each half opens the record; any number of shares of one half says nothing about it. The aad names
the record, the certificate's serial number and its SHA-256, so neither content nor share can be moved to
another record. HPKE is RFC 9180 base mode, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM.
"""

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from jcanweb.vocabulary import SecretKind

Half = Literal["custodian", "security"]
Officer = tuple[str, bytes]
"""An officer's id and the 32 bytes of the officer's X25519 public key."""

TAGS = {SecretKind.PFX: "jcanweb/p12/v1", SecretKind.PIN: "jcanweb/pin/v1"}
SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


class CannotOpen(ValueError):
    """Wrong key, wrong record or changed bytes; which of them is not told."""


class GroupsOverlap(ValueError):
    """An officer (or a key) would hold both halves, or a half has no holder."""


@dataclass(frozen=True)
class Share:
    half: Half
    """which half of the data key it carries"""
    officer_id: str
    sealed: bytes
    """80 bytes: encapsulated key (32), half of the data key (32), tag (16)"""


@dataclass(frozen=True)
class SealedRecord:
    nonce: bytes
    """12 bytes"""
    ciphertext: bytes
    commit_sha256: str
    """hex SHA-256 of the ciphertext, for the audit entry"""
    shares: tuple[Share, ...]


def record_aad(kind: SecretKind, record_id: str, serial: int, cert_sha256: str) -> bytes:
    """What a record is bound to. `cert_sha256` is 64 hex digits of the certificate's DER."""
    if len(cert_sha256) != 64 or "|" in record_id or not record_id:
        raise ValueError("a record needs an id without '|' and a SHA-256 in hex")
    return f"{TAGS[kind]}|{record_id}|{serial:x}|{cert_sha256.lower()}".encode()


def share_info(aad: bytes, half: Half, officer_id: str) -> bytes:
    """The HPKE info of an officer's share of the record with this aad."""
    return aad + f"|{half}|{officer_id}".encode()


def reseal_info(aad: bytes, half: Half, recovery_id: str) -> bytes:
    """The HPKE info of a share on its way to a recovery: bound to that recovery and that record."""
    return aad + f"|{half}|recovery|{recovery_id}".encode()


def check_groups(*groups: Iterable[Officer]) -> None:
    """Every group has a holder and no id and no key stands in two of them. Raises GroupsOverlap."""
    lists = [list(group) for group in groups]
    if not all(lists):
        raise GroupsOverlap("a group of key holders is empty")
    for index in (0, 1):
        sets = [{officer[index] for officer in group} for group in lists]
        if sum(map(len, sets)) != len(set().union(*sets)):
            raise GroupsOverlap("the groups of key holders share an officer or a key")


def seal(
    content: bytes,
    kind: SecretKind,
    record_id: str,
    serial: int,
    cert_sha256: str,
    custodians: list[Officer],
    security: list[Officer],
) -> SealedRecord:
    """Seals content for one of `custodians` together with one of `security`. Raises GroupsOverlap,
    ValueError."""
    check_groups(custodians, security)
    aad = record_aad(kind, record_id, serial, cert_sha256)
    a, s, nonce = secrets.token_bytes(32), secrets.token_bytes(32), secrets.token_bytes(12)
    ciphertext = AESGCM(_xor(a, s)).encrypt(nonce, content, aad)
    halves: list[tuple[Half, bytes, list[Officer]]] = [
        ("custodian", a, custodians),
        ("security", s, security),
    ]
    shares = tuple(
        Share(half, officer_id, _seal_to(public_key, part, share_info(aad, half, officer_id)))
        for half, part, officers in halves
        for officer_id, public_key in officers
    )
    return SealedRecord(nonce, ciphertext, hashlib.sha256(ciphertext).hexdigest(), shares)


def open_share(private_key: X25519PrivateKey, sealed: bytes, info: bytes) -> bytes:
    """The half of a data key in a share (32 bytes). Raises CannotOpen."""
    try:
        return SUITE.decrypt(sealed, private_key, info=info)
    except (InvalidTag, ValueError):
        raise CannotOpen("the share does not open") from None


def reseal_share(
    private_key: X25519PrivateKey, sealed: bytes, info: bytes, ephemeral_public_key: bytes, new_info: bytes
) -> bytes:
    """Opens a share and seals it again to a recovery's key (or to a new officer's). Raises CannotOpen."""
    return _seal_to(ephemeral_public_key, open_share(private_key, sealed, info), new_info)


def join(nonce: bytes, ciphertext: bytes, aad: bytes, a: bytes, s: bytes) -> bytes:
    """The content of a record from one share of each half. Raises CannotOpen."""
    try:
        return AESGCM(_xor(a, s)).decrypt(nonce, ciphertext, aad)
    except (InvalidTag, ValueError):
        raise CannotOpen("the record does not open") from None


def _xor(a: bytes, s: bytes) -> bytes:
    return bytes(left ^ right for left, right in zip(a, s, strict=True))


def _seal_to(public_key: bytes, content: bytes, info: bytes) -> bytes:
    return SUITE.encrypt(content, X25519PublicKey.from_public_bytes(public_key), info=info)
