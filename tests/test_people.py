"""The quick ways in lead to the same session as the front door."""

from typing import Any

import pytest

from jcanweb.database import transaction
from jcanweb.roles import Role
from tests import builders
from tests.page import Visitor
from tests.people import enter, enter_person, officer


@pytest.mark.parametrize("role", list(Role))
def test_an_officer_of_any_role_comes_in_and_stays(app: Any, browser: Visitor, role: Role) -> None:
    with app.app_context(), transaction():
        made = officer(role)
    enter(app, browser, made)
    assert browser.get("/me").h1 == "自分の設定"
    page = browser.get("/me")
    assert made.name in page.text
    browser.send("サインアウト")
    assert browser.get("/me").h1 == "サインイン"


def test_a_fresh_sign_in_opens_the_dangerous_door(app: Any, browser: Visitor, hands: Any) -> None:
    with app.app_context(), transaction():
        made, other = officer(Role.ADMINISTRATOR), officer(Role.SCREENER)
    enter(app, browser, made)
    assert browser.get(f"/officers/{other.id}").h1 == other.name
    hands.forward(minutes=11)
    assert browser.get(f"/officers/{other.id}").h1 == "もう一度本人確認"


def test_a_sign_in_too_long_ago_does_not(app: Any, browser: Visitor) -> None:
    with app.app_context(), transaction():
        made, other = officer(Role.ADMINISTRATOR), officer(Role.SCREENER)
    enter(app, browser, made, fresh=False)
    assert browser.get("/me").h1 == "自分の設定"
    assert browser.get(f"/officers/{other.id}").h1 == "もう一度本人確認"


def test_an_applicant_comes_in(app: Any, browser: Visitor) -> None:
    with app.app_context(), transaction():
        who = builders.person()
    enter_person(app, browser, who)
    with browser.client.session_transaction() as held:
        assert held["person"] == who.id
    browser.get("/")
    assert browser.page is not None
    assert who.name in browser.page.text
