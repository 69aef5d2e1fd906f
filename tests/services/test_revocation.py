"""Revocation by its services: received, decided by another, executed by a third act, in the CRL."""

import os
import shutil
import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from jcanweb import audit, clock, keys
from jcanweb.calendar import JST
from jcanweb.database import db, transaction
from jcanweb.errors import (
    CertificateExpired,
    CertificateRevoked,
    FieldRefused,
    IssuerTrouble,
    NumberMismatch,
    OwnApplication,
    RevocationOpen,
    RuleViolation,
    StalePage,
    TwoPersonRule,
    WordsNeeded,
    WrongState,
)
from jcanweb.events import Event, Outcome, Subject
from jcanweb.models import AuditEntry, Backup, Certificate, Crl, Delivery, Mail, Officer, Revocation
from jcanweb.roles import Role
from jcanweb.services import revocation as service
from jcanweb.services import status
from jcanweb.vocabulary import CertificateState as C
from jcanweb.vocabulary import RevocationReason, RevocationRequester, SecretKind
from jcanweb.vocabulary import RevocationState as R
from tests.issued import issued_certificate
from tests.people import officer

COMPROMISE, OTHER = RevocationReason.KEY_COMPROMISE, RevocationReason.UNSPECIFIED
URI = os.environ.get("JCANWEB_TEST_DATABASE_URI")


class Cast:
    """Who does what in these tests."""

    def __init__(self) -> None:
        self.receiver, self.approver, self.operator = (
            officer(role) for role in (Role.SCREENER, Role.APPROVER, Role.OPERATOR)
        )

    def receive(self, certificate: Certificate, **values: Any) -> Revocation:
        asked: dict[str, Any] = {"reason": RevocationReason.CESSATION_OF_OPERATION,
                                 "requester": RevocationRequester.CORPORATION, "words": "退職のため。",
                                 "by": self.receiver, **values}  # fmt: skip
        return service.receive(certificate, **asked)

    def decide(self, revocation: Revocation, by: Officer | None = None) -> Revocation:
        service.decide(revocation, version=revocation.version, by=by or self.approver)
        return revocation

    def execute(self, revocation: Revocation, by: Officer | None = None, typed: str = "") -> Revocation:
        service.execute(revocation, confirmation=typed or revocation.certificate.jc_number,
                        version=revocation.version, by=by or self.operator)  # fmt: skip
        return revocation


@pytest.fixture
def cast(context: Any) -> Cast:
    return Cast()


@pytest.fixture
def certificate(cast: Cast) -> Certificate:
    return issued_certificate()


def last(event: Event) -> AuditEntry:
    return db.session.query(AuditEntry).filter_by(event=event).order_by(AuditEntry.sequence.desc()).first()  # type: ignore[return-value]  # there is one


# --- receipt ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reason", "requester", "span"),
    [(COMPROMISE, RevocationRequester.CORPORATION, timedelta(hours=24)),
     (RevocationReason.CA_COMPROMISE, RevocationRequester.CERTIFICATION_AUTHORITY, timedelta(hours=24)),
     (RevocationReason.CESSATION_OF_OPERATION, RevocationRequester.SUBSCRIBER, timedelta(hours=24)),
     (RevocationReason.CESSATION_OF_OPERATION, RevocationRequester.CORPORATION, timedelta(days=5)),
     (RevocationReason.PRIVILEGE_WITHDRAWN, RevocationRequester.REGISTRATION_AUTHORITY, timedelta(days=5))],
)  # fmt: skip
def test_the_deadline_runs_in_absolute_hours_from_receipt(
    cast: Cast, certificate: Certificate, reason: Any, requester: Any, span: timedelta
) -> None:
    made = cast.receive(certificate, reason=reason, requester=requester)
    assert (made.state, made.received_at, made.due_at) == (R.RECEIVED, clock.now(), clock.now() + span)
    assert last(Event.REVOCATION_RECEIVED).facts["due_at"] == made.due_at.isoformat()


def test_a_compromised_key_suspends_the_certificate_at_once(cast: Cast, certificate: Certificate) -> None:
    cast.receive(certificate, reason=COMPROMISE)
    assert certificate.state is C.SUSPENDED


def test_another_ground_leaves_the_certificate_usable(cast: Cast, certificate: Certificate) -> None:
    cast.receive(certificate)
    assert certificate.state is C.DELIVERED


def test_other_needs_words(cast: Cast, certificate: Certificate) -> None:
    with pytest.raises(WordsNeeded):
        cast.receive(certificate, reason=OTHER, words=" \n　")
    assert (
        cast.receive(certificate, reason=OTHER, words="髙𠮷商事からの電話。").words == "髙𠮷商事からの電話。"
    )


def test_other_needs_words_in_the_database_too(cast: Cast, certificate: Certificate) -> None:
    made = cast.receive(certificate, reason=OTHER)
    with pytest.raises(IntegrityError, match="words"):
        db.session.execute(text("UPDATE revocation SET words = '' WHERE id = :id"), {"id": made.id})


@pytest.mark.parametrize("words", ["あ" * 1001, "右\u202eから左", "鐘\u0007", "消え\u200bる", "私用\ue000"])
def test_unreadable_words_are_refused_at_their_field(
    cast: Cast, certificate: Certificate, words: str
) -> None:
    with pytest.raises(FieldRefused) as caught:
        cast.receive(certificate, words=words)
    assert caught.value.field == "words"


def test_words_of_several_lines_stay(cast: Cast, certificate: Certificate) -> None:
    assert (
        cast.receive(certificate, words="\r\n一行目\r\n\r\n葛\U000e0100城さん\r\n").words
        == "一行目\n\n葛\U000e0100城さん"
    )


def test_a_revoked_certificate_is_refused(cast: Cast) -> None:
    with pytest.raises(CertificateRevoked, match="既に失効"):
        cast.receive(issued_certificate(C.REVOKED))


def test_an_expired_certificate_is_refused(cast: Cast, certificate: Certificate, hands: Any) -> None:
    hands.at = certificate.not_after
    with pytest.raises(CertificateExpired, match="有効期間が終わって"):
        cast.receive(certificate)


def test_a_second_request_while_one_is_open_is_refused(cast: Cast, certificate: Certificate) -> None:
    cast.receive(certificate)
    with pytest.raises(RevocationOpen, match="既に受け付けて"):
        cast.receive(certificate)


def test_the_database_holds_one_living_revocation_a_certificate(cast: Cast, certificate: Certificate) -> None:
    cast.receive(certificate)
    with pytest.raises(IntegrityError):
        db.session.execute(text(
            "INSERT INTO revocation (certificate_id, state, reason, requester, words, received_by, received_at, due_at,"
            " version) SELECT certificate_id, state, reason, requester, words, received_by, received_at, due_at, 1"
            " FROM revocation"))  # fmt: skip


def test_a_refused_request_leaves_room_for_another(cast: Cast, certificate: Certificate) -> None:
    made = cast.receive(certificate)
    service.refuse(made, words="誤報。", version=made.version, by=cast.approver)
    assert cast.receive(certificate).state is R.RECEIVED


def test_a_compromise_in_the_future_is_refused(cast: Cast, certificate: Certificate) -> None:
    with pytest.raises(FieldRefused, match="今日まで"):
        cast.receive(certificate, invalid_from=clock.now() + timedelta(seconds=1))


def test_a_compromise_before_the_certificate_is_refused(cast: Cast, certificate: Certificate) -> None:
    midnight = certificate.not_before.astimezone(JST).replace(hour=0, minute=0, second=0)
    with pytest.raises(FieldRefused, match="開始より前"):
        cast.receive(certificate, invalid_from=midnight - timedelta(seconds=1))
    assert cast.receive(certificate, invalid_from=midnight).invalid_from == midnight


# --- decision -----------------------------------------------------------------------------------------


def test_another_officer_decides(cast: Cast, certificate: Certificate) -> None:
    made = cast.decide(cast.receive(certificate))
    assert (made.state, made.decided_by, made.decided_at) == (R.DECIDED, cast.approver.id, clock.now())


def test_the_receiver_does_not_decide(cast: Cast, certificate: Certificate) -> None:
    with pytest.raises(TwoPersonRule, match="別の承認者"):
        cast.decide(cast.receive(certificate, by=cast.approver))


def test_the_receiver_does_not_refuse(cast: Cast, certificate: Certificate) -> None:
    made = cast.receive(certificate, by=cast.approver)
    with pytest.raises(TwoPersonRule):
        service.refuse(made, words="誤報。", version=made.version, by=cast.approver)


@pytest.mark.parametrize("half", ["person", "pin_recipient"])
def test_the_subscriber_among_the_officers_receives_but_neither_decides_nor_refuses_nor_executes(
    cast: Cast, certificate: Certificate, half: str
) -> None:
    of = certificate.application
    for one in (cast.receiver, cast.approver, cast.operator):
        one.email = (of.person.email if half == "person" else of.pin_recipient_email).upper()
        db.session.flush()
        if one is cast.receiver:
            received = cast.receive(certificate)
        elif one is cast.approver:
            with pytest.raises(OwnApplication):
                cast.decide(received)
            with pytest.raises(OwnApplication):
                service.refuse(received, words="誤報のため。", version=received.version, by=one)
            one.email = "approver@example.jp"
            cast.decide(received)
        else:
            with pytest.raises(OwnApplication):
                cast.execute(received)
        one.email = f"{one.id}@example.jp"
    assert received.state is R.DECIDED


def test_the_receiver_does_not_decide_by_sql(cast: Cast, certificate: Certificate) -> None:
    made = cast.receive(certificate)
    with pytest.raises(IntegrityError, match="two_person_decide"):
        db.session.execute(text("UPDATE revocation SET state = 'decided', decided_by = received_by,"
                                " decided_at = received_at WHERE id = :id"), {"id": made.id})  # fmt: skip


def test_the_decider_does_not_execute_by_sql(cast: Cast, certificate: Certificate) -> None:
    made = cast.decide(cast.receive(certificate))
    with pytest.raises(IntegrityError, match="two_person_execute"):
        db.session.execute(text("UPDATE revocation SET state = 'executed', executed_by = decided_by,"
                                " executed_at = decided_at WHERE id = :id"), {"id": made.id})  # fmt: skip


def test_nothing_is_executed_undecided_by_sql(cast: Cast, certificate: Certificate) -> None:
    made = cast.receive(certificate)
    with pytest.raises(IntegrityError):
        db.session.execute(text("UPDATE revocation SET state = 'executed', executed_by = :by,"
                                " executed_at = received_at WHERE id = :id"),
                           {"id": made.id, "by": cast.operator.id})  # fmt: skip


def test_a_page_that_grew_old_is_refused(cast: Cast, certificate: Certificate) -> None:
    made = cast.receive(certificate)
    with pytest.raises(StalePage):
        service.decide(made, version=made.version - 1, by=cast.approver)


def test_a_decision_is_made_once(cast: Cast, certificate: Certificate) -> None:
    with pytest.raises(WrongState):
        cast.decide(cast.decide(cast.receive(certificate)))


@pytest.mark.parametrize("before", [C.ISSUED, C.DELIVERED])
def test_a_false_alarm_gives_the_former_state_back(cast: Cast, before: C) -> None:
    certificate = issued_certificate(before)
    made = cast.receive(certificate, reason=COMPROMISE)
    service.refuse(made, words="誤報でした。", version=made.version, by=cast.approver)
    assert (made.state, made.decision_words, certificate.state) == (R.REFUSED, "誤報でした。", before)


def test_a_refusal_needs_words(cast: Cast, certificate: Certificate) -> None:
    made = cast.receive(certificate)
    with pytest.raises(WordsNeeded, match="失効しない"):
        service.refuse(made, words=" ", version=made.version, by=cast.approver)


# --- execution ----------------------------------------------------------------------------------------


def test_execution_revokes_at_the_ca_and_shows_in_the_crl(cast: Cast, certificate: Certificate) -> None:
    since = datetime(2026, 11, 24, tzinfo=UTC)
    made = cast.execute(cast.decide(cast.receive(certificate, reason=COMPROMISE, invalid_from=since)))
    db.session.commit()
    assert (made.state, made.executed_by, made.executed_at) == (R.EXECUTED, cast.operator.id, clock.now())
    assert (certificate.state, certificate.revoked_at) == (C.REVOKED, clock.now())
    crl = db.session.get_one(Crl, made.crl_number)
    entry = x509.load_der_x509_crl(crl.der).get_revoked_certificate_by_serial_number(
        int(certificate.serial_number, 16)
    )
    assert entry is not None
    assert (
        entry.extensions.get_extension_for_class(x509.CRLReason).value.reason
        is x509.ReasonFlags.key_compromise
    )
    assert entry.extensions.get_extension_for_class(x509.InvalidityDate).value.invalidity_date_utc == since
    assert made.published_at == clock.now()
    begun, ended = (
        db.session.query(AuditEntry).filter_by(event=Event.REVOCATION_EXECUTED).order_by(AuditEntry.sequence)
    )
    assert (begun.outcome, ended.outcome, begun.act) == (Outcome.BEGUN, Outcome.DONE, ended.act)
    assert audit.unfinished() == []
    assert audit.verify() == []


def test_the_subscriber_is_told_to_stop(cast: Cast, certificate: Certificate) -> None:
    cast.execute(cast.decide(cast.receive(certificate)))
    assert db.session.query(Mail).one().template == "stop_use"


def test_a_receiver_may_execute_what_another_decided(cast: Cast, certificate: Certificate) -> None:
    made = cast.execute(cast.decide(cast.receive(certificate, by=cast.operator)))
    assert made.state is R.EXECUTED


def test_the_decider_does_not_execute(cast: Cast, certificate: Certificate) -> None:
    with pytest.raises(TwoPersonRule, match="別の発行操作者"):
        cast.execute(cast.decide(cast.receive(certificate)), by=cast.approver)


def test_nothing_undecided_is_executed(cast: Cast, certificate: Certificate) -> None:
    with pytest.raises(WrongState):
        cast.execute(cast.receive(certificate))


@pytest.mark.parametrize("typed", ["JC-99999999", "JC", "失効"])
def test_another_number_is_refused_before_the_ca_is_asked(
    cast: Cast, certificate: Certificate, typed: str
) -> None:
    made = cast.decide(cast.receive(certificate))
    with pytest.raises(NumberMismatch):
        cast.execute(made, typed=typed)
    assert db.session.query(AuditEntry).filter_by(event=Event.REVOCATION_EXECUTED).count() == 0


@pytest.mark.parametrize("dash", ["-", "－", "ー", "−", "‐"])
def test_the_number_may_be_typed_full_width(cast: Cast, certificate: Certificate, dash: str) -> None:
    wide = certificate.jc_number.translate(
        {ord("J"): "ｊ", ord("C"): "Ｃ", ord("-"): dash, ord("0"): "０", ord("1"): "１"}
    )
    assert cast.execute(cast.decide(cast.receive(certificate)), typed=f" {wide}　").state is R.EXECUTED


def test_open_deliveries_end(cast: Cast) -> None:
    certificate = issued_certificate(C.ISSUED)
    db.session.add(Delivery(certificate_id=certificate.id, kind=SecretKind.PFX, token_sha256="0" * 64, sealed=b"x",
                            context="c", sent_at=clock.now(), expires_at=clock.now() + timedelta(days=3)))  # fmt: skip
    cast.execute(cast.decide(cast.receive(certificate)))
    db.session.commit()
    db.session.expire_all()
    delivery = db.session.query(Delivery).one()
    assert (delivery.sealed, delivery.ended_at) == (None, clock.now())


@pytest.mark.parametrize(("reason", "left"), [(COMPROMISE, 0), (RevocationReason.SUPERSEDED, 2)])
def test_backups_of_a_compromised_key_are_destroyed(
    cast: Cast, certificate: Certificate, reason: Any, left: int
) -> None:
    cast.execute(cast.decide(cast.receive(certificate, reason=reason)))
    assert db.session.query(Backup).filter(Backup.ciphertext.is_not(None)).count() == left


def test_a_silent_ca_leaves_the_begun_act_and_the_button(
    cast: Cast, certificate: Certificate, app: Any, hands: Any
) -> None:
    made = cast.decide(cast.receive(certificate, reason=COMPROMISE))
    db.session.commit()
    ledger = Path(app.instance_path) / "ca" / "ledger.sqlite"
    ledger.rename(ledger.with_suffix(".away"))
    with pytest.raises(IssuerTrouble, match="応答") as caught:
        cast.execute(made)
    assert caught.value.act is None
    db.session.rollback()
    assert (made.state, certificate.state) == (R.DECIDED, C.SUSPENDED)
    (begun,) = audit.unfinished(Subject.REVOCATION, made.id)
    ledger.with_suffix(".away").rename(ledger)
    hands.forward(minutes=2)
    cast.execute(made)
    db.session.commit()
    assert made.state is R.EXECUTED
    assert last(Event.REVOCATION_EXECUTED).act == begun.act
    assert audit.unfinished() == []


def test_a_ca_that_declines_ends_the_act(cast: Cast, certificate: Certificate) -> None:
    made = cast.decide(cast.receive(certificate))
    certificate.serial_number = "abc"
    with pytest.raises(IssuerTrouble, match="受け付けません") as caught:
        cast.execute(made)
    audit.refuse(Event.REVOCATION_EXECUTED, Subject.REVOCATION, made.id, by=cast.operator, reason=caught.value.code,
                 act=caught.value.act)  # fmt: skip
    assert made.state is R.DECIDED
    assert audit.unfinished() == []


def test_what_the_ca_had_revoked_is_taken_over_with_its_time(
    cast: Cast, certificate: Certificate, hands: Any
) -> None:
    made = cast.decide(cast.receive(certificate))
    hands.forward(hours=1)
    first = clock.now()
    keys.issuer().revoke(int(certificate.serial_number, 16), RevocationReason.SUPERSEDED, first)
    hands.forward(hours=5)
    cast.execute(made)
    assert (certificate.revoked_at, made.executed_at) == (first, first)
    assert made.crl_number is not None


def test_a_ca_that_was_earlier_than_the_decision_never_makes_the_clock_run_backwards(
    cast: Cast, certificate: Certificate, hands: Any
) -> None:
    keys.issuer().revoke(int(certificate.serial_number, 16), RevocationReason.SUPERSEDED, clock.now())
    hands.forward(hours=5)
    made = cast.execute(cast.decide(cast.receive(certificate)))
    assert certificate.revoked_at == clock.now() - timedelta(hours=5)
    assert made.executed_at == made.decided_at


def test_only_what_stands_in_a_crl_gets_its_number(cast: Cast, certificate: Certificate, hands: Any) -> None:
    made = cast.decide(cast.receive(certificate))
    keys.issuer().crl(
        clock.now() + timedelta(hours=2), clock.now() + timedelta(days=7)
    )  # the CA's clock is ahead
    cast.execute(made)
    db.session.commit()
    assert (made.state, made.crl_number) == (R.EXECUTED, None)
    hands.forward(hours=3)
    crl = status.current()
    assert (made.crl_number, made.published_at) == (crl.number, clock.now())


def test_the_last_crl_is_served_while_the_ca_is_silent(context: Any, app: Any, hands: Any) -> None:
    first = status.current()
    db.session.commit()
    (Path(app.instance_path) / "ca" / "ledger.sqlite").rename(Path(app.instance_path) / "away")
    hands.forward(hours=30)
    assert status.current().number == first.number


# --- at the same moment, and killed -------------------------------------------------------------------


def test_of_two_executors_at_once_one_wins(app: Any) -> None:
    with app.test_request_context(), transaction():
        cast = Cast()
        made = cast.decide(cast.receive(issued_certificate()))
        number, version = made.certificate.jc_number, made.version
        ids = [cast.operator.id, officer(Role.OPERATOR).id]
    gate, outcomes = threading.Barrier(2), []

    def press(who: int) -> None:
        with app.test_request_context():
            revocation, by = db.session.get_one(Revocation, made.id), db.session.get_one(Officer, who)
            db.session.rollback()
            gate.wait()
            try:
                with transaction():
                    service.execute(revocation, confirmation=number, version=version, by=by)
                outcomes.append("won")
            except RuleViolation as violation:
                audit.refuse(Event.REVOCATION_EXECUTED, Subject.REVOCATION, made.id, by=f"officer:{who}",
                             reason=violation.code, act=violation.act)  # fmt: skip
                outcomes.append(violation.code)

    threads = [threading.Thread(target=press, args=(who,)) for who in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(outcomes) in (["StalePage", "won"], ["WrongState", "won"])
    with app.test_request_context():
        assert db.session.get_one(Revocation, made.id).state is R.EXECUTED
        assert db.session.query(Mail).count() == 1
        assert audit.unfinished() == []
        assert audit.verify() == []


KILLED = """
import os, signal, sys
from datetime import datetime
from jcanweb import clock, create_app
instance, uri, moment, revocation_id, version, operator = sys.argv[1:]
clock.replace(lambda: datetime.fromisoformat("2026-11-24T01:00:00+00:00"))
app = create_app({"TESTING": True} | ({"SQLALCHEMY_DATABASE_URI": uri} if uri else {}), instance=instance)
from jcanweb import keys
from jcanweb.database import db, transaction
from jcanweb.models import Officer, Revocation
from jcanweb.services import revocation as service
with app.test_request_context():
    found, by = db.session.get_one(Revocation, int(revocation_id)), db.session.get_one(Officer, int(operator))
    revoke = keys.issuer().revoke
    def die(*arguments):
        if moment == "after":
            revoke(*arguments)
        os.kill(os.getpid(), signal.SIGKILL)
    keys.issuer().revoke = die
    with transaction():
        service.execute(found, confirmation=found.certificate.jc_number, version=int(version), by=by)
"""


@pytest.mark.parametrize("moment", ["before", "after"])
def test_killed_around_the_ca_it_stays_decided_and_pressing_again_finishes(
    app: Any, hands: Any, moment: str
) -> None:
    with app.test_request_context(), transaction():
        cast = Cast()
        made = cast.decide(cast.receive(issued_certificate(), reason=COMPROMISE))
    uri = app.config["SQLALCHEMY_DATABASE_URI"] if URI else ""
    child = subprocess.run(
        [sys.executable, "-c", KILLED, app.instance_path, uri, moment, str(made.id), str(made.version),
         str(cast.operator.id)],
        capture_output=True, text=True, timeout=60, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert child.returncode == -signal.SIGKILL, child.stderr
    with app.test_request_context():
        found = db.session.get_one(Revocation, made.id)
        assert (found.state, found.certificate.state) == (R.DECIDED, C.SUSPENDED)
        (begun,) = audit.unfinished(Subject.REVOCATION, found.id)
        asked_at = clock.now()
        hands.forward(minutes=30)
        with transaction():
            cast.execute(found)
        assert found.state is R.EXECUTED
        assert found.certificate.revoked_at == (asked_at if moment == "after" else clock.now())
        assert last(Event.REVOCATION_EXECUTED).act == begun.act
        assert audit.unfinished() == []
        assert audit.verify() == []


# --- judged by OpenSSL --------------------------------------------------------------------------------


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_openssl_verifies_before_and_refuses_after(
    cast: Cast, certificate: Certificate, tmp_path: Path, app: Any
) -> None:
    db.session.commit()
    root, issuing = keys.issuer().root, keys.issuer().certificate
    (tmp_path / "ca.pem").write_bytes(root.public_bytes(Encoding.PEM))
    (tmp_path / "issuing.pem").write_bytes(issuing.public_bytes(Encoding.PEM))
    leaf = x509.load_der_x509_certificate(certificate.der)
    (tmp_path / "leaf.pem").write_bytes(leaf.public_bytes(Encoding.PEM))

    def judged() -> subprocess.CompletedProcess[str]:
        fetched = app.test_client().get("/crl/issuing.crl")
        crl = x509.load_der_x509_crl(fetched.data)
        (tmp_path / "crl.pem").write_bytes(crl.public_bytes(Encoding.PEM))
        return subprocess.run(
            ["openssl", "verify", "-crl_check", "-attime", str(int(clock.now().timestamp()) + 1), "-CAfile",
             tmp_path / "ca.pem", "-untrusted", tmp_path / "issuing.pem", "-CRLfile", tmp_path / "crl.pem",
             tmp_path / "leaf.pem"], capture_output=True, text=True, check=False)  # fmt: skip

    before = judged()
    assert before.returncode == 0, before.stderr
    cast.execute(cast.decide(cast.receive(certificate)))
    db.session.commit()
    after = judged()
    assert after.returncode != 0
    assert "certificate revoked" in after.stderr + after.stdout
