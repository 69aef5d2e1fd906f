"""The approver's own reading of OU2 and CN: it opens the approval, or opens the screening again."""

import threading
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from jcanweb.database import db, flush, transaction
from jcanweb.errors import (
    AlreadySubmitted,
    ChecksMissing,
    FieldRefused,
    OwnApplication,
    RuleViolation,
    StalePage,
    TwoPersonRule,
)
from jcanweb.events import Event
from jcanweb.models import Application, AuditEntry, Officer
from jcanweb.roles import Role
from jcanweb.services import enrollment, enrollment_entries, handling, screening
from jcanweb.services import screening_ledger as ledger
from jcanweb.services import second_entry as service
from jcanweb.vocabulary import ApplicationState as A
from jcanweb.vocabulary import CheckedField, PaperPoint, Verdict
from tests import builders
from tests.people import officer

OU, CN = CheckedField.ORGANIZATION_UNIT, CheckedField.COMMON_NAME


class Cast:
    """A screened application, who screened it, and two who may approve it."""

    def __init__(self) -> None:
        self.screener, self.approver, self.other = (
            officer(role) for role in (Role.SCREENER, Role.APPROVER, Role.APPROVER)
        )
        self.made = builders.application(A.SCREENING, screener=self.screener, screened=True,
                                         organization_unit="Mihon Co., Ltd.", common_name="Sales Manager",
                                         organization_unit_typed="Mihon Co., Ltd.", common_name_typed="Sales Manager")  # fmt: skip

    def enter(
        self, unit: str = "Mihon Co., Ltd.", name: str = "Sales Manager", by: Officer | None = None
    ) -> bool:
        return service.enter(self.made, organization_unit=unit, common_name=name, version=self.made.version,
                             by=by or self.approver)  # fmt: skip

    def approve(self, by: Officer | None = None) -> None:
        screening.approve(self.made, version=self.made.version, by=by or self.approver)

    def judge(self, field: CheckedField) -> None:
        screening.check(self.made, field, Verdict.PASS, "", matched=frozenset(PaperPoint), version=self.made.version,
                        by=self.screener)  # fmt: skip


@pytest.fixture
def cast(context: Any) -> Cast:
    return Cast()


def recorded() -> list[AuditEntry]:
    return db.session.query(AuditEntry).filter_by(event=Event.APPLICATION_SECOND_ENTERED).all()


@pytest.mark.parametrize("unit", ["Mihon Co., Ltd.", "  Ｍｉｈｏｎ　 Co., Ltd. "])
def test_the_same_text_opens_the_approval_whatever_its_width(cast: Cast, unit: str) -> None:
    assert cast.enter(unit)
    cast.approve()
    assert cast.made.state is A.APPROVED
    assert [one.facts for one in recorded()] == [{"revision": 1, "agrees": True}]


def test_entered_twice_by_a_double_click_it_is_kept_once(cast: Cast) -> None:
    assert cast.enter()
    assert cast.enter("Anything", "Else")
    assert len(cast.made.entries) == len(recorded()) == 1


@pytest.mark.parametrize(
    ("unit", "name"),
    [("Mihon Co.,Ltd.", "Sales Manager"), ("MIHON CO., LTD.", "Sales Manager"),
     ("Mihon Co., Ltd.", "Sales Manaqer"), ("Sales Manager", "Mihon Co., Ltd."), ("見本", "営業")],
)  # fmt: skip
def test_another_text_opens_the_screening_again_for_who_did_it(cast: Cast, unit: str, name: str) -> None:
    assert not cast.enter(unit, name)
    made = cast.made
    assert (made.state, made.screened_by, made.screened_at, made.screening_by) == (
        A.SCREENING, None, None, cast.screener.id)  # fmt: skip
    (entry,) = recorded()
    assert entry.facts == {"revision": 1, "agrees": False}
    with pytest.raises(ChecksMissing):
        cast.approve()


def test_only_what_differs_is_judged_anew_and_shown_with_both_texts(cast: Cast, hands: Any) -> None:
    hands.forward(minutes=1)
    cast.enter(name="Sales Dept. Manager")
    assert ledger.field(cast.made, OU).passed
    shown = ledger.field(cast.made, CN)
    assert (shown.passed, shown.contradiction) == (False, "Sales Dept. Manager")
    assert shown.contradicting_words == (("Sales", False), ("Dept.", True), ("Manager", False))
    with pytest.raises(ChecksMissing):
        screening.finish(cast.made, version=cast.made.version, by=cast.screener)
    hands.forward(minutes=1)
    cast.judge(CN)  # the same verdict as before, given once more
    assert ledger.field(cast.made, CN).passed
    screening.finish(cast.made, version=cast.made.version, by=cast.screener)
    assert cast.enter()
    cast.approve()


def test_without_the_own_entry_nobody_approves(cast: Cast) -> None:
    with pytest.raises(ChecksMissing, match="証拠の書類から"):
        cast.approve()
    cast.enter(by=cast.other)
    with pytest.raises(ChecksMissing, match="証拠の書類から"):
        cast.approve()
    cast.approve(by=cast.other)


def test_nothing_is_entered_before_the_screening_is_completed(cast: Cast) -> None:
    cast.made = builders.application(A.SCREENING)
    with pytest.raises(ChecksMissing):
        cast.enter()


def test_who_had_a_hand_in_the_screening_enters_nothing(cast: Cast) -> None:
    with pytest.raises(TwoPersonRule):
        cast.enter(by=cast.screener)


def test_nobody_enters_the_own_application(cast: Cast) -> None:
    cast.made.person.email = cast.approver.email
    flush()
    with pytest.raises(OwnApplication):
        cast.enter()


@pytest.mark.parametrize("typed", ["", " 　", "x" * 201, "㍿" * 60, "Mih\0n", "Mih\u202eon"])
def test_an_entry_that_cannot_be_read_is_refused_at_its_field(cast: Cast, typed: str) -> None:
    for field, values in (("organization_unit", {"unit": typed}), ("common_name", {"name": typed})):
        with pytest.raises(FieldRefused) as caught:
            cast.enter(**values)
        assert caught.value.field == field
    assert cast.made.screened_by == cast.screener.id


def test_an_approver_is_blind_until_the_own_entry_agrees(cast: Cast) -> None:
    waiting = builders.application()
    assert all(ledger.blind(one, cast.approver) for one in (waiting, cast.made))
    assert not ledger.blind(cast.made, cast.screener)
    assert not ledger.blind(cast.made, officer(Role.AUDITOR))
    cast.enter()
    assert not ledger.blind(cast.made, cast.approver)
    assert ledger.blind(cast.made, cast.other)
    assert not ledger.blind(builders.application(A.APPROVED), cast.other)


def test_what_is_blinded_holds_nothing_but_the_evidence(cast: Cast) -> None:
    for shown in map(ledger.blinded, ledger.fields(cast.made)):
        if shown.entered:
            assert "Mihon Co" not in str(shown)
            assert "Sales" not in str(shown)
            assert shown.japanese
            assert shown.evidence


# --- edited meanwhile -----------------------------------------------------------------------------------


def edit(made: Application, **values: Any) -> None:
    facts: dict[str, Any] = {
        "organization_unit": made.organization_unit_typed, "organization_unit_ja": made.organization_unit_ja,
        "common_name": made.common_name_typed, "common_name_ja": made.common_name_ja, "years": 2,
        "pin_recipient_name": made.pin_recipient_name, "pin_recipient_email": made.pin_recipient_email,
        "seal_certificate_on": made.seal_certificate_on, **values,
    }  # fmt: skip
    enrollment.save(made, enrollment_entries.Entry(**facts), version=made.version, by=made.person)


def test_an_edit_voids_the_entry_with_the_verdicts(cast: Cast) -> None:
    cast.enter()
    shown = cast.made.version
    screening.send_back_screened(cast.made, "CNを直してください。", version=shown, by=cast.approver)
    edit(cast.made, common_name="Sales Chief")
    enrollment.submit(cast.made, version=cast.made.version, by=cast.made.person)
    with pytest.raises(StalePage):
        screening.approve(cast.made, version=shown, by=cast.approver)  # from the page that was open
    assert not ledger.entered(cast.made, cast.approver)
    assert ledger.blind(cast.made, cast.approver)
    handling.start(cast.made, version=cast.made.version, by=cast.screener)
    for field in CheckedField:
        cast.judge(field)
    screening.finish(cast.made, version=cast.made.version, by=cast.screener)
    with pytest.raises(ChecksMissing):
        cast.approve()
    assert not cast.enter()
    assert cast.made.screened_by is None


def test_an_edit_in_another_tab_after_the_approval_is_not_taken(cast: Cast) -> None:
    cast.enter()
    cast.approve()
    with pytest.raises(AlreadySubmitted):
        edit(cast.made, common_name="Sales Chief")
    assert (cast.made.state, cast.made.common_name) == (A.APPROVED, "Sales Manager")


@pytest.mark.parametrize("column", ["organization_unit", "common_name", "revision"])
def test_an_edit_past_the_services_leaves_no_approval_standing(cast: Cast, column: str) -> None:
    cast.enter()
    cast.approve()
    setattr(cast.made, column, 7 if column == "revision" else "Sales Chief")
    with pytest.raises(IntegrityError, match="two_person_unentered"):
        db.session.flush()


# --- at the same moment ---------------------------------------------------------------------------------


@pytest.mark.parametrize("second", ["approves", "rejects", "returns"])
def test_of_two_who_decide_at_once_one_wins_and_the_other_is_told(app: Any, second: str) -> None:
    with app.app_context(), transaction():
        cast = Cast()
        for who in (cast.approver, cast.other):
            builders.enter(cast.made, by=who)
        number, version = cast.made.id, cast.made.version
        ids = (cast.approver.id, cast.other.id)
    acts: dict[str, Any] = {
        "approves": lambda one, by: screening.approve(one, version=version, by=by),
        "rejects": lambda one, by: screening.reject(one, "理由", version=version, by=by),
        "returns": lambda one, by: screening.send_back_screened(one, "理由", version=version, by=by),
    }
    gate, outcomes = threading.Barrier(2), []

    def press(act: Any, who: int) -> None:
        with app.test_request_context():
            one, by = db.session.get_one(Application, number), db.session.get_one(Officer, who)
            db.session.rollback()
            gate.wait()
            try:
                with transaction():
                    act(one, by)
                outcomes.append("won")
            except RuleViolation as violation:
                outcomes.append(violation.code)

    threads = [
        threading.Thread(target=press, args=pair)
        for pair in zip((acts["approves"], acts[second]), ids, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(outcomes) == ["StalePage", "won"]
    with app.app_context():
        decided = {Event.APPLICATION_APPROVED, Event.APPLICATION_REJECTED, Event.APPLICATION_RETURNED}
        assert sum(one.event in decided for one in db.session.query(AuditEntry)) == 1
