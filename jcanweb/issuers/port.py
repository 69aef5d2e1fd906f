"""What a registration authority asks of a CA: issue, find, revoke, status. Every adapter keeps these
promises."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from jcanweb.pki.profile import Profile, Subject
from jcanweb.vocabulary import RevocationReason


class IssuerError(Exception):
    """What an adapter raises; the message is for the log and holds no personal data."""


class IssuerUnavailable(IssuerError):
    """No answer, or one that says "later". Whether the CA acted is unknown: ask `find` or `status` before
    again."""


class IssuerRefused(IssuerError):
    """The CA will not do it; asking again changes nothing."""


class AlreadyRevoked(IssuerRefused):
    """The certificate was revoked before; `at` and `reason` of the first time stay."""

    def __init__(self, at: datetime, reason: RevocationReason) -> None:
        super().__init__("the certificate is already revoked")
        self.at = at
        self.reason = reason


class CertificateStatus(StrEnum):
    """RFC 6960 §2.2."""

    GOOD = "good"
    REVOKED = "revoked"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Order:
    request_id: str
    """idempotency key: the same one gives the same certificate, however often it is asked"""
    profile: Profile
    subject: Subject
    years: int
    """1 or 2"""
    public_key_der: bytes
    """SubjectPublicKeyInfo"""
    not_before: datetime
    """aware"""


@dataclass(frozen=True)
class Issued:
    certificate_der: bytes
    chain_der: tuple[bytes, ...]
    """issuing CA first, root last"""
    serial: int


@dataclass(frozen=True)
class Status:
    state: CertificateStatus
    revoked_at: datetime | None = None
    reason: RevocationReason | None = None


class Issuer(Protocol):
    def issue(self, order: Order) -> Issued:
        """The certificate of this order. The same request_id with another key, subject, profile or validity
        raises IssuerRefused, as does a key that is already certified."""

    def find(self, request_id: str) -> Issued | None:
        """What the CA issued for this request_id; None if it knows of none."""

    def revoke(
        self, serial: int, reason: RevocationReason, at: datetime, invalidity_date: datetime | None = None
    ) -> None:
        """Revokes for good. Raises AlreadyRevoked, IssuerRefused for an unknown serial number."""

    def status(self, serial: int) -> Status:
        """What the CA says of this serial number now."""
