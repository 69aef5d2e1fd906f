"""TOTP is enrolled before anything else, asked for at every sign-in, and used once."""

from typing import Any

import pytest
from passlib.totp import TOTP

from jcanweb.database import db, transaction
from jcanweb.models import Officer
from jcanweb.roles import Role
from tests.page import Visitor
from tests.people import PASSWORD, officer, sign_in


@pytest.fixture
def enrolled(app: Any, browser: Visitor) -> tuple[Any, TOTP]:
    with app.app_context(), transaction():
        made = officer(Role.APPROVER, password=True)
    sign_in(browser, made)
    page = browser.send("認証アプリを登録する")
    totp = TOTP(key=page.words("dd")[0], format="base32")
    page = browser.send("登録する", code=totp.generate().token)
    assert page.h1 == "仕事"
    with app.app_context(), transaction():
        db.session.get_one(Officer, made.id).totp_counter = None  # a code of the same half minute may follow
    return made, totp


def test_a_code_is_asked_for_at_the_next_sign_in(app: Any, enrolled: tuple[Any, TOTP]) -> None:
    made, totp = enrolled
    visitor = Visitor(app)
    sign_in(visitor, made)
    assert visitor.page is not None
    assert visitor.page.h1 == "認証コードの入力"
    assert visitor.get("/me").h1 == "サインイン"


def test_a_wrong_code_is_refused(app: Any, enrolled: tuple[Any, TOTP]) -> None:
    made, totp = enrolled
    visitor = Visitor(app)
    sign_in(visitor, made)
    right = totp.generate().token
    wrong = "000000" if right != "000000" else "111111"
    page = visitor.send("確認する", status=422, code=wrong)
    assert page.h1 == "認証コードの入力"
    assert "違います" in page.text


def test_a_code_works_once(app: Any, enrolled: tuple[Any, TOTP]) -> None:
    made, totp = enrolled
    token = totp.generate().token
    visitor = Visitor(app)
    sign_in(visitor, made)
    assert visitor.send("確認する", code=token).h1 == "仕事"
    again = Visitor(app)
    sign_in(again, made)
    assert again.send("確認する", status=422, code=token).h1 == "認証コードの入力"


def test_signing_in_again_is_asked_before_roles_are_changed(app: Any, browser: Visitor, hands: Any) -> None:
    with app.app_context(), transaction():
        made, other = officer(Role.ADMINISTRATOR, password=True), officer(Role.SCREENER)
    sign_in(browser, made)
    hands.forward(minutes=11)
    assert browser.get(f"/officers/{other.id}").h1 == "もう一度本人確認"
    assert browser.send("確認する", password=PASSWORD).h1 == other.name
