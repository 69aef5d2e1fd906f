"""An invented edition 4.0 by its pages, with the clock moved over its day; and what the pages refuse."""

from datetime import date
from typing import Any

import pytest

from jcanweb import jobs
from jcanweb.database import db, transaction
from jcanweb.models import Campaign, Certificate, ConsentAddress, Officer, Person, Reconsent, Revocation
from jcanweb.roles import Role
from jcanweb.services import addresses, invitations
from jcanweb.services import reconsent as service
from jcanweb.services import terms as editions
from jcanweb.vocabulary import AddressGround, ReconsentDecision, ReconsentState
from tests import builders
from tests.issued import issued_certificate
from tests.page import NotAPage, Visitor
from tests.people import enter, enter_person, officer
from tests.terms.pages import document

DAY = date(2026, 12, 25)
OLD = document()
NEW = OLD.replace("土曜日".encode(), "日曜日".encode())
BUTTON = service.BUTTON


class World:
    """Four holders under edition 3.0, and edition 4.0 approved for DAY."""

    def __init__(self, app: Any) -> None:
        self.app, self.visitors = app, {}
        with app.test_request_context(), transaction():
            builders.edition(OLD, version="3.0", effective_on=date(2025, 1, 20))
            self.certificates = [issued_certificate() for _ in range(4)]
            self.people = [one.application.person for one in self.certificates]
            self.edition_id = builders.edition(NEW, version="4.0", effective_on=DAY).id
            self.officers = {role: officer(role) for role in Role}
        with app.app_context():
            jobs.ask_anew()
            found = db.session.query(Reconsent).order_by(Reconsent.id)
            self.ids = [one.id for one in found]

    def applicant(self, number: int) -> Visitor:
        visitor = Visitor(self.app)
        enter_person(self.app, visitor, self.people[number])
        return visitor

    def staff(self, role: Role) -> Visitor:
        visitor = Visitor(self.app)
        enter(self.app, visitor, self.officers[role])
        return visitor


def ticks(*, first: int = 1) -> dict[str, str]:
    """The six items accepted, from this one on."""
    return {f"statement_{number}": "y" for number in range(first, 7)}


@pytest.fixture
def world(app: Any) -> World:
    return World(app)


def test_edition_4_from_the_mail_to_the_day_and_after_it(app: Any, world: World, hands: Any) -> None:
    """Who must be asked, who may still apply, what old certificates say."""
    first, second = world.applicant(0), world.applicant(1)
    page = first.get("/my")
    assert "利用規約が改定されます。同意するかどうかを答えてください。" in page.text
    page = first.get("/reconsent")
    assert page.h1.startswith("利用規約の改定 版 4.0")
    assert page.words("ins")
    page = first.send(BUTTON, **ticks())
    assert "版 4.0 に同意済みです" in page.text
    with pytest.raises(NotAPage) as file:
        first.get(f"/reconsent/{world.ids[0]}/receipt.json")
    assert file.value.response.get_json()["receipt"]["kind"] == "reconsent"
    assert first.get("/my").text.count("同意するかどうかを答えてください") == 0

    second.get(f"/reconsent/{world.ids[1]}/refuse")
    page = second.send("同意しないと回答する", words="社内で検討しています。")
    assert "同意しないという回答を受け付けています" in page.text

    auditor = world.staff(Role.AUDITOR)
    page = auditor.get(f"/terms/{world.edition_id}/consents")
    assert "回答済み 2 / 4人　同意 1、拒否 1、未同意 2" in page.text

    approver = world.staff(Role.APPROVER)
    assert "規約の拒否への対応を決める" in approver.get("/desk").text
    page = approver.get(f"/reconsents/{world.ids[1]}")
    assert "社内で検討しています。" in page.text
    page = approver.send("対応を決める", decision="revoke")
    assert "失効の手続きをする" in page.text
    with app.app_context():
        (received,) = db.session.query(Revocation)
        assert received.certificate_id == world.certificates[1].id

    hands.at = hands.at.replace(month=12, day=24, hour=15)  # the day begins in Japan
    with app.app_context():
        jobs.ask_anew()
        assert [one.state for one in db.session.query(Reconsent).order_by(Reconsent.id)] == [
            ReconsentState.AGREED, ReconsentState.REFUSED, ReconsentState.ASKED, ReconsentState.ASKED]  # fmt: skip
        assert db.session.query(Campaign).one().listed_at is not None
    approver, screener = world.staff(Role.APPROVER), world.staff(Role.SCREENER)
    assert "未同意の 2 人" in approver.get("/desk").text
    assert "施行日が来ましたが" in approver.get(f"/terms/{world.edition_id}/consents").text
    for number, words in enumerate(("同意", "拒否", "未同意")):
        page = screener.get(f"/certificates/{world.certificates[number].jc_number}")
        assert "版 3.0" in page.text
        said = dict(zip(page.words("dt"), page.words("dd"), strict=True))
        assert said["その後の再同意"].startswith(f"版 4.0: {words}")

    third = world.applicant(2)
    page = third.get("/apply/terms")
    assert "版 4.0" in page.text
    third.send("以上をすべて承諾して、申請に進む", **ticks())
    with app.app_context():
        assert db.session.get_one(Reconsent, world.ids[2]).state is ReconsentState.AGREED


def test_the_link_of_the_mail_and_its_code_lead_to_the_question(app: Any, world: World) -> None:
    visitor = Visitor(app)
    with app.test_request_context(), transaction():
        invitation, link = invitations.add(db.session.get_one(Person, world.people[0].id))
        code = invitations.send_code(invitation)
    visitor.get(f"/apply/{link}/code")
    page = visitor.send("進む", code=code)
    assert page.h1.startswith("利用規約の改定 版 4.0")
    assert visitor.get(f"/apply/{link}").h1.startswith("利用規約の改定 版 4.0")


def test_another_persons_question_is_not_there(world: World) -> None:
    visitor = world.applicant(0)
    for path in ("", "/refuse", "/receipt.json", "/receipt.pdf"):
        assert visitor.client.get(f"/reconsent/{world.ids[1]}{path}").status_code == 404


def test_an_item_left_out_is_asked_for_and_what_was_ticked_is_kept(world: World) -> None:
    visitor = world.applicant(0)
    visitor.get("/reconsent")
    page = visitor.send(BUTTON, 422, **ticks(first=2))
    assert "にチェックを入れてください" in page.text
    ticked = [
        one for one in page.all("input") if one.get("type") == "checkbox" and one.get("checked") is not None
    ]
    assert len(ticked) == 5


def test_a_page_replaced_by_a_later_edition_is_refused_with_its_sentence(
    app: Any, world: World, hands: Any
) -> None:
    visitor = world.applicant(0)
    hands.at = hands.at.replace(month=12, day=30)
    enter_person(app, visitor, world.people[0])
    visitor.get("/reconsent")
    with app.test_request_context(), transaction():
        builders.edition(NEW + b"x\n", version="5.0", effective_on=date(2026, 12, 30))
    page = visitor.send(BUTTON, 409, **ticks())
    assert "より新しい版に置き換わったため" in page.text


def test_an_answer_sent_after_the_decision_is_refused_on_the_page(app: Any, world: World) -> None:
    visitor = world.applicant(0)
    visitor.get("/reconsent")
    with app.test_request_context(), transaction():
        one = db.session.get_one(Reconsent, world.ids[0])
        service.refuse(one, words="", by=one.person)
        service.decide(one, ReconsentDecision.KEEP, comment="更新しない。", version=one.version,
                       by=db.session.get_one(Officer, world.officers[Role.APPROVER].id))  # fmt: skip
    page = visitor.send(BUTTON, 409, **ticks())
    assert "既に回答を受け付けています" in page.text
    assert "有効期間の終わりまで前の版のまま使えます" in page.text


def test_to_keep_without_a_reason_is_asked_for_at_its_field(app: Any, world: World) -> None:
    with app.test_request_context(), transaction():
        one = db.session.get_one(Reconsent, world.ids[0])
        service.refuse(one, words="", by=one.person)
    visitor = world.staff(Role.APPROVER)
    visitor.get(f"/reconsents/{world.ids[0]}")
    page = visitor.send("対応を決める", 409, decision="keep")
    assert "前の版のまま認める理由を入力してください。" in page.text
    page = visitor.send("対応を決める", 422, decision="")
    assert "対応を選んでください" in page.text
    assert "対応を決める" not in world.staff(Role.SCREENER).get(f"/reconsents/{world.ids[0]}").words("button")


def test_the_csv_holds_what_the_filter_shows(world: World) -> None:
    answer = world.staff(Role.AUDITOR).client.get(f"/terms/{world.edition_id}/consents.csv?state=asked")
    lines = answer.data.decode("utf-8-sig").splitlines()
    assert (answer.status_code, len(lines)) == (200, 5)


def test_the_approver_is_warned_of_a_near_day(app: Any, world: World) -> None:
    with app.test_request_context(), transaction():
        far = editions.import_edition(NEW + b"z\n", version="6.0", proposed_on=date(2027, 2, 1)).id
    visitor = world.staff(Role.APPROVER)
    assert "施行日の案まで30日ありません" not in visitor.get(f"/terms/editions/{far}").text
    with app.test_request_context(), transaction():
        soon = editions.import_edition(NEW + b"w\n", version="6.0", proposed_on=date(2026, 12, 10)).id
    assert "施行日の案まで30日ありません" in visitor.get(f"/terms/editions/{soon}").text
    assert "利用者の再同意の状況" in visitor.get(f"/terms/editions/{world.edition_id}").text


def test_a_certificate_of_somebody_never_asked_says_nothing(app: Any) -> None:
    with app.test_request_context(), transaction():
        one: Certificate = issued_certificate()
        who = officer(Role.OPERATOR)
    visitor = Visitor(app)
    enter(app, visitor, who)
    page = visitor.get(f"/certificates/{one.jc_number}")
    said = dict(zip(page.words("dt"), page.words("dd"), strict=True))
    assert said["その後の再同意"] == "—なし"


def test_the_receipt_of_an_answer_is_a_pdf_too(app: Any, world: World) -> None:
    first = world.applicant(0)
    first.get("/reconsent")
    page = first.send(BUTTON, **ticks())
    assert f'href="/reconsent/{world.ids[0]}/receipt.pdf"' in page.text
    with pytest.raises(NotAPage) as file:
        first.get(f"/reconsent/{world.ids[0]}/receipt.pdf")
    assert file.value.response.data.startswith(b"%PDF")
    assert "receipt-consent-" in file.value.response.headers["Content-Disposition"]


def test_where_the_address_is_kept_the_page_says_so_and_it_is(app: Any, world: World) -> None:
    app.config["CONSENT_ADDRESS_DAYS"] = 90
    first = world.applicant(0)
    assert "IPアドレスを暗号化して90日間だけ保存し" in first.get("/reconsent").text
    first.send(BUTTON, **ticks())
    with app.app_context():
        kept = db.session.query(ConsentAddress).one()
        assert kept.consent_id == db.session.get_one(Reconsent, world.ids[0]).consent_id
        ((_, address),) = addresses.opened(
            f"consent:{kept.consent_id}", ground=AddressGround.DISPUTE, by="terminal"
        )
    assert address == "127.0.0.1"
