"""The subscriber's page of the withdrawal, and every page that tells of it afterwards."""

from typing import Any

import pytest

from jcanweb import clock
from jcanweb.database import db, transaction
from jcanweb.events import Event, Outcome
from jcanweb.models import (
    Application,
    AuditEntry,
    Certificate,
    ConsentWithdrawal,
    Officer,
    Person,
    Revocation,
)
from jcanweb.roles import Role
from jcanweb.services import revocation, withdrawal
from jcanweb.vocabulary import CertificateState, RevocationReason, RevocationRequester, SecretKind
from tests import builders
from tests.issued import Issued, issued_certificate, put_out
from tests.page import Page, Visitor
from tests.people import enter, enter_person, officer
from tests.recoveries import Cast
from tests.withdrawals import withdraw


class Home:
    """A certificate, its subscriber at a window, and officers of each role."""

    def __init__(self, app: Any, state: CertificateState) -> None:
        self.app = app
        with app.test_request_context(), transaction():
            application = builders.application(builders.A.APPROVED)
            builders.receipt(application)
            self.certificate = issued_certificate(state, application=application)
            self.number, self.application = self.certificate.jc_number, application.number
            self.person = application.person
            self.officers = {role: officer(role) for role in (Role.SCREENER, Role.APPROVER, Role.OPERATOR)}
        self.url = f"/my/certificates/{self.number}/withdrawal"

    def at(self, who: Role) -> Visitor:
        visitor = Visitor(self.app)
        enter(self.app, visitor, self.officers[who])
        return visitor

    def subscriber(self, who: Person | None = None) -> Visitor:
        visitor = Visitor(self.app)
        enter_person(self.app, visitor, who or self.person)
        return visitor

    def withdrawn(self) -> int:
        """It is; the id of its revocation."""
        with self.app.test_request_context(), transaction():
            withdraw(db.session.get_one(Certificate, self.certificate.id))
            return db.session.query(Revocation.id).scalar()

    def count(self) -> int:
        with self.app.app_context():
            return db.session.query(ConsentWithdrawal).count()


@pytest.fixture
def home(app: Any) -> Home:
    return Home(app, CertificateState.DELIVERED)


def facts(page: Page) -> dict[str, str]:
    return dict(zip(page.words("dt"), page.words("dd"), strict=True))


def offers(page: Page, words: str) -> bool:
    return any(words in one for one in page.words("button"))


def test_it_is_told_first_confirmed_and_then_told_of_everywhere(home: Home) -> None:
    visitor = home.subscriber()
    assert "バックアップの同意を撤回する" in visitor.get("/my").words("a")
    page = visitor.get(home.url)
    for words in (
        "撤回すると、この証明書は失効します",
        "24時間以内",
        "廃棄し",
        "受け取れなくなります",
        "取り消せません",
    ):
        assert words in page.text
    page = visitor.send(withdrawal.BUTTON, confirmation=home.number.lower())
    assert page.url == home.url
    assert page.h1 == f"バックアップの同意の撤回 {home.number} 撤回済"
    assert "2026年11月25日（水） 10:00 までに失効し" in page.text
    assert not offers(page, withdrawal.BUTTON)
    page = visitor.get("/my")
    assert "撤回済（2026年11月24日（火） 10:00）" in page.text
    assert "バックアップの同意を撤回する" not in page.words("a")
    assert "バックアップの同意は撤回済です" in visitor.get(f"/my/receipts/{home.application}").text
    screener = home.at(Role.SCREENER)
    assert "撤回済" in facts(screener.get(f"/certificates/{home.number}"))["バックアップの同意"]
    assert "バックアップの同意は撤回済です" in screener.get(f"/applications/{home.application}/receipt").text


def test_officers_find_it_on_the_desk_and_revoke_by_two(home: Home) -> None:
    made = home.withdrawn()
    approver, operator = home.at(Role.APPROVER), home.at(Role.OPERATOR)
    assert "利用者本人からの請求（利用の終了）" in approver.get("/desk").text
    page = approver.get(f"/revocations/{made}")
    assert "利用者本人（画面から）" in facts(page)["受付"]
    assert "「失効しない」という判断はできません" in page.text
    assert offers(page, "失効すると決める")
    assert not offers(page, "失効しないと決める")
    approver.send("失効すると決める")
    operator.get(f"/revocations/{made}")
    operator.send("失効を実行する", confirmation=home.number)
    page = home.subscriber().get(home.url)
    assert page.h1.endswith("失効")
    assert "この証明書は失効しました" in page.text
    assert approver.get("/reports/revocation?from=2026-11-01&to=2026-11-24").text.count("利用者本人") == 1


def test_a_refusal_past_the_page_is_refused_with_its_sentence(home: Home) -> None:
    made, approver = home.withdrawn(), home.at(Role.APPROVER)
    approver.get(f"/revocations/{made}")
    page = approver.post(f"/revocations/{made}/refuse", 409, words="誤報。", version=1)
    assert "失効しないと決めることはできません" in page.text


def test_a_recovery_that_ended_with_it_says_so(home: Home) -> None:
    with home.app.test_request_context(), transaction():
        recovery = Cast().ask(db.session.get_one(Certificate, home.certificate.id)).id
    home.withdrawn()
    operator = home.at(Role.OPERATOR)
    page = operator.get(f"/recoveries/{recovery}")
    assert "利用者がバックアップの同意を撤回しました" in page.text
    assert (
        "撤回したため、この鍵は回復できません"
        in operator.get(f"/recoveries/new?certificate={home.number}").text
    )


def test_the_number_must_be_typed(home: Home) -> None:
    visitor = home.subscriber()
    visitor.get(home.url)
    assert "確認のため、JC番号を入力してください。" in visitor.send(withdrawal.BUTTON, 422).text
    page = visitor.send(withdrawal.BUTTON, 409, confirmation="JC-99999999")
    assert "入力されたJC番号が一致しません" in page.text
    assert 'value="JC-99999999"' in page.text
    assert home.count() == 0
    with home.app.app_context():
        entry = db.session.query(AuditEntry).filter_by(event=Event.CONSENT_WITHDRAWN).one()
        assert (entry.outcome, entry.facts) == (Outcome.REFUSED, {"reason": "NumberMismatch"})


def test_pressed_twice_or_in_two_tabs_it_counts_once(home: Home) -> None:
    visitor, other = home.subscriber(), home.subscriber()
    visitor.get(home.url)
    other.get(home.url)
    for tab in (visitor, other):
        page = tab.send(withdrawal.BUTTON, confirmation=home.number)
        assert page.h1.endswith("撤回済")
    assert home.count() == 1


def test_words_that_changed_meanwhile_are_shown_anew(home: Home) -> None:
    visitor = home.subscriber()
    visitor.get(home.url)
    home.app.config["REVOCATION_URGENT_HOURS"] = 12
    page = visitor.send(withdrawal.BUTTON, 409, confirmation=home.number)
    assert "12時間以内" in page.text
    assert visitor.send(withdrawal.BUTTON, confirmation=home.number).h1.endswith("撤回済")


def test_of_an_open_revocation_the_page_says_so_and_makes_no_second(home: Home) -> None:
    with home.app.test_request_context(), transaction():
        revocation.receive(
            db.session.get_one(Certificate, home.certificate.id), reason=RevocationReason.SUPERSEDED,
            requester=RevocationRequester.CORPORATION, by=db.session.get_one(Officer, home.officers[Role.SCREENER].id),
        )  # fmt: skip
    visitor = home.subscriber()
    assert "既に失効の手続き中です" in visitor.get(home.url).text
    visitor.send(withdrawal.BUTTON, confirmation=home.number)
    with home.app.app_context():
        made = db.session.query(Revocation).one()
        assert (made.due_at - clock.now()).total_seconds() == 24 * 3600


def test_anothers_certificate_is_not_found(home: Home) -> None:
    with home.app.test_request_context(), transaction():
        stranger = builders.person()
        builders.application(person=stranger)
    visitor = home.subscriber(stranger)
    visitor.get("/my")
    visitor.get(home.url, 404)
    visitor.get("/my")
    visitor.post(home.url, 404, confirmation=home.number)
    visitor.get("/my/certificates/JC-99999999/withdrawal", 404)


def test_nobody_comes_in_without_the_personal_link(home: Home) -> None:
    assert Visitor(home.app).client.get(home.url).location == "/apply"


def test_a_certificate_that_is_not_delivered_yet_can_be_withdrawn(app: Any) -> None:
    home = Home(app, CertificateState.ISSUED)
    visitor = home.subscriber()
    visitor.get(home.url)
    visitor.send(withdrawal.BUTTON, confirmation=home.number)
    assert "まだ届けていません" in visitor.get("/my").text


def test_links_that_ended_with_it_are_not_told_to_be_overdue(app: Any) -> None:
    home = Home(app, CertificateState.ISSUED)
    with app.test_request_context(), transaction():
        made = db.session.get_one(Certificate, home.certificate.id)
        tokens = put_out(Issued(made, b"file", "pin"))
    visitor = home.subscriber()
    assert "証明書ができました" in visitor.get("/my").text
    home.withdrawn()
    page = visitor.get("/my")
    assert f"証明書 {home.number} は失効の手続き中です" in page.words("h2")
    assert "鍵回復" not in page.text
    assert facts(page)["証明書ファイル（PKCS#12）"] == "受け取れません"
    visitor.get(f"/receive/{tokens[SecretKind.PFX]}", 409)


def test_of_a_revoked_certificate_nothing_is_offered(app: Any) -> None:
    home = Home(app, CertificateState.REVOKED)
    visitor = home.subscriber()
    assert "バックアップの同意を撤回する" not in visitor.get("/my").words("a")
    page = visitor.get(home.url)
    assert not offers(page, withdrawal.BUTTON)
    page = visitor.post(home.url, 409, confirmation=home.number)
    assert "この証明書は失効しています" in page.text


def test_of_an_expired_certificate_nothing_is_offered(home: Home, hands: Any) -> None:
    hands.at = home.certificate.not_after
    visitor = home.subscriber()
    assert "バックアップの同意を撤回する" not in visitor.get("/my").words("a")
    page = visitor.get(home.url)
    assert "有効期間が終わっている" in page.text
    assert not offers(page, withdrawal.BUTTON)


def test_another_application_s_receipt_says_nothing_of_it(home: Home) -> None:
    with home.app.test_request_context(), transaction():
        other: Application = builders.application(person=db.session.get_one(Person, home.person.id))
        builders.receipt(other)
        number = other.number
    home.withdrawn()
    assert "撤回済" not in home.subscriber().get(f"/my/receipts/{number}").text
