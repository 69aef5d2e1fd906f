"""Reading what waits for the CA: approved applications, orders without an end, orders that failed."""

from dataclasses import dataclass

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import joinedload, selectinload

from jcanweb.database import db
from jcanweb.errors import RuleViolation
from jcanweb.models import Application, Certificate, Officer, Order
from jcanweb.services import issuance, reconcile, terms
from jcanweb.vocabulary import ApplicationState, OrderState

PAGE = 50


@dataclass(frozen=True)
class Waiting:
    """An approved application, and what keeps this officer from issuing it now."""

    application: Application
    obstacle: RuleViolation | None


@dataclass(frozen=True)
class Asked:
    """An order without an end; `stale` when no answer is to be expected any more."""

    order: Order
    stale: bool


def waiting(officer: Officer, *, after: int = 0) -> list[Waiting]:
    """Up to PAGE + 1 approved applications with an id above `after`, oldest first; the last only tells of more."""
    query = select(Application).where(Application.state == ApplicationState.APPROVED, Application.id > after)
    found = db.session.scalars(query.order_by(Application.id).limit(PAGE + 1).options(
        joinedload(Application.corporation), joinedload(Application.person), selectinload(Application.consents)
    )).all()  # fmt: skip
    edition = terms.in_force() if found else None
    return [Waiting(one, issuance.obstacle(one, edition, by=officer)) for one in found if edition is not None]


def asked() -> list[Asked]:
    """The oldest PAGE orders without an end."""
    late = {order.id for order in reconcile.stale()}
    query = select(Order).where(Order.state == OrderState.ASKED).order_by(Order.asked_at, Order.id)
    found = db.session.scalars(query.limit(PAGE).options(joinedload(Order.application)))
    return [Asked(order, order.id in late) for order in found]


def failed(*, before: int | None = None) -> list[Order]:
    """Up to PAGE + 1 failed orders asked before the order of that id, newest first; the last only tells of more."""
    query = select(Order).where(Order.state == OrderState.FAILED)
    last = db.session.get(Order, before) if before is not None else None
    if last is not None:
        earlier = and_(Order.asked_at == last.asked_at, Order.id < last.id)
        query = query.where(or_(Order.asked_at < last.asked_at, earlier))
    query = query.order_by(Order.asked_at.desc(), Order.id.desc()).limit(PAGE + 1)
    return list(db.session.scalars(query.options(joinedload(Order.application))))


def application(number: str) -> Application | None:
    """The application of this 受付番号, once handed in."""
    query = select(Application).where(
        Application.number == number, Application.state != ApplicationState.DRAFT
    )
    return db.session.scalar(query.options(joinedload(Application.corporation)))


def certificate_of(application: Application) -> Certificate | None:
    """What was issued for it."""
    return db.session.scalar(select(Certificate).where(Certificate.application_id == application.id))
