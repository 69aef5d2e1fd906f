"""Who has an application on the desk (product.md §5): guard, change, record."""

from jcanweb import audit, clock, states
from jcanweb.database import flush, lock
from jcanweb.errors import OwnApplication, StalePage
from jcanweb.events import Event, Subject
from jcanweb.models import Application, Officer
from jcanweb.services import screening
from jcanweb.vocabulary import ApplicationState as A


def start(application: Application, *, version: int, by: Officer) -> None:
    """Claim a submitted application, or take over one that a colleague has on the desk and has not completed.

    One's own claim once more changes nothing. Raises StalePage, OwnApplication, WrongState.
    """
    lock(application)
    claimed = application.state is A.SCREENING and application.screened_at is None
    if claimed and application.screening_by == by.id:
        return
    if application.version != version:
        raise StalePage()
    if screening.own(application, by):
        raise OwnApplication()
    if not claimed:
        states.move(application, A.SCREENING)
    application.screening_by, application.screening_at = by.id, clock.now()
    flush()
    audit.record(Event.APPLICATION_SCREENING_STARTED, Subject.APPLICATION, application.id, by=by)
