"""Terms, form, confirmation, submission: on paper first as it should go, then each thing that is refused."""

import io
import re
import threading
from datetime import date
from typing import Any

import pytest

from jcanweb.calendar import japanese_date
from jcanweb.database import db, transaction
from jcanweb.events import Event, Outcome
from jcanweb.models import Application, AuditEntry, Consent, Document, Edition, Person, Receipt
from jcanweb.roles import Role
from jcanweb.services import documents, enrollment, handling, screening, terms
from jcanweb.terms import sample
from jcanweb.vocabulary import ApplicationState as A
from jcanweb.vocabulary import CheckedField, Verdict
from tests import builders
from tests.page import HTML, Visitor, fields
from tests.people import enter_person, officer

TICKED = {f"statement_{number}": "y" for number in range(1, 7)}
TODAY = date(2026, 11, 24)
TYPED = {
    "organization_unit": "Mihon Shoji Co., Ltd.", "organization_unit_ja": "見本商事株式会社",
    "common_name": "Sales Dept. Manager", "common_name_ja": "営業部 部長", "years": "2",
    "pin_recipient_name": "総務 一郎", "pin_recipient_email": "soumu@example.jp",
    "seal_certificate_on": "2026-11-01",
}  # fmt: skip


def paper(content: bytes = builders.PDF, name: str = "inkan.pdf") -> tuple[io.BytesIO, str]:
    return (io.BytesIO(content), name)


@pytest.fixture
def person(app: Any) -> Person:
    with app.app_context(), transaction():
        return builders.person()


@pytest.fixture
def applicant(app: Any, browser: Visitor, person: Person) -> Visitor:
    enter_person(app, browser, person)
    return browser


def accept(browser: Visitor) -> str:
    """Accept everything; the number of the draft."""
    browser.get("/apply/terms")
    page = browser.send(enrollment.BUTTON, **TICKED)
    assert page.h1 == "申請内容の入力"
    return page.url.rsplit("/", 1)[1]


def fill(browser: Visitor, status: int = 200, **values: Any) -> Any:
    return browser.send("確認へ進む", status=status, **(TYPED | {"seal_certificate": paper()} | values))


def one(app: Any, number: str) -> Application:
    with app.app_context():
        return db.session.query(Application).filter_by(number=number).one()


def new_edition(app: Any, version: str = "9.0") -> None:
    """An official edition takes effect while somebody reads."""
    with app.app_context(), transaction():
        builders.edition(sample().replace("見本".encode(), "新版".encode()), version=version)


def refused(app: Any, event: Event) -> list[str]:
    with app.app_context():
        found = db.session.query(AuditEntry).filter_by(event=event, outcome=Outcome.REFUSED)
        return [entry.facts["reason"] for entry in found.order_by(AuditEntry.sequence)]


# --- the way through ------------------------------------------------------------------------------------


def test_from_the_terms_to_the_number(app: Any, applicant: Visitor) -> None:
    number = accept(applicant)
    assert applicant.page is not None
    assert "3 / 5 申請内容" in applicant.page.words("p")
    page = fill(applicant)
    assert page.h1 == "申請内容の確認"
    assert "まだ提出していません" in page.text
    for words in ("Mihon Shoji Co., Ltd.", "営業部 部長", "2年", "soumu@example.jp", "2026年11月1日"):
        assert words in page.text
    page = applicant.send("提出する")
    assert page.h1.startswith(f"申請 {number}")
    assert "申請を受け付けました。" in page.text
    assert (
        page.words("ol")[0] == "申請（済み）審査（いま）承認（これから）発行（これから）受け取り（これから）"
    )
    made = one(app, number)
    assert (made.state, made.organization_unit, made.years) == (A.SUBMITTED, "Mihon Shoji Co., Ltd.", 2)
    with app.app_context():
        kept = db.session.query(Document).one()
        assert documents.content(kept) == builders.PDF
        assert builders.PDF not in kept.content
    assert number in applicant.client.get("/outbox").get_data(as_text=True)


def test_each_statement_stands_below_its_item_with_its_verb_and_unticked(applicant: Visitor) -> None:
    page = applicant.get("/apply/terms")
    boxes = [found for found in page.all("input") if found.get("type") == "checkbox"]
    assert [box.get("name") for box in boxes] == list(TICKED)
    assert not [box for box in boxes if box.get("checked") is not None]
    labels = [words for words in page.words("label") if words.startswith("（")]
    verbs = ["に同意します", "に同意します", "を認めます", "を約束します", "を約束します", "を約束します"]
    assert labels == [f"（{number}）{verb}必須" for number, verb in enumerate(verbs, 1)]
    article = next(part for part in page.all("section") if part.get("id") == "article-5")
    assert len([found for found in article.iter(f"{HTML}input")]) == 6
    assert "見本" in page.text


def test_the_consent_keeps_edition_words_and_button(app: Any, applicant: Visitor) -> None:
    number = accept(applicant)
    with app.app_context():
        kept, edition = db.session.query(Consent).one(), terms.in_force()
        assert (kept.button, kept.locale, kept.edition_sha256) == (enrollment.BUTTON, "ja", edition.sha256)
        words = [statement.words for statement in kept.statements]
        assert len(words) == 6
    page = applicant.get(f"/my/applications/{number}")
    assert all(word in page.text for word in words)


def test_what_was_saved_comes_back(applicant: Visitor) -> None:
    number = accept(applicant)
    fill(applicant)
    page = applicant.get(f"/apply/form/{number}")
    assert "soumu@example.jp" in page.text
    assert "受け取っています" in page.text
    assert applicant.send("確認へ進む", years="1").h1 == "申請内容の確認"


def test_full_width_typing_becomes_ascii(app: Any, applicant: Visitor) -> None:
    number = accept(applicant)
    fill(applicant, organization_unit="Ｍｉｈｏｎ　Ｓｈｏｊｉ", pin_recipient_email="ｓｏｕｍｕ＠example.jp",
         seal_certificate_on="２０２６年１１月１日")  # fmt: skip
    made = one(app, number)
    assert (made.organization_unit, made.organization_unit_typed) == ("Mihon Shoji", "Ｍｉｈｏｎ　Ｓｈｏｊｉ")
    assert (made.pin_recipient_email, made.seal_certificate_on) == ("soumu@example.jp", date(2026, 11, 1))


def test_the_preview_shows_what_the_certificate_carries_and_saves_nothing(
    app: Any, applicant: Visitor
) -> None:
    number = accept(applicant)
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', applicant.page.text if applicant.page else "")
    assert token
    sent = {
        "csrf_token": token.group(1),
        "organization_unit": "Ｍｉｈｏｎ  Shoji",
        "common_name": "Ｔest Wеb",
    }
    url = f"/apply/form/{number}/preview"
    partial = applicant.client.post(url, data=sent, headers={"HX-Request": "true"}).get_data(as_text=True)
    assert partial.lstrip().startswith('<section id="_preview"')
    assert "Mihon Shoji" in partial
    assert "11 / 64 文字" in partial
    assert "英字に似た別の文字" in partial
    whole = applicant.post(url, **sent)
    assert whole.h1 == "申請内容の入力"
    assert "Ｍｉｈｏｎ  Shoji" in whole.text
    assert one(app, number).organization_unit == ""


def test_the_reading_of_the_name_is_offered_in_hepburn(applicant: Visitor) -> None:
    accept(applicant)
    assert applicant.page is not None
    assert "SHINSEI HANAKO" in applicant.page.text


# --- the terms refused ----------------------------------------------------------------------------------


def test_a_statement_left_open_is_named_and_the_others_stay_ticked(app: Any, applicant: Visitor) -> None:
    applicant.get("/apply/terms")
    page = applicant.send(enrollment.BUTTON, status=422, **(TICKED | {"statement_4": None}))
    assert "「（4）を約束します」にチェックを入れてください。" in page.text
    ticked = [box.get("name") for box in page.all("input") if box.get("checked") is not None]
    assert ticked == [name for name in TICKED if name != "statement_4"]
    with app.app_context():
        assert db.session.query(Application).count() == 0


def test_terms_changed_while_reading_are_shown_anew_and_unticked(app: Any, applicant: Visitor) -> None:
    applicant.get("/apply/terms")
    new_edition(app)
    page = applicant.send(enrollment.BUTTON, status=409, **TICKED)
    assert "読んでいる間に利用規約が改定されました。" in page.text
    assert "新版" in page.text
    assert not [box for box in page.all("input") if box.get("checked") is not None]
    with app.app_context():
        assert db.session.query(Consent).count() == 0
        newest = db.session.query(Edition).order_by(Edition.id.desc()).first()
        assert newest
    assert applicant.send(enrollment.BUTTON, **TICKED).h1 == "申請内容の入力"
    with app.app_context():
        assert db.session.query(Consent).one().edition_id == newest.id
    assert refused(app, Event.CONSENT_GIVEN) == ["TermsChanged"]


def test_terms_changed_while_reading_come_before_what_was_left_open(app: Any, applicant: Visitor) -> None:
    applicant.get("/apply/terms")
    new_edition(app)
    page = applicant.send(enrollment.BUTTON, status=409, **(TICKED | {"statement_4": None}))
    assert "読んでいる間に利用規約が改定されました。" in page.text
    assert not [box for box in page.all("input") if box.get("checked") is not None]


def test_terms_changed_before_the_submission_are_accepted_first(app: Any, applicant: Visitor) -> None:
    number = accept(applicant)
    fill(applicant)
    new_edition(app)
    page = applicant.send("提出する", status=409)
    assert page.h1 == "利用規約の承諾"
    assert "承諾のあとに利用規約が改定されました。" in page.text
    assert one(app, number).state is A.DRAFT
    assert applicant.send(enrollment.BUTTON, **TICKED).url.endswith(number)
    applicant.get(f"/apply/form/{number}/confirm")
    assert applicant.send("提出する").h1.startswith(f"申請 {number}")


def served(browser: Visitor) -> str:
    """What the page in front of us would send back as what was shown."""
    assert browser.page is not None
    return str(fields(browser.page.form(enrollment.BUTTON))["presentation"])


def agree(browser: Visitor, status: int = 409, **values: Any) -> Any:
    return browser.send(enrollment.BUTTON, status=status, **(TICKED | values))


def shown_anew(app: Any, page: Any) -> None:
    """The terms stand there unticked, nothing was kept, and pressing again goes through."""
    assert page.h1 == "利用規約の承諾"
    assert "もう一度一項目ずつ承諾してください。" in page.text
    assert not [box for box in page.all("input") if box.get("checked") is not None]
    with app.app_context():
        assert db.session.query(Consent).count() == db.session.query(Receipt).count() == 0


def test_what_was_altered_is_refused_and_shown_anew(app: Any, applicant: Visitor) -> None:
    applicant.get("/apply/terms")
    for text in ("", "x", "x'.\x00", "a" * 400_000, served(applicant).replace(".", "A.")):
        page = agree(applicant, presentation=text)
        assert "表示した規約の記録と一致しません" in page.text
        shown_anew(app, page)
    assert agree(applicant, 200).h1 == "申請内容の入力"
    assert set(refused(app, Event.CONSENT_GIVEN)) == {"PresentationAltered"}


def test_what_was_shown_too_long_ago_is_refused_and_shown_anew(
    app: Any, applicant: Visitor, person: Person, hands: Any
) -> None:
    applicant.get("/apply/terms")
    old = applicant.page
    hands.forward(hours=24)
    enter_person(app, applicant, person)
    applicant.get("/apply/terms")
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', applicant.page.text if applicant.page else "")
    assert token
    applicant.page = old
    page = agree(applicant, csrf_token=token.group(1))
    assert "時間がたったため" in page.text
    shown_anew(app, page)
    assert agree(applicant, 200).h1 == "申請内容の入力"


def test_what_another_person_was_shown_is_refused_and_shown_anew(app: Any, applicant: Visitor) -> None:
    with app.app_context(), transaction():
        other = builders.person()
    visitor = Visitor(app)
    enter_person(app, visitor, other)
    visitor.get("/apply/terms")
    applicant.get("/apply/terms")
    page = agree(applicant, presentation=served(visitor))
    assert "別の方に表示した" in page.text
    shown_anew(app, page)
    assert refused(app, Event.CONSENT_GIVEN) == ["PresentationAnothers"]


def test_a_page_accepted_before_gives_no_other_application(app: Any, applicant: Visitor) -> None:
    applicant.get("/apply/terms")
    before = applicant.page
    agree(applicant, 200)
    fill(applicant)
    applicant.send("提出する")
    applicant.page = before
    page = agree(applicant)
    assert "別の申請で記録済み" in page.text
    assert page.h1 == "利用規約の承諾"
    with app.app_context():
        assert db.session.query(Application).count() == db.session.query(Consent).count() == 1
    assert agree(applicant, 200).h1 == "申請内容の入力"


def test_two_tabs_make_one_consent(app: Any, applicant: Visitor) -> None:
    applicant.get("/apply/terms")
    first = applicant.page
    applicant.get("/apply/terms")
    kept = served(applicant)
    agree(applicant, 200)
    applicant.page = first
    agree(applicant, 200)
    with app.app_context():
        assert db.session.query(Consent).one().presentation == kept
        assert db.session.query(Receipt).count() == db.session.query(Application).count() == 1


def test_each_page_is_served_by_itself(applicant: Visitor) -> None:
    applicant.get("/apply/terms")
    first = served(applicant)
    agree(applicant, 422, statement_4=None)
    assert served(applicant) != first
    assert agree(applicant, 200).h1 == "申請内容の入力"


def test_back_to_the_accepted_terms_and_once_more_changes_nothing(app: Any, applicant: Visitor) -> None:
    applicant.get("/apply/terms")
    before = applicant.page
    applicant.send(enrollment.BUTTON, **TICKED)
    applicant.page = before
    applicant.send(enrollment.BUTTON, **TICKED)
    with app.app_context():
        assert db.session.query(Application).count() == db.session.query(Consent).count() == 1
    assert "この版は承諾済みです" in applicant.get("/apply/terms").text


# --- the form refused -----------------------------------------------------------------------------------

REFUSED = [
    ("organization_unit", "", "会社名・組織名（英字）を入力してください。"),
    ("organization_unit", "A" * 65, "64文字以内で入力してください（いま 65 文字）。"),
    ("organization_unit", "A" * 100_000, "64文字以内"),
    ("organization_unit", f"Mihon{' ' * 300}Shoji", "空白を含めて200文字以内"),
    ("organization_unit", "見本商事", "日本語の文字"),
    ("organization_unit", "Mihon\tShoji", "制御文字"),
    ("organization_unit", "Mihon\u202eijohS", "並びを変える"),
    ("organization_unit", "Mihon\u200bShoji", "見えない文字"),
    ("common_name", "", "部署・役職または氏名（英字）を入力してください。"),
    ("common_name", "Mаnager", "英字に似た別の文字"),
    ("common_name", "Müller", "アクセント記号"),
    ("common_name", "A & B", "「and」と入力"),
    ("common_name", "test", "仮の値"),
    ("common_name", "😀", "証明書に使えない文字"),
    ("organization_unit_ja", "", "会社名・組織名（日本語）を入力してください。"),
    ("organization_unit_ja", "あ" * 101, "100文字以内"),
    ("common_name_ja", "営業\u2067部", "並びを変える"),
    ("common_name_ja", "営業\r\n部", "制御文字"),
    ("years", None, "有効期間を選んでください。"),
    ("years", "3", "有効期間を選んでください。"),
    ("pin_recipient_name", "", "PIN送付先の氏名を入力してください。"),
    ("pin_recipient_email", "", "PIN送付先のメールアドレスを入力してください。"),
    ("pin_recipient_email", "nobody", "「名前@会社のドメイン」の形"),
    ("pin_recipient_email", "a@example.jp\r\nBcc: b@example.jp", "空白や改行"),
    ("pin_recipient_email", "総務@example.jp", "使えない文字"),
    ("seal_certificate_on", "", "印鑑証明書の発行日を入力してください。"),
    ("seal_certificate_on", "2026-02-30", "「2026-11-22」の形"),
    ("seal_certificate_on", "昨日", "「2026-11-22」の形"),
    ("seal_certificate_on", "2026-11-25", "今日より後"),
    ("seal_certificate_on", "2026-08-01", "3か月を過ぎています"),
]


def error_of(page: Any, name: str) -> str:
    return "".join(words for found in page.tree.iter() if found.get("id") in {f"{name}-error"}
                   for words in found.itertext())  # fmt: skip


@pytest.fixture
def form(app: Any, applicant: Visitor) -> tuple[Visitor, str]:
    return applicant, accept(applicant)


def test_each_mistake_is_told_at_its_field_and_nothing_is_kept(app: Any, form: tuple[Visitor, str]) -> None:
    browser, number = form
    for name, typed, sentence in REFUSED:
        browser.get(f"/apply/form/{number}")
        values = TYPED | {name: typed} | {"seal_certificate": paper()}
        if typed is None:
            values.pop(name)
            browser.page = without(browser.page, name)
        page = browser.send("確認へ進む", status=422, **values)
        assert sentence in error_of(page, name), (name, typed)
        others = {
            key: value for key, value in TYPED.items() if key not in {name, "years", "seal_certificate_on"}
        }
        assert all(value in page.text for value in others.values()), (name, typed)
        assert "もう一度選んでください" in page.text
    made = one(app, number)
    assert (made.organization_unit, made.seal_certificate_id, made.revision) == ("", None, 1)
    with app.app_context():
        assert db.session.query(Document).count() == 0
        assert db.session.query(AuditEntry).filter_by(event=Event.APPLICATION_EDITED).count() == 0


@pytest.mark.parametrize(
    "field", ["organization_unit", "common_name_ja", "pin_recipient_email", "seal_certificate_on"]
)
def test_a_nul_is_refused_like_any_control_character(app: Any, form: tuple[Visitor, str], field: str) -> None:
    browser, number = form
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', browser.page.text if browser.page else "")
    assert token
    sent = TYPED | {
        "csrf_token": token.group(1),
        "version": "1",
        field: "Mihon\x00Shoji",
        "seal_certificate": paper(),
    }
    answer = browser.client.post(f"/apply/form/{number}", data=sent)
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.get_data(as_text=True)


def without(page: Any, name: str) -> Any:
    """The page with none of the choices of that name taken."""
    for found in page.all("input"):
        if found.get("name") == name:
            found.attrib.pop("checked", None)
    return page


@pytest.mark.parametrize(
    ("content", "name", "sentence"),
    [(b"MZ\x90\x00" + b"\0" * 200, "inkan.pdf", "PDFとして読めないファイルです。"),
     (b"%PDF-1.7 cut off", "inkan.pdf", "PDFとして読めないファイルです。"),
     (b"<html>%%EOF</html>", "inkan.pdf", "PDFとして読めないファイルです。"),
     (builders.PDF.replace(b"<</Type/Catalog", b"<</Type/Catalog/AA<</S/JavaScript>>"), "inkan.pdf", "プログラム（JavaScriptなど）の入ったPDF"),
     (b"", "inkan.pdf", "ファイルが空です。"),
     (b"%PDF-1.7\n" + b"0" * (11 * 1024 * 1024) + b"\n%%EOF", "inkan.pdf", "10MB以内のPDFを選んでください。"),
     (builders.PDF, "", "印鑑証明書のPDFを選んでください。")],
    ids=["renamed EXE", "cut off", "web page", "script", "empty", "11 MB", "none"],
)  # fmt: skip
def test_a_file_that_is_no_good_pdf_is_refused_at_its_field(
    app: Any, form: tuple[Visitor, str], content: bytes, name: str, sentence: str
) -> None:
    browser, number = form
    page = fill(browser, status=422, seal_certificate=paper(content, name))
    assert sentence in error_of(page, "seal_certificate")
    assert "soumu@example.jp" in page.text
    assert one(app, number).seal_certificate_id is None
    assert fill(browser).h1 == "申請内容の確認"


def test_a_good_pdf_passes_whatever_it_is_called(app: Any, form: tuple[Visitor, str]) -> None:
    browser, _ = form
    assert fill(browser, seal_certificate=paper(name="../../etc/passwd.exe")).h1 == "申請内容の確認"


def test_a_flood_of_bytes_is_turned_away(form: tuple[Visitor, str]) -> None:
    browser, _ = form
    flood = paper(b"%PDF-1.7\n" + b"0" * (22 * 1024 * 1024))
    assert "10MB以内" in fill(browser, status=413, seal_certificate=flood).text


def test_confirm_without_content_leads_to_the_form(form: tuple[Visitor, str]) -> None:
    browser, number = form
    assert browser.get(f"/apply/form/{number}/confirm").h1 == "申請内容の入力"
    page = browser.post(f"/apply/form/{number}/submit", status=409, version="1")
    assert "まだ入力されていません" in page.text


# --- stale, twice, back ---------------------------------------------------------------------------------


def test_a_page_that_grew_old_does_not_overwrite(app: Any, form: tuple[Visitor, str]) -> None:
    browser, number = form
    old = browser.page
    fill(browser)
    browser.page = old
    page = fill(browser, status=409, common_name="Purchasing Dept.")
    assert "更新されました" in page.text
    assert "Purchasing Dept." in page.text
    assert "最新の内容を開いて" in page.text
    assert one(app, number).common_name == "Sales Dept. Manager"


def test_the_same_form_twice_changes_nothing_more(app: Any, form: tuple[Visitor, str]) -> None:
    browser, number = form
    old = browser.page
    fill(browser)
    version = one(app, number).version
    browser.page = old
    assert fill(browser).h1 == "申請内容の確認"
    assert one(app, number).version == version
    with app.app_context():
        assert db.session.query(Document).count() == 1


def test_a_confirmation_that_grew_old_does_not_submit(app: Any, form: tuple[Visitor, str]) -> None:
    browser, number = form
    old = fill(browser)
    browser.get(f"/apply/form/{number}")
    browser.send("確認へ進む", common_name="Purchasing Dept.")
    browser.page = old
    page = browser.send("提出する", status=409)
    assert "更新されました" in page.text
    assert "Purchasing Dept." in page.text
    assert one(app, number).state is A.DRAFT
    assert browser.send("提出する").h1.startswith("申請")


def test_a_double_click_submits_once(app: Any, form: tuple[Visitor, str]) -> None:
    browser, number = form
    confirmation = fill(browser)
    browser.send("提出する")
    browser.page = confirmation
    page = browser.send("提出する", status=409)
    assert "もう一度送る必要はありません" in page.text
    assert page.h1.startswith(f"申請 {number}")
    with app.app_context():
        done = db.session.query(AuditEntry).filter_by(event=Event.APPLICATION_SUBMITTED, outcome=Outcome.DONE)
        assert done.count() == 1
    received = browser.client.get("/outbox").get_data(as_text=True).count("申請を受け付けました（")
    assert received == 1


def test_back_after_the_submission_shows_what_is_submitted(app: Any, form: tuple[Visitor, str]) -> None:
    browser, number = form
    old = browser.page
    fill(browser)
    browser.send("提出する")
    for url in (f"/apply/form/{number}", f"/apply/form/{number}/confirm", f"/apply/terms/{number}"):
        assert browser.get(url).h1.startswith(f"申請 {number}")
    browser.page = old
    page = fill(browser, status=409, common_name="Purchasing Dept.")
    assert "既に提出されている" in page.text
    assert one(app, number).common_name == "Sales Dept. Manager"


def test_two_submissions_at_once_make_one(app: Any, form: tuple[Visitor, str], person: Person) -> None:
    browser, number = form
    fill(browser)
    version = one(app, number).version
    answers = together(app, person, f"/apply/form/{number}/submit", {"version": version})
    assert sorted(answers) == [303, 409]
    with app.app_context():
        done = db.session.query(AuditEntry).filter_by(event=Event.APPLICATION_SUBMITTED, outcome=Outcome.DONE)
        assert done.count() == 1


def test_two_consents_at_once_make_one_draft(app: Any, person: Person) -> None:
    visitor = Visitor(app)
    enter_person(app, visitor, person)
    visitor.get("/apply/terms")
    answers = together(app, person, "/apply/terms", TICKED | {"presentation": served(visitor)})
    assert answers == [303, 303]
    with app.app_context():
        assert db.session.query(Application).count() == db.session.query(Consent).count() == 1


def together(app: Any, person: Person, url: str, values: dict[str, Any]) -> list[int]:
    """The same POST by the same person from two windows at the same moment."""
    gate, answers = threading.Barrier(2), []

    def press() -> None:
        visitor = Visitor(app)
        enter_person(app, visitor, person)
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', visitor.get("/my").text)
        assert token
        gate.wait()
        answers.append(visitor.client.post(url, data=values | {"csrf_token": token.group(1)}).status_code)

    threads = [threading.Thread(target=press) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return answers


# --- whose ----------------------------------------------------------------------------------------------


def test_anothers_application_is_not_found(app: Any, applicant: Visitor, person: Person) -> None:
    with app.app_context(), transaction():
        colleague = builders.person(db.session.get_one(Person, person.id).corporation)
        number = builders.application(A.DRAFT, person=colleague).number
    for url in (f"/apply/terms/{number}", f"/apply/form/{number}", f"/apply/form/{number}/confirm",
                f"/my/applications/{number}", f"/my/applications/{number}/withdraw", "/my/applications/%00"):  # fmt: skip
        applicant.get(url, status=404)
    applicant.get("/my")
    for url in (f"/apply/terms/{number}", f"/apply/form/{number}", f"/apply/form/{number}/preview",
                f"/apply/form/{number}/submit", f"/my/applications/{number}/withdraw"):  # fmt: skip
        applicant.get("/my")
        applicant.post(url, status=404, version="1", **TYPED)
    assert one(app, number).state is A.DRAFT


# --- returned, withdrawn --------------------------------------------------------------------------------


def test_a_returned_application_shows_the_words_at_its_fields_and_goes_in_again(
    app: Any, applicant: Visitor, person: Person
) -> None:
    with app.app_context(), transaction():
        screener = officer(Role.SCREENER)
        made = builders.application(A.SUBMITTED, person=db.session.get_one(Person, person.id))
        number = made.number
        handling.start(made, version=made.version, by=screener)
        for field, verdict, comment in (
            (CheckedField.ORGANIZATION_UNIT, Verdict.FAIL, "英文登記名と違います。"),
            (CheckedField.COMMON_NAME, Verdict.FAIL, "役職を足してください。"),
            (CheckedField.COMMON_NAME, Verdict.PASS, "これでよいです。"),
        ):
            screening.check(made, field, verdict, comment, version=made.version, by=screener)
        screening.send_back(made, "会社名を直してください。", version=made.version, by=screener)
    page = applicant.get("/my")
    assert "会社名を直してください。" in page.text
    for url in (f"/my/applications/{number}", f"/apply/form/{number}"):
        page = applicant.get(url)
        assert "会社名を直してください。" in page.text
        assert "英文登記名と違います。" in page.text
        assert "役職を足してください。" not in page.text
        assert screener.name not in page.text
    applicant.send("確認へ進む", organization_unit="Mihon Shoji Holdings")
    applicant.send("提出する")
    again = one(app, number)
    assert (again.state, again.revision, again.organization_unit) == (A.SUBMITTED, 2, "Mihon Shoji Holdings")
    assert "英文登記名と違います。" not in applicant.get(f"/my/applications/{number}").text


def test_a_submitted_application_is_withdrawn_after_asking(app: Any, form: tuple[Visitor, str]) -> None:
    browser, number = form
    fill(browser)
    browser.send("提出する")
    page = browser.get(f"/my/applications/{number}/withdraw")
    assert "元に戻せません" in page.text
    assert "申請を取り下げました。" in browser.send("取り下げる").text
    assert one(app, number).state is A.WITHDRAWN
    assert browser.get(f"/my/applications/{number}/withdraw").h1 == f"申請 {number} 取下げ"
    browser.page = page
    assert "取り下げられません" in browser.send("取り下げる", status=409).text


def test_a_withdrawal_from_an_old_page_is_refused(app: Any, form: tuple[Visitor, str]) -> None:
    browser, number = form
    page = browser.get(f"/my/applications/{number}/withdraw")
    browser.get(f"/apply/form/{number}")
    fill(browser)
    browser.page = page
    assert "更新されました" in browser.send("取り下げる", status=409).text
    assert one(app, number).state is A.DRAFT


def test_an_old_paper_is_found_at_the_submission(
    app: Any, form: tuple[Visitor, str], person: Person, hands: Any
) -> None:
    browser, number = form
    fill(browser)
    hands.forward(days=100)
    enter_person(app, browser, person)
    browser.get(f"/apply/form/{number}/confirm")
    page = browser.send("提出する", status=409)
    assert "3か月を過ぎています" in page.text
    assert japanese_date(documents.oldest_day()) in page.text
    assert one(app, number).state is A.DRAFT


def test_a_form_sent_after_the_session_has_ended_says_what_to_do(
    app: Any, form: tuple[Visitor, str], hands: Any
) -> None:
    browser, number = form
    hands.forward(minutes=61)
    page = fill(browser, status=400)
    assert "入り直しが必要になります" in page.text
    assert one(app, number).common_name == ""


def test_a_form_without_its_token_is_refused(app: Any, form: tuple[Visitor, str]) -> None:
    browser, number = form
    assert browser.client.post(f"/apply/form/{number}", data=TYPED).status_code == 400
