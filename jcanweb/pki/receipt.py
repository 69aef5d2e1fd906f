"""The receipt of a consent: everything that was accepted, in one signed JSON file that proves itself elsewhere.

Field names are those of ISO/IEC TS 27560 where it has one (schema_version, record_id, pii_principal_id,
pii_controllers, language, event_time, event_type, event_state, entity_id). `jcanweb/verifier.py` reads the file.
"""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from jcanweb.pki.canonical import base64_text, canonical, time_text
from jcanweb.pki.presentation import Statement
from jcanweb.pki.tree import leaf_hash, verify_inclusion

SCHEMA = "jcanweb/receipt/v1"
JST = timezone(timedelta(hours=9))


class ReceiptRefused(ValueError):
    """What is to be signed would not verify."""


@dataclass(frozen=True)
class EditionText:
    version: str
    effective_on: date
    media_type: str
    """text/plain, text/markdown or application/pdf"""
    content: bytes
    """exactly as imported"""


@dataclass(frozen=True)
class Principal:
    """The person who consented, with the authority read at that moment (第2条)."""

    person_id: int
    name: str
    email: str
    authority: str
    """representative or delegate"""
    delegated_from: date | None = None
    delegated_to: date | None = None


@dataclass(frozen=True)
class Organization:
    corporate_number: str
    company_id: str
    name: str


@dataclass(frozen=True)
class Head:
    """A state of the audit record's tree (RFC 9162 §2.1)."""

    size: int
    root: bytes


@dataclass(frozen=True)
class Entry:
    """One audit entry and the way from it to a head."""

    text: bytes
    """as it is hashed: audit.canonical"""
    index: int
    """from 0"""
    path: tuple[bytes, ...]
    """RFC 9162 §2.1.3.1; of `Frontier.next_path` or `tree.proof_parts`"""

    def leads_to(self, head: Head) -> bool:
        """Does it stand in the tree of this head?"""
        return verify_inclusion(leaf_hash(self.text), self.index, head.size, list(self.path), head.root)


@dataclass(frozen=True)
class Receipt:
    consent_id: int
    kind: str
    """application or reconsent"""
    application: str | None
    """受付番号, where the consent belongs to an application"""
    controller: str
    """name of the registration authority"""
    edition: EditionText
    statements: tuple[Statement, ...]
    button: str
    locale: str
    principal: Principal
    organization: Organization
    given_at: datetime
    presentation: str
    """presentation.sign's text, byte for byte as it came back"""
    presentation_key: Ed25519PublicKey
    entry: Entry
    """the audit entry of this consent"""
    head: Head


@dataclass(frozen=True)
class Signature:
    key: bytes
    """the public key, DER SubjectPublicKeyInfo (RFC 8410 §4)"""
    value: bytes

    @property
    def key_id(self) -> str:
        return _fingerprint(self.key)


def build(receipt: Receipt) -> bytes:
    """The bytes to be signed and kept. Raises ReceiptRefused for an entry not under its head or a kind without its number,
    JsonRefused for a value that has no canonical form."""
    if (receipt.kind, receipt.application is None) not in {("application", False), ("reconsent", True)}:
        raise ReceiptRefused("an application has its number, a consent asked for anew has none")
    if not receipt.entry.leads_to(receipt.head):
        raise ReceiptRefused("the audit entry is not under this head")
    edition, principal = receipt.edition, receipt.principal
    return canonical(
        {
            "schema_version": SCHEMA,
            "record_id": f"consent:{receipt.consent_id}",
            "kind": receipt.kind,
            "application": receipt.application,
            "pii_controllers": [{"party_name": receipt.controller}],
            "pii_principal_id": f"person:{principal.person_id}",
            "pii_principal": {
                "name": principal.name,
                "email": principal.email,
                "authority": principal.authority,
                "delegated_from": _day(principal.delegated_from),
                "delegated_to": _day(principal.delegated_to),
            },
            "organization": vars(receipt.organization),
            "language": receipt.locale,
            "terms": {
                "version": edition.version,
                "effective_on": _day(edition.effective_on),
                "media_type": edition.media_type,
                "sha256": hashlib.sha256(edition.content).hexdigest(),
                "content": base64_text(edition.content),
            },
            "statements": [vars(statement) for statement in receipt.statements],
            "button": receipt.button,
            "event": {
                "event_type": "explicit",
                "event_state": "consent given",
                "entity_id": f"person:{principal.person_id}",
                "event_time": time_text(receipt.given_at),
                "event_time_jst": receipt.given_at.astimezone(JST).isoformat(timespec="microseconds"),
            },
            "presentation": {
                "text": receipt.presentation,
                "key": base64_text(_spki(receipt.presentation_key)),
            },
            "audit": entry_fields(receipt.entry) | head_fields(receipt.head),
        }
    )


def sign(content: bytes, key: Ed25519PrivateKey) -> Signature:
    """Ed25519 (RFC 8032) over canonical bytes, with the receipt key, which signs nothing else but manifests."""
    return Signature(_spki(key.public_key()), key.sign(content))


def write(
    content: bytes, signature: Signature, timestamp: bytes | None = None, *, part: str = "receipt"
) -> bytes:
    """The file: canonical JSON of the content under its name, the signature, and the DER time-stamp token over
    the signature's bytes (RFC 3161 §2.4.2) or null."""
    signed: dict[str, Any] = {
        "alg": "Ed25519",
        "key": base64_text(signature.key),
        "key_id": signature.key_id,
        "value": base64_text(signature.value),
    }
    token = None if timestamp is None else base64_text(timestamp)
    rest = canonical({"signature": signed, "timestamp": token})
    return canonical({part: 0})[:-2] + content + b"," + rest[1:]


def fingerprint(key: Ed25519PublicKey) -> str:
    """sha256: and the hex SHA-256 of the DER SubjectPublicKeyInfo, as
    `openssl pkey -pubin -outform DER | sha256sum` gives it."""
    return _fingerprint(_spki(key))


def public_key_pem(key: Ed25519PublicKey) -> str:
    """The key as PEM, for /keys/receipt.pem and the verifier's --key."""
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_bytes(serialization.Encoding.PEM, form).decode()


def entry_fields(entry: Entry) -> dict[str, Any]:
    """An audit entry as it stands in a receipt and in a bundle's audit.json."""
    path = [base64_text(step) for step in entry.path]
    return {"entry": entry.text.decode(), "index": entry.index, "path": path}


def head_fields(head: Head) -> dict[str, Any]:
    """A head as it stands in a receipt and in a bundle's manifest."""
    return {"tree_size": head.size, "root": base64_text(head.root)}


def _spki(key: Ed25519PublicKey) -> bytes:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_bytes(serialization.Encoding.DER, form)


def _fingerprint(spki: bytes) -> str:
    return f"sha256:{hashlib.sha256(spki).hexdigest()}"


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
