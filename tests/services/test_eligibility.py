"""Each condition with its own answer: what is on record, what is missing, what an officer has yet to look at."""

from datetime import date
from typing import Any

import pytest

from jcanweb.models import Application, FieldCheck
from jcanweb.services import eligibility as service
from jcanweb.terms import sample
from jcanweb.vocabulary import (
    AgreementState,
    ApplicationKind,
    Authority,
    Condition,
    Standing,
    Verdict,
)
from jcanweb.vocabulary import ApplicationState as A
from tests import builders
from tests.conftest import Hands
from tests.issued import issued_certificate


@pytest.fixture
def application(context: Any) -> Application:
    return builders.application(A.SCREENING, screened=True)


def unmet(application: Application) -> dict[Condition, str]:
    return {
        one.condition: one.words for one in service.answers(application) if one.standing is Standing.UNMET
    }


def standing(application: Application, condition: Condition) -> Standing:
    return next(one.standing for one in service.answers(application) if one.condition is condition)


def test_all_conditions_are_met(application: Application) -> None:
    found = service.answers(application)
    assert [one.condition for one in found] == [
        Condition.AGREEMENT, Condition.AUTHORITY, Condition.VETTING, Condition.CONSENT, Condition.SEAL_CERTIFICATE,
        Condition.KIND,
    ]  # fmt: skip
    assert {one.standing for one in found} == {Standing.MET}
    assert service.obstacles(application) == []


def test_an_agreement_that_ended_since(application: Application) -> None:
    application.corporation.agreement_state = AgreementState.ENDED
    assert unmet(application) == {
        Condition.AGREEMENT: "CECTRUST-Lightの電子契約利用契約が終了のため、申請できません。"
    }


def test_another_representative_since(application: Application) -> None:
    application.corporation.representative = "後任 花子"
    assert list(unmet(application)) == [Condition.AUTHORITY]


def test_a_delegation_that_ran_out(context: Any) -> None:
    delegate = builders.person(authority=Authority.DELEGATE)
    application = builders.application(A.SCREENING, screened=True, person=delegate)
    assert standing(application, Condition.DELEGATION) is Standing.MET
    delegate.delegated_to = date(2026, 11, 23)
    assert unmet(application)[Condition.DELEGATION].startswith("委任の期間が2026年11月23日")


def test_a_vetting_too_long_ago_is_open_and_stops(application: Application, hands: Hands) -> None:
    hands.forward(days=826)
    found = [one for one in service.answers(application) if one.condition is Condition.VETTING]
    assert [one.standing for one in found] == [Standing.OPEN] * 2
    assert {one.words for one in found} <= set(service.obstacles(application))


def test_two_failures_of_one_condition_are_two_sentences(application: Application) -> None:
    home = application.corporation
    home.agreement_state, home.agreement_to = AgreementState.SUSPENDED, date(2026, 11, 1)
    assert len(service.obstacles(application)) == 2


def test_terms_that_changed_after_the_consent(application: Application) -> None:
    builders.edition(sample() + b"\n")
    assert "版 9.0" in unmet(application)[Condition.CONSENT]


def test_a_paper_that_was_too_old_on_the_day_of_the_application(application: Application) -> None:
    application.seal_certificate_on = date(2026, 8, 24)
    assert standing(application, Condition.SEAL_CERTIFICATE) is Standing.MET
    application.seal_certificate_on = date(2026, 8, 23)
    assert "3か月を過ぎています" in unmet(application)[Condition.SEAL_CERTIFICATE]


def test_a_paper_that_nobody_has_judged_is_open(application: Application) -> None:
    application.revision += 1
    assert standing(application, Condition.SEAL_CERTIFICATE) is Standing.OPEN
    assert service.obstacles(application) == []


def test_a_paper_judged_wrong_is_not_met_by_its_age(application: Application) -> None:
    last = application.checks[-1]
    application.checks.append(FieldCheck(
        application_id=application.id, revision=last.revision, field=last.field, value=last.value, verdict=Verdict.FAIL,
        checked_by=last.checked_by, checked_at=last.checked_at,
    ))  # fmt: skip
    assert standing(application, Condition.SEAL_CERTIFICATE) is Standing.OPEN


def test_no_paper(application: Application) -> None:
    application.seal_certificate_id = None
    assert unmet(application)[Condition.SEAL_CERTIFICATE] == "印鑑証明書が添付されていません。"


def test_a_renewal_handed_in_before_its_day(context: Any) -> None:
    certificate = issued_certificate()
    early = builders.application(
        person=certificate.application.person, kind=ApplicationKind.RENEWAL, renewal_of_id=certificate.id
    )
    assert f"{certificate.jc_number} を更新できるのは" in unmet(early)[Condition.KIND]
