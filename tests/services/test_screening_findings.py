"""What the machine says about the fields: each finding where it should stand, and nothing where it should not."""

from typing import Any

import pytest
from sqlalchemy import event

from jcanweb.database import db
from jcanweb.models import Application, Certificate, Person
from jcanweb.names.findings import FindingCode as F
from jcanweb.names.findings import Severity
from jcanweb.services import screening_findings as service
from jcanweb.services import screening_ledger as ledger
from jcanweb.vocabulary import ApplicationKind, CertificateState, CheckedField
from jcanweb.vocabulary import ApplicationState as A
from tests import builders
from tests.issued import issued_certificate

OU, CN, PIN, SEAL = CheckedField


def subject(unit: str, name: str, **values: Any) -> dict[str, Any]:
    return {"organization_unit": unit, "organization_unit_typed": unit, "common_name": name,
            "common_name_typed": name, **values}  # fmt: skip


def certificate(unit: str, name: str, person: Person | None = None,
                state: CertificateState = CertificateState.DELIVERED) -> Certificate:  # fmt: skip
    made = builders.application(A.APPROVED, person=person or builders.person(), **subject(unit, name))
    return issued_certificate(state, application=made)


def applied(unit: str = "Mihon Kensetsu", name: str = "Sales Manager", **values: Any) -> Application:
    return builders.application(A.SCREENING, **subject(unit, name, **values))


def codes(made: Application, field: CheckedField) -> dict[F, str]:
    found = ledger.field(made, field).findings
    assert all(one.severity is not Severity.REFUSE for one in found)
    return {one.code: one.sentence for one in found}


def test_nothing_is_said_of_a_plain_application(context: Any) -> None:
    made = applied(pin_recipient_email="pin@example.jp")
    assert [codes(made, field) for field in CheckedField] == [{}, {}, {}, {}]


@pytest.mark.parametrize("theirs", ["MIHON KENSETSU", "Mih0n Kensetsu", "Mihon-Kensetsu", "M1hon Kensetsu"])
def test_a_living_certificate_with_a_look_alike_is_named(context: Any, theirs: str) -> None:
    certificate(theirs, "CEO")
    assert f"「{theirs}」" in codes(applied(), OU)[F.SIMILAR]


def test_a_look_alike_that_ended_is_not_named(context: Any, hands: Any) -> None:
    certificate("Mih0n Kensetsu", "CEO", state=CertificateState.REVOKED)
    certificate("MIHON KENSETSU", "CEO")
    hands.forward(days=800)
    made = applied()
    assert F.SIMILAR not in codes(made, OU)


def test_the_own_corporations_other_spelling_of_a_post_is_named(context: Any) -> None:
    who = builders.person()
    certificate(
        "Mihon Kensetsu",
        "Sales  manager".replace("  ", " "),
        builders.person(who.corporation, name="別人 一郎"),
    )
    certificate("Sekkei", "Sales Manaqer")
    found = codes(applied(person=who), CN)
    assert "「Sales manager」" in found[F.SIMILAR]


def test_a_post_that_other_corporations_have_too_is_no_look_alike(context: Any) -> None:
    certificate("Denki", "sales manager")
    assert codes(applied(), CN) == {}


@pytest.mark.parametrize("english", ["Mihon Kensetsu", "Mih0n Kensetsu", "MIHON KENSETSU"])
def test_the_name_of_another_corporation_is_told_with_whose_it_is(context: Any, english: str) -> None:
    other = builders.corporation(name="三本建設株式会社", name_en=english)
    for field, made in ((OU, applied()), (CN, applied("Denki", "Mihon Kensetsu"))):
        sentence = codes(made, field)[F.ANOTHERS]
        assert "三本建設株式会社" in sentence
        assert other.corporate_number in sentence


def test_the_own_name_is_nobody_elses(context: Any) -> None:
    home = builders.corporation(name_en="Mihon Kensetsu")
    assert codes(applied(person=builders.person(home, name=home.representative)), OU) == {}


def test_the_same_ou2_at_another_corporation_is_told(context: Any) -> None:
    earlier = certificate("Mihon Kensetsu", "CEO")
    found = codes(applied(), OU)
    assert earlier.application.corporation.corporate_number in found[F.ANOTHERS]


def test_a_duplicate_is_told_whatever_its_capitals(context: Any) -> None:
    same = certificate("MIHON KENSETSU", "sales manager")
    certificate("Mihon Kensetsu", "Sales Manager", state=CertificateState.REVOKED)
    made = applied()
    assert service.twins(made) == [same]
    assert same.jc_number in codes(made, CN)[F.DUPLICATE]


def test_a_change_since_the_previous_certificate_is_told_and_marked(context: Any) -> None:
    who = builders.person()
    certificate("Mihon Kensetsu", "Sales Chief", who)
    made = applied(person=who)
    assert F.DIFFERENT not in codes(made, OU)
    assert "前回だけ「Chief」、今回だけ「Manager」" in codes(made, CN)[F.DIFFERENT]
    shown = ledger.field(made, CN)
    assert (shown.words, shown.previous_words) == (
        (("Sales", False), ("Manager", True)), (("Sales", False), ("Chief", True)))  # fmt: skip


def test_a_renewal_is_compared_with_the_certificate_it_renews(context: Any) -> None:
    who = builders.person()
    renewed, colleague = certificate("Mihon Kensetsu", "Sales Chief", who), builders.person(who.corporation)
    certificate("Mihon Kensetsu", "Sales Manager", colleague)
    made = applied(person=colleague, kind=ApplicationKind.RENEWAL, renewal_of_id=renewed.id)
    assert ledger.field(made, CN).previous == "Sales Chief"
    assert F.DIFFERENT in codes(made, CN)


@pytest.mark.parametrize(("unit", "name", "told"), [
    ("Mihon Co., Ltd.", "見本合同会社", "合同会社"), ("Mihon LLC", "見本株式会社", "株式会社"),
    ("Mihon Inc.", "一般社団法人見本", "会社の種類がありません"),
])  # fmt: skip
def test_another_kind_of_company_than_the_registered_is_told(
    context: Any, unit: str, name: str, told: str
) -> None:
    home = builders.corporation(name=name)
    who = builders.person(home, name=home.representative)
    assert told in codes(applied(unit, person=who), OU)[F.COMPANY_KIND]


def test_a_persons_name_that_is_read_otherwise_is_told(context: Any) -> None:
    who = builders.person(name="大野 優子", name_kana="オオノ ユウコ")
    for text, wrong in (("Yuko Ono", False), ("OONO YUUKO", False), ("Yuka Ohno", True)):
        made = applied(name=text, person=who, common_name_ja="営業部 大野優子")
        assert (F.ROMANISATION in codes(made, CN)) is wrong
    post = applied(name="Sales Manager", person=who, common_name_ja="営業部 部長")
    assert F.ROMANISATION not in codes(post, CN)


def test_a_pin_to_another_domain_is_to_be_looked_at_and_one_to_the_applicant_is_noted(context: Any) -> None:
    made = applied(pin_recipient_email="pin@Example.jp")
    assert codes(made, PIN) == {}
    made.pin_recipient_email = "pin@other.example"
    assert "@example.jp" in codes(made, PIN)[F.OTHER_DOMAIN]
    made.pin_recipient_email = made.person.email.upper()
    assert "一人に届きます" in codes(made, PIN)[F.OTHER_DOMAIN]


def test_every_look_at_other_rows_goes_by_an_index(context: Any) -> None:
    made, asked = applied(), []
    listen = lambda *args: asked.append((args[2], args[3]))  # noqa: E731 - short enough
    event.listen(db.engine, "before_cursor_execute", listen)
    for field in CheckedField:
        ledger.field(made, field)
    event.remove(db.engine, "before_cursor_execute", listen)
    looked = [(sql, given) for sql, given in asked if "_look" in sql or "subject_key" in sql]
    assert len(looked) >= 6
    if db.engine.dialect.name == "sqlite":
        for sql, given in looked:
            plan = db.session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", given).all()
            told = " ".join(str(row[3]) for row in plan)
            assert "SCAN certificate" not in told
            assert "SCAN corporation" not in told
