"""The kinds of work, who may do each, and what of each waits for an officer: a query and a line of the desk.

By permission, minus what the two-person rule keeps from this officer (product.md §1); the services themselves refuse
what is not allowed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, func, literal, or_, select
from sqlalchemy.orm import contains_eager, joinedload

from jcanweb import clock
from jcanweb.calendar import japanese_date
from jcanweb.database import db
from jcanweb.labels import word
from jcanweb.models import (
    Application,
    Campaign,
    Certificate,
    Custodian,
    Edition,
    FieldCheck,
    Officer,
    Order,
    Person,
    PolicyDocument,
    Reconsent,
    Recovery,
    Revocation,
)
from jcanweb.roles import Permission
from jcanweb.services import reconcile, recovery_ledger, schedule
from jcanweb.services import screening_ledger as screening
from jcanweb.vocabulary import ApplicationState as A
from jcanweb.vocabulary import ReconsentState, RecoveryState, RevocationState


class Work(StrEnum):
    """A kind of work, the most pressing first."""

    DECIDE_REVOCATION = "decide_revocation"
    EXECUTE_REVOCATION = "execute_revocation"
    RECONCILE_ORDER = "reconcile_order"
    OPEN_RECOVERY = "open_recovery"
    AUTHORIZE_RECOVERY = "authorize_recovery"
    DECIDE_RECONSENT = "decide_reconsent"
    APPROVE_EDITION = "approve_edition"
    APPROVE_POLICY = "approve_policy"
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
    Work.APPROVE_EDITION: Permission.TERMS_APPROVE,
    Work.APPROVE_POLICY: Permission.TERMS_APPROVE,
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
    Work.APPROVE_EDITION: "terms",
    Work.APPROVE_POLICY: "policy",
    Work.APPROVE_APPLICATION: "screening",
    Work.ISSUE_APPLICATION: "issuance",
    Work.CONTINUE_SCREENING: "screening",
    Work.START_SCREENING: "screening",
}
"""the feature under which a kind of work is counted"""
COUNTED = 1000
"""of what is only counted; from there on it says so many and more"""


@dataclass(frozen=True)
class Item:
    """One thing to do."""

    work: Work
    key: str
    """what the page of the thing is found by: 受付番号, or an id"""
    number: str
    """受付番号, JC-number or a version"""
    about: str
    detail: str
    since: datetime
    """when it came to whom it waits for"""
    due: datetime | None = None
    possible_from: datetime | None = None
    """the end of a cooling-off"""

    def rank(self, now: datetime) -> tuple[Any, ...]:
        """Overdue before the rest, what cannot be done yet last; then by kind and by what is due first."""
        overdue = self.due is not None and self.due < now
        later = self.possible_from is not None and self.possible_from > now
        return later, not overdue, list(Work).index(self.work), self.due or self.since, self.number


def query(work: Work, me: Officer) -> Select[Any]:
    """What of this kind waits for the officer, the first due first."""
    return QUERIES[work][0](me)


def waiting(work: Work, me: Officer, custodian: Custodian | None, most: int) -> list[Item]:
    """Its first lines. `custodian`: the officer's own appointment."""
    if work is Work.OPEN_RECOVERY:
        return [_recovery_item(work, one) for one in _to_open(custodian)][:most]
    if work is Work.RECONCILE_ORDER:
        return [_order_item(work, one) for one in reconcile.stale()][:most]
    return [QUERIES[work][1](work, one) for one in db.session.scalars(query(work, me).limit(most)).unique()]


def count(work: Work, me: Officer, custodian: Custodian | None, *, beyond: int = 0) -> int:
    """How many there are beyond so many, COUNTED at most; of all, those that are still cooling off do not count."""
    if work is Work.OPEN_RECOVERY:
        at = clock.now()
        found = _to_open(custodian)
        return len([one for one in found if beyond or one.open_from is None or one.open_from <= at]) - beyond
    if work is Work.RECONCILE_ORDER:
        return len(reconcile.stale()) - beyond
    return counted(query(work, me), beyond)


def counted(of: Select[Any], beyond: int = 0) -> int:
    """How many rows beyond so many, COUNTED at most: a count of all would read them all."""
    rows = of.order_by(None).with_only_columns(literal(1), maintain_column_froms=True).limit(COUNTED + beyond)
    return (db.session.scalar(select(func.count()).select_from(rows.subquery())) or 0) - beyond


def _applications(me: Officer, *where: Any) -> Select[Any]:
    """Not those of the officer's own, by the day they are due."""
    query = select(Application).join(Application.person).options(contains_eager(Application.person))
    query = query.where(*_not_own(me)).options(joinedload(Application.corporation))
    return query.where(*where, Application.due_on.is_not(None)).order_by(Application.due_on, Application.id)


def _to_start(me: Officer) -> Select[Any]:
    return _applications(me, Application.state == A.SUBMITTED)


def _to_continue(me: Officer) -> Select[Any]:
    open_ = (
        Application.state == A.SCREENING,
        Application.screened_at.is_(None),
        Application.held_at.is_(None),
    )
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
    return query.where(*_not_own(me))


def _not_own(me: Officer) -> tuple[Any, Any]:
    """The officer is neither the applicant nor the recipient of the PIN."""
    mine = func.lower(me.email)
    return func.lower(Person.email) != mine, func.lower(Application.pin_recipient_email) != mine


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
    """The approver is to read OU2 and CN from the evidence first, so they do not stand here."""
    detail = "" if work is Work.APPROVE_APPLICATION else f"{one.organization_unit} / {one.common_name}"
    since = {Work.CONTINUE_SCREENING: one.screening_at, Work.APPROVE_APPLICATION: one.screened_at,
             Work.ISSUE_APPLICATION: one.approved_at}.get(work)  # fmt: skip
    return Item(work, one.number, one.number, one.corporation.name, detail,
                since or one.submitted_at or one.drafted_at, screening.due(one))  # fmt: skip


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


def _to_schedule(kind: Any, importer: Any, me: Officer) -> Select[Any]:
    return schedule.drafts(kind).where(or_(importer.is_(None), importer != me.id)).order_by(kind.id)


def _edition_item(work: Work, one: Edition) -> Item:
    return Item(
        work, str(one.id), f"版 {one.version}", "利用規約", _proposed(one.proposed_on), one.imported_at
    )


def _policy_item(work: Work, one: PolicyDocument) -> Item:
    return Item(
        work, str(one.id), f"版 {one.version}", one.name, _proposed(one.proposed_on), one.registered_at
    )


def _proposed(day: date) -> str:
    return f"提案された施行日 {japanese_date(day)}"


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
    Work.APPROVE_EDITION: (lambda me: _to_schedule(Edition, Edition.imported_by, me), _edition_item),
    Work.APPROVE_POLICY: (
        lambda me: _to_schedule(PolicyDocument, PolicyDocument.registered_by, me),
        _policy_item,
    ),
    Work.APPROVE_APPLICATION: (_to_approve, _application_item),
    Work.ISSUE_APPLICATION: (_to_issue, _application_item),
    Work.CONTINUE_SCREENING: (_to_continue, _application_item),
    Work.START_SCREENING: (_to_start, _application_item),
}
