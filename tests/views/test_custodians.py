"""The custodians' pages: an administrator appoints and releases, the appointed officer makes the own key."""

from typing import Any

import pytest

from jcanweb.database import db, transaction
from jcanweb.events import Event, Outcome
from jcanweb.models import AuditEntry, Custodian, Officer
from jcanweb.pki import share_file
from jcanweb.roles import Role
from jcanweb.services import custodians
from jcanweb.vocabulary import CustodianGroup
from tests.issued import PASSPHRASE, custodian, issued_certificate, officer_key
from tests.page import Visitor
from tests.people import enter, officer

KEY, PIN, SECURITY = CustodianGroup.KEY, CustodianGroup.PIN, CustodianGroup.SECURITY
NEW = "three blue kettles"


class Office:
    def __init__(self) -> None:
        self.head = officer(Role.ADMINISTRATOR)
        self.person = officer(Role.SCREENER)


@pytest.fixture
def office(app: Any) -> Office:
    with app.test_request_context(), transaction():
        return Office()


@pytest.fixture
def head(app: Any, browser: Visitor, office: Office) -> Visitor:
    enter(app, browser, office.head)
    return browser


@pytest.fixture
def person(app: Any, office: Office) -> Visitor:
    """The person, appointed as security officer."""
    with app.test_request_context(), transaction():
        who, by = db.session.get_one(Officer, office.person.id), db.session.get_one(Officer, office.head.id)
        custodians.appoint(who, SECURITY, by=by)
    visitor = Visitor(app)
    enter(app, visitor, office.person)
    return visitor


def all_three(app: Any) -> dict[CustodianGroup, int]:
    with app.test_request_context(), transaction():
        return {group: custodian(group).id for group in CustodianGroup}


def found(app: Any) -> Custodian:
    with app.app_context():
        return db.session.query(Custodian).one()


# --- appointing ---------------------------------------------------------------------------------------


def test_an_empty_house_says_what_is_missing_and_why(head: Visitor) -> None:
    page = head.get("/custodians")
    assert page.h1 == "鍵の管理者"
    assert "三つの区分の鍵をそろえてください" in page.text
    for group in ("鍵管理者", "PIN管理者", "保全責任者"):
        assert f"{group}: 選任されていません。" in page.text
    assert "一人が二つの区分を持つと" in page.text


def test_an_officer_is_appointed_and_the_page_waits_for_the_key(
    app: Any, head: Visitor, office: Office
) -> None:
    head.get("/custodians")
    page = head.send("選任する", officer=str(office.person.id), group="security")
    assert f"{office.person.name}さんを選任しました。" in page.text
    assert f"保全責任者: {office.person.name}さんが鍵を作るのを待っています。" in page.text
    assert "鍵の作成待ち" in page.text
    assert found(app).group is SECURITY


def test_with_all_three_keys_it_can_be_issued(app: Any, head: Visitor) -> None:
    all_three(app)
    page = head.get("/custodians")
    assert "三つの区分の鍵がそろっています" in page.text
    assert page.text.count("サーバーに保管") == 3
    assert page.text.count("1人だけです") == 3


@pytest.mark.parametrize(
    ("values", "words"),
    [({"officer": "", "group": "key"}, "担当者を選んでください。"), ({"officer": "999", "group": "key"}, "担当者を選んでください。"),
     ({"officer": "x", "group": "key"}, "担当者を選んでください。"), ({"group": None}, "区分を選んでください。"),
     ({"group": "other"}, "区分を選んでください。")],
)  # fmt: skip
def test_a_refused_appointment_says_so_at_the_field(
    app: Any, head: Visitor, office: Office, values: dict[str, Any], words: str
) -> None:
    head.get("/custodians")
    page = head.send("選任する", status=422, **({"officer": str(office.person.id)} | values))
    assert words in page.text
    assert 'class="field_error"' in page.text
    with app.app_context():
        assert db.session.query(Custodian).count() == 0


def test_nobody_appoints_the_own_person_and_it_is_recorded(app: Any, head: Visitor, office: Office) -> None:
    head.get("/custodians")
    page = head.send("選任する", status=409, officer=str(office.head.id), group="key")
    assert "自分を選任することはできません。" in page.text
    assert f'value="{office.head.id}"' not in page.text
    with app.app_context():
        refused = db.session.query(AuditEntry).filter_by(event=Event.CUSTODIAN_APPOINTED).one()
        assert (refused.outcome, refused.facts) == (Outcome.REFUSED, {"reason": "TwoPersonRule"})


def test_another_group_is_refused_with_its_sentence(app: Any, head: Visitor, office: Office) -> None:
    head.get("/custodians")
    head.send("選任する", officer=str(office.person.id), group="key")
    head.get(f"/custodians/{found(app).id}/release")
    head.send("解任する", sure="y")
    page = head.send("選任する", status=409, officer=str(office.person.id), group="pin")
    assert "別の区分に移れません" in page.text


@pytest.mark.parametrize("role", [Role.SCREENER, Role.APPROVER, Role.OPERATOR, Role.AUDITOR])
def test_only_an_administrator_sees_and_appoints(app: Any, role: Role) -> None:
    with app.test_request_context(), transaction():
        who = officer(role)
    visitor = Visitor(app)
    enter(app, visitor, who)
    visitor.get("/custodians", status=403)
    visitor.post("/custodians/appoint", status=403, officer="1", group="key")
    visitor.get("/custodians/1/release", status=403)


def test_appointing_and_releasing_ask_to_sign_in_again(app: Any, browser: Visitor, office: Office) -> None:
    enter(app, browser, office.head, fresh=False)
    browser.get("/custodians")
    assert browser.send("選任する", officer=str(office.person.id), group="key").h1 == "もう一度本人確認"
    assert browser.get("/custodians/1/release").h1 == "もう一度本人確認"


# --- releasing ----------------------------------------------------------------------------------------


def test_the_price_of_a_release_is_told_before_it_is_paid(app: Any, head: Visitor) -> None:
    with app.test_request_context(), transaction():
        issued_certificate()
        made = db.session.query(Custodian).filter_by(group=KEY).one()
    assert "1件" in head.get("/custodians").text
    page = head.get(f"/custodians/{made.id}/release")
    assert "この人しか開けない証明書が1件あります。" in page.text
    assert "鍵管理者で鍵を持つ人がいなくなります。" in page.text
    page = head.send("解任する", status=422)
    assert "影響を確認し、チェックを付けてください。" in page.text
    page = head.send("解任する", sure="y")
    assert page.h1 == "鍵の管理者"
    assert "鍵管理者: 選任されていません。" in page.text
    page = head.get(f"/custodians/{made.id}/release")
    assert "既に解任されています" in page.text


def test_an_old_page_releases_nobody_twice(app: Any, head: Visitor) -> None:
    made = all_three(app)[PIN]
    head.get(f"/custodians/{made}/release")
    with app.test_request_context(), transaction():
        custodians.release(db.session.get_one(Custodian, made), by=officer(Role.ADMINISTRATOR))
    page = head.send("解任する", status=409, sure="y")
    assert "現在の状態ではこの操作はできません。" in page.text


def test_an_unknown_custodian_is_not_found(head: Visitor) -> None:
    head.get("/custodians/999/release", status=404)


# --- the own key --------------------------------------------------------------------------------------


def test_the_own_page_asks_for_the_key_and_leads_to_it(person: Visitor) -> None:
    page = person.get("/me")
    assert "保全責任者に選任されています。鍵を作ってください" in page.text
    page = person.get("/me/key")
    assert page.h1 == "自分の鍵（保全責任者）"
    assert "python3 -m jcanweb custodian new-key" in page.text
    assert "方法1より弱い守りです" in page.text


def test_a_public_key_from_the_own_computer_is_taken(app: Any, person: Visitor) -> None:
    made = officer_key(SECURITY)
    person.get("/me/key")
    page = person.send("公開鍵を登録する", public_key=f"\n{share_file.public_key_text(made.public_key)}\n")
    assert "公開鍵を登録しました。" in page.text
    assert made.fingerprint in page.text
    assert "あなたの手元の鍵ファイル" in page.text
    assert found(app).private_pem is None
    assert "鍵を作ってください" not in person.get("/me").text


def test_a_key_is_made_here_under_the_own_passphrase(app: Any, person: Visitor) -> None:
    person.get("/me/key")
    page = person.send("サーバーに鍵を作る", passphrase=NEW, again=NEW)
    assert "鍵を作り、サーバーに保管しました。" in page.text
    assert "サーバー（あなたの合言葉で暗号化）" in page.text
    assert (found(app).private_pem or b"").startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----")
    assert NEW not in page.text


@pytest.mark.parametrize(
    ("values", "words"),
    [({"passphrase": "", "again": ""}, "合言葉を入力してください。"), ({"passphrase": "short", "again": "short"}, "15文字以上"),
     ({"passphrase": NEW, "again": PASSPHRASE}, "一致しません"), ({"passphrase": "a" * 129, "again": "a" * 129}, "128文字")],
)  # fmt: skip
def test_a_refused_passphrase_says_so_and_is_not_given_back(
    app: Any, person: Visitor, values: dict[str, str], words: str
) -> None:
    person.get("/me/key")
    page = person.send("サーバーに鍵を作る", status=422, **values)
    assert words in page.text
    assert not values["passphrase"] or values["passphrase"] not in page.text
    assert found(app).public_key is None


@pytest.mark.parametrize(
    ("typed", "status", "words"),
    [("", 422, "公開鍵を貼り付けてください。"), ("公開鍵", 409, "公開鍵として読めません。"), ("a" * 2001, 422, "長すぎます")],
)  # fmt: skip
def test_a_refused_public_key_says_so_and_keeps_what_was_typed(
    app: Any, person: Visitor, typed: str, status: int, words: str
) -> None:
    person.get("/me/key")
    page = person.send("公開鍵を登録する", status=status, public_key=typed)
    assert words in page.text
    assert page.words("textarea")[0] == typed
    assert found(app).public_key is None


def test_another_tab_does_not_change_the_key(app: Any, person: Visitor) -> None:
    person.get("/me/key")
    old = person.page
    person.send("公開鍵を登録する", public_key=share_file.public_key_text(officer_key(SECURITY).public_key))
    person.page = old
    page = person.send(
        "公開鍵を登録する", status=409, public_key=share_file.public_key_text(officer_key(KEY).public_key)
    )
    assert "鍵は既に登録されています。" in page.text


def test_who_is_not_appointed_has_no_such_page(app: Any, browser: Visitor, office: Office) -> None:
    enter(app, browser, office.person)
    assert "自分の鍵" not in browser.get("/me").text
    browser.get("/me/key", status=404)
    browser.get("/me")
    browser.post("/me/key", status=404, public_key=share_file.public_key_text(officer_key(KEY).public_key))
    browser.get("/me")
    browser.post("/me/key/here", status=404, passphrase=NEW, again=NEW)


def test_the_own_key_asks_to_sign_in_again(app: Any, person: Visitor, hands: Any) -> None:
    person.get("/me/key")
    hands.forward(minutes=11)
    assert person.send("サーバーに鍵を作る", passphrase=NEW, again=NEW).h1 == "もう一度本人確認"
    assert found(app).public_key is None
