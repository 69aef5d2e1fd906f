"""Custodians: three groups that never share a person, each with a key of the person's own."""

import base64
import threading
from itertools import permutations
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from jcanweb import audit, clock
from jcanweb.database import db, flush, transaction
from jcanweb.errors import (
    AlreadyTaken,
    CustodiansMissing,
    FieldRefused,
    RolesExclude,
    RuleViolation,
    TwoPersonRule,
    WrongState,
)
from jcanweb.events import Event
from jcanweb.models import AuditEntry, Custodian, Officer
from jcanweb.pki import share_file
from jcanweb.pki.officer_key import load_officer_key
from jcanweb.roles import Role
from jcanweb.services import backup, officers
from jcanweb.services import custodians as service
from jcanweb.vocabulary import CustodianGroup
from tests.issued import custodian, issued_certificate, officer_key
from tests.people import officer

KEY, PIN, SECURITY = CustodianGroup.KEY, CustodianGroup.PIN, CustodianGroup.SECURITY
LONG = "three blue kettles"


@pytest.fixture
def head(context: Any) -> Officer:
    return officer(Role.ADMINISTRATOR)


@pytest.fixture
def person(context: Any) -> Officer:
    return officer(Role.SCREENER)


def public_key(group: CustodianGroup = KEY) -> str:
    return share_file.public_key_text(officer_key(group).public_key)


# --- appointed ----------------------------------------------------------------------------------------


def test_an_administrator_appoints_and_the_officer_makes_the_key(head: Officer, person: Officer) -> None:
    made = service.appoint(person, KEY, by=head)
    assert (made.appointed_by, made.appointed_at, made.public_key) == (head.id, clock.now(), None)
    service.take_key(made, public_key(), by=person)
    assert made.public_key == officer_key(KEY).public_key
    assert made.private_pem is None
    entries = db.session.query(AuditEntry).order_by(AuditEntry.sequence.desc()).limit(2).all()
    assert [(one.event, one.facts) for one in reversed(entries)] == [
        (Event.CUSTODIAN_APPOINTED, {"officer": person.id, "group": "key"}),
        (Event.CUSTODIAN_KEY_MADE, {"public_key_sha256": service.fingerprint(made), "kept": "officer"}),
    ]


def test_nobody_appoints_the_own_person(context: Any) -> None:
    head = officer(Role.ADMINISTRATOR)
    with pytest.raises(TwoPersonRule, match="自分を"):
        service.appoint(head, KEY, by=head)


def test_an_administrator_is_no_custodian(head: Officer) -> None:
    with pytest.raises(TwoPersonRule, match="管理者は"):
        service.appoint(officer(Role.ADMINISTRATOR), KEY, by=head)


def test_a_custodian_becomes_no_administrator(head: Officer, person: Officer) -> None:
    service.appoint(person, KEY, by=head)
    with pytest.raises(RolesExclude):
        officers.change_roles(person, {Role.ADMINISTRATOR}, version=person.version, by=head)


def test_who_has_left_is_not_appointed(head: Officer, person: Officer) -> None:
    officers.deactivate(person, version=person.version, by=head)
    with pytest.raises(FieldRefused, match="停止"):
        service.appoint(person, KEY, by=head)
    assert person not in service.eligible()


def test_nobody_is_appointed_twice(head: Officer, person: Officer) -> None:
    service.appoint(person, KEY, by=head)
    with pytest.raises(FieldRefused, match="既に"):
        service.appoint(person, KEY, by=head)


@pytest.mark.parametrize(("first", "second"), list(permutations(CustodianGroup, 2)))
@pytest.mark.parametrize("released", [False, True], ids=["in force", "released"])
def test_a_group_is_for_good(
    head: Officer, person: Officer, first: CustodianGroup, second: CustodianGroup, released: bool
) -> None:
    made = service.appoint(person, first, by=head)
    if released:
        service.release(made, by=head)
    with pytest.raises(TwoPersonRule, match="区分"):
        service.appoint(person, second, by=head)


@pytest.mark.parametrize(("first", "second"), list(permutations(CustodianGroup, 2)))
def test_a_group_is_for_good_by_sql(
    head: Officer, person: Officer, first: CustodianGroup, second: CustodianGroup
) -> None:
    made = service.appoint(person, first, by=head)
    service.release(made, by=head)
    db.session.commit()
    with pytest.raises(IntegrityError, match="custodian_disjoint"):
        db.session.execute(
            text("INSERT INTO custodian (officer_id, custodian_group, appointed_by, appointed_at) "
                 "VALUES (:officer, :kind, :by, '2026-11-24 00:00:00')"),
            {"officer": person.id, "kind": second.value, "by": head.id},
        )  # fmt: skip
    db.session.rollback()
    again = service.appoint(person, first, by=head)
    with pytest.raises(IntegrityError, match="custodian_disjoint"):
        db.session.execute(text("UPDATE custodian SET custodian_group = :kind WHERE id = :id"),
                           {"kind": second.value, "id": again.id})  # fmt: skip
    db.session.rollback()


def test_administrators_and_the_own_person_are_refused_by_sql(head: Officer) -> None:
    other = officer(Role.ADMINISTRATOR)
    db.session.commit()
    insert = ("INSERT INTO custodian (officer_id, custodian_group, appointed_by, appointed_at) "
              "VALUES (:officer, 'key', :by, '2026-11-24 00:00:00')")  # fmt: skip
    for who in (other, head):
        with pytest.raises(IntegrityError, match="disjoint|other_person"):
            db.session.execute(text(insert), {"officer": who.id, "by": head.id})
        db.session.rollback()


def test_what_the_database_refuses_is_told_as_the_rule(head: Officer, person: Officer) -> None:
    service.appoint(person, KEY, by=head)
    db.session.add(Custodian(officer_id=person.id, group=PIN, appointed_by=head.id, appointed_at=clock.now(),
                             released_by=head.id, released_at=clock.now()))  # fmt: skip
    with pytest.raises(TwoPersonRule):
        flush()
    db.session.rollback()


def test_of_two_groups_at_once_one_wins(app: Any) -> None:
    with app.test_request_context(), transaction():
        head, person = officer(Role.ADMINISTRATOR), officer(Role.SCREENER)
    gate, outcomes = threading.Barrier(3), []

    def press(group: CustodianGroup) -> None:
        with app.test_request_context():
            who, by = db.session.get_one(Officer, person.id), db.session.get_one(Officer, head.id)
            db.session.rollback()
            gate.wait()
            try:
                with transaction():
                    service.appoint(who, group, by=by)
                outcomes.append("won")
            except RuleViolation as violation:
                outcomes.append(violation.code)

    threads = [threading.Thread(target=press, args=(group,)) for group in CustodianGroup]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(outcomes) == ["TwoPersonRule", "TwoPersonRule", "won"]


# --- keys ---------------------------------------------------------------------------------------------


def test_a_key_kept_here_opens_with_the_passphrase_only(head: Officer, person: Officer) -> None:
    made = service.appoint(person, SECURITY, by=head)
    service.make_key(made, LONG, by=person)
    assert made.private_pem is not None
    assert load_officer_key(made.private_pem, LONG).public_key().public_bytes_raw() == made.public_key
    entry = db.session.query(AuditEntry).filter_by(event=Event.CUSTODIAN_KEY_MADE).one()
    assert entry.facts["kept"] == "server"
    assert LONG not in str(entry.facts)


def test_a_short_passphrase_makes_no_key(head: Officer, person: Officer) -> None:
    made = service.appoint(person, SECURITY, by=head)
    with pytest.raises(FieldRefused, match="15文字") as refused:
        service.make_key(made, "a" * 14, by=person)
    assert refused.value.field == "passphrase"


def test_only_the_appointed_officer_makes_the_key(head: Officer, person: Officer) -> None:
    made = service.appoint(person, KEY, by=head)
    for by in (head, officer(Role.SCREENER)):
        with pytest.raises(TwoPersonRule):
            service.make_key(made, LONG, by=by)
        with pytest.raises(TwoPersonRule):
            service.take_key(made, public_key(), by=by)


def test_a_key_is_made_once(head: Officer, person: Officer) -> None:
    made = service.appoint(person, KEY, by=head)
    service.take_key(made, public_key(), by=person)
    with pytest.raises(AlreadyTaken):
        service.take_key(made, public_key(PIN), by=person)
    with pytest.raises(AlreadyTaken):
        service.make_key(made, LONG, by=person)


def test_who_was_released_makes_no_key(head: Officer, person: Officer) -> None:
    made = service.appoint(person, KEY, by=head)
    service.release(made, by=head)
    with pytest.raises(AlreadyTaken):
        service.take_key(made, public_key(), by=person)


def test_one_key_stands_under_one_custodian(head: Officer, person: Officer) -> None:
    custodian(KEY)
    made = service.appoint(person, PIN, by=head)
    with pytest.raises(FieldRefused, match="既に登録"):
        service.take_key(made, public_key(KEY), by=person)


def pem(der: bytes) -> str:
    return f"-----BEGIN PUBLIC KEY-----\n{base64.b64encode(der).decode()}\n-----END PUBLIC KEY-----\n"


DER = base64.b64decode("".join(share_file.public_key_text(bytes(range(1, 33))).splitlines()[1:-1]))


@pytest.mark.parametrize(
    "typed",
    ["", "公開鍵", "\0", pem(DER[:-4]), pem(DER[:12] + bytes(32)), pem(DER.replace(b"\x2b\x65\x6e", b"\x2b\x65\x70")),
     pem(DER.replace(b"\x2b\x65\x6e", b"\x2b\x65\x7e")), pem(DER).replace("PUBLIC", "PRIVATE")],
    ids=["empty", "words", "nul", "short", "low order", "Ed25519", "unknown algorithm", "private"],
)  # fmt: skip
def test_what_is_no_x25519_public_key_is_refused(head: Officer, person: Officer, typed: str) -> None:
    made = service.appoint(person, KEY, by=head)
    with pytest.raises(FieldRefused, match="公開鍵として読めません") as refused:
        service.take_key(made, typed, by=person)
    assert refused.value.field == "public_key"


# --- who there is -------------------------------------------------------------------------------------


def test_nothing_is_sealed_until_each_group_has_a_key(head: Officer, person: Officer) -> None:
    assert service.missing() == [KEY, PIN, SECURITY]
    waiting = service.appoint(person, KEY, by=head)
    custodian(PIN)
    custodian(SECURITY)
    assert service.missing() == [KEY]
    with pytest.raises(CustodiansMissing):
        service.holders()
    service.take_key(waiting, public_key(KEY), by=person)
    assert service.missing() == []
    assert {group: len(found) for group, found in service.holders().items()} == {KEY: 1, PIN: 1, SECURITY: 1}


def test_who_was_released_or_has_left_gets_nothing_new(head: Officer) -> None:
    held = {group: custodian(group) for group in CustodianGroup}
    assert all(service.is_last(one) for one in held.values())
    service.release(held[KEY], by=head)
    leaver = db.session.get_one(Officer, held[PIN].officer_id)
    officers.deactivate(leaver, version=leaver.version, by=head)
    assert service.missing() == [KEY, PIN]


def test_a_release_is_done_once(head: Officer, person: Officer) -> None:
    made = service.appoint(person, KEY, by=head)
    service.release(made, by=head)
    assert (made.released_by, made.released_at) == (head.id, clock.now())
    with pytest.raises(WrongState):
        service.release(made, by=head)


def test_eligible_are_those_at_work_who_are_no_administrators_and_not_appointed(
    head: Officer, person: Officer
) -> None:
    assert service.eligible() == [person]
    made = service.appoint(person, KEY, by=head)
    assert service.eligible() == []
    service.release(made, by=head)
    assert service.eligible() == [person]


def test_the_price_of_a_release_is_what_nobody_else_opens(head: Officer) -> None:
    one, two = issued_certificate(), issued_certificate()
    held = {made.group: made for made in db.session.query(Custodian)}
    assert service.only_holder_of() == {made.id: 2 for made in held.values()}
    second = custodian(KEY, key=officer_key_of("second"))
    shares = [
        share for share in backup.living(one).values() for share in share.shares if share.half == "custodian"
    ]
    for share in shares:
        if share.custodian_id == held[KEY].id:
            db.session.execute(
                text("INSERT INTO backup_share (backup_id, half, custodian_id, sealed) VALUES (:id, 'custodian', :who, :s)"),
                {"id": share.backup_id, "who": second.id, "s": share.sealed},
            )  # fmt: skip
    assert service.only_holder_of() == {held[KEY].id: 1, held[PIN].id: 2, held[SECURITY].id: 2}
    leaver = db.session.get_one(Officer, second.officer_id)
    officers.deactivate(leaver, version=leaver.version, by=head)
    assert service.only_holder_of()[held[KEY].id] == 2
    for kept in backup.living(two).values():
        backup.destroy(kept, by=head)
    assert service.only_holder_of() == {made.id: 1 for made in held.values()}
    assert audit.verify() == []


def officer_key_of(name: str) -> Any:
    """A key that no other custodian has."""
    from jcanweb.pki.officer_key import new_officer_key

    return new_officer_key(f"{name} pass phrase", iterations=1000)
