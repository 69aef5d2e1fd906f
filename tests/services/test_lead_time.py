"""The clock of an application: business days of Japan, stopped while it is with its applicant."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from jcanweb.database import db, flush
from jcanweb.models import Application
from jcanweb.roles import Role
from jcanweb.services import enrollment, handling, screening
from jcanweb.services import screening_ledger as ledger
from jcanweb.vocabulary import ApplicationState as A
from tests import builders
from tests.people import officer


def morning(day: date) -> datetime:
    """09:00 in Japan."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def handed_in(made: Application) -> Application:
    enrollment.submit(made, version=made.version, by=made.person)
    return made


def returned(made: Application) -> Application:
    """Claimed and sent back on one day."""
    screener = officer(Role.SCREENER)
    handling.start(made, version=made.version, by=screener)
    screening.send_back(made, "直してください。", version=made.version, by=screener)
    return made


@pytest.mark.parametrize(
    ("day", "due"),
    [
        (date(2026, 11, 24), date(2026, 11, 27)),
        (date(2026, 9, 18), date(2026, 9, 28)),  # 21 and 23 September are holidays, and 22 lies between two
        (date(2026, 5, 1), date(2026, 5, 11)),  # 3 May is a Sunday: its substitute is the 6th
        (date(2027, 3, 19), date(2027, 3, 25)),  # 21 March is a Sunday: the 22nd is closed
        (date(2026, 12, 25), date(2027, 1, 5)),  # 28 December is open, 29 December to 3 January is not
        (date(2026, 12, 28), date(2027, 1, 6)),
        (date(2026, 11, 21), date(2026, 11, 26)),  # a Saturday, and Monday is a holiday
    ],
)
def test_due_three_business_days_after_it_was_handed_in(
    context: Any, hands: Any, day: date, due: date
) -> None:
    hands.at = morning(day)
    made = handed_in(builders.application(A.DRAFT))
    assert (made.due_on, made.days_left) == (due, None)
    end = ledger.due(made)
    assert end is not None
    assert end.isoformat() == f"{due}T23:59:59+09:00"


def test_the_day_is_japans(context: Any, hands: Any) -> None:
    hands.at = datetime(2026, 11, 24, 15, 30, tzinfo=UTC)  # 00:30 of the 25th
    assert handed_in(builders.application(A.DRAFT)).due_on == date(2026, 11, 30)


@pytest.mark.parametrize(
    ("back", "left", "again", "due"),
    [
        (date(2026, 9, 18), 3, date(2026, 9, 30), date(2026, 10, 5)),  # on the day it came in
        (date(2026, 9, 20), 3, date(2026, 9, 22), date(2026, 9, 28)),  # within the holidays nothing is lost
        (date(2026, 9, 25), 1, date(2026, 12, 28), date(2027, 1, 4)),  # over the turn of the year
        (date(2026, 9, 28), 0, date(2026, 9, 29), date(2026, 9, 29)),  # on its last day
        (date(2026, 9, 28), 0, date(2026, 12, 30), date(2027, 1, 4)),  # and back on a closed one
        (date(2026, 10, 7), 0, date(2026, 10, 8), date(2026, 10, 8)),  # overdue
    ],
)  # fmt: skip
def test_a_return_stops_the_clock_and_keeps_the_days_left(
    context: Any, hands: Any, back: date, left: int, again: date, due: date
) -> None:
    hands.at = morning(date(2026, 9, 18))
    made = handed_in(builders.application(A.DRAFT))
    assert made.due_on == date(2026, 9, 28)
    hands.at = morning(back)
    returned(made)
    assert (made.due_on, made.days_left, ledger.due(made)) == (None, left, None)
    made.seal_certificate_on = again
    flush()
    hands.at = morning(again)
    handed_in(made)
    assert (made.due_on, made.days_left) == (due, None)


def test_what_is_over_is_not_due(context: Any) -> None:
    withdrawn, rejected = builders.application(), builders.application(A.SCREENING)
    enrollment.withdraw(withdrawn, version=withdrawn.version, by=withdrawn.person)
    screening.reject(rejected, "契約の終了", version=rejected.version, by=officer())
    assert (withdrawn.due_on, rejected.due_on) == (None, None)


@pytest.mark.parametrize("state", [A.DRAFT, A.RETURNED, A.REJECTED, A.WITHDRAWN, A.LAPSED])
def test_the_database_keeps_no_day_over_what_does_not_wait_for_us(context: Any, state: A) -> None:
    made = builders.application(state)
    with pytest.raises(IntegrityError, match="due"):
        db.session.execute(
            text("UPDATE application SET due_on = '2026-12-01', days_left = NULL WHERE id = :id"),
            {"id": made.id},
        )
