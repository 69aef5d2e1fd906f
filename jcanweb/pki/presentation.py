"""What a person is about to be shown, signed before it is sent, so that the answer brings back the proof of it.

The text goes into one hidden field: canonical JSON and its Ed25519 signature, both base64url, with a dot between.
"""

import base64
import binascii
import secrets
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from jcanweb.pki.canonical import JsonRefused, canonical, time_of, time_text
from jcanweb.pki.canonical import read as read_json

SCHEMA = "jcanweb/presentation/v1"
LONGEST = 300_000
"""characters of the hidden field; below what a form may hold"""


class Why(StrEnum):
    GARBAGE = "garbage"
    ALTERED = "altered"
    ANOTHERS = "anothers"
    EXPIRED = "expired"


class PresentationRefused(ValueError):
    """The field is not what was served, not to this person, or no longer."""

    def __init__(self, why: Why) -> None:
        super().__init__(why.value)
        self.why = why


@dataclass(frozen=True)
class Statement:
    """One duty as it is put to the person."""

    number: int
    verb: str
    text: str


@dataclass(frozen=True)
class Presentation:
    edition_version: str
    edition_sha256: str
    """of the edition's exact bytes, lower-case hex"""
    statements: tuple[Statement, ...]
    button: str
    """the wording of the button that accepts"""
    locale: str
    person_id: int
    nonce: str
    """of `new_nonce`; used once, which the database keeps"""
    served_at: datetime
    """aware, as the next"""
    expires_at: datetime
    """the first moment at which it is refused"""


def new_nonce() -> str:
    """128 random bits, 32 hex digits."""
    return secrets.token_hex(16)


def sign(presentation: Presentation, key: Ed25519PrivateKey) -> str:
    """The text of the hidden field. Raises JsonRefused for a value that has no canonical form."""
    payload = canonical(_written(presentation))
    return f"{_base64url(payload)}.{_base64url(key.sign(payload))}"


def read(text: str, key: Ed25519PublicKey, *, now: datetime, person_id: int) -> Presentation:
    """What was served, when this key signed it for this person and it has not expired.

    Raises PresentationRefused: the first that is wrong of garbage, altered, another's, expired (or served after
    `now`). That the nonce is new is for the caller to see.
    """
    payload, dot, signature = text.partition(".") if len(text) <= LONGEST else ("", "", "")
    if not dot:
        raise PresentationRefused(Why.GARBAGE)
    content, signed = _bytes(payload), _bytes(signature)
    try:
        key.verify(signed, content)
    except InvalidSignature:
        raise PresentationRefused(Why.ALTERED) from None
    try:
        found = _presentation(read_json(content))
    except (JsonRefused, LookupError, TypeError):
        raise PresentationRefused(Why.GARBAGE) from None
    if found.person_id != person_id:
        raise PresentationRefused(Why.ANOTHERS)
    if not found.served_at <= now < found.expires_at:
        raise PresentationRefused(Why.EXPIRED)
    return found


def _written(presentation: Presentation) -> dict[str, Any]:
    return {
        "schema_version": SCHEMA,
        "edition": {"version": presentation.edition_version, "sha256": presentation.edition_sha256},
        "statements": [vars(statement) for statement in presentation.statements],
        "button": presentation.button,
        "locale": presentation.locale,
        "person_id": presentation.person_id,
        "nonce": presentation.nonce,
        "served_at": time_text(presentation.served_at),
        "expires_at": time_text(presentation.expires_at),
    }


def _presentation(found: dict[str, Any]) -> Presentation:
    if found["schema_version"] != SCHEMA:
        raise JsonRefused("another kind of text")
    return Presentation(
        edition_version=found["edition"]["version"],
        edition_sha256=found["edition"]["sha256"],
        statements=tuple(Statement(**statement) for statement in found["statements"]),
        button=found["button"],
        locale=found["locale"],
        person_id=found["person_id"],
        nonce=found["nonce"],
        served_at=time_of(found["served_at"]),
        expires_at=time_of(found["expires_at"]),
    )


def _base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    """The bytes of a base64url text in its one form (RFC 4648 §5, no padding)."""
    try:
        content = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise PresentationRefused(Why.GARBAGE) from None
    if _base64url(content) != text:
        raise PresentationRefused(Why.GARBAGE)
    return content
