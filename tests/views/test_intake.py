"""The pages of 一括取込: hand in, look, start, correct; as an officer without JavaScript uses them."""

from io import BytesIO
from typing import Any

import pytest
from sqlalchemy import func, select

from jcanweb.database import db, transaction
from jcanweb.models import Application, Consent, Intake
from jcanweb.roles import Role
from jcanweb.services import intake
from jcanweb.vocabulary import ApplicationState, IntakeKind
from tests import builders
from tests.intakes import application, carried_out, corporation, csv, received, work
from tests.page import NotAPage, Visitor
from tests.people import enter, enter_person, officer


@pytest.fixture
def clerk(app: Any, browser: Visitor) -> Any:
    with app.app_context(), transaction():
        who = officer(Role.SCREENER)
    enter(app, browser, who)
    return who


def hand_in(
    browser: Visitor, source: bytes, kind: str = "corporations", status: int = 200, **more: Any
) -> Any:
    browser.get("/intake/new")
    return browser.send("送って確かめる", status, kind=kind, file=(BytesIO(source), "契約一覧.csv"), **more)


def test_a_file_is_handed_in_looked_at_started_and_its_refused_rows_come_back(
    app: Any, browser: Visitor, clerk: Any
) -> None:
    page = hand_in(browser, csv(corporation(1), corporation(2, 代表者="")))
    assert "行を数えています" in page.text
    assert "UTF-8（BOM付き）" in page.text
    with app.app_context():
        work()
    page = browser.get("/intake/1")
    assert "1行を反映できます" in page.text
    assert "代表者の氏名を入力してください。" in page.text
    assert "髙橋商事第1株式会社" not in page.text  # only the wrong rows open
    assert "髙橋商事第1株式会社" in browser.get("/intake/1?result=").text
    page = browser.send("反映を始める")
    assert "反映しています" in page.text
    with app.app_context():
        work()
    page = browser.get("/intake/1")
    assert "1行を反映しました。要修正の行が1行あります。" in page.text
    with pytest.raises(NotAPage) as file:
        browser.get("/intake/1/refused.csv")
    assert file.value.response.get_data().startswith(b"\xef\xbb\xbf")
    assert "反映済み" in browser.get("/intake").text


def test_what_changes_is_shown_with_what_it_was(app: Any, browser: Visitor, clerk: Any) -> None:
    with app.app_context():
        first = received(IntakeKind.CORPORATIONS, csv(corporation(1)), by=clerk)
        carried_out(first, by=clerk)
        received(IntakeKind.CORPORATIONS, csv(corporation(1, 契約状態="停止")), by=clerk)
    page = browser.get("/intake/2")
    assert "契約状態が変わります" in page.text
    assert "有効 → 停止" in page.text


def test_the_same_file_again_leads_to_the_earlier_one(app: Any, browser: Visitor, clerk: Any) -> None:
    source = csv(corporation(1))
    hand_in(browser, source)
    page = hand_in(browser, source, status=409)
    assert "同じファイルを既に受け付けています" in page.text
    assert 'href="/intake/1"' in page.text
    assert "もう一度取り込む" not in page.text
    with app.app_context():
        work()
        carried_out(1, by=clerk)
    hand_in(browser, source, status=409)
    browser.send("送って確かめる", kind="corporations", file=(BytesIO(source), "a.csv"), again="y")
    with app.app_context():
        assert db.session.query(Intake).count() == 2


@pytest.mark.parametrize(
    ("source", "words"),
    [(b"", "何も書かれていません"), ("法人番号\n1\n".encode(), "項目「企業ID」"), (b"PK\x03\x04rubbish", "Excelのファイル"),
     (csv(corporation(1)).decode("utf-8-sig").encode("utf-16"), "UTF-16")],
)  # fmt: skip
def test_a_file_that_is_no_such_table_is_refused_at_its_field(
    app: Any, browser: Visitor, clerk: Any, source: bytes, words: str
) -> None:
    page = hand_in(browser, source, status=409)
    assert words in page.text
    with app.app_context():
        assert db.session.query(Intake).count() == 0


def test_a_file_too_large_or_none_is_refused_at_its_field(app: Any, browser: Visitor, clerk: Any) -> None:
    app.config["INTAKE_MAX_BYTES"] = 2**20
    assert "1 MBを超えています" in hand_in(browser, b"a" * (2**20 + 1), status=422).text
    browser.get("/intake/new")
    assert "表のファイルを選んでください" in browser.send("送って確かめる", 422, kind="corporations").text


def test_a_file_that_cannot_be_read_to_its_end_says_so(app: Any, browser: Visitor, clerk: Any) -> None:
    hand_in(browser, csv(corporation(1)) + b'"open')
    with app.app_context():
        work()
    page = browser.get("/intake/1")
    assert "最後まで読めませんでした" in page.text
    assert "引用符" in page.text


def test_an_intake_is_discarded_and_cannot_be_started_then(app: Any, browser: Visitor, clerk: Any) -> None:
    hand_in(browser, csv(corporation(1)))
    with app.app_context():
        work()
    browser.get("/intake/1")
    assert "何も反映していません" in browser.send("反映せずに終える").text
    browser.get("/intake/new")
    assert "既に終わっています" in browser.post("/intake/1/start", 409).text


def test_once_the_content_is_deleted_results_and_numbers_stay(
    app: Any, browser: Visitor, clerk: Any, hands: Any
) -> None:
    with app.app_context():
        carried_out(
            received(IntakeKind.CORPORATIONS, csv(corporation(1), corporation(2, 代表者="")), by=clerk),
            by=clerk,
        )
        hands.forward(days=31)
        with transaction():
            intake.erase_due()
    enter(app, browser, clerk)
    page = browser.get("/intake/1?result=")
    assert page.text.count("（内容は削除しました）") == 2
    assert "髙橋商事第1株式会社" not in page.text
    assert builders.corporate_number(1) in page.text
    assert "理由付きのCSV" not in page.text
    browser.get("/intake/1/refused.csv", 404)


def test_many_rows_stand_on_pages_of_fifty(app: Any, browser: Visitor, clerk: Any) -> None:
    with app.app_context():
        received(IntakeKind.CORPORATIONS, csv(*(corporation(n) for n in range(120))), by=clerk)
    assert browser.get("/intake/1").text.count("<summary>") == 50
    assert browser.get("/intake/1?result=new&after=101").text.count("<summary>") == 20


def test_a_template_has_the_titles(browser: Visitor, clerk: Any) -> None:
    with pytest.raises(NotAPage) as file:
        browser.get("/intake/template/applications.csv")
    assert '"申請者メールアドレス"' in file.value.response.get_data().decode("utf-8-sig")
    browser.get("/intake/template/other.csv", 404)


def test_a_person_accepts_and_hands_in_each_draft_one_after_another(
    app: Any, browser: Visitor, clerk: Any
) -> None:
    with app.app_context():
        with transaction():
            person = builders.person()
        source = csv(
            application(person), application(person, **{"部署・役職または氏名（英字）": "Purchase Dept."})
        )
        carried_out(received(IntakeKind.APPLICATIONS, source, by=clerk), by=clerk)
        first, second = db.session.scalars(select(Application.number).order_by(Application.id))
    visitor = Visitor(app)
    enter_person(app, visitor, person)
    assert f"提出していない申請が2件あります。1件ずつ、{first}から進めます。" in visitor.get("/my").text
    for number, text in ((first, "Sales Dept. Manager"), (second, "Purchase Dept.")):
        assert visitor.get(f"/apply/form/{number}").h1 == "利用規約の承諾"
        page = visitor.send("以上をすべて承諾して", **{f"statement_{item}": "y" for item in range(1, 7)})
        assert page.url == f"/apply/form/{number}"
        assert f'value="{text}"' in page.text
        paper = (BytesIO(builders.PDF), "a.pdf")
        assert (
            visitor.send("確認へ進む", seal_certificate=paper, seal_certificate_on="2026-11-01").h1
            == "申請内容の確認"
        )
        page = visitor.send("提出する")
        assert page.url == ("/my" if number == first else f"/my/applications/{second}")
    with app.app_context():
        assert set(db.session.scalars(select(Application.state))) == {ApplicationState.SUBMITTED}
        assert db.session.scalar(select(func.count()).select_from(Consent)) == 2
