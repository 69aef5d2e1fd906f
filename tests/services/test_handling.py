"""Who has an application on the desk: claimed, released, assigned, held; what officers say about it; the queue."""

import threading
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from jcanweb import mail
from jcanweb.database import db, flush, transaction
from jcanweb.errors import (
    FieldRefused,
    HeldByColleague,
    OnHold,
    OwnApplication,
    RuleViolation,
    StalePage,
    WordsNeeded,
    WrongState,
)
from jcanweb.events import Event, Outcome, Subject
from jcanweb.models import Application, AuditEntry, Comment, Mail, Officer
from jcanweb.permissions import GRANTS
from jcanweb.roles import Role
from jcanweb.services import comments, desk, enrollment, handling, notices, queue, screening
from jcanweb.services.notices import Passage
from jcanweb.vocabulary import ApplicationState as A
from jcanweb.vocabulary import CheckedField, Verdict
from tests import builders
from tests.people import officer

WORDS = "法人に電話で確かめています。"


class Cast:
    def __init__(self) -> None:
        self.me, self.colleague, self.approver = (
            officer(role) for role in (Role.SCREENER, Role.SCREENER, Role.APPROVER)
        )

    def mine(self, **values: Any) -> Application:
        return builders.application(A.SCREENING, screener=self.me, **values)

    def held(self) -> Application:
        made = self.mine()
        handling.hold(made, WORDS, version=made.version, by=self.me)
        return made


@pytest.fixture
def cast(context: Any) -> Cast:
    return Cast()


def told(application: Application) -> list[tuple[Event, dict[str, Any]]]:
    query = db.session.query(AuditEntry).filter_by(
        subject=Subject.APPLICATION, subject_id=str(application.id), outcome=Outcome.DONE
    )
    return [(one.event, one.facts) for one in query.order_by(AuditEntry.sequence)]


# --- claimed and released -------------------------------------------------------------------------------


def test_a_claim_says_who_and_since_when(cast: Cast, hands: Any) -> None:
    made = builders.application()
    hands.forward(minutes=32)
    handling.start(made, version=made.version, by=cast.me)
    assert (made.state, made.screening_by, made.screening_at) == (A.SCREENING, cast.me.id, hands.at)


def test_a_released_one_lies_on_the_pile_and_is_claimed_again(cast: Cast) -> None:
    made = cast.mine()
    screening.check(made, CheckedField.COMMON_NAME, Verdict.PASS, "", version=made.version, by=cast.me)
    handling.release(made, version=made.version, by=cast.me)
    assert (made.state, made.screening_by, made.screening_at) == (A.SUBMITTED, None, None)
    handling.start(made, version=made.version, by=cast.colleague)
    assert made.screening_by == cast.colleague.id
    assert len(made.checks) == 1
    assert [event for event, _ in told(made)][-2:] == [
        Event.APPLICATION_RELEASED, Event.APPLICATION_SCREENING_STARTED]  # fmt: skip


def test_a_release_keeps_the_day_it_is_due(cast: Cast) -> None:
    made = cast.mine()
    before = made.due_on
    handling.release(made, version=made.version, by=cast.me)
    assert before is not None
    assert made.due_on == before


@pytest.mark.parametrize("act", [handling.release, handling.resume,
                                 lambda one, **by: handling.hold(one, WORDS, **by)])  # fmt: skip
def test_a_colleague_only_reads_it(cast: Cast, act: Callable[..., None]) -> None:
    made = cast.mine()
    with pytest.raises(HeldByColleague):
        act(made, version=made.version, by=cast.colleague)


@pytest.mark.parametrize("act", [handling.release, handling.resume, handling.start,
                                 lambda one, **by: handling.hold(one, WORDS, **by)])  # fmt: skip
def test_a_completed_screening_is_nobodys_to_move(cast: Cast, act: Callable[..., None]) -> None:
    made = cast.mine(screened=True)
    with pytest.raises(WrongState):
        act(made, version=made.version, by=cast.me)


# --- assigned -------------------------------------------------------------------------------------------


def test_the_holder_gives_it_to_a_colleague(cast: Cast) -> None:
    made = cast.mine()
    handling.assign(made, cast.colleague, version=made.version, by=cast.me)
    assert made.screening_by == cast.colleague.id
    assert told(made) == [(Event.APPLICATION_ASSIGNED, {"officer": cast.colleague.id})]
    handling.assign(made, cast.colleague, version=made.version, by=cast.approver)
    assert len(told(made)) == 1


def test_an_approver_gives_out_what_nobody_has(cast: Cast) -> None:
    made = builders.application()
    handling.assign(made, cast.me, version=made.version, by=cast.approver)
    assert (made.state, made.screening_by) == (A.SCREENING, cast.me.id)


def test_who_does_not_have_it_assigns_nothing(cast: Cast) -> None:
    made = cast.mine()
    with pytest.raises(HeldByColleague):
        handling.assign(made, officer(Role.SCREENER), version=made.version, by=cast.colleague)
    pile = builders.application()
    with pytest.raises(WrongState):
        handling.assign(pile, cast.colleague, version=pile.version, by=cast.me)


def test_nobody_without_the_role_is_given_it(cast: Cast) -> None:
    made, gone = cast.mine(), officer(Role.SCREENER)
    gone.active = False
    flush()
    for other in (cast.approver, officer(Role.OPERATOR), gone, None):
        with pytest.raises(FieldRefused) as caught:
            handling.assign(made, other, version=made.version, by=cast.me)
        assert caught.value.field == "officer"
    assert handling.colleagues(made) == [cast.colleague]


def test_nobody_is_given_the_own_application(cast: Cast) -> None:
    made = cast.mine()
    made.pin_recipient_email = cast.colleague.email.upper()
    flush()
    assert handling.colleagues(made) == []
    with pytest.raises(OwnApplication):
        handling.assign(made, cast.colleague, version=made.version, by=cast.me)


# --- held -----------------------------------------------------------------------------------------------


def test_a_held_one_is_neither_judged_nor_completed_nor_returned(cast: Cast) -> None:
    made = cast.mine()
    builders.check_all(made, by=cast.me)
    handling.hold(made, f" {WORDS} ", version=made.version, by=cast.me)
    assert (made.held_by, made.held_reason) == (cast.me.id, WORDS)
    with pytest.raises(OnHold):
        screening.finish(made, version=made.version, by=cast.me)
    with pytest.raises(OnHold):
        screening.check(made, CheckedField.COMMON_NAME, Verdict.PASS, "", version=made.version, by=cast.me)
    with pytest.raises(OnHold):
        screening.send_back(made, "理由", version=made.version, by=cast.me)
    handling.resume(made, version=made.version, by=cast.me)
    screening.finish(made, version=made.version, by=cast.me)
    assert made.held_at is None


def test_a_hold_does_not_stop_the_clock(cast: Cast) -> None:
    assert cast.held().due_on is not None


def test_held_twice_and_resumed_twice_are_refused(cast: Cast) -> None:
    made = cast.held()
    with pytest.raises(WrongState):
        handling.hold(made, WORDS, version=made.version, by=cast.me)
    handling.resume(made, version=made.version, by=cast.me)
    with pytest.raises(WrongState):
        handling.resume(made, version=made.version, by=cast.me)


@pytest.mark.parametrize(("reason", "error"), [("　", WordsNeeded), ("長" * 1001, FieldRefused),
                                               ("右\u202e左", FieldRefused)])  # fmt: skip
def test_a_hold_without_a_readable_reason_is_refused(cast: Cast, reason: str, error: Any) -> None:
    made = cast.mine()
    with pytest.raises(error) as caught:
        handling.hold(made, reason, version=made.version, by=cast.me)
    assert caught.value.field == "reason"


def test_who_takes_over_a_held_one_resumes_it(cast: Cast) -> None:
    made = cast.held()
    handling.start(made, version=made.version, by=cast.colleague)
    assert made.held_reason == WORDS
    handling.resume(made, version=made.version, by=cast.colleague)


def test_a_hold_ends_with_a_release_a_rejection_and_a_withdrawal(cast: Cast) -> None:
    released, rejected, withdrawn = cast.held(), cast.held(), cast.held()
    handling.release(released, version=released.version, by=cast.me)
    screening.reject(rejected, "契約の終了", version=rejected.version, by=cast.approver)
    enrollment.withdraw(withdrawn, version=withdrawn.version, by=withdrawn.person)
    assert {one.held_at for one in (released, rejected, withdrawn)} == {None}


def test_by_sql_nothing_is_approved_while_it_is_held(cast: Cast) -> None:
    made = cast.held()
    with pytest.raises(IntegrityError, match="state_held"):
        db.session.execute(text("UPDATE application SET screened_by = screening_by, screened_at = screening_at"
                                " WHERE id = :id"), {"id": made.id})  # fmt: skip


# --- at the same moment ---------------------------------------------------------------------------------


def race(app: Any, made: int, acts: list[Callable[[Application], Any]]) -> list[str]:
    """Each act by a thread of its own at one moment; how each ended, sorted."""
    gate, outcomes = threading.Barrier(len(acts)), []

    def press(act: Callable[[Application], Any]) -> None:
        with app.test_request_context():
            one = db.session.get_one(Application, made)
            db.session.rollback()
            gate.wait()
            try:
                with transaction():
                    act(one)
                outcomes.append("won")
            except RuleViolation as violation:
                outcomes.append(violation.code)

    threads = [threading.Thread(target=press, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return sorted(outcomes)


def by(who: Officer) -> Officer:
    return db.session.get_one(Officer, who.id)


def test_released_and_taken_over_at_once_one_wins(app: Any) -> None:
    with app.test_request_context(), transaction():
        cast = Cast()
        made = cast.mine()
        version = made.version
    outcomes = race(app, made.id, [
        lambda one: handling.release(one, version=version, by=by(cast.me)),
        lambda one: handling.start(one, version=version, by=by(cast.colleague)),
    ])  # fmt: skip
    assert outcomes == ["StalePage", "won"]


def test_held_and_completed_at_once_one_wins(app: Any) -> None:
    with app.test_request_context(), transaction():
        cast = Cast()
        made = cast.mine()
        builders.check_all(made, by=cast.me)
        version = made.version
    outcomes = race(app, made.id, [
        lambda one: handling.hold(one, WORDS, version=version, by=by(cast.me)),
        lambda one: screening.finish(one, version=version, by=by(cast.me)),
    ])  # fmt: skip
    assert outcomes == ["StalePage", "won"]


def test_two_who_ask_for_the_next_are_given_two(app: Any) -> None:
    with app.test_request_context(), transaction():
        cast = Cast()
        first, second = builders.application(), builders.application()
    taken: list[str] = []

    def take(who: Officer) -> Callable[[Application], None]:
        def act(_: Application) -> None:
            found = queue.take(by(who), GRANTS[Role.SCREENER])
            assert found is not None
            taken.append(found.number)

        return act

    assert race(app, first.id, [take(cast.me), take(cast.colleague)]) == ["won", "won"]
    assert sorted(taken) == sorted([first.number, second.number])
    with app.app_context():
        holders = {db.session.get_one(Application, one.id).screening_by for one in (first, second)}
        assert holders == {cast.me.id, cast.colleague.id}


# --- the queue ------------------------------------------------------------------------------------------


def test_the_queue_goes_by_the_day_it_is_due_then_as_it_came(cast: Cast, hands: Any) -> None:
    long_after = builders.application(due_on=date(2026, 12, 4))
    pile, mine = builders.application(), cast.mine()
    builders.application(A.SCREENING)
    cast.held()
    hands.forward(days=1)
    later = builders.application()
    rights = GRANTS[Role.SCREENER]
    assert queue.neighbours(pile, cast.me, rights) == (None, mine.number)
    assert queue.neighbours(mine, cast.me, rights) == (pile.number, later.number)
    assert queue.neighbours(later, cast.me, rights) == (mine.number, long_after.number)
    assert queue.neighbours(long_after, cast.me, rights) == (later.number, None)


def test_what_was_returned_leads_to_the_head_of_the_queue(cast: Cast) -> None:
    first, _ = builders.application(), builders.application()
    returned = builders.application(A.RETURNED)
    assert queue.neighbours(returned, cast.me, GRANTS[Role.SCREENER]) == (None, first.number)


def test_the_next_one_is_claimed_and_then_the_next(cast: Cast) -> None:
    first, second = builders.application(), builders.application()
    rights = GRANTS[Role.SCREENER]
    assert queue.take(cast.me, rights) is first
    assert first.screening_by == cast.me.id
    assert queue.take(cast.me, rights) is first
    handling.hold(first, WORDS, version=first.version, by=cast.me)
    assert queue.take(cast.me, rights) is second
    handling.hold(second, WORDS, version=second.version, by=cast.me)
    assert queue.take(cast.me, rights) is None


def test_approvers_and_operators_have_queues_of_their_own(cast: Cast) -> None:
    builders.application()
    screened = builders.application(A.SCREENING, screened=True)
    approved = builders.application(A.APPROVED)
    assert queue.take(cast.approver, GRANTS[Role.APPROVER]) is screened
    assert queue.take(officer(Role.OPERATOR), GRANTS[Role.OPERATOR]) is approved
    assert queue.take(officer(Role.ADMINISTRATOR), GRANTS[Role.ADMINISTRATOR]) is None
    assert screened.screening_by != cast.approver.id


# --- the tabs of the desk -------------------------------------------------------------------------------


def test_every_tab_has_its_applications_and_counts_them(cast: Cast, hands: Any) -> None:
    old = builders.application()
    hands.forward(days=7)
    held, new, returned = cast.held(), builders.application(), builders.application(A.RETURNED)
    builders.application(A.REJECTED)
    expected = {
        desk.Tab.ALL: [old, held, new],
        desk.Tab.OVERDUE: [old],
        desk.Tab.HELD: [held],
        desk.Tab.RETURNED: [returned],
    }
    for tab, applications in expected.items():
        assert desk.under_way(tab) == applications
    assert desk.tab_counts() == {tab: len(found) for tab, found in expected.items()}


def test_a_tab_is_read_on_behind_its_last_row(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    made = [builders.application() for _ in range(5)]
    monkeypatch.setattr(desk, "PAGE", 2)
    assert desk.under_way(desk.Tab.ALL) == made[:3]
    assert desk.under_way(desk.Tab.ALL, made[1].id) == made[2:5]
    assert desk.under_way(desk.Tab.ALL, made[4].id) == []


# --- comments -------------------------------------------------------------------------------------------


def test_a_comment_stays_and_a_second_click_adds_none(cast: Cast) -> None:
    made = builders.application()
    comments.write(made, " 登記で確認済み ", by=cast.me)
    comments.write(made, "登記で確認済み", by=cast.me)
    comments.write(made, "登記で確認済み", by=cast.colleague)
    assert [(one.words, one.written_by) for one in comments.of(made)] == [
        ("登記で確認済み", cast.colleague.id), ("登記で確認済み", cast.me.id)]  # fmt: skip
    assert [event for event, _ in told(made)] == [Event.APPLICATION_COMMENTED] * 2


@pytest.mark.parametrize(
    ("words", "error"), [("", WordsNeeded), ("長" * 1001, FieldRefused), ("鐘\u0007", FieldRefused)]
)
def test_a_comment_nobody_can_read_is_refused(cast: Cast, words: str, error: Any) -> None:
    with pytest.raises(error) as caught:
        comments.write(builders.application(), words, by=cast.me)
    assert caught.value.field == "words"
    assert db.session.query(Comment).count() == 0


def test_nobody_comments_on_the_own_application(cast: Cast) -> None:
    made = builders.application()
    made.person.email = cast.me.email
    flush()
    with pytest.raises(OwnApplication):
        comments.write(made, "はやく", by=cast.me)


# --- mails ----------------------------------------------------------------------------------------------


def test_a_mail_is_remembered_with_its_address_when_it_is_sent(cast: Cast, hands: Any) -> None:
    made = builders.application()
    mail.send("hanako@example.jp", "application_received", application=made, person=made.person,
              expected_on=made.due_on)  # fmt: skip
    flush()
    (waiting,) = notices.of(made)
    assert (waiting.what, waiting.to, waiting.passage) == (
        "受付のお知らせ",
        "hanako@example.jp",
        Passage.WAITING,
    )
    db.session.commit()
    mail.dispatch()
    (sent,) = notices.of(made)
    assert (sent.to, sent.passage, sent.sent_at) == ("hanako@example.jp", Passage.SENT, hands.at)
    (row,) = db.session.query(Mail)
    assert row.sealed is None
    assert b"hanako" not in row.recipient


@pytest.mark.parametrize(
    ("attempts", "failure", "passage"),
    [(1, "SMTPRecipientsRefused", Passage.ADDRESS_REFUSED), (1, "ConnectionRefusedError", Passage.SERVER_TROUBLE),
     (mail.ATTEMPTS, "ConnectionRefusedError", Passage.GIVEN_UP)],
)  # fmt: skip
def test_a_mail_that_did_not_leave_says_why(
    cast: Cast, hands: Any, attempts: int, failure: str, passage: Passage
) -> None:
    made = builders.application()
    again = hands.at + timedelta(minutes=2)
    mail.send("hanako@example.jp", "application_lapsed", application=made)
    flush()
    (row,) = db.session.query(Mail)
    row.attempts, row.failure, row.due_at = attempts, failure, again
    flush()
    (found,) = notices.of(made)
    assert (found.passage, found.again_at) == (passage, None if passage is Passage.GIVEN_UP else again)


def test_every_mail_about_an_application_has_a_word(context: Any) -> None:
    folder = context.jinja_env.loader.list_templates()
    personal = {"access_code", "drafts_waiting", "invitation", "officer_invitation", "reconsent"}
    written = {name.removeprefix("mail/").removesuffix(".txt") for name in folder if name.startswith("mail/")}
    assert written - personal == set(notices.KINDS)


def test_a_page_that_grew_old_changes_nothing(cast: Cast) -> None:
    made = cast.mine()
    for act in (handling.release, handling.resume, lambda one, **by: handling.hold(one, WORDS, **by),
                lambda one, **by: handling.assign(one, cast.colleague, **by)):  # fmt: skip
        with pytest.raises(StalePage):
            act(made, version=made.version - 1, by=cast.me)


def test_an_approver_gives_out_no_application_of_the_own(cast: Cast) -> None:
    made = builders.application(pin_recipient_email=cast.approver.email)
    with pytest.raises(OwnApplication):
        handling.assign(made, cast.colleague, version=made.version, by=cast.approver)
