"""The page of the list: conditions in the address, what is shown of whom, and what to do when nothing is found."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from sqlalchemy import event

from jcanweb.calendar import jst_date
from jcanweb.database import db, transaction
from jcanweb.models import Application, Officer
from jcanweb.roles import Role
from jcanweb.services import application_list
from jcanweb.vocabulary import ApplicationState as A
from tests import builders
from tests.page import Page, Visitor
from tests.people import enter, officer


@pytest.fixture
def me(app: Any) -> Officer:
    with app.app_context(), transaction():
        return officer(Role.SCREENER)


@pytest.fixture
def reader(app: Any, browser: Visitor, me: Officer) -> Visitor:
    enter(app, browser, me)
    return browser


def made(app: Any, count: int = 1, state: A = A.SUBMITTED, **values: Any) -> list[Application]:
    with app.app_context(), transaction():
        who = builders.person()
        return [builders.application(state, person=who, **values) for _ in range(count)]


def link(page: Page, words: str) -> str:
    return next(one.get("href") or "" for one in page.all("a") if words in "".join(one.itertext()))


def test_all_the_conditions_stand_in_the_address_and_go_on_to_the_next_page(
    app: Any, reader: Visitor, hands: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(application_list, "PAGE", 2)
    day = jst_date(hands.now())
    found = made(app, 3, due_on=day - timedelta(days=1))
    reader.get("/applications")
    page = reader.send(
        "絞り込む", q="営業 部長", state="submitted", hands="nobody", overdue="y", **{"from": day, "to": day}
    )
    asked = parse_qs(urlsplit(page.url).query)
    assert asked == {"q": ["営業 部長"], "state": ["submitted"], "hands": ["nobody"], "overdue": ["y"],
                     "from": [str(day)], "to": [str(day)]}  # fmt: skip
    assert [one.number in page.text for one in found] == [False, True, True]
    following = link(page, "次の50件")
    assert parse_qs(urlsplit(following).query).items() >= asked.items()
    page = reader.get(following)
    assert [one.number in page.text for one in found] == [True, False, False]
    assert [box.get("checked") is not None for box in page.all("input") if box.get("name") == "overdue"] == [
        True
    ]
    assert "次の50件" not in page.text


def test_nothing_found_says_what_was_looked_for_and_how_to_look_wider(app: Any, reader: Visitor) -> None:
    (one,) = made(app)
    page = reader.get(f"/applications?q={quote('営業')}&state=approved&hands=mine")
    assert "この条件に当てはまる申請はありません: 「営業」、状態「承認済み」、審査の担当「自分」" in page.text
    page = reader.get(link(page, "状態「承認済み」を外して探す"))
    page = reader.get(link(page, "審査の担当「自分」を外して探す"))
    assert parse_qs(urlsplit(page.url).query) == {"q": ["営業"]}
    assert one.number in page.text
    page = reader.get(link(page, "条件を消す"))
    assert "条件を消す" not in page.text


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("田", "1文字だけでは探せません"),
        ("%_", "記号だけでは探せません"),
        ("1234567890123", "検査数字が合いません"),
    ],
)
def test_what_cannot_be_looked_for_is_told(app: Any, reader: Visitor, typed: str, words: str) -> None:
    for path in ("/applications", "/certificates", "/corporations"):
        assert words in reader.get(f"{path}?q={quote(typed)}").text


def test_a_day_that_is_none_is_told_at_its_field(app: Any, reader: Visitor) -> None:
    made(app)
    page = reader.get(f"/applications?q={quote('営業')}&from=abc", status=422)
    assert "提出日（から）を「2026-11-22」の形で入力してください。" in page.text
    assert 'value="営業"' in page.text


def test_an_approver_is_shown_neither_ou2_nor_cn_before_the_own_entry(app: Any, reader: Visitor) -> None:
    (waiting,) = made(app, state=A.SCREENING, screened=True, common_name="Hidden Here")
    assert "Hidden Here" in reader.get(f"/applications?q={waiting.number}").text
    with app.app_context(), transaction():
        approver = officer(Role.APPROVER)
    other = Visitor(app)
    enter(app, other, approver)
    page = other.get(f"/applications?q={waiting.number}")
    assert waiting.corporation.name in page.text
    assert "Hidden Here" not in page.text
    assert "再入力のあとに表示" in page.text


def test_a_page_of_fifty_asks_no_more_than_a_page_of_one(app: Any, reader: Visitor) -> None:
    def asked(url: str) -> int:
        statements: list[str] = []

        def note(_: Any, __: Any, statement: str, *rest: Any) -> None:
            statements.append(statement)

        with app.app_context():
            event.listen(db.engine, "before_cursor_execute", note)
        reader.get(url)
        with app.app_context():
            event.remove(db.engine, "before_cursor_execute", note)
        return len(statements)

    url = f"/applications?q={quote('営業')}&state=submitted"
    made(app)
    reader.get(url)  # the session keeps when it was seen
    few = asked(url)
    for _ in range(20):
        made(app)
    assert asked(url) == few


@pytest.mark.parametrize(
    "query", ["q=%22+OR+1%3D1", "q=%00", "q=" + "x" * 9000, "before=-1", "hands=x&overdue=&state=x", "q=%FF"]
)
def test_a_hostile_address_does_no_harm(reader: Visitor, query: str) -> None:
    for path in ("/applications", "/certificates", "/corporations"):
        assert reader.client.get(f"{path}?{query}").status_code in {200, 404}
