"""Reading the audit record: newest first by keyset, the history of one thing, entries with their proof."""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_, select

from jcanweb import audit
from jcanweb.database import db
from jcanweb.events import Event, Outcome, Subject
from jcanweb.models import Application, AuditEntry, AuditHead, Certificate, Officer
from jcanweb.pki import tree
from jcanweb.pki.receipt import Entry, Head
from jcanweb.services import search
from jcanweb.vocabulary import SecretKind

PAGE = 50
BATCH = 1000


def page(*, before: int | None = None, event: Event | None = None, subject: Subject | None = None,
         subject_id: str | None = None) -> list[AuditEntry]:  # fmt: skip
    """Up to PAGE + 1 entries with a sequence below `before`; the last one only tells that there is more."""
    query = select(AuditEntry).order_by(AuditEntry.sequence.desc()).limit(PAGE + 1)
    if before is not None:
        query = query.where(AuditEntry.sequence < before)
    if event is not None:
        query = query.where(AuditEntry.event == event)
    if subject is not None and subject_id:
        query = query.where(AuditEntry.subject == subject, AuditEntry.subject_id == subject_id)
    return list(db.session.scalars(query))


@dataclass(frozen=True)
class Step:
    """One line of the history of a thing, as an officer reads it."""

    at: datetime
    event: Event
    outcome: Outcome
    who: str
    """An officer's name; for others what they are (申請者, リンクの受取人, 端末の操作者, 自動処理)."""
    about: SecretKind | None = None
    """Which of the two secrets, where a delivery or a backup is told of."""


def history(subject: Subject, subject_id: object) -> list[Step]:
    """The newest PAGE steps of one thing, newest first, with the officers' names."""
    return histories([(subject, subject_id)])


def histories(things: Sequence[tuple[Subject, object]]) -> list[Step]:
    """The same of several things together."""
    query = select(AuditEntry).where(_about(things)).order_by(AuditEntry.sequence.desc()).limit(PAGE)
    entries = list(db.session.scalars(query))
    people = names(entries)
    return [Step(one.at, one.event, one.outcome, people[one.actor], about(one)) for one in entries]


def about(entry: AuditEntry) -> SecretKind | None:
    """Which of the two secrets the entry tells of."""
    return next((kind for kind in SecretKind if kind.value == entry.facts.get("kind")), None)


def proven(things: Sequence[tuple[Subject, object]]) -> tuple[list[AuditEntry], list[Entry], Head]:
    """All entries about these things, oldest first; the same, each with its way to the head that is handed out.

    Reads these entries and, by number, about log2(size)² / 4 others for each of them. Nothing is locked: what others
    write meanwhile stands behind this head.
    """
    head = db.session.get_one(AuditHead, 1, populate_existing=True)
    size, root = head.size, bytes.fromhex(head.root)
    query = select(AuditEntry).where(_about(things), AuditEntry.sequence <= size)
    found = list(db.session.scalars(query.order_by(AuditEntry.sequence)))
    steps = {one.sequence: tree.proof_parts(one.sequence - 1, size) for one in found}
    kept = _kept({last for parts in steps.values() for step in parts for _, last in step})

    def path(number: int) -> tuple[bytes, ...]:
        return tuple(
            tree.fold([bytes.fromhex(kept[last][part > 1]) for part, last in step]) for step in steps[number]
        )

    entries = [Entry(audit.canonical(one), one.sequence - 1, path(one.sequence)) for one in found]
    return found, entries, Head(size, root)


def _about(things: Sequence[tuple[Subject, object]]) -> ColumnElement[bool]:
    ids: dict[Subject, set[str]] = {}
    for kind, one in things:
        ids.setdefault(kind, set()).add(str(one))
    return or_(
        *(and_(AuditEntry.subject == kind, AuditEntry.subject_id.in_(some)) for kind, some in ids.items())
    )


def _kept(numbers: set[int]) -> dict[int, tuple[str, str]]:
    """Leaf and peak of these entries."""
    columns = select(AuditEntry.sequence, AuditEntry.leaf, AuditEntry.peak)
    ordered = sorted(numbers)
    kept: dict[int, tuple[str, str]] = {}
    for at in range(0, len(ordered), BATCH):
        some = db.session.execute(columns.where(AuditEntry.sequence.in_(ordered[at : at + BATCH])))
        kept |= {number: (leaf, peak) for number, leaf, peak in some}
    return kept


def names(entries: list[AuditEntry]) -> dict[str, str]:
    """Actor → an officer's name; for others what they are."""
    actors = {one.actor for one in entries}
    ids: set[int | None] = {
        int(number) for kind, _, number in (actor.partition(":") for actor in actors) if kind == "officer"
    }
    found = {f"officer:{number}": name for number, name in officers(ids).items()}
    return {actor: found.get(actor, outsider(actor)) for actor in actors}


def officers(ids: Set[int | None]) -> dict[int | None, str]:
    """The names of these officers, by id."""
    wanted = ids - {None}
    query = select(Officer.id, Officer.name).where(Officer.id.in_(wanted))
    return {number: name for number, name in db.session.execute(query)} if wanted else {}


def subject_id(subject: Subject, typed: str) -> str:
    """The id of the thing with this JC-number or 受付番号; anything else stays as it was typed."""
    columns = {Subject.CERTIFICATE: Certificate.jc_number, Subject.APPLICATION: Application.number}
    column, number = columns.get(subject), search.jc_number(typed, bare=False) or search.plain(typed)
    if column is None or number.isdigit():
        return number.lower()
    found = db.session.scalar(select(column.class_.id).where(column == number))
    return number if found is None else str(found)


_TOLD = {
    Event.APPLICATION_DRAFTED, Event.CONSENT_GIVEN, Event.APPLICATION_EDITED, Event.APPLICATION_SUBMITTED,
    Event.APPLICATION_WITHDRAWN, Event.APPLICATION_LAPSED, Event.APPLICATION_SCREENING_STARTED,
    Event.APPLICATION_RETURNED, Event.APPLICATION_APPROVED, Event.APPLICATION_REJECTED,
}  # fmt: skip


def for_applicant(application_id: int) -> list[Step]:
    """What an applicant is told of the own application: what was done, and no officer's name."""
    entries = page(subject=Subject.APPLICATION, subject_id=str(application_id))[:PAGE]
    return [
        Step(
            one.at,
            one.event,
            one.outcome,
            "登録局" if one.actor.startswith("officer:") else outsider(one.actor),
        )
        for one in entries
        if one.event in _TOLD and one.outcome is Outcome.DONE
    ]


def outsider(actor: str) -> str:
    """What somebody is who is no officer."""
    others = {"person": "申請者", "link": "リンクの受取人", "terminal": "端末の操作者"}
    return others.get(actor.partition(":")[0], "自動処理")
