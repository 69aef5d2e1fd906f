"""The list of applications handed in: filters and search together, the newest handed in first, page by page."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import joinedload

from jcanweb import clock
from jcanweb.calendar import jst_date, midnight
from jcanweb.database import db
from jcanweb.models import Application, Certificate, Corporation, Officer, SearchEntry
from jcanweb.services import search
from jcanweb.vocabulary import ApplicationKind
from jcanweb.vocabulary import ApplicationState as A

PAGE = 50
CANDIDATES = 500
"""Found by the words alone, before the other filters are asked."""
STRETCH = 5000
"""Left by the other filters, before the words are asked: as far as one page looks when both are common."""


SLACK = 100
"""Two handed in at the same moment may arrive the other way round."""


class Hands(StrEnum):
    """Who has it on the desk, of what waits for a screener."""

    MINE = "mine"
    NOBODY = "nobody"


@dataclass(frozen=True)
class Filters:
    """What the list shows; all of it must hold."""

    typed: str = ""
    state: A | None = None
    kind: ApplicationKind | None = None
    hands: Hands | None = None
    overdue: bool = False
    since: date | None = None
    """Handed in on this day (Japan) or later."""
    until: date | None = None
    """Handed in on this day or earlier."""


@dataclass(frozen=True)
class Page:
    rows: list[Application]
    before: int | None
    """Where the next page goes on; None on the last one."""
    unfinished: bool = False
    """Were so many looked through that the rest is left to the next page?"""


def page(filters: Filters, *, me: Officer, before: int | None = None) -> Page:
    """Up to PAGE applications, the last handed in first, whose arrival is below `before`. Drafts are their applicants' own."""
    sought = search.read(filters.typed)
    if sought.complaint:
        return Page([], None)
    above, end = _stretch(filters)
    below = min((at for at in (end, before) if at is not None), default=None)
    where = _where(filters, sought, me)
    query = select(Application).where(Application.arrival.is_not(None), Application.arrival >= above, *where)
    if below is not None:
        query = query.where(Application.arrival < below)
    query = query.order_by(Application.arrival.desc())
    if not sought.words:
        return _page(query)
    most = CANDIDATES if where else PAGE + 1
    found = search.newest("application_fts", sought.words, limit=most, below=below, above=above)
    shown = _page(query.where(Application.arrival.in_(found)))
    if len(found) < most or shown.before:
        return shown
    return _through(query, sought)


def _page(query: Select[Any]) -> Page:
    rows = list(db.session.scalars(query.limit(PAGE + 1).options(joinedload(Application.corporation))))
    return Page(rows[:PAGE], rows[PAGE - 1].arrival if len(rows) > PAGE else None)


def _through(query: Select[Any], sought: search.Sought) -> Page:
    """Words that many have: what the filters leave is gone through, a stretch at a time."""
    left = query.with_only_columns(Application.arrival).limit(STRETCH).subquery()
    count, end = db.session.execute(select(func.count(), func.min(left.c.arrival))).one()
    shown = _page(query.where(Application.arrival >= (end or 0), _words(sought)))
    if shown.before or count < STRETCH:
        return shown
    return Page(shown.rows, end, unfinished=True)


def _words(sought: search.Sought) -> ColumnElement[bool]:
    """Looked up row by row: PostgreSQL would rather join, and read every key there is."""
    key = select(SearchEntry.key).where(SearchEntry.id == Application.arrival).scalar_subquery()
    return search.holding(key, sought.words)


def _where(filters: Filters, sought: search.Sought, me: Officer) -> list[ColumnElement[bool]]:
    """Everything but the words and the place in the list."""
    where: list[ColumnElement[bool]] = []
    if filters.state is not None:
        where.append(Application.state == filters.state)
    if filters.kind is not None:
        where.append(Application.kind == filters.kind)
    if filters.hands is Hands.MINE:
        where += [
            Application.screening_by == me.id,
            Application.state == A.SCREENING,
            Application.screened_at.is_(None),
        ]
    if filters.hands is Hands.NOBODY:
        free = or_(Application.state == A.SUBMITTED, Application.screening_by.is_(None))
        where += [Application.state.in_([A.SUBMITTED, A.SCREENING]), Application.screened_at.is_(None), free]
    if filters.overdue:
        where.append(Application.due_on < jst_date(clock.now()))
    if filters.since:
        where.append(Application.submitted_at >= midnight(filters.since))
    if filters.until:
        where.append(Application.submitted_at < midnight(filters.until + timedelta(days=1)))
    if sought.number:
        where.append(Application.number.in_(sought.number))
    if sought.corporate_number:
        home = select(Corporation.id).where(Corporation.corporate_number == sought.corporate_number)
        where.append(Application.corporation_id == home.scalar_subquery())
    if sought.jc_number:
        issued = select(Certificate.application_id).where(Certificate.jc_number == sought.jc_number)
        where.append(Application.id == issued.scalar_subquery())
    return where


def _stretch(filters: Filters) -> tuple[int, int | None]:
    """Arrivals follow the days: those of the days asked for, from one up to another that is not told; None: no end."""
    first = max(_first(filters.since) - SLACK, 0) if filters.since else 0
    return first, _first(filters.until + timedelta(days=1)) + SLACK if filters.until else None


def _first(day: date) -> int:
    """The first arrival of this day (Japan) or later; behind the last one when there is none."""
    later = select(Application.arrival).where(Application.submitted_at >= midnight(day))
    found = db.session.scalar(later.order_by(Application.submitted_at, Application.arrival).limit(1))
    return found or (db.session.scalar(select(func.max(Application.arrival))) or 0) + 1
