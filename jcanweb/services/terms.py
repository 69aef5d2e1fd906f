"""Editions of the terms of use: import, approval by another, and which one is in force (product.md §3)."""

import re
import unicodedata
from datetime import date

from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from jcanweb import audit, clock, terms
from jcanweb.calendar import japanese_date, jst_date
from jcanweb.database import db, flush
from jcanweb.errors import FieldRefused, TwoPersonRule
from jcanweb.models import Edition, EditionApproval, Officer
from jcanweb.vocabulary import EditionState, Event, Subject

SAMPLE_FROM = date(2018, 1, 1)


def import_edition(source: bytes, *, version: str, proposed_on: date, by: Officer | None = None) -> Edition:
    """Keep an official text with its exact bytes and SHA-256 as a draft; another officer approves it.

    `version` as in the revision table (3.0; full-width is accepted). `by` None: at the terminal. Raises
    FieldRefused at `file` when the text cannot be read whole or is this officer's draft already, at `version`
    when that is none or is approved already.
    """
    version = unicodedata.normalize("NFKC", version).strip()
    if not re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,3}){0,3}", version):
        raise FieldRefused("版は改定履歴のとおり、「3.0」の形で入力してください。", "version")
    taken = db.session.scalar(select(EditionApproval).where(EditionApproval.version == version))
    if taken is not None:
        raise FieldRefused(
            f"版 {version} は既に登録されています。施行日は{japanese_date(taken.effective_on)}です。",
            "version",
        )
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
    if db.engine.dialect.name == "postgresql":  # SQLite has one writer at a time
        db.session.execute(text("LOCK TABLE edition_approval IN SHARE ROW EXCLUSIVE MODE"))
    if edition.imported_by == by.id:
        raise TwoPersonRule("取り込んだ担当者が承認することはできません。別の承認者が承認してください。")
    approved = list(db.session.scalars(select(EditionApproval).where(EditionApproval.official.is_(True))))
    if any(one.version == edition.version for one in approved):
        raise FieldRefused(f"版 {edition.version} は既に承認されています。版の一覧を確認してください。")
    if effective_on < jst_date(clock.now()):
        raise FieldRefused("施行日には、今日以後の日を入力してください。", "effective_on")
    for one in approved:
        if one.effective_on == effective_on:
            raise FieldRefused(
                f"{japanese_date(effective_on)}には版 {one.version} が施行されます。別の日を入力してください。",
                "effective_on",
            )
        later, mine, other = effective_on > one.effective_on, _order(edition.version), _order(one.version)
        if mine == other or later != (mine > other):
            raise FieldRefused(
                f"{japanese_date(one.effective_on)}に施行される版 {one.version} と、版の順と施行日の順が合いません。"
                "版と施行日を確認してください。",
                "effective_on",
            )
    _approve(edition, effective_on, by)


def in_force(day: date | None = None) -> Edition:
    """The edition in force on that day (Japan's today by default): official before sample, latest first."""
    query = select(Edition).join(EditionApproval, EditionApproval.edition_id == Edition.id)
    query = query.where(EditionApproval.effective_on <= (day or jst_date(clock.now())))
    edition = db.session.scalar(
        query.order_by(EditionApproval.official.desc(), EditionApproval.effective_on.desc()).limit(1)
    )
    if edition is None:
        raise FieldRefused("有効な利用規約がありません。管理者に連絡してください。")
    return edition


def lock_in_force() -> Edition:
    """The edition in force, with later approvals kept out until this transaction ends."""
    if db.engine.dialect.name == "postgresql":
        db.session.execute(text("LOCK TABLE edition_approval IN SHARE MODE"))
    return in_force()


def scheduled() -> list[Edition]:
    """Approved editions whose day is still to come, the next one first."""
    query = select(Edition).join(EditionApproval, EditionApproval.edition_id == Edition.id)
    query = query.where(EditionApproval.effective_on > jst_date(clock.now()))
    return list(db.session.scalars(query.order_by(EditionApproval.effective_on)))


def editions() -> list[Edition]:
    """All editions: drafts first, then by day, newest first."""
    query = select(Edition).outerjoin(EditionApproval, EditionApproval.edition_id == Edition.id)
    return list(
        db.session.scalars(
            query.order_by(EditionApproval.effective_on.desc().nulls_first(), Edition.id.desc())
        )
    )


def states(of: list[Edition]) -> dict[int, EditionState]:
    """By id the state of each of these editions today."""
    today, current = jst_date(clock.now()), in_force()
    approved = set(db.session.scalars(select(EditionApproval.version)))
    found = {}
    for edition in of:
        if edition.effective_on is None:
            used = edition.version in approved
            found[edition.id] = EditionState.UNUSED if used else EditionState.DRAFT
        elif edition.effective_on > today:
            found[edition.id] = EditionState.SCHEDULED
        else:
            found[edition.id] = EditionState.IN_FORCE if edition.id == current.id else EditionState.FORMER
    return found


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


def _order(version: str) -> tuple[int, ...]:
    """For comparing: 3 and 3.0 are one version."""
    numbers = [int(part) for part in version.split(".")]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)
