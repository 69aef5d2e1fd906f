"""What the applicant is told of the IP address of a consent, and what is kept of it."""

from typing import Any

import pytest

from jcanweb.database import db, transaction
from jcanweb.models import AuditEntry, ConsentAddress, Receipt
from jcanweb.services import addresses, enrollment
from jcanweb.vocabulary import AddressGround
from tests import builders
from tests.page import Visitor
from tests.people import enter_person

TICKED = {f"statement_{number}": "y" for number in range(1, 7)}


@pytest.fixture
def applicant(app: Any, browser: Visitor) -> Visitor:
    with app.app_context(), transaction():
        person = builders.person()
    enter_person(app, browser, person)
    return browser


def accept(applicant: Visitor) -> str:
    applicant.get("/apply/terms")
    return applicant.send(enrollment.BUTTON, **TICKED).url.rsplit("/", 1)[1]


def test_by_default_nothing_is_said_and_nothing_kept(app: Any, applicant: Visitor) -> None:
    assert "IPアドレス" not in applicant.get("/apply/terms").text
    accept(applicant)
    with app.app_context():
        assert db.session.query(ConsentAddress).count() == 0


def test_where_it_is_kept_the_terms_say_so_first(
    app: Any, applicant: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    app.config["CONSENT_ADDRESS_DAYS"] = 90
    assert "IPアドレスを暗号化して90日間だけ保存し" in applicant.get("/apply/terms").text
    applicant.client.environ_base["REMOTE_ADDR"] = "192.0.2.7"
    number = accept(applicant)
    with app.app_context(), transaction():
        assert b"192.0.2.7" not in db.session.query(Receipt).one().content
        assert not any("192.0.2.7" in str(entry.facts) for entry in db.session.query(AuditEntry))
        ((_, address),) = addresses.opened(number, ground=AddressGround.DISPUTE, by="terminal")
    assert address == "192.0.2.7"
    assert "192.0.2.7" not in caplog.text
