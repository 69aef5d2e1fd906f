"""The clock of an application (domain.md 3-2d): days in Japan, counted in business days, stopped while it is returned."""

from jcanweb import clock
from jcanweb.calendar import add_business_days, business_days_left, jst_date
from jcanweb.config import setting
from jcanweb.models import Application


def begin(application: Application) -> None:
    """Handed in today: SCREENING_BUSINESS_DAYS from now on, or those that were left when it was returned.

    The day itself does not count; with none left it is due on the same day, or the next business day.
    """
    days = setting("SCREENING_BUSINESS_DAYS") if application.days_left is None else application.days_left
    application.due_on = add_business_days(jst_date(clock.now()), days)
    application.days_left = None


def stop(application: Application) -> None:
    """Returned today: the business days after today are kept, none when it is due or overdue."""
    if application.due_on is not None:
        application.days_left = business_days_left(jst_date(clock.now()), application.due_on)
    application.due_on = None


def end(application: Application) -> None:
    """Nothing is waited for from us any more: no day stands over it, and no hold."""
    application.due_on = application.days_left = None
    end_hold(application)


def end_hold(application: Application) -> None:
    """It stands aside no more; a hold never stopped the clock."""
    application.held_by = application.held_at = application.held_reason = None
