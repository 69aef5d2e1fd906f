"""The approver types OU2 and CN before seeing them; who screened sees where they differ."""

from typing import Any

import pytest

from jcanweb.database import db, transaction
from jcanweb.models import Application
from jcanweb.roles import Role
from jcanweb.services import comments, screening
from jcanweb.vocabulary import ApplicationState as A
from tests import builders
from tests.issued import issued_certificate
from tests.page import Page, Visitor
from tests.people import enter, officer

TEXTS = {"organization_unit": "Mihon Zosen Co., Ltd.", "organization_unit_typed": "Ｍｉｈｏｎ Zosen Co., Ltd.",
         "common_name": "Keiyaku Manager", "common_name_typed": "Keiyaku  Manager"}  # fmt: skip
TELLING = ("Zosen", "Keiyaku", "Ｍｉｈｏｎ")


class Scene:
    """A screened application whose holder has a certificate of the same name, a screener and an approver."""

    def __init__(self, app: Any) -> None:
        self.app, self.windows = app, {role: Visitor(app) for role in (Role.SCREENER, Role.APPROVER)}
        with app.test_request_context(), transaction():
            people = {role: officer(role) for role in self.windows}
            who = builders.person()
            self.english = who.corporation.name_en
            issued_certificate(application=builders.application(A.APPROVED, person=who, **TEXTS))
            self.made = builders.application(A.SCREENING, screened=True, person=who, screener=people[Role.SCREENER],
                                             returned_reason="Zosen の綴りを直してください。", **TEXTS)  # fmt: skip
            comments.write(self.made, "Zosen は定款のとおりです。", by=people[Role.SCREENER])
        for role, visitor in self.windows.items():
            enter(app, visitor, people[role])

    def page(self, role: Role) -> Page:
        return self.windows[role].get(f"/applications/{self.made.number}")

    def type(self, unit: str, name: str, status: int = 200) -> Page:
        self.page(Role.APPROVER)
        return self.windows[Role.APPROVER].send("入力を照合する", status=status,
                                                **{"entry-organization_unit": unit, "entry-common_name": name})  # fmt: skip

    def state(self) -> Application:
        with self.app.app_context():
            return db.session.get_one(Application, self.made.id)


@pytest.fixture
def scene(app: Any) -> Scene:
    return Scene(app)


def test_the_approver_sees_the_evidence_and_no_letter_of_the_texts(scene: Scene) -> None:
    page = scene.page(Role.APPROVER)
    assert [word for word in TELLING if word in page.text] == []
    assert scene.made.common_name_ja in page.text
    assert scene.english in page.text
    assert "承認する</button>" not in page.text
    assert "Zosen" in scene.page(Role.SCREENER).text


def test_the_approver_is_blind_before_the_screening_is_completed_too(app: Any, scene: Scene) -> None:
    with app.app_context(), transaction():
        one = db.session.get_one(Application, scene.made.id)
        one.screened_by = one.screened_at = None
    page = scene.page(Role.APPROVER)
    assert [word for word in TELLING if word in page.text] == []
    assert "一致するまで表示しません" in page.text


def test_the_same_texts_open_the_approval_and_the_page(scene: Scene) -> None:
    page = scene.type(" Mihon  Zosen Co., Ltd.", "Ｋｅｉｙａｋｕ Manager")
    assert "申請の内容と一致しました。承認できます。" in page.text
    assert all(word in page.text for word in TELLING)
    assert "承認済み" in scene.windows[Role.APPROVER].send("承認する").h1


def test_a_difference_is_told_without_the_texts_and_shown_to_the_screener(scene: Scene, hands: Any) -> None:
    hands.forward(minutes=1)
    page = scene.type("Mihon Zosen Co.,Ltd.", "Keiyaku Manager")
    assert "一致しなかったため、審査に戻しました" in page.text
    assert [word for word in TELLING if word in page.text] == []
    assert scene.state().screened_by is None
    page = scene.page(Role.SCREENER)
    assert "承認者が証拠から入力した文字と違います" in page.text
    assert "Co.,Ltd." in page.words("ins")
    assert "残り 1 項目" in page.text


def test_an_empty_entry_is_told_at_its_field_and_the_other_kept(scene: Scene) -> None:
    page = scene.type("", "Anything", status=422)
    (empty,) = [one for one in page.all("input") if one.get("aria-invalid")]
    assert empty.get("id") == "entry-organization_unit"
    assert [one.get("value") for one in page.all("input") if one.get("id") == "entry-common_name"] == [
        "Anything"
    ]
    assert scene.state().screened_by is not None


def test_a_page_that_grew_old_keeps_what_was_typed(app: Any, scene: Scene) -> None:
    scene.page(Role.APPROVER)
    with app.test_request_context(), transaction():
        one = db.session.get_one(Application, scene.made.id)
        screening.send_back_screened(one, "直してください。", version=one.version, by=officer(Role.APPROVER))
    typed = {"entry-organization_unit": "Mihon", "entry-common_name": "Some Post"}
    page = scene.windows[Role.APPROVER].send("入力を照合する", status=409, **typed)
    assert "内容が更新されました" in page.text
    assert page.words("pre") == ["Mihon\nSome Post"]


def test_who_may_not_approve_enters_nothing(scene: Scene) -> None:
    assert "入力を照合する" not in scene.page(Role.SCREENER).text
    scene.windows[Role.SCREENER].post(f"/applications/{scene.made.number}/enter", status=403)
