"""Personal links and codes by the services: what is kept of them, and what does not open."""

from typing import Any

import pytest

from jcanweb import clock
from jcanweb.database import db
from jcanweb.errors import FieldRefused, LinkExpired, TooManyAttempts, WrongCode
from jcanweb.events import Event
from jcanweb.models import AccessCode, AuditEntry, Invitation, Officer, Person
from jcanweb.roles import Role
from jcanweb.services import invitations as service
from tests import builders
from tests.people import officer


@pytest.fixture
def screener(context: Any) -> Officer:
    return officer(Role.SCREENER)


@pytest.fixture
def person(screener: Officer) -> Person:
    return builders.person()


@pytest.fixture
def invitation(person: Person, screener: Officer) -> Invitation:
    return service.open_link(service.invite(person, by=screener))


def code_for(invitation: Invitation) -> str:
    code = service.send_code(invitation)
    assert code
    return code


def test_the_row_keeps_only_the_hash(person: Person, screener: Officer) -> None:
    link = service.invite(person, by=screener)
    row = db.session.query(Invitation).one()
    assert row.token_sha256 not in link
    assert (row.person_id, row.invited_by) == (person.id, screener.id)
    assert len(link) > 80


def test_opening_a_link_uses_nothing_up(person: Person, screener: Officer) -> None:
    link = service.invite(person, by=screener)
    assert service.open_link(link) is service.open_link(link)


def test_a_new_link_ends_the_one_before(person: Person, screener: Officer) -> None:
    first = service.invite(person, by=screener)
    second = service.invite(person, by=screener)
    with pytest.raises(LinkExpired):
        service.open_link(first)
    assert service.open_link(second).person_id == person.id


@pytest.mark.parametrize("text", ["", "x", "WzEsIngiXQ.aaaa.bbbb", "\x00", "ａ", "é.é.é"])
def test_a_text_that_is_no_link_does_not_open(invitation: Invitation, text: str) -> None:
    with pytest.raises(LinkExpired):
        service.open_link(text)


def test_a_link_signed_with_another_key_does_not_open(app: Any, person: Person, screener: Officer) -> None:
    link = service.invite(person, by=screener)
    app.config["SECRET_KEY"] = "another"
    with pytest.raises(LinkExpired):
        service.open_link(link)


def test_a_link_ends_to_the_second(person: Person, screener: Officer, hands: Any) -> None:
    link = service.invite(person, by=screener)
    hands.forward(days=14, seconds=-1)
    service.open_link(link)
    hands.forward(seconds=1)
    with pytest.raises(LinkExpired):
        service.open_link(link)


def test_the_code_opens_once(invitation: Invitation, person: Person) -> None:
    code = code_for(invitation)
    assert service.sign_in(invitation, code) is person
    with pytest.raises(WrongCode):
        service.sign_in(invitation, code)


def test_the_row_keeps_no_code(invitation: Invitation) -> None:
    code = code_for(invitation)
    row = db.session.query(AccessCode).one()
    assert code not in row.code_hmac
    assert (row.expires_at - row.sent_at).total_seconds() == 600
    facts = [entry.facts for entry in db.session.query(AuditEntry).filter_by(event=Event.PERSON_CODE_SENT)]
    assert facts == [{"code": row.id}]


def test_two_people_with_the_same_digits_have_different_hashes(person: Person, screener: Officer) -> None:
    assert service._hmac(person, "000000") != service._hmac(builders.person(), "000000")


def test_a_code_ends_to_the_second(invitation: Invitation, hands: Any) -> None:
    code = code_for(invitation)
    hands.forward(minutes=10)
    with pytest.raises(WrongCode):
        service.sign_in(invitation, code)


def test_a_code_sent_a_moment_ago_is_not_sent_again(invitation: Invitation, hands: Any) -> None:
    code_for(invitation)
    hands.forward(seconds=19)
    assert service.send_code(invitation) is None
    hands.forward(seconds=1)
    assert service.send_code(invitation) is not None


def test_six_codes_an_hour_and_no_more(invitation: Invitation, hands: Any) -> None:
    for _ in range(6):
        code_for(invitation)
        hands.forward(minutes=1)
    with pytest.raises(TooManyAttempts):
        service.send_code(invitation)
    hands.forward(minutes=55)
    assert service.send_code(invitation) is not None


@pytest.mark.parametrize("typed", ["123456", "１２３４５６", " 123 456 ", "123-456", "123\u3000456"])
def test_a_code_is_read_as_people_type_it(typed: str) -> None:
    assert service.six_digits(typed) == "123456"


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "12345a", "一二三四五六", "١٢٣٤٥٦", "1" * 100_000])
def test_what_is_no_code_is_refused_at_its_field(typed: str) -> None:
    with pytest.raises(FieldRefused) as refusal:
        service.six_digits(typed)
    assert refusal.value.field == "code"


def test_the_address_is_masked() -> None:
    assert service.masked("hanako@example.jp") == "h***@example.jp"


def test_the_invitation_is_recorded_without_name_or_address(invitation: Invitation, person: Person) -> None:
    entry = db.session.query(AuditEntry).filter_by(event=Event.PERSON_INVITED).one()
    assert entry.facts == {"corporation": person.corporation_id, "invitation": invitation.id}
    assert entry.at == clock.now()
