"""Corporation and authority looked into: what is kept, how long it may be relied on, who is kept from approving."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from jcanweb.config import setting
from jcanweb.database import db
from jcanweb.errors import FieldRefused, NotEligible, RuleViolation, WordsNeeded
from jcanweb.events import Event
from jcanweb.models import Application, AuditEntry, Officer, Person, Vetting
from jcanweb.roles import Role
from jcanweb.services import issuance, organizations, screening
from jcanweb.services import organization_history as history
from jcanweb.services import vetting as service
from jcanweb.services.organization_entries import PersonEntry
from jcanweb.vocabulary import ApplicationState, Authority, DelegationScope, VettingKind
from tests import builders
from tests.people import officer

TODAY = date(2026, 11, 24)
DAYS = 825


@pytest.fixture
def screener(context: Any) -> Officer:
    return officer(Role.SCREENER)


@pytest.fixture
def person(screener: Officer) -> Person:
    return builders.person()  # type: ignore[no-any-return]  # builders hand out what they keep


def record(
    person: Person, *, of_person: bool, by: Officer, on: date = TODAY, evidence: str = "電話で確認。"
) -> Vetting:
    who = person if of_person else None
    return service.record(person.corporation, who, evidence=evidence, vetted_on=on, by=by)


def test_both_are_kept_with_their_evidence_and_recorded_without_it(person: Person, screener: Officer) -> None:
    made = [record(person, of_person=one, by=screener, on=TODAY - timedelta(days=1)) for one in (False, True)]
    assert [one.kind for one in made] == [VettingKind.ORGANIZATION, VettingKind.AUTHORITY]
    assert service.of(person.corporation, person) == [made[1]]
    assert service.of(person.corporation, None) == [made[0]]
    entries = (
        db.session.query(AuditEntry).filter_by(event=Event.VETTING_RECORDED).order_by(AuditEntry.sequence)
    )
    assert [(one.subject, one.facts) for one in entries] == [
        ("corporation", {"vetting": made[0].id, "kind": "organization", "vetted_on": "2026-11-23"}),
        ("person", {"vetting": made[1].id, "kind": "authority", "vetted_on": "2026-11-23"}),
    ]
    assert organizations.vetting_obstacles(person.corporation, person) == []


def test_each_that_is_missing_has_its_sentence(person: Person, screener: Officer) -> None:
    home = person.corporation
    assert [one[:8] for one in organizations.vetting_obstacles(home, person)] == [
        "法人の実在の確認",
        "権限者の権限の確",
    ]
    record(person, of_person=True, by=screener)
    (left,) = organizations.vetting_obstacles(home, person)
    assert left.startswith("法人の実在の確認の記録がないか、")
    assert left.endswith("法人の画面で記録してください。")
    assert organizations.obstacles(person) == []  # the applicant is not told


@pytest.mark.parametrize(("days", "refused"), [(DAYS, False), (DAYS + 1, True)])
def test_it_holds_on_day_825_and_not_on_day_826(
    person: Person, screener: Officer, hands: Any, days: int, refused: bool
) -> None:
    for one in (False, True):
        record(person, of_person=one, by=screener)
    hands.forward(days=days)
    found = organizations.vetting_obstacles(person.corporation, person)
    assert ["2029年2月26日（月）に終わっています" in one for one in found] == (
        [True, True] if refused else []
    )


def test_the_day_ends_at_midnight_in_japan(person: Person, screener: Officer, hands: Any) -> None:
    for one in (False, True):
        record(person, of_person=one, by=screener)
    hands.forward(days=DAYS)
    hands.at = hands.at.replace(hour=14, minute=59)
    assert organizations.vetting_obstacles(person.corporation, person) == []
    hands.forward(minutes=1)
    assert len(organizations.vetting_obstacles(person.corporation, person)) == 2


def test_what_reaches_furthest_counts_whatever_was_recorded_last(person: Person, screener: Officer) -> None:
    late = record(person, of_person=False, by=screener)
    record(person, of_person=False, by=screener, on=TODAY - timedelta(days=400))
    assert service.newest(person.corporation)[None] is late


def test_a_change_of_what_was_looked_into_voids_it(person: Person, screener: Officer, hands: Any) -> None:
    home = person.corporation
    for one in (False, True):
        record(person, of_person=one, by=screener)
    hands.forward(minutes=1)
    entry = PersonEntry(person.name, "シンセイ ハナ", "hana@example.jp", person.authority)
    organizations.change_person(person, entry, version=person.version, by=screener)
    assert organizations.vetting_obstacles(home, person) == []  # neither reading nor address was looked into
    delegate = replace(entry, authority=Authority.DELEGATE, delegated_from=TODAY, delegation_scope=DelegationScope.ALL,
                       delegation_document=builders.PDF)  # fmt: skip
    organizations.change_person(person, delegate, version=person.version, by=screener)
    (left,) = organizations.vetting_obstacles(home, person)
    assert left.startswith("権限者の権限")
    record(person, of_person=True, by=screener)
    assert organizations.vetting_obstacles(home, person) == []


def test_another_persons_vetting_does_not_count(person: Person, screener: Officer) -> None:
    other = builders.person(person.corporation, authority=Authority.DELEGATE)
    for one in (False, True):
        record(other, of_person=one, by=screener)
    assert len(organizations.vetting_obstacles(person.corporation, person)) == 1


@pytest.mark.parametrize(
    ("values", "field"),
    [({"on": TODAY + timedelta(days=1)}, "vetted_on"), ({"on": TODAY - timedelta(days=DAYS + 1)}, "vetted_on"),
     ({"evidence": " 　"}, "evidence"), ({"evidence": "あ" * 1001}, "evidence"), ({"evidence": "右\u202e"}, "evidence")],
)  # fmt: skip
def test_what_cannot_stand_is_refused_at_its_field(
    person: Person, screener: Officer, values: Any, field: str
) -> None:
    with pytest.raises((FieldRefused, WordsNeeded)) as caught:
        record(person, of_person=False, by=screener, **values)
    assert caught.value.field == field


def test_the_oldest_day_that_still_counts_is_taken(person: Person, screener: Officer) -> None:
    record(person, of_person=False, by=screener, on=TODAY - timedelta(days=setting("VETTING_DAYS")))
    assert len(organizations.vetting_obstacles(person.corporation, person)) == 1


def test_by_sql_a_kind_has_its_subject_and_a_person_the_own_corporation(
    person: Person, screener: Officer
) -> None:
    made = record(person, of_person=True, by=screener)
    other = builders.corporation()
    db.session.commit()
    for values, said in (
        ({"kind": "organization", "person_id": person.id}, "kind"), ({"kind": "authority", "person_id": None}, "kind"),
        ({"evidence": ""}, "evidence"), ({"corporation_id": other.id}, "(?i)foreign key"),
    ):  # fmt: skip
        row = {"corporation_id": made.corporation_id, "person_id": person.id, "kind": "authority", "evidence": "x",
               "vetted_on": "2026-11-24", "vetted_by": screener.id, "recorded_at": "2026-11-24 00:00:00"} | values  # fmt: skip
        with pytest.raises(IntegrityError, match=said):
            db.session.execute(text(
                f"INSERT INTO vetting ({', '.join(row)}) VALUES ({', '.join(':' + name for name in row)})"  # noqa: S608 - names from this test
            ), row)  # fmt: skip
        db.session.rollback()


# --- no certificate without it ------------------------------------------------------------------------


def aged(state: ApplicationState, hands: Any, **values: Any) -> Application:
    """An application whose vettings end today."""
    who = builders.person()
    builders.vet(who)
    hands.forward(days=DAYS)
    return builders.application(state, person=who, **values)  # type: ignore[no-any-return]  # builders hand out what they keep


@pytest.mark.parametrize(("days", "passes"), [(0, True), (1, False)])
def test_a_screening_is_completed_on_day_825_and_not_on_day_826(
    screener: Officer, hands: Any, days: int, passes: bool
) -> None:
    made = aged(ApplicationState.SCREENING, hands, screener=screener)
    builders.check_all(made, by=screener)
    hands.forward(days=days)
    outcome(lambda: screening.finish(made, version=made.version, by=screener), passes)


@pytest.mark.parametrize(("days", "passes"), [(0, True), (1, False)])
def test_an_application_is_approved_on_day_825_and_not_on_day_826(
    screener: Officer, hands: Any, days: int, passes: bool
) -> None:
    made = aged(ApplicationState.SCREENING, hands, screener=screener, screened=True)
    approver = officer(Role.APPROVER)
    builders.enter(made, by=approver)
    hands.forward(days=days)
    outcome(lambda: screening.approve(made, version=made.version, by=approver), passes)


def outcome(act: Any, passes: bool) -> None:
    if passes:
        act()
        return
    with pytest.raises(NotEligible, match="確かめ直して") as caught:
        act()
    assert isinstance(caught.value, RuleViolation)


def test_a_delegate_without_the_paper_applies_but_is_not_approved(screener: Officer) -> None:
    who = builders.person(
        builders.corporation(), authority=Authority.DELEGATE, delegation_scope=DelegationScope.ALL
    )
    made = builders.application(ApplicationState.SCREENING, person=who, screener=screener, screened=True)
    approver = officer(Role.APPROVER)
    builders.enter(made, by=approver)
    who.delegation_document_id = None
    assert organizations.obstacles(who) == []
    with pytest.raises(NotEligible, match="委任状のPDFが登録されていません"):
        screening.approve(made, version=made.version, by=approver)


def test_issued_on_no_vetting_that_has_run_out_since_the_approval(context: Any, hands: Any) -> None:
    made = builders.application(ApplicationState.APPROVED)
    operator = officer(Role.OPERATOR)
    hands.forward(days=825)
    issuance.check(made, by=operator)
    hands.forward(days=1)
    with pytest.raises(NotEligible, match="有効期間が"):
        issuance.check(made, by=operator)


def test_after_a_change_only_what_was_looked_into_since_counts(context: Any, hands: Any) -> None:
    home, by = builders.person().corporation, officer(Role.SCREENER)
    history.note(home, None, {"name": ("旧商号", "新商号")}, by=by)
    with pytest.raises(FieldRefused, match="変わっています") as refused:
        service.record(home, None, evidence="電話で確認。", vetted_on=date(2026, 11, 23), by=by)
    assert refused.value.field == "vetted_on"
    service.record(home, None, evidence="電話で確認。", vetted_on=date(2026, 11, 24), by=by)
