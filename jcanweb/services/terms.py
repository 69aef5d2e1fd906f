"""Editions of the terms of use: import, approval by another, and which one is in force (product.md §3)."""

from datetime import date

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from jcanweb import audit, clock, terms
from jcanweb.calendar import jst_date
from jcanweb.database import db, flush
from jcanweb.errors import FieldRefused, TwoPersonRule
from jcanweb.events import Event, Subject
from jcanweb.models import Edition, EditionApproval, Officer
from jcanweb.services import schedule
from jcanweb.vocabulary import EditionState

SAMPLE_FROM = date(2018, 1, 1)


def import_edition(source: bytes, *, version: str, proposed_on: date, by: Officer | None = None) -> Edition:
    """Keep an official text with its exact bytes and SHA-256 as a draft; another officer approves it.

    `version` as in the revision table (3.0; full-width is accepted). `by` None: at the terminal. Raises
    FieldRefused at `file` when the text cannot be read whole or is this officer's draft already, at `version`
    when that is none or is approved already.
    """
    version = schedule.new_version(Edition, version)
    edition = _read(source, version, proposed_on, official=True, by=by)
    same = select(Edition).where(Edition.version == version, Edition.sha256 == edition.sha256,
                                 Edition.imported_by.is_not_distinct_from(edition.imported_by))  # fmt: skip
    refusal = FieldRefused(f"この文書は、版 {version} の下書きとして既に登録されています。", "file")
    if db.session.scalar(same) is not None:
        raise refusal
    try:
        _keep(edition, by)
    except IntegrityError as failure:  # the same form sent twice at once
        raise refusal from failure
    return edition


def set_up_sample(source: bytes) -> None:
    """The sample edition, in force from the start while there is no official one; nobody has to approve it."""
    edition = _read(source, "見本", SAMPLE_FROM, official=False, by=None)
    _keep(edition, None)
    _approve(edition, SAMPLE_FROM, None)


def approve(edition: Edition, *, effective_on: date, by: Officer) -> None:
    """Schedule a draft: from that day (in Japan, at midnight) on it is in force, at once when it is today.

    Raises TwoPersonRule for the importer; FieldRefused when it is approved already, and at `effective_on` for a
    day that is past or taken, or where a later day would have the older version in force.
    """
    if edition.imported_by == by.id:
        raise TwoPersonRule("取り込んだ担当者が承認することはできません。別の承認者が承認してください。")
    schedule.check(Edition, edition.version, effective_on)
    _approve(edition, effective_on, by)


def in_force(day: date | None = None) -> Edition:
    """The edition in force on that day (Japan's today by default): official before sample, latest first."""
    edition = schedule.in_force(Edition, day)
    if edition is None:
        raise FieldRefused("有効な利用規約がありません。管理者に連絡してください。")
    return edition


def lock_in_force() -> Edition:
    """The edition in force, with later approvals kept out until this transaction ends."""
    schedule.lock(Edition)
    return in_force()


def scheduled() -> list[Edition]:
    """Approved editions whose day is still to come, the next one first."""
    query = select(Edition).join(EditionApproval, EditionApproval.edition_id == Edition.id)
    query = query.where(EditionApproval.effective_on > jst_date(clock.now()))
    return list(db.session.scalars(query.order_by(EditionApproval.effective_on)))


def find(edition_id: int) -> Edition | None:
    """The edition of this id."""
    return db.session.get(Edition, edition_id)


def editions() -> list[Edition]:
    """All editions: drafts first, then by day, newest first."""
    return schedule.listing(Edition)


def states(of: list[Edition]) -> dict[int, EditionState]:
    """By id the state of each of these editions today."""
    return schedule.states(Edition, of)


def of_digest(version: str, sha256: str) -> Edition | None:
    """The approved edition of that version, when its bytes are those of the digest."""
    query = select(Edition).join(EditionApproval, EditionApproval.edition_id == Edition.id)
    return db.session.scalar(query.where(EditionApproval.version == version, Edition.sha256 == sha256))


def document(edition: Edition) -> terms.Document:
    """The edition read again from its exact bytes and the text kept beside them."""
    return terms.read(edition.source, text=edition.text)


def _read(source: bytes, version: str, proposed_on: date, *, official: bool, by: Officer | None) -> Edition:
    try:
        written = terms.text_of(source)
        document = terms.read(source, text=written)
        terms.statements(document)
    except terms.TermsUnreadable as unreadable:
        raise FieldRefused(str(unreadable), "file") from None
    return Edition(version=version, official=official, proposed_on=proposed_on, source=source, text=written,
                   kind=document.kind, sha256=document.sha256, imported_by=by.id if by else None,
                   imported_at=clock.now())  # fmt: skip


def _keep(edition: Edition, by: Officer | None) -> None:
    db.session.add(edition)
    flush()
    audit.record(Event.EDITION_IMPORTED, Subject.EDITION, edition.id, by=by, version=edition.version,
                 sha256=edition.sha256, proposed_on=edition.proposed_on.isoformat())  # fmt: skip


def _approve(edition: Edition, effective_on: date, by: Officer | None) -> None:
    edition.approval = EditionApproval(
        version=edition.version, official=edition.official, imported_by=edition.imported_by,
        approved_by=by.id if by else None, approved_at=clock.now(), effective_on=effective_on,
    )  # fmt: skip
    flush()
    audit.record(Event.EDITION_APPROVED, Subject.EDITION, edition.id, by=by, version=edition.version,
                 sha256=edition.sha256, effective_on=effective_on.isoformat())  # fmt: skip
