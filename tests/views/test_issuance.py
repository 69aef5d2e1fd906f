"""The page of issuing: what waits, one press, and each refusal with what happens next."""

import re
from typing import Any

import pytest

from jcanweb import audit, clock, keys
from jcanweb.database import db, transaction
from jcanweb.events import Event, Outcome
from jcanweb.models import Application, AuditEntry, Certificate, Custodian, Mail, Officer, Order
from jcanweb.roles import Role
from jcanweb.services import terms
from jcanweb.vocabulary import AgreementState, CustodianGroup, OrderFailure, OrderState
from jcanweb.vocabulary import ApplicationState as A
from tests import builders
from tests.issued import custodians, issued
from tests.page import Page, Visitor
from tests.people import enter, officer


class Desk:
    """An operator at the page, an approved application, three custodians."""

    def __init__(self, app: Any, visitor: Visitor) -> None:
        self.app, self.visitor = app, visitor
        with app.test_request_context(), transaction():
            custodians()
            self.application, self.operator = builders.application(A.APPROVED), officer(Role.OPERATOR)
            db.session.flush()
            self.number = self.application.number
        enter(app, visitor, self.operator)

    @property
    def place(self) -> str:
        return f"/applications/{self.number}/issue"

    def press(self, status: int = 200, **values: Any) -> Page:
        self.visitor.get("/issue")
        return self.visitor.send("発行する", status=status, **values)

    def change(self, act: Any) -> None:
        with self.app.test_request_context(), transaction():
            act(db.session.get_one(Application, self.application.id))


@pytest.fixture
def desk(app: Any, browser: Visitor) -> Desk:
    return Desk(app, browser)


def refusal(app: Any) -> AuditEntry:
    """The last refusal on record."""
    with app.app_context():
        return (
            db.session.query(AuditEntry).filter_by(outcome=Outcome.REFUSED).order_by(AuditEntry.sequence.desc())
            .first()
        )  # type: ignore[return-value]  # there is one  # fmt: skip


# --- the way through ----------------------------------------------------------------------------------


def test_one_press_issues_and_leads_to_the_certificate(app: Any, desk: Desk) -> None:
    page = desk.press()
    with app.app_context():
        made = db.session.query(Certificate).one()
        mails = {mail.template for mail in db.session.query(Mail)}
    assert made.jc_number in page.h1
    assert "メールで送りました" in page.text
    assert mails == {"delivery_pfx", "delivery_pin"}
    assert "発行を待つ申請はありません" in desk.visitor.get("/issue").text


def test_no_link_of_a_delivery_is_on_a_page(app: Any, desk: Desk) -> None:
    page = desk.press()
    assert not re.search(r"/(receive|pin)/", page.text)


def test_an_application_waits_with_its_approver_and_its_deadline(desk: Desk) -> None:
    page = desk.visitor.get("/issue")
    assert desk.number in page.text
    assert "あと" in page.text
    assert page.h1 == "発行"


def test_who_may_not_issue_sees_the_list_without_the_button(app: Any, desk: Desk) -> None:
    with app.test_request_context(), transaction():
        screener = officer(Role.SCREENER)
    visitor = Visitor(app)
    enter(app, visitor, screener)
    page = visitor.get("/issue")
    assert desk.number in page.text
    assert "発行する" not in page.words("button")
    visitor.post(desk.place, status=403)


def test_an_old_sign_in_is_asked_again_and_comes_back(app: Any, desk: Desk) -> None:
    enter(app, desk.visitor, desk.operator, fresh=False)
    page = desk.press()
    assert page.h1 == "もう一度本人確認"
    with app.app_context():
        assert db.session.query(Order).count() == 0


# --- refusals -----------------------------------------------------------------------------------------


def refused(app: Any, desk: Desk, page: Page, sentence: str, reason: str) -> None:
    """409 with the sentence and a way on; nothing begun, and the refusal on record under the application."""
    assert sentence in page.text
    assert page.h1.startswith("発行できませんでした")
    assert [a for a in page.all("a") if a.get("href") == f"/applications/{desk.number}"]
    entry = refusal(app)
    assert (entry.event, entry.facts, entry.subject_id) == (
        Event.ORDER_ASKED, {"reason": reason}, str(desk.application.id))  # fmt: skip
    with app.app_context():
        assert audit.unfinished() == []
        assert db.session.query(Order).count() == 0


def test_the_approver_is_refused(app: Any, desk: Desk) -> None:
    """Roles keep an approver from operating; one who became an operator after approving is refused all the same."""
    desk.visitor.get("/issue")

    def approve(application: Application) -> None:
        builders.enter(application, by=desk.operator)
        application.approved_by = desk.operator.id

    desk.change(approve)
    page = desk.visitor.post(desk.place, status=409, version="2")
    refused(app, desk, page, "承認した担当者は発行できません", "TwoPersonRule")
    listed = desk.visitor.get("/issue")
    assert "承認した担当者は発行できません" in listed.text
    assert "発行する" not in listed.words("button")


def test_the_applicant_is_refused(app: Any, desk: Desk) -> None:
    desk.visitor.get("/issue")
    with app.test_request_context(), transaction():
        db.session.get_one(Officer, desk.operator.id).email = desk.application.pin_recipient_email
    page = desk.visitor.send("発行する", status=409)
    refused(app, desk, page, "PIN送付先", "OwnApplication")


def test_a_page_that_grew_old_is_refused(app: Any, desk: Desk) -> None:
    page = desk.press(status=409, version="99")
    refused(app, desk, page, "この画面を開いたあとに", "StalePage")


@pytest.mark.parametrize("version", ["", "x", "-1", "9" * 30])
def test_a_version_that_is_no_number_is_an_old_page(app: Any, desk: Desk, version: str) -> None:
    desk.press(status=409, version=version)


def test_an_agreement_that_ended_is_refused_with_the_way_to_the_corporation(app: Any, desk: Desk) -> None:
    desk.visitor.get("/issue")

    def end(application: Application) -> None:
        application.corporation.agreement_state = AgreementState.ENDED

    desk.change(end)
    page = desk.visitor.send("発行する", status=409)
    refused(app, desk, page, "契約が終了", "NotEligible")
    assert [a for a in page.all("a") if a.text == "法人の画面を開く"]
    assert "契約が終了" in desk.visitor.get("/issue").text


def test_terms_that_changed_after_the_approval_are_the_applicants_turn(app: Any, desk: Desk) -> None:
    desk.visitor.get("/issue")
    with app.test_request_context(), transaction():
        source = terms.in_force().source + b"\n"
        builders.edition(source, version="9.0")
    page = desk.visitor.send("発行する", status=409)
    refused(app, desk, page, "利用規約が改定された", "ConsentMissing")
    assert "担当: 申請者" in page.text


def test_without_custodians_the_page_says_who_is_missing(app: Any, desk: Desk) -> None:
    desk.visitor.get("/issue")
    with app.test_request_context(), transaction():
        pin = db.session.query(Custodian).filter_by(group=CustodianGroup.PIN).one()
        pin.released_at, pin.released_by = clock.now(), pin.appointed_by
    page = desk.visitor.send("発行する", status=409)
    refused(app, desk, page, "PIN管理者", "CustodiansMissing")
    listed = desk.visitor.get("/issue")
    assert "いまは発行できません" in listed.text
    assert "発行する" not in listed.words("button")


def test_pressing_twice_issues_once_and_shows_the_certificate(app: Any, desk: Desk) -> None:
    desk.visitor.get("/issue")
    old = desk.visitor.page
    desk.visitor.send("発行する")
    desk.visitor.page = old
    page = desk.visitor.send("発行する", status=409)
    with app.app_context():
        made = db.session.query(Certificate).one()
    assert f"{made.jc_number} を開く" in page.text


def test_an_unknown_application_is_not_found(desk: Desk) -> None:
    desk.visitor.get("/issue")
    desk.visitor.post("/applications/A-999999/issue", status=404)


def test_a_draft_is_not_found(app: Any, desk: Desk) -> None:
    with app.test_request_context(), transaction():
        number = builders.application(A.DRAFT).number
    desk.visitor.get("/issue")
    desk.visitor.post(f"/applications/{number}/issue", status=404)


# --- orders without an end, and failed ones -----------------------------------------------------------


class Silent:
    """A CA that never answers, until it is told to."""

    def __init__(self, inner: Any) -> None:
        self.inner, self.awake = inner, False

    def __getattr__(self, name: str) -> Any:
        from jcanweb.issuers.port import IssuerUnavailable

        if not self.awake:
            raise IssuerUnavailable("asleep")
        return getattr(self.inner, name)


def test_a_silent_ca_leaves_an_order_that_the_button_ends(
    app: Any, desk: Desk, monkeypatch: Any, hands: Any
) -> None:
    with app.app_context():
        ca = Silent(keys.issuer())
    monkeypatch.setitem(keys._held, "issuer", ca)
    page = desk.press(status=409)
    assert "認証局から応答を得られませんでした" in page.text
    assert "発行の画面を開く" in page.text
    with app.app_context():
        order = db.session.query(Order).one()
        (begun,) = audit.unfinished()
        assert begun.act == order.act
    assert refusal(app).act != begun.act
    listed = desk.visitor.get("/issue")
    assert "応答待ち" in listed.text
    assert "認証局に照合する" not in listed.words("button")
    hands.forward(minutes=2)
    desk.visitor.get("/issue")
    assert "応答がないため" in desk.visitor.send("認証局に照合する").text
    ca.awake = True
    page = desk.visitor.send("認証局に照合する")
    assert "1件の依頼を終えました" in page.text
    assert "認証局は何も発行していません" in page.text
    assert desk.number in page.text
    with app.app_context():
        assert db.session.query(Order).one().failure is OrderFailure.NOT_ISSUED
        assert audit.unfinished() == []
    page = desk.visitor.send("発行する")
    with app.app_context():
        assert db.session.query(Certificate).one().jc_number != order.jc_number


def test_the_audit_page_shows_an_order_without_an_end(app: Any, desk: Desk, monkeypatch: Any) -> None:
    with app.app_context():
        monkeypatch.setitem(keys._held, "issuer", Silent(keys.issuer()))
    desk.press(status=409)
    with app.test_request_context(), transaction():
        auditor = officer(Role.AUDITOR)
    visitor = Visitor(app)
    enter(app, visitor, auditor)
    page = visitor.get("/audit")
    assert "終わっていない操作" in page.text
    assert "認証局への依頼" in page.text
    monkeypatch.undo()


def test_an_order_the_ca_refuses_is_kept_with_its_reason(app: Any, desk: Desk) -> None:
    desk.change(lambda application: builders.rewrite(application, common_name="Caf\u00e9"))
    page = desk.press()
    assert page.h1 == "発行"
    assert "認証局が依頼を断りました" in page.text
    assert "申請は承認済みに戻りました" in page.text
    with app.app_context():
        assert db.session.query(Order).one().state is OrderState.FAILED


def test_with_nothing_to_reconcile_it_says_so(desk: Desk) -> None:
    desk.visitor.get("/issue")
    assert "照合の必要な依頼はありません" in desk.visitor.post("/issue/reconcile").text


def test_only_who_issues_reconciles(app: Any, desk: Desk) -> None:
    with app.test_request_context(), transaction():
        screener = officer(Role.SCREENER)
    visitor = Visitor(app)
    enter(app, visitor, screener)
    visitor.get("/issue")
    visitor.post("/issue/reconcile", status=403)


def test_long_lists_are_paged_without_a_query_a_row(app: Any, desk: Desk) -> None:
    with app.test_request_context(), transaction():
        made = issued()
        screener, approver = officer(Role.SCREENER), officer(Role.APPROVER)
        person = builders.person()
        for number in range(60):
            waiting = builders.application(A.APPROVED, person=person, screener=screener, approver=approver)
            db.session.add(Order(
                request_id=f"r{number}", application_id=made.certificate.application_id, jc_number=f"JC-9{number:07}",
                public_key_sha256=f"k{number}", act="a", state=OrderState.FAILED, failure=OrderFailure.REFUSED,
                asked_by=desk.operator.id, asked_at=clock.now(), ended_at=clock.now()))  # fmt: skip
        last = waiting.number
    page = desk.visitor.get("/issue")
    assert last not in page.text
    later, older = (a.get("href") for a in page.all("a") if a.get("rel") == "next")
    assert last in desk.visitor.get(str(later)).text
    assert "JC-90000000" in desk.visitor.get(str(older)).text
    assert "JC-90000000" not in page.text
    assert queries(app, desk.visitor, "/issue") < 25


def queries(app: Any, visitor: Visitor, url: str) -> int:
    """How many statements the page takes."""
    from sqlalchemy import event

    seen: list[str] = []
    with app.app_context():
        engine = db.engine

    def count(_: Any, __: Any, statement: str, *rest: Any) -> None:
        seen.append(statement)

    event.listen(engine, "before_cursor_execute", count)
    visitor.get(url)
    event.remove(engine, "before_cursor_execute", count)
    return len(seen)
