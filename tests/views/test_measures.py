"""The page of measures: numbers, plots with the table behind them, the period in the address, the file."""

from typing import Any

import pytest

from jcanweb.database import transaction
from jcanweb.roles import Role
from jcanweb.vocabulary import ApplicationState as A
from tests import builders
from tests.page import Visitor
from tests.people import enter, officer


def visitor(app: Any, browser: Visitor, role: Role) -> Visitor:
    with app.app_context(), transaction():
        who = officer(role)
        builders.application()
        builders.application(A.SCREENING, screened=True)
    enter(app, browser, who)
    return browser


@pytest.mark.parametrize("role", [Role.APPROVER, Role.AUDITOR, Role.ADMINISTRATOR])
def test_the_page_shows_plots_with_tables_behind(app: Any, browser: Visitor, role: Role) -> None:
    page = visitor(app, browser, role).get("/measures")
    assert page.text.count("<svg") == 1  # nothing decided or returned yet
    assert "この期間に承認・却下した申請はありません" in page.text
    assert len(page.all("details")) == 2
    assert "2026年6月1日（月） から 2026年11月24日（火） まで" in page.text


def test_screener_and_operator_are_turned_away(app: Any, browser: Visitor) -> None:
    visitor(app, browser, Role.SCREENER).get("/measures", status=403)


def test_the_period_stands_in_the_address(app: Any, browser: Visitor) -> None:
    page = visitor(app, browser, Role.AUDITOR).get("/measures?from=2026-11-01&to=2026-11-24&by=week")
    assert "週ごとの表で見る" in page.text
    assert "2026年11月23日（月） ～ 2026年11月24日（火）" in page.text


@pytest.mark.parametrize(
    "query", ["from=2026-11-25&to=2026-11-24", "from=x", "by=year", "from=2026-11-01&to=2027-01-01"]
)
def test_a_period_that_cannot_be_is_refused(app: Any, browser: Visitor, query: str) -> None:
    page = visitor(app, browser, Role.AUDITOR).get(f"/measures?{query}", status=422)
    assert "いま待っている申請" in page.text
    assert "入力を確かめてください" in page.text
    browser.get(f"/measures.csv?{query}", status=422)


def test_the_file(app: Any, browser: Visitor) -> None:
    answer = visitor(app, browser, Role.AUDITOR).client.get(
        "/measures.csv?from=2026-11-01&to=2026-11-24&by=week"
    )
    assert answer.mimetype == "text/csv"
    assert len(answer.get_data(as_text=True).splitlines()) == 6


def test_the_desk_tells_what_waits_to_all_and_leads_on_who_may_see_more(app: Any, browser: Visitor) -> None:
    page = visitor(app, browser, Role.SCREENER).get("/desk")
    assert "うち4営業日以上" in page.words("dt")
    assert "審査の状況を見る" not in page.text
    with app.app_context(), transaction():
        auditor = officer(Role.AUDITOR)
    enter(app, browser, auditor)
    assert "審査の状況を見る" in browser.get("/desk").text
