"""The terms for everybody, and the editions for officers."""

import io
from datetime import date
from typing import Any

import pytest

from jcanweb.database import db, transaction
from jcanweb.events import Event, Outcome
from jcanweb.forms.terms import MAXIMUM
from jcanweb.models import AuditEntry, Edition, Officer
from jcanweb.roles import Role
from jcanweb.services import terms
from jcanweb.terms import read
from tests import builders
from tests.page import HTML, Page, Visitor
from tests.people import enter, officer
from tests.terms.pages import ARTICLES, HEAD, document


def squeezed(text: str) -> str:
    return "".join(text.split())


@pytest.fixture
def official(app: Any) -> bytes:
    with app.app_context(), transaction():
        source = document()
        builders.edition(source, version="3.0", effective_on=date(2026, 4, 1))
        return source


def rows_of(page: Page) -> list[list[str]]:
    """The words of each row of the list of editions; a draft's day has a word before it."""
    table = [
        "".join(row.itertext()).replace("案 ", "案").split() for row in page.all("table")[0].iter(f"{HTML}tr")
    ]
    return table[1:]


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
            f"{revision.date.year}年{revision.date.month}月{revision.date.day}日",
            revision.summary,
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
    assert "契約の効力はありません" not in shown


def test_a_line_the_author_ended_stays_ended(browser: Visitor, official: bytes) -> None:
    page = browser.get("/terms")
    assert "借りる前に、次のことを約束してください。\nここに書いたことのほかは" in page.text


def test_lines_that_stand_in_no_article_are_shown(app: Any, browser: Visitor) -> None:
    rows = document().decode().split("\n")
    place = next(index for index, row in enumerate(rows) if row.startswith("第３条"))
    rows[place:place] = ["- 1 -", f"\f{HEAD}", ""]
    with app.app_context(), transaction():
        builders.edition("\n".join(rows).encode(), version="3.0", effective_on=date(2026, 4, 1))
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
        builders.edition(source, version="3.0", effective_on=date(2026, 4, 1))
    assert "&lt;b&gt;公園&lt;/b&gt;&amp;amp;だけです" in browser.get("/terms").text


def test_editions_are_listed_with_the_one_in_force(app: Any, browser: Visitor, official: bytes) -> None:
    with app.app_context(), transaction():
        for version, day in (("2.0", date(2025, 1, 1)), ("4.0", date(2026, 12, 1))):
            builders.edition(official + b"\n" + version.encode(), version=version, effective_on=day)
    page = signed_in(app, browser, Role.APPROVER).get("/terms/editions")
    rows = rows_of(page)
    assert [(row[0], row[2]) for row in rows] == [
        ("4.0", "施行予定"),
        ("3.0", "有効"),
        ("2.0", "旧版"),
        ("見本", "旧版"),
    ]


def test_the_sample_is_in_force_while_the_official_one_is_to_come(app: Any, browser: Visitor) -> None:
    with app.app_context(), transaction():
        builders.edition(document(), version="3.0", effective_on=date(2026, 11, 25))
    page = signed_in(app, browser, Role.AUDITOR).get("/terms/editions")
    rows = rows_of(page)
    assert [(row[0], row[2]) for row in rows] == [("3.0", "施行予定"), ("見本", "有効")]
    assert "見本" in browser.get("/terms").words("strong")


def test_a_stranger_reads_the_terms_and_not_the_editions(browser: Visitor) -> None:
    assert browser.get("/terms").status == 200
    assert browser.get("/terms/editions").h1 == "サインイン"


# --- import, approval ---------------------------------------------------------------------------------


def draft(app: Any, source: bytes | None = None, *, by: Officer | None = None, version: str = "4.0") -> str:
    """The address of a new draft."""
    with app.app_context(), transaction():
        made = terms.import_edition(
            source or document(), version=version, proposed_on=date(2026, 12, 1), by=by
        )
        return f"/terms/editions/{made.id}"


def file(content: bytes) -> tuple[io.BytesIO, str]:
    return io.BytesIO(content), "terms.txt"


def test_imported_by_one_approved_by_another_and_in_force_from_its_day(
    app: Any, browser: Visitor, hands: Any
) -> None:
    screener = signed_in(app, browser, Role.SCREENER)
    assert "規約を取り込む" in screener.get("/terms/editions").words("a")
    screener.get("/terms/editions/import")
    page = screener.send(
        "下書きとして取り込む", file=file(document()), version="３．０", proposed_on="2026-12-01"
    )
    assert page.h1 == "規約 版 3.0 下書き"
    assert page.acts == []
    assert "取り込んだあなたは承認できません" in page.text
    approver = signed_in(app, Visitor(app), Role.APPROVER)
    page = approver.get(page.url)
    assert 'value="2026-12-01"' in page.text
    page = approver.send("承認して施行日を決める")
    assert page.h1 == "規約 版 3.0 施行予定"
    assert {"利用規約の取込み", "利用規約の承認"} <= set(page.words("span"))
    assert rows_of(approver.get("/terms/editions"))[0][:3] == ["3.0", "2026年12月1日（火）", "施行予定"]
    assert "見本" in approver.get("/terms").words("strong")
    hands.forward(days=7)
    assert "見本" not in Visitor(app).get("/terms").words("strong")


def test_the_page_shows_the_document_its_reading_and_the_statements(app: Any, browser: Visitor) -> None:
    rows = document().decode().split("\n")
    place = next(index for index, row in enumerate(rows) if row.startswith("第３条"))
    rows[place:place] = ["- 1 -", f"\f{HEAD}", ""]
    url = draft(app, "\n".join(rows).encode())
    page = signed_in(app, browser, Role.AUDITOR).get(url)
    lines = {
        int(one.get("value", "0")): "".join(one.itertext()) for one in page.all("ol")[0].iter(f"{HTML}li")
    }
    assert list(lines) == [number for number, row in enumerate(rows, 1) if row.strip()]
    assert [lines[place + 1], lines[place + 2]] == ["［条の外］- 1 -", f"［条の外］{HEAD.strip()}"]
    assert page.words("mark") == [lines[place + 1], lines[place + 2]]
    assert len([one for one in page.words("strong") if one in {"同意します", "認めます", "約束します"}]) == 6
    assert page.acts == []


@pytest.mark.parametrize(
    ("typed", "status", "sentence", "field"),
    [({"file": None}, 422, "規約のファイルを選んでください。", "file"),
     ({"version": ""}, 422, "版を入力してください。", "version"),
     ({"version": "三"}, 409, "「3.0」の形で", "version"),
     ({"proposed_on": "soon"}, 422, "「2026-11-22」の形で", "proposed_on"),
     ({"file": "第１条（規約）".encode("cp932")}, 409, "UTF-8ではありません", "file"),
     ({"file": b"x" * (MAXIMUM + 1)}, 422, "1 MBを超えています。", "file")],
)  # fmt: skip
def test_a_refused_import_says_so_at_its_field_and_keeps_what_was_typed(
    app: Any, browser: Visitor, typed: dict[str, Any], status: int, sentence: str, field: str
) -> None:
    visitor = signed_in(app, browser, Role.SCREENER)
    visitor.get("/terms/editions/import")
    values = {"file": document(), "version": "3.0", "proposed_on": "2026-12-01", **typed}
    content = values.pop("file")
    if content:
        values["file"] = file(content)
    page = visitor.send("下書きとして取り込む", status=status, **values)
    said = [one for one in page.all("p") if one.get("id") == f"{field}-error"]
    assert sentence in "".join(said[0].itertext())
    assert f'value="{values["version"]}"' in page.text
    with app.app_context():
        assert db.session.query(Edition).count() == 1


def refusals(app: Any) -> list[str]:
    with app.app_context():
        found = db.session.query(AuditEntry).filter_by(event=Event.EDITION_APPROVED, outcome=Outcome.REFUSED)
        return [one.facts["reason"] for one in found]


def test_the_importer_is_offered_no_approval_and_refused_one(app: Any, browser: Visitor) -> None:
    with app.app_context(), transaction():
        who = officer(Role.APPROVER)
    enter(app, browser, who)
    url = draft(app, by=who)
    assert browser.get(url).acts == []
    page = browser.post(f"{url}/approve", status=409, effective_on="2026-12-01")
    assert "取り込んだ担当者が承認することはできません" in page.text
    assert refusals(app) == ["TwoPersonRule"]


@pytest.mark.parametrize(
    ("day", "status", "sentence"),
    [("", 422, "施行日を入力"), ("2026-11-23", 409, "今日以後"), ("2026-04-01", 409, "今日以後")],
)
def test_a_refused_day_stands_at_its_field(
    app: Any, browser: Visitor, official: bytes, day: str, status: int, sentence: str
) -> None:
    url = draft(app)
    visitor = signed_in(app, browser, Role.APPROVER)
    visitor.get(url)
    page = visitor.send("承認して施行日を決める", status=status, effective_on=day)
    said = [one for one in page.all("p") if one.get("id") == "effective_on-error"]
    assert sentence in "".join(said[0].itertext())
    assert page.h1 == "規約 版 4.0 下書き"


def test_a_proposed_day_that_is_past_becomes_today(app: Any, browser: Visitor, hands: Any) -> None:
    url = draft(app)
    hands.forward(days=30)
    assert 'value="2026-12-24"' in signed_in(app, browser, Role.APPROVER).get(url).text


def test_approving_asks_to_sign_in_again(app: Any, browser: Visitor) -> None:
    url = draft(app)
    with app.app_context(), transaction():
        who = officer(Role.APPROVER)
    enter(app, browser, who, fresh=False)
    browser.get(url)
    browser.send("承認して施行日を決める")
    assert browser.page is not None
    assert browser.page.url.startswith(f"/verify?next={url}")


# --- comparison ---------------------------------------------------------------------------------------


def test_only_what_changed_is_open_and_told_in_words(app: Any, browser: Visitor, official: bytes) -> None:
    newer = document(*(block.replace("毎週土曜日", "毎週日曜日") for block in ARTICLES))
    url = draft(app, newer)
    visitor = signed_in(app, browser, Role.APPROVER)
    old = next(one.get("href") for one in visitor.get("/terms/editions").all("a") if one.text == "3.0")
    listed = [one.get("href") for one in visitor.page.all("a") if one.text == "有効な版との違い"]  # type: ignore[union-attr]  # just fetched
    wanted = f"{url}/compare/{str(old).rsplit('/')[-1]}"
    assert wanted in listed
    page = visitor.get(wanted)
    opened = [one for one in page.all("details") if one.get("open") is not None]
    assert ["".join(one.itertext()).strip().split("\n")[0] for one in opened] == ["第3条（窓口の仕事） 変更"]
    assert len(page.all("details")) == 6
    removed, added = "".join(page.words("del")), "".join(page.words("ins"))
    assert removed.startswith("［削除: ")
    assert added.startswith("［追加: ")
    assert "土" in removed
    assert "日" in added
    assert "1 / 6条" in page.text


def test_a_former_edition_stands_on_the_left(app: Any, browser: Visitor, official: bytes) -> None:
    visitor = signed_in(app, browser, Role.AUDITOR)
    page = visitor.get("/terms/editions")
    sample = next(one.get("href") for one in page.all("a") if one.text == "見本")
    link = next(str(one.get("href")) for one in page.all("a") if one.text == "有効な版との違い")
    assert link.endswith(f"compare/{str(sample).rsplit('/')[-1]}")
    assert visitor.get(link).h1 == "版 3.0 と版 見本 の違い"


def test_the_same_words_are_said_to_be_the_same(app: Any, browser: Visitor, official: bytes) -> None:
    with app.app_context():
        number = terms.in_force().id
    url = draft(app, document() + b"\n\n")
    page = signed_in(app, browser, Role.AUDITOR).get(f"{url}/compare/{number}")
    assert "ことばも番号も変わっていません" in page.text
    assert not page.all("ins") + page.all("del")


def test_what_is_not_there_is_not_found(app: Any, browser: Visitor) -> None:
    visitor = signed_in(app, browser, Role.AUDITOR)
    for url in ("/terms/editions/99", "/terms/editions/99/compare/1", "/terms/editions/1/compare/99"):
        visitor.get(url, status=404)
