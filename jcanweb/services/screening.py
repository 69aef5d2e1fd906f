"""Screening and approval of applications (第3条2, product.md §5): guard, change, record.

A screener judges the fields and completes the screening; another officer, the approver, enters OU2 and CN once more
from the evidence, unseen, and decides. Whoever is the applicant or receives the PIN touches nothing.
"""

from collections.abc import Set

from jcanweb import audit, calendar, clock, states
from jcanweb.config import setting
from jcanweb.database import flush, lock
from jcanweb.errors import (
    ChecksMissing,
    FieldRefused,
    HeldByColleague,
    NotEligible,
    OnHold,
    OwnApplication,
    TwoPersonRule,
    WordsNeeded,
    WrongState,
    at_field,
    words_at,
)
from jcanweb.events import Event, Subject
from jcanweb.models import Application, FieldCheck, Officer
from jcanweb.names import check_words, comparison_key
from jcanweb.services import eligibility, lead_time
from jcanweb.services import screening_ledger as ledger
from jcanweb.vocabulary import ApplicationState as A
from jcanweb.vocabulary import CheckedField, PaperPoint, Verdict


def check(application: Application, field: CheckedField, verdict: Verdict, comment: str, *,
          matched: Set[PaperPoint] = frozenset(), version: int, by: Officer) -> None:  # fmt: skip
    """Record a verdict on the field's present text; the same verdict again changes nothing.

    Only who has the application on the desk, until the screening is completed. A field with a finding that
    refuses cannot pass, a failed one needs a comment (at most 1,000 characters). `matched` is what of the
    印鑑証明書 was found the same; all of it, to pass. Raises StalePage, OwnApplication, HeldByColleague,
    WrongState, FieldRefused, WordsNeeded.
    """
    lock(application, version)
    _at_work(application, by)
    shown = ledger.field(application, field)
    if verdict is Verdict.PASS and shown.refused:
        raise FieldRefused(
            "この項目は証明書に使えない内容のため、適合にできません。理由を書いて「不適合」にし、差し戻してください。",
            field="comment",
        )
    points = [point for point in PaperPoint if field is CheckedField.SEAL_CERTIFICATE and point in matched]
    missing = [point for point in PaperPoint if point not in points]
    if verdict is Verdict.PASS and field is CheckedField.SEAL_CERTIFICATE and missing:
        raise FieldRefused(
            "適合とするには、印鑑証明書の法人名・代表者・発行日をそれぞれ照合し、印を付けてください。",
            field=str(missing[0]),
        )
    comment = at_field("comment", check_words, comment, "コメント")
    if verdict is Verdict.FAIL and not comment:
        raise WordsNeeded("不適合とするときは、申請者が直せるように理由を入力してください。", field="comment")
    last, kept = shown.check, (verdict, " ".join(points), comment, by.id)
    same = last and (last.verdict, last.matched, last.comment, last.checked_by) == kept
    if same and not shown.contradiction:
        return
    application.checks.append(
        FieldCheck(application_id=application.id, revision=application.revision, field=field, value=shown.value,
                   verdict=verdict, matched=kept[1], comment=comment, checked_by=by.id, checked_at=clock.now())
    )  # fmt: skip
    flush()
    audit.record(Event.APPLICATION_FIELD_CHECKED, Subject.APPLICATION, application.id, by=by,
                 field=field.value, verdict=verdict.value, revision=application.revision)  # fmt: skip


def finish(application: Application, *, version: int, by: Officer) -> None:
    """Complete the screening: all fields pass at the present revision and the conditions hold.

    Raises StalePage, OwnApplication, HeldByColleague, WrongState, ChecksMissing, NotEligible.
    """
    lock(application, version)
    _at_work(application, by)
    _all_pass(application)
    _eligible(application)
    application.screened_by, application.screened_at = by.id, clock.now()
    flush()
    audit.record(
        Event.APPLICATION_SCREENED, Subject.APPLICATION, application.id, by=by, revision=application.revision
    )


def send_back(application: Application, reason: str, *, version: int, by: Officer) -> None:
    """Return for correction, by who has it on the desk, before the screening is completed.

    `reason` (1 to 1,000 characters) goes to the applicant. Raises StalePage, OwnApplication, HeldByColleague,
    WrongState, WordsNeeded, FieldRefused.
    """
    lock(application, version)
    _at_work(application, by)
    _return(application, reason, by)


def send_back_screened(application: Application, reason: str, *, version: int, by: Officer) -> None:
    """Return for correction instead of approving; the completed screening is void.

    Raises as `send_back`, and TwoPersonRule for who had a hand in the screening.
    """
    lock(application, version)
    screened(application)
    other_person(application, by)
    _return(application, reason, by)


def _return(application: Application, reason: str, by: Officer) -> None:
    reason = words_at("reason", check_words, reason, "差戻しの理由")
    states.move(application, A.RETURNED)
    application.screened_by = application.screened_at = None
    application.returned_by, application.returned_at = by.id, clock.now()
    application.returned_reason = reason
    lead_time.stop(application)
    flush()
    audit.record(Event.APPLICATION_RETURNED, Subject.APPLICATION, application.id, by=by,
                 revision=application.revision)  # fmt: skip


def approve(application: Application, *, version: int, by: Officer) -> None:
    """Decide to issue, after the screening and the own second entry, never by one who checked this revision.

    Raises StalePage, WrongState, OwnApplication, TwoPersonRule, ChecksMissing, NotEligible.
    """
    lock(application, version)
    if application.state is A.SCREENING and application.screened_at is None:
        raise ChecksMissing("審査がまだ完了していません。審査の完了後に承認してください。")
    other_person(application, by)
    if application.state is A.SCREENING and not ledger.entered(application, by):
        raise ChecksMissing("証拠の書類からOU2とCNを入力してください。申請の内容と一致すると承認できます。")
    _all_pass(application)
    _eligible(application)
    states.move(application, A.APPROVED)  # nothing may be read between this and the names below
    application.approved_by, application.approved_at = by.id, clock.now()
    flush()
    audit.record(
        Event.APPLICATION_APPROVED, Subject.APPLICATION, application.id, by=by, revision=application.revision,
        due_on=application.due_on and application.due_on.isoformat(),
    )  # fmt: skip


def reject(application: Application, reason: str, *, version: int, by: Officer) -> None:
    """Decide not to issue; the application ends. `reason` (1 to 1,000 characters) goes to the applicant.

    Also before the screening is completed: who is not eligible gets no further. Raises StalePage, WrongState,
    OwnApplication, TwoPersonRule, WordsNeeded, FieldRefused.
    """
    lock(application, version)
    other_person(application, by)
    reason = words_at("reason", check_words, reason, "却下の理由")
    due_on = application.due_on
    states.move(application, A.REJECTED)
    application.rejected_by, application.rejected_at, application.rejected_reason = by.id, clock.now(), reason
    lead_time.end(application)
    flush()
    audit.record(
        Event.APPLICATION_REJECTED, Subject.APPLICATION, application.id, by=by, revision=application.revision,
        due_on=due_on and due_on.isoformat(),
    )  # fmt: skip


def lapse_old() -> list[Application]:
    """End the applications that have waited APPLICATION_LAPSE_MONTHS for their applicant, as draft or returned.

    One that waits for us never lapses; it is overdue. Returns up to screening_ledger.AT_ONCE of them, now ended, so
    that their people can be told; none once there are no more.
    """
    ended = []
    first = calendar.months_before(calendar.jst_date(clock.now()), setting("APPLICATION_LAPSE_MONTHS"))
    for application in ledger.forgotten(before=calendar.midnight(first)):
        states.move(application, A.LAPSED)
        flush()
        audit.record(Event.APPLICATION_LAPSED, Subject.APPLICATION, application.id, by=None)
        ended.append(application)
    return ended


def possible(application: Application, *, by: Officer) -> frozenset[Event]:
    """What this person could do with it now, whatever the role (`handling` says the rest): the acts a page may offer."""
    if own(application, by):
        return frozenset()
    if application.state is not A.SCREENING:
        return frozenset()
    other = by.id not in _hands(application)
    if application.screened_at is not None:
        first = (
            Event.APPLICATION_APPROVED
            if ledger.entered(application, by)
            else Event.APPLICATION_SECOND_ENTERED
        )
        decisions = {first, Event.APPLICATION_RETURNED, Event.APPLICATION_REJECTED}
        return frozenset(decisions if other else ())
    if application.screening_by == by.id and application.held_at is None:
        return frozenset(
            {Event.APPLICATION_FIELD_CHECKED, Event.APPLICATION_SCREENED, Event.APPLICATION_RETURNED}
        )
    return frozenset({Event.APPLICATION_REJECTED} if other else ())


def own(application: Application, officer: Officer) -> bool:
    """Is this officer the applicant, or the one the PIN goes to?"""
    theirs = {application.person.email, application.pin_recipient_email}
    return comparison_key(officer.email) in {comparison_key(address) for address in theirs}


def _not_own(application: Application, by: Officer) -> None:
    if own(application, by):
        raise OwnApplication()


def _at_work(application: Application, by: Officer) -> None:
    """The one who has it on the desk, while the screening is open."""
    _not_own(application, by)
    if application.state is not A.SCREENING or application.screened_at is not None:
        raise WrongState("Application", str(application.state), str(A.SCREENING))
    if application.screening_by != by.id:
        raise HeldByColleague()
    if application.held_at is not None:
        raise OnHold()


def screened(application: Application) -> None:
    """It is handed over to the approver. Raises WrongState, ChecksMissing."""
    if application.state is not A.SCREENING:
        raise WrongState("Application", str(application.state), str(A.SCREENING))
    if application.screened_at is None:
        raise ChecksMissing("審査がまだ完了していません。審査の完了を待ってから操作してください。")


def other_person(application: Application, by: Officer) -> None:
    """Neither the applicant nor anyone with a hand in the screening of this revision. Raises TwoPersonRule."""
    _not_own(application, by)
    if by.id in _hands(application):
        raise TwoPersonRule()


def _hands(application: Application) -> set[int | None]:
    checkers = {check.checked_by for check in application.checks if check.revision == application.revision}
    return checkers | {application.screening_by, application.screened_by}


def _all_pass(application: Application) -> None:
    if not all(shown.passed for shown in ledger.fields(application)):
        raise ChecksMissing()


def _eligible(application: Application) -> None:
    found = eligibility.obstacles(application)
    if found:
        raise NotEligible("".join(found))
