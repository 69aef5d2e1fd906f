"""Days and deadlines in Japan: business days, months, and how they are written. Never reads the clock.

A `datetime` must be aware; a `date` is a day in Japan. Deadlines of revocation run in absolute time and need
none of the business-day functions.
"""

import re
import unicodedata
from calendar import monthrange
from datetime import date, datetime, time, timedelta, timezone

import jpholiday

JST = timezone(timedelta(hours=9), "JST")
"""Japan has had no summer time since 1952, so a fixed offset needs no zone database."""

_WEEKDAYS = "月火水木金土日"
_DAY = re.compile(
    r"(\d{4}|(?:令和|平成|昭和|[RHS])(?:\d{1,2}|元))[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?: 00:00)?", re.ASCII
)
_YEAR_BEFORE = {"R": 2018, "令": 2018, "H": 1988, "平": 1988, "S": 1925, "昭": 1925}
"""Of the first year of each era."""
_ERAS_FROM = {2018: date(2019, 5, 1), 1988: date(1989, 1, 8), 1925: date(1926, 12, 25)}


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


def midnight(day: date) -> datetime:
    """The moment at which this day begins in Japan; aware."""
    return datetime.combine(day, time(), JST)


def read_day(typed: str) -> date:
    """The day of 2026-11-22, 2026/11/22, 2026.11.22, 2026年11月22日, 令和8年11月22日 or R8.11.22, full-width too.

    Raises ValueError for anything else, for a day before its era, and before 1900 or after 2999.
    """
    found = _DAY.fullmatch(unicodedata.normalize("NFKC", typed).strip().upper())
    if found is None:
        raise ValueError("no day")
    year, month, day = found.groups()
    before = _YEAR_BEFORE.get(year[0], 0)
    number = (
        int(year) if not before else before + (1 if year.endswith("元") else int(re.sub(r"\D", "", year)))
    )
    read = date(number, int(month), int(day))
    if not 1900 <= read.year <= 2999 or read < _ERAS_FROM.get(before, read):
        raise ValueError("no such day")
    return read


def japanese_date(day: date) -> str:
    """2026年11月22日（日）"""
    _only_date(day)
    return f"{day.year}年{day.month}月{day.day}日（{_WEEKDAYS[day.weekday()]}）"


def japanese_datetime(moment: datetime) -> str:
    """2026年11月22日（日） 14:05, in Japan."""
    local = _aware(moment).astimezone(JST)
    return f"{japanese_date(local.date())} {local:%H:%M}"


def short(moment: datetime, now: datetime) -> str:
    """10:32 when that is today in Japan, else 11月22日（日）10:32."""
    local = _aware(moment).astimezone(JST)
    same = local.date() == jst_date(now)
    return f"{local:%H:%M}" if same else f"{short_day(moment, now)}{local:%H:%M}"


def short_day(moment: datetime, now: datetime) -> str:
    """今日, or 11月22日（日）."""
    day = jst_date(moment)
    return "今日" if day == jst_date(now) else f"{day.month}月{day.day}日（{_WEEKDAYS[day.weekday()]}）"


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
