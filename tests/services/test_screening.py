"""Screening and approval by their services: claimed, judged field by field, decided by another officer."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from jcanweb import audit, clock
from jcanweb.calendar import JST
from jcanweb.database import db, flush, transaction
from jcanweb.errors import (
    ChecksMissing,
    FieldRefused,
    HeldByColleague,
    NotEligible,
    OwnApplication,
    RuleViolation,
    StalePage,
    TwoPersonRule,
    WordsNeeded,
    WrongState,
)
from jcanweb.events import Event, Subject
from jcanweb.models import Application, AuditEntry, FieldCheck, Officer
from jcanweb.roles import Role
from jcanweb.services import enrollment, enrollment_entries, handling, papers, second_entry
from jcanweb.services import screening as service
from jcanweb.services import screening_findings as findings
from jcanweb.services import screening_ledger as ledger
from jcanweb.vocabulary import AgreementState, CheckedField, PaperPoint, Verdict
from jcanweb.vocabulary import ApplicationState as A
from tests import builders
from tests.issued import issued_certificate
from tests.people import officer

OU, CN, PIN, SEAL = CheckedField
POINTS = frozenset(PaperPoint)
PASS, FAIL = Verdict.PASS, Verdict.FAIL


class Cast:
    """Who does what in these tests."""

    def __init__(self) -> None:
        self.screener, self.colleague, self.approver = (
            officer(role) for role in (Role.SCREENER, Role.SCREENER, Role.APPROVER)
        )

    def claimed(self) -> Application:
        return builders.application(A.SCREENING, screener=self.screener)

    def screened(self) -> Application:
        return builders.application(A.SCREENING, screener=self.screener, screened=True)

    def check(self, application: Application, field: CheckedField, verdict: Verdict = PASS, comment: str = "",
              by: Officer | None = None) -> None:  # fmt: skip
        service.check(application, field, verdict, comment, matched=POINTS, version=application.version,
                      by=by or self.screener)  # fmt: skip

    def finish(self, application: Application) -> None:
        service.finish(application, version=application.version, by=self.screener)

    def enter(self, application: Application, by: Officer | None = None, **typed: str) -> bool:
        texts = {
            "organization_unit": application.organization_unit,
            "common_name": application.common_name,
        } | typed
        return second_entry.enter(application, **texts, version=application.version, by=by or self.approver)

    def approve(self, application: Application, by: Officer | None = None) -> None:
        service.approve(application, version=application.version, by=by or self.approver)


@pytest.fixture
def cast(context: Any) -> Cast:
    return Cast()


def events(application: Application) -> list[Event]:
    query = db.session.query(AuditEntry).filter_by(
        subject=Subject.APPLICATION, subject_id=str(application.id)
    )
    return [one.event for one in query.order_by(AuditEntry.sequence)]


def edited(application: Application, **values: Any) -> None:
    """The applicant corrects a returned application and hands it in again."""
    facts: dict[str, Any] = {
        "organization_unit": application.organization_unit_typed,
        "organization_unit_ja": application.organization_unit_ja,
        "common_name": application.common_name_typed, "common_name_ja": application.common_name_ja, "years": 2,
        "pin_recipient_name": application.pin_recipient_name,
        "pin_recipient_email": application.pin_recipient_email,
        "seal_certificate_on": application.seal_certificate_on, **values,
    }  # fmt: skip
    who = application.person
    enrollment.save(application, enrollment_entries.Entry(**facts), version=application.version, by=who)
    enrollment.submit(application, version=application.version, by=who)


# --- the way through ------------------------------------------------------------------------------------


def test_from_submission_to_approval_by_another(cast: Cast) -> None:
    made = builders.application()
    handling.start(made, version=made.version, by=cast.screener)
    for field in CheckedField:
        cast.check(made, field)
    cast.finish(made)
    assert cast.enter(made)
    cast.approve(made)
    assert (made.state, made.screened_by, made.approved_by) == (
        A.APPROVED,
        cast.screener.id,
        cast.approver.id,
    )
    assert events(made) == [
        Event.APPLICATION_SCREENING_STARTED, *[Event.APPLICATION_FIELD_CHECKED] * 4, Event.APPLICATION_SCREENED,
        Event.APPLICATION_SECOND_ENTERED, Event.APPLICATION_APPROVED,
    ]  # fmt: skip
    db.session.commit()
    assert audit.verify() == []


def test_an_application_not_handed_in_is_not_screened(cast: Cast) -> None:
    made = builders.application(A.DRAFT)
    with pytest.raises(WrongState):
        handling.start(made, version=made.version, by=cast.screener)


def test_one_claims_twice_by_a_double_click(cast: Cast) -> None:
    made = builders.application()
    version = made.version
    handling.start(made, version=version, by=cast.screener)
    handling.start(made, version=version, by=cast.screener)
    assert events(made) == [Event.APPLICATION_SCREENING_STARTED]


def test_a_colleague_takes_over(cast: Cast) -> None:
    made = cast.claimed()
    handling.start(made, version=made.version, by=cast.colleague)
    assert made.screening_by == cast.colleague.id
    with pytest.raises(HeldByColleague):
        cast.check(made, OU)


def test_a_completed_screening_is_not_taken_over(cast: Cast) -> None:
    made = cast.screened()
    with pytest.raises(WrongState):
        handling.start(made, version=made.version, by=cast.colleague)


# --- verdicts -------------------------------------------------------------------------------------------


def test_a_verdict_keeps_the_text_that_was_looked_at(cast: Cast) -> None:
    made = cast.claimed()
    cast.check(made, OU, comment=" 登記の英語名と一致 ")
    (kept,) = made.checks
    assert (kept.value, kept.comment, kept.revision, kept.checked_by) == (
        made.organization_unit, "登記の英語名と一致", made.revision, cast.screener.id)  # fmt: skip


def test_the_same_verdict_again_changes_nothing(cast: Cast) -> None:
    made = cast.claimed()
    cast.check(made, OU)
    cast.check(made, OU)
    assert len(made.checks) == 1
    cast.check(made, OU, FAIL, "登記と違います。")
    cast.check(made, OU)
    assert [one.verdict for one in made.checks] == [PASS, FAIL, PASS]
    assert ledger.field(made, OU).passed


def test_a_failed_field_needs_a_comment(cast: Cast) -> None:
    with pytest.raises(WordsNeeded) as caught:
        cast.check(cast.claimed(), OU, FAIL, " \n　")
    assert caught.value.field == "comment"


@pytest.mark.parametrize("comment", ["あ" * 1001, "右\u202eから左", "鐘\u0007", "消え\u200bる"])
def test_an_unreadable_comment_is_refused_at_its_field(cast: Cast, comment: str) -> None:
    with pytest.raises(FieldRefused) as caught:
        cast.check(cast.claimed(), OU, PASS, comment)
    assert caught.value.field == "comment"


def test_what_cannot_stand_in_a_certificate_does_not_pass(cast: Cast) -> None:
    made = cast.claimed()
    made.common_name_typed = made.common_name = "部長"
    flush()
    with pytest.raises(FieldRefused, match="適合にできません"):
        cast.check(made, CN)
    cast.check(made, CN, FAIL, "英字で入力してください。")


def test_a_text_that_was_changed_behind_the_form_does_not_pass(cast: Cast) -> None:
    made = cast.claimed()
    cast.check(made, OU)
    db.session.execute(
        text("UPDATE application SET organization_unit = 'Other Corp' WHERE id = :id"), {"id": made.id}
    )
    db.session.expire(made)
    assert not ledger.field(made, OU).passed
    with pytest.raises(FieldRefused, match="適合にできません"):
        cast.check(made, OU)


def test_a_seal_certificate_over_three_months_does_not_pass(cast: Cast) -> None:
    made = cast.claimed()
    made.seal_certificate_on = clock.now().date() - timedelta(days=100)
    flush()
    with pytest.raises(FieldRefused, match="適合にできません"):
        cast.check(made, SEAL)


def test_a_page_that_grew_old_is_refused(cast: Cast) -> None:
    made = cast.claimed()
    with pytest.raises(StalePage):
        service.check(made, OU, PASS, "", version=made.version - 1, by=cast.screener)


def test_a_verdict_stays_as_it_was_written(cast: Cast) -> None:
    cast.check(cast.claimed(), OU)
    with pytest.raises(IntegrityError, match="append_only"):
        db.session.execute(text("UPDATE field_check SET verdict = 'fail'"))


# --- completion -----------------------------------------------------------------------------------------


def test_a_screening_with_a_field_left_is_not_completed(cast: Cast) -> None:
    made = cast.claimed()
    cast.check(made, OU)
    cast.check(made, CN)
    with pytest.raises(ChecksMissing):
        cast.finish(made)


def test_a_screening_with_a_failed_field_is_not_completed(cast: Cast) -> None:
    made = cast.claimed()
    for field in CheckedField:
        cast.check(made, field)
    cast.check(made, OU, FAIL, "登記と違います。")
    with pytest.raises(ChecksMissing):
        cast.finish(made)


def test_a_corporation_whose_agreement_stopped_is_not_passed(cast: Cast) -> None:
    made = cast.claimed()
    builders.check_all(made, by=cast.screener)
    made.corporation.agreement_state = AgreementState.SUSPENDED
    flush()
    with pytest.raises(NotEligible, match="停止中"):
        cast.finish(made)


def test_an_agreement_that_stops_after_the_screening_stops_the_approval(cast: Cast) -> None:
    made = cast.screened()
    cast.enter(made)
    made.corporation.agreement_state = AgreementState.ENDED
    flush()
    with pytest.raises(NotEligible, match="終了"):
        cast.approve(made)
    assert made.state is A.SCREENING


def test_no_verdict_after_the_completion(cast: Cast) -> None:
    with pytest.raises(WrongState):
        cast.check(cast.screened(), OU, FAIL, "やはり違います。")


# --- returned and handed in again -----------------------------------------------------------------------


def test_a_return_says_why(cast: Cast) -> None:
    made = cast.claimed()
    service.send_back(made, " OU2を直してください。 ", version=made.version, by=cast.screener)
    assert (made.state, made.returned_by, made.returned_reason) == (
        A.RETURNED, cast.screener.id, "OU2を直してください。")  # fmt: skip


@pytest.mark.parametrize(("reason", "error"), [(" 　", WordsNeeded), ("あ" * 1001, FieldRefused),
                                               ("\u2067右から左", FieldRefused)])  # fmt: skip
def test_a_return_without_a_readable_reason_is_refused(cast: Cast, reason: str, error: Any) -> None:
    made = cast.claimed()
    with pytest.raises(error) as caught:
        service.send_back(made, reason, version=made.version, by=cast.screener)
    assert caught.value.field == "reason"
    assert made.state is A.SCREENING


def test_an_approver_returns_instead_and_the_screening_is_void(cast: Cast) -> None:
    made = cast.screened()
    service.send_back_screened(made, "印影が不鮮明です。", version=made.version, by=cast.approver)
    assert (made.state, made.screened_by, made.returned_by) == (A.RETURNED, None, cast.approver.id)


def test_an_approver_does_not_return_what_is_still_screened(cast: Cast) -> None:
    made = cast.claimed()
    with pytest.raises(ChecksMissing):
        service.send_back_screened(made, "理由", version=made.version, by=cast.approver)


def test_an_edit_voids_the_verdicts(cast: Cast) -> None:
    made = cast.screened()
    service.send_back_screened(made, "CNを直してください。", version=made.version, by=cast.approver)
    edited(made, common_name="Accounting Manager")
    assert (made.state, made.revision) == (A.SUBMITTED, 2)
    handling.start(made, version=made.version, by=cast.screener)
    shown = ledger.field(made, CN)
    assert (shown.value, shown.check) == ("Accounting Manager", None)
    assert shown.earlier is not None
    with pytest.raises(ChecksMissing):
        cast.finish(made)
    for field in CheckedField:
        cast.check(made, field)
    cast.finish(made)
    assert cast.enter(made)
    cast.approve(made)
    assert made.state is A.APPROVED


# --- by another person ----------------------------------------------------------------------------------


def test_the_screener_does_not_approve(cast: Cast) -> None:
    with pytest.raises(TwoPersonRule):
        cast.approve(cast.screened(), by=cast.screener)


def test_who_checked_one_field_does_not_approve(cast: Cast) -> None:
    made = cast.claimed()
    cast.check(made, OU, by=cast.screener)
    handling.start(made, version=made.version, by=cast.colleague)
    for field in CheckedField:
        cast.check(made, field, by=cast.colleague)
    service.finish(made, version=made.version, by=cast.colleague)
    with pytest.raises(TwoPersonRule):
        cast.approve(made, by=cast.screener)


@pytest.mark.parametrize("act", [service.reject, service.send_back_screened])
def test_the_screener_decides_nothing_else_either(cast: Cast, act: Any) -> None:
    made = cast.screened()
    with pytest.raises(TwoPersonRule):
        act(made, "理由", version=made.version, by=cast.screener)


@pytest.mark.parametrize("column", ["person", "pin_recipient"])
def test_nobody_handles_the_own_application(cast: Cast, column: str) -> None:
    for who, act in (
        (cast.screener, lambda one, by: handling.start(one, version=one.version, by=by)),
        (cast.approver, lambda one, by: service.approve(one, version=one.version, by=by)),
        (cast.approver, lambda one, by: service.reject(one, "理由", version=one.version, by=by)),
        (cast.screener, lambda one, by: papers.open_document(one, by=by)),
    ):
        made = builders.application() if who is cast.screener else cast.screened()
        if column == "person":
            made.person.email = who.email.upper()
        else:
            made.pin_recipient_email = who.email
        flush()
        with pytest.raises(OwnApplication):
            act(made, who)


def test_the_screener_does_not_approve_by_sql(cast: Cast) -> None:
    made = cast.screened()
    with pytest.raises(IntegrityError, match="two_person"):
        db.session.execute(text("UPDATE application SET state = 'approved', approved_by = screened_by,"
                                " approved_at = screened_at WHERE id = :id"), {"id": made.id})  # fmt: skip


def test_who_checked_a_field_does_not_approve_by_sql(cast: Cast) -> None:
    made = cast.screened()
    db.session.add(FieldCheck(application_id=made.id, revision=made.revision, field=OU, value=made.organization_unit,
                              verdict=PASS, checked_by=cast.colleague.id, checked_at=clock.now()))  # fmt: skip
    flush()
    with pytest.raises(IntegrityError, match="two_person_checker|two_person_unentered"):
        db.session.execute(text("UPDATE application SET state = 'approved', approved_by = :by,"
                                " approved_at = screened_at WHERE id = :id"),
                           {"id": made.id, "by": cast.colleague.id})  # fmt: skip


def test_nothing_unscreened_is_approved_by_sql(cast: Cast) -> None:
    made = cast.claimed()
    with pytest.raises(IntegrityError, match="approved_screened|two_person_unentered"):
        db.session.execute(text("UPDATE application SET state = 'approved', approved_by = :by,"
                                " approved_at = submitted_at WHERE id = :id"),
                           {"id": made.id, "by": cast.approver.id})  # fmt: skip


def test_nothing_unscreened_is_approved(cast: Cast) -> None:
    with pytest.raises(ChecksMissing, match="まだ完了していません"):
        cast.approve(cast.claimed())


def test_an_approval_is_given_once(cast: Cast) -> None:
    made = cast.screened()
    cast.enter(made)
    version = made.version
    cast.approve(made)
    with pytest.raises(StalePage):
        service.approve(made, version=version, by=cast.approver)
    with pytest.raises(WrongState):
        cast.approve(made)


def test_a_rejection_ends_it(cast: Cast) -> None:
    made = cast.claimed()
    service.reject(made, "契約が終了しているため。", version=made.version, by=cast.approver)
    assert (made.state, made.rejected_by, made.rejected_reason) == (
        A.REJECTED, cast.approver.id, "契約が終了しているため。")  # fmt: skip


# --- at the same moment ---------------------------------------------------------------------------------


def test_of_two_who_claim_at_once_one_wins(app: Any) -> None:
    with app.app_context(), transaction():
        made, version = builders.application(), 1
        ids = [officer(Role.SCREENER).id, officer(Role.SCREENER).id]
    gate, outcomes = threading.Barrier(2), []

    def press(who: int) -> None:
        with app.test_request_context():
            one, by = db.session.get_one(Application, made.id), db.session.get_one(Officer, who)
            db.session.rollback()
            gate.wait()
            try:
                with transaction():
                    handling.start(one, version=version, by=by)
                outcomes.append("won")
            except RuleViolation as violation:
                outcomes.append(violation.code)

    threads = [threading.Thread(target=press, args=(who,)) for who in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(outcomes) == ["StalePage", "won"]
    with app.app_context():
        assert events(made) == [Event.APPLICATION_SCREENING_STARTED]


def test_approved_while_the_applicant_withdraws_one_wins(app: Any) -> None:
    with app.app_context(), transaction():
        cast = Cast()
        made = cast.screened()
        builders.enter(made, by=cast.approver)
        version, person = made.version, made.person
    gate, outcomes = threading.Barrier(2), []

    def press(act: Any) -> None:
        with app.test_request_context():
            one, by = db.session.get_one(Application, made.id), db.session.get_one(Officer, cast.approver.id)
            who = db.session.get_one(type(person), person.id)
            db.session.rollback()
            gate.wait()
            try:
                with transaction():
                    act(one, by, who)
                outcomes.append("won")
            except RuleViolation as violation:
                outcomes.append(violation.code)

    acts = [lambda one, by, who: service.approve(one, version=version, by=by),
            lambda one, by, who: enrollment.withdraw(one, version=version, by=who)]  # fmt: skip
    threads = [threading.Thread(target=press, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(outcomes) == ["StalePage", "won"]


# --- reading --------------------------------------------------------------------------------------------


def test_due_on_the_third_business_day(cast: Cast) -> None:
    due = ledger.due(builders.application())
    assert due is not None
    assert due.astimezone(JST).isoformat() == "2026-11-27T23:59:59+09:00"
    assert ledger.due(builders.application(A.RETURNED)) is None


def test_what_stands_beside_a_field(cast: Cast) -> None:
    made = cast.claimed()
    assert dict(ledger.field(made, OU).evidence)["登録の英語名"] == made.corporation.name_en
    assert "SHINSEI" in dict(ledger.field(made, CN).evidence)["ローマ字の例"]
    earlier = issued_certificate(application=builders.application(A.APPROVED, person=made.person))
    assert ledger.field(made, OU).previous == earlier.organization_unit


def test_a_living_certificate_of_the_same_name_is_shown(cast: Cast) -> None:
    earlier = issued_certificate()
    made = cast.claimed()
    made.organization_unit, made.common_name = earlier.organization_unit, earlier.common_name
    flush()
    assert findings.twins(made) == [earlier]


def test_a_returned_application_lapses_after_three_months(cast: Cast, hands: Any) -> None:
    made, waiting = builders.application(A.RETURNED), builders.application()
    hands.forward(days=91)
    assert service.lapse_old() == []
    hands.forward(days=2)
    assert service.lapse_old() == [made]
    assert (made.state, waiting.state) == (A.LAPSED, A.SUBMITTED)
    assert service.lapse_old() == []
