"""The revocation report (失効報告): what was executed in a period, how long it took, within the limit or not.

A period is whole days in Japan, both ends included, over the moment of execution: open and refused requests
stay out and are only counted beside it (product.md §11).
"""

import csv
import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import IO, Any

from sqlalchemy import ColumnElement, Row, Select, and_, case, func, or_, select
from sqlalchemy.orm import aliased

from jcanweb import audit, clock
from jcanweb.calendar import JST, jst_date, midnight, months_before
from jcanweb.database import db
from jcanweb.errors import FieldRefused
from jcanweb.events import Event, Subject
from jcanweb.labels import word
from jcanweb.models import Certificate, Corporation, Officer, Revocation
from jcanweb.services.revocation import hours
from jcanweb.vocabulary import RevocationReason, RevocationState

PAGE = 50
LONGEST_YEARS = 10
REVOCATION_COLUMNS = (
    "JC番号", "シリアル番号", "法人番号", "法人名", "OU2", "CN", "請求した人", "理由", "理由コード（RFC 5280）",
    "受付日時", "判断日時", "実行日時", "要した時間（時間）", "期限", "期限内か", "CRL番号", "CRL掲載日時",
    "受付担当者", "判断担当者", "実行担当者",
)  # fmt: skip


SUBSCRIBER, SYSTEM = "利用者本人", "自動（契約の終了・停止）"
"""who received a request that the subscriber made on the own page"""


@dataclass(frozen=True)
class Period:
    """Days in Japan, both included."""

    first: date
    last: date

    @property
    def since(self) -> datetime:
        return midnight(self.first)

    @property
    def until(self) -> datetime:
        """The first moment after the period."""
        return midnight(self.last + timedelta(days=1))

    @property
    def is_over(self) -> bool:
        """Whether nothing can be added to it any more."""
        return self.until <= clock.now()


@dataclass(frozen=True)
class Tally:
    """Executed revocations, and those of them that were executed by their deadline."""

    count: int
    within: int

    @property
    def rate(self) -> str | None:
        """Per cent with one decimal, rounded down: 100.0 is said only of all. None of nothing."""
        if not self.count:
            return None
        whole, tenth = divmod(self.within * 1000 // self.count, 10)
        return f"{whole}.{tenth}%"


@dataclass(frozen=True)
class Totals:
    every: Tally
    reasons: dict[RevocationReason, Tally]
    """Only those that occur, in the enum's order."""
    open: int
    """Received in the period, not yet decided or not yet executed now."""
    refused: int
    """Received in the period, decided not to revoke."""


@dataclass(frozen=True)
class Built:
    """A file as it was delivered."""

    rows: int
    size: int
    sha256: str


def period(first: date, last: date) -> Period:
    """The days from `first` to `last`. Raises FieldRefused: turned round, not yet begun, or over ten years."""
    today = jst_date(clock.now())
    if first > today:
        raise FieldRefused("期間の初日には、今日までの日を入力してください。", field="first")
    if last > today:
        raise FieldRefused("期間の末日には、今日までの日を入力してください。", field="last")
    if first > last:
        raise FieldRefused("期間の末日は、初日以後の日にしてください。", field="last")
    if first < months_before(last, LONGEST_YEARS * 12):
        raise FieldRefused(f"期間は{LONGEST_YEARS}年以内にしてください。", field="first")
    return Period(first, last)


def last_month() -> Period:
    """The calendar month before today's (Japan): what is usually asked for."""
    end = jst_date(clock.now()).replace(day=1) - timedelta(days=1)
    return Period(end.replace(day=1), end)


def revocation_totals(asked: Period) -> Totals:
    """How many, how many in time, by reason; and what was received in the period but is not in the report."""
    in_time = func.sum(case((Revocation.executed_at <= Revocation.due_at, 1), else_=0))
    executed = select(Revocation.reason, func.count(), in_time).where(_executed_in(asked))
    found = {
        reason: Tally(count, int(within))
        for reason, count, within in db.session.execute(executed.group_by(Revocation.reason))
    }
    left_out = select(Revocation.state, func.count()).where(
        Revocation.received_at >= asked.since, Revocation.received_at < asked.until,
        Revocation.state != RevocationState.EXECUTED,
    )  # fmt: skip
    others = {state: count for state, count in db.session.execute(left_out.group_by(Revocation.state))}
    refused = others.pop(RevocationState.REFUSED, 0)
    every = Tally(sum(one.count for one in found.values()), sum(one.within for one in found.values()))
    reasons = {reason: found[reason] for reason in RevocationReason if reason in found}
    return Totals(every, reasons, open=sum(others.values()), refused=refused)


def revocation_page(asked: Period, after: int | None = None) -> list[Row[Any]]:
    """Up to PAGE + 1 lines in the order of execution, beyond the revocation `after`; the last only tells of more."""
    query = _revocations(asked)
    before = db.session.get(Revocation, after) if after else None
    if before is not None and before.executed_at is not None:
        later = and_(Revocation.executed_at == before.executed_at, Revocation.id > before.id)
        query = query.where(or_(Revocation.executed_at > before.executed_at, later))
    return list(db.session.execute(query.limit(PAGE + 1)))


def build_revocation_csv(asked: Period, out: IO[bytes], *, by: Officer) -> Built:
    """Write the report as CSV (RFC 4180, UTF-8 with byte order mark) and record its SHA-256.

    Read in batches and written as it is read, so that memory stays flat whatever the period holds.
    """
    lines = db.session.execute(_revocations(asked).execution_options(yield_per=500))
    built = write_csv(REVOCATION_COLUMNS, (_cells(line) for line in lines), out)
    audit.record(Event.REPORT_BUILT, Subject.REPORT, "revocation", by=by, report="revocation",
                 query=f"from={asked.first}&to={asked.last}", rows=built.rows, sha256=built.sha256)  # fmt: skip
    return built


def write_csv(columns: Iterable[str], lines: Iterable[Iterable[str]], out: IO[bytes]) -> Built:
    """CSV (RFC 4180, UTF-8 with byte order mark), every cell guarded and written as it comes."""
    sink = _Sink(out)
    writer = csv.writer(sink, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    sink.write("\ufeff")
    writer.writerow(columns)
    rows = 0
    for line in lines:
        writer.writerow([guarded(cell) for cell in line])
        rows += 1
    return Built(rows, sink.size, sink.digest.hexdigest())


def guarded(text: str) -> str:
    """The cell with ' before it where a spreadsheet would compute, or read a number and lose digits of it.

    That is = + - @ (full-width too, after blanks too), a tab or line end in front, more than 15 digits, and
    digits around an E.
    """
    plain = unicodedata.normalize("NFKC", text)
    formula = plain.lstrip()[:1] in tuple("=+-@") or text[:1] in tuple("\t\r\n")
    return f"'{text}" if formula or re.fullmatch(r"[0-9]{16,}|[0-9]+[eE][0-9]+", plain) else text


def unguarded(text: str) -> str:
    """The cell that `guarded` was given, when this is what it made of it; any other as it stands."""
    return text[1:] if text.startswith("'") and guarded(text[1:]) == text else text


class _Sink:
    """What csv writes to: UTF-8 bytes into a file, counted and digested on the way."""

    def __init__(self, out: IO[bytes]) -> None:
        self.out, self.size, self.digest = out, 0, hashlib.sha256()

    def write(self, text: str) -> int:
        content = text.encode()
        self.digest.update(content)
        self.size += len(content)
        return self.out.write(content)


def _executed_in(asked: Period) -> ColumnElement[bool]:
    return and_(Revocation.executed_at >= asked.since, Revocation.executed_at < asked.until)


def _revocations(asked: Period) -> Select[*tuple[Any, ...]]:
    receiver, decider, executor = aliased(Officer), aliased(Officer), aliased(Officer)
    return (
        select(
            Revocation.id, Certificate.jc_number, Certificate.serial_number, Corporation.corporate_number,
            Corporation.name.label("corporation"), Certificate.organization_unit, Certificate.common_name,
            Revocation.requester, Revocation.reason, Revocation.received_at, Revocation.decided_at,
            Revocation.executed_at, Revocation.due_at, Revocation.crl_number, Revocation.published_at,
            case((Revocation.received_upon.is_not(None), SYSTEM), else_=func.coalesce(receiver.name, SUBSCRIBER)).label("receiver"), decider.name.label("decider"), executor.name.label("executor"),
        )
        .join(Certificate, Revocation.certificate_id == Certificate.id)
        .join(Corporation, Certificate.corporation_id == Corporation.id)
        .outerjoin(receiver, Revocation.received_by == receiver.id)
        .join(decider, Revocation.decided_by == decider.id)
        .join(executor, Revocation.executed_by == executor.id)
        .where(_executed_in(asked))
        .order_by(Revocation.executed_at, Revocation.id)
    )  # fmt: skip


def _cells(line: Row[Any]) -> Iterator[str]:
    yield from (line.jc_number, line.serial_number, line.corporate_number, line.corporation)
    yield from (
        line.organization_unit,
        line.common_name,
        word(line.requester),
        word(line.reason),
        line.reason.value,
    )
    yield from (moment(line.received_at), moment(line.decided_at), moment(line.executed_at))
    yield from (f"{hours(line.received_at, line.executed_at):.1f}", moment(line.due_at))
    yield "期限内" if line.executed_at <= line.due_at else "期限超過"
    yield from (str(line.crl_number or ""), moment(line.published_at))
    yield from (line.receiver, line.decider, line.executor)


def moment(at: datetime | None) -> str:
    """2026-11-22 14:05:09, in Japan."""
    return f"{at.astimezone(JST):%Y-%m-%d %H:%M:%S}" if at else ""
