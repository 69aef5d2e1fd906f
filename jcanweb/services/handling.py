"""Who has an application on the desk, and whether it is held (product.md §5): guard, change, record.

A GET never claims: an officer claims by a button, and what one has claimed the others only read until they take
it over. A hold does not stop the clock; it takes the application out of its officer's queue.
"""

from sqlalchemy import select

from jcanweb import audit, clock, states
from jcanweb.database import db, flush, lock
from jcanweb.errors import (
    FieldRefused,
    HeldByColleague,
    OwnApplication,
    StalePage,
    WrongState,
    words_at,
)
from jcanweb.events import Event, Subject
from jcanweb.models import Application, Officer, OfficerRole
from jcanweb.names import check_words
from jcanweb.roles import Role
from jcanweb.services import lead_time, screening
from jcanweb.vocabulary import ApplicationState as A


def start(application: Application, *, version: int, by: Officer) -> None:
    """Claim a submitted application, or take over one that a colleague has on the desk and has not completed.

    One's own claim once more changes nothing; a hold stays. Raises StalePage, OwnApplication, WrongState.
    """
    lock(application)
    if _claimed(application) and application.screening_by == by.id:
        return
    if application.version != version:
        raise StalePage()
    if screening.own(application, by):
        raise OwnApplication()
    _give(application, by)
    audit.record(Event.APPLICATION_SCREENING_STARTED, Subject.APPLICATION, application.id, by=by)


def release(application: Application, *, version: int, by: Officer) -> None:
    """Put it back on the pile, where anybody may claim it; the verdicts stay, a hold ends.

    Raises StalePage, WrongState, HeldByColleague.
    """
    lock(application, version)
    _check_mine(application, by)
    states.move(application, A.SUBMITTED)
    application.screening_by = application.screening_at = None
    lead_time.end_hold(application)
    flush()
    audit.record(Event.APPLICATION_RELEASED, Subject.APPLICATION, application.id, by=by)


def assign(application: Application, to: Officer | None, *, version: int, by: Officer) -> None:
    """Give it to a screener, by who has it or by an approver; the verdicts and a hold stay.

    To whom has it already changes nothing. Raises StalePage, WrongState, HeldByColleague; at `officer` FieldRefused
    when that is no active screener; OwnApplication for the applicant or the recipient of the PIN, on either side.
    """
    lock(application, version)
    if screening.own(application, by):
        raise OwnApplication()
    if not by.holds(Role.APPROVER):
        _check_mine(application, by)
    if to is None or not to.active or not to.holds(Role.SCREENER):
        raise FieldRefused("受付・審査担当の中から選んでください。", "officer")
    if screening.own(application, to):
        raise OwnApplication(
            "選んだ担当者は、この申請の申請者かPIN送付先です。ほかの担当者を選んでください。", "officer"
        )
    if _claimed(application) and application.screening_by == to.id:
        return
    _give(application, to)
    audit.record(Event.APPLICATION_ASSIGNED, Subject.APPLICATION, application.id, by=by, officer=to.id)


def hold(application: Application, reason: str, *, version: int, by: Officer) -> None:
    """Put it aside, by who has it; `reason` (1 to 1,000 characters) is for officers only.

    Raises StalePage, WrongState (also when it is held already), HeldByColleague, WordsNeeded, FieldRefused.
    """
    lock(application, version)
    _check_mine(application, by)
    if application.held_at is not None:
        raise WrongState("Application", "held", "held")
    reason = words_at("reason", check_words, reason, "保留の理由")
    application.held_by, application.held_at, application.held_reason = by.id, clock.now(), reason
    flush()
    audit.record(Event.APPLICATION_HELD, Subject.APPLICATION, application.id, by=by)


def resume(application: Application, *, version: int, by: Officer) -> None:
    """Go on with what was held, by who has it. Raises StalePage, WrongState, HeldByColleague."""
    lock(application, version)
    _check_mine(application, by)
    if application.held_at is None:
        raise WrongState("Application", "not held", "resumed")
    lead_time.end_hold(application)
    flush()
    audit.record(Event.APPLICATION_RESUMED, Subject.APPLICATION, application.id, by=by)


def colleagues(application: Application) -> list[Officer]:
    """The screeners it could be given to: not who has it, nor whose own it is."""
    query = select(Officer).join(Officer.roles).where(OfficerRole.name == Role.SCREENER, Officer.active)
    if _claimed(application):
        query = query.where(Officer.id != application.screening_by)
    found = db.session.scalars(query.order_by(Officer.name, Officer.id))
    return [one for one in found if not screening.own(application, one)]


def possible(application: Application, *, by: Officer) -> frozenset[Event]:
    """What of this the officer could do now: the acts a page may offer."""
    open_ = application.state is A.SUBMITTED or _claimed(application)
    if not open_ or screening.own(application, by):
        return frozenset()
    if _claimed(application) and application.screening_by == by.id:
        hold_ = Event.APPLICATION_HELD if application.held_at is None else Event.APPLICATION_RESUMED
        return frozenset({Event.APPLICATION_RELEASED, Event.APPLICATION_ASSIGNED, hold_})
    directs = {Event.APPLICATION_ASSIGNED} if by.holds(Role.APPROVER) else set[Event]()
    return frozenset({Event.APPLICATION_SCREENING_STARTED, *directs})


def _claimed(application: Application) -> bool:
    """On somebody's desk, the screening not completed."""
    return application.state is A.SCREENING and application.screened_at is None


def _check_mine(application: Application, by: Officer) -> None:
    if not _claimed(application):
        raise WrongState("Application", str(application.state), str(A.SCREENING))
    if application.screening_by != by.id:
        raise HeldByColleague()


def _give(application: Application, to: Officer) -> None:
    if not _claimed(application):
        states.move(application, A.SCREENING)
    application.screening_by, application.screening_at = to.id, clock.now()
    flush()
