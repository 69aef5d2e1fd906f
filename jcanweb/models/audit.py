"""The audit record: append-only entries, and the one row that serialises their writers."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from jcanweb.database import Base
from jcanweb.events import Event, Outcome, Subject


class AuditEntry(Base):
    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_entry_subject", "subject", "subject_id", "event"),
        Index("ix_audit_entry_at", "at"),
        Index("ix_audit_entry_act", "act"),
        Index("ix_audit_entry_outcome", "outcome", "sequence"),
        Index("ix_audit_entry_event", "event", "sequence"),
    )

    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    event: Mapped[Event]
    outcome: Mapped[Outcome]
    subject: Mapped[Subject]
    subject_id: Mapped[str] = mapped_column(String(80))
    actor: Mapped[str] = mapped_column(String(80))  # officer:3, person:7, system
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    act: Mapped[str] = mapped_column(String(32))  # joins a begun entry with its done or refused one
    leaf: Mapped[str] = mapped_column(String(64))  # hexadecimal, RFC 9162 section 2.1
    peak: Mapped[str] = mapped_column(
        String(64)
    )  # pki.tree.Frontier.peak after it: proofs need no other leaves


class AuditHead(Base):
    """Size, root and frontier of the tree after the newest entry; its lock makes the sequence gap-free."""

    __tablename__ = "audit_head"
    __table_args__ = (CheckConstraint("id = 1", name="single"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    size: Mapped[int]
    frontier: Mapped[list[str]] = mapped_column(JSON)
    root: Mapped[str] = mapped_column(String(64))


class Counter(Base):
    __tablename__ = "counter"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[int]
