"""What waits and how long; what was decided in time; what was returned for; each day counted once."""

import io
from datetime import date, datetime
from typing import Any

import pytest

from jcanweb import audit
from jcanweb.calendar import JST
from jcanweb.database import db
from jcanweb.events import Event, Subject
from jcanweb.models import Application, AuditEntry, FieldCheck, MeasuredDay
from jcanweb.roles import Role
from jcanweb.services import measures as service
from jcanweb.services import screening
from jcanweb.services.reports import Period
from jcanweb.vocabulary import ApplicationState as A
from jcanweb.vocabulary import CheckedField, Interval, PaperPoint, Stage, Verdict
from tests import builders
from tests.conftest import Hands
from tests.people import officer

MONTH = Period(date(2026, 11, 1), date(2026, 11, 30))


def jst(month: int, day: int, hour: int = 10) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=JST)


def told(event: Event, application: Application, **facts: Any) -> None:
    audit.record(event, Subject.APPLICATION, application.id, by=None, **facts)


def handed_in(**values: Any) -> Application:
    made = builders.application(**values)
    told(Event.APPLICATION_SUBMITTED, made, revision=1, kind="new", renewal_of=None)
    return made


def decided(application: Application, event: Event = Event.APPLICATION_APPROVED) -> None:
    due = application.due_on
    told(event, application, revision=application.revision, due_on=due and due.isoformat())


def test_what_waits_by_stage_and_age(context: Any, hands: Hands) -> None:
    for day, state, screened in (
        (24, A.SUBMITTED, False), (20, A.SUBMITTED, False), (19, A.SUBMITTED, False), (17, A.SUBMITTED, False),
        (18, A.SCREENING, False), (16, A.SCREENING, True), (2, A.APPROVED, True), (2, A.REJECTED, False),
    ):  # fmt: skip
        builders.application(state, screened=screened, submitted_at=jst(11, day))
    builders.application(A.RETURNED)
    builders.application(A.DRAFT)
    # Monday the 23rd is a holiday: the 20th is one business day ago, the 19th two, the 18th three
    assert {one.stage: one.counts for one in service.waiting()} == {
        Stage.RECEPTION: (2, 1, 1), Stage.SCREENING: (0, 1, 0), Stage.APPROVAL: (0, 0, 1), Stage.ISSUANCE: (0, 0, 1),
    }  # fmt: skip


def test_the_day_in_japan_counts(context: Any, hands: Hands) -> None:
    builders.application(submitted_at=datetime(2026, 11, 20, 0, 0, tzinfo=JST))
    builders.application(submitted_at=datetime(2026, 11, 19, 23, 59, tzinfo=JST))
    assert service.waiting()[0].counts == (1, 1, 0)


def test_decided_by_the_day_it_was_due(context: Any) -> None:
    for due_on, event in (
        (date(2026, 11, 24), Event.APPLICATION_APPROVED), (date(2026, 11, 22), Event.APPLICATION_APPROVED),
        (date(2026, 11, 27), Event.APPLICATION_REJECTED),
    ):  # fmt: skip
        decided(handed_in(due_on=due_on), event)
    found = service.count(date(2026, 11, 24))
    assert (found.submitted, found.decided, found.in_time) == (3, 3, 2)


def test_a_decision_records_when_it_was_due(context: Any, hands: Hands) -> None:
    made, approver = builders.application(A.SCREENING, screened=True), officer(Role.APPROVER)
    builders.enter(made, by=approver)
    screening.approve(made, version=made.version, by=approver)
    other = builders.application(A.SCREENING, screened=True)
    screening.reject(other, "契約が終了しているため。", version=other.version, by=officer(Role.APPROVER))
    found = service.count(date(2026, 11, 24))
    assert (found.decided, found.in_time) == (2, 2)


def test_what_was_refused_or_began_is_not_counted(context: Any) -> None:
    made = handed_in()
    audit.refuse(Event.APPLICATION_APPROVED, Subject.APPLICATION, made.id, by=None, reason="StalePage")
    assert service.count(date(2026, 11, 24)).decided == 0


def returned(application: Application, *failed: CheckedField) -> None:
    screener = officer(Role.SCREENER)
    for kind in CheckedField:
        for verdict in (Verdict.FAIL, Verdict.FAIL if kind in failed else Verdict.PASS):
            db.session.add(FieldCheck(application_id=application.id, revision=application.revision, field=kind, value="x",
                                      verdict=verdict, matched=" ".join(PaperPoint), checked_by=screener.id,
                                      checked_at=application.drafted_at))  # fmt: skip
    told(Event.APPLICATION_RETURNED, application, revision=application.revision)


def test_returns_by_the_fields_whose_last_verdict_was_against_them(context: Any) -> None:
    first, second = handed_in(), handed_in()
    returned(first, CheckedField.COMMON_NAME)
    returned(second, CheckedField.COMMON_NAME, CheckedField.SEAL_CERTIFICATE)
    first.revision += 1
    returned(first)
    found = service.count(date(2026, 11, 24))
    assert (found.returned, found.returned_for) == (3, {"common_name": 2, "seal_certificate": 1})


def test_days_that_are_over_are_counted_once_from_the_first_application_on(
    context: Any, hands: Hands
) -> None:
    one = handed_in()
    hands.at = jst(11, 27, 9)
    decided(one)
    assert service.fill() == 3
    assert service.fill() == 0
    kept = db.session.query(MeasuredDay).order_by(MeasuredDay.day).all()
    assert [(day.day.day, day.submitted, day.decided) for day in kept] == [(24, 1, 0), (25, 0, 0), (26, 0, 0)]
    one.submitted_at = jst(11, 26)  # what comes later changes nothing of it
    assert service.whole(service.spans(MONTH, Interval.MONTH)).submitted == 1


def test_many_days_are_counted_over_several_runs(
    context: Any, hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    handed_in()
    hands.at = jst(12, 5)
    monkeypatch.setattr(service, "AT_ONCE", 7)
    assert [service.fill() for _ in range(3)] == [7, 4, 0]


def test_nothing_to_count_before_the_first_application(context: Any) -> None:
    assert service.fill() == 0
    assert service.spans(MONTH, Interval.MONTH)[0].decided == 0


def test_midnight_in_japan_parts_the_days(context: Any, hands: Hands) -> None:
    hands.at = datetime(2026, 11, 24, 23, 59, 59, tzinfo=JST)
    handed_in()
    hands.forward(seconds=1)
    handed_in()
    assert [service.count(date(2026, 11, day)).submitted for day in (23, 24, 25, 26)] == [0, 1, 1, 0]


def test_today_is_in_the_sum(context: Any) -> None:
    decided(handed_in())
    assert service.this_month().rate == "100.0%"


def test_weeks_begin_on_monday_and_the_ends_are_cut(context: Any) -> None:
    weeks = service.spans(Period(date(2026, 11, 11), date(2026, 11, 24)), Interval.WEEK)
    assert [(one.first.day, one.last.day) for one in weeks] == [(11, 15), (16, 22), (23, 24)]
    months = service.spans(Period(date(2026, 9, 30), date(2026, 11, 1)), Interval.MONTH)
    assert [(one.first.month, one.last.day) for one in months] == [(9, 30), (10, 31), (11, 1)]


def test_the_file_holds_what_the_page_shows_and_is_recorded(context: Any) -> None:
    decided(handed_in())
    out = io.BytesIO()
    built = service.build_csv(MONTH, Interval.MONTH, out, by=officer(Role.AUDITOR))
    rows = out.getvalue().decode("utf-8-sig").splitlines()
    assert rows[1] == '"2026-11-01","2026-11-30","1","1","1","100.0%","0","0","0","0","0"'
    entry = db.session.query(AuditEntry).filter_by(event=Event.REPORT_BUILT).one()
    assert entry.facts == {
        "report": "measures", "query": "from=2026-11-01&to=2026-11-30&by=month", "rows": 1, "sha256": built.sha256,
    }  # fmt: skip
