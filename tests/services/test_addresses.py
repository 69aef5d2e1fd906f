"""The address of a consent: not kept unless a setting says so, then sealed, read on a ground, deleted after its days."""

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from jcanweb import jobs, keys
from jcanweb.database import db, transaction
from jcanweb.events import Event
from jcanweb.models import Application, AuditEntry, Consent, ConsentAddress, Receipt
from jcanweb.pki.sealbox import CannotUnseal
from jcanweb.services import addresses
from jcanweb.vocabulary import AddressGround
from tests import builders

ADDRESS = "2001:db8::7f"


def consent() -> Consent:
    made = builders.application()
    builders.receipt(made)
    return made.consents[-1]


@pytest.fixture
def given(app: Any, context: Any) -> Consent:
    """A consent whose address is kept for thirty days."""
    app.config["CONSENT_ADDRESS_DAYS"] = 30
    made = consent()
    addresses.keep(made, ADDRESS)
    return made


def read(number: str) -> list[Any]:
    return addresses.opened(number, ground=AddressGround.DISPUTE, by="terminal")


def number(of: Consent) -> str:
    return db.session.get_one(Application, of.application_id).number


def entries(event: Event) -> list[AuditEntry]:
    return db.session.query(AuditEntry).filter_by(event=event).all()


def test_nothing_is_kept_by_default(context: Any) -> None:
    addresses.keep(consent(), ADDRESS)
    assert db.session.query(ConsentAddress).count() == 0


def test_it_is_sealed_and_stands_nowhere_else(given: Consent) -> None:
    kept = db.session.query(ConsentAddress).one()
    assert ADDRESS.encode() not in kept.sealed
    assert ADDRESS.encode() not in db.session.query(Receipt).one().content
    assert not any(ADDRESS in str(entry.facts) for entry in db.session.query(AuditEntry))


def test_it_opens_in_its_own_row_only(given: Consent) -> None:
    kept = db.session.query(ConsentAddress).one()
    with pytest.raises(CannotUnseal):
        keys.sealer().open(kept.sealed, f"consent_address:{given.id + 1}")


def test_who_reads_it_is_recorded_with_the_ground_and_without_it(given: Consent) -> None:
    assert read(number(given)) == [(given.given_at, ADDRESS)]
    assert read(f"consent:{given.id}") == [(given.given_at, ADDRESS)]
    first, _ = entries(Event.ADDRESS_OPENED)
    assert (first.actor, first.subject_id) == ("terminal", str(given.person_id))
    assert first.facts == {"consent": given.id, "ground": "dispute"}


@pytest.mark.parametrize("named", ["T99999999", "consent:999", "consent:x", "", "consent:", "consent:²"])
def test_where_nothing_is_kept_nothing_is_read_or_recorded(given: Consent, named: str) -> None:
    assert read(named) == []
    assert entries(Event.ADDRESS_OPENED) == []


def test_it_is_deleted_after_its_days_and_how_many_is_recorded(app: Any, hands: Any) -> None:
    app.config["CONSENT_ADDRESS_DAYS"] = 30
    with app.app_context(), transaction():
        for _ in range(2):
            addresses.keep(consent(), ADDRESS)
    app.config["CONSENT_ADDRESS_DAYS"] = 0  # what was said then still holds
    for days, left, recorded in ((29, 2, []), (1, 0, [2]), (1, 0, [2])):
        hands.forward(days=days)
        jobs.sweep(app)
        with app.app_context():
            assert db.session.query(ConsentAddress).count() == left
            assert [entry.facts["count"] for entry in entries(Event.ADDRESS_DELETED)] == recorded


def test_past_its_day_it_is_not_read_even_before_the_job(given: Consent, hands: Any) -> None:
    hands.forward(days=30)
    assert read(number(given)) == []


def test_the_database_rewrites_no_address(given: Consent) -> None:
    with pytest.raises(DatabaseError, match="consent_address_kept"):
        db.session.execute(text("UPDATE consent_address SET delete_on = '2099-01-01'"))
    db.session.rollback()
