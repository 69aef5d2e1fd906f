"""Receipts on their pages: the own one, for officers, and the check for everybody, also alone in a folder."""

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from jcanweb import keys
from jcanweb.database import db, transaction
from jcanweb.models import Application, Person, Receipt, ReceiptTimestamp
from jcanweb.roles import Role
from jcanweb.services import enrollment, receipts, terms
from jcanweb.terms import sample
from jcanweb.vocabulary import ApplicationState as A
from tests import builders
from tests import receipts as invented
from tests.page import NotAPage, Visitor
from tests.people import enter, enter_person, officer

TICKED = {f"statement_{number}": "y" for number in range(1, 7)}


@pytest.fixture
def person(app: Any) -> Person:
    with app.app_context(), transaction():
        return builders.person()


@pytest.fixture
def applicant(app: Any, browser: Visitor, person: Person) -> Visitor:
    enter_person(app, browser, person)
    return browser


@pytest.fixture
def number(applicant: Visitor) -> str:
    """Everything accepted on the pages; the number of the draft."""
    applicant.get("/apply/terms")
    return applicant.send(enrollment.BUTTON, **TICKED).url.rsplit("/", 1)[1]


def fetched(browser: Visitor, url: str) -> Any:
    with pytest.raises(NotAPage) as file:
        browser.get(url)
    return file.value.response


def sent(browser: Visitor, content: bytes | None, status: int = 200, name: str = "receipt.json") -> Any:
    browser.get("/receipts/verify")
    return browser.send(
        "確かめる", status=status, file=(io.BytesIO(content or b""), name if content is not None else "")
    )


def badges(page: Any) -> set[str]:
    return {words for words in page.words("span") if words in {"合う", "合わない", "未確認"}}


# --- the own receipt ------------------------------------------------------------------------------------


def test_the_receipt_is_found_from_the_own_pages_and_saved(applicant: Visitor, number: str) -> None:
    for url in ("/my", f"/my/applications/{number}"):
        assert f'href="/my/receipts/{number}?consent=1"' in applicant.get(url).text
    page = applicant.get(f"/my/receipts/{number}")
    assert page.h1 == f"承諾の受領証 {number}"
    for words in (
        "2026年11月24日",
        "同意します",
        "認めます",
        "約束します",
        "代表者本人",
        enrollment.BUTTON,
        "sha256:",
    ):
        assert words in page.text
    answer = fetched(applicant, f"/my/receipts/{number}.json")
    assert answer.headers["Content-Disposition"] == f"attachment; filename=receipt-{number}.json"
    assert answer.mimetype == "application/json"
    assert json.loads(answer.data)["receipt"]["application"] == number
    assert f'href="/my/receipts/{number}.json"' in page.text


def test_the_pdf_of_each_receipt_is_saved_from_its_page(app: Any, applicant: Visitor, number: str) -> None:
    with app.app_context(), transaction():
        builders.edition(sample() + b"\n", effective_on=terms.SAMPLE_FROM)
    applicant.get(f"/apply/terms/{number}")
    applicant.send(enrollment.BUTTON, **TICKED)
    assert f'href="/my/receipts/{number}.pdf"' in applicant.get(f"/my/receipts/{number}").text
    assert (
        f'href="/my/receipts/{number}.pdf?consent=1"'
        in applicant.get(f"/my/receipts/{number}?consent=1").text
    )
    newest, first = (fetched(applicant, f"/my/receipts/{number}.pdf{which}") for which in ("", "?consent=1"))
    assert newest.mimetype == "application/pdf"
    assert newest.headers["Content-Disposition"] == f"attachment; filename=receipt-{number}.pdf"
    assert newest.headers["Cache-Control"] == "no-store"
    assert newest.data.startswith(b"%PDF")
    assert newest.data != first.data


def test_the_page_tells_when_the_receipt_was_stamped(app: Any, applicant: Visitor, number: str) -> None:
    assert "付いていません。日時は登録局の時計によります。" in applicant.get(f"/my/receipts/{number}").text
    app.config["TSA_URL"] = "http://tsa.example/"
    assert "まだ付いていません。" in applicant.get(f"/my/receipts/{number}").text
    with app.app_context(), transaction():
        one = db.session.query(Receipt).one()
        db.session.add(ReceiptTimestamp(receipt_id=one.id, token=b"x", stamped_at=invented.GIVEN))
    page = applicant.get(f"/my/receipts/{number}")
    assert "2026年11月24日（火） 10:00（時刻認証局による）" in page.text
    assert "--tsa-root" in page.text


def test_where_no_pdf_can_be_made_the_file_is_offered(app: Any, browser: Visitor) -> None:
    with app.app_context(), transaction():
        one = builders.application(person=builders.person(name="見本 👍 太郎"))
        builders.receipt(one)
    enter_person(app, browser, one.person)
    page = browser.get(f"/my/receipts/{one.number}.pdf", status=409)
    assert "書体にない文字" in page.text
    assert f'href="/my/receipts/{one.number}.json"' in page.text
    assert ".pdf" not in page.text


def test_an_older_consent_keeps_its_receipt(app: Any, applicant: Visitor, number: str) -> None:
    with app.app_context(), transaction():
        builders.edition(sample() + b"\n", effective_on=terms.SAMPLE_FROM)
    applicant.get(f"/apply/terms/{number}")
    applicant.send(enrollment.BUTTON, **TICKED)
    page = applicant.get(f"/my/receipts/{number}")
    assert "9.0（" in page.text
    assert "この申請のほかの受領証" in page.text
    older = applicant.get(f"/my/receipts/{number}?consent=1")
    assert "見本（" in older.text
    answer = fetched(applicant, f"/my/receipts/{number}.json?consent=1")
    assert json.loads(answer.data)["receipt"]["terms"]["version"] == "見本"
    applicant.get(f"/my/receipts/{number}?consent=99", status=404)


def test_anothers_receipt_is_not_found(app: Any, browser: Visitor, person: Person) -> None:
    with app.app_context(), transaction():
        other = builders.application(
            person=builders.person(db.session.get_one(Person, person.id).corporation)
        )
        builders.receipt(other)
        none = builders.application(A.DRAFT, person=db.session.get_one(Person, person.id))
    enter_person(app, browser, person)
    for one in (other.number, none.number, "A-999999", "%00"):
        browser.get(f"/my/receipts/{one}", status=404)
        browser.get(f"/my/receipts/{one}.json", status=404)
        browser.get(f"/my/receipts/{one}.pdf", status=404)
    assert "受領証" not in browser.get(f"/my/applications/{none.number}").text


# --- for officers ---------------------------------------------------------------------------------------


@pytest.fixture
def built(app: Any) -> Application:
    with app.app_context(), transaction():
        made = builders.application(person=builders.person(name="齋藤 " + "長" * 57))
        builders.receipt(made)
        return made


@pytest.mark.parametrize("role", [Role.SCREENER, Role.AUDITOR])
def test_an_officer_reads_the_receipt_of_an_application(
    app: Any, browser: Visitor, built: Application, role: Role
) -> None:
    with app.app_context(), transaction():
        who = officer(role)
    enter(app, browser, who)
    page = browser.get(f"/applications/{built.number}")
    assert f'href="/applications/{built.number}/receipt"' in page.text
    page = browser.get(f"/applications/{built.number}/receipt")
    assert "長" * 57 in page.text
    assert fetched(browser, f"/applications/{built.number}/receipt.pdf").mimetype == "application/pdf"
    assert sent(browser, fetched(browser, f"/applications/{built.number}/receipt.json").data).status == 200


def test_without_a_receipt_nothing_is_offered(app: Any, browser: Visitor) -> None:
    with app.app_context(), transaction():
        made, who = builders.application(), officer(Role.SCREENER)
    enter(app, browser, who)
    assert "承諾の受領証" not in browser.get(f"/applications/{made.number}").text
    browser.get(f"/applications/{made.number}/receipt", status=404)
    browser.get(f"/applications/{made.number}/receipt.json", status=404)


# --- for everybody --------------------------------------------------------------------------------------


def test_anybody_checks_a_receipt(app: Any, applicant: Visitor, number: str) -> None:
    content = fetched(applicant, f"/my/receipts/{number}.json").data
    stranger = Visitor(app)
    assert 'href="/receipts/verify"' in stranger.get("/").text
    page = sent(stranger, content, name="<b>受領証</b>.json")
    assert "合わないものはありません" in page.text
    assert badges(page) == {"合う"}
    assert "&lt;b&gt;" in page.text


def test_a_receipt_with_one_letter_changed_does_not_hold(applicant: Visitor, number: str) -> None:
    content = fetched(applicant, f"/my/receipts/{number}.json").data
    page = sent(applicant, content.replace(b'"representative"', b'"delegate"'))
    assert "合わないものがあります" in page.text
    assert badges(page) == {"合う", "合わない"}


def test_a_bundle_of_evidence_is_checked_whole(browser: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(keys._held, "receipt", invented.key("receipt"))
    page = sent(browser, invented.evidence(invented.files()), name="evidence.zip")
    assert badges(page) == {"合う"}
    assert "受領証の署名" in page.words("dt")


def test_a_bundle_of_another_authority_does_not_hold(browser: Visitor) -> None:
    page = sent(browser, invented.evidence(invented.files()), name="evidence.zip")
    assert "合わないものがあります" in page.text
    assert "指定された鍵の署名ではありません" in page.text


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(None, "受領証（.json）または証拠ファイル（.zip）を選んでください。"), (b"", "ファイルが空です。"),
     (b"%PDF-1.7", "正しい JSON ではない"), (b"{}", "受領証でも証拠ファイルでもありません。"),
     (b"PK\x03\x04" + b"\xff" * 40, "ZIP として読み取れません。"), (b"0" * (20 * 2**20 + 1), "ファイルが大きすぎます")],
    ids=["none", "empty", "PDF", "other JSON", "broken ZIP", "too large"],
)  # fmt: skip
def test_what_cannot_be_checked_is_told_at_the_field(browser: Visitor, content: Any, sentence: str) -> None:
    page = sent(browser, content, 422)
    assert sentence in page.text
    assert [found for found in page.tree.iter() if found.get("id") == "file-error"]
    assert badges(page) == set()


def test_a_flood_of_bytes_is_turned_away(browser: Visitor) -> None:
    page = sent(browser, b"0" * (23 * 2**20), 413)
    assert "20MBまで" in page.text
    assert page.h1 == "受領証を確かめる"


def test_nothing_of_a_checked_file_is_kept(app: Any, browser: Visitor) -> None:
    before = everything(app)
    sent(browser, b'{"receipt":{"secret":"unforgettable"}}', 200)
    assert b"unforgettable" not in b"".join(everything(app).values())
    assert everything(app).keys() == before.keys()


def everything(app: Any) -> dict[str, bytes]:
    folder = Path(app.instance_path)
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.suffix not in {".sqlite-shm", ".sqlite-wal"}}  # fmt: skip


def test_the_key_is_published(app: Any, browser: Visitor) -> None:
    pem = fetched(browser, "/keys/receipt.pem").data
    assert pem.startswith(b"-----BEGIN PUBLIC KEY-----")
    with app.app_context():
        assert receipts.fingerprint() in browser.get("/receipts/verify").text


def test_the_verifier_judges_alone_in_a_folder(applicant: Visitor, number: str, tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    for name, url in (("verifier.py", "/receipts/verifier.py"), ("receipt.pem", "/keys/receipt.pem"),
                      ("receipt.json", f"/my/receipts/{number}.json")):  # fmt: skip
        (folder / name).write_bytes(fetched(applicant, url).data)

    def run(*words: str) -> int:
        command = [sys.executable, "-I", "verifier.py", "receipt.json", *words]
        return subprocess.run(command, cwd=folder, capture_output=True).returncode

    assert run("--key", "receipt.pem") == 0
    assert run() == 3
    content = (folder / "receipt.json").read_bytes()
    (folder / "receipt.json").write_bytes(
        content.replace(b'"application":"A-000001"', b'"application":"A-000002"')
    )
    assert run("--key", "receipt.pem") == 1
