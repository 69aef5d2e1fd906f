"""A file of rows: received and kept sealed, started by an officer who has seen what it would do, deleted in time.

One path with the work done by hand: a kind of rows names its columns, judges rows by the same validators, and carries
one out by the same service. Reading and carrying out are `intake_work`, what the pages show is `intake_ledger`.
"""

import hashlib
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import func, or_, select, update
from sqlalchemy.exc import IntegrityError

from jcanweb import audit, clock, keys, sheets
from jcanweb.config import setting
from jcanweb.database import db, flush, lock
from jcanweb.errors import AlreadyReceived, AlreadyStarted, FieldRefused
from jcanweb.events import Event, Subject
from jcanweb.models import Intake, IntakeRow, Officer
from jcanweb.services import intake_applications, intake_corporations, reports
from jcanweb.services.intake_kind import REASON, Kind
from jcanweb.vocabulary import IntakeKind, RowResult

KINDS: dict[IntakeKind, Kind] = {
    IntakeKind.CORPORATIONS: intake_corporations.KIND,
    IntakeKind.APPLICATIONS: intake_applications.KIND,
}
TO_DO = (RowResult.NEW, RowResult.CHANGED)


def receive(kind: IntakeKind, name: str, source: bytes, *, again: bool = False, by: Officer) -> Intake:
    """Keep a file, sealed, for the job to read; its titles are looked at now.

    Raises SheetRefused for what is no such table, AlreadyReceived for bytes that came before as this kind: an open
    intake of them is the only one, one that was carried out may be taken in `again` (its rows that changed nothing
    since then change nothing).
    """
    sheet = read(kind, source)
    sha256 = hashlib.sha256(source).hexdigest()
    earlier = _earlier(kind, sha256)
    if earlier is not None and (earlier.done_at is None or not again):
        raise AlreadyReceived(earlier.id, earlier.done_at is not None)
    intake = Intake(
        kind=kind, name=name[-120:], sha256=sha256, size=len(source), sealed=keys.sealer().seal(source, _context(sha256)),
        encoding=sheet.encoding.value, unknown=list(sheet.unknown), received_by=by.id, received_at=clock.now(),
    )  # fmt: skip
    db.session.add(intake)
    try:
        flush()
    except IntegrityError:  # two at the same moment
        db.session.rollback()
        earlier = _earlier(kind, sha256)
        raise AlreadyReceived(earlier.id if earlier else 0, False) from None
    audit.record(
        Event.INTAKE_RECEIVED,
        Subject.INTAKE,
        intake.id,
        by=by,
        kind=kind.value,
        sha256=sha256,
        size=len(source),
    )
    return intake


def read(kind: IntakeKind, source: bytes) -> sheets.Sheet:
    """The table under this kind's columns, without the marks that our own files guard cells with.

    Raises SheetRefused, also while its rows are read.
    """
    sheet = sheets.read(
        source, KINDS[kind].columns, most_rows=setting("INTAKE_MAX_ROWS"), largest=setting("INTAKE_MAX_BYTES")
    )
    return replace(sheet, rows=map(_unguarded, sheet.rows))


def _unguarded(row: sheets.Row) -> sheets.Row:
    return replace(row, cells={column: reports.unguarded(cell) for column, cell in row.cells.items()})


def titles(kind: IntakeKind) -> list[str]:
    """The first row of a file of this kind."""
    return [column.title for column in KINDS[kind].columns if column is not REASON]


def content(intake: Intake) -> bytes:
    """The file's exact bytes; empty once they were deleted."""
    sealed = db.session.scalar(
        select(Intake.sealed).where(Intake.id == intake.id)
    )  # not kept with the intake
    return keys.sealer().open(sealed, _context(intake.sha256)) if sealed else b""


def start(intake: Intake, *, by: Officer) -> None:
    """Let what the rows would do be done, in `by`'s name. Raises AlreadyStarted, FieldRefused when there is nothing to do."""
    lock(intake)
    if intake.started_at is not None or intake.done_at is not None:
        raise AlreadyStarted()
    if intake.read_at is None:
        raise FieldRefused("まだすべての行を確認していません。終わってから開始してください。")
    rows = left(intake)
    if not rows:
        raise FieldRefused("反映する行がありません。")
    intake.started_by, intake.started_at = by.id, clock.now()
    flush()
    audit.record(Event.INTAKE_STARTED, Subject.INTAKE, intake.id, by=by, rows=rows)


def discard(intake: Intake, *, by: Officer) -> None:
    """Nothing of it is to be done. Raises AlreadyStarted."""
    lock(intake)
    if intake.started_at is not None or intake.done_at is not None:
        raise AlreadyStarted()
    intake.done_at = clock.now()
    flush()
    audit.record(Event.INTAKE_DISCARDED, Subject.INTAKE, intake.id, by=by)


def left(intake: Intake) -> int:
    """How many rows are to be carried out."""
    query = select(func.count()).where(IntakeRow.intake_id == intake.id, IntakeRow.result.in_(TO_DO))
    return db.session.scalar(query) or 0


def erase_due() -> None:
    """Delete the file and the content of the rows INTAKE_KEEP_DAYS after the end, or after the receipt of what nobody
    started; what stays are numbers, hashes and results."""
    before = clock.now() - timedelta(days=setting("INTAKE_KEEP_DAYS"))
    unstarted = (Intake.done_at.is_(None) & Intake.started_at.is_(None)) & (Intake.received_at < before)
    due = (
        select(Intake)
        .where(Intake.erased_at.is_(None), or_(Intake.done_at < before, unstarted))
        .order_by(Intake.id)
    )
    for intake in db.session.scalars(due.limit(10)):
        lock(intake)
        intake.sealed, intake.erased_at, intake.done_at = None, clock.now(), intake.done_at or clock.now()
        flush()
        db.session.execute(
            update(IntakeRow).where(IntakeRow.intake_id == intake.id).values(cells={}, notes={})
        )
        audit.record(Event.INTAKE_ERASED, Subject.INTAKE, intake.id, by=None)


def _earlier(kind: IntakeKind, sha256: str) -> Intake | None:
    """The newest intake of these bytes that is open or was started."""
    query = select(Intake).where(Intake.sha256 == sha256, Intake.kind == kind)
    query = query.where(or_(Intake.done_at.is_(None), Intake.started_at.is_not(None)))
    return db.session.scalar(query.order_by(Intake.id.desc()).limit(1))


def _context(sha256: str) -> str:
    return f"intake.sealed, sha256 {sha256}"
