"""The terms for everybody, and the editions for officers."""

from datetime import date
from typing import Any

import pytest

from jcanweb.database import transaction
from jcanweb.services import terms
from jcanweb.terms import read
from jcanweb.vocabulary import Role
from tests.page import Visitor
from tests.people import enter, officer
from tests.terms.pages import ARTICLES, HEAD, document


def squeezed(text: str) -> str:
    return "".join(text.split())


@pytest.fixture
def official(app: Any) -> bytes:
    with app.app_context(), transaction():
        source = document()
        terms.import_edition(source, version="3.0", effective_on=date(2026, 4, 1))
        return source


def signed_in(app: Any, visitor: Visitor, role: Role) -> Visitor:
    with app.app_context(), transaction():
        who = officer(role)
    enter(app, visitor, who)
    return visitor


def test_every_article_paragraph_and_item_stands_on_the_page_in_its_order(
    browser: Visitor, official: bytes
) -> None:
    page, kept = browser.get("/terms"), read(official)
    assert page.h1 == kept.title
    shown, place = squeezed("".join(page.words("main"))), 0
    parts = [kept.publisher]
    for article in kept.articles:
        parts.append(article.mark)
        for paragraph in article.paragraphs:
            parts += [paragraph.mark, paragraph.caption, paragraph.text]
            parts += [part for item in paragraph.items for part in (item.mark, item.text)]
            parts.append(paragraph.after)
    parts.append(kept.closing)
    for revision in kept.revisions:
        parts += [
            revision.version,
            revision.summary,
            f"{revision.date.year}年{revision.date.month}月{revision.date.day}日",
        ]
    contents = [article.mark for article in kept.articles]
    assert [one for one in page.words("a") if one in contents] == contents
    place = shown.index(squeezed(contents[-1]), place)
    place = shown.index(squeezed(kept.articles[0].mark), place) if kept.articles else place
    for part in parts[1:]:
        found = shown.find(squeezed(part), place)
        assert found >= 0, part
        place = found + len(squeezed(part))
    assert squeezed(kept.publisher) in shown
    assert squeezed(kept.sha256) in shown
    assert "見本" not in shown


def test_a_line_the_author_ended_stays_ended(browser: Visitor, official: bytes) -> None:
    page = browser.get("/terms")
    assert "借りる前に、次のことを約束してください。\nここに書いたことのほかは" in page.text


def test_lines_that_stand_in_no_article_are_shown(app: Any, browser: Visitor) -> None:
    rows = document().decode().split("\n")
    place = next(index for index, row in enumerate(rows) if row.startswith("第３条"))
    rows[place:place] = ["- 1 -", f"\f{HEAD}", ""]
    with app.app_context(), transaction():
        terms.import_edition("\n".join(rows).encode(), version="3.0", effective_on=date(2026, 4, 1))
    page = browser.get("/terms")
    assert "条の外にある行" in page.words("h2")
    assert f"{place + 1}行目: - 1 -" in page.words("li")
    assert f"{place + 2}行目: {HEAD.strip()}" in page.words("li")


def test_nothing_left_over_shows_no_heading_for_it(browser: Visitor, official: bytes) -> None:
    assert "条の外にある行" not in browser.get("/terms").text


def test_the_sample_says_that_it_is_one(browser: Visitor) -> None:
    page = browser.get("/terms")
    assert "見本" in page.words("strong")
    assert "契約の効力はありません" in page.text
    assert len(page.all("section")) == 6


def test_a_text_that_looks_like_html_stays_text(app: Any, browser: Visitor) -> None:
    with app.app_context(), transaction():
        source = document(
            *(block.replace("公園の中だけです", "<b>公園</b>&amp;だけです") for block in ARTICLES)
        )
        terms.import_edition(source, version="3.0", effective_on=date(2026, 4, 1))
    assert "&lt;b&gt;公園&lt;/b&gt;&amp;amp;だけです" in browser.get("/terms").text


def test_editions_are_listed_with_the_one_in_force(app: Any, browser: Visitor, official: bytes) -> None:
    with app.app_context(), transaction():
        for version, day in (("2.0", date(2025, 1, 1)), ("4.0", date(2026, 12, 1))):
            terms.import_edition(official + b"\n" + version.encode(), version=version, effective_on=day)
    page = signed_in(app, browser, Role.APPROVER).get("/terms/editions")
    rows = ["".join(row.itertext()).split() for row in page.all("tr")][1:]
    assert [(row[0], row[2]) for row in rows] == [
        ("4.0", "施行前"),
        ("3.0", "有効"),
        ("2.0", "旧版"),
        ("見本", "旧版"),
    ]


def test_the_sample_is_in_force_while_the_official_one_is_to_come(app: Any, browser: Visitor) -> None:
    with app.app_context(), transaction():
        terms.import_edition(document(), version="3.0", effective_on=date(2026, 11, 25))
    page = signed_in(app, browser, Role.AUDITOR).get("/terms/editions")
    rows = ["".join(row.itertext()).split() for row in page.all("tr")][1:]
    assert [(row[0], row[2]) for row in rows] == [("3.0", "施行前"), ("見本", "有効")]
    assert "見本" in browser.get("/terms").words("strong")


def test_a_stranger_reads_the_terms_and_not_the_editions(browser: Visitor) -> None:
    assert browser.get("/terms").status == 200
    assert browser.get("/terms/editions").h1 == "サインイン"
