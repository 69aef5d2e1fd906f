"""OU2 and CN once more, by the approver, from the evidence and unseen (product.md §5): guard, change, record."""

from jcanweb import audit, clock
from jcanweb.database import flush, lock
from jcanweb.errors import FieldRefused, at_field
from jcanweb.events import Event, Subject
from jcanweb.models import Application, Officer, SecondEntry
from jcanweb.names import check_words, to_certificate_text
from jcanweb.services import screening
from jcanweb.services import screening_ledger as ledger

LONGEST = 200
"""Characters that are kept, to be shown to the screener where they differ."""


def enter(
    application: Application, *, organization_unit: str, common_name: str, version: int, by: Officer
) -> bool:
    """Keep what the approver reads from the evidence; is it what the application says?

    If so this officer may approve; entered once more, nothing changes. If not, the screening is open again, on
    the desk where it was. Capitals and punctuation count, width and runs of spaces do not. The record says
    whether the texts agree, not what they are. Raises StalePage, WrongState, ChecksMissing, OwnApplication,
    TwoPersonRule, FieldRefused.
    """
    lock(application, version)
    screening.screened(application)
    screening.other_person(application, by)
    if ledger.entered(application, by):
        return True
    unit = at_field("organization_unit", _text, organization_unit, "OU2")
    name = at_field("common_name", _text, common_name, "CN")
    agrees = (unit, name) == (application.organization_unit, application.common_name)
    application.entries.append(
        SecondEntry(application_id=application.id, revision=application.revision, organization_unit=unit,
                    common_name=name, agrees=agrees, entered_by=by.id, entered_at=clock.now())
    )  # fmt: skip
    flush()
    if not agrees:
        application.screened_by = application.screened_at = None
        flush()
    audit.record(Event.APPLICATION_SECOND_ENTERED, Subject.APPLICATION, application.id, by=by,
                 revision=application.revision, agrees=agrees)  # fmt: skip
    return agrees


def _text(typed: str, what: str) -> str:
    text = to_certificate_text(check_words(typed, what, LONGEST))
    if not text or len(text) > LONGEST:
        raise FieldRefused(f"{what}を{LONGEST}文字以内で入力してください。")
    return text
