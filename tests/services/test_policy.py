"""CP documents: registered by one, approved by another, one in force on any day, bound to what is ordered under it."""

import hashlib
import threading
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from cryptography import x509
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from jcanweb import audit, clock
from jcanweb.database import db, transaction
from jcanweb.errors import FieldRefused, RuleViolation, TwoPersonRule
from jcanweb.events import Event
from jcanweb.models import AuditEntry, Certificate, Officer, PolicyApproval, PolicyDocument
from jcanweb.roles import Role
from jcanweb.services import issuance
from jcanweb.services import policy as service
from jcanweb.vocabulary import ApplicationState, EditionState
from tests import builders
from tests.issued import custodians, issued
from tests.people import officer

FIRST, TODAY, SECOND = date(2026, 4, 1), date(2026, 11, 24), date(2026, 12, 1)
ENTRY = service.PolicyEntry("JCAN CP", "3.0", "https://cp.example.jp/3.0.pdf", "1.2.392.200000.3", SECOND)
PDF = builders.PDF


def registered(version: str = "3.0", *, by: Officer | None = None, **values: Any) -> PolicyDocument:
    return service.register(replace(ENTRY, version=version, **values), by=by or officer(Role.SCREENER))


def facts(event: Event) -> dict[str, Any]:
    found = db.session.query(AuditEntry).filter_by(event=event).order_by(AuditEntry.sequence.desc()).first()
    assert found is not None
    return found.facts


# --- registering --------------------------------------------------------------------------------------


def test_what_was_registered_is_kept_and_recorded(context: Any) -> None:
    who = officer(Role.SCREENER)
    made = registered(by=who, content=PDF)
    db.session.commit()
    db.session.expire_all()
    assert (made.name, made.version, made.url, made.oid) == (ENTRY.name, "3.0", ENTRY.url, ENTRY.oid)
    assert (made.content, made.sha256) == (PDF, hashlib.sha256(PDF).hexdigest())
    assert (made.registered_by, made.registered_at, made.effective_on) == (who.id, clock.now(), None)
    assert service.in_force().official is False
    assert facts(Event.POLICY_REGISTERED) == {
        "version": "3.0", "oid": made.oid, "registered_sha256": service.registered_sha256(made),
        "proposed_on": "2026-12-01"}  # fmt: skip
    assert audit.verify() == []


def test_the_recorded_digest_tells_every_change(context: Any) -> None:
    made = registered(content=PDF)
    before = service.registered_sha256(made)
    others: dict[str, Any] = {
        "name": "JCAN CPS",
        "url": "https://cp.example.jp/x",
        "oid": "1.2.3",
        "content": b"x",
    }
    told = {service.registered_sha256(registered(**{name: value})) for name, value in others.items()}
    assert len(told | {before}) == 5


def test_full_width_typing_is_accepted(context: Any) -> None:
    made = registered("３．０", url=" ｈｔｔｐｓ：／／ｃｐ．ｅｘａｍｐｌｅ．ｊｐ／ ", oid="１．２．３９２")
    assert (made.version, made.url, made.oid) == ("3.0", "https://cp.example.jp/", "1.2.392")


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [("version", "", "「3.0」の形"), ("version", "見本", "「3.0」の形"),
     ("url", "http://cp.example.jp/", "「https://」"), ("url", "https://", "「https://」"),
     ("url", "https://cp.example.jp/a b", "「https://」"), ("url", "https://cp.example.jp/版", "「https://」"),
     ("url", "https://u@cp.example.jp/", "「https://」"), ("url", "https://cp.example.jp:x/", "「https://」"),
     ("url", "javascript:alert(1)", "「https://」"), ("url", "https://[cp/", "「https://」"),
     ("url", "https://cp.example.jp/" + "x" * 300, "300文字以内"),
     ("oid", "", "区切って"), ("oid", "1", "区切って"), ("oid", "1.2.", "区切って"), ("oid", "3.1.2", "区切って"),
     ("oid", "1.2.03", "区切って"), ("oid", "urn:oid:1.2.3", "区切って"), ("oid", "2.5.29.32.0", "どのポリシーも"),
     ("file", b"", "読めないファイル"), ("file", b"PK\x03\x04\x00", "読めないファイル"),
     ("file", "証明書ポリシー".encode("cp932"), "読めないファイル")],
)  # fmt: skip
def test_what_cannot_be_bound_is_refused_at_its_field(
    context: Any, field: str, value: Any, sentence: str
) -> None:
    with pytest.raises(FieldRefused, match=sentence) as caught:
        service.register(
            replace(ENTRY, **{"content" if field == "file" else field: value}), by=officer(Role.SCREENER)
        )
    assert caught.value.field == field
    assert [one.official for one in service.policies()] == [False]


@pytest.mark.parametrize("name", ["", " CP", "C\u202eP", "x" * 201])
def test_a_name_that_cannot_be_read_is_refused(context: Any, name: str) -> None:
    with pytest.raises(RuleViolation, match="名称"):
        registered(name=name)


def test_the_same_draft_is_not_kept_twice_and_an_approved_version_not_again(context: Any) -> None:
    who = officer(Role.SCREENER)
    registered(by=who)
    with pytest.raises(FieldRefused, match="下書きとして既に登録"):
        registered(by=who)
    registered(by=who, url="https://cp.example.jp/mended.pdf")
    builders.policy_document("2.0", effective_on=FIRST)
    with pytest.raises(FieldRefused, match="版 2.0 は既に登録されています。施行日は2026年4月1日"):
        registered("2.0")


# --- approving ----------------------------------------------------------------------------------------


def test_an_approver_schedules_what_another_registered(context: Any) -> None:
    draft, who = registered(), officer(Role.APPROVER)
    service.approve(draft, effective_on=SECOND, by=who)
    assert draft.approval is not None
    assert (draft.approval.approved_by, draft.approval.approved_at) == (who.id, clock.now())
    assert service.states(service.policies())[draft.id] is EditionState.SCHEDULED
    assert facts(Event.POLICY_APPROVED) == {
        "version": "3.0", "oid": draft.oid, "registered_sha256": service.registered_sha256(draft),
        "effective_on": "2026-12-01"}  # fmt: skip


def test_who_registered_does_not_approve(context: Any) -> None:
    who = officer(Role.APPROVER)
    with pytest.raises(TwoPersonRule, match="登録した担当者"):
        service.approve(registered(by=who), effective_on=SECOND, by=who)


@pytest.mark.parametrize(
    ("version", "day", "sentence"),
    [("4.0", date(2026, 11, 23), "今日以後"), ("4.0", SECOND, "版 3.0 が施行"), ("2.9", date(2026, 12, 2), "版の順"),
     ("3.1", TODAY, "版の順")],
)  # fmt: skip
def test_a_day_that_does_not_fit_is_refused_at_its_field(
    context: Any, version: str, day: date, sentence: str
) -> None:
    builders.policy_document("3.0", effective_on=SECOND)
    with pytest.raises(FieldRefused, match=sentence) as caught:
        service.approve(registered(version), effective_on=day, by=officer(Role.APPROVER))
    assert caught.value.field == "effective_on"


def test_of_two_drafts_of_a_version_one_is_approved(context: Any) -> None:
    wrong, right, who = registered(name="JCAN CPX"), registered(), officer(Role.APPROVER)
    service.approve(right, effective_on=TODAY, by=who)
    assert service.states([wrong, right]) == {wrong.id: EditionState.UNUSED, right.id: EditionState.IN_FORCE}
    with pytest.raises(FieldRefused, match="既に承認"):
        service.approve(wrong, effective_on=SECOND, by=who)


def test_of_two_approvals_for_one_day_at_once_one_is_refused(app: Any) -> None:
    with app.app_context(), transaction():
        acts = [(registered(version).id, officer(Role.APPROVER).id) for version in ("3.0", "4.0")]
    gate, outcomes = threading.Barrier(2), []

    def run(policy_id: int, by: int) -> None:
        with app.app_context():
            gate.wait()
            try:
                with transaction():
                    service.approve(db.session.get_one(PolicyDocument, policy_id), effective_on=SECOND,
                                    by=db.session.get_one(Officer, by))  # fmt: skip
                outcomes.append("won")
            except RuleViolation as violation:
                outcomes.append(violation.sentence)

    threads = [threading.Thread(target=run, args=act) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert outcomes.count("won") == 1
    assert any("別の日を入力" in one for one in outcomes)


# --- in force -----------------------------------------------------------------------------------------


def test_on_any_day_exactly_one_is_in_force(context: Any) -> None:
    sample = service.in_force()
    first, second = (
        builders.policy_document(version, effective_on=day)
        for version, day in (("3.0", FIRST), ("4.0", SECOND))
    )
    days = [(service.SAMPLE.proposed_on, sample), (date(2026, 3, 31), sample), (FIRST, first),
            (date(2026, 11, 30), first), (SECOND, second), (date(2999, 1, 1), second)]  # fmt: skip
    assert [(day, service.in_force(day)) for day, _ in days] == days
    draft = registered("5.0")
    assert service.policies() == [draft, second, first, sample]
    assert list(service.states(service.policies()).values()) == [
        EditionState.DRAFT, EditionState.SCHEDULED, EditionState.IN_FORCE, EditionState.FORMER]  # fmt: skip
    with pytest.raises(FieldRefused, match="有効な証明書ポリシーがありません"):
        service.in_force(date(2000, 1, 1))


def bound(one: Certificate) -> tuple[str, str, str, str, str]:
    """What the ledger says, and what stands in the certificate."""
    (told,) = x509.load_der_x509_certificate(one.der).extensions.get_extension_for_class(
        x509.CertificatePolicies
    ).value  # fmt: skip
    assert told.policy_qualifiers is not None
    return (one.policy_document, one.policy_version, one.policy_url, told.policy_identifier.dotted_string,
            str(told.policy_qualifiers[0]))  # fmt: skip


def test_a_certificate_is_bound_to_the_cp_in_force_when_it_was_ordered(context: Any, hands: Any) -> None:
    custodians()
    sample, made = service.in_force(), []
    later = builders.policy_document("3.0", effective_on=SECOND)
    for at in (datetime(2026, 11, 30, 14, 59, tzinfo=UTC), datetime(2026, 11, 30, 15, 0, tzinfo=UTC)):
        hands.at = at
        application = builders.application(ApplicationState.APPROVED)
        done = issuance.issue(application, version=application.version, by=officer(Role.OPERATOR))
        assert done.certificate is not None
        made.append(done.certificate)
    db.session.commit()
    db.session.expire_all()
    assert [one.policy_id for one in made] == [sample.id, later.id]
    assert [bound(one) for one in made] == [
        (under.name, under.version, under.url, under.oid, under.url) for under in (sample, later)
    ]


# --- by raw SQL ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    ["UPDATE policy_document SET url = 'x'", "UPDATE policy_document SET oid = 'x'", "DELETE FROM policy_approval",
     "UPDATE policy_approval SET effective_on = '2026-01-01'", "UPDATE policy_approval SET approved_by = NULL"],
)  # fmt: skip
def test_a_cp_and_its_approval_are_never_changed_or_removed(context: Any, statement: str) -> None:
    with pytest.raises(IntegrityError, match="append_only"):
        db.session.execute(text(statement))


def refused(statement: str, sentence: str, **values: Any) -> None:
    nested = db.session.begin_nested()
    with pytest.raises(IntegrityError, match=sentence):
        db.session.execute(text(statement), values)
    nested.rollback()


def approval(of: PolicyDocument, **values: Any) -> tuple[str, dict[str, Any]]:
    """The INSERT of an approval as it should be, but for these columns."""
    row = {"policy_id": of.id, "version": of.version, "official": of.official, "registered_by": of.registered_by,
           "approved_at": "2026-11-24 00:00:00", "effective_on": "2026-12-01", **values}  # fmt: skip
    names, marks = ", ".join(row), ", ".join(f":{name}" for name in row)
    return f"INSERT INTO policy_approval ({names}) VALUES ({marks})", row  # noqa: S608 - names from this test


def test_by_sql_who_registered_does_not_approve(context: Any) -> None:
    who, other = officer(Role.APPROVER), officer(Role.APPROVER)
    draft, taken = registered(by=who), builders.policy_document("2.0", effective_on=FIRST)
    cases: list[tuple[dict[str, Any], str]] = [
        ({"approved_by": who.id}, "two_person_approve"),
        ({"approved_by": who.id, "registered_by": None}, "ck_policy_approval_approved"),
        ({"approved_by": who.id, "registered_by": other.id}, "FOREIGN KEY|fk_policy_approval"),
        ({"approved_by": who.id, "registered_by": None, "official": False}, "FOREIGN KEY|fk_policy_approval"),
        ({"approved_by": other.id, "official": False}, "FOREIGN KEY|fk_policy_approval"),
        ({"approved_by": other.id, "version": "9.9"}, "FOREIGN KEY|fk_policy_approval"),
        ({"approved_by": None}, "ck_policy_approval_approved"),
        ({"approved_by": other.id, "effective_on": FIRST.isoformat()}, "uq_policy_approval_day|UNIQUE"),
        ({"approved_by": other.id, "policy_id": taken.id}, "uq_policy_approval|UNIQUE|FOREIGN KEY"),
    ]
    for values, sentence in cases:
        statement, row = approval(draft, **values)
        refused(statement, sentence, **row)
    statement, row = approval(draft, approved_by=other.id)
    db.session.execute(text(statement), row)
    assert db.session.query(PolicyApproval).filter_by(policy_id=draft.id).count() == 1


def test_by_sql_a_certificate_says_what_its_cp_says(context: Any) -> None:
    one, other = issued().certificate, builders.policy_document("2.0", effective_on=FIRST)
    for column, value in (("policy_id", other.id), ("policy_version", "2.0"), ("policy_url", other.url)):
        refused(f"UPDATE certificate SET {column} = :value WHERE id = :id", "FOREIGN KEY|fk_certificate_policy",
                value=value, id=one.id)  # fmt: skip
