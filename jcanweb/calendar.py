"""Days and deadlines in Japan: business days, months, and how they are written. Never reads the clock.

A `datetime` must be aware; a `date` is a day in Japan. Deadlines of revocation run in absolute time and need
none of the business-day functions.
"""

from calendar import monthrange
from datetime import date, datetime, timedelta, timezone

import jpholiday

JST = timezone(timedelta(hours=9), "JST")
"""Japan has had no summer time since 1952, so a fixed offset needs no zone database."""

_WEEKDAYS = "月火水木金土日"


def is_business_day(day: date) -> bool:
    """Open on this day? Closed on Saturdays, Sundays, national holidays and from 29 December to 3 January."""
    _only_date(day)
    if day.weekday() >= 5 or (day.month, day.day) >= (12, 29) or (day.month, day.day) <= (1, 3):
        return False
    return not jpholiday.is_holiday(day)


def add_business_days(day: date, count: int) -> date:
    """The `count`-th business day after `day`; for 0 the day itself, or the next business day when closed."""
    if count < 0:
        raise ValueError("count must not be negative")
    _only_date(day)
    if count == 0:
        return day if is_business_day(day) else add_business_days(day, 1)
    while count:
        day += timedelta(days=1)
        count -= is_business_day(day)
    return day


def business_days_left(day: date, last: date) -> int:
    """How many business days come after `day`, up to and with `last`; 0 when that is not later."""
    _only_date(last)
    return sum(is_business_day(day + timedelta(days=n)) for n in range(1, (last - day).days + 1))


def months_before(day: date, count: int) -> date:
    """The same day `count` calendar months earlier, or the last day of that month when it has no such day."""
    if count < 0:
        raise ValueError("count must not be negative")
    return _months_from(day, -count)


def months_after(day: date, count: int) -> date:
    """The same day `count` calendar months later, or the last day of that month when it has no such day."""
    if count < 0:
        raise ValueError("count must not be negative")
    return _months_from(day, count)


def within_months(issued: date, applied: date, count: int) -> bool:
    """Was a paper issued no more than `count` calendar months before it was handed in, and not after?"""
    _only_date(issued)
    return months_before(applied, count) <= issued <= applied


def jst_date(moment: datetime) -> date:
    """The day in Japan at this moment."""
    return _aware(moment).astimezone(JST).date()


def japanese_date(day: date) -> str:
    """2026年11月22日（日）"""
    _only_date(day)
    return f"{day.year}年{day.month}月{day.day}日（{_WEEKDAYS[day.weekday()]}）"


def japanese_datetime(moment: datetime) -> str:
    """2026年11月22日（日） 14:05, in Japan."""
    local = _aware(moment).astimezone(JST)
    return f"{japanese_date(local.date())} {local:%H:%M}"


def remaining(now: datetime, deadline: datetime) -> str:
    """How long until the deadline, or since, in words: あと 2日, あと 47時間, あと 20分, 2時間 超過.

    Rounded down, so that it never promises more than there is; days from 48 hours on.
    """
    seconds = int((_aware(deadline) - _aware(now)) / timedelta(seconds=1))
    if deadline >= now:
        return f"あと {_span(seconds)}"
    return f"{_span(-seconds)} 超過"


def _months_from(day: date, count: int) -> date:
    _only_date(day)
    year, month = divmod(day.year * 12 + day.month - 1 + count, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _span(seconds: int) -> str:
    if seconds >= 48 * 3600:
        return f"{seconds // 86400}日"
    if seconds >= 3600:
        return f"{seconds // 3600}時間"
    return f"{seconds // 60}分" if seconds >= 60 else "1分未満"


def _aware(moment: datetime) -> datetime:
    if moment.utcoffset() is None:
        raise ValueError("a datetime without a zone names no moment")
    return moment


def _only_date(day: date) -> None:
    if isinstance(day, datetime):
        raise TypeError("a moment is not a day; ask jst_date first")
