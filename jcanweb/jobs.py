"""What runs in the background, each a thin call of a service and a transaction of its own.

`python3 -m jcanweb run` sweeps once a minute in a thread of its only worker process; every job may run twice.
"""

import threading
from collections.abc import Callable
from typing import Any

from jcanweb import mail
from jcanweb.database import transaction
from jcanweb.services import delivery, progress, reconcile, recovery, screening, status

EVERY = 60
"""seconds"""


def lapse_applications() -> None:
    for application in screening.lapse_old():
        progress.discard_form(application)
        mail.send(application.person.email, "application_lapsed", application=application)


JOBS: dict[str, Callable[[], Any]] = {
    "orders without an end": reconcile.run,
    "deliveries nobody took": delivery.end_overdue,
    "recoveries nobody opened": recovery.lapse_overdue,
    "applications nobody went on with": lapse_applications,
    "the CRL": status.current,
    "mails": mail.dispatch,
}


def sweep(app: Any) -> None:
    """Run every job once; one that fails is logged, without its data, and tried again at the next sweep."""
    for name, job in JOBS.items():
        try:
            with app.app_context(), transaction():
                job()
        except Exception as failure:
            app.logger.error("job %r failed: %s", name, type(failure).__name__)


def start(app: Any) -> threading.Event:
    """Sweep now and every minute until the event that is returned is set."""
    stop = threading.Event()

    def loop() -> None:
        while True:
            sweep(app)
            if stop.wait(EVERY):
                return

    threading.Thread(target=loop, name="jobs", daemon=True).start()
    return stop
