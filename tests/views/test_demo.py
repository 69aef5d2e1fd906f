"""The other way to begin: one click fills an empty installation with a world that follows every rule."""

from typing import Any

import pytest

from jcanweb import audit
from jcanweb.database import db, transaction
from jcanweb.errors import NotEmpty
from jcanweb.models import Application, Certificate, Officer, Recovery, Revocation
from jcanweb.roles import Role
from jcanweb.services import demo, officers
from jcanweb.vocabulary import ApplicationState, CertificateState, RecoveryState, RevocationState
from tests.page import Page, Visitor
from tests.people import officer


@pytest.fixture
def link(app: Any) -> str:
    with app.app_context(), transaction():
        return f"/setup/{officers.first_link()}"


def states(kind: Any) -> set[Any]:
    return set(db.session.scalars(db.select(kind.state)))


def test_one_click_makes_a_world_in_every_state(app: Any, browser: Visitor, link: str) -> None:
    browser.get(link)
    page = browser.send("デモを作る")
    assert page.h1 == "デモを作りました"
    assert "体験用のデモ環境" in page.text
    with app.app_context():
        assert states(Application) == set(ApplicationState) - {ApplicationState.ISSUING}
        assert states(Certificate) == set(CertificateState)
        assert states(Revocation) == set(RevocationState)
        assert states(Recovery) == {RecoveryState.REQUESTED, RecoveryState.AUTHORIZED}
        assert {held.name for one in officers.everyone() for held in one.roles} == set(Role)
        assert db.session.query(Officer).filter(Officer.password_changed_at.is_not(None)).count() == 0
        assert audit.verify() == []
        assert audit.unfinished() == []
    browser.get(link, status=409)
    signed_in(Visitor(app), page)


def signed_in(visitor: Visitor, shown: Page) -> None:
    """The first officer of the list gets in with the password that was shown, and must change it."""
    email = shown.words("td")[2]
    password = shown.words("code")[0]
    visitor.get("/login")
    assert visitor.send("サインイン", email=email, password=password).h1 == "パスワードの変更"


def test_an_installation_with_an_officer_is_refused(app: Any) -> None:
    with app.app_context(), transaction():
        officer(Role.ADMINISTRATOR)
        with pytest.raises(NotEmpty):
            demo.create(str)


def test_the_link_of_an_invited_officer_makes_no_demo(app: Any, browser: Visitor) -> None:
    with app.app_context(), transaction():
        token = officers.invite(email="a@example.jp", name="審査", roles={Role.SCREENER}, by=None)
    browser.get("/")
    assert browser.client.post(f"/setup/{token}/demo").status_code in {400, 404}
