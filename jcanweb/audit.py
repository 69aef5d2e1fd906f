"""The audit record: every act, in the transaction it describes.

`record` stands on the line after the change. `begin` commits an intent before an act that cannot be
undone; a *begun* without its *done* or *refused* is what a crash looks like. `refuse` writes after a
roll-back. Facts hold ids and serial numbers, never a name, a PIN or a key.
"""

import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from jcanweb import clock
from jcanweb.database import db
from jcanweb.events import Damage, Event, Outcome, Subject
from jcanweb.models.audit import AuditEntry, AuditHead
from jcanweb.pki.receipt import Entry, Head
from jcanweb.pki.tree import Frontier, leaf_hash

EVENT_FACTS: dict[Event, frozenset[str]] = {
    Event.INSTALLATION_CREATED: frozenset({"issuer_sha256"}),
    Event.INSTALLATION_CLAIMED: frozenset({"way"}),
    Event.DEMO_CREATED: frozenset({"certificates"}),
    Event.OFFICER_INVITED: frozenset({"roles"}),
    Event.OFFICER_JOINED: frozenset({"roles"}),
    Event.OFFICER_SIGNED_IN: frozenset({"methods"}),
    Event.OFFICER_SIGNED_OUT: frozenset(),
    Event.OFFICER_PASSWORD_CHANGED: frozenset(),
    Event.OFFICER_TOTP_ENROLLED: frozenset(),
    Event.OFFICER_ROLES_CHANGED: frozenset({"roles"}),
    Event.OFFICER_DEACTIVATED: frozenset(),
    Event.CUSTODIAN_KEY_MADE: frozenset({"public_key_sha256", "kept"}),
    Event.CUSTODIAN_APPOINTED: frozenset({"officer", "group"}),
    Event.CUSTODIAN_RELEASED: frozenset({"officer", "group"}),
    Event.CORPORATION_REGISTERED: frozenset({"corporate_number"}),
    Event.CORPORATION_CHANGED: frozenset({"fields"}),
    Event.PERSON_REGISTERED: frozenset({"corporation"}),
    Event.PERSON_CHANGED: frozenset({"fields"}),
    Event.PERSON_DOCUMENT_OPENED: frozenset({"document"}),
    Event.AGREEMENT_ENDED: frozenset({"end", "cause"}),
    Event.AGREEMENT_RESUMED: frozenset({"end"}),
    Event.VETTING_RECORDED: frozenset({"vetting", "kind", "vetted_on"}),
    Event.PERSON_INVITED: frozenset({"corporation", "invitation"}),
    Event.PERSON_CODE_SENT: frozenset({"code"}),
    Event.PERSON_SIGNED_IN: frozenset(),
    Event.PERSON_SIGNED_OUT: frozenset(),
    Event.INTAKE_RECEIVED: frozenset({"kind", "sha256", "size"}),
    Event.INTAKE_READ: frozenset({"rows"}),
    Event.INTAKE_UNREADABLE: frozenset(),
    Event.INTAKE_STARTED: frozenset({"rows"}),
    Event.INTAKE_DISCARDED: frozenset(),
    Event.INTAKE_MAILED: frozenset({"people", "invitations"}),
    Event.INTAKE_FINISHED: frozenset({"rows"}),
    Event.INTAKE_ERASED: frozenset(),
    Event.EDITION_IMPORTED: frozenset({"version", "sha256", "proposed_on"}),
    Event.EDITION_APPROVED: frozenset({"version", "sha256", "effective_on"}),
    Event.POLICY_REGISTERED: frozenset({"version", "oid", "registered_sha256", "proposed_on"}),
    Event.POLICY_APPROVED: frozenset({"version", "oid", "registered_sha256", "effective_on"}),
    Event.CAMPAIGN_STARTED: frozenset({"version"}),
    Event.CAMPAIGN_ASKED: frozenset({"people", "until"}),
    Event.CAMPAIGN_LISTED: frozenset({"people"}),
    Event.CAMPAIGN_MAILED: frozenset({"people", "invitations"}),
    Event.RECONSENT_REFUSED: frozenset({"edition"}),
    Event.RECONSENT_DECIDED: frozenset({"edition", "decision", "revocations"}),
    Event.CONSENT_GIVEN: frozenset({"consent", "edition", "edition_sha256", "statements"}),
    Event.CONSENT_WITHDRAWN: frozenset({"consent", "revocation", "due_at"}),
    Event.ADDRESS_OPENED: frozenset({"consent", "ground"}),
    Event.ADDRESS_DELETED: frozenset({"count"}),
    Event.APPLICATION_DRAFTED: frozenset({"person"}),
    Event.APPLICATION_EDITED: frozenset({"fields", "revision"}),
    Event.APPLICATION_SUBMITTED: frozenset({"revision", "kind", "renewal_of"}),
    Event.APPLICATION_WITHDRAWN: frozenset(),
    Event.APPLICATION_LAPSED: frozenset(),
    Event.APPLICATION_SCREENING_STARTED: frozenset(),
    Event.APPLICATION_RELEASED: frozenset(),
    Event.APPLICATION_ASSIGNED: frozenset({"officer"}),
    Event.APPLICATION_HELD: frozenset(),
    Event.APPLICATION_RESUMED: frozenset(),
    Event.APPLICATION_COMMENTED: frozenset({"comment"}),
    Event.APPLICATION_FIELD_CHECKED: frozenset({"field", "verdict", "revision"}),
    Event.APPLICATION_SECOND_ENTERED: frozenset({"revision", "agrees"}),
    Event.APPLICATION_SCREENED: frozenset({"revision"}),
    Event.APPLICATION_RETURNED: frozenset({"revision"}),
    Event.APPLICATION_APPROVED: frozenset({"revision", "due_on"}),
    Event.APPLICATION_REJECTED: frozenset({"revision", "due_on"}),
    Event.APPLICATION_DOCUMENT_OPENED: frozenset({"document"}),
    Event.ORDER_ASKED: frozenset({"application", "request_id", "public_key_sha256", "jc_number"}),
    Event.ORDER_FAILED: frozenset({"application", "failure", "serial_number"}),
    Event.CERTIFICATE_ISSUED: frozenset(
        {"application", "order", "serial_number", "consent", "policy_version"}
    ),
    Event.BACKUP_SEALED: frozenset({"certificate", "kind", "commit_sha256", "custodians"}),
    Event.BACKUP_DESTROYED: frozenset({"certificate", "kind", "commit_sha256"}),
    Event.DELIVERY_SENT: frozenset({"certificate", "kind"}),
    Event.DELIVERY_TAKEN: frozenset({"certificate", "kind"}),
    Event.DELIVERY_CONFIRMED: frozenset({"certificate", "kind"}),
    Event.DELIVERY_ENDED: frozenset({"certificate", "kind", "cause"}),
    Event.RECOVERY_REQUESTED: frozenset({"certificate", "ground"}),
    Event.RECOVERY_AUTHORIZED: frozenset({"certificate", "open_from"}),
    Event.RECOVERY_DECLINED: frozenset({"certificate"}),
    Event.RECOVERY_LAPSED: frozenset({"certificate"}),
    Event.RECOVERY_SHARE_OPENED: frozenset({"backup", "half", "custodian"}),
    Event.RECOVERY_OPENED: frozenset({"certificate", "deliveries"}),
    Event.REVOCATION_RECEIVED: frozenset({"certificate", "reason", "requester", "due_at"}),
    Event.REVOCATION_DECIDED: frozenset({"certificate", "reason"}),
    Event.REVOCATION_REFUSED: frozenset({"certificate"}),
    Event.REVOCATION_EXECUTED: frozenset({"certificate", "serial_number", "reason"}),
    Event.CRL_PUBLISHED: frozenset({"entries", "sha256", "next_update"}),
    Event.REPORT_BUILT: frozenset({"report", "query", "rows", "sha256"}),
    Event.EVIDENCE_BUILT: frozenset({"sha256", "size"}),
    Event.ACCESS_DENIED: frozenset({"method"}),
    Event.CODE_DENIED: frozenset({"person"}),
}


def record(event: Event, subject: Subject, subject_id: object, *, by: object, act: str | None = None,
           **facts: Any) -> AuditEntry:  # fmt: skip
    """Write what has been done, in the caller's transaction."""
    return _append(event, Outcome.DONE, subject, subject_id, by, act, facts)


def record_placed(event: Event, subject: Subject, subject_id: object, *, by: object,
                  **facts: Any) -> tuple[Entry, Head]:  # fmt: skip
    """The same as `record`, handed out with its way to the head that it makes: what proves the entry elsewhere."""
    db.session.flush()
    before = _locked_head()
    path = tuple(Frontier.load(before.size, before.frontier).next_path())
    entry = record(event, subject, subject_id, by=by, **facts)
    after = _locked_head()
    return Entry(canonical(entry), entry.sequence - 1, path), Head(after.size, bytes.fromhex(after.root))


def begin(event: Event, subject: Subject, subject_id: object, *, by: object, act: str | None = None,
          **facts: Any) -> str:  # fmt: skip
    """Commit the intent (and what is in the session with it) before the irreversible; the act's name.

    `act` names an unfinished act that is taken up again, so that its end closes both.
    """
    entry = _append(event, Outcome.BEGUN, subject, subject_id, by, act, facts)
    db.session.commit()
    return entry.act


def refuse(event: Event, subject: Subject, subject_id: object, *, by: object, reason: str,
           act: str | None = None) -> None:  # fmt: skip
    """Roll back what was tried and keep the refusal. `reason` is an error's name, never personal data."""
    db.session.rollback()
    db.session.info.pop("after_commit", None)
    _append(event, Outcome.REFUSED, subject, subject_id, by, act, {"reason": reason})
    db.session.commit()


def actor_name(by: object) -> str:
    """`officer:3`, `person:7`, or `system`; ids only."""
    return "system" if by is None else by if isinstance(by, str) else f"{type(by).__name__.lower()}:{by.id}"  # type: ignore[attr-defined]  # any model with an id


def _append(event: Event, outcome: Outcome, subject: Subject, subject_id: object, by: object,
            act: str | None, facts: dict[str, Any]) -> AuditEntry:  # fmt: skip
    wanted = frozenset({"reason"}) if outcome is Outcome.REFUSED else EVENT_FACTS[event]
    if frozenset(facts) != wanted:
        raise TypeError(f"{event} takes the facts {sorted(wanted)}, not {sorted(facts)}")
    db.session.flush()
    head = _locked_head()
    entry = AuditEntry(
        sequence=head.size + 1, at=clock.now(), event=event, outcome=outcome, subject=subject,
        subject_id=str(subject_id), actor=actor_name(by), facts=facts, act=act or secrets.token_hex(16),
    )  # fmt: skip
    leaf = leaf_hash(canonical(entry))
    entry.leaf = leaf.hex()
    frontier = Frontier.load(head.size, head.frontier)
    frontier.append(leaf)
    entry.peak = frontier.peak().hex()
    head.size, head.frontier, head.root = frontier.size, frontier.dump(), frontier.root().hex()
    db.session.add(entry)
    db.session.flush()
    return entry


def _locked_head() -> AuditHead:
    head = db.session.get(AuditHead, 1, with_for_update=True, populate_existing=True)
    if head is None:
        raise RuntimeError("the audit record has no head; the database was not set up")
    return head


def canonical(entry: AuditEntry) -> bytes:
    """The bytes of an entry that are hashed: JSON with sorted keys, no spaces, UTF-8, time in UTC."""
    shown = {
        "sequence": entry.sequence,
        "at": entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "event": entry.event.value,
        "outcome": entry.outcome.value,
        "subject": entry.subject.value,
        "subject_id": entry.subject_id,
        "actor": entry.actor,
        "facts": entry.facts,
        "act": entry.act,
    }
    return json.dumps(shown, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def refusals(event: Event, subject: Subject, subject_id: object, since: datetime | None = None) -> int:
    """How often this was refused: the counter of wrong tries."""
    query = select(db.func.count()).select_from(AuditEntry).where(
        AuditEntry.subject == subject, AuditEntry.subject_id == str(subject_id), AuditEntry.event == event,
        AuditEntry.outcome == Outcome.REFUSED,
    )  # fmt: skip
    if since is not None:
        query = query.where(AuditEntry.at >= since)
    return db.session.scalar(query) or 0


def unfinished(subject: Subject | None = None, subject_id: object = None) -> list[AuditEntry]:
    """Acts begun and neither done nor refused (of one subject): where a crash or a lost answer shows."""
    later = aliased(AuditEntry)
    ended = select(later.sequence).where(later.act == AuditEntry.act, later.outcome != Outcome.BEGUN).exists()
    query = (
        select(AuditEntry).where(AuditEntry.outcome == Outcome.BEGUN, ~ended).order_by(AuditEntry.sequence)
    )
    if subject is not None:
        query = query.where(AuditEntry.subject == subject, AuditEntry.subject_id == str(subject_id))
    return list(db.session.scalars(query))


@dataclass(frozen=True)
class Trouble:
    """Something that is wrong with the record, and the number of the entry it is about."""

    damage: Damage
    number: int = 0

    def __str__(self) -> str:
        return f"{self.damage} {self.number}" if self.number else self.damage


BATCH = 2000


def verify() -> list[Trouble]:
    """Walk every entry and compare with the head; empty when the record is whole. Changes nothing.

    Others may go on writing: the newest number is read before the head, and the entries after it. The transaction
    ends after every BATCH of entries, since SQLite has one lock for all: call it with nothing unsaved.
    """
    try:
        return list(_troubles())
    except (ValueError, LookupError, TypeError):  # no JSON, no time, no member of an enum, no Unicode
        return [Trouble(Damage.UNREADABLE)]


def _troubles() -> Iterator[Trouble]:
    newest = db.session.scalar(select(func.max(AuditEntry.sequence))) or 0
    head = db.session.get(AuditHead, 1, populate_existing=True)
    if head is None:
        yield Trouble(Damage.HEAD_MISSING)
        return
    size, root, last = head.size, head.root, head.frontier
    if newest > size:
        yield Trouble(Damage.BEYOND_HEAD, newest)
    frontier, whole = Frontier(), True
    for entry in _entries(size):
        if entry.sequence != frontier.size + 1:
            break
        leaf = leaf_hash(canonical(entry))
        frontier.append(leaf)
        changed = leaf.hex() != entry.leaf or whole and frontier.peak().hex() != entry.peak
        if changed:  # every later peak over it differs as well
            yield Trouble(Damage.CHANGED, entry.sequence)
            whole = False
    if frontier.size != size:
        yield Trouble(Damage.MISSING, frontier.size + 1)
    elif root != frontier.root().hex():
        yield Trouble(Damage.OTHER_ROOT)
    elif last != frontier.dump():
        yield Trouble(Damage.OTHER_FRONTIER)


def _entries(size: int) -> Iterator[AuditEntry]:
    number: int | None = None  # a doctored record may begin anywhere
    while True:
        query = select(AuditEntry).where(AuditEntry.sequence <= size)
        if number is not None:
            query = query.where(AuditEntry.sequence > number)
        query = query.order_by(AuditEntry.sequence).limit(BATCH).execution_options(populate_existing=True)
        found = db.session.scalars(query).all()
        yield from found
        if len(found) < BATCH:
            return
        number = found[-1].sequence
        db.session.rollback()
