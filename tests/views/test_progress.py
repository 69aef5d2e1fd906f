"""The telephone rings: what was ticked and typed is there when the person comes back, and is no more than that."""

import io
import re
from typing import Any

import pytest

from jcanweb.database import db, transaction
from jcanweb.events import Event
from jcanweb.models import Application, AuditEntry, Consent, FormProgress, Person, ReadingProgress
from jcanweb.services import enrollment
from jcanweb.terms import sample
from jcanweb.vocabulary import ApplicationState as A
from tests import builders
from tests.page import Page, Visitor
from tests.people import enter_person

LATER = "続きはあとで"
ALL = {f"statement_{number}": "y" for number in range(1, 7)}


@pytest.fixture
def person(app: Any) -> Person:
    with app.app_context(), transaction():
        return builders.person()


@pytest.fixture
def applicant(app: Any, browser: Visitor, person: Person) -> Visitor:
    enter_person(app, browser, person)
    return browser


@pytest.fixture
def draft(app: Any, applicant: Visitor) -> str:
    """The number of a draft whose form is in front of the applicant, with nothing filled in."""
    applicant.get("/apply/terms")
    return applicant.send(enrollment.BUTTON, **ALL).url.rsplit("/", 1)[1]


def ticked(page: Page) -> list[str]:
    return [str(box.get("name")) for box in page.all("input") if box.get("checked") is not None]


def newer_edition(app: Any) -> None:
    """Only the fourth duty has other words."""
    with app.app_context(), transaction():
        builders.edition(
            sample().replace("すぐに登録局へ知らせる".encode(), "三日のうちに登録局へ知らせる".encode())
        )


def count(app: Any, kind: Any) -> int:
    with app.app_context():
        return int(db.session.query(kind).count())


# --- the terms ------------------------------------------------------------------------------------------


def test_ticks_and_the_place_survive_leaving(app: Any, applicant: Visitor) -> None:
    applicant.get("/apply/terms")
    page = applicant.send("ここまで読みました", statement_2="y")
    assert ticked(page) == ["statement_2"]
    page = applicant.send(LATER, statement_5="y")
    assert ticked(page) == ["statement_2", "statement_5"]
    assert "まだチェックのない項目: 4" in page.text
    page = applicant.get("/my")
    assert "規約を読んでいる途中です" in page.words("h2")
    page = applicant.get("/apply/terms")
    assert "第1条まで読み、2項目にチェックを入れています" in page.text
    assert "#article-2" in [link.get("href") for link in page.all("a")]
    assert count(app, Consent) == count(app, Application) == 0


def test_what_is_kept_is_not_accepted_until_the_button_is_pressed(app: Any, applicant: Visitor) -> None:
    applicant.get("/apply/terms")
    page = applicant.send(LATER, **ALL)
    assert "6項目すべてにチェックが入っています。" in page.text
    assert "まだ承諾にはなっていません。" in page.text
    assert count(app, Consent) == 0
    assert applicant.send(enrollment.BUTTON).h1 == "申請内容の入力"
    assert (count(app, Consent), count(app, ReadingProgress)) == (1, 0)


def test_a_tick_is_kept_at_once_and_answered_with_what_is_open(app: Any, applicant: Visitor) -> None:
    page = applicant.get("/apply/terms")
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)
    edition = re.search(r'name="edition"[^>]*value="([^"]+)"', page.text)
    assert token
    assert edition
    sent = {"csrf_token": token.group(1), "edition": edition.group(1), "statement_3": "y"}
    answer = applicant.client.post("/apply/terms/progress", data=sent, headers={"HX-Request": "true"})
    assert answer.status_code == 303
    url = answer.headers["Location"].partition("#")[0]
    partial = applicant.client.get(url, headers={"HX-Request": "true"}).get_data(as_text=True)
    assert partial.lstrip().startswith('<div id="_open">')
    assert "まだチェックのない項目: 5" in partial
    assert "#statement_3" not in partial


def test_the_size_of_the_text_is_kept_for_every_page(applicant: Visitor) -> None:
    applicant.get("/apply/terms")
    page = applicant.send("特大", statement_1="y")
    assert ticked(page) == ["statement_1"]
    assert 'class="text_largest"' in page.text
    assert 'class="text_largest"' in applicant.get("/my").text
    applicant.get("/apply/terms")
    assert 'class="text_' not in applicant.send("標準").text


def test_an_edition_nobody_was_shown_is_refused(app: Any, applicant: Visitor) -> None:
    applicant.get("/apply/terms")
    applicant.send(LATER, status=409, edition="999")
    assert count(app, ReadingProgress) == 0


def test_after_a_new_edition_the_differences_come_first_and_no_tick_is_taken_over(
    app: Any, applicant: Visitor
) -> None:
    applicant.get("/apply/terms")
    applicant.send(LATER, statement_1="y", statement_4="y")
    newer_edition(app)
    page = applicant.get("/apply/terms")
    assert ticked(page) == []
    assert "［削除: すぐに］" in page.text
    assert "［追加: 三日のうちに］" in page.text
    assert page.text.count("この項目のことばは、前の版と同じです。") == 5
    assert page.text.count("この項目のことばは、前の版から変わりました。") == 1


def test_pressing_the_button_of_an_old_edition_shows_what_changed(app: Any, applicant: Visitor) -> None:
    applicant.get("/apply/terms")
    newer_edition(app)
    page = applicant.send(enrollment.BUTTON, status=409, **ALL)
    assert "読んでいる間に利用規約が改定されました。" in page.text
    assert "変わったところ" in page.words("h2")
    assert "［追加: 三日のうちに］" in page.text
    assert "第１条" not in " ".join(page.words("summary"))  # unchanged
    assert ticked(page) == []
    assert applicant.send(enrollment.BUTTON, **ALL).h1 == "申請内容の入力"


def test_an_edition_changed_before_handing_in_shows_what_changed(
    app: Any, applicant: Visitor, person: Person
) -> None:
    with app.app_context(), transaction():
        number = builders.application(A.DRAFT, person=db.session.get_one(Person, person.id)).number
    applicant.get(f"/apply/form/{number}/confirm")
    newer_edition(app)
    page = applicant.send("提出する", status=409)
    assert "［追加: 三日のうちに］" in page.text
    page = applicant.get(f"/apply/terms/{number}")
    assert "［追加: 三日のうちに］" in page.text


# --- the form -------------------------------------------------------------------------------------------


def test_a_half_filled_form_is_there_again_with_its_file(app: Any, applicant: Visitor, draft: str) -> None:
    page = applicant.send(LATER, organization_unit="Ｍｉｈｏｎ 見本", common_name="", years="1", pin_recipient_email="later@",
                          seal_certificate_on="昨日", seal_certificate=(io.BytesIO(builders.PDF), "inkan.pdf"))  # fmt: skip
    assert "に途中まで保存しました。" in page.text
    page = applicant.get(f"/apply/form/{draft}")
    for typed in ("Ｍｉｈｏｎ 見本", "later@", "昨日", "印鑑証明書のPDFは受け取っています。"):
        assert typed in page.text
    assert not page.words("li") or "入力を確かめてください。" not in page.text
    with app.app_context():
        made = db.session.query(Application).one()
        assert (made.state, made.organization_unit_typed, made.seal_certificate_id) == (A.DRAFT, "", None)
        assert db.session.query(AuditEntry).filter_by(event=Event.APPLICATION_EDITED).count() == 0
    page = applicant.send(
        "確認へ進む", organization_unit="Mihon", organization_unit_ja="見本", common_name="Sales Dept.",
        common_name_ja="営業部", pin_recipient_name="総務 一郎", pin_recipient_email="soumu@example.jp",
        seal_certificate_on="2026-11-01")  # fmt: skip
    assert page.h1 == "申請内容の確認"
    assert count(app, FormProgress) == 0
    assert applicant.send("提出する").h1.startswith(f"申請 {draft}")


def test_what_is_typed_after_the_confirmation_is_told_there_and_does_not_go_in(
    app: Any, applicant: Visitor, person: Person
) -> None:
    with app.app_context(), transaction():
        number = builders.application(A.DRAFT, person=db.session.get_one(Person, person.id)).number
    applicant.get(f"/apply/form/{number}")
    applicant.send(LATER, common_name="Purchasing Dept.")
    page = applicant.get(f"/apply/form/{number}/confirm")
    assert "このあとに入力した内容があります" in page.text
    assert "Purchasing" not in page.text
    applicant.send("提出する")
    assert count(app, FormProgress) == 0


def test_a_change_is_kept_at_once_and_answered_with_when(applicant: Visitor, draft: str) -> None:
    page = applicant.get(f"/apply/form/{draft}")
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)
    assert token
    sent = {"csrf_token": token.group(1), "version": "1", "common_name": "Sales"}
    headers = {"HX-Request": "true"}
    answer = applicant.client.post(f"/apply/form/{draft}/later", data=sent, headers=headers)
    url = answer.headers["Location"].partition("#")[0]
    assert "に途中まで保存しました。" in applicant.client.get(url, headers=headers).get_data(as_text=True)
    sent["seal_certificate"] = (io.BytesIO(b"MZ"), "a.pdf")  # type: ignore[assignment]  # a file among the words
    refused = applicant.client.post(f"/apply/form/{draft}/later", data=sent, headers=headers)
    assert refused.status_code == 409
    assert refused.get_data(as_text=True).lstrip().startswith('<div id="_saved">')
    assert "PDFとして読めないファイルです。" in refused.get_data(as_text=True)


def test_a_form_that_grew_old_keeps_nothing_and_shows_what_was_typed(
    app: Any, applicant: Visitor, draft: str
) -> None:
    page = applicant.send(LATER, status=409, version="7", common_name="Purchasing")
    assert "最新の内容を開いて" in page.text
    assert "Purchasing" in page.text
    assert count(app, FormProgress) == 0


def test_anothers_form_is_not_found(app: Any, applicant: Visitor) -> None:
    with app.app_context(), transaction():
        number = builders.application(A.DRAFT).number
    applicant.get("/my")
    applicant.post(f"/apply/form/{number}/later", status=404)
    applicant.post(f"/apply/terms/{number}/progress", status=404, edition="1")
    assert count(app, FormProgress) == 0
