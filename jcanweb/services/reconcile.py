"""Orders that were begun and never ended: after a crash or a lost answer the CA is asked what became of them.

The key of such an order is gone with its child process, so a certificate that is found is revoked at once, the
order fails and the application stands approved again, to be issued anew under another number.
"""

import contextlib
from datetime import timedelta

from sqlalchemy import select

from jcanweb import audit, clock, keys, states
from jcanweb.config import setting
from jcanweb.database import db, flush, lock
from jcanweb.events import Event, Subject
from jcanweb.issuers import port
from jcanweb.models import Order
from jcanweb.services import status
from jcanweb.vocabulary import ApplicationState, OrderFailure, OrderState, RevocationReason

UNKNOWN = frozenset({OrderFailure.NOT_ISSUED, OrderFailure.REFUSED})
"""Ends of which no certificate was known."""
LATE = timedelta(days=1)
"""How long the CA is asked again about an order of which it did not know: the request may still be on its way."""


def stale() -> list[Order]:
    """Orders asked longer ago than ORDER_STALE_SECONDS and still without an end, oldest first."""
    limit = clock.now() - timedelta(seconds=setting("ORDER_STALE_SECONDS"))
    query = select(Order).where(Order.state == OrderState.ASKED, Order.asked_at <= limit)
    return list(db.session.scalars(query.order_by(Order.asked_at, Order.id)))


def run(*, by: object = None) -> list[Order]:
    """End every stale order, and return those that ended; what the CA does not speak of now stays for the next time."""
    orders = stale() + _doubtful()
    for order in orders:
        hold(order)  # all rows before the first audit entry, so that no two of us wait for each other
    ended = []
    for order in orders:
        before = order.failure
        try:
            found = keys.issuer().find(order.request_id)
            if found is None:
                fail(order, OrderFailure.NOT_ISSUED, by=by)
            else:
                undo(order, found, OrderFailure.INTERRUPTED, by=by)
        except port.IssuerError:
            continue
        if order.failure is not before:
            ended.append(order)
    return ended


def undo(order: Order, issued: port.Issued, failure: OrderFailure, *, by: object,
         fields: list[str] | None = None) -> None:  # fmt: skip
    """Revoke at the CA what came of the order (superseded), show it in a new CRL and let the order fail.

    An order that was given up with nothing to revoke becomes LATE; any other that has ended stays. `fields`: what was not as approved.
    Raises port.IssuerError: then nothing has changed here and reconciling goes on later.
    """
    living = hold(order)
    if not living and order.failure not in UNKNOWN:
        return
    with contextlib.suppress(port.AlreadyRevoked):  # an earlier try came as far as this
        keys.issuer().revoke(issued.serial, RevocationReason.SUPERSEDED, clock.now())
    failure = failure if living else OrderFailure.LATE
    _fail(order, failure, f"{issued.serial:x}", by=by, fields=fields)
    with contextlib.suppress(port.IssuerError):  # the next regular CRL shows it
        status.publish(by=by)


def fail(order: Order, failure: OrderFailure, *, by: object) -> None:
    """The order came to nothing; its application stands approved again."""
    if hold(order):
        _fail(order, failure, None, by=by)


def hold(order: Order) -> bool:
    """Lock the application, then the order, and see both as they are; False when the order has ended."""
    lock(order.application)
    lock(order)
    return order.state is OrderState.ASKED


def _doubtful() -> list[Order]:
    """Given up lately because the CA knew nothing of them."""
    limit = clock.now() - LATE
    query = select(Order).where(
        Order.state == OrderState.FAILED,
        Order.asked_at > limit,
        Order.failure == OrderFailure.NOT_ISSUED,
    )
    return list(db.session.scalars(query.order_by(Order.asked_at, Order.id)))


def _fail(order: Order, failure: OrderFailure, serial_number: str | None, *, by: object,
          fields: list[str] | None = None) -> None:  # fmt: skip
    application = order.application
    if order.state is OrderState.ASKED:
        order.ended_at = clock.now()
        states.move(order, OrderState.FAILED)
        application.issued_by = application.issued_at = None
        states.move(application, ApplicationState.APPROVED)
    order.failure = failure
    flush()
    words = f"{failure.value}: {', '.join(fields)}" if fields else failure.value
    audit.record(Event.ORDER_FAILED, Subject.ORDER, order.id, by=by, act=order.act, application=application.id,
                 failure=words, serial_number=serial_number)  # fmt: skip
