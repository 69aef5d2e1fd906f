"""The applicant's way in: link, code, own page, way out; and every link and code that does not open."""

import re
import threading
from datetime import timedelta
from typing import Any

import pytest

from jcanweb.database import db, transaction
from jcanweb.events import Event, Outcome
from jcanweb.models import AccessCode, AuditEntry, Delivery, Invitation, Person
from jcanweb.roles import Role
from jcanweb.services import handling, invitations, screening
from jcanweb.vocabulary import (
    AgreementState,
    ApplicationState,
    CertificateState,
    CheckedField,
    SecretKind,
    Verdict,
)
from tests import builders
from tests.issued import issued_certificate
from tests.page import Visitor
from tests.people import enter_person, officer


@pytest.fixture
def person(app: Any) -> Person:
    with app.app_context(), transaction():
        return builders.person()


@pytest.fixture
def link(app: Any, person: Person) -> str:
    with app.app_context(), transaction():
        return (
            f"/apply/{invitations.invite(db.session.get_one(Person, person.id), by=officer(Role.SCREENER))}"
        )


@pytest.fixture
def home(app: Any, browser: Visitor, person: Person) -> Visitor:
    enter_person(app, browser, person)
    return browser


def mailed_code(browser: Visitor) -> str:
    found = re.search(r"確認コード: ([0-9]{6})", browser.client.get("/outbox").get_data(as_text=True))
    assert found
    return found.group(1)


def ask_for_code(browser: Visitor, link: str) -> str:
    browser.get(link)
    browser.send("確認コードを送る")
    return mailed_code(browser)


def another(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06}"


# --- link and code --------------------------------------------------------------------------------------


def test_the_link_and_the_mailed_code_lead_to_the_terms(app: Any, browser: Visitor, link: str) -> None:
    code = ask_for_code(browser, link)
    assert browser.page is not None
    assert "1 / 5 本人確認" in browser.page.words("p")
    page = browser.send("進む", code=code)
    assert page.h1 == "利用規約の承諾"
    assert "申請 花子" in page.text
    assert code not in page.text


def test_the_code_may_be_typed_full_width(browser: Visitor, link: str) -> None:
    code = ask_for_code(browser, link)
    wide = code.translate({0x30 + digit: 0xFF10 + digit for digit in range(10)})
    assert browser.send("進む", code=f"　{wide[:3]}－{wide[3:]} ".replace("－", "-")).h1 == "利用規約の承諾"


def test_whoever_has_applied_comes_home(app: Any, browser: Visitor, person: Person, link: str) -> None:
    with app.app_context(), transaction():
        builders.application(ApplicationState.SUBMITTED, person=db.session.get_one(Person, person.id))
    assert browser.send("進む", code=ask_for_code(browser, link)).h1 == "あなたのページ"
    assert browser.get(link).h1 == "あなたのページ"


def test_looking_at_the_link_shows_no_whole_address(browser: Visitor, person: Person, link: str) -> None:
    page = browser.get(link)
    assert person.email not in page.text
    assert "p***@example.jp" in page.text


@pytest.mark.parametrize("kind", ["unknown", "changed", "revoked", "expired", "replaced"])
def test_a_link_that_does_not_open_gives_one_answer(
    app: Any, browser: Visitor, link: str, person: Person, hands: Any, kind: str
) -> None:
    if kind == "unknown":
        link = "/apply/guess"
    elif kind == "changed":
        link = (
            link[:-9] + ("A" if link[-9] != "A" else "B") + link[-8:]
        )  # the last one may say no bit of its own
    elif kind == "expired":
        hands.forward(days=14, seconds=1)
    else:
        with app.app_context(), transaction():
            row = db.session.get_one(Person, person.id)
            if kind == "replaced":
                invitations.invite(row, by=officer(Role.SCREENER))
            else:
                db.session.query(Invitation).one().revoked_at = hands.now()
    for url in (link, f"{link}/code"):
        page = browser.get(url, status=409)
        assert "このリンクは有効期限が切れているか、使用できません。" in page.text
        assert "登録局に新しいリンクの送付を依頼してください。" in page.text


def test_a_missing_or_misshapen_code_is_refused_at_its_field(browser: Visitor, link: str) -> None:
    ask_for_code(browser, link)
    assert "確認コードを入力してください。" in browser.send("進む", status=422, code="").text
    for typed in ("12345", "1234567", "abcdef", "12345\u202e6", "'; --"):
        assert "6桁の数字" in browser.send("進む", status=422, code=typed).text


def test_a_wrong_code_five_times_ends_it(app: Any, browser: Visitor, link: str, hands: Any) -> None:
    code = ask_for_code(browser, link)
    for _ in range(5):
        assert "確認コードが違います" in browser.send("進む", status=409, code=another(code)).text
    assert "上限回数" in browser.send("進む", status=409, code=code).text
    hands.forward(seconds=30)
    browser.send("新しい確認コードを送る")
    assert browser.send("進む", code=mailed_code(browser)).h1 == "利用規約の承諾"
    with app.app_context():
        denied = db.session.query(AuditEntry).filter_by(event=Event.CODE_DENIED, outcome=Outcome.REFUSED)
        assert denied.count() == 6
        assert code not in str([entry.facts for entry in denied])


def test_a_code_works_once(app: Any, browser: Visitor, link: str) -> None:
    code = ask_for_code(browser, link)
    browser.send("進む", code=code)
    second = Visitor(app)
    second.get(f"{link}/code")
    page = second.send("進む", status=409, code=code)
    assert "使用済みか、有効期限が切れています" in page.text
    second.get("/my")
    assert second.page is not None
    assert second.page.h1 == "もう一度お入りください"


def test_a_code_grows_old(browser: Visitor, link: str, hands: Any) -> None:
    code = ask_for_code(browser, link)
    hands.forward(minutes=10)
    assert "有効期限" in browser.send("進む", status=409, code=code).text


def test_a_new_code_ends_the_one_before(browser: Visitor, link: str, hands: Any) -> None:
    first = ask_for_code(browser, link)
    hands.forward(seconds=30)
    second = ask_for_code(browser, link)
    if first != second:
        browser.send("進む", status=409, code=first)
    assert browser.send("進む", code=second).h1 == "利用規約の承諾"


def test_a_double_click_sends_one_code(app: Any, browser: Visitor, link: str) -> None:
    for _ in range(2):
        browser.get(link)
        browser.send("確認コードを送る")
    with app.app_context():
        assert db.session.query(AccessCode).count() == 1


def test_codes_are_not_sent_without_end(browser: Visitor, link: str, hands: Any) -> None:
    for _ in range(6):
        ask_for_code(browser, link)
        hands.forward(minutes=1)
    browser.get(link)
    assert "1時間ほど待って" in browser.send("確認コードを送る", status=409).text


def test_a_code_nobody_asked_for_is_refused(browser: Visitor, link: str) -> None:
    browser.get(f"{link}/code")
    assert "まだ送られていません" in browser.send("進む", status=409, code="000000").text


def test_one_persons_code_does_not_open_anothers_link(app: Any, browser: Visitor, link: str) -> None:
    with app.app_context(), transaction():
        other = f"/apply/{invitations.invite(builders.person(), by=officer(Role.SCREENER))}"
    code = ask_for_code(browser, link)
    browser.get(f"{other}/code")
    assert "まだ送られていません" in browser.send("進む", status=409, code=code).text


def test_of_two_tries_with_one_code_one_wins(app: Any, browser: Visitor, link: str) -> None:
    code = ask_for_code(browser, link)
    gate, answers = threading.Barrier(2), []

    def press() -> None:
        visitor = Visitor(app)
        page = visitor.get(f"{link}/code")
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)
        assert token
        gate.wait()
        answer = visitor.client.post(f"{link}/code", data={"code": code, "csrf_token": token.group(1)})
        answers.append(answer.status_code)

    threads = [threading.Thread(target=press) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(answers) == [303, 409]


def test_signing_in_gives_another_session_id(browser: Visitor, link: str) -> None:
    code = ask_for_code(browser, link)
    before = browser.client.get_cookie("jcanweb")
    browser.send("進む", code=code)
    after = browser.client.get_cookie("jcanweb")
    assert before
    assert after
    assert before.value != after.value


# --- home -----------------------------------------------------------------------------------------------


def test_without_a_session_the_way_back_is_told(browser: Visitor) -> None:
    for url in ("/my", "/apply/terms", "/apply/form/A-000001", "/my/applications/A-000001"):
        page = browser.get(url)
        assert page.h1 == "もう一度お入りください"
        assert "あなた専用のリンク" in page.text


def test_a_session_ends_after_an_hour_of_silence(home: Visitor, hands: Any) -> None:
    assert home.get("/my").h1 == "あなたのページ"
    hands.forward(minutes=61)
    assert home.get("/my").h1 == "もう一度お入りください"


def test_signing_out_ends_the_session_on_the_server(app: Any, home: Visitor) -> None:
    cookie = home.client.get_cookie("jcanweb")
    assert cookie
    home.get("/my")
    assert "サインアウトしました。" in home.send("サインアウト").text
    thief = Visitor(app)
    thief.client.set_cookie("jcanweb", cookie.value)
    assert thief.get("/my").h1 == "もう一度お入りください"
    with app.app_context():
        assert db.session.query(AuditEntry).filter_by(event=Event.PERSON_SIGNED_OUT).count() == 1


def test_an_applicant_opens_no_officers_page(home: Visitor) -> None:
    for url in ("/officers", "/audit", "/revocations"):
        assert home.get(url).h1 == "サインイン"


def test_an_empty_home_says_how_to_begin(home: Visitor) -> None:
    page = home.get("/my")
    assert "申請を始めてください" in page.words("h2")
    assert home.get("/apply/terms").h1 == "利用規約の承諾"


def test_who_is_not_eligible_reads_why_and_is_offered_nothing(
    app: Any, home: Visitor, person: Person
) -> None:
    with app.app_context(), transaction():
        found = db.session.get_one(Person, person.id)
        found.corporation.agreement_state = AgreementState.SUSPENDED
    page = home.get("/my")
    assert "いまは申請できません" in page.text
    assert "停止中" in page.text
    assert "申請を始める" not in page.text
    page = home.get("/apply/terms")
    assert "停止中" in page.text
    assert "以上をすべて承諾して" not in page.text


STANDING = {
    ApplicationState.DRAFT: "申請の途中です。まだ提出していません。",
    ApplicationState.SUBMITTED: "登録局が手続きをしています。お待ちください。",
    ApplicationState.SCREENING: "登録局が手続きをしています。お待ちください。",
    ApplicationState.RETURNED: "に直していただきたいところがあります",
    ApplicationState.APPROVED: "登録局が手続きをしています。お待ちください。",
    ApplicationState.REJECTED: "使える証明書はありません。申請を始められます。",
    ApplicationState.WITHDRAWN: "使える証明書はありません。申請を始められます。",
}


@pytest.mark.parametrize("state", STANDING)
def test_every_state_has_its_sentence(
    app: Any, home: Visitor, person: Person, state: ApplicationState
) -> None:
    with app.app_context(), transaction():
        made = builders.application(state, person=db.session.get_one(Person, person.id))
        consent = made.consents[0]
        words = [statement.words for statement in consent.statements]
    page = home.get("/my")
    assert any(STANDING[state] in heading for heading in page.words("h2"))
    assert made.number in page.text
    shown = home.get(f"/my/applications/{made.number}")
    assert made.common_name in shown.text
    for text in (page.text, shown.text):
        assert all(word in text for word in words)
        assert f"版 {consent.edition.version} を" in text
    assert not re.search("担当 [0-9]", shown.text)


@pytest.mark.parametrize(
    ("state", "words"),
    [(CertificateState.ISSUED, "CECTRUST-Light のみ"), (CertificateState.DELIVERED, "CECTRUST-Light のみ"),
     (CertificateState.SUSPENDED, "の利用を停止しています"), (CertificateState.REVOKED, "この証明書は失効しました")],
)  # fmt: skip
def test_certificates_are_shown_with_state_and_use(
    app: Any, home: Visitor, person: Person, state: CertificateState, words: str
) -> None:
    with app.app_context(), transaction():
        made = builders.application(ApplicationState.APPROVED, person=db.session.get_one(Person, person.id))
        number = issued_certificate(state, application=made).jc_number
    page = home.get("/my")
    assert number in page.text
    assert words in page.text


@pytest.mark.parametrize(
    ("values", "standing", "received"),
    [({}, "証明書ファイルを受け取ってください。", "届いたメールのリンクから受け取れます"),
     ({"expired": True}, "受け取り期限が過ぎました", "登録局に連絡してください。鍵回復の手続きで"),
     ({"taken": True}, "開けることを確かめてください", "受領の確認がまだです。"),
     ({"taken": True, "confirmed": True}, "証明書をお使いいただけます", "に受領を確認しました")],
    ids=["waiting", "expired", "taken", "confirmed"],
)  # fmt: skip
def test_the_home_says_whether_the_file_was_received(
    app: Any, home: Visitor, person: Person, hands: Any, values: dict[str, bool], standing: str, received: str
) -> None:
    at = hands.now()
    with app.app_context(), transaction():
        made = builders.application(ApplicationState.APPROVED, person=db.session.get_one(Person, person.id))
        certificate = issued_certificate(CertificateState.ISSUED, application=made)
        taken = at if values.get("taken") else None
        db.session.add(Delivery(
            certificate_id=certificate.id, kind=SecretKind.PFX, sealed=None if taken else b"x", token_sha256="0",
            context="c", sent_at=at, expires_at=at + timedelta(hours=-1 if values.get("expired") else 72),
            taken_at=taken, ended_at=taken, confirmed_at=at if values.get("confirmed") else None,
        ))  # fmt: skip
    page = home.get("/my")
    assert any(standing in heading for heading in page.words("h2"))
    assert received in page.text


def test_an_expired_certificate_says_so(app: Any, browser: Visitor, person: Person, hands: Any) -> None:
    with app.app_context(), transaction():
        made = builders.application(
            ApplicationState.APPROVED, person=db.session.get_one(Person, person.id), years=1
        )
        issued_certificate(application=made)
    hands.forward(days=400)
    enter_person(app, browser, person)
    assert "有効期間が終わりました" in browser.get("/my").text


def test_the_home_of_one_shows_nothing_of_another(app: Any, home: Visitor, person: Person) -> None:
    with app.app_context(), transaction():
        colleague = builders.person(db.session.get_one(Person, person.id).corporation)
        number = builders.application(ApplicationState.SUBMITTED, person=colleague).number
    assert number not in home.get("/my").text


# --- long, late, ended ----------------------------------------------------------------------------------


def test_a_link_that_ended_says_whom_to_ask_and_that_nothing_is_lost(app: Any, browser: Visitor) -> None:
    app.config["LRA_CONTACT"] = "03-0000-0000"
    page = browser.get("/apply/guess", status=409)
    assert "いちばん新しいメールのリンクだけが使えます。" in page.text
    assert "見本登録局（03-0000-0000）" in page.text
    assert "保存した入力や、提出した申請は残っています。" in page.text


def test_the_link_leads_back_into_the_form(app: Any, browser: Visitor, person: Person, link: str) -> None:
    with app.app_context(), transaction():
        builders.application(ApplicationState.DRAFT, person=db.session.get_one(Person, person.id))
    assert browser.send("進む", code=ask_for_code(browser, link)).h1 == "申請内容の入力"
    assert browser.get(link).h1 == "申請内容の入力"


def test_an_application_says_by_when_and_owns_up_when_that_has_passed(
    app: Any, browser: Visitor, person: Person, hands: Any
) -> None:
    with app.app_context(), transaction():
        who = db.session.get_one(Person, person.id)
        waiting = builders.application(ApplicationState.SUBMITTED, person=who).number
        begun = builders.application(ApplicationState.DRAFT, person=who).number
    for days, words in ((3, "あなたがすることは、いまはありません。"), (1, "目安の日を過ぎています。")):
        hands.forward(days=days)
        enter_person(app, browser, person)
        page = browser.get(f"/my/applications/{waiting}")
        assert "2026年11月27日（金）ごろまで" in page.text
        assert words in page.text
    assert "2027年2月24日（水）まで" in browser.get(f"/my/applications/{begun}").text


def test_what_is_to_be_mended_leads_to_its_field(app: Any, home: Visitor, person: Person) -> None:
    with app.app_context(), transaction():
        screener = officer(Role.SCREENER)
        made = builders.application(ApplicationState.SUBMITTED, person=db.session.get_one(Person, person.id))
        handling.start(made, version=made.version, by=screener)
        screening.check(made, CheckedField.COMMON_NAME, Verdict.FAIL, "役職を足してください。", version=made.version,
                        by=screener)  # fmt: skip
        screening.send_back(made, "直してください。", version=made.version, by=screener)
    page = home.get(f"/my/applications/{made.number}")
    links = [link.get("href") for link in page.all("a")]
    assert f"/apply/form/{made.number}#common_name" in links
    assert "common_name" in [found.get("id") for found in home.get(f"/apply/form/{made.number}").all("input")]


def test_many_certificates_are_folded_and_those_that_ended_stand_apart(
    app: Any, home: Visitor, person: Person
) -> None:
    with app.app_context(), transaction():
        who = db.session.get_one(Person, person.id)
        for number in range(6):
            made = builders.application(ApplicationState.APPROVED, person=who, common_name="M" * 64)
            ended = number > 3
            issued_certificate(
                CertificateState.REVOKED if ended else CertificateState.DELIVERED, application=made
            )
    page = home.get("/my")
    folded = [words for words in page.words("summary") if words.startswith("JC-")]
    assert len(folded) == 4
    assert "使えなくなった証明書（2）" in page.words("summary")
