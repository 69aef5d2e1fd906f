"""Set-up, joining, signing in and out, roles: the happy path and each refusal."""

from typing import Any

import pytest

from jcanweb import create_app
from jcanweb.database import db, transaction
from jcanweb.events import Event, Outcome
from jcanweb.models import AuditEntry, Officer, WebSession
from jcanweb.roles import Role
from jcanweb.services import officers
from jcanweb.web import limiter
from tests.conftest import SETTINGS, WORKER, database
from tests.page import Visitor
from tests.people import PASSWORD, officer, sign_in

JOINING = {"name": "管理 花子", "email": "admin@example.jp", "password": PASSWORD, "again": PASSWORD}


@pytest.fixture
def link(app: Any) -> str:
    with app.app_context(), transaction():
        return f"/setup/{officers.first_link()}"


@pytest.fixture
def administrator(app: Any, browser: Visitor) -> Visitor:
    with app.app_context(), transaction():
        made = officer(Role.ADMINISTRATOR, password=True)
    sign_in(browser, made)
    return browser


def test_the_set_up_link_makes_the_first_administrator(app: Any, browser: Visitor, link: str) -> None:
    browser.get(link)
    page = browser.send("登録する", **JOINING)
    assert page.h1 == "自分の設定"
    with app.app_context():
        made = db.session.query(Officer).one()
        assert made.holds(Role.ADMINISTRATOR)
        assert made.password is not None
        assert made.password.startswith("$argon2id$")


def test_the_set_up_link_works_once(browser: Visitor, link: str) -> None:
    browser.get(link)
    browser.send("登録する", **JOINING)
    assert "リンク" in browser.get(link, status=409).text


def test_an_unknown_link_is_refused(browser: Visitor) -> None:
    browser.get("/setup/guess", status=409)


def test_a_link_grows_old(browser: Visitor, link: str, hands: Any) -> None:
    hands.forward(days=2)
    browser.get(link, status=409)


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [("name", "", "氏名を入力してください。"), ("password", "short", "15文字以上"), ("again", "other", "一致しません"),
     ("email", "", "メールアドレスを入力してください。")],
)  # fmt: skip
def test_a_refused_form_keeps_what_was_typed(
    browser: Visitor, link: str, field: str, value: str, sentence: str
) -> None:
    browser.get(link)
    page = browser.send("登録する", status=422, **(JOINING | {field: value}))
    assert sentence in page.text
    assert ("管理 花子" in page.text) == (field != "name")
    assert PASSWORD not in page.text


def test_sign_out_ends_the_session_on_the_server(app: Any, administrator: Visitor) -> None:
    cookie = administrator.client.get_cookie("jcanweb")
    assert cookie is not None
    administrator.get("/me")
    administrator.send("サインアウト")
    thief = Visitor(app)
    thief.client.set_cookie("jcanweb", cookie.value)
    assert thief.get("/me").h1 == "サインイン"


def test_signing_in_gives_another_session_id(app: Any, browser: Visitor) -> None:
    with app.app_context(), transaction():
        made = officer(Role.AUDITOR, password=True)
    browser.get("/login")
    before = browser.client.get_cookie("jcanweb")
    sign_in(browser, made)
    after = browser.client.get_cookie("jcanweb")
    assert before is not None
    assert after is not None
    assert before.value != after.value


def test_only_the_hash_of_a_session_id_is_kept(app: Any, administrator: Visitor) -> None:
    cookie = administrator.client.get_cookie("jcanweb")
    assert cookie is not None
    with app.app_context():
        assert cookie.value not in [row.id_sha256 for row in db.session.query(WebSession)]


def test_an_idle_session_ends(administrator: Visitor, hands: Any) -> None:
    hands.forward(minutes=16)
    assert administrator.get("/me").h1 == "サインイン"


def test_a_wrong_password_is_refused_like_an_unknown_name(app: Any, browser: Visitor) -> None:
    with app.app_context(), transaction():
        made = officer(Role.AUDITOR, password=True)
    browser.get("/login")
    known = browser.send("サインイン", status=422, email=made.email, password="x" * 20)
    unknown = browser.send("サインイン", status=422, email="nobody@example.jp", password="x" * 20)
    assert "違います" in known.text
    assert "違います" in unknown.text


def test_every_wrong_password_is_recorded_and_too_many_are_stopped(app: Any) -> None:
    with app.app_context(), transaction():
        made = officer(Role.AUDITOR, password=True)
    strict = create_app(SETTINGS | database(f"jcanweb_test_{WORKER}") | {"RATELIMIT_ENABLED": True},
                        instance=app.instance_path)  # fmt: skip
    browser = Visitor(strict)
    browser.get("/login")
    for _ in range(10):
        browser.send("サインイン", status=422, email=made.email, password="x" * 20)
    browser.send("サインイン", status=429, email=made.email, password=PASSWORD)
    limiter.enabled = False  # as the other tests have it
    with app.app_context():
        refused = (
            db.session.query(AuditEntry)
            .filter_by(event=Event.OFFICER_SIGNED_IN, outcome=Outcome.REFUSED)
            .all()
        )
        assert [entry.subject_id for entry in refused] == [str(made.id)] * 10


def test_a_link_in_a_mail_never_follows_the_host_of_the_request(app: Any, administrator: Visitor) -> None:
    administrator.get("/officers")
    administrator.client.environ_base["HTTP_HOST"] = "evil.example"
    administrator.send("招待を送る", name="審査 一郎", email="ichiro@example.jp", roles=["screener"])
    administrator.client.environ_base.pop("HTTP_HOST")
    assert "evil.example" not in administrator.get("/outbox").text


def test_an_approver_must_enrol_totp_before_anything_else(app: Any, browser: Visitor) -> None:
    with app.app_context(), transaction():
        made = officer(Role.APPROVER, password=True)
    sign_in(browser, made)
    assert browser.get("/me").h1 == "認証アプリの登録"


def test_a_one_time_password_must_be_changed_first(app: Any, browser: Visitor) -> None:
    with app.app_context(), transaction():
        made = officer(Role.AUDITOR, password=True)
        made.password_changed_at = None
    sign_in(browser, made)
    assert browser.get("/me").h1 == "パスワードの変更"


def test_what_a_role_may_not_is_refused_and_recorded(app: Any, browser: Visitor) -> None:
    with app.app_context(), transaction():
        made = officer(Role.SCREENER, password=True)
    sign_in(browser, made)
    page = browser.get("/audit", status=403)
    assert "内部監査" in page.text
    with app.app_context():
        last = db.session.query(AuditEntry).order_by(AuditEntry.sequence.desc()).first()
        assert last is not None
        assert (last.event, last.outcome) == (Event.ACCESS_DENIED, Outcome.REFUSED)


def test_roles_change_and_the_sessions_end(app: Any, administrator: Visitor) -> None:
    with app.app_context(), transaction():
        other = officer(Role.SCREENER, password=True)
    victim = Visitor(app)
    sign_in(victim, other)
    administrator.get(f"/officers/{other.id}")
    administrator.send("役割を変更する", roles=["auditor"])
    assert victim.get("/me").h1 == "サインイン"


def test_excluding_roles_are_refused_with_a_sentence(app: Any, administrator: Visitor) -> None:
    with app.app_context(), transaction():
        other = officer(Role.SCREENER)
    administrator.get(f"/officers/{other.id}")
    page = administrator.send("役割を変更する", status=409, roles=["screener", "approver"])
    assert "兼任できない" in page.text


def test_nobody_changes_the_own_roles(app: Any, administrator: Visitor) -> None:
    with app.app_context():
        me = db.session.query(Officer).one()
    administrator.get(f"/officers/{me.id}")
    page = administrator.send("役割を変更する", status=409, roles=["auditor"])
    assert "自分の役割" in page.text


def test_an_invitation_goes_by_mail_and_is_joined(app: Any, administrator: Visitor) -> None:
    administrator.get("/officers")
    administrator.send("招待を送る", name="審査 一郎", email="ichiro@example.jp", roles=["screener"])
    page = administrator.get("/outbox")
    link = next(a.get("href") for a in page.all("a") if "/join/" in (a.get("href") or ""))
    visitor = Visitor(app)
    assert str(link).startswith(app.config["PUBLIC_URL"])
    visitor.get(str(link).removeprefix(app.config["PUBLIC_URL"]))
    assert visitor.send("登録する", password=PASSWORD, again=PASSWORD).h1 == "自分の設定"
    with app.app_context():
        assert db.session.query(Officer).filter_by(email="ichiro@example.jp").one().holds(Role.SCREENER)


def test_a_form_without_its_token_is_refused(app: Any, link: str) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    assert app.test_client().post(link, data=JOINING).status_code == 400
