"""The pages of revocation: list, receipt, decision, execution, and each refusal where the officer reads it."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text

from jcanweb import clock
from jcanweb.database import db, transaction
from jcanweb.events import Event, Outcome
from jcanweb.models import AuditEntry, Certificate, Officer, Revocation
from jcanweb.roles import Role
from jcanweb.services import officers
from jcanweb.services import revocation as service
from jcanweb.vocabulary import CertificateState, RevocationReason, RevocationRequester, RevocationState
from tests.issued import issued_certificate
from tests.page import Page, Visitor
from tests.people import enter, officer

RECEIPT = {"requester": "corporation", "reason": "cessationOfOperation", "words": "退職のため。"}


class Office:
    """A certificate and officers of each role, each at a window of their own."""

    def __init__(self, app: Any) -> None:
        self.app = app
        with app.test_request_context(), transaction():
            certificate = issued_certificate()
            self.number, self.certificate_id = certificate.jc_number, certificate.id
            self.officers = {
                "screener": officer(Role.SCREENER), "approver": officer(Role.APPROVER),
                "operator": officer(Role.OPERATOR), "auditor": officer(Role.AUDITOR),
                "administrator": officer(Role.ADMINISTRATOR),
            }  # fmt: skip

    def at(self, who: str, *, fresh: bool = True) -> Visitor:
        visitor = Visitor(self.app)
        enter(self.app, visitor, self.officers[who], fresh=fresh)
        return visitor

    def received(self, *, by: str = "screener", reason: RevocationReason = RevocationReason.SUPERSEDED,
                 decided_by: str = "", executed_by: str = "") -> int:  # fmt: skip
        """A revocation taken as far as asked for, by the service."""
        with self.app.test_request_context(), transaction():
            acting = {name: db.session.get_one(Officer, one.id) for name, one in self.officers.items()}
            certificate = db.session.get_one(Certificate, self.certificate_id)
            made = service.receive(certificate, reason=reason, requester=RevocationRequester.CORPORATION,
                                   words="新しい証明書に替えるため。", by=acting[by])  # fmt: skip
            if decided_by:
                service.decide(made, version=made.version, by=acting[decided_by])
            if executed_by:
                service.execute(made, confirmation=self.number, version=made.version, by=acting[executed_by])
            return made.id

    def state(self, revocation_id: int) -> RevocationState:
        with self.app.app_context():
            return db.session.get_one(Revocation, revocation_id).state

    def refusals(self, event: Event) -> list[str]:
        """The names of the rules that refused this event."""
        with self.app.app_context():
            found = db.session.query(AuditEntry).filter_by(event=event, outcome=Outcome.REFUSED)
            return [one.facts["reason"] for one in found.order_by(AuditEntry.sequence)]


@pytest.fixture
def office(app: Any) -> Office:
    return Office(app)


# --- the whole way ------------------------------------------------------------------------------------


def test_received_decided_executed_and_listed(office: Office) -> None:
    screener = office.at("screener")
    screener.get("/revocations")
    screener.get("/revocations/new")
    page = screener.send("証明書を探す", certificate=office.number)
    assert page.h1 == f"失効の受付 {office.number} 受領済み"
    page = screener.send("受け付ける", **RECEIPT)
    assert page.h1 == f"失効 {office.number} 判断待ち"
    assert "承認者の判断を待っています。" in page.text
    assert page.acts == []
    approver = office.at("approver")
    page = approver.get(page.url)
    assert page.acts == ["失効すると決める", "失効しないと決める"]
    assert approver.send("失効すると決める").h1 == f"失効 {office.number} 実行待ち"
    operator = office.at("operator")
    assert "あと 5日" in operator.get(page.url).text
    page = operator.send("失効を実行する", confirmation=office.number)
    assert page.h1 == f"失効 {office.number} 失効済み"
    assert "使用停止のお知らせを送りました" in page.text
    for step in ("失効の受付", "失効の決定", "失効の実行（開始）", "失効の実行"):
        assert step in page.words("span")
    assert "番号" in dict(zip(page.words("dt"), page.words("dd"), strict=True))["CRL"]


def test_a_false_alarm_is_refused_with_its_words(office: Office) -> None:
    made = office.received(reason=RevocationReason.KEY_COMPROMISE)
    approver = office.at("approver")
    assert "利用停止中" in approver.get(f"/revocations/{made}").text
    page = approver.send("失効しないと決める", words="機器は見つかりました。")
    assert "機器は見つかりました。" in page.text
    assert "受領済み" in page.text
    assert "行いません" in page.text


@pytest.mark.parametrize("who", ["screener", "operator"])
def test_screener_and_operator_receive(office: Office, who: str) -> None:
    visitor = office.at(who)
    visitor.get(f"/revocations/new?certificate={office.number}")
    assert "判断待ち" in visitor.send("受け付ける", **RECEIPT).h1


@pytest.mark.parametrize("who", ["auditor", "approver"])
def test_who_only_looks_is_offered_no_receipt(office: Office, who: str) -> None:
    visitor = office.at(who)
    assert "失効の請求を受け付ける" not in visitor.get("/revocations").text
    visitor.get("/revocations/new", status=403)


def test_the_administrator_sees_no_revocation(office: Office) -> None:
    made, visitor = office.received(), office.at("administrator")
    for url in ("/revocations", f"/revocations/{made}", f"/revocations/new?certificate={office.number}"):
        visitor.get(url, status=403)
    assert "/revocations" not in visitor.get("/me").text


# --- receipt ------------------------------------------------------------------------------------------


def receipt(office: Office, status: int, **typed: str) -> Page:
    visitor = office.at("screener")
    visitor.get(f"/revocations/new?certificate={office.number}")
    return visitor.send("受け付ける", status=status, **(RECEIPT | typed))


def test_other_without_words_is_refused_at_the_field_and_keeps_what_was_typed(office: Office) -> None:
    page = receipt(office, 409, reason="unspecified", words="", invalid_from="2026年11月24日")
    assert "「その他」を選んだときは" in page.text
    assert [field.get("aria-invalid") for field in page.all("textarea")] == ["true"]
    chosen = {field.get("value") for field in page.all("input") if field.get("checked") is not None}
    assert chosen == {"corporation", "unspecified"}
    assert 'value="2026-11-24"' in page.text
    assert office.refusals(Event.REVOCATION_RECEIVED) == ["WordsNeeded"]


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [("requester", "", "請求した人を選んでください。"), ("reason", "", "失効の理由を選んでください。"),
     ("reason", "certificateHold", "失効の理由を選んでください。"), ("invalid_from", "きのう", "の形で入力してください。"),
     ("invalid_from", "2026-02-30", "の形で入力してください。")],
)  # fmt: skip
def test_a_receipt_with_a_mistake_is_refused_at_its_field(
    office: Office, field: str, value: str, sentence: str
) -> None:
    page = receipt(office, 422, **{field: value})
    assert sentence in page.text
    assert "退職のため。" in page.text


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [("words", "あ" * 1001, "1000文字以内"), ("words", "右\u202eから左", "見えない文字"),
     ("invalid_from", "2026-11-25", "今日までの日"), ("invalid_from", "2025-01-01", "開始より前")],
)  # fmt: skip
def test_a_receipt_against_a_rule_is_refused_at_its_field(
    office: Office, field: str, value: str, sentence: str
) -> None:
    assert sentence in receipt(office, 409, **{field: value}).text


def test_an_unknown_number_is_not_found_and_kept(office: Office) -> None:
    visitor = office.at("screener")
    page = visitor.get("/revocations/new?certificate=JC-99999999", status=404)
    assert "JC-99999999 の証明書は見つかりません" in page.text
    assert 'value="JC-99999999"' in page.text


def test_a_full_width_number_finds_the_certificate(office: Office) -> None:
    wide = office.number.translate({ord("J"): "ｊ", ord("C"): "Ｃ", ord("-"): "－", ord("0"): "０"})
    page = office.at("screener").get(f"/revocations/new?certificate={wide}")
    assert office.number in page.h1


def test_a_double_click_is_received_once(office: Office) -> None:
    visitor = office.at("screener")
    visitor.get(f"/revocations/new?certificate={office.number}")
    visitor.client.post(f"/revocations/new?certificate={office.number}", data=_with_token(visitor, RECEIPT))
    page = visitor.send("受け付ける", status=409, **RECEIPT)
    assert "既に受け付けて" in page.text
    assert "/revocations/1" in [link.get("href") for link in page.all("a")]
    with office.app.app_context():
        assert db.session.query(Revocation).count() == 1


def test_a_revoked_certificate_is_refused(office: Office) -> None:
    office.received(decided_by="approver", executed_by="operator")
    page = receipt(office, 409)
    assert "既に失効しています" in page.text


def test_an_expired_certificate_is_refused(office: Office, hands: Any) -> None:
    hands.forward(days=800)
    page = receipt(office, 409)
    assert "期限切れの証明書は失効の対象になりません" in page.text


# --- decision and execution ---------------------------------------------------------------------------


def test_the_receiver_is_offered_no_decision_and_refused_one(office: Office) -> None:
    with office.app.test_request_context(), transaction():
        made = service.receive(
            db.session.get_one(Certificate, office.certificate_id), reason=RevocationReason.SUPERSEDED,
            requester=RevocationRequester.CORPORATION, by=office.officers["approver"],
        ).id  # fmt: skip
    approver = office.at("approver")
    page = approver.get(f"/revocations/{made}")
    assert page.acts == []
    assert "受付したあなたは判断できません" in page.text
    page = approver.post(f"/revocations/{made}/decide", status=409, version="1")
    assert "別の承認者が判断してください" in page.text
    assert office.refusals(Event.REVOCATION_DECIDED) == ["TwoPersonRule"]
    assert office.state(made) is RevocationState.RECEIVED


def test_the_decider_is_refused_the_execution(office: Office) -> None:
    made = office.received(decided_by="approver")
    with office.app.test_request_context(), transaction():
        one = db.session.get_one(Officer, office.officers["approver"].id)
        officers.change_roles(one, {Role.OPERATOR}, version=one.version, by=office.officers["administrator"])
    approver = office.at("approver")
    page = approver.get(f"/revocations/{made}")
    assert "判断したあなたは実行できません" in page.text
    assert page.acts == []
    page = approver.post(f"/revocations/{made}/execute", status=409, version="2", confirmation=office.number)
    assert "別の発行操作者が実行してください" in page.text
    assert office.refusals(Event.REVOCATION_EXECUTED) == ["TwoPersonRule"]


@pytest.mark.parametrize(("who", "decided_by", "act", "what", "event"), [
    ("approver", "", "decide", "判断できません", Event.REVOCATION_DECIDED),
    ("approver", "", "refuse", "判断できません", Event.REVOCATION_REFUSED),
    ("operator", "approver", "execute", "実行できません", Event.REVOCATION_EXECUTED),
])  # fmt: skip
def test_an_officer_is_offered_nothing_of_the_own_certificate_and_refused_it(
    office: Office, who: str, decided_by: str, act: str, what: str, event: Event
) -> None:
    made = office.received(decided_by=decided_by)
    with office.app.test_request_context(), transaction():
        certificate = db.session.get_one(Certificate, office.certificate_id)
        certificate.application.person.email = office.officers[who].email.upper()
        version = str(db.session.get_one(Revocation, made).version)
    window = office.at(who)
    page = window.get(f"/revocations/{made}")
    assert f"利用者かPIN送付先のため、{what}" in page.text
    assert page.acts == []
    page = window.post(f"/revocations/{made}/{act}", status=409, version=version, words="誤報のため。",
                       confirmation=office.number)  # fmt: skip
    assert "ご自身が利用者またはPIN送付先になっている証明書の失効" in page.text
    assert office.refusals(event) == ["OwnApplication"]


def test_a_page_that_grew_old_is_refused(office: Office) -> None:
    made = office.received()
    slow, quick = office.at("approver"), office.at("approver")
    slow.get(f"/revocations/{made}")
    quick.get(f"/revocations/{made}")
    quick.send("失効しないと決める", words="誤報でした。")
    page = slow.send("失効すると決める", status=409)
    assert "この画面を開いたあとに内容が更新されました" in page.text
    assert "失効しない" in page.h1


@pytest.mark.parametrize("version", ["", "x", "-1", "9" * 30, "１"])
def test_a_mangled_version_counts_as_an_old_page(office: Office, version: str) -> None:
    made, approver = office.received(), office.at("approver")
    approver.get(f"/revocations/{made}")
    approver.send("失効すると決める", status=409, version=version)
    assert office.state(made) is RevocationState.RECEIVED


@pytest.mark.parametrize(
    ("typed", "status", "sentence"),
    [("", 422, "確認のため、JC番号を入力してください。"), ("JC-99999999", 409, "JC番号が一致しません")],
)
def test_another_number_is_refused_at_the_field(
    office: Office, typed: str, status: int, sentence: str
) -> None:
    made, operator = office.received(decided_by="approver"), office.at("operator")
    operator.get(f"/revocations/{made}")
    page = operator.send("失効を実行する", status=status, confirmation=typed)
    assert sentence in "".join(page.words("p"))
    assert f'value="{typed}"' in page.text
    assert office.state(made) is RevocationState.DECIDED


def test_a_full_width_number_executes(office: Office) -> None:
    made, operator = office.received(decided_by="approver"), office.at("operator")
    operator.get(f"/revocations/{made}")
    wide = office.number.translate(
        {ord("J"): "Ｊ", ord("C"): "Ｃ", ord("-"): "ー", ord("0"): "０", ord("1"): "１"}
    )
    assert "失効済み" in operator.send("失効を実行する", confirmation=f"　{wide} ").h1


def test_a_double_click_executes_once(office: Office) -> None:
    made, operator = office.received(decided_by="approver"), office.at("operator")
    operator.get(f"/revocations/{made}")
    typed = {"version": "2", "confirmation": office.number}
    operator.client.post(f"/revocations/{made}/execute", data=_with_token(operator, typed))
    page = operator.send("失効を実行する", status=409, confirmation=office.number)
    assert "失効済み" in page.h1
    assert office.refusals(Event.REVOCATION_EXECUTED) == ["StalePage"]


def test_a_refusal_without_words_is_refused_at_the_field(office: Office) -> None:
    made, approver = office.received(), office.at("approver")
    approver.get(f"/revocations/{made}")
    page = approver.send("失効しないと決める", status=422, words="")
    assert "失効しないと判断した理由を入力してください" in page.text


def test_a_refusal_that_cannot_be_kept_keeps_its_words(office: Office) -> None:
    made, approver = office.received(), office.at("approver")
    approver.get(f"/revocations/{made}")
    page = approver.send("失効しないと決める", status=409, words="左\u202eから右")
    assert "見えない文字" in page.text
    assert "から右" in page.text


@pytest.mark.parametrize(
    ("who", "button", "act"),
    [("approver", "失効すると決める", "decide"), ("approver", "失効しないと決める", "refuse"),
     ("operator", "失効を実行する", "execute")],
)  # fmt: skip
def test_signing_in_again_is_asked_first_and_comes_back(
    office: Office, who: str, button: str, act: str
) -> None:
    made = office.received(decided_by="approver" if act == "execute" else "")
    visitor = office.at(who, fresh=False)
    visitor.get(f"/revocations/{made}")
    page = visitor.send(button, words="誤報。", confirmation=office.number)
    assert page.h1 == "もう一度本人確認"
    assert f"next=/revocations/{made}" in page.url.replace("%2F", "/")
    assert office.state(made) is (RevocationState.DECIDED if act == "execute" else RevocationState.RECEIVED)


@pytest.mark.parametrize("act", ["", "/decide", "/refuse", "/execute"])
def test_an_unknown_revocation_is_not_found(office: Office, act: str) -> None:
    visitor = office.at("operator" if act == "/execute" else "approver")
    visitor.get("/me")
    if act:
        visitor.post(f"/revocations/77{act}", status=404, version="1")
    else:
        visitor.get("/revocations/77", status=404)


def test_an_execution_that_did_not_end_is_shown(office: Office) -> None:
    made, operator = office.received(decided_by="approver"), office.at("operator")
    ledger = Path(office.app.instance_path) / "ca" / "ledger.sqlite"
    ledger.rename(ledger.with_suffix(".away"))
    operator.get(f"/revocations/{made}")
    page = operator.send("失効を実行する", status=409, confirmation=office.number)
    assert "認証局から応答を得られませんでした" in page.text
    assert "終わっていない実行があります" in page.text
    ledger.with_suffix(".away").rename(ledger)
    assert "失効済み" in operator.send("失効を実行する", confirmation=office.number).h1
    assert "終わっていない実行があります" not in operator.get(f"/revocations/{made}").text


# --- the list -----------------------------------------------------------------------------------------


@pytest.fixture
def many(office: Office, hands: Any) -> Office:
    """60 open ones, the last received due first, and one that was refused."""
    with office.app.test_request_context(), transaction():
        made = service.receive(
            db.session.get_one(Certificate, office.certificate_id), reason=RevocationReason.SUPERSEDED,
            requester=RevocationRequester.CORPORATION, by=office.officers["screener"],
        )  # fmt: skip
        service.refuse(made, words="誤報。", version=made.version, by=office.officers["approver"])
        db.session.execute(text("DROP INDEX uq_revocation_open"))  # so that one certificate is enough
        for number in range(60):
            db.session.add(Revocation(
                certificate_id=office.certificate_id, state=RevocationState.RECEIVED, words="",
                reason=RevocationReason.SUPERSEDED, requester=RevocationRequester.CORPORATION,
                received_by=office.officers["screener"].id, received_at=clock.now(),
                due_at=clock.now() + timedelta(hours=100 - number)))  # fmt: skip
    return office


def test_the_list_begins_with_the_deadline_that_is_nearest(many: Office, hands: Any) -> None:
    hands.forward(hours=42)
    visitor = many.at("auditor")
    page = visitor.get("/revocations")
    times = [words for words in page.words("span") if words.startswith("あと") or words.endswith("超過")]
    assert times[0] == "1時間 超過"
    assert times[2] == "あと 1分未満"
    assert times[4] == "あと 1時間"
    assert len(page.all("tr")) == 51
    more = next(link.get("href") for link in page.all("a") if link.get("rel") == "next")
    page = visitor.get(str(more))
    assert len(page.all("tr")) == 12
    assert page.words("tr")[-1].count("失効しない") == 1


def test_the_list_is_filtered_by_the_address(many: Office) -> None:
    visitor = many.at("auditor")
    assert len(visitor.get("/revocations?state=refused").all("tr")) == 2
    page = visitor.send("絞り込む", state="executed")
    assert "この条件に当てはまる失効はありません" in page.text
    assert 'value="executed" selected' in page.text
    assert len(visitor.get(f"/revocations?state=&number={many.number.lower()}").all("tr")) == 51
    assert len(visitor.get("/revocations?state=held&after=o999&number=").all("tr")) == 51
    assert "失効はありません" in visitor.get("/revocations?number=JC-99999999").text


def test_the_list_costs_the_same_however_long(many: Office) -> None:
    visitor, said = many.at("auditor"), []
    with many.app.app_context():
        engine = db.engine
    count = lambda *given: said.append(given[2])  # noqa: E731 - a listener of one line
    event.listen(engine, "before_cursor_execute", count)
    visitor.get("/revocations")
    event.remove(engine, "before_cursor_execute", count)
    assert len(said) < 15, said


def test_an_empty_list_says_what_fills_it(office: Office) -> None:
    assert "失効の請求はまだありません" in office.at("auditor").get("/revocations").text


def test_htmx_gets_only_the_rows(office: Office) -> None:
    visitor = office.at("auditor")
    part = visitor.client.get("/revocations", headers={"HX-Request": "true"}).get_data(as_text=True)
    assert part.strip().startswith('<div id="_rows">')
    assert "<html" not in part


def test_a_certificate_that_waits_for_its_crl_says_so(office: Office) -> None:
    made = office.received(decided_by="approver", executed_by="operator")
    with office.app.app_context(), transaction():
        found = db.session.get_one(Revocation, made)
        found.crl_number = found.published_at = None
        assert found.certificate.state is CertificateState.REVOKED
    page = office.at("auditor").get(f"/revocations/{made}")
    assert "失効リスト（CRL）にまだ載っていません" in page.text


def _with_token(visitor: Visitor, values: dict[str, str]) -> dict[str, str]:
    assert visitor.page is not None
    tokens = [
        field.get("value", "") for field in visitor.page.all("input") if field.get("name") == "csrf_token"
    ]
    return values | {"csrf_token": tokens[0]}
