"""The evidence of a certificate as a file: who may have it, that it is recorded, what is told when there is none."""

import hashlib
from io import BytesIO
from typing import Any

import pytest

from jcanweb import verifier
from jcanweb.database import db, transaction
from jcanweb.events import Event, Outcome
from jcanweb.models import AuditEntry, Certificate, Officer
from jcanweb.roles import Role
from jcanweb.services import receipts
from tests.issued import issued_certificate
from tests.page import NotAPage, Visitor
from tests.people import enter, officer
from tests.services.test_evidence import certificate


@pytest.fixture
def one(app: Any) -> Certificate:
    with app.test_request_context(), transaction():
        return certificate()


def signed_in(app: Any, visitor: Visitor, role: Role) -> Officer:
    with app.test_request_context(), transaction():
        who = officer(role)
    enter(app, visitor, who)
    return who


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.APPROVER])
def test_it_is_got_from_the_ledger_and_recorded(
    app: Any, browser: Visitor, one: Certificate, role: Role
) -> None:
    who = signed_in(app, browser, role)
    page = browser.get(f"/certificates/{one.jc_number}")
    (link,) = [a for a in page.all("a") if "".join(a.itertext()) == "証拠ファイルを作る"]
    with pytest.raises(NotAPage) as came:
        browser.get(str(link.get("href")))
    response = came.value.response
    assert response.headers["Content-Disposition"] == f"attachment; filename=evidence-{one.jc_number}.zip"
    assert (response.mimetype, response.headers["Cache-Control"]) == ("application/zip", "no-store")
    with app.app_context():
        assert verifier.exit_code(verifier.verify(response.data, {receipts.fingerprint()})) == 0
        entry = db.session.query(AuditEntry).filter_by(event=Event.EVIDENCE_BUILT).one()
        facts = {"sha256": hashlib.sha256(response.data).hexdigest(), "size": len(response.data)}
        assert (entry.facts, entry.actor) == (facts, f"officer:{who.id}")
    assert "証拠ファイルの作成" in browser.get(f"/certificates/{one.jc_number}").text


@pytest.mark.parametrize("role", [Role.SCREENER, Role.OPERATOR])
def test_others_see_no_button_and_get_no_file(
    app: Any, browser: Visitor, one: Certificate, role: Role
) -> None:
    signed_in(app, browser, role)
    assert "証拠ファイル" not in browser.get(f"/certificates/{one.jc_number}").text
    browser.get(f"/certificates/{one.jc_number}/evidence.zip", 403)
    with app.app_context():
        assert db.session.query(AuditEntry).filter_by(event=Event.EVIDENCE_BUILT).count() == 0


def test_an_unknown_number_is_not_found(app: Any, browser: Visitor) -> None:
    signed_in(app, browser, Role.AUDITOR)
    browser.get("/certificates/JC-99999999/evidence.zip", 404)
    browser.get("/certificates/x%00/evidence.zip", 404)


def test_what_keeps_it_from_being_made_is_told(app: Any, browser: Visitor) -> None:
    with app.test_request_context(), transaction():
        one = issued_certificate()
    signed_in(app, browser, Role.AUDITOR)
    page = browser.get(f"/certificates/{one.jc_number}/evidence.zip", 409)
    assert page.h1 == "証拠ファイルを作れません"
    assert "受領証がない" in page.text
    with app.app_context():
        (entry,) = db.session.query(AuditEntry).filter_by(outcome=Outcome.REFUSED)
        assert entry.facts == {"reason": "EvidenceRefused"}


def test_the_page_that_checks_takes_it(app: Any, browser: Visitor, one: Certificate) -> None:
    signed_in(app, browser, Role.AUDITOR)
    with pytest.raises(NotAPage) as came:
        browser.get(f"/certificates/{one.jc_number}/evidence.zip")
    browser.get("/receipts/verify")
    page = browser.send("確かめる", file=(BytesIO(came.value.response.data), "evidence.zip"))
    assert "合わないものはありません" in page.text
