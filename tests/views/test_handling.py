"""The desk's acts on the page of an application, each refusal where it was typed; what others and applicants see."""

from typing import Any

import pytest

from jcanweb.database import db, transaction
from jcanweb.models import Application, Comment, Officer
from jcanweb.roles import Role
from jcanweb.services import handling
from jcanweb.vocabulary import ApplicationState as A
from tests import builders
from tests.page import HTML, Page, Visitor
from tests.people import enter, enter_person, officer

WORDS = "法人に電話で<確かめて>います。"


class Cast:
    def __init__(self, app: Any) -> None:
        self.app = app
        with app.app_context(), transaction():
            self.me, self.colleague, self.approver = (
                officer(role) for role in (Role.SCREENER, Role.SCREENER, Role.APPROVER)
            )

    def application(self, state: A = A.SCREENING, **values: Any) -> Application:
        with self.app.app_context(), transaction():
            return builders.application(
                state, **({"screener": self.me} if state is A.SCREENING else {}), **values
            )

    def at(self, made: Application, who: Officer) -> Visitor:
        visitor = Visitor(self.app)
        enter(self.app, visitor, who)
        visitor.get(f"/applications/{made.number}")
        return visitor

    def now(self, made: Application) -> Application:
        with self.app.app_context():
            return db.session.get_one(Application, made.id)


@pytest.fixture
def cast(app: Any) -> Cast:
    return Cast(app)


def shown(visitor: Visitor) -> Page:
    assert visitor.page is not None
    return visitor.page


def test_a_colleague_reads_who_has_it_since_when_and_judges_nothing(cast: Cast) -> None:
    page = shown(cast.at(cast.application(), cast.colleague))
    assert f"{cast.me.name}さんが 10:00 から審査中です" in page.text
    assert "引き継ぐ" in page.acts
    assert not set(page.acts) & {"適合", "不適合", "差し戻す", "保留にする", "受付に戻す"}


def test_released_from_the_page(cast: Cast) -> None:
    made = cast.application()
    page = cast.at(made, cast.me).send("受付に戻す")
    assert "申請を受付に戻しました。" in page.text
    assert cast.now(made).state is A.SUBMITTED


def test_held_and_resumed_on_the_page(cast: Cast) -> None:
    made = cast.application()
    visitor = cast.at(made, cast.me)
    page = visitor.send("保留にする", **{"hold-reason": WORDS})
    assert "保留中です" in page.words("h2")
    assert WORDS.replace("<", "&lt;").replace(">", "&gt;") in page.text
    assert not set(page.acts) & {"適合", "審査を完了する", "差し戻す"}
    assert WORDS in "".join(shown(cast.at(made, cast.colleague)).tree.itertext())
    visitor.get(f"/applications/{made.number}")
    assert "審査を再開しました。" in visitor.send("審査を再開する").text


@pytest.mark.parametrize("reason", ["", "長" * 1001, "並び\u202eを変える"])
def test_a_hold_that_cannot_be_read_keeps_what_was_typed(cast: Cast, reason: str) -> None:
    made = cast.application()
    page = cast.at(made, cast.me).send("保留にする", status=422, **{"hold-reason": reason})
    (field,) = [one for one in page.all("textarea") if one.get("id") == "hold-reason"]
    assert field.get("aria-invalid") == "true"
    assert reason in "".join(field.itertext())
    assert cast.now(made).held_at is None


def test_given_to_a_colleague(cast: Cast) -> None:
    made = cast.application()
    visitor = cast.at(made, cast.me)
    options = [one.get("value") for one in shown(visitor).tree.iter(f"{HTML}option")]
    assert options == [str(cast.colleague.id)]
    page = visitor.send("担当を替える")
    assert f"担当を{cast.colleague.name}さんに替えました。" in page.text
    assert cast.now(made).screening_by == cast.colleague.id


@pytest.mark.parametrize("typed", ["", "0", "99", "x"])
def test_nobody_else_is_given_it(cast: Cast, typed: str) -> None:
    made = cast.application()
    page = cast.at(made, cast.me).send("担当を替える", status=409, **{"assign-officer": typed})
    assert "受付・審査担当の中から選んでください。" in page.text
    assert cast.now(made).screening_by == cast.me.id


def test_an_approver_gives_it_out_but_claims_nothing(cast: Cast) -> None:
    made = cast.application(A.SUBMITTED)
    visitor = cast.at(made, cast.approver)
    assert "審査を始める" not in shown(visitor).acts
    page = visitor.send("担当を替える", **{"assign-officer": cast.me.id})
    assert f"{cast.me.name}さんが" in page.text


def test_who_was_second_is_told_who_has_it(app: Any, cast: Cast) -> None:
    made = cast.application(A.SUBMITTED)
    visitor = cast.at(made, cast.colleague)
    with app.test_request_context(), transaction():
        one = db.session.get_one(Application, made.id)
        handling.start(one, version=one.version, by=db.session.get_one(Officer, cast.me.id))
    page = visitor.send("審査を始める", status=409)
    assert f"{cast.me.name}さんが 10:00 から審査しています" in page.text
    assert "次の申請へ" in page.acts


def test_the_next_one_is_offered_and_claimed(cast: Cast) -> None:
    first, second = cast.application(A.SUBMITTED), cast.application(A.SUBMITTED)
    visitor = cast.at(first, cast.me)
    (link,) = [one for one in shown(visitor).all("a") if one.get("rel") == "next"]
    assert link.get("href") == f"/applications/{second.number}"
    visitor.send("審査を始める")
    page = visitor.send("保留にする", **{"hold-reason": WORDS})
    assert page.form("次の申請へ").get("action") == "/desk/next"
    page = visitor.send("次の申請へ")
    assert page.h1.startswith(f"申請 {second.number}")
    assert "項目を判定し、審査を完了してください" in page.text
    visitor.send("保留にする", **{"hold-reason": WORDS})
    assert "次の申請へ" not in shown(visitor).acts
    visitor.get("/me")
    page = visitor.post("/desk/next")
    assert page.h1 == "仕事"
    assert "ほかにありません" in page.text


def test_comments_are_for_officers_only(app: Any, cast: Cast) -> None:
    made = cast.application()
    page = cast.at(made, cast.approver).send("コメントを残す", **{"comment-words": WORDS})
    assert WORDS in "".join(page.tree.itertext())
    assert cast.approver.name in page.text
    applicant = Visitor(app)
    enter_person(app, applicant, made.person)
    for url in ("/my", f"/my/applications/{made.number}"):
        text = "".join(applicant.get(url).tree.itertext())
        assert "確かめて" not in text
        assert "コメント" not in text


def test_the_own_applications_comments_are_not_shown(app: Any, cast: Cast) -> None:
    with app.app_context(), transaction():
        who = builders.person(email=cast.colleague.email)
    made = cast.application(person=who)
    cast.at(made, cast.me).send("コメントを残す", **{"comment-words": "本人の申請"})
    visitor = cast.at(made, cast.colleague)
    assert "本人の申請" not in shown(visitor).text
    visitor.post(f"/applications/{made.number}/comment", status=409, **{"comment-words": "x"})


@pytest.mark.parametrize("words", ["", "長" * 1001, "右\u202e左"])
def test_a_comment_that_cannot_be_read_keeps_what_was_typed(app: Any, cast: Cast, words: str) -> None:
    cast.at(cast.application(), cast.me).send("コメントを残す", status=422, **{"comment-words": words})
    with app.app_context():
        assert db.session.query(Comment).count() == 0


def test_an_auditor_reads_the_comments_and_writes_none(app: Any, cast: Cast) -> None:
    made = cast.application()
    cast.at(made, cast.me).send("コメントを残す", **{"comment-words": "読むだけ"})
    with app.app_context(), transaction():
        auditor = officer(Role.AUDITOR)
    visitor = cast.at(made, auditor)
    assert "読むだけ" in shown(visitor).text
    assert "コメントを残す" not in shown(visitor).acts
    visitor.post(f"/applications/{made.number}/comment", status=403, **{"comment-words": "x"})


def test_mails_are_told_without_what_they_say(cast: Cast) -> None:
    made = cast.application()
    page = cast.at(made, cast.me).send("差し戻す", **{"return-reason": "秘密の言葉です。"})
    assert "差戻しのお知らせ" in page.text
    assert made.person.email in page.text
    assert "送信済み" in page.text
