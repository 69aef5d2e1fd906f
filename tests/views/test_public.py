"""Pages and files for everybody, and the headers every answer carries."""

from typing import Any

import pytest

from jcanweb.database import transaction
from jcanweb.roles import Role
from jcanweb.services import officers
from jcanweb.web import HEADERS
from tests.page import Visitor
from tests.people import officer, sign_in


@pytest.mark.parametrize("url", ["/", "/terms", "/login", "/outbox"])
def test_public_pages_open(browser: Visitor, url: str) -> None:
    page = browser.get(url)
    for name, value in HEADERS.items():
        assert page.response.headers[name] == value
    assert page.response.headers["Cache-Control"] == "no-store"


def test_the_sample_terms_are_marked(browser: Visitor) -> None:
    page = browser.get("/terms")
    assert "見本" in page.text
    assert len(page.words("h2")) >= 6


def test_an_unknown_page_says_so(browser: Visitor) -> None:
    browser.get("/nothing", status=404)


def test_the_outbox_is_closed_outside_development(app: Any, browser: Visitor) -> None:
    app.config["DEVELOPMENT"] = False
    browser.get("/outbox", status=404)


@pytest.mark.parametrize("url", ["https://ra.example.jp", "http://ra.example.jp:8000"])
def test_the_outbox_is_closed_where_others_could_look(app: Any, browser: Visitor, url: str) -> None:
    app.config["PUBLIC_URL"] = url
    browser.get("/outbox", status=404)
    assert "保存したメール" not in browser.get("/").text


def test_the_outbox_is_closed_to_another_computer(browser: Visitor) -> None:
    browser.client.environ_base["REMOTE_ADDR"] = "203.0.113.9"
    browser.get("/outbox", status=404)


def test_htmx_comes_from_its_wheel(browser: Visitor) -> None:
    answer = browser.client.get("/assets/htmx.js")
    assert answer.status_code == 200
    assert b"htmx" in answer.data


def test_the_editions_are_listed(app: Any, browser: Visitor) -> None:
    with app.app_context(), transaction():
        made = officer(Role.SCREENER, password=True)
        officers.first_link()
    sign_in(browser, made)
    assert browser.get("/terms/editions").h1 == "規約の版"
