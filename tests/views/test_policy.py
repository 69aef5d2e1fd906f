"""The CP documents on their pages: registered, compared with the one in force, approved by another; and who reads them."""

import io
from datetime import date
from typing import Any

import pytest

from jcanweb.database import db, transaction
from jcanweb.events import Event, Outcome
from jcanweb.models import AuditEntry, Officer, PolicyDocument
from jcanweb.roles import Role
from jcanweb.services import policy
from tests import builders
from tests.page import HTML, Page, Visitor
from tests.people import enter, officer

TYPED = {"name": "JCAN CP", "version": "３．０", "url": "https://cp.example.jp/3.0.pdf", "oid": "1.2.392.3",
         "proposed_on": "2026-12-01"}  # fmt: skip


def signed_in(app: Any, role: Role, **how: Any) -> Visitor:
    visitor = Visitor(app)
    with app.app_context(), transaction():
        who = officer(role)
    enter(app, visitor, who, **how)
    return visitor


def draft(app: Any, *, by: Officer | None = None) -> str:
    """The address of a new draft."""
    with app.app_context(), transaction():
        made = policy.register(
            policy.PolicyEntry("JCAN CP", "3.0", TYPED["url"], TYPED["oid"], date(2026, 12, 1), b"%PDF-1.4"),
            by=by or officer(Role.SCREENER),
        )
        return f"/policies/{made.id}"


def rows(page: Page) -> list[list[str]]:
    return [
        ["".join(cell.itertext()).strip() for cell in row] for row in page.all("table")[0].iter(f"{HTML}tr")
    ]


def error(page: Page, field: str) -> str:
    return "".join(next(one for one in page.all("p") if one.get("id") == f"{field}-error").itertext())


def test_registered_by_one_approved_by_another_and_in_force_from_its_day(app: Any, hands: Any) -> None:
    screener, approver, reader = signed_in(app, Role.SCREENER), signed_in(app, Role.APPROVER), Visitor(app)
    assert "証明書ポリシーを登録する" in screener.get("/policies").words("a")
    screener.get("/policies/new")
    page = screener.send("下書きとして登録する", **TYPED, file=(io.BytesIO(b"%PDF-1.4"), "cp.pdf"))
    assert page.h1 == "証明書ポリシー 版 3.0 下書き"
    assert page.acts == []
    assert "登録したあなたは承認できません" in page.text
    page = approver.get(page.url)
    assert 'value="2026-12-01"' in page.text
    page = approver.send("承認して施行日を決める")
    assert page.h1 == "証明書ポリシー 版 3.0 施行予定"
    assert {"証明書ポリシーの登録", "証明書ポリシーの承認"} <= set(page.words("span"))
    assert rows(approver.get("/policies"))[1][:5] == [
        "3.0", "2026年12月1日（火）", "施行予定", "JCAN CP", "1.2.392.3"]  # fmt: skip
    assert TYPED["url"] not in reader.get("/terms").text
    hands.forward(days=7)
    page = reader.get("/terms")
    assert "JCAN CP 版 3.0" in page.text
    assert TYPED["url"] in [one.get("href") for one in page.all("a")]


def test_the_approver_sees_it_beside_the_one_in_force_and_what_differs(app: Any) -> None:
    with app.app_context(), transaction():
        builders.policy_document("2.0", effective_on=date(2026, 4, 1), oid=TYPED["oid"])
    visitor = signed_in(app, Role.APPROVER)
    page = visitor.get(draft(app))
    told = {row[0]: row[1:] for row in rows(page)[1:]}
    assert told["URL"] == [TYPED["url"], "https://cp.example.jp/2.0.pdf", "違う"]
    assert told["OID"] == [TYPED["oid"], TYPED["oid"], "同じ"]
    assert told["文書"] == ["文書を保存する", "なし", "違う"]
    answer = visitor.client.get(f"{page.url}/document")
    assert (answer.data, answer.mimetype) == (b"%PDF-1.4", "application/pdf")
    assert answer.headers["Content-Disposition"] == "attachment; filename=cp-3.0.pdf"


def test_the_one_in_force_stands_alone_and_the_sample_says_that_it_is_one(app: Any) -> None:
    visitor = signed_in(app, Role.AUDITOR)
    page = visitor.get("/policies")
    assert [row[0] for row in rows(page)[1:]] == ["見本"]
    assert "証明書ポリシーを登録する" not in page.words("a")
    link = next(str(one.get("href")) for one in page.all("a") if one.text == "見本")
    page = visitor.get(link)
    assert (page.h1, page.all("table")) == ("証明書ポリシー 版 見本 有効 見本", [])
    visitor.get(f"{link}/document", status=404)


@pytest.mark.parametrize(
    ("field", "typed", "status", "sentence"),
    [("name", "", 422, "名称を入力"), ("name", "x" * 201, 422, "200文字以内"), ("version", "三", 409, "「3.0」の形"),
     ("url", "http://cp.example.jp/", 422, "「https://」"), ("oid", "1.2.x", 422, "区切って"),
     ("proposed_on", "soon", 422, "「2026-11-22」の形"), ("file", b"\xff\xfe\x00", 422, "読めないファイル")],
)  # fmt: skip
def test_a_refused_registration_says_so_at_its_field_and_keeps_what_was_typed(
    app: Any, field: str, typed: Any, status: int, sentence: str
) -> None:
    visitor = signed_in(app, Role.SCREENER)
    visitor.get("/policies/new")
    values: dict[str, Any] = TYPED | {
        field: (io.BytesIO(typed), "cp.pdf") if isinstance(typed, bytes) else typed
    }
    page = visitor.send("下書きとして登録する", status=status, **values)
    assert sentence in error(page, field)
    for name in set(TYPED) - {field}:
        assert f'value="{TYPED[name]}"' in page.text
    with app.app_context():
        assert db.session.query(PolicyDocument).count() == 1


def test_who_registered_is_refused_the_approval(app: Any) -> None:
    visitor = Visitor(app)
    with app.app_context(), transaction():
        who = officer(Role.APPROVER)
    enter(app, visitor, who)
    url = draft(app, by=who)
    visitor.get(url)
    page = visitor.post(f"{url}/approve", status=409, effective_on="2026-12-01")
    assert "登録した担当者が承認することはできません" in page.text
    with app.app_context():
        found = db.session.query(AuditEntry).filter_by(event=Event.POLICY_APPROVED, outcome=Outcome.REFUSED)
        assert [one.facts["reason"] for one in found] == ["TwoPersonRule"]


@pytest.mark.parametrize(
    ("day", "status", "sentence"), [("", 422, "施行日を入力"), ("2026-11-23", 409, "今日以後")]
)
def test_a_refused_day_stands_at_its_field(app: Any, day: str, status: int, sentence: str) -> None:
    visitor = signed_in(app, Role.APPROVER)
    visitor.get(draft(app))
    page = visitor.send("承認して施行日を決める", status=status, effective_on=day)
    assert sentence in error(page, "effective_on")


def test_approving_asks_to_sign_in_again(app: Any) -> None:
    url, visitor = draft(app), signed_in(app, Role.APPROVER, fresh=False)
    visitor.get(url)
    assert visitor.send("承認して施行日を決める").url.startswith(f"/verify?next={url}")


def test_only_officers_read_them_and_what_is_not_there_is_not_found(app: Any, browser: Visitor) -> None:
    assert browser.get("/policies").h1 == "サインイン"
    visitor = signed_in(app, Role.OPERATOR)
    assert "証明書ポリシー" in visitor.get("/policies").words("nav")[0]
    visitor.get("/policies/99", status=404)
    visitor.get("/policies/new", status=403)
