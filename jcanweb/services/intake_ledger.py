"""Reading the files of rows: the list, one file with its counts, its rows by result, the refused rows as a file."""

from collections.abc import Iterator
from typing import IO, Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import joinedload

from jcanweb import audit
from jcanweb.database import db
from jcanweb.events import Event, Subject
from jcanweb.models import Application, Corporation, Intake, IntakeRow, Officer
from jcanweb.services import intake, reports
from jcanweb.services.intake_kind import REASON
from jcanweb.vocabulary import IntakeKind, RowResult

PAGE = 50


def listing(before: int | None = None) -> list[Intake]:
    """Up to PAGE + 1 files, newest first, behind the one of id `before`; the last only tells of more."""
    query = select(Intake).options(joinedload(Intake.receiver)).order_by(Intake.id.desc()).limit(PAGE + 1)
    return list(db.session.scalars(query.where(Intake.id < before) if before else query))


def find(intake_id: int) -> Intake | None:
    """With the officers who received and started it."""
    query = select(Intake).where(Intake.id == intake_id)
    return db.session.scalar(query.options(joinedload(Intake.receiver), joinedload(Intake.starter)))


def counts(one: Intake) -> dict[RowResult, int]:
    """How many rows stand at each result."""
    query = select(IntakeRow.result, func.count()).where(IntakeRow.intake_id == one.id)
    found = {result: count for result, count in db.session.execute(query.group_by(IntakeRow.result))}
    return {result: found.get(result, 0) for result in RowResult}


def rows(one: Intake, result: RowResult | None = None, after: int = 0) -> list[IntakeRow]:
    """Up to PAGE + 1 rows in the order of the file behind this row number; the last only tells of more."""
    return list(db.session.scalars(_rows(one, result).where(IntakeRow.number > after).limit(PAGE + 1)))


def subjects(one: Intake, some: list[IntakeRow]) -> dict[int, str]:
    """Row id → the 法人番号 or 受付番号 of what it was carried out on."""
    kind: Any = {IntakeKind.CORPORATIONS: Corporation, IntakeKind.APPLICATIONS: Application}[one.kind]
    number = kind.corporate_number if kind is Corporation else kind.number
    ids = {row.subject_id: row.id for row in some if row.subject_id}
    query = select(kind.id, number).where(kind.id.in_(ids))
    numbers: dict[int, str] = {found: named for found, named in db.session.execute(query)} if ids else {}
    return {row.id: numbers[row.subject_id] for row in some if row.subject_id in numbers}


def build_refused_csv(one: Intake, out: IO[bytes], *, by: Officer) -> reports.Built:
    """The refused rows under the titles that the file has (one more would empty what it names), with the reasons in a
    last column; its SHA-256 is recorded."""
    there = db.session.scalar(select(IntakeRow.cells).where(IntakeRow.intake_id == one.id).limit(1)) or {}
    columns = [
        column for column in intake.KINDS[one.kind].columns if column is not REASON and column.key in there
    ]
    found = db.session.scalars(_rows(one, RowResult.REFUSED).execution_options(yield_per=500))
    lines = (_line(row, [column.key for column in columns], one.kind) for row in found)
    built = reports.write_csv([*(column.title for column in columns), REASON.title], lines, out)
    audit.record(Event.REPORT_BUILT, Subject.REPORT, "intake", by=by, report="intake", rows=built.rows,
                 query=f"intake={one.id}&result=refused", sha256=built.sha256)  # fmt: skip
    return built


def reasons(row: IntakeRow, kind: IntakeKind) -> list[tuple[str, str, str]]:
    """The heading of each column that is refused or changes ("" for the row as a whole), the note, the cell."""
    titles = intake.KINDS[kind]
    order = [column.key for column in titles.columns]
    noted = sorted(row.notes.items(), key=lambda note: order.index(note[0]) if note[0] in order else -1)
    return [(titles.title(column), note, row.cells.get(column, "")) for column, note in noted]


def name(row: IntakeRow, kind: IntakeKind) -> str:
    """What tells a person which row it is."""
    return "　".join(row.cells.get(column, "") for column in intake.KINDS[kind].named_by).strip("　")


def _rows(one: Intake, result: RowResult | None) -> Select[Any]:
    query = select(IntakeRow).where(IntakeRow.intake_id == one.id).order_by(IntakeRow.number)
    return query.where(IntakeRow.result == result) if result else query


def _line(row: IntakeRow, columns: list[str], kind: IntakeKind) -> Iterator[str]:
    yield from (row.cells.get(column, "") for column in columns)
    yield "／".join(
        f"{title}: {sentence}" if title else sentence for title, sentence, _ in reasons(row, kind)
    )
