"""How the desk does: what waits and how long, how much was decided in time, what was returned for (第3条2).

Never by officer: this measures the desk and ranks nobody. What waits is counted as it is now, by the index of states;
what was done is kept by the day (`MeasuredDay`), since a decision leaves its row and a second return overwrites the
first. Only today is counted from the audit record while the page is made.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import IO, Any

from sqlalchemy import Row, case, func, select

from jcanweb import audit, calendar, clock
from jcanweb.database import db, flush
from jcanweb.events import Event, Outcome, Subject
from jcanweb.labels import word
from jcanweb.models import Application, AuditEntry, FieldCheck, MeasuredDay, Officer
from jcanweb.services.reports import Built, Period, Tally, write_csv
from jcanweb.vocabulary import ApplicationState as A
from jcanweb.vocabulary import CheckedField, Interval, Stage, Verdict

AGES = (1, 3)
"""business days: 0 to 1, 2 to 3, more"""
MONTHS = 6
"""what is shown at first: this one and those before it"""
AT_ONCE = 100
"""days that one run of the job counts"""
ACTS = (
    Event.APPLICATION_SUBMITTED,
    Event.APPLICATION_APPROVED,
    Event.APPLICATION_REJECTED,
    Event.APPLICATION_RETURNED,
)
WAITING = (A.SUBMITTED, A.SCREENING, A.APPROVED, A.ISSUING)


@dataclass(frozen=True)
class Waiting:
    """Applications of one stage, by the business days since they were handed in."""

    stage: Stage
    counts: tuple[int, int, int]

    @property
    def total(self) -> int:
        return sum(self.counts)


@dataclass
class Span:
    """The days of a week or month that lie in the period, added up."""

    first: date
    last: date
    submitted: int = 0
    decided: int = 0
    in_time: int = 0
    returned: int = 0
    returned_for: Counter[str] = field(default_factory=Counter)

    @property
    def tally(self) -> Tally:
        return Tally(self.decided, self.in_time)

    def add(self, part: "MeasuredDay | Span") -> None:
        self.submitted += part.submitted
        self.decided += part.decided
        self.in_time += part.in_time
        self.returned += part.returned
        self.returned_for.update(part.returned_for)


def usual() -> Period:
    """This month and the MONTHS - 1 before it, up to today (Japan)."""
    today = calendar.jst_date(clock.now())
    return Period(calendar.months_before(today.replace(day=1), MONTHS - 1), today)


def waiting() -> list[Waiting]:
    """Every stage that waits for the registration authority, by age."""
    fresh, middle = (calendar.midnight(_since(age)) for age in AGES)
    handed_in = Application.submitted_at
    age = case((handed_in >= fresh, 0), (handed_in >= middle, 1), else_=2)
    screened = Application.screened_at.is_not(None)
    query = select(Application.state, screened, age, func.count()).where(Application.state.in_(WAITING))
    found: Counter[tuple[Stage, int]] = Counter()
    for state, checked, old, count in db.session.execute(query.group_by(Application.state, screened, age)):
        found[_stage(state, bool(checked)), old] += count
    return [Waiting(stage, (found[stage, 0], found[stage, 1], found[stage, 2])) for stage in Stage]


def spans(asked: Period, interval: Interval) -> list[Span]:
    """The weeks (from Monday) or months of the period, the first and the last cut where it begins and ends."""
    made: list[Span] = []
    days = {one.day: one for one in _days(asked)}
    day = asked.first
    while day <= asked.last:
        begins = day.weekday() == 0 if interval is Interval.WEEK else day.day == 1
        if begins or not made:
            made.append(Span(day, day))
        made[-1].last = day
        if day in days:
            made[-1].add(days[day])
        day += timedelta(days=1)
    return made


def whole(parts: list[Span]) -> Span:
    """All of these, added up."""
    total = Span(parts[0].first, parts[-1].last)
    for one in parts:
        total.add(one)
    return total


def this_month() -> Tally:
    """What was decided since the first of this month, and how much of it in time."""
    today = calendar.jst_date(clock.now())
    return whole(spans(Period(today.replace(day=1), today), Interval.MONTH)).tally


def fill() -> int:
    """Count up to AT_ONCE days that are over and not counted yet, the oldest first; how many."""
    today = calendar.jst_date(clock.now())
    day = _next_day(today)
    last = min(today, day + timedelta(days=AT_ONCE))
    counted = 0
    while day < last:
        db.session.add(count(day))
        day, counted = day + timedelta(days=1), counted + 1
    flush()
    return counted


def count(day: date) -> MeasuredDay:
    """What that day (Japan) came to, from the audit record."""
    entries = _entries(day)
    returned = [
        (int(one.subject_id), one.facts["revision"])
        for one in entries
        if one.event is Event.APPLICATION_RETURNED
    ]
    decided = [
        one for one in entries if one.event in {Event.APPLICATION_APPROVED, Event.APPLICATION_REJECTED}
    ]
    return MeasuredDay(
        day=day, submitted=sum(one.event is Event.APPLICATION_SUBMITTED for one in entries), decided=len(decided),
        in_time=sum((one.facts["due_on"] or "") >= day.isoformat() for one in decided), returned=len(returned),
        returned_for=_failed(returned),
    )  # fmt: skip


def build_csv(asked: Period, interval: Interval, out: IO[bytes], *, by: Officer) -> Built:
    """Write the spans as CSV and record its SHA-256."""
    columns = ("初日", "末日", "提出", "承認・却下", "期限内", "期限内の割合", "差戻し",
               *(f"差戻し: {word(one)}" for one in CheckedField))  # fmt: skip
    built = write_csv(columns, (list(_cells(one)) for one in spans(asked, interval)), out)
    audit.record(Event.REPORT_BUILT, Subject.REPORT, "measures", by=by, report="measures",
                 query=f"from={asked.first}&to={asked.last}&by={interval}", rows=built.rows, sha256=built.sha256)  # fmt: skip
    return built


def _cells(one: Span) -> Iterator[str]:
    yield from (
        one.first.isoformat(),
        one.last.isoformat(),
        str(one.submitted),
        str(one.decided),
        str(one.in_time),
    )
    yield from (one.tally.rate or "", str(one.returned))
    yield from (str(one.returned_for[kind]) for kind in CheckedField)


def _stage(state: A, screened: bool) -> Stage:
    if state is A.SCREENING:
        return Stage.APPROVAL if screened else Stage.SCREENING
    return Stage.RECEPTION if state is A.SUBMITTED else Stage.ISSUANCE


def _since(age: int) -> date:
    """The first day (Japan) from which on no more than `age` business days have passed until today."""
    day, passed = calendar.jst_date(clock.now()), 0
    while True:
        passed += calendar.is_business_day(day)
        if passed > age:
            return day
        day -= timedelta(days=1)


def _days(asked: Period) -> list[MeasuredDay]:
    kept = select(MeasuredDay).where(MeasuredDay.day >= asked.first, MeasuredDay.day <= asked.last)
    found, today = list(db.session.scalars(kept)), calendar.jst_date(clock.now())
    return [*found, count(today)] if asked.first <= today <= asked.last else found


def _next_day(today: date) -> date:
    """The first day that is not counted: after the last one that is, or of the first application handed in."""
    last: date | None = db.session.scalar(select(func.max(MeasuredDay.day)))
    if last is not None:
        return last + timedelta(days=1)
    first = select(AuditEntry.at).where(AuditEntry.event == Event.APPLICATION_SUBMITTED)
    begun: datetime | None = db.session.scalar(first.order_by(AuditEntry.sequence).limit(1))
    return calendar.jst_date(begun) if begun else today


def _entries(day: date) -> list[Row[tuple[Event, str, dict[str, Any]]]]:
    """What was done to applications on that day: (event, subject_id, facts)."""
    since, until = calendar.midnight(day), calendar.midnight(day + timedelta(days=1))
    query = select(AuditEntry.event, AuditEntry.subject_id, AuditEntry.facts).where(
        AuditEntry.event.in_(ACTS), AuditEntry.outcome == Outcome.DONE, AuditEntry.subject == Subject.APPLICATION,
        AuditEntry.at >= since, AuditEntry.at < until,
    )  # fmt: skip
    begin, end = _sequence(since), _sequence(until)
    if begin is None:
        return []
    query = query.where(AuditEntry.sequence >= begin)
    if end is not None:
        query = query.where(AuditEntry.sequence < end)
    return list(db.session.execute(query.order_by(AuditEntry.sequence)))


def _sequence(moment: datetime) -> int | None:
    """The first entry written at that moment or later: entries are looked up by their number from there on."""
    query = select(AuditEntry.sequence).where(AuditEntry.at >= moment)
    return db.session.scalar(query.order_by(AuditEntry.at, AuditEntry.sequence).limit(1))


def _failed(returned: list[tuple[int, int]]) -> dict[str, int]:
    """How many of these returns (application, revision) had each field's newest verdict against it."""
    newest: dict[tuple[int, int, CheckedField], Verdict] = {}
    query = select(FieldCheck.application_id, FieldCheck.revision, FieldCheck.field, FieldCheck.verdict)
    rows = query.where(FieldCheck.application_id.in_({number for number, _ in returned})).order_by(
        FieldCheck.id
    )
    for number, revision, kind, verdict in db.session.execute(rows):
        newest[number, revision, kind] = verdict
    return dict(Counter(
        str(kind) for number, revision in returned for kind in CheckedField
        if newest.get((number, revision, kind)) is Verdict.FAIL
    ))  # fmt: skip
