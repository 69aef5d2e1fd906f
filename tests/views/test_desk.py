"""The staff home: what waits for whom, what it says when nothing does, the counts in the menu."""

from datetime import timedelta
from typing import Any

import pytest

from jcanweb import clock
from jcanweb.database import db, transaction
from jcanweb.models import Custodian, Order
from jcanweb.roles import Role
from jcanweb.services import revocation, status
from jcanweb.vocabulary import ApplicationState as A
from jcanweb.vocabulary import CustodianGroup, OrderState, RevocationReason, RevocationRequester
from tests import builders, recoveries
from tests.issued import custodians, issued_certificate
from tests.page import HTML, Page, Visitor
from tests.people import enter, officer, sign_in


def counted(page: Page) -> dict[str, str]:
    """The menu: its words, and the number beside each that has one."""
    words = [word.split("\n") for word in page.words("a") if "件" in word]
    return {line[0].rstrip("0123456789 件"): "".join(filter(str.isdigit, line[0])) for line in words}


@pytest.fixture
def screener(app: Any, browser: Visitor) -> Visitor:
    with app.app_context(), transaction():
        made = officer(Role.SCREENER)
    enter(app, browser, made)
    return browser


def test_signing_in_leads_to_the_desk_and_the_front_door_back_to_it(app: Any, browser: Visitor) -> None:
    with app.app_context(), transaction():
        made = officer(Role.SCREENER, password=True)
    sign_in(browser, made)
    assert browser.page is not None
    assert browser.page.h1 == "仕事"
    links = [link for link in browser.get("/").all("a") if "".join(link.itertext()) == "仕事へ"]
    assert [link.get("href") for link in links] == ["/desk"]


@pytest.mark.parametrize("role", list(Role))
def test_everybody_has_a_desk_and_an_empty_one_says_so(app: Any, browser: Visitor, role: Role) -> None:
    with app.app_context(), transaction():
        made = officer(role)
        custodians()
    enter(app, browser, made)
    assert "いま、あなたを待っている仕事はありません" in browser.get("/desk").text


def test_what_waits_leads_to_its_page(app: Any, screener: Visitor) -> None:
    with app.app_context(), transaction():
        made = builders.application()
    page = screener.get("/desk")
    (link,) = [link for link in page.all("a") if "".join(link.itertext()) == "審査を始める"]
    assert link.get("href") == f"/applications/{made.number}"
    assert "あと 3日" in page.text
    assert made.corporation.name in page.text


def test_every_kind_of_work_leads_to_its_page(app: Any, hands: Any) -> None:
    with app.test_request_context(), transaction():
        people, receiver = recoveries.Cast(), officer(Role.SCREENER)
        asked, authorized, one, other = (issued_certificate() for _ in range(4))
        people.ask(asked)
        people.authorized(authorized)
        reason = {
            "reason": RevocationReason.SUPERSEDED,
            "requester": RevocationRequester.CORPORATION,
            "words": "",
        }
        revocation.receive(one, by=receiver, **reason)
        decided = revocation.receive(other, by=receiver, **reason)
        revocation.decide(decided, version=decided.version, by=people.approver)
        builders.application(A.SCREENING, screened=True)
        waiting = builders.application(A.APPROVED)
        db.session.add(Order(request_id="r" * 32, application_id=waiting.id, jc_number="JC-99999999", act="a" * 32,
                             public_key_sha256="0" * 64, state=OrderState.ASKED, asked_by=people.operator.id,
                             asked_at=clock.now()))  # fmt: skip
        holder = people.holder(CustodianGroup.KEY)
    hands.forward(hours=25)
    words = set()
    for who in (people.approver, people.operator, holder):
        visitor = Visitor(app)
        enter(app, visitor, who)
        links = {link.get("href") or "": "".join(link.itertext()) for row in visitor.get("/desk").all("tbody")
                 for link in row.iter(f"{HTML}a")}  # fmt: skip
        for url in links:
            visitor.get(url)
        words |= set(links.values())
    assert words == {
        "失効するか判断する", "失効を実行する", "鍵回復を承認するか判断する", "鍵回復の持分を開封する",
        "発行を承認するか判断する", "証明書を発行する", "認証局の応答を照合する",
    }  # fmt: skip


def test_overdue_work_says_since_when(app: Any, screener: Visitor, hands: Any) -> None:
    with app.app_context(), transaction():
        who = officer(Role.SCREENER)
        builders.application()
    hands.forward(days=9)
    enter(app, screener, who)
    assert "5日 超過" in screener.get("/desk").text


def test_what_does_not_fit_is_counted_with_a_link_to_the_list(app: Any, screener: Visitor) -> None:
    with app.app_context(), transaction():
        who = builders.person()
        for _ in range(22):
            builders.application(person=who)
    page = screener.get("/desk")
    (link,) = [link for link in page.all("a") if "ほか" in "".join(link.itertext())]
    assert "".join(link.itertext()) == "ほか 2 件"
    assert "state=submitted" in (link.get("href") or "")


def test_the_menu_counts_what_waits_for_me(app: Any, screener: Visitor) -> None:
    with app.app_context(), transaction():
        builders.application()
        builders.application(A.SCREENING, screened=True)
    page = screener.get("/me")
    assert counted(page) == {"仕事": "1", "申請": "1"}


@pytest.mark.parametrize(
    ("role", "told"),
    [(Role.ADMINISTRATOR, True), (Role.APPROVER, True), (Role.OPERATOR, True), (Role.SCREENER, False),
     (Role.AUDITOR, False)],
)  # fmt: skip
def test_who_cannot_go_on_without_custodians_is_told(
    app: Any, browser: Visitor, role: Role, told: bool
) -> None:
    with app.app_context(), transaction():
        made = officer(role)
    enter(app, browser, made)
    page = browser.get("/desk")
    assert ("証明書を発行できません" in page.text) is told
    assert ("鍵の管理者を選任してください" in page.text) is (role is Role.ADMINISTRATOR)
    assert ("待っている仕事はありません" in page.text) is (role is not Role.ADMINISTRATOR)
    with app.app_context(), transaction():
        custodians()
    assert "証明書を発行できません" not in browser.get("/desk").text


def test_a_custodian_without_a_key_is_asked_to_make_one(app: Any, browser: Visitor) -> None:
    with app.app_context(), transaction():
        made, by = officer(Role.SCREENER), officer(Role.ADMINISTRATOR)
        db.session.add(Custodian(officer_id=made.id, group=CustodianGroup.PIN, appointed_by=by.id,
                                 appointed_at=clock.now()))  # fmt: skip
    enter(app, browser, made)
    assert "あなたの鍵を作ってください" in browser.get("/desk").text


def test_a_late_crl_is_told(app: Any, browser: Visitor, hands: Any) -> None:
    with app.app_context(), transaction():
        made, crl = officer(Role.OPERATOR), status.publish()
    hands.at = crl.this_update + timedelta(hours=25)
    enter(app, browser, made)
    assert "更新が遅れています" in browser.get("/desk").text
    hands.at = crl.next_update + timedelta(seconds=1)
    enter(app, browser, made)
    assert "有効期限が切れています" in browser.get("/desk").text
    browser.client.get("/crl/issuing.crl")
    assert "失効リスト（CRL）の" not in browser.get("/desk").text


def test_applicants_and_strangers_have_no_desk(browser: Visitor) -> None:
    assert browser.get("/desk").h1 == "サインイン"


@pytest.mark.parametrize(
    ("tab", "words"),
    [("all", "進めている申請はありません"), ("overdue", "期限を過ぎた申請はありません"), ("held", "保留中の申請はありません"),
     ("returned", "差し戻した申請はありません"), ("other", "あなたを待っている仕事はありません")],
)  # fmt: skip
def test_an_empty_tab_says_what_fills_it(screener: Visitor, tab: str, words: str) -> None:
    assert words in screener.get(f"/desk?tab={tab}").text


def test_a_tab_says_who_has_what_since_when_and_until_when(app: Any, screener: Visitor) -> None:
    with app.app_context(), transaction():
        who = officer(Role.SCREENER)
        made = [builders.application(), builders.application(A.SCREENING, screener=who),
                builders.application(A.SCREENING, screened=True), builders.application(A.APPROVED)]  # fmt: skip
    (body,) = screener.get("/desk?tab=all").all("tbody")
    rows = ["".join(row.itertext()) for row in body.iter(f"{HTML}tr")]
    for row, one, holder in zip(
        rows, made, ["未着手", f"{who.name}さん", "承認者", "発行操作者"], strict=True
    ):
        assert all(
            words in row
            for words in (one.number, one.corporation.name, holder, "11月27日（金）まで", "10:00")
        )
        assert one.common_name not in row


def test_a_long_tab_is_read_page_by_page(app: Any, screener: Visitor) -> None:
    with app.app_context(), transaction():
        who = builders.person()
        made = [builders.application(person=who).number for _ in range(52)]
    page = screener.get("/desk?tab=all")
    (later,) = [link.get("href") for link in page.all("a") if link.get("rel") == "next"]
    assert made[49] in page.text
    page = screener.get(str(later))
    assert made[49] not in page.text
    assert made[50] in page.text
    assert made[51] in page.text


def test_an_administrator_has_no_tabs_of_applications(app: Any, browser: Visitor) -> None:
    with app.app_context(), transaction():
        made, waiting = officer(Role.ADMINISTRATOR), builders.application()
    enter(app, browser, made)
    for url in ("/desk", "/desk?tab=all"):
        page = browser.get(url)
        assert "差戻し中" not in page.text
        assert waiting.number not in page.text


def test_running_revocations_stand_beside_the_work(app: Any, screener: Visitor) -> None:
    with app.test_request_context(), transaction():
        made, who = issued_certificate(), officer(Role.SCREENER)
        revocation.receive(made, reason=RevocationReason.KEY_COMPROMISE, requester=RevocationRequester.CORPORATION,
                           words="", by=who)  # fmt: skip
    page = screener.get("/desk")
    assert "進行中の期限（失効）" in page.words("h2")
    assert made.jc_number in page.text
