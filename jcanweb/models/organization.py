"""Corporations, their authorised persons (権限者), the links they come by, and uploaded documents."""

from datetime import date, datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from jcanweb.database import Base
from jcanweb.vocabulary import AgreementState, Authority, ChangedField, DelegationScope, VettingKind


class Corporation(Base):
    """A corporation with a CECTRUST-Light agreement (第2条)."""

    __tablename__ = "corporation"
    __table_args__ = (
        CheckConstraint("length(corporate_number) = 13", name="corporate_number"),
        Index("ix_corporation_look", "name_en_look"),
        Index("ix_corporation_agreement", "agreement_state", "agreement_to"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    corporate_number: Mapped[str] = mapped_column(String(13), unique=True)
    company_id: Mapped[str] = mapped_column(String(40), unique=True)  # 企業ID of CECTRUST-Light
    name: Mapped[str] = mapped_column(String(120))
    name_kana: Mapped[str] = mapped_column(String(200), default="")
    name_key: Mapped[str] = mapped_column(Text, default="")  # search keys of the names: see search_index
    name_en: Mapped[str] = mapped_column(String(64))
    name_en_look: Mapped[str] = mapped_column(String(128), default="")  # names.skeleton, for look-alikes
    representative: Mapped[str] = mapped_column(String(120))
    agreement_state: Mapped[AgreementState]
    agreement_from: Mapped[date]
    agreement_to: Mapped[date | None]
    registered_by: Mapped[int | None] = mapped_column(ForeignKey("officer.id"))
    registered_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}

    people: Mapped[list["Person"]] = relationship(back_populates="corporation", order_by="Person.id")


class Person(Base):
    """An authorised person of a corporation: applicant, later subscriber."""

    __tablename__ = "person"
    __table_args__ = (
        Index("uq_person_email", "corporation_id", "email", unique=True),
        UniqueConstraint("id", "corporation_id", name="uq_person_home"),
        ForeignKeyConstraint(["delegation_document_id", "id"], ["document.id", "document.person_id"],
                             name="fk_person_delegation_document", use_alter=True),
        CheckConstraint("authority <> 'delegate' OR (delegated_from IS NOT NULL AND delegation_scope IS NOT NULL)",
                        name="delegation"),
        CheckConstraint("authority = 'delegate' OR (delegated_from IS NULL AND delegated_to IS NULL "
                        "AND delegation_scope IS NULL AND delegation_document_id IS NULL)", name="no_delegation"),
        CheckConstraint("delegated_to >= delegated_from", name="delegation_days"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)  # also half of a foreign key
    corporation_id: Mapped[int] = mapped_column(ForeignKey("corporation.id"))
    name: Mapped[str] = mapped_column(String(120))
    name_kana: Mapped[str] = mapped_column(String(200))
    email: Mapped[str] = mapped_column(String(254))
    authority: Mapped[Authority]
    delegated_from: Mapped[date | None]
    delegated_to: Mapped[date | None]
    delegation_scope: Mapped[DelegationScope | None]
    delegation_document_id: Mapped[int | None]  # the 委任状, one of the person's own documents
    registered_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}

    corporation: Mapped[Corporation] = relationship(back_populates="people")


class Invitation(Base):
    """A personal link. The link carries id and token, the row only the token's hash."""

    __tablename__ = "invitation"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    invited_by: Mapped[int | None] = mapped_column(ForeignKey("officer.id"))
    invited_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]

    person: Mapped[Person] = relationship()


class AccessCode(Base):
    """A six-digit code sent by mail; wrong tries are counted from the audit record."""

    __tablename__ = "access_code"
    __table_args__ = (Index("ix_access_code_person", "person_id", "sent_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    code_hmac: Mapped[str] = mapped_column(String(64))
    sent_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Document(Base):
    """An uploaded PDF, sealed at rest; only its digest is open."""

    __tablename__ = "document"
    __table_args__ = (UniqueConstraint("id", "person_id", name="uq_document_person"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int]
    content: Mapped[bytes] = mapped_column(deferred=True)
    uploaded_at: Mapped[datetime]


class OrganizationChange(Base):
    """One field of a corporation, or of one of its people, before and after, as words. Append-only."""

    __tablename__ = "organization_change"
    __table_args__ = (
        ForeignKeyConstraint(["person_id", "corporation_id"], ["person.id", "person.corporation_id"],
                             name="fk_organization_change_person"),
        Index("ix_organization_change_corporation", "corporation_id", "id"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    corporation_id: Mapped[int] = mapped_column(ForeignKey("corporation.id"))
    person_id: Mapped[int | None]
    field: Mapped[ChangedField]
    old: Mapped[str] = mapped_column(String(300))
    new: Mapped[str] = mapped_column(String(300))
    changed_by: Mapped[int] = mapped_column(ForeignKey("officer.id"))
    changed_at: Mapped[datetime]


class Vetting(Base):
    """That the corporation exists, or that a person may act for it, was looked into. Append-only."""

    __tablename__ = "vetting"
    __table_args__ = (
        ForeignKeyConstraint(["person_id", "corporation_id"], ["person.id", "person.corporation_id"],
                             name="fk_vetting_person"),
        CheckConstraint("(kind = 'authority') = (person_id IS NOT NULL)", name="kind"),
        CheckConstraint("evidence <> ''", name="evidence"),
        Index("ix_vetting_corporation", "corporation_id", "person_id", "vetted_on", "id"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    corporation_id: Mapped[int] = mapped_column(ForeignKey("corporation.id"))
    person_id: Mapped[int | None]
    kind: Mapped[VettingKind]
    evidence: Mapped[str] = mapped_column(String(1000))  # what was looked at
    vetted_on: Mapped[date]
    vetted_by: Mapped[int] = mapped_column(ForeignKey("officer.id"))
    recorded_at: Mapped[datetime]


class AgreementEnd(Base):
    """From when on an agreement was known not to be in force, and why: its living certificates await decisions.

    At most one of a corporation is open; it is lifted when the agreement is in force again, or by another end.
    """

    __tablename__ = "agreement_end"
    __table_args__ = (
        Index("uq_agreement_end_open", "corporation_id", unique=True,
              sqlite_where=text("lifted_at IS NULL"), postgresql_where=text("lifted_at IS NULL")),
        Index("ix_agreement_end_lifted", "lifted_at", "id"),
        CheckConstraint("cause <> 'active'", name="ended"),
        CheckConstraint("lifted_by IS NULL OR lifted_at IS NOT NULL", name="lifted"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    corporation_id: Mapped[int] = mapped_column(ForeignKey("corporation.id"))
    cause: Mapped[AgreementState]
    noticed_by: Mapped[int | None] = mapped_column(ForeignKey("officer.id"))  # None: the day came
    noticed_at: Mapped[datetime]
    lifted_by: Mapped[int | None] = mapped_column(ForeignKey("officer.id"))
    lifted_at: Mapped[datetime | None]
