"""What waits for an officer: by permission, minus what the two-person rule keeps from this one (product.md §1).

Overdue work stands first, then by kind in the order of `Work`; the services themselves refuse what is not allowed.
"""

from collections.abc import Callable, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import contains_eager, joinedload

from jcanweb import clock
from jcanweb.config import setting
from jcanweb.database import db
from jcanweb.labels import word
from jcanweb.models import (
    Application,
    Campaign,
    Certificate,
    Crl,
    Custodian,
    FieldCheck,
    Officer,
    Order,
    Person,
    Reconsent,
    Recovery,
    Revocation,
)
from jcanweb.services import custodians, reconcile, recovery_ledger
from jcanweb.services import screening_ledger as screening
from jcanweb.vocabulary import ApplicationState as A
from jcanweb.vocabulary import Permission, ReconsentState, RecoveryState, RevocationState

SHOWN = 20
"""rows of one kind; the rest is only counted"""


class Work(StrEnum):
    """A kind of work, the most pressing first."""

    DECIDE_REVOCATION = "decide_revocation"
    EXECUTE_REVOCATION = "execute_revocation"
    RECONCILE_ORDER = "reconcile_order"
    OPEN_RECOVERY = "open_recovery"
    AUTHORIZE_RECOVERY = "authorize_recovery"
    DECIDE_RECONSENT = "decide_reconsent"
    APPROVE_APPLICATION = "approve_application"
    ISSUE_APPLICATION = "issue_application"
    CONTINUE_SCREENING = "continue_screening"
    START_SCREENING = "start_screening"


PERMITTED: dict[Work, Permission] = {
    Work.DECIDE_REVOCATION: Permission.REVOCATION_DECIDE,
    Work.EXECUTE_REVOCATION: Permission.REVOCATION_EXECUTE,
    Work.RECONCILE_ORDER: Permission.APPLICATION_ISSUE,
    Work.OPEN_RECOVERY: Permission.RECOVERY_OPEN,
    Work.AUTHORIZE_RECOVERY: Permission.RECOVERY_AUTHORIZE,
    Work.DECIDE_RECONSENT: Permission.RECONSENT_DECIDE,
    Work.APPROVE_APPLICATION: Permission.APPLICATION_APPROVE,
    Work.ISSUE_APPLICATION: Permission.APPLICATION_ISSUE,
    Work.CONTINUE_SCREENING: Permission.APPLICATION_SCREEN,
    Work.START_SCREENING: Permission.APPLICATION_SCREEN,
}
MENU: dict[Work, str] = {
    Work.DECIDE_REVOCATION: "revocation",
    Work.EXECUTE_REVOCATION: "revocation",
    Work.RECONCILE_ORDER: "issuance",
    Work.OPEN_RECOVERY: "recovery",
    Work.AUTHORIZE_RECOVERY: "recovery",
    Work.DECIDE_RECONSENT: "terms",
    Work.APPROVE_APPLICATION: "screening",
    Work.ISSUE_APPLICATION: "issuance",
    Work.CONTINUE_SCREENING: "screening",
    Work.START_SCREENING: "screening",
}
"""the feature under which a kind of work is counted"""


@dataclass(frozen=True)
class Item:
    """One thing to do."""

    work: Work
    key: str
    """what the page of the thing is found by: 受付番号, or the id of a revocation or recovery"""
    number: str
    """受付番号 or JC-number"""
    about: str
    detail: str
    since: datetime
    due: datetime | None = None
    possible_from: datetime | None = None
    """the end of a cooling-off"""

    def rank(self, now: datetime) -> tuple[Any, ...]:
        """Overdue before the rest, what cannot be done yet last; then by kind and by what is due first."""
        overdue = self.due is not None and self.due < now
        later = self.possible_from is not None and self.possible_from > now
        return later, not overdue, list(Work).index(self.work), self.due or self.since, self.number


@dataclass(frozen=True)
class Desk:
    items: list[Item]
    more: dict[Work, int]
    """how many of a kind are not among the items"""


def of(me: Officer, granted: Set[Permission], custodian: Custodian | None) -> Desk:
    """What this officer may do now, at most SHOWN of each kind. `custodian`: the officer's own appointment."""
    items, more = [], {}
    for work in _permitted(granted):
        if work is Work.OPEN_RECOVERY:
            found = [_recovery_item(work, one) for one in _to_open(custodian)]
        elif work is Work.RECONCILE_ORDER:
            found = [_order_item(work, one) for one in reconcile.stale()]
        else:
            query, item = QUERIES[work]
            rows = db.session.scalars(query(me).limit(SHOWN + 1)).unique()
            found = [item(work, one) for one in rows]
        if len(found) > SHOWN:
            more[work] = (_count(work, me) if work in QUERIES else len(found)) - SHOWN
        items += found[:SHOWN]
    now = clock.now()
    return Desk(sorted(items, key=lambda one: one.rank(now)), more)


def counts(me: Officer, granted: Set[Permission], custodian: Custodian | None) -> dict[str, int]:
    """How much waits for this officer by feature, and `desk` for all of it: one indexed COUNT a kind of work."""
    found: dict[str, int] = {}
    for work in _permitted(granted):
        if work is Work.OPEN_RECOVERY:
            now = clock.now()
            count = len([one for one in _to_open(custodian) if one.open_from is None or one.open_from <= now])
        else:
            count = len(reconcile.stale()) if work is Work.RECONCILE_ORDER else _count(work, me)
        found[MENU[work]] = found.get(MENU[work], 0) + count
    if Permission.CUSTODIAN_APPOINT in granted:
        found["custodians"] = len(custodians.missing())
    return found | {"desk": sum(found.values())}


def late_crl() -> Crl | None:
    """The newest CRL when it is older than CRL_RENEW_HOURS or over: nobody made the next one."""
    newest = db.session.scalar(select(Crl).order_by(Crl.number.desc()).limit(1))
    if newest is None:
        return None
    limit = min(newest.this_update + timedelta(hours=setting("CRL_RENEW_HOURS")), newest.next_update)
    return newest if limit < clock.now() else None


def _permitted(granted: Set[Permission]) -> list[Work]:
    return [work for work in Work if PERMITTED[work] in granted]


def _count(work: Work, me: Officer) -> int:
    query = QUERIES[work][0](me).order_by(None)
    counted = query.with_only_columns(func.count(), maintain_column_froms=True)
    return db.session.scalar(counted) or 0


def _applications(me: Officer, *where: Any) -> Select[Any]:
    """Not those of the officer's own, by the time they were handed in, which is the order they are due in."""
    mine = func.lower(me.email)
    query = select(Application).join(Application.person).options(contains_eager(Application.person))
    query = query.where(func.lower(Person.email) != mine, func.lower(Application.pin_recipient_email) != mine)
    query = query.options(joinedload(Application.corporation))
    return query.where(*where).order_by(Application.submitted_at, Application.id)


def _to_start(me: Officer) -> Select[Any]:
    return _applications(me, Application.state == A.SUBMITTED)


def _to_continue(me: Officer) -> Select[Any]:
    open_ = (Application.state == A.SCREENING, Application.screened_at.is_(None))
    return _applications(me, *open_, Application.screening_by == me.id)


def _to_approve(me: Officer) -> Select[Any]:
    own = select(FieldCheck.id).where(
        FieldCheck.application_id == Application.id, FieldCheck.revision == Application.revision,
        FieldCheck.checked_by == me.id,
    )  # fmt: skip
    return _applications(
        me, Application.state == A.SCREENING, Application.screened_at.is_not(None), ~own.exists(),
        Application.screened_by != me.id, Application.screening_by != me.id,
    )  # fmt: skip


def _to_issue(me: Officer) -> Select[Any]:
    return _applications(me, Application.state == A.APPROVED, Application.approved_by != me.id)


def _revocations(state: RevocationState, other: Any, me: Officer) -> Select[Any]:
    query = select(Revocation).where(Revocation.state == state, or_(other.is_(None), other != me.id))
    query = _of_others(query.join(Revocation.certificate), me).options(contains_eager(Revocation.certificate))
    return query.order_by(Revocation.due_at, Revocation.id)


def _of_others(query: Select[Any], me: Officer) -> Select[Any]:
    """Only of certificates whose subscriber and PIN recipient are not the officer."""
    query = query.join(Application, Application.id == Certificate.application_id).join(Application.person)
    mine = func.lower(me.email)
    return query.where(func.lower(Person.email) != mine, func.lower(Application.pin_recipient_email) != mine)


def _to_decide(me: Officer) -> Select[Any]:
    return _revocations(RevocationState.RECEIVED, Revocation.received_by, me)


def _to_execute(me: Officer) -> Select[Any]:
    return _revocations(RevocationState.DECIDED, Revocation.decided_by, me)


def _to_authorize(me: Officer) -> Select[Any]:
    query = select(Recovery).where(Recovery.state == RecoveryState.REQUESTED, Recovery.requested_by != me.id)
    query = _of_others(query.join(Recovery.certificate), me).options(contains_eager(Recovery.certificate))
    return query.order_by(Recovery.requested_at, Recovery.id)


def _to_answer(me: Officer) -> Select[Any]:
    query = select(Reconsent).where(Reconsent.state == ReconsentState.REFUSED, Reconsent.decided_at.is_(None))
    query = query.join(Reconsent.person).where(func.lower(Person.email) != func.lower(me.email))
    query = query.options(contains_eager(Reconsent.person).joinedload(Person.corporation),
                          joinedload(Reconsent.campaign).joinedload(Campaign.edition))  # fmt: skip
    return query.order_by(Reconsent.answered_at, Reconsent.id)


def _to_open(custodian: Custodian | None) -> list[Recovery]:
    now, found = clock.now(), recovery_ledger.waiting_for(custodian) if custodian is not None else []
    return [one for one in found if one.open_until is not None and one.open_until > now]


def _application_item(work: Work, one: Application) -> Item:
    detail = f"{one.organization_unit} / {one.common_name}"
    return Item(work, one.number, one.number, one.corporation.name, detail, one.submitted_at or one.drafted_at,
                screening.due(one))  # fmt: skip


def _revocation_item(work: Work, one: Revocation) -> Item:
    bound, asker = one.certificate, word(one.requester) + ("本人" if one.received_from else "")
    detail = f"{bound.common_name}　{asker}からの請求（{word(one.reason)}）"
    return Item(
        work, str(one.id), bound.jc_number, bound.organization_unit, detail, one.received_at, one.due_at
    )


def _recovery_item(work: Work, one: Recovery) -> Item:
    bound = one.certificate
    return Item(work, str(one.id), bound.jc_number, bound.organization_unit, bound.common_name,
                one.authorized_at or one.requested_at, one.open_until, one.open_from)  # fmt: skip


def _reconsent_item(work: Work, one: Reconsent) -> Item:
    asked = one.campaign
    return Item(work, str(one.id), f"版 {asked.edition.version}", one.person.corporation.name, one.person.name,
                one.answered_at or asked.started_at)  # fmt: skip


def _order_item(work: Work, one: Order) -> Item:
    wanted = one.application
    return Item(
        work, wanted.number, one.jc_number, wanted.organization_unit, wanted.common_name, one.asked_at
    )


QUERIES: dict[Work, tuple[Callable[[Officer], Select[Any]], Callable[[Work, Any], Item]]] = {
    Work.DECIDE_REVOCATION: (_to_decide, _revocation_item),
    Work.EXECUTE_REVOCATION: (_to_execute, _revocation_item),
    Work.AUTHORIZE_RECOVERY: (_to_authorize, _recovery_item),
    Work.DECIDE_RECONSENT: (_to_answer, _reconsent_item),
    Work.APPROVE_APPLICATION: (_to_approve, _application_item),
    Work.ISSUE_APPLICATION: (_to_issue, _application_item),
    Work.CONTINUE_SCREENING: (_to_continue, _application_item),
    Work.START_SCREENING: (_to_start, _application_item),
}
