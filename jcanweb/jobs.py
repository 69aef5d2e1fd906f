"""What runs in the background, each a thin call of a service and a transaction of its own.

`python3 -m jcanweb run` sweeps once a minute in a thread of its only worker process; every job may run twice.
"""

import threading
from collections.abc import Callable
from time import monotonic, sleep
from typing import Any

from jcanweb import mail
from jcanweb.database import transaction
from jcanweb.services import (
    addresses,
    agreements,
    campaign,
    cessation,
    delivery,
    intake,
    intake_work,
    measures,
    progress,
    reconcile,
    recovery,
    screening,
    status,
    timestamps,
)

EVERY = 60
"""seconds"""
AT_MOST: float = 20
"""seconds of a long job in one sweep"""
PAUSE: float = 0.1
"""seconds between its transactions: SQLite has one writer, and a page must get its turn"""
_woken = threading.Event()


def lapse_applications() -> None:
    _step_by_step(_lapse_some)


def _lapse_some() -> bool:
    ended = screening.lapse_old()
    for application in ended:
        progress.discard_form(application)
        mail.send(application.person.email, "application_lapsed", application=application)
    return bool(ended)


def ask_anew() -> None:
    """Lists and mails of changed terms."""
    _step_by_step(campaign.start, campaign.list_some, campaign.write_some)


def _step_by_step(*steps: Callable[[], bool]) -> None:
    """Each step as often as it has more to do, for AT_MOST seconds a sweep: the next one goes on where this one ended."""
    until = monotonic() + AT_MOST
    for step in steps:
        more = True
        while more and monotonic() < until:
            with transaction():
                more = step()
            sleep(PAUSE if more else 0)


def decide_on_ended_agreements() -> None:
    """Agreements whose last day has passed, and a decision on every living certificate of an ended one."""
    _step_by_step(agreements.settle_some, cessation.receive_some)


def take_in_files() -> None:
    """For AT_MOST seconds a sweep; a next one begins at once when there is more to do."""
    if intake_work.run(AT_MOST, PAUSE):
        wake()


JOBS: dict[str, Callable[[], Any]] = {
    "orders without an end": reconcile.run,
    "deliveries nobody took": delivery.end_overdue,
    "recoveries nobody opened": recovery.lapse_overdue,
    "applications nobody went on with": lapse_applications,
    "agreements that have ended": decide_on_ended_agreements,
    "the CRL": status.current,
    "files of rows": take_in_files,
    "subscribers to ask anew": ask_anew,
    "mails": mail.drain,
    "days to measure": measures.fill,
    "addresses past their day": addresses.delete_due,
    "files of rows past their day": intake.erase_due,
    "time-stamps": timestamps.run,  # last: it may wait for somebody else's server
}


def wake() -> None:
    """Let the next sweep begin as soon as the one under way has ended."""
    _woken.set()


def sweep(app: Any) -> None:
    """Run every job once; one that fails is logged, without its data, and tried again at the next sweep."""
    for name, job in JOBS.items():
        try:
            with app.app_context(), transaction():
                job()
        except Exception as failure:
            app.logger.error("job %r failed: %s", name, type(failure).__name__)


def start(app: Any) -> Callable[[], None]:
    """Sweep now, every minute and when woken, until what is returned is called."""
    stopped = threading.Event()

    def loop() -> None:
        while not stopped.is_set():
            _woken.clear()
            sweep(app)
            _woken.wait(EVERY)

    def stop() -> None:
        stopped.set()
        wake()

    threading.Thread(target=loop, name="jobs", daemon=True).start()
    return stop
