"""Consent: which statements of which edition, in which words, by whom; and its receipt. Append-only."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from jcanweb.database import Base
from jcanweb.models.edition import Edition
from jcanweb.terms.statements import ConsentVerb
from jcanweb.vocabulary import ConsentKind


class Consent(Base):
    __tablename__ = "consent"
    __table_args__ = (CheckConstraint("(kind = 'application') = (application_id IS NOT NULL)", name="kind"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[ConsentKind] = mapped_column(default=ConsentKind.APPLICATION)
    application_id: Mapped[int | None] = mapped_column(ForeignKey("application.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("edition.id"))
    edition_sha256: Mapped[str] = mapped_column(String(64))
    button: Mapped[str] = mapped_column(String(80))  # the wording of the button pressed
    locale: Mapped[str] = mapped_column(String(10))
    given_at: Mapped[datetime]
    presentation: Mapped[str] = mapped_column(Text, deferred=True)  # as it was served, signed
    nonce: Mapped[str] = mapped_column(String(32), unique=True)  # of the presentation: accepted once

    edition: Mapped[Edition] = relationship()
    statements: Mapped[list["ConsentStatement"]] = relationship(order_by="ConsentStatement.number")
    receipt: Mapped["Receipt | None"] = relationship(lazy="joined")


class ConsentStatement(Base):
    __tablename__ = "consent_statement"
    __table_args__ = (UniqueConstraint("consent_id", "number", name="uq_consent_statement_once"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    consent_id: Mapped[int] = mapped_column(ForeignKey("consent.id"))
    number: Mapped[int]
    verb: Mapped[ConsentVerb]
    words: Mapped[str] = mapped_column(String(2000))


class Receipt(Base):
    """The signed receipt of a consent (pki.receipt.build), written in the consent's own transaction."""

    __tablename__ = "receipt"

    id: Mapped[int] = mapped_column(primary_key=True)
    consent_id: Mapped[int] = mapped_column(ForeignKey("consent.id"), unique=True)
    content: Mapped[bytes] = mapped_column(deferred=True)
    signature_key: Mapped[bytes]  # public, DER SubjectPublicKeyInfo
    signature: Mapped[bytes]
    made_at: Mapped[datetime]

    timestamp: Mapped["ReceiptTimestamp | None"] = relationship()


class ReceiptTimestamp(Base):
    """A time-stamping authority's word that the receipt's signature was there by then. Append-only."""

    __tablename__ = "receipt_timestamp"

    id: Mapped[int] = mapped_column(primary_key=True)
    receipt_id: Mapped[int] = mapped_column(ForeignKey("receipt.id"), unique=True)
    token: Mapped[bytes]  # RFC 3161 §2.4.2, DER
    stamped_at: Mapped[datetime]  # by the authority's clock


class ConsentAddress(Base):
    """The IP address that gave the consent, where CONSENT_ADDRESS_DAYS says so. Deleted after its day, never changed."""

    __tablename__ = "consent_address"

    id: Mapped[int] = mapped_column(primary_key=True)
    consent_id: Mapped[int] = mapped_column(ForeignKey("consent.id"), unique=True)
    sealed: Mapped[bytes]
    delete_on: Mapped[date] = mapped_column(index=True)
