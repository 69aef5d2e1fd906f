from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jcanweb.calendar import (
    add_business_days,
    business_days_left,
    is_business_day,
    japanese_date,
    japanese_datetime,
    jst_date,
    months_after,
    months_before,
    read_day,
    remaining,
    short,
    short_day,
    within_months,
)

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
NAIVE = datetime(2026, 11, 22, 12)  # noqa: DTZ001 - the mistake itself


@pytest.mark.parametrize(
    "closed",
    [
        date(2026, 11, 21),
        date(2026, 11, 22),
        date(2026, 11, 23),
        date(2026, 5, 6),
        date(2026, 9, 22),
        date(2027, 3, 22),
        date(2026, 12, 29),
        date(2026, 12, 30),
        date(2026, 12, 31),
        date(2027, 1, 1),
        date(2028, 1, 3),
    ],
)
def test_closed_on_weekends_holidays_and_at_the_turn_of_the_year(closed: date) -> None:
    assert not is_business_day(closed)


@pytest.mark.parametrize("day", [date(2026, 11, 24), date(2026, 12, 28), date(2027, 1, 4), date(2026, 9, 24)])
def test_open_on_other_days(day: date) -> None:
    assert is_business_day(day)


@pytest.mark.parametrize(
    ("day", "count", "expected"),
    [
        (date(2026, 9, 18), 1, date(2026, 9, 24)),
        (date(2026, 9, 18), 3, date(2026, 9, 28)),
        (date(2026, 12, 28), 1, date(2027, 1, 4)),
        (date(2026, 11, 24), 0, date(2026, 11, 24)),
        (date(2026, 11, 21), 0, date(2026, 11, 24)),
        (date(2026, 11, 21), 1, date(2026, 11, 24)),
    ],
)
def test_business_days_are_counted_over_the_closed_ones(day: date, count: int, expected: date) -> None:
    assert add_business_days(day, count) == expected


@pytest.mark.parametrize(
    ("day", "count", "expected"),
    [
        (date(2027, 3, 31), 1, date(2027, 2, 28)),
        (date(2028, 3, 31), 1, date(2028, 2, 29)),
        (date(2026, 11, 22), 3, date(2026, 8, 22)),
        (date(2027, 1, 15), 1, date(2026, 12, 15)),
        (date(2027, 1, 31), 12, date(2026, 1, 31)),
        (date(2027, 1, 31), 0, date(2027, 1, 31)),
    ],
)
def test_months_before_end_with_the_month(day: date, count: int, expected: date) -> None:
    assert months_before(day, count) == expected


def test_a_seal_certificate_of_exactly_three_months_is_within() -> None:
    assert within_months(date(2026, 8, 22), date(2026, 11, 22), 3)
    assert within_months(date(2026, 11, 22), date(2026, 11, 22), 3)


def test_a_seal_certificate_one_day_older_is_not_within() -> None:
    assert not within_months(date(2026, 8, 21), date(2026, 11, 22), 3)


def test_a_seal_certificate_of_tomorrow_is_not_within() -> None:
    assert not within_months(date(2026, 11, 23), date(2026, 11, 22), 3)


def test_the_day_in_japan_begins_nine_hours_before_greenwich() -> None:
    assert jst_date(datetime(2026, 11, 22, 14, 59, tzinfo=UTC)) == date(2026, 11, 22)
    assert jst_date(datetime(2026, 11, 22, 15, 0, tzinfo=UTC)) == date(2026, 11, 23)


def test_dates_are_written_with_their_weekday() -> None:
    assert japanese_date(date(2026, 11, 22)) == "2026年11月22日（日）"
    assert japanese_date(date(2027, 1, 4)) == "2027年1月4日（月）"
    assert japanese_datetime(datetime(2026, 11, 22, 15, 5, tzinfo=UTC)) == "2026年11月23日（月） 00:05"


@pytest.mark.parametrize(
    ("after", "words"),
    [
        (timedelta(days=5), "あと 5日"),
        (timedelta(hours=48), "あと 2日"),
        (timedelta(hours=48, seconds=-1), "あと 47時間"),
        (timedelta(hours=3, minutes=59), "あと 3時間"),
        (timedelta(minutes=59, seconds=59), "あと 59分"),
        (timedelta(seconds=59), "あと 1分未満"),
        (timedelta(0), "あと 1分未満"),
        (-timedelta(microseconds=1), "1分未満 超過"),
        (-timedelta(minutes=20), "20分 超過"),
        (-timedelta(hours=2, minutes=30), "2時間 超過"),
        (-timedelta(days=3), "3日 超過"),
    ],
)
def test_remaining_time_is_said_in_words_and_never_too_generously(after: timedelta, words: str) -> None:
    assert remaining(NOON, NOON + after) == words


def test_remaining_time_is_absolute_across_zones() -> None:
    deadline = datetime(2026, 11, 22, 23, tzinfo=timezone(timedelta(hours=9)))
    assert remaining(NOON, deadline) == "あと 2時間"


def test_a_datetime_without_a_zone_is_refused() -> None:
    for act in (lambda: jst_date(NAIVE), lambda: japanese_datetime(NAIVE), lambda: remaining(NAIVE, NOON),
                lambda: remaining(NOON, NAIVE)):  # fmt: skip
        with pytest.raises(ValueError, match="zone"):
            act()


@pytest.mark.parametrize(
    "act",
    [
        is_business_day,
        japanese_date,
        lambda moment: add_business_days(moment, 1),
        lambda moment: business_days_left(date(2026, 11, 20), moment),
        lambda moment: months_before(moment, 1),
        lambda moment: within_months(moment, date(2026, 11, 22), 1),
        lambda moment: within_months(date(2026, 11, 22), moment, 1),
    ],
)
def test_a_moment_where_a_day_is_meant_is_refused(act) -> None:
    with pytest.raises(TypeError, match="jst_date"):
        act(NOON)


def test_a_negative_count_is_refused() -> None:
    for count_from in (add_business_days, months_after, months_before):
        with pytest.raises(ValueError, match="negative"):
            count_from(date(2026, 11, 22), -1)


@given(st.dates(date(2000, 1, 1), date(2060, 1, 1)), st.integers(0, 30))
def test_the_answer_is_always_a_business_day_and_each_step_is_later(day: date, count: int) -> None:
    landed = add_business_days(day, count)
    assert is_business_day(landed)
    assert day <= landed < add_business_days(day, count + 1) or count == 0


@pytest.mark.parametrize(
    ("day", "count", "expected"),
    [
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2026, 11, 24), 2, date(2027, 1, 24)),
        (date(2027, 11, 30), 3, date(2028, 2, 29)),
        (date(2026, 11, 24), 0, date(2026, 11, 24)),
    ],
)
def test_months_after_end_with_the_month(day: date, count: int, expected: date) -> None:
    assert months_after(day, count) == expected


@given(st.dates(date(2000, 1, 1), date(2060, 1, 1)), st.integers(0, 30))
def test_as_many_business_days_are_left_as_were_counted(day: date, count: int) -> None:
    assert business_days_left(day, add_business_days(day, count)) == (count or not is_business_day(day))


def test_the_short_form_leaves_out_what_is_today() -> None:
    now = datetime(2026, 11, 24, 1, tzinfo=UTC)
    assert (short(now, now), short_day(now, now)) == ("10:00", "今日")
    late = datetime(2026, 11, 24, 15, 30, tzinfo=UTC)  # after midnight in Japan
    assert (short(late, now), short_day(late, now)) == ("11月25日（水）00:30", "11月25日（水）")


def test_no_day_is_left_of_a_past_one() -> None:
    assert business_days_left(date(2026, 11, 24), date(2026, 11, 20)) == 0


@pytest.mark.parametrize(
    ("typed", "day"),
    [("2026-11-22", date(2026, 11, 22)), ("２０２６／１１／２２", date(2026, 11, 22)), ("2026.1.2", date(2026, 1, 2)),
     ("2026年11月22日", date(2026, 11, 22)), ("2026-11-22 00:00", date(2026, 11, 22)),
     ("令和8年11月22日", date(2026, 11, 22)), ("令和元年5月1日", date(2019, 5, 1)), ("r8.11.22", date(2026, 11, 22)),
     ("H31.4.30", date(2019, 4, 30)), ("昭和64年1月7日", date(1989, 1, 7))],
)  # fmt: skip
def test_a_day_is_read_as_japan_writes_it(typed: str, day: date) -> None:
    assert read_day(typed) == day


@pytest.mark.parametrize("typed", ["", "46348", "2026-02-30", "26-11-22", "1899-12-31", "平成1年1月7日", "令和8年", "٢٠٢٦-11-22",
                                   "2026-11-22 09:00", "明治1年1月1日", "元-1-1"])  # fmt: skip
def test_what_is_no_day_is_refused(typed: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - its words are nobody's to read
        read_day(typed)
