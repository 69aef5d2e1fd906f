"""The ledger by its service: what is found by which number, what each filter means, page after page."""

import re
from typing import Any

import pytest
from sqlalchemy import event, text

from jcanweb import clock
from jcanweb.database import db
from jcanweb.events import Event
from jcanweb.models import Certificate, Recovery
from jcanweb.roles import Role
from jcanweb.services import backup, revocation
from jcanweb.services import ledger as service
from jcanweb.services.ledger import Standing
from jcanweb.vocabulary import (
    CertificateState,
    RecoveryGround,
    RecoveryState,
    RevocationReason,
    RevocationRequester,
    SecretKind,
)
from tests import builders
from tests.issued import issued_certificate
from tests.people import officer


def found(typed: str = "", **values: Any) -> list[str]:
    return [row.certificate.jc_number for row in service.page(typed=typed, **values).rows]


@pytest.fixture
def three(context: Any) -> list[Certificate]:
    return [issued_certificate() for _ in range(3)]


def test_the_newest_comes_first(three: list[Certificate]) -> None:
    assert found() == [one.jc_number for one in reversed(three)]


@pytest.mark.parametrize(
    "typed", ["{}", " {} ", "jc-00000002", "ＪＣ－００００００２", "JC00000002", "jc ー 2", "2", "００２"]
)
def test_a_number_is_found_however_it_is_typed(three: list[Certificate], typed: str) -> None:
    number = three[1].jc_number
    assert number == "JC-00000002"
    assert found(typed.format(number)) == [number]


@pytest.mark.parametrize("way", ["lower", "upper", "colons", "spaces", "zeros", "prefix", "wide"])
def test_a_serial_number_is_found_however_it_is_typed(three: list[Certificate], way: str) -> None:
    serial = three[1].serial_number
    even = serial.zfill(len(serial) + len(serial) % 2)
    pairs = [even[place : place + 2] for place in range(0, len(even), 2)]
    typed = {
        "lower": serial, "upper": serial.upper(), "colons": ":".join(pairs).upper(), "spaces": " ".join(pairs),
        "zeros": f"00{even}", "prefix": f"0x{serial}", "wide": "：".join(pairs).translate(
            {ord(digit): ord(digit) + 0xFEE0 for digit in "0123456789abcdef"}),
    }[way]  # fmt: skip
    assert found(typed) == [three[1].jc_number]


def test_a_corporation_is_found_with_all_its_certificates(context: Any) -> None:
    person = builders.person()
    mine = [
        issued_certificate(application=builders.application(builders.A.APPROVED, person=person))
        for _ in range(2)
    ]
    issued_certificate()
    number = person.corporation.corporate_number
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in number)
    for typed in (number, f"{number[0]}-{number[1:5]}-{number[5:9]}-{number[9:]}", wide):
        assert found(typed) == [one.jc_number for one in reversed(mine)]


@pytest.mark.parametrize(
    "typed", ["見本商会", "JC-", "zz:zz", "x" * 400, "0", "%", "JC-99999999", "'; DROP TABLE x; --", "f" * 41]
)
def test_a_text_that_is_no_number_finds_nothing(three: list[Certificate], typed: str) -> None:
    assert found(typed) == []


def test_each_state_is_a_filter(context: Any) -> None:
    made = {state: issued_certificate(state) for state in CertificateState}
    for state, certificate in made.items():
        assert found(standing=Standing(state.value)) == [certificate.jc_number]
    assert found(standing=Standing.EXPIRED) == []


def test_expired_is_computed_and_no_other_filter_shows_it(context: Any, hands: Any) -> None:
    made = {state: issued_certificate(state) for state in CertificateState}
    hands.forward(days=729)
    assert found(standing=Standing.EXPIRED) == []
    assert not service.expired(made[CertificateState.ISSUED])
    hands.forward(days=1)
    over = [one for state, one in made.items() if state is not CertificateState.REVOKED]
    assert found(standing=Standing.EXPIRED) == [one.jc_number for one in reversed(over)]
    for state in CertificateState:
        wanted = [made[state].jc_number] if state is CertificateState.REVOKED else []
        assert found(standing=Standing(state.value)) == wanted
    assert [row.expired for row in service.page().rows] == [False, True, True, True]


def many(count: int, **values: Any) -> None:
    """Copies of one certificate, without their history."""
    one = issued_certificate(CertificateState.DELIVERED)
    columns = [column.name for column in Certificate.__table__.columns if column.name != "id"]
    taken = {"jc_number": "'JC-' || (10000000 + n)", "serial_number": "'a' || n", "public_key_sha256": "'k' || n",
             "application_id": "-n", "order_id": "-n", **values}  # fmt: skip
    shown = ", ".join(taken.get(name, f"certificate.{name}") for name in columns)
    series = ("generate_series(1, :count) AS s(n)" if db.engine.dialect.name == "postgresql" else
              "(WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < :count) SELECT n FROM s)")  # fmt: skip
    off, on = (
        ("SET session_replication_role = replica", "SET session_replication_role = origin")
        if db.engine.dialect.name == "postgresql"
        else ("PRAGMA defer_foreign_keys = ON", "SELECT 1")
    )
    db.session.execute(text(off))
    db.session.execute(
        text(
            f"INSERT INTO certificate ({', '.join(columns)}) SELECT {shown} FROM certificate, {series} WHERE certificate.id = :id"
        ),
        {"count": count, "id": one.id},
    )
    db.session.execute(text(on))


@pytest.mark.parametrize("standing", [None, Standing.DELIVERED, Standing.EXPIRED])
def test_every_certificate_stands_on_exactly_one_page(
    context: Any, hands: Any, standing: Standing | None
) -> None:
    many(120)
    if standing is Standing.EXPIRED:
        hands.forward(days=731)
    seen: list[int] = []
    after = None
    for size in (50, 50, 21):
        shown = service.page(standing=standing, after=after)
        assert len(shown.rows) == size
        seen += [row.certificate.id for row in shown.rows]
        after = shown.after
    assert after is None
    assert len(set(seen)) == 121


def plans(act: Any) -> list[str]:
    """How the database goes about every statement of `act`."""
    asked: list[tuple[str, Any]] = []

    def note(_: Any, __: Any, statement: str, parameters: Any, *rest: Any) -> None:
        asked.append((statement, parameters))

    event.listen(db.engine, "before_cursor_execute", note)
    act()
    event.remove(db.engine, "before_cursor_execute", note)
    word = "EXPLAIN" if db.engine.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
    db.session.execute(text("SELECT 1"))
    connection = db.session.connection()
    return ["\n".join(str(row) for row in connection.exec_driver_sql(f"{word} {statement}", parameters))
            for statement, parameters in asked if statement.startswith("SELECT")]  # fmt: skip


@pytest.mark.parametrize(
    "values",
    [{}, {"after": 500}, {"standing": Standing.DELIVERED}, {"standing": Standing.EXPIRED},
     {"standing": Standing.EXPIRED, "after": 500}, {"typed": "JC-00000001"}, {"typed": "ab:cd"},
     {"typed": builders.corporate_number(1)}, {"standing": Standing.REVOKED, "after": 500}],
)  # fmt: skip
def test_every_way_through_the_list_has_its_index(context: Any, values: dict[str, Any]) -> None:
    many(2000)
    if db.engine.dialect.name == "postgresql":
        db.session.execute(text("ANALYZE certificate"))
    for plan in plans(lambda: service.page(**values)):
        assert not values or not re.search(r"SCAN certificate(?! USING)|Seq Scan on certificate", plan), plan
        assert "typed" in values or "USE TEMP B-TREE" not in plan, plan  # of one corporation all are sorted


def test_everything_a_certificate_is_bound_to_is_there(context: Any) -> None:
    certificate = issued_certificate()
    receiver = officer(Role.SCREENER)
    made = revocation.receive(certificate, reason=RevocationReason.SUPERSEDED, words="差替え。", by=receiver,
                              requester=RevocationRequester.CORPORATION)  # fmt: skip
    living = backup.living(certificate)
    backup.destroy(living[SecretKind.PIN], by=None)
    recovery = Recovery(certificate_id=certificate.id, state=RecoveryState.REQUESTED, proof="電話で確認",
                        ground=RecoveryGround.SUBSCRIBER_LOST_PIN, requested_by=receiver.id,
                        requested_at=clock.now())  # fmt: skip
    db.session.add(recovery)
    db.session.flush()
    bound = service.bound(certificate)
    assert bound.consent.id == certificate.consent_id
    assert set(bound.names) == {certificate.screened_by, certificate.approved_by, certificate.issued_by}
    assert (bound.revocation, bound.recovery) == (made, recovery)
    pin, pfx = bound.backups
    assert (pin.kind, len(pin.shares), pin.destroyed_at) == (SecretKind.PIN, 0, clock.now())
    assert {share.custodian.group.value for share in pfx.shares} == {"key", "security"}
    assert {step.event for step in bound.history} == {Event.BACKUP_DESTROYED, Event.REVOCATION_RECEIVED}
    revocation.refuse(made, words="誤り。", version=made.version, by=officer(Role.APPROVER))
    assert service.bound(certificate).revocation is None
