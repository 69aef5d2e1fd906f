"""The pages of applications: list, screening, decisions; each refusal where it is typed."""

from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest

from jcanweb import clock
from jcanweb.database import db, transaction
from jcanweb.events import Event, Outcome
from jcanweb.models import Application, AuditEntry, Mail, Officer, OfficerRole
from jcanweb.roles import Role
from jcanweb.services import handling
from jcanweb.vocabulary import ApplicationState as A
from jcanweb.vocabulary import CheckedField, PaperPoint, Verdict
from tests import builders
from tests.page import Page, Visitor, fields
from tests.people import enter, officer

PASS, FAIL = Verdict.PASS, Verdict.FAIL


class Cast:
    """Officers of every role; `signed_in` gives each a visitor of the own."""

    def __init__(self, app: Any) -> None:
        self.app, self.visitors = app, dict[int, Visitor]()
        with app.app_context(), transaction():
            self.screener, self.colleague = officer(Role.SCREENER), officer(Role.SCREENER)
            self.approver, self.operator = officer(Role.APPROVER), officer(Role.OPERATOR)

    def application(self, state: A = A.SUBMITTED, **values: Any) -> Application:
        with self.app.app_context(), transaction():
            if state is A.SCREENING:
                values.setdefault("screener", self.screener)
            return builders.application(state, **values)

    def at(self, made: Application, who: Officer, *, fresh: bool = True) -> Visitor:
        """This officer in front of the page of the application."""
        visitor = self.visitors.get(who.id) or Visitor(self.app)
        if who.id not in self.visitors:
            enter(self.app, visitor, who, fresh=fresh)
            self.visitors[who.id] = visitor
        visitor.get(f"/applications/{made.number}")
        return visitor

    def judge(
        self, visitor: Visitor, field: str, verdict: Verdict, comment: str = "", status: int = 200
    ) -> Page:
        """Press one of the two buttons of this field's form."""
        assert visitor.page is not None
        (form,) = [
            one for one in visitor.page.forms() if (one.get("action") or "").endswith(f"/check/{field}")
        ]
        values = fields(form) | {f"{field}-verdict": verdict.value, f"{field}-comment": comment}
        if field == "seal_certificate":
            values |= {f"{field}-{point}": "y" for point in PaperPoint}
        return visitor.post(form.get("action") or "", status=status, **values)

    def enter(self, made: Application, *, fresh: bool = True, **typed: str) -> Visitor:
        """The approver types what the evidence says."""
        visitor = self.at(made, self.approver, fresh=fresh)
        texts = {
            "entry-organization_unit": made.organization_unit,
            "entry-common_name": made.common_name,
        } | typed
        visitor.send("入力を照合する", **texts)
        return visitor

    def now(self, made: Application) -> Application:
        with self.app.app_context():
            return db.session.get_one(Application, made.id)

    def letters(self) -> list[str]:
        with self.app.app_context():
            return [mail.template for mail in db.session.query(Mail).order_by(Mail.id)]


def text(visitor: Visitor) -> str:
    """The page in front of this visitor."""
    assert visitor.page is not None
    return visitor.page.text


@pytest.fixture
def cast(app: Any) -> Cast:
    return Cast(app)


# --- the way through ------------------------------------------------------------------------------------


def test_from_claim_to_approval(app: Any, cast: Cast) -> None:
    made = cast.application()
    visitor = cast.at(made, cast.screener)
    page = visitor.send("審査を始める")
    assert "残り 4 項目" in page.text
    for field in CheckedField:
        page = cast.judge(visitor, field, PASS)
    page = visitor.send("審査を完了する")
    assert "承認者の判断を待っています" in page.text
    page = cast.enter(made).send("承認する")
    assert "発行を承認し、申請者に知らせました。" in page.text
    assert cast.now(made).state is A.APPROVED
    assert cast.letters() == ["application_approved"]


def test_every_state_has_its_page(app: Any, cast: Cast) -> None:
    for state in (A.SUBMITTED, A.SCREENING, A.RETURNED, A.APPROVED, A.REJECTED, A.WITHDRAWN, A.LAPSED):
        made = cast.application(state)
        page = cast.at(made, cast.colleague).page
        assert page is not None
        assert page.h1.startswith(f"申請 {made.number}")


def test_the_operator_issues_what_another_approved(cast: Cast) -> None:
    page = cast.at(cast.application(A.APPROVED), cast.operator).page
    assert page is not None
    form = page.form("発行する")
    assert (form.get("action") or "").endswith("/issue")


def test_the_applicant_is_told_why_it_comes_back(app: Any, cast: Cast) -> None:
    made = cast.application(A.SCREENING)
    visitor = cast.at(made, cast.screener)
    page = cast.judge(visitor, "common_name", FAIL, "英字で<役職>を入力してください。")
    form = page.form("差し戻す")
    assert "CN（利用者名）: 英字で<役職>を入力してください。" in "".join(form.itertext())
    page = visitor.send("差し戻す")
    assert "申請者の訂正を待っています" in page.text
    assert cast.letters() == ["application_returned"]
    letter = next((Path(app.instance_path) / "outbox").glob("*returned.eml")).read_bytes()
    body = message_from_bytes(letter, policy=policy.default).get_content()
    assert "英字で<役職>を入力してください。" in body
    assert cast.screener.name not in body


def test_the_approver_rejects_with_a_reason(cast: Cast) -> None:
    made = cast.application(A.SCREENING)
    page = cast.at(made, cast.approver).send("却下する", **{"reject-reason": "契約が終了しています。"})
    assert "却下" in page.h1
    assert cast.letters() == ["application_rejected"]


def test_the_approver_returns_what_was_screened(cast: Cast) -> None:
    made = cast.application(A.SCREENING, screened=True)
    cast.at(made, cast.approver).send("差し戻す", **{"return-reason": "印影が不鮮明です。"})
    assert cast.now(made).state is A.RETURNED


# --- what is refused ------------------------------------------------------------------------------------


def test_a_failed_field_without_a_comment_is_told_at_its_field(cast: Cast) -> None:
    visitor = cast.at(cast.application(A.SCREENING), cast.screener)
    page = cast.judge(visitor, "organization_unit", FAIL, status=422)
    assert "申請者が直せるように理由を入力してください。" in page.text
    assert [one.get("id") for one in page.all("textarea") if one.get("aria-invalid")] == [
        "organization_unit-comment"
    ]


@pytest.mark.parametrize("comment", ["長" * 1001, "並び\u202eを変える"])
def test_an_unreadable_comment_is_kept_and_told_at_its_field(cast: Cast, comment: str) -> None:
    made = cast.application(A.SCREENING)
    page = cast.judge(cast.at(made, cast.screener), "common_name", PASS, comment, status=422)
    (shown,) = [one for one in page.all("textarea") if one.get("id") == "common_name-comment"]
    assert comment in "".join(shown.itertext())
    assert shown.get("aria-invalid") == "true"


@pytest.mark.parametrize(("button", "name"), [("差し戻す", "return-reason"), ("却下する", "reject-reason")])
@pytest.mark.parametrize("reason", ["", "長" * 1001, "並び\u2067を変える"])
def test_a_reason_that_cannot_be_read_is_refused(cast: Cast, button: str, name: str, reason: str) -> None:
    made = cast.application(A.SCREENING, screened=True)
    page = cast.at(made, cast.approver).send(button, status=422, **{name: reason})
    (shown,) = [one for one in page.all("textarea") if one.get("id") == name]
    assert shown.get("aria-invalid") == "true"
    assert cast.now(made).state is A.SCREENING
    assert cast.letters() == []


def test_the_paper_does_not_pass_before_each_point_is_ticked(cast: Cast) -> None:
    made = cast.application(A.SCREENING)
    visitor = cast.at(made, cast.screener)
    values = {"seal_certificate-version": made.version, "seal_certificate-verdict": "pass"}
    ticked = {"seal_certificate-corporation_name": "y", "seal_certificate-issued_on": "y"}
    page = visitor.post(f"/applications/{made.number}/check/seal_certificate", status=409, **values, **ticked)
    assert "それぞれ照合し、印を付けてください" in page.text
    (box,) = [one for one in page.all("input") if one.get("aria-invalid")]
    assert box.get("id") == "seal_certificate-representative"
    kept = {
        one.get("id"): one.get("checked") is not None
        for one in page.all("input")
        if one.get("type") == "checkbox"
    }
    assert kept == {f"seal_certificate-{point}": point != "representative" for point in PaperPoint}
    cast.judge(visitor, "seal_certificate", PASS)
    page = cast.at(made, cast.colleague).page
    assert page is not None
    assert "照合済み: 法人名、代表者、発行日" in page.text


def test_the_screener_is_not_offered_the_approval(app: Any, cast: Cast) -> None:
    made = cast.application(A.SCREENING, screened=True)
    visitor = cast.at(made, cast.screener)
    assert "承認する</button>" not in text(visitor)
    visitor.post(f"/applications/{made.number}/approve", status=403)


def test_an_approver_who_screened_earlier_does_not_approve(app: Any, cast: Cast) -> None:
    made = cast.application(A.SCREENING, screened=True)
    with app.app_context(), transaction():
        who = db.session.get_one(Officer, cast.screener.id)
        who.roles.clear()
        db.session.flush()
        who.roles.append(OfficerRole(name=Role.APPROVER, granted_at=clock.now()))
    visitor = cast.at(made, cast.screener)
    assert "審査に加わったあなたは承認できません" in text(visitor)
    version = str(cast.now(made).version)
    page = visitor.post(f"/applications/{made.number}/approve", status=409, version=version)
    assert "同じ担当者が行うことはできません" in page.text
    with app.app_context():
        last = db.session.query(AuditEntry).order_by(AuditEntry.sequence.desc()).first()
        assert last is not None
        assert (last.event, last.outcome) == (Event.APPLICATION_APPROVED, Outcome.REFUSED)


def test_an_approval_asks_to_sign_in_again(cast: Cast) -> None:
    made = cast.application(A.SCREENING, screened=True)
    page = cast.enter(made, fresh=False).send("承認する")
    assert page.h1 == "もう一度本人確認"
    assert cast.now(made).state is A.SCREENING


def test_a_second_click_finds_it_done(cast: Cast) -> None:
    made = cast.application()
    visitor, version = cast.at(made, cast.screener), str(made.version)
    visitor.send("審査を始める")
    page = visitor.post(f"/applications/{made.number}/start", version=version)
    assert "項目を判定し、審査を完了してください" in page.text


def test_a_second_approval_is_refused_and_the_page_shows_the_first(cast: Cast) -> None:
    made = cast.application(A.SCREENING, screened=True)
    visitor, version = cast.enter(made), str(cast.now(made).version)
    visitor.send("承認する")
    page = visitor.post(f"/applications/{made.number}/approve", status=409, version=version)
    assert "承認済み" in page.h1
    assert cast.letters() == ["application_approved"]


def test_what_was_typed_is_kept_when_a_colleague_took_over(app: Any, cast: Cast) -> None:
    made = cast.application(A.SCREENING)
    visitor = cast.at(made, cast.screener)
    with app.test_request_context(), transaction():
        one = db.session.get_one(Application, made.id)
        handling.start(one, version=one.version, by=db.session.get_one(Officer, cast.colleague.id))
    page = visitor.send("差し戻す", status=409, **{"return-reason": "長い長い理由を書きました。"})
    assert "内容が更新されました" in page.text
    assert f"{cast.colleague.name}（審査の開始）" in page.text
    assert page.words("pre") == ["長い長い理由を書きました。"]
    assert cast.now(made).state is A.SCREENING


def test_a_page_that_grew_old_keeps_the_comment_in_its_form(app: Any, cast: Cast) -> None:
    made = cast.application(A.SCREENING)
    visitor = cast.at(made, cast.screener)
    with app.app_context(), transaction():
        db.session.get_one(Application, made.id).years = 1  # whatever raises the version
    page = cast.judge(visitor, "common_name", PASS, "名簿で確認", status=409)
    assert "内容が更新されました" in page.text
    (shown,) = [one for one in page.all("textarea") if one.get("id") == "common_name-comment"]
    assert "名簿で確認" in "".join(shown.itertext())
    cast.judge(visitor, "common_name", PASS, "名簿で確認")


@pytest.mark.parametrize("path", ["A-999999", "T0", "..%2f", "%00"])
def test_another_number_is_not_found(cast: Cast, path: str) -> None:
    cast.at(cast.application(), cast.screener).get(f"/applications/{path}", status=404)


def test_a_draft_is_not_shown(cast: Cast) -> None:
    visitor = cast.at(cast.application(), cast.screener)
    visitor.get(f"/applications/{cast.application(A.DRAFT).number}", status=404)


def test_an_unknown_field_and_an_unknown_verdict_are_refused(cast: Cast) -> None:
    made = cast.application(A.SCREENING)
    visitor = cast.at(made, cast.screener)
    visitor.post(f"/applications/{made.number}/check/years", status=404)
    cast.at(made, cast.screener)
    page = visitor.post(f"/applications/{made.number}/check/common_name", status=422,
                        **{"common_name-version": made.version, "common_name-verdict": "maybe"})  # fmt: skip
    assert "ボタンを押してください" in page.text


def test_an_operator_judges_nothing(cast: Cast) -> None:
    made = cast.application()
    visitor = cast.at(made, cast.operator)
    assert "審査を始める</button>" not in text(visitor)
    visitor.post(f"/applications/{made.number}/start", status=403)


def test_an_administrator_sees_no_application(app: Any, browser: Visitor, cast: Cast) -> None:
    with app.app_context(), transaction():
        who = officer(Role.ADMINISTRATOR)
    enter(app, browser, who)
    browser.get("/applications", status=403)
    browser.get(f"/applications/{cast.application().number}", status=403)


def test_nobody_is_offered_the_own_application(app: Any, cast: Cast) -> None:
    with app.app_context(), transaction():
        who = builders.person(email=cast.screener.email)
    visitor = cast.at(cast.application(person=who), cast.screener)
    assert "この申請は扱えません" in text(visitor)
    assert "審査を始める</button>" not in text(visitor)


# --- the list -------------------------------------------------------------------------------------------


@pytest.fixture
def reader(app: Any, cast: Cast) -> Visitor:
    visitor = Visitor(app)
    enter(app, visitor, cast.colleague)
    return visitor


def test_the_list_says_who_has_it_and_how_long_there_is(cast: Cast, reader: Visitor, hands: Any) -> None:
    cast.application(A.SCREENING)
    hands.forward(days=1)
    enter(cast.app, reader, cast.colleague)
    page = reader.get("/applications")
    assert cast.screener.name in page.text
    assert "あと 2日" in page.text


def test_an_empty_list_says_what_fills_it(reader: Visitor) -> None:
    assert "提出された申請はまだありません" in reader.get("/applications").text
    page = reader.get("/applications?state=approved&q=%EF%BC%A1-1")
    assert "当てはまる申請はありません" in page.text


def test_the_list_is_filtered_by_state_and_number(cast: Cast, reader: Visitor) -> None:
    one, two = cast.application(), cast.application(A.APPROVED)
    assert two.number not in reader.get("/applications?state=submitted").text
    page = reader.get(f"/applications?q={two.number}")
    assert one.number not in page.text
    assert two.number in page.text


@pytest.mark.parametrize(
    "query", ["state=nothing", "before=abc", "before=99999999999999999999", "q=%F0%9F%98%80" * 3]
)
def test_a_mangled_address_shows_a_list(reader: Visitor, query: str) -> None:
    reader.get(f"/applications?{query}")


def test_the_list_goes_on_after_fifty(app: Any, cast: Cast, reader: Visitor) -> None:
    with app.app_context(), transaction():
        who, screener = builders.person(), db.session.get_one(Officer, cast.screener.id)
        numbers = [builders.application(A.SCREENING, person=who, screener=screener).number for _ in range(51)]
    page = reader.get("/applications")
    assert len(page.all("tr")) == 51
    older = next(link.get("href") for link in page.all("a") if link.get("rel") == "next")
    page = reader.get(older or "")
    assert [number for number in numbers if number in page.text] == numbers[:1]


def test_an_approvers_list_shows_no_text_that_waits_for_the_second_entry(cast: Cast) -> None:
    made, decided = cast.application(A.SCREENING, screened=True), cast.application(A.APPROVED)
    visitor = cast.at(made, cast.approver)
    page = visitor.get("/applications")
    assert made.number in page.text
    assert made.organization_unit not in page.text
    assert decided.organization_unit in page.text


def test_the_names_may_be_as_long_as_they_can_be(app: Any, cast: Cast) -> None:
    made = cast.application(A.SCREENING, organization_unit="W" * 64, organization_unit_typed="Ｗ" * 64,
                            organization_unit_ja="鬱" * 60, common_name="M" * 64, common_name_typed="M" * 64)  # fmt: skip
    page = cast.at(made, cast.screener).page
    assert page is not None
    assert "64 / 64 文字" in page.text


def test_only_parts_come_when_only_parts_are_asked_for(cast: Cast, reader: Visitor) -> None:
    cast.application()
    answer = reader.client.get("/applications", headers={"HX-Request": "true"})
    assert answer.get_data(as_text=True).lstrip().startswith('<div id="_rows">')
