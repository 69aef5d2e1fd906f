"""The pages of corporations: the list, registering and correcting, their people and their links."""

from datetime import date
from io import BytesIO
from typing import Any

import pytest

from jcanweb import jobs
from jcanweb.database import db, transaction
from jcanweb.events import Event, Outcome
from jcanweb.models import AgreementEnd, AuditEntry, Certificate, Corporation, Invitation, Person
from jcanweb.roles import Role
from jcanweb.services import agreements, cessation
from jcanweb.services import organization_history as history
from jcanweb.services import organization_ledger as ledger
from jcanweb.vocabulary import AgreementState, Authority, DelegationScope
from tests import builders
from tests.issued import issued_certificate
from tests.page import NotAPage, Visitor
from tests.people import enter, officer

NUMBER = builders.corporate_number(9001)
TYPED = {
    "corporate_number": NUMBER, "company_id": "CT-9001", "name": "髙橋𠮷商事株式会社", "name_kana": "タカハシヨシショウジ",
    "name_en": "Takahashi Yoshi Shoji Co., Ltd.", "representative": "髙橋 𠮷子", "agreement_state": "active",
    "agreement_from": "2024-04-01",
}  # fmt: skip
HEAD = {
    "name": "髙橋 𠮷子",
    "name_kana": "たかはし　よしこ",
    "email": "yoshiko@example.jp",
    "authority": "representative",
}


@pytest.fixture
def screener(app: Any, browser: Visitor) -> Visitor:
    return signed_in(app, browser, Role.SCREENER)


@pytest.fixture
def home(app: Any) -> str:
    """The 法人番号 of a corporation."""
    with app.test_request_context(), transaction():
        return str(builders.corporation(name="見本商事株式会社", representative="見本 太郎").corporate_number)


def signed_in(app: Any, visitor: Visitor, role: Role) -> Visitor:
    with app.app_context(), transaction():
        who = officer(role)
    enter(app, visitor, who)
    return visitor


def mails(visitor: Visitor) -> int:
    return visitor.get("/outbox").text.count("【JCAN証明書】")


# --- the whole way ------------------------------------------------------------------------------------


def test_a_corporation_its_person_and_the_invitation(app: Any, screener: Visitor) -> None:
    screener.get("/corporations/new")
    page = screener.send("登録する", **TYPED)
    assert page.url == f"/corporations/{NUMBER}"
    assert "申請する権限者を登録してください" in page.text
    screener.get(f"/corporations/{NUMBER}/people/new")
    page = screener.send("登録して案内を送る", **HEAD)
    assert "髙橋 𠮷子 様に申請のご案内を送りました" in page.text
    assert "2026年12月8日（火） 10:00 まで" in page.text
    assert "法人の実在の確認を記録してください" in page.text
    outbox = screener.get("/outbox")
    assert "髙橋𠮷商事株式会社の権限者として" in outbox.text
    link = next(str(a.get("href")) for a in outbox.all("a") if "/apply/" in (a.get("href") or ""))
    assert Visitor(app).get(link.removeprefix("http://127.0.0.1:8000")).status == 200


def test_the_whole_number_typed_full_width_is_accepted(screener: Visitor) -> None:
    screener.get("/corporations/new")
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in NUMBER)
    page = screener.send(
        "登録する", **(TYPED | {"corporate_number": wide, "agreement_from": "２０２４年４月１日"})
    )
    assert page.url == f"/corporations/{NUMBER}"
    assert "2024年4月1日（月） から （終了日なし）" in page.text


# --- what is typed wrongly ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "typed", "words"),
    [("corporate_number", "1" + NUMBER[1:], "検査数字が合いません"), ("corporate_number", "", "法人番号を入力して"),
     ("corporate_number", NUMBER + "1", "13桁で入力"), ("company_id", "企業1", "英数字"), ("company_id", "", "企業IDを入力"),
     ("name", "見本\u202e商事", "並びを変える"), ("name", "あ" * 101, "100文字以内"), ("name", "見本\t商事", "制御文字"),
     ("name_kana", "見本", "カタカナ"), ("name_en", "A" * 65, "64"), ("name_en", "見本商事", "英"),
     ("representative", "　", "代表者の氏名を入力"), ("agreement_state", "forever", "契約の状態を選んで"),
     ("agreement_from", "2026-02-30", "の形で入力"), ("agreement_from", "きのう", "の形で入力"),
     ("agreement_to", "20261340", "の形で入力")],
)  # fmt: skip
def test_a_wrong_value_is_told_at_its_field_and_the_rest_stays(
    app: Any, screener: Visitor, field: str, typed: str, words: str
) -> None:
    screener.get("/corporations/new")
    page = screener.send("登録する", status=422, **(TYPED | {field: typed}))
    wrong = [one for one in page.all("p") if "field_error" in (one.get("class") or "")]
    assert [one.get("id") for one in wrong] == [f"{field}-error"]
    assert words in "".join(wrong[0].itertext())
    kept = "company_id" if field != "company_id" else "name"
    assert next(one.get("value") for one in page.all("input") if one.get("name") == kept) == TYPED[kept]
    with app.app_context():
        assert db.session.query(Corporation).count() == 0


def test_a_number_that_is_taken_is_told_at_its_field(app: Any, screener: Visitor, home: str) -> None:
    screener.get("/corporations/new")
    page = screener.send("登録する", status=409, **(TYPED | {"corporate_number": home}))
    wrong = next(one for one in page.all("p") if one.get("id") == "corporate_number-error")
    assert "見本商事株式会社" in "".join(wrong.itertext())
    with app.app_context():
        last = db.session.query(AuditEntry).order_by(AuditEntry.sequence.desc()).first()
        assert last is not None
        assert (last.event, last.outcome) == (Event.CORPORATION_REGISTERED, Outcome.REFUSED)


def test_a_page_that_grew_old_is_refused_and_what_was_typed_stays(
    app: Any, screener: Visitor, home: str
) -> None:
    screener.get(f"/corporations/{home}/edit")
    with app.app_context(), transaction():
        db.session.query(Corporation).one().company_id = "CT-CHANGED"
    page = screener.send("変更する", status=409, name="改名株式会社")
    assert "更新されました" in page.text
    assert "改名株式会社" in page.text
    with app.app_context():
        assert db.session.query(Corporation).one().name == "見本商事株式会社"


def test_a_change_shows_in_the_history(screener: Visitor, home: str) -> None:
    screener.get(f"/corporations/{home}/edit")
    page = screener.send("変更する", agreement_state="ended")
    assert "法人の変更" in page.words("ol")[-1]
    assert "契約 終了" in page.h1


def test_a_new_number_moves_the_page(screener: Visitor, home: str) -> None:
    screener.get(f"/corporations/{home}/edit")
    assert screener.send("変更する", corporate_number=NUMBER).url == f"/corporations/{NUMBER}"
    screener.get(f"/corporations/{home}", status=404)


@pytest.mark.parametrize(
    ("values", "field", "status"),
    [({"email": "太郎@example.jp"}, "email", 422), ({"email": "a@example.jp, b@example.jp"}, "email", 422),
     ({"email": "a@example.jp\r\nBcc: b@example.jp"}, "email", 422), ({"name": "\u202e"}, "name", 422),
     ({"authority": "owner"}, "authority", 422), ({"name_kana": ""}, "name_kana", 422),
     ({"name": "代理 次郎"}, "authority", 409), ({"authority": "delegate"}, "delegated_from", 409),
     ({"authority": "delegate", "delegated_from": "2026-04-01"}, "delegation_scope", 409),
     ({"authority": "delegate", "delegation_scope": "everything"}, "delegation_scope", 422),
     ({"authority": "delegate", "delegated_from": "2026-04-01", "delegated_to": "2026-03-31", "delegation_scope": "all"},
      "delegated_to", 409)],
)  # fmt: skip
def test_a_person_with_a_wrong_value_is_neither_kept_nor_invited(
    app: Any, screener: Visitor, home: str, values: Any, field: str, status: int
) -> None:
    screener.get(f"/corporations/{home}/people/new")
    page = screener.send("登録して案内を送る", status=status, **(HEAD | {"name": "見本 太郎"} | values))
    wrong = [one.get("id") for one in page.all("p") if "field_error" in (one.get("class") or "")]
    assert wrong == [f"{field}-error"]
    with app.app_context():
        assert (db.session.query(Person).count(), db.session.query(Invitation).count()) == (0, 0)
    assert mails(screener) == 0


# --- people and links ---------------------------------------------------------------------------------


@pytest.fixture
def person(app: Any) -> Person:
    with app.test_request_context(), transaction():
        made = builders.person(name="見本 太郎")
        assert made.corporation.corporate_number
        return made  # type: ignore[no-any-return]  # builders hand out what they keep


def test_another_address_ends_the_link_and_the_page_asks_for_a_new_one(
    app: Any, screener: Visitor, person: Person
) -> None:
    place = f"/corporations/{person.corporation.corporate_number}"
    screener.get(place)
    screener.send("案内を送る")
    screener.get(f"{place}/people/{person.id}")
    page = screener.send("変更する", email="new@example.jp")
    assert "前に送ったリンクは使えません" in page.text
    assert "使えます" in screener.send("案内を送る").text
    assert mails(screener) == 2


def test_an_expired_link_says_so(app: Any, screener: Visitor, person: Person, hands: Any) -> None:
    place = f"/corporations/{person.corporation.corporate_number}"
    screener.get(place)
    screener.send("案内を送る")
    hands.forward(days=14)
    page = signed_in(app, screener, Role.SCREENER).get(place)
    assert "期限が切れました" in page.text
    assert "期限切れ" in page.text


def test_a_double_click_sends_one_link(screener: Visitor, person: Person) -> None:
    page = screener.get(f"/corporations/{person.corporation.corporate_number}")
    screener.send("案内を送る")
    screener.page = page
    again = screener.send("案内を送る", status=409)
    assert "送られています" in again.text
    assert mails(screener) == 1


def test_what_stands_in_the_way_is_said_beside_the_person(
    app: Any, screener: Visitor, person: Person
) -> None:
    with app.app_context(), transaction():
        found = db.session.get_one(Person, person.id)
        found.authority, found.delegated_from = Authority.DELEGATE, date(2026, 1, 1)
        found.delegated_to, found.delegation_scope = date(2026, 10, 31), DelegationScope.ALL
    page = screener.get(f"/corporations/{person.corporation.corporate_number}")
    assert "委任の期間が2026年10月31日（土）に終わっています" in page.text
    assert "申請できません" in page.text
    page = screener.get(f"/corporations/{person.corporation.corporate_number}/people/{person.id}")
    assert "委任の期間が2026年10月31日（土）に終わっています" in page.text


def test_another_corporations_person_is_not_found(screener: Visitor, home: str, person: Person) -> None:
    screener.get(f"/corporations/{home}/people/{person.id}", status=404)
    screener.get("/corporations/new")
    screener.post(f"/corporations/{home}/people/{person.id}/invite", status=404)
    assert mails(screener) == 0


@pytest.mark.parametrize("number", ["0" * 13, "１" * 13, "x", "9" * 400])
def test_an_unknown_number_is_not_found(screener: Visitor, number: str) -> None:
    screener.get(f"/corporations/{number}", status=404)


def test_a_number_no_row_can_have_is_not_found(screener: Visitor, home: str) -> None:
    screener.get(f"/corporations/{home}/people/{10**30}", status=404)
    screener.get(f"/corporations?before={10**30}")


# --- delegations and history --------------------------------------------------------------------------


DEPUTY = {"name": "代理 次郎", "name_kana": "ダイリ ジロウ", "email": "jiro@example.jp", "authority": "delegate",
          "delegated_from": "2026-04-01", "delegation_scope": "all"}  # fmt: skip


def test_a_delegate_with_the_paper_is_registered_and_it_is_opened(
    app: Any, screener: Visitor, home: str
) -> None:
    screener.get(f"/corporations/{home}/people/new")
    page = screener.send(
        "登録して案内を送る", **DEPUTY, delegation_document=(BytesIO(builders.PDF), "ininjo.pdf")
    )
    assert "証明書に関する手続き一切" in page.text
    place = next(str(a.get("href")) for a in page.all("a") if "委任状を開く" in "".join(a.itertext()))
    answer = screener.client.get(place)
    assert (answer.mimetype, answer.data) == ("application/pdf", builders.PDF)
    assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert answer.headers["Cache-Control"] == "no-store"
    with app.app_context():
        assert db.session.query(AuditEntry).filter_by(event=Event.PERSON_DOCUMENT_OPENED).count() == 1
    page = screener.get(place.replace("/delegation", ""))
    assert "登録されている委任状を開く" in page.text
    assert "委任状の閲覧" in page.words("ol")[-1]


def test_a_paper_that_is_no_pdf_is_told_at_its_field(app: Any, screener: Visitor, home: str) -> None:
    screener.get(f"/corporations/{home}/people/new")
    page = screener.send(
        "登録して案内を送る", status=409, **DEPUTY, delegation_document=(BytesIO(b"GIF89a"), "a.pdf")
    )
    wrong = [one.get("id") for one in page.all("p") if "field_error" in (one.get("class") or "")]
    assert wrong == ["delegation_document-error"]
    with app.app_context():
        assert db.session.query(Person).count() == 0


def test_without_a_paper_there_is_nothing_to_open_and_an_operator_may_not(
    app: Any, screener: Visitor, home: str
) -> None:
    screener.get(f"/corporations/{home}/people/new")
    assert "委任状なし" in screener.send("登録して案内を送る", **DEPUTY).text
    screener.get(f"/corporations/{home}/people/1/delegation", status=404)
    signed_in(app, screener, Role.OPERATOR).get(f"/corporations/{home}/people/1/delegation", status=403)


def test_changes_stand_before_and_after_and_the_rest_is_a_page_away(
    app: Any, screener: Visitor, home: str
) -> None:
    with app.test_request_context(), transaction():
        made, by = db.session.query(Corporation).one(), officer(Role.SCREENER)
        for number in range(history.PAGE + 1):
            history.note(made, None, {"representative": (f"前 {number}", f"後 {number}")}, by=by)
    page = screener.get(f"/corporations/{home}")
    assert f"前 {history.PAGE}" in page.text
    assert "前 0</td>" not in page.text
    page = screener.get(
        next(str(a.get("href")) for a in page.all("a") if str(a.get("href")).endswith("/changes"))
    )
    assert len(page.all("tr")) == history.PAGE + 1
    older = next(str(a.get("href")) for a in page.all("a") if a.get("rel") == "next")
    assert "前 0</td>" in screener.get(older).text


# --- certificates and the agreement -------------------------------------------------------------------


def test_an_ended_agreement_asks_for_a_decision_on_living_certificates(app: Any, browser: Visitor) -> None:
    with app.test_request_context(), transaction():
        certificate = issued_certificate()
        home = db.session.get_one(Corporation, certificate.corporation_id)
        home.agreement_state = AgreementState.ENDED
        agreements.settle(home, by=None)
        cessation.receive_some()
    page = signed_in(app, browser, Role.OPERATOR).get(f"/corporations/{home.corporate_number}")
    assert "有効な証明書を失効するかどうか判断してください（1件）" in page.text
    assert "判断待ちが1件、失効の実行待ちが0件" in page.text
    assert f"/certificates/{certificate.jc_number}" in [a.get("href") for a in page.all("a")]
    with app.app_context():
        assert db.session.query(Certificate).count() == 1


def test_ending_an_agreement_says_how_many_certificates_it_concerns_and_asks(
    app: Any, screener: Visitor
) -> None:
    with app.test_request_context(), transaction():
        home = db.session.get_one(Corporation, issued_certificate().corporation_id)
        place = f"/corporations/{home.corporate_number}"
    assert (
        "有効な証明書 1枚それぞれに、失効するかどうかの判断（5日以内）" in screener.get(f"{place}/edit").text
    )
    page = screener.send("変更する", agreement_state="ended", status=422)
    assert "まだ変更していません" in page.text
    assert "有効な証明書 1枚の失効を判断することになります" in page.text
    page = screener.send("変更する", status=422)
    assert "証明書の枚数を確かめて" in page.text
    page = screener.send("変更する", confirmed="y", concerned="2", status=422)
    with app.app_context():
        assert db.session.query(Corporation).filter_by(agreement_state=AgreementState.ENDED).count() == 0
    page = screener.send("変更する", confirmed="y")
    assert "証明書1枚の失効の判断を、1分以内に用意します" in page.text
    assert "証明書 1枚の失効の判断を用意しています" in page.text
    with app.test_request_context():
        jobs.decide_on_ended_agreements()
    page = screener.get(place)
    assert "有効な証明書を失効するかどうか判断してください（1件）" in page.text
    assert "/revocations/1" in [a.get("href") for a in page.all("a")]


def test_a_page_that_grew_old_does_not_end_an_agreement(app: Any, screener: Visitor, home: str) -> None:
    screener.get(f"/corporations/{home}/edit")
    with app.app_context(), transaction():
        db.session.query(Corporation).one().company_id = "CT-CHANGED"
    screener.send("変更する", status=409, agreement_state="ended")
    with app.app_context():
        assert db.session.query(AgreementEnd).count() == 0


def test_lifted_again_the_pages_say_that_the_officer_decides(app: Any, screener: Visitor) -> None:
    with app.test_request_context(), transaction():
        home = db.session.get_one(Corporation, issued_certificate().corporation_id)
        for state in (AgreementState.SUSPENDED, AgreementState.ACTIVE):
            home.agreement_state = state
            agreements.settle(home, by=None)
            cessation.receive_some()
            place = f"/corporations/{home.corporate_number}"
            db.session.flush()
            if state is AgreementState.SUSPENDED:
                assert ledger.decisions(home).upon == 1
    page = screener.get(place)
    assert "契約は再び有効になりましたが" in page.text
    assert "承認者が証明書ごとに決めます" in page.text
    page = screener.get("/revocations/1")
    assert "この法人の契約は再び有効になっています" in page.text
    assert "自動（契約の終了・停止）" in page.text


# --- the list -----------------------------------------------------------------------------------------


def test_the_list_is_searched_and_paged(app: Any, screener: Visitor) -> None:
    with app.test_request_context(), transaction():
        for _ in range(ledger.PAGE + 1):
            builders.corporation()
        only = builders.corporation(name="唯一無二株式会社", name_key="唯一無二株式会社")
    page = screener.get("/corporations")
    assert len(page.all("tr")) == ledger.PAGE + 1
    older = next(str(a.get("href")) for a in page.all("a") if a.get("rel") == "next")
    assert len(screener.get(older).all("tr")) == 3
    found = screener.get("/corporations?q=唯一")
    assert [only.corporate_number] == [a for a in found.words("a") if a.isdigit()]
    assert "当てはまる法人はありません" in screener.get("/corporations?q=nobody").text
    part = screener.client.get("/corporations?q=唯一", headers={"HX-Request": "true"})
    assert part.get_data(as_text=True).lstrip().startswith('<div id="_rows">')


def test_an_empty_list_says_what_fills_it(screener: Visitor) -> None:
    assert "法人はまだ登録されていません" in screener.get("/corporations").text


# --- who may ------------------------------------------------------------------------------------------


def test_an_operator_reads_and_is_offered_nothing_to_change(
    app: Any, browser: Visitor, person: Person
) -> None:
    place = f"/corporations/{person.corporation.corporate_number}"
    page = signed_in(app, browser, Role.OPERATOR).get(place)
    assert "案内を送る" not in "".join(page.words("button"))
    for path in (f"{place}/edit", f"{place}/people/new", f"{place}/people/{person.id}", "/corporations/new"):
        assert path not in [a.get("href") for a in page.all("a")]
        browser.get(path, status=403)


def test_an_administrator_sees_no_corporation(app: Any, browser: Visitor, home: str) -> None:
    page = signed_in(app, browser, Role.ADMINISTRATOR).get("/corporations", status=403)
    assert "法人" not in page.words("nav")[0]
    browser.get(f"/corporations/{home}", status=403)


def test_a_stranger_is_asked_to_sign_in(browser: Visitor, home: str) -> None:
    try:
        assert browser.get(f"/corporations/{home}").h1 == "サインイン"
    except NotAPage:
        raise AssertionError("a page was expected") from None
