"""The pages of recovery: list, request, decision, the custodians' shares, and each refusal where the officer reads it."""

import json
from typing import Any

import pytest
from sqlalchemy import event

from jcanweb import audit
from jcanweb.database import db, transaction
from jcanweb.events import Event, Outcome, Subject
from jcanweb.models import AuditEntry, Backup, BackupShare, Certificate, Custodian, Mail, Officer, Recovery
from jcanweb.roles import Role
from jcanweb.services import officers, revocation
from jcanweb.vocabulary import (
    CustodianGroup,
    RecoveryGround,
    RecoveryState,
    RevocationReason,
    RevocationRequester,
    SecretKind,
)
from tests.issued import PASSPHRASE, custodian, issued
from tests.page import NotAPage, Page, Visitor
from tests.people import enter, officer
from tests.recoveries import Cast, also_sealed_to, at_home, colleague, put_halves

REQUEST = {"ground": "subscriber_lost_pin", "proof": "登録の電話番号に折り返して確認。"}
KEY, PIN, SECURITY = CustodianGroup.KEY, CustodianGroup.PIN, CustodianGroup.SECURITY


class Office:
    """A certificate, officers of each role and a custodian of each group, each at a window of their own."""

    def __init__(self, app: Any, hands: Any) -> None:
        self.app, self.hands = app, hands
        with app.test_request_context("/"), transaction():
            keeper = officer(Role.AUDITOR)
            custodian(SECURITY, keeper)
            self.cast = Cast()
            made = issued()
            self.pin, self.number, self.certificate_id = (
                made.pin, made.certificate.jc_number, made.certificate.id)  # fmt: skip
            self.officers = {
                "operator": self.cast.operator, "approver": self.cast.approver, "screener": officer(Role.SCREENER),
                "administrator": officer(Role.ADMINISTRATOR), "auditor": officer(Role.AUDITOR),
                **{group.value: self.cast.holder(group) for group in CustodianGroup},
            }  # fmt: skip

    def at(self, who: str, *, fresh: bool = True) -> Visitor:
        visitor = Visitor(self.app)
        enter(self.app, visitor, self.officers[who], fresh=fresh)
        return visitor

    def recovery(
        self, *, authorized: bool = True, opened: tuple[CustodianGroup, ...] = (), waited: bool = True
    ) -> int:
        """A recovery taken as far as asked for, by the services."""
        with self.app.test_request_context("/"), transaction():
            cast = self.reread()
            take = cast.authorized if authorized else cast.ask
            number = take(db.session.get_one(Certificate, self.certificate_id)).id
        if waited:
            self.hands.forward(hours=24)
        with self.app.test_request_context("/"), transaction():
            cast = self.reread()
            put_halves(db.session.get_one(Recovery, number), *(cast.holders[group] for group in opened))
        return number

    def reread(self) -> Cast:
        """The same people in this transaction."""
        self.cast.operator, self.cast.approver = (
            db.session.get_one(Officer, one.id) for one in (self.cast.operator, self.cast.approver)
        )
        self.cast.holders = {
            group: db.session.get_one(Custodian, one.id) for group, one in self.cast.holders.items()
        }
        return self.cast

    def state(self, recovery_id: int) -> RecoveryState:
        with self.app.app_context():
            return db.session.get_one(Recovery, recovery_id).state

    def refusals(self, event: Event) -> list[str]:
        """The names of the rules that refused this event."""
        with self.app.app_context():
            found = db.session.query(AuditEntry).filter_by(event=event, outcome=Outcome.REFUSED)
            return [one.facts["reason"] for one in found.order_by(AuditEntry.sequence)]

    def share(self, group: CustodianGroup) -> int:
        with self.app.app_context():
            found = db.session.query(BackupShare).filter_by(custodian_id=self.cast.holders[group].id)
            return found.order_by(BackupShare.id).first().id  # type: ignore[union-attr]  # there is one


@pytest.fixture
def office(app: Any, hands: Any) -> Office:
    return Office(app, hands)


# --- the whole way ------------------------------------------------------------------------------------


def test_asked_authorised_opened_by_three_and_listed(office: Office, hands: Any) -> None:
    operator = office.at("operator")
    operator.get("/recoveries")
    operator.get("/recoveries/new")
    page = operator.send("証明書を探す", certificate="ｊｃ－" + office.number.partition("-")[2])
    assert page.h1.startswith(f"鍵回復の依頼 {office.number}")
    page = operator.send("鍵回復を依頼する", **REQUEST)
    assert "鍵回復を依頼しました" in page.text
    assert "依頼したあなたは承認できません" in page.text
    assert page.acts == []
    url = page.url

    approver = office.at("approver")
    assert "承認者の判断" in approver.get("/recoveries").text
    approver.get(url)
    page = approver.send("承認する")
    assert "利用者に知らせました" in page.text
    assert "開封できるまで あと 24時間" in page.text
    assert "承認したあなたは、持分を開封できません" in page.text
    assert page.acts == ["回復しないと決める"]
    assert "開封まで あと 24時間" in approver.get("/recoveries").text

    hands.forward(hours=24)
    seen = []
    for who, count in (("key", 1), ("pin", 1), ("security", 2)):
        window = office.at(who)
        page = window.get(url)
        assert f"あなたが開封する持分が {count}件" in page.text
        page = window.send("持分を開封する", passphrase=PASSPHRASE)
        seen.append(page.text)
        if who != "security":
            assert "持分を開封しました" in page.text
            assert "あなたが開封する持分は残っていません" in page.text
            assert page.acts == []
    assert "鍵の回復は終わりました" in page.text
    assert page.words("td").count("受け取り待ち") == 2
    operator = office.at("operator")
    page = operator.get("/recoveries")
    assert "回復済み" in page.text
    seen += [page.text, operator.get(url).text]
    with office.app.app_context():
        assert [mail.template for mail in db.session.query(Mail).order_by(Mail.id)] == [
            "recovery_authorized", "delivery_pfx", "delivery_pin"]  # fmt: skip
        assert db.session.query(Backup).filter(Backup.destroyed_at.is_(None)).count() == 2
        assert audit.unfinished() == []
    for secret in (office.pin, PASSPHRASE, "PRIVATE KEY", "/receive/", "/pin/"):
        assert all(secret not in text for text in seen)


def test_a_custodian_with_a_key_at_home_downloads_and_pastes(app: Any, office: Office) -> None:
    number = office.recovery(opened=(KEY, PIN))
    with app.test_request_context("/"), transaction():
        office.reread().holders[SECURITY].private_pem = None
    window = office.at("security")
    page = window.get(f"/recoveries/{number}")
    assert "合言葉" not in page.text
    assert "custodian open" in page.text
    links = [str(a.get("href")) for a in page.all("a") if "/shares/" in str(a.get("href"))]
    assert len(links) == 2
    pasted = {}
    for link in links:
        with pytest.raises(NotAPage) as caught:
            window.get(link)
        response = caught.value.response
        assert response.headers["Cache-Control"] == "no-store"
        assert f"{office.number}-share-" in response.headers["Content-Disposition"]
        share_id = int(link.rpartition("/")[2])
        with app.test_request_context("/"):
            share = db.session.get_one(BackupShare, share_id)
            pasted[f"package_{share_id}"] = at_home(share, db.session.get_one(Recovery, number))
        assert json.loads(response.get_data())["jc_number"] == office.number
    window.get(f"/recoveries/{number}")
    page = window.send("開封した持分を送る", **pasted)
    assert "鍵の回復は終わりました" in page.text


def test_all_halves_there_is_finished_by_the_button(app: Any, office: Office, monkeypatch: Any) -> None:
    number = office.recovery(opened=(KEY, PIN))
    window = office.at("security")
    window.get(f"/recoveries/{number}")
    recover = "jcanweb.services.recovery_opening.enclave.recover"
    with monkeypatch.context() as broken:
        from jcanweb.pki import enclave

        def fail(**_: Any) -> None:
            raise enclave.EnclaveFailed("the child ended")

        broken.setattr(recover, fail)
        page = window.send("持分を開封する", status=409, passphrase=PASSPHRASE)
    assert "回復の途中で問題が起きました" in page.text
    assert page.acts == ["回復を完了する"]
    page = office.at("auditor").get("/audit")
    assert "鍵回復の完了" in page.text
    with app.app_context():
        (begun,) = audit.unfinished(Subject.RECOVERY, number)
    assert office.at("operator").get(f"/recoveries/{number}").acts == []
    page = office.at("key").get(f"/recoveries/{number}")
    assert "に始めた回復の処理が終わっていません" in page.text
    window = office.at("key")
    window.get(f"/recoveries/{number}")
    page = window.send("回復を完了する")
    assert "鍵の回復は終わりました" in page.text
    with app.app_context():
        assert audit.unfinished() == []


# --- asking -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "sentence"),
    [({"ground": None}, "回復の理由を選んでください。"), ({"ground": "curiosity"}, "回復の理由を選んでください。"),
     ({"proof": ""}, "依頼した人をどのように確認したか"), ({"proof": " \n　"}, "依頼した人をどのように確認したか"),
     ({"proof": "あ" * 1001}, "1000文字以内"), ({"proof": "右\u202eから左"}, "見えない文字")],
)  # fmt: skip
def test_a_refused_request_says_so_at_its_field(
    office: Office, values: dict[str, Any], sentence: str
) -> None:
    operator = office.at("operator")
    operator.get(f"/recoveries/new?certificate={office.number}")
    page = operator.send("鍵回復を依頼する", status=422, **(REQUEST | values))
    assert any(sentence in words for words in page.words("p"))
    kept = values.get("proof", REQUEST["proof"])
    assert kept.strip() in page.text


def test_an_unknown_number_is_told(office: Office) -> None:
    operator = office.at("operator")
    assert "見つかりません" in operator.get("/recoveries/new?certificate=JC-99999999", status=404).text
    assert "見つかりません" not in operator.get("/recoveries/new").text


def test_what_cannot_be_recovered_is_told_and_not_offered(app: Any, office: Office) -> None:
    url = f"/recoveries/new?certificate={office.number}"
    operator = office.at("operator")
    operator.get(url)
    with app.test_request_context("/"), transaction():
        revocation.receive(db.session.get_one(Certificate, office.certificate_id), words="盗難。",
                           reason=RevocationReason.KEY_COMPROMISE, requester=RevocationRequester.SUBSCRIBER,
                           by=office.reread().operator)  # fmt: skip
    page = operator.send("鍵回復を依頼する", status=409, **REQUEST)
    assert "利用停止中" in page.text
    assert office.refusals(Event.RECOVERY_REQUESTED) == ["RecoveryRefused"]
    page = operator.get(url)
    assert "この証明書の鍵は回復できません" in page.text
    assert page.acts == []


def test_a_recovery_under_way_is_shown_instead_of_the_form(office: Office) -> None:
    number = office.recovery(authorized=False, waited=False)
    page = office.at("operator").get(f"/recoveries/new?certificate={office.number}")
    assert "既に進んでいます" in page.text
    assert page.acts == []
    assert f"/recoveries/{number}" in [a.get("href") for a in page.all("a")]


# --- deciding -----------------------------------------------------------------------------------------


def test_who_asked_does_not_authorise_at_the_page(app: Any, office: Office) -> None:
    with app.test_request_context("/"), transaction():
        cast = office.reread()
        certificate = db.session.get_one(Certificate, office.certificate_id)
        made = cast.ask(certificate, by=cast.approver)
        number, version = made.id, made.version
    approver = office.at("approver")
    page = approver.get(f"/recoveries/{number}")
    assert "依頼したあなたは承認できません" in page.text
    assert page.acts == []
    page = approver.post(f"/recoveries/{number}/authorize", status=409, version=version)
    assert "依頼した本人は承認できません" in page.text
    assert office.refusals(Event.RECOVERY_AUTHORIZED) == ["TwoPersonRule"]


def test_an_officer_is_offered_nothing_of_the_own_certificate_and_refused_it(office: Office) -> None:
    made = office.recovery(authorized=False)
    with office.app.test_request_context("/"), transaction():
        certificate = db.session.get_one(Certificate, office.certificate_id)
        certificate.application.pin_recipient_email = office.officers["approver"].email.upper()
    approver = office.at("approver")
    page = approver.get(f"/recoveries/{made}")
    assert "利用者かPIN送付先のため、判断できません" in page.text
    assert page.acts == []
    for act, refused in (("authorize", Event.RECOVERY_AUTHORIZED), ("decline", Event.RECOVERY_DECLINED)):
        page = approver.post(f"/recoveries/{made}/{act}", status=409, version="1", reason="誤り")
        assert "ご自身が利用者またはPIN送付先になっている証明書の鍵回復は扱えません" in page.text
        assert office.refusals(refused) == ["OwnApplication"]


def test_a_custodian_is_offered_no_opening_of_the_own_certificate(office: Office) -> None:
    made = office.recovery()
    with office.app.test_request_context("/"), transaction():
        certificate = db.session.get_one(Certificate, office.certificate_id)
        certificate.application.person.email = office.officers["key"].email.upper()
    page = office.at("key").get(f"/recoveries/{made}")
    assert "利用者かPIN送付先のため、持分を開封できません" in page.text
    assert "持分を開封する" not in page.acts


def test_a_stale_page_neither_authorises_nor_declines(office: Office) -> None:
    number = office.recovery(authorized=False, waited=False)
    approver = office.at("approver")
    approver.get(f"/recoveries/{number}")
    assert "内容が更新されました" in approver.send("承認する", status=409, version="9").text
    page = approver.send("回復しないと決める", status=409, version="x", reason="本人と確認できない。")
    assert "内容が更新されました" in page.text
    assert "本人と確認できない。" in page.text
    assert office.state(number) is RecoveryState.REQUESTED


def test_a_double_click_authorises_once(office: Office) -> None:
    number = office.recovery(authorized=False, waited=False)
    approver = office.at("approver")
    page = approver.get(f"/recoveries/{number}")
    version = [field.get("value") for field in page.all("input") if field.get("name") == "version"][0]
    approver.send("承認する")
    approver.post(f"/recoveries/{number}/authorize", status=409, version=version)
    with office.app.app_context():
        assert db.session.query(Mail).count() == 1


def test_declining_needs_a_reason_and_shows_it(office: Office) -> None:
    number = office.recovery()
    approver = office.at("approver")
    approver.get(f"/recoveries/{number}")
    page = approver.send("回復しないと決める", status=422, reason=" ")
    assert "回復しないと判断した理由を入力してください。" in page.text
    page = approver.send("回復しないと決める", reason="利用者に心当たりがない。")
    assert "利用者に心当たりがない。" in page.text
    assert page.acts == []
    assert "この鍵は回復しないと決まりました" in office.at("key").get(f"/recoveries/{number}").text


# --- opening ------------------------------------------------------------------------------------------


def test_a_wrong_passphrase_is_told_at_its_field_and_never_shown(office: Office) -> None:
    number = office.recovery()
    window = office.at("key")
    window.get(f"/recoveries/{number}")
    assert "合言葉を入力してください。" in window.send("持分を開封する", status=422, passphrase="").text
    page = window.send("持分を開封する", status=409, passphrase="wrong wrong wrong wrong")
    assert "鍵または合言葉が一致しません" in page.text
    assert "wrong wrong" not in page.text
    assert [field.get("value") for field in page.all("input") if field.get("name") == "passphrase"] == [""]
    assert office.refusals(Event.RECOVERY_SHARE_OPENED) == ["WrongKey"]


def test_during_the_cooling_off_nothing_is_offered_and_nothing_opens(office: Office) -> None:
    number = office.recovery(waited=False)
    window = office.at("key")
    page = window.get(f"/recoveries/{number}")
    assert "までは誰も開封できません" in page.text
    assert page.acts == []
    page = window.post(f"/recoveries/{number}/open", status=409, passphrase=PASSPHRASE)
    assert "待機期間中です" in page.text
    assert office.refusals(Event.RECOVERY_SHARE_OPENED) == ["CoolingOff"]


def test_after_the_last_day_the_page_says_that_it_has_lapsed(office: Office, hands: Any) -> None:
    number = office.recovery()
    hands.forward(days=7)
    window = office.at("key")
    page = window.get(f"/recoveries/{number}")
    assert "期限切れ" in page.h1
    assert "期限までに開封が終わらなかった" in page.text
    window.post(f"/recoveries/{number}/open", status=409, passphrase=PASSPHRASE)


@pytest.mark.parametrize("who", ["operator", "approver"])
def test_who_asked_or_authorised_opens_nothing_though_a_custodian(app: Any, office: Office, who: str) -> None:
    with app.test_request_context("/"), transaction():
        by = db.session.get_one(Officer, office.officers[who].id)
        certificate = db.session.get_one(Certificate, office.certificate_id)
        also_sealed_to(certificate, SecretKind.PFX, colleague(KEY, by))
    number = office.recovery()
    window = office.at(who)
    page = window.get(f"/recoveries/{number}")
    assert "あなたは、持分を開封できません" in page.text
    assert "持分を開封する" not in page.acts
    page = window.post(f"/recoveries/{number}/open", status=409, passphrase=PASSPHRASE)
    assert "持分を開封できません。ほかの鍵の管理者が開封します。" in page.text
    assert office.refusals(Event.RECOVERY_SHARE_OPENED) == ["TwoPersonRule"]


def test_anothers_share_is_neither_downloaded_nor_pasted(office: Office) -> None:
    number = office.recovery()
    window = office.at("pin")
    window.get(f"/recoveries/{number}")
    foreign = office.share(KEY)
    page = window.get(f"/recoveries/{number}/shares/{foreign}", status=409)
    assert "あなたが開封できる持分はありません" in page.text
    window.post(f"/recoveries/{number}/packages", status=422, **{f"package_{foreign}": "{}"})
    with office.app.app_context():
        assert db.session.get_one(Recovery, number).openings == []


def test_a_wrong_paste_is_told_at_its_field_and_kept(app: Any, office: Office) -> None:
    number = office.recovery()
    with app.test_request_context("/"), transaction():
        office.reread().holders[SECURITY].private_pem = None
    window = office.at("security")
    page = window.get(f"/recoveries/{number}")
    names = [area.get("name") for area in page.all("textarea")]
    page = window.send("開封した持分を送る", status=422, **{str(names[0]): "{}", str(names[1]): ""})
    assert "貼り付けてください" in page.text
    page = window.send("開封した持分を送る", status=409, **{str(names[0]): "こんにちは", str(names[1]): "{}"})
    assert "開封した持分として読めません" in page.text
    assert page.words("textarea") == ["こんにちは", "{}"]
    assert office.refusals(Event.RECOVERY_SHARE_OPENED) == ["FieldRefused"]


def test_halves_that_do_not_fit_are_told(app: Any, office: Office) -> None:
    with app.test_request_context("/"), transaction():
        for kept in db.session.query(Backup):
            kept.ciphertext = b"\0" * 64
    number = office.recovery(opened=(KEY, PIN, SECURITY))
    window = office.at("key")
    window.get(f"/recoveries/{number}")
    page = window.send("回復を完了する")
    assert "開封した持分が組み合いませんでした" in page.text
    assert office.state(number) is RecoveryState.LAPSED


def test_a_suspended_certificate_stops_the_page(app: Any, office: Office) -> None:
    number = office.recovery()
    with app.test_request_context("/"), transaction():
        revocation.receive(db.session.get_one(Certificate, office.certificate_id), words="盗難。",
                           reason=RevocationReason.KEY_COMPROMISE, requester=RevocationRequester.SUBSCRIBER,
                           by=office.reread().operator)  # fmt: skip
    window = office.at("key")
    page = window.get(f"/recoveries/{number}")
    assert "いまは先に進めません" in page.text
    assert page.acts == []
    page = window.post(f"/recoveries/{number}/open", status=409, passphrase=PASSPHRASE)
    assert "利用停止中" in page.text


# --- who may ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "path", "roles"),
    [("screener", "/recoveries/new", ["発行操作者"]), ("administrator", "/recoveries", ["承認者", "発行操作者", "内部監査"])],
)  # fmt: skip
def test_a_page_that_is_not_for_the_role_names_who_could(
    office: Office, who: str, path: str, roles: list[str]
) -> None:
    page = office.at(who).get(path, status=403)
    assert all(role in page.text for role in roles)


@pytest.mark.parametrize(
    ("who", "act", "named"),
    [("operator", "authorize", "承認者"), ("screener", "decline", "承認者"), ("approver", "open", "鍵管理者・PIN管理者・保全責任者"),
     ("auditor", "packages", "保全責任者"), ("operator", "finish", "鍵管理者")],
)  # fmt: skip
def test_an_act_that_is_not_for_the_person_names_who_could(
    office: Office, who: str, act: str, named: str
) -> None:
    number = office.recovery()
    window = office.at(who)
    window.get(f"/recoveries/{number}")
    page = window.post(f"/recoveries/{number}/{act}", status=403)
    assert named in page.text
    assert office.refusals(Event.ACCESS_DENIED) != []


@pytest.mark.parametrize(
    ("who", "button", "values"),
    [("approver", "回復しないと決める", {"reason": "誤り。"}), ("key", "持分を開封する", {"passphrase": PASSPHRASE})],
)  # fmt: skip
def test_a_dangerous_act_asks_to_sign_in_again_and_comes_back(
    office: Office, who: str, button: str, values: dict[str, str]
) -> None:
    number = office.recovery()
    window = office.at(who, fresh=False)
    window.get(f"/recoveries/{number}")
    page = window.send(button, **values)
    assert page.h1 == "もう一度本人確認"
    assert f"/recoveries/{number}" in page.url.replace("%2F", "/")
    assert office.state(number) is RecoveryState.AUTHORIZED


def test_an_auditor_may_be_a_custodian_and_an_administrator_never(app: Any, office: Office) -> None:
    number = office.recovery()
    page = office.at("security").get(f"/recoveries/{number}")
    assert "保全責任者のあなたが開封する持分が 2件" in page.text
    with app.test_request_context("/"):
        holder = db.session.get_one(Officer, office.officers["security"].id)
        assert holder.holds(Role.AUDITOR)
        administrator = db.session.get_one(Officer, office.officers["administrator"].id)
        with pytest.raises(Exception, match="先に解任") as caught:
            officers.change_roles(holder, {Role.ADMINISTRATOR}, version=holder.version, by=administrator)
        assert type(caught.value).__name__ == "RolesExclude"


@pytest.mark.parametrize("path", ["/recoveries/999", "/recoveries/999999999999999999999"])
def test_an_unknown_recovery_is_not_found(office: Office, path: str) -> None:
    office.at("operator").get(path, status=404)


# --- the list -----------------------------------------------------------------------------------------


def test_an_empty_list_says_what_fills_it(office: Office) -> None:
    assert "鍵回復の依頼はまだありません" in office.at("screener").get("/recoveries").text
    page = office.at("screener").get("/recoveries?state=opened&number=JC-1")
    assert "この条件に当てはまる" in page.text


def test_the_list_names_who_has_still_to_open(office: Office) -> None:
    office.recovery(opened=(KEY,))
    page = office.at("screener").get("/recoveries")
    assert any("PIN管理者・保全責任者の開封" in words for words in page.words("td"))
    assert "あと 7日" in page.text


def test_fifty_rows_a_page_with_as_many_queries_as_for_few(app: Any, office: Office) -> None:
    def declined(count: int) -> None:
        with app.test_request_context("/"), transaction():
            cast = office.reread()
            at = cast.operator.joined_at
            db.session.add_all(
                Recovery(certificate_id=office.certificate_id, state=RecoveryState.DECLINED,
                         ground=RecoveryGround.LEGAL_ORDER, proof="令状。", requested_by=cast.operator.id,
                         requested_at=at, declined_by=cast.approver.id, declined_at=at, declined_reason="誤り。")
                for _ in range(count)
            )  # fmt: skip

    def counted() -> tuple[Page, int]:
        queries: list[int] = []
        event.listen(engine, "before_cursor_execute", lambda *_: queries.append(1))
        return window.get("/recoveries"), len(queries)

    office.recovery(opened=(KEY,))
    declined(1)
    window = office.at("screener")
    window.get("/recoveries")
    with app.app_context():
        engine = db.engine
    few = counted()[1]
    declined(60)
    page, many = counted()
    assert many <= few
    assert len(page.all("tr")) == 51
    link = next(a.get("href") for a in page.all("a") if a.get("rel") == "next")
    assert len(window.get(str(link)).all("tr")) == 13


def test_the_rows_alone_are_given_to_htmx(office: Office) -> None:
    window = office.at("screener")
    response = window.client.get("/recoveries", headers={"HX-Request": "true"})
    assert response.get_data(as_text=True).strip().startswith('<div id="_rows">')
    assert "HX-Request" in response.headers["Vary"]


def test_long_names_and_words_stay_whole(app: Any, office: Office) -> None:
    with app.test_request_context("/"), transaction():
        cast = office.reread()
        certificate = db.session.get_one(Certificate, office.certificate_id)
        certificate.organization_unit = certificate.common_name = "W" * 64
        db.session.flush()
        made = cast.ask(certificate, proof="長い確認の記録。" * 125)
        number = made.id
    page = office.at("screener").get(f"/recoveries/{number}")
    assert "W" * 64 in page.text
    assert "長い確認の記録。" * 125 in page.text


def test_a_revoked_certificate_closes_the_page_by_itself(app: Any, office: Office) -> None:
    number = office.recovery()
    with app.test_request_context("/"), transaction():
        cast = office.reread()
        certificate = db.session.get_one(Certificate, office.certificate_id)
        made = revocation.receive(certificate, reason=RevocationReason.SUPERSEDED, words="差替え。",
                                  requester=RevocationRequester.CORPORATION, by=cast.operator)  # fmt: skip
        revocation.decide(made, version=made.version, by=cast.approver)
        revocation.execute(made, confirmation=office.number, version=made.version, by=cast.operator)
    page = office.at("key").get(f"/recoveries/{number}")
    assert "期限切れ" in page.h1
    assert page.acts == []
