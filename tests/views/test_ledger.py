"""The pages of the ledger: the list with its filters, one certificate with all it is bound to, its file."""

from datetime import date
from typing import Any

import pytest
from cryptography import x509

from jcanweb import clock
from jcanweb.calendar import japanese_datetime
from jcanweb.database import db, transaction
from jcanweb.models import Certificate, Delivery
from jcanweb.roles import Role
from jcanweb.services import backup, revocation, terms
from jcanweb.vocabulary import (
    ApplicationState,
    CertificateState,
    RevocationReason,
    RevocationRequester,
    SecretKind,
)
from tests import builders
from tests.issued import issued_certificate
from tests.page import NotAPage, Page, Visitor
from tests.people import enter, officer


def signed_in(app: Any, visitor: Visitor, role: Role) -> Visitor:
    with app.test_request_context(), transaction():
        who = officer(role)
    enter(app, visitor, who)
    return visitor


@pytest.fixture
def operator(app: Any, browser: Visitor) -> Visitor:
    return signed_in(app, browser, Role.OPERATOR)


def made(app: Any, state: CertificateState = CertificateState.DELIVERED, **values: Any) -> Certificate:
    with app.test_request_context(), transaction():
        return issued_certificate(state, **values)


def links(page: Page) -> dict[str, str]:
    return {"".join(a.itertext()).strip(): str(a.get("href")) for a in page.all("a")}


# --- the list -----------------------------------------------------------------------------------------


def test_the_list_leads_to_each_certificate(app: Any, operator: Visitor) -> None:
    one, other = made(app), made(app, CertificateState.REVOKED)
    page = operator.get("/certificates")
    assert page.h1 == "管理台帳"
    assert [word for word in page.words("a") if word.startswith("JC-")] == [other.jc_number, one.jc_number]
    assert links(page)[one.jc_number] == f"/certificates/{one.jc_number}"


def test_filters_live_in_the_address_and_stay_in_the_form(app: Any, operator: Visitor) -> None:
    one, other = made(app), made(app, CertificateState.REVOKED)
    page = operator.get("/certificates?state=revoked")
    assert other.jc_number in page.text
    assert one.jc_number not in page.text
    chosen = [option.text for option in page.all("option") if option.get("selected") is not None]
    assert chosen == ["失効"]
    page = operator.get(f"/certificates?q={one.serial_number.upper()}")
    assert links(page)[one.jc_number]
    assert other.jc_number not in page.text
    assert one.serial_number.upper() in [field.get("value") for field in page.all("input")]


def test_what_is_over_is_shown_as_expired(app: Any, operator: Visitor, hands: Any) -> None:
    one = made(app)
    hands.forward(days=731)
    enter(app, operator, _officer(app))
    page = operator.get("/certificates?state=expired")
    assert one.jc_number in page.text
    assert "期限切れ" in page.words("td")[1]
    assert "有効期間が終わっています" in operator.get(f"/certificates/{one.jc_number}").text


def _officer(app: Any) -> Any:
    with app.test_request_context(), transaction():
        return officer(Role.OPERATOR)


def test_an_empty_list_says_what_fills_it(operator: Visitor) -> None:
    assert "発行操作者が発行すると" in operator.get("/certificates").text
    assert "条件に当てはまる証明書はありません" in operator.get("/certificates?q=JC-5").text


@pytest.mark.parametrize(
    "query",
    ["state=nonsense", "after=x", "after=-1", "after=99999999999999999999", "q=%E2%80%AE", "q=" + "x" * 5000],
)
def test_a_mangled_address_is_answered_like_an_empty_one(app: Any, operator: Visitor, query: str) -> None:
    operator.get(f"/certificates?{query}")


def test_htmx_gets_only_the_rows(app: Any, operator: Visitor) -> None:
    made(app)
    answer = operator.client.get("/certificates", headers={"HX-Request": "true"})
    assert answer.get_data(as_text=True).lstrip().startswith('<div id="_rows">')


# --- one certificate ----------------------------------------------------------------------------------


def test_everything_bound_to_it_is_shown(app: Any, operator: Visitor) -> None:
    with app.test_request_context(), transaction():
        source = terms.in_force().source + b"\n"
        builders.edition(source, version="3.0", effective_on=date(2025, 1, 20))
    one = made(app)
    page = operator.get(f"/certificates/{one.jc_number}")
    with app.app_context():
        one = db.session.get_one(Certificate, one.id)
        consent, application, order = one.application.consents[-1], one.application, one.order
        wanted = [
            one.serial_number, one.organization_unit, one.common_name, application.corporation.corporate_number,
            japanese_datetime(one.not_before), japanese_datetime(one.not_after), "CECTRUST-Light のみ",
            "特定認証業務として行うものではありません", consent.edition_sha256, "版 3.0",
            one.policy_document, one.policy_version, one.policy_url, one.issuer_name, one.issuer_sha256,
            f"番号 {order.id}", application.number, application.person.name,
        ]  # fmt: skip
    for words in wanted:
        assert words.replace("'", "&#39;") in page.text, words
    assert page.h1.startswith(f"証明書 {one.jc_number}")
    assert links(page)["失効を受け付ける"] == f"/revocations/new?certificate={one.jc_number}"
    assert links(page)["鍵回復を依頼する"] == f"/recoveries/new?certificate={one.jc_number}"


def test_a_consent_to_the_sample_is_marked_as_such(app: Any, operator: Visitor) -> None:
    assert "見本" in operator.get(f"/certificates/{made(app).jc_number}").words("strong")


def test_screener_approver_and_operator_stand_with_their_names_and_times(app: Any, operator: Visitor) -> None:
    with app.test_request_context(), transaction():
        people = [officer(role) for role in (Role.SCREENER, Role.APPROVER, Role.OPERATOR)]
        application = builders.application(ApplicationState.APPROVED, screener=people[0], approver=people[1])
        one = issued_certificate(application=application, operator=people[2])
    facts = operator.get(f"/certificates/{one.jc_number}").words("dd")
    for who in people:
        assert f"{who.name}　{japanese_datetime(clock.now())}" in facts


def test_backups_name_their_custodians_until_they_are_destroyed(app: Any, operator: Visitor) -> None:
    one = made(app)
    page = operator.get(f"/certificates/{one.jc_number}")
    assert "鍵管理者" in page.text
    assert "PIN管理者" in page.text
    with app.test_request_context(), transaction():
        for kept in backup.living(db.session.get_one(Certificate, one.id)).values():
            backup.destroy(kept, by=None)
    page = operator.get(f"/certificates/{one.jc_number}")
    assert "廃棄済み" in page.text
    assert "鍵管理者 " not in page.text


def delivered(app: Any, one: Certificate, **times: Any) -> None:
    """Both deliveries of a certificate, with these times."""
    with app.test_request_context(), transaction():
        for kind in SecretKind:
            ended = times.get("ended_at")
            db.session.add(Delivery(
                certificate_id=one.id, kind=kind, token_sha256=f"{kind.value}{one.id}", context="c",
                sealed=None if ended else b"x", sent_at=clock.now(), expires_at=clock.now(), **times))  # fmt: skip


def test_it_says_that_it_waits_to_be_taken(app: Any, operator: Visitor) -> None:
    one = made(app, CertificateState.ISSUED)
    delivered(app, one)
    page = operator.get(f"/certificates/{one.jc_number}")
    assert "受け取りを待っています" in page.words("h2")
    assert "申請者・PIN送付先" in page.text
    assert f"pin{one.id}" not in page.text


def test_it_says_that_its_receipt_is_not_confirmed(app: Any, operator: Visitor) -> None:
    one = made(app, CertificateState.ISSUED)
    delivered(app, one, taken_at=clock.now(), ended_at=clock.now())
    assert "受領確認を待っています" in operator.get(f"/certificates/{one.jc_number}").words("h2")


def test_it_says_that_nobody_took_it_in_time(app: Any, operator: Visitor) -> None:
    one = made(app, CertificateState.ISSUED)
    delivered(app, one, ended_at=clock.now())
    page = operator.get(f"/certificates/{one.jc_number}")
    assert "受取期限が過ぎました" in page.words("h2")
    assert page.text.count("/recoveries/new") == 2


def receive(app: Any, one: Certificate) -> int:
    with app.test_request_context(), transaction():
        return revocation.receive(
            db.session.get_one(Certificate, one.id), reason=RevocationReason.KEY_COMPROMISE, words="",
            requester=RevocationRequester.SUBSCRIBER, by=officer(Role.SCREENER)).id  # fmt: skip


def test_a_revocation_going_on_comes_first_and_takes_the_buttons_away(app: Any, operator: Visitor) -> None:
    one = made(app)
    number = receive(app, one)
    page = operator.get(f"/certificates/{one.jc_number}")
    assert page.words("h2")[0] == "失効の手続き中です"
    assert links(page)["失効の画面を開く"] == f"/revocations/{number}"
    assert "あと 24時間" in page.text
    assert "失効を受け付ける" not in links(page)
    assert "鍵回復を依頼する" not in links(page)
    assert "利用停止中" in page.h1


def test_a_revoked_one_offers_nothing_more(app: Any, operator: Visitor) -> None:
    page = operator.get(f"/certificates/{made(app, CertificateState.REVOKED).jc_number}")
    assert "この証明書は失効しています" in page.text
    assert "失効を受け付ける" not in links(page)
    assert "鍵回復を依頼する" not in links(page)


def test_who_may_not_is_not_offered_the_buttons(app: Any, browser: Visitor) -> None:
    one = made(app)
    page = signed_in(app, browser, Role.AUDITOR).get(f"/certificates/{one.jc_number}")
    assert "失効を受け付ける" not in links(page)
    assert "鍵回復を依頼する" not in links(page)
    page = signed_in(app, Visitor(app), Role.SCREENER).get(f"/certificates/{one.jc_number}")
    assert "失効を受け付ける" in links(page)
    assert "鍵回復を依頼する" not in links(page)


def test_the_file_is_the_certificate_itself(app: Any, operator: Visitor) -> None:
    one = made(app)
    with pytest.raises(NotAPage) as caught:
        operator.get(f"/certificates/{one.jc_number}/certificate.cer")
    answer = caught.value.response
    assert f"{x509.load_der_x509_certificate(answer.data).serial_number:x}" == one.serial_number
    assert answer.mimetype == "application/pkix-cert"
    assert f"{one.jc_number}.cer" in answer.headers["Content-Disposition"]


@pytest.mark.parametrize("place", ["", "/certificate.cer"])
def test_an_unknown_number_is_not_found(operator: Visitor, place: str) -> None:
    operator.get(f"/certificates/JC-99999999{place}", status=404)


@pytest.mark.parametrize(
    "place", ["/certificates", "/certificates/JC-00000001", "/certificates/JC-00000001/certificate.cer"]
)
def test_the_administrator_sees_no_certificate(app: Any, browser: Visitor, place: str) -> None:
    made(app)
    signed_in(app, browser, Role.ADMINISTRATOR).get(place, status=403)


def test_the_longest_names_stand_whole(app: Any, operator: Visitor) -> None:
    with app.test_request_context(), transaction():
        application = builders.application(
            ApplicationState.APPROVED, person=builders.person(builders.corporation(name="見" * 60)),
            organization_unit="W" * 64, common_name="M" * 64)  # fmt: skip
        one = issued_certificate(application=application)
    for url in ("/certificates", f"/certificates/{one.jc_number}"):
        page = operator.get(url)
        for words in ("見" * 60, "W" * 64, "M" * 64):
            assert words in page.text
