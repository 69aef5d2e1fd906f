"""Renewing as a person does it: from the own page to the number, and what is not offered."""

from datetime import UTC, datetime
from typing import Any

import pytest

from jcanweb.database import db, transaction
from jcanweb.models import Application, Certificate, Person
from jcanweb.roles import Role
from jcanweb.services import enrollment
from jcanweb.vocabulary import AgreementState, ApplicationKind
from jcanweb.vocabulary import ApplicationState as A
from tests import builders
from tests.conftest import Hands
from tests.issued import issued_certificate
from tests.page import HTML, Visitor, fields
from tests.people import enter, enter_person, officer
from tests.views.test_application_form import TICKED, paper

TAKEN_OVER = {
    "organization_unit": "Mihon Shoji", "common_name": "Sales Dept. Manager", "common_name_ja": "営業部 部長",
    "pin_recipient_email": "pin@example.jp", "years": "2",
}  # fmt: skip


@pytest.fixture
def certificate(app: Any) -> Certificate:
    with app.app_context(), transaction():
        person = builders.person()
        approved = builders.application(
            A.APPROVED, person=person, organization_unit_typed="Mihon Shoji", organization_unit="Mihon Shoji",
            pin_recipient_email="pin@example.jp",
        )  # fmt: skip
        return issued_certificate(application=approved)


@pytest.fixture
def subscriber(app: Any, browser: Visitor, certificate: Certificate) -> Visitor:
    with app.app_context():
        person = db.session.get_one(Person, certificate.person_id)
    enter_person(app, browser, person)
    return browser


@pytest.fixture
def late(app: Any, subscriber: Visitor, certificate: Certificate, hands: Hands) -> Visitor:
    """The subscriber a fortnight before the certificate ends."""
    hands.at = datetime(2028, 11, 10, 1, 0, tzinfo=UTC)
    with app.app_context():
        person = db.session.get_one(Person, certificate.person_id)
    enter_person(app, subscriber, person)
    return subscriber


def newest(app: Any) -> Application:
    with app.app_context():
        return db.session.query(Application).order_by(Application.id.desc()).first()


def test_from_the_own_page_to_the_number(app: Any, late: Visitor, certificate: Certificate) -> None:
    page = late.get("/my")
    assert f"証明書 {certificate.jc_number} を更新できます" in page.text
    late.get("/my/renewals")
    page = late.send(f"{certificate.jc_number} を更新する")
    assert page.h1 == "利用規約の承諾"
    page = late.send(enrollment.BUTTON, **TICKED)
    assert page.h1 == "申請内容の入力"
    assert f"{certificate.jc_number} の申請内容を引き継いでいます" in page.text
    typed = fields(page.form("確認へ進む"))
    assert {name: typed[name] for name in TAKEN_OVER} == TAKEN_OVER
    late.send("確認へ進む", seal_certificate_on="2028-11-01", seal_certificate=paper())
    page = late.send("提出する")
    assert f"更新（{certificate.jc_number} から）" in page.text
    made = newest(app)
    assert (made.kind, made.renewal_of_id, made.state) == (
        ApplicationKind.RENEWAL,
        certificate.id,
        A.SUBMITTED,
    )
    assert made.number in late.get("/my/renewals").text


def test_before_its_day_the_list_says_from_when(subscriber: Visitor, certificate: Certificate) -> None:
    page = subscriber.get("/my/renewals")
    assert "から更新できます。" in page.text
    assert not [words for words in page.words("button") if "更新する" in words]
    page = subscriber.post(f"/my/renewals/{certificate.jc_number}", status=409)
    assert "から更新できます。それより前に必要なときは" in page.text


def test_a_draft_without_consent_leads_to_the_terms(
    app: Any, late: Visitor, certificate: Certificate
) -> None:
    late.get("/my/renewals")
    late.send(f"{certificate.jc_number} を更新する")
    page = late.get("/my")
    assert "規約を読んで進める" in page.text
    assert late.get(f"/apply/form/{newest(app).number}").h1 == "利用規約の承諾"


def test_others_certificates_are_not_found(app: Any, subscriber: Visitor) -> None:
    with app.app_context(), transaction():
        other = issued_certificate()
    subscriber.get("/my/renewals")
    subscriber.post(f"/my/renewals/{other.jc_number}", status=404)


def test_who_may_not_apply_is_told_and_offered_nothing(
    app: Any, late: Visitor, certificate: Certificate
) -> None:
    with app.app_context(), transaction():
        person = db.session.get_one(Person, certificate.person_id)
        person.corporation.agreement_state = AgreementState.SUSPENDED
    page = late.get("/my/renewals")
    assert "いまは申請できません" in page.text
    assert not [words for words in page.words("button") if "更新する" in words]


def test_a_new_applicant_sees_no_renewal(app: Any, browser: Visitor) -> None:
    with app.app_context(), transaction():
        person = builders.person()
    enter_person(app, browser, person)
    assert "更新する" not in browser.get("/my").text
    assert "更新できる証明書はありません" in browser.get("/my/renewals").text


def test_several_drafts_stand_side_by_side(app: Any, browser: Visitor) -> None:
    with app.app_context(), transaction():
        person = builders.person()
        drafts = [builders.application(A.DRAFT, person=person) for _ in range(3)]
    enter_person(app, browser, person)
    page = browser.get("/my")
    assert "提出していない申請が3件あります" in page.text
    for one in drafts:
        assert one.number in page.text
        assert browser.get(f"/apply/form/{one.number}").h1 == "申請内容の入力"


def test_the_officer_sees_the_kind_and_each_condition(
    app: Any, browser: Visitor, certificate: Certificate
) -> None:
    with app.app_context(), transaction():
        person = db.session.get_one(Person, certificate.person_id)
        screener, made = officer(Role.SCREENER), builders.application(
            person=person, kind=ApplicationKind.RENEWAL, renewal_of_id=certificate.id
        )  # fmt: skip
    enter(app, browser, screener)
    page = browser.get(f"/applications/{made.number}")
    section = next(one for one in page.all("section") if one.get("id") == "_eligibility")
    lines = [" ".join(row.itertext()).split() for row in section.iter(f"{HTML}tr")][1:]
    rows = {line[0]: line[1] for line in lines}
    assert list(rows) == [
        "電子契約利用契約",
        "代表者",
        "実在と権限の確認",
        "規約の承諾",
        "印鑑証明書",
        "申請の種別",
    ]
    assert (rows["印鑑証明書"], rows["申請の種別"]) == ("未確認", "満たさない")
    assert f"/certificates/{certificate.jc_number}" in page.text
