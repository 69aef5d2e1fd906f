"""Orders put to the CA, the certificates that came of them, and published CRLs."""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    UniqueConstraint,
    and_,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from jcanweb.database import Base
from jcanweb.models.application import Application
from jcanweb.vocabulary import CertificateState, OrderFailure, OrderState


class Order(Base):
    """Written and committed before the CA is asked; `request_id` is the idempotency key."""

    __tablename__ = "ca_order"
    __table_args__ = (
        Index("ix_ca_order_state", "state", "asked_at", "id"),
        Index("ix_ca_order_application", "application_id"),
        CheckConstraint("(state = 'asked') = (ended_at IS NULL)", name="state_ended"),
        CheckConstraint("(state = 'failed') = (failure IS NOT NULL)", name="state_failed"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[str] = mapped_column(String(64), unique=True)
    application_id: Mapped[int] = mapped_column(ForeignKey("application.id"))
    jc_number: Mapped[str] = mapped_column(String(20), unique=True)
    public_key_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    state: Mapped[OrderState]
    act: Mapped[str] = mapped_column(String(32))  # the audit act begun for it
    asked_by: Mapped[int] = mapped_column(ForeignKey("officer.id"))
    asked_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    failure: Mapped[OrderFailure | None]

    application: Mapped[Application] = relationship()


class Certificate(Base):
    """Bound for good to what it was issued under: consent, policy, issuer, and the three different people."""

    __tablename__ = "certificate"
    __table_args__ = (
        ForeignKeyConstraint(
            ["application_id", "screened_by", "approved_by", "issued_by"],
            ["application.id", "application.screened_by", "application.approved_by", "application.issued_by"],
            name="fk_certificate_people",
        ),
        ForeignKeyConstraint(
            ["policy_id", "policy_document", "policy_version", "policy_url"],
            ["policy_document.id", "policy_document.name", "policy_document.version", "policy_document.url"],
            name="fk_certificate_policy",
        ),
        UniqueConstraint("id", "person_id", name="uq_certificate_subscriber"),
        UniqueConstraint("id", "corporation_id", name="uq_certificate_holder"),
        CheckConstraint("screened_by <> approved_by AND approved_by <> issued_by", name="two_person"),
        CheckConstraint("(state = 'revoked') = (revoked_at IS NOT NULL)", name="state_revoked"),
        CheckConstraint("state <> 'delivered' OR delivered_at IS NOT NULL", name="state_delivered"),
        Index("uq_certificate_serial", "serial_number", "issuer_sha256", unique=True),
        Index("ix_certificate_corporation", "corporation_id", "state", "not_after"),
        Index("ix_certificate_not_after", "not_after", "id"),
        Index("ix_certificate_renewal", "corporation_id", "not_after", "id"),
        Index("ix_certificate_state", "state", "id"),
        Index("ix_certificate_subject", "subject_key", "id"),
        Index(
            "ix_certificate_organization_look",
            "organization_unit_look",
            "organization_unit",
            "corporation_id",
        ),
        Index("ix_certificate_name_look", "corporation_id", "common_name_look", "common_name"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    jc_number: Mapped[str] = mapped_column(String(20), unique=True)
    application_id: Mapped[int] = mapped_column(unique=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("ca_order.id"), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    corporation_id: Mapped[int] = mapped_column(ForeignKey("corporation.id"))
    consent_id: Mapped[int] = mapped_column(ForeignKey("consent.id"))
    screened_by: Mapped[int] = mapped_column(ForeignKey("officer.id"))
    approved_by: Mapped[int] = mapped_column(ForeignKey("officer.id"))
    issued_by: Mapped[int] = mapped_column(ForeignKey("officer.id"))
    issued_at: Mapped[datetime]
    state: Mapped[CertificateState]
    serial_number: Mapped[str] = mapped_column(String(40))  # lower-case hexadecimal, no leading zeros
    issuer_sha256: Mapped[str] = mapped_column(String(64))  # of the issuing CA certificate
    issuer_name: Mapped[str] = mapped_column(String(400))
    organization_unit: Mapped[str] = mapped_column(String(64))
    common_name: Mapped[str] = mapped_column(String(64))
    subject_key: Mapped[str] = mapped_column(String(129), default="")  # names.subject_key, for duplicates
    organization_unit_look: Mapped[str] = mapped_column(String(128), default="")  # names.skeleton of each
    common_name_look: Mapped[str] = mapped_column(String(128), default="")
    not_before: Mapped[datetime]
    not_after: Mapped[datetime]
    der: Mapped[bytes] = mapped_column(deferred=True)
    chain_der: Mapped[bytes] = mapped_column(deferred=True)  # the issuing CA certificate
    public_key_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    policy_id: Mapped[int]
    policy_document: Mapped[str] = mapped_column(String(200))  # its name; as are the next two, from the CP
    policy_version: Mapped[str] = mapped_column(String(20))
    policy_url: Mapped[str] = mapped_column(String(300))
    delivered_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}

    application: Mapped[Application] = relationship(primaryjoin="Certificate.application_id == Application.id",
                                                    foreign_keys=[application_id], viewonly=True)  # fmt: skip
    order: Mapped[Order] = relationship()

    @classmethod
    def living(cls, at: datetime) -> ColumnElement[bool]:
        """Neither revoked nor over at this moment."""
        return and_(cls.state != CertificateState.REVOKED, cls.not_after > at)


class Crl(Base):
    """A published CRL. Numbers only grow (RFC 5280 section 5.2.3)."""

    __tablename__ = "crl"

    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    this_update: Mapped[datetime]
    next_update: Mapped[datetime]
    sha256: Mapped[str] = mapped_column(String(64))
    entries: Mapped[int]
    der: Mapped[bytes] = mapped_column(deferred=True)
