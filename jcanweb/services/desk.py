"""The staff home: what waits for an officer, and where every application under way stands, whoever has it.

Overdue work stands first, then by kind in the order of `Work`. Applications of all are read by keyset.
"""

from collections.abc import Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, select, tuple_
from sqlalchemy.orm import contains_eager, joinedload

from jcanweb import clock
from jcanweb.calendar import jst_date, midnight
from jcanweb.config import setting
from jcanweb.database import db
from jcanweb.models import Application, Crl, Custodian, Officer, Revocation
from jcanweb.roles import Permission
from jcanweb.services import custodians, desk_work
from jcanweb.services.desk_work import COUNTED, MENU, PERMITTED, Item, Work
from jcanweb.vocabulary import ApplicationState as A
from jcanweb.vocabulary import RevocationState

SHOWN = 20
"""rows of one kind; the rest is only counted"""
PAGE = 50
RUNNING = 10


class Tab(StrEnum):
    MINE = "mine"
    ALL = "all"
    OVERDUE = "overdue"
    HELD = "held"
    RETURNED = "returned"


@dataclass(frozen=True)
class Desk:
    items: list[Item]
    more: dict[Work, int]
    """how many of a kind are not among the items, COUNTED at most"""


def of(me: Officer, granted: Set[Permission], custodian: Custodian | None) -> Desk:
    """What this officer may do now, at most SHOWN of each kind. `custodian`: the officer's own appointment."""
    items, more = [], {}
    for work in _permitted(granted):
        found = desk_work.waiting(work, me, custodian, SHOWN + 1)
        if len(found) > SHOWN:
            more[work] = desk_work.count(work, me, custodian, beyond=SHOWN)
        items += found[:SHOWN]
    now = clock.now()
    return Desk(sorted(items, key=lambda one: one.rank(now)), more)


def counts(me: Officer, granted: Set[Permission], custodian: Custodian | None) -> dict[str, int]:
    """How much waits for this officer by feature, and `desk` for all of it: one indexed count a kind of work."""
    found: dict[str, int] = {}
    for work in _permitted(granted):
        count = desk_work.count(work, me, custodian)
        found[MENU[work]] = found.get(MENU[work], 0) + count
    if Permission.CUSTODIAN_APPOINT in granted:
        found["custodians"] = len(custodians.missing())
    return found | {"desk": sum(found.values())}


def told(count: int) -> str:
    """The number, or that there are so many and more."""
    return str(count) if count < COUNTED else f"{COUNTED - 1}+"


def under_way(tab: Tab, after: int | None = None) -> list[Application]:
    """Up to PAGE + 1 applications of a tab, whoever has them, behind the one with the id `after`; the last one only
    tells that there is more. By the day they are due; held and returned ones by how long they have been."""
    query, place = _tab(tab)
    query = query.order_by(*place).limit(PAGE + 1).options(joinedload(Application.corporation))
    last = db.session.get(Application, after) if after is not None else None
    values = [getattr(last, column.key) for column in place] if last is not None else [None]
    if None not in values:
        query = query.where(tuple_(*place) > tuple_(*values))
    return list(db.session.scalars(query))


def tab_counts() -> dict[Tab, int]:
    """How many stand under each tab, COUNTED at most, but for the officer's own."""
    return {tab: desk_work.counted(_tab(tab)[0]) for tab in Tab if tab is not Tab.MINE}


def since(application: Application) -> datetime | None:
    """Since when it has been with whom it is with."""
    screened = application.state is A.SCREENING and application.screened_at
    return screened or {
        A.SUBMITTED: application.submitted_at, A.SCREENING: application.screening_at,
        A.RETURNED: application.returned_at, A.APPROVED: application.approved_at, A.ISSUING: application.issued_at,
    }.get(application.state)  # fmt: skip


def running() -> list[Revocation]:
    """Up to RUNNING + 1 revocations that are not done, whoever is to act, the first due first."""
    query = select(Revocation).where(
        Revocation.state.in_([RevocationState.RECEIVED, RevocationState.DECIDED])
    )
    query = query.join(Revocation.certificate).options(contains_eager(Revocation.certificate))
    return list(db.session.scalars(query.order_by(Revocation.due_at, Revocation.id).limit(RUNNING + 1)))


def tomorrow() -> datetime:
    """When the day in Japan ends."""
    return midnight(jst_date(clock.now()) + timedelta(days=1))


def late_crl() -> Crl | None:
    """The newest CRL when it is older than CRL_RENEW_HOURS or over: nobody made the next one."""
    newest = db.session.scalar(select(Crl).order_by(Crl.number.desc()).limit(1))
    if newest is None:
        return None
    limit = min(newest.this_update + timedelta(hours=setting("CRL_RENEW_HOURS")), newest.next_update)
    return newest if limit < clock.now() else None


def _tab(tab: Tab) -> tuple[Select[Any], tuple[Any, Any]]:
    """The rows and their order, each with an index of its own."""
    query = select(Application)
    if tab is Tab.HELD:
        return query.where(Application.held_at.is_not(None)), (Application.held_at, Application.id)
    if tab is Tab.RETURNED:
        return query.where(Application.state == A.RETURNED), (Application.returned_at, Application.id)
    query = query.where(Application.due_on.is_not(None))
    if tab is Tab.OVERDUE:
        query = query.where(Application.due_on < jst_date(clock.now()))
    return query, (Application.due_on, Application.id)


def _permitted(granted: Set[Permission]) -> list[Work]:
    return [work for work in Work if PERMITTED[work] in granted]
