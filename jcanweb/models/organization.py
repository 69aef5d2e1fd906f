"""Corporations, their authorised persons (権限者), the links they come by, and uploaded documents."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from jcanweb.database import Base
from jcanweb.vocabulary import AgreementState, Authority


class Corporation(Base):
    """A corporation with a CECTRUST-Light agreement (第2条)."""

    __tablename__ = "corporation"
    __table_args__ = (CheckConstraint("length(corporate_number) = 13", name="corporate_number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    corporate_number: Mapped[str] = mapped_column(String(13), unique=True)
    company_id: Mapped[str] = mapped_column(String(40), unique=True)  # 企業ID of CECTRUST-Light
    name: Mapped[str] = mapped_column(String(120))
    name_kana: Mapped[str] = mapped_column(String(200), default="")
    name_key: Mapped[str] = mapped_column(Text, default="")  # search keys of the names: see search_index
    name_en: Mapped[str] = mapped_column(String(64))
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
    __table_args__ = (Index("uq_person_email", "corporation_id", "email", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    corporation_id: Mapped[int] = mapped_column(ForeignKey("corporation.id"))
    name: Mapped[str] = mapped_column(String(120))
    name_kana: Mapped[str] = mapped_column(String(200))
    email: Mapped[str] = mapped_column(String(254))
    authority: Mapped[Authority]
    delegated_from: Mapped[date | None]
    delegated_to: Mapped[date | None]
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

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int]
    content: Mapped[bytes] = mapped_column(deferred=True)
    uploaded_at: Mapped[datetime]
