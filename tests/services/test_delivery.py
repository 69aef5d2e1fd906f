"""Delivery: two roads that never meet, each content taken once, nothing lost and nothing doubled."""

import os
import signal
import subprocess
import sys
import threading
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from jcanweb import audit, clock
from jcanweb.database import db, transaction
from jcanweb.errors import (
    AlreadyTaken,
    DeliveryFailed,
    DeliveryStopped,
    LinkExpired,
    RuleViolation,
    WrongState,
)
from jcanweb.events import Event, Subject
from jcanweb.models import AuditEntry, Delivery, Recovery
from jcanweb.roles import Role
from jcanweb.services import delivery as service
from jcanweb.services import revocation, trail
from jcanweb.vocabulary import CertificateState as C
from jcanweb.vocabulary import (
    RecoveryGround,
    RecoveryState,
    RevocationReason,
    RevocationRequester,
    SecretKind,
)
from tests.conftest import URI
from tests.issued import Issued, issued, put_out
from tests.people import officer

PFX, PIN = SecretKind.PFX, SecretKind.PIN


@pytest.fixture
def made(context: Any) -> Issued:
    return issued(C.ISSUED)


@pytest.fixture
def tokens(made: Issued) -> dict[SecretKind, str]:
    return put_out(made)


def found(tokens: dict[SecretKind, str], kind: SecretKind) -> Delivery:
    delivery = service.find(tokens[kind], kind)
    assert delivery is not None
    return delivery


def take(tokens: dict[SecretKind, str], kind: SecretKind) -> bytes:
    delivery = found(tokens, kind)
    return service.take(delivery, tokens[kind], by=service.holder(delivery))


def outbox(app: Any) -> list[Any]:
    """The mails that went out, in order."""
    return [message_from_bytes(path.read_bytes(), policy=policy.default)
            for path in sorted((Path(app.instance_path) / "outbox").glob("*.eml"))]  # fmt: skip


# --- the two mails ------------------------------------------------------------------------------------


def test_two_links_go_two_roads_and_no_secret_with_them(made: Issued, tokens: Any, app: Any) -> None:
    with transaction():
        service.announce(made.certificate, tokens)
    application = made.certificate.application
    file, pin = outbox(app)
    assert (file["To"], pin["To"]) == (application.person.email, application.pin_recipient_email)
    assert pin["Subject"] == "【CECTRUST-Lightサービス】PINのお知らせ"
    texts = [mail.get_content() for mail in (file, pin)]
    links = [
        f"http://127.0.0.1:8000/{place}/{tokens[kind]}" for place, kind in (("receive", PFX), ("pin", PIN))
    ]
    for words, own, other in zip(texts, links, reversed(links), strict=True):
        assert own in words.splitlines()
        assert other.rsplit("/", 1)[1] not in words
        assert "2026年11月27日（金） 10:00（日本時間）" in words
        assert "CECTRUST-Lightのみ" in words
        assert "特定認証業務として行うものではありません" in words
        assert made.pin not in words
        assert "認定認証業務" not in words


def test_one_address_for_both_gets_two_mails(made: Issued, tokens: Any, app: Any) -> None:
    made.certificate.application.pin_recipient_email = made.certificate.application.person.email
    with transaction():
        service.announce(made.certificate, tokens)
    assert [mail["To"] for mail in outbox(app)] == [made.certificate.application.person.email] * 2


def test_the_subject_of_the_pin_mail_is_a_setting(made: Issued, tokens: Any, app: Any) -> None:
    app.config["PIN_MAIL_SUBJECT"] = "暗証番号のご案内"
    with transaction():
        service.announce(made.certificate, tokens)
    assert [mail["Subject"] for mail in outbox(app)][1] == "暗証番号のご案内"


def test_nothing_is_mailed_when_the_issuance_is_rolled_back(made: Issued, tokens: Any, app: Any) -> None:
    service.announce(made.certificate, tokens)
    db.session.rollback()
    assert outbox(app) == []


def test_after_a_recovery_both_mails_say_that_it_is_new(made: Issued, tokens: Any, app: Any) -> None:
    recovery = Recovery(certificate_id=made.certificate.id, state=RecoveryState.REQUESTED, proof="旅券",
                        ground=RecoveryGround.SUBSCRIBER_LOST_PFX, requested_by=officer(Role.OPERATOR).id,
                        requested_at=clock.now())  # fmt: skip
    db.session.add(recovery)
    db.session.flush()
    for kind in SecretKind:
        found(tokens, kind).recovery_id = recovery.id
    with transaction():
        service.announce(made.certificate, tokens)
    file, pin = outbox(app)
    assert "新しいPINで作り直しました" in file.get_content()
    assert "新しいPIN" in pin.get_content()


# --- taken once ---------------------------------------------------------------------------------------


def test_each_content_is_taken_once_and_gone(made: Issued, tokens: Any) -> None:
    assert take(tokens, PFX) == made.pfx
    assert take(tokens, PIN) == made.pin.encode()
    for kind in SecretKind:
        with pytest.raises(AlreadyTaken):
            take(tokens, kind)
    assert (
        db.session.execute(text("SELECT count(*) FROM delivery WHERE sealed IS NOT NULL")).scalar_one() == 0
    )
    assert found(tokens, PFX).taken_at == found(tokens, PFX).ended_at == clock.now()
    assert made.certificate.state is C.ISSUED


def test_who_took_it_is_told_as_the_holder_of_the_link(made: Issued, tokens: Any) -> None:
    take(tokens, PIN)
    (step,) = trail.history(Subject.DELIVERY, found(tokens, PIN).id)
    assert (step.event, step.who) == (Event.DELIVERY_TAKEN, "リンクの受取人")


def test_a_link_is_for_its_own_kind(tokens: Any) -> None:
    assert service.find(tokens[PFX], PIN) is None
    assert service.find("guess", PFX) is None


def test_another_token_does_not_open_the_row(made: Issued, tokens: Any) -> None:
    with pytest.raises(DeliveryFailed):
        service.take(found(tokens, PFX), tokens[PIN], by=None)
    db.session.rollback()


@pytest.mark.parametrize(
    "change",
    ["UPDATE delivery SET context = 'delivery pfx another' WHERE kind = 'pfx'",
     "UPDATE delivery SET sealed = (SELECT other.sealed FROM delivery other WHERE other.kind = 'pin') WHERE kind = 'pfx'"],
    ids=["context", "content of another"],
)  # fmt: skip
def test_a_changed_row_does_not_open_and_stays(made: Issued, tokens: Any, change: str) -> None:
    db.session.execute(text(change))
    db.session.commit()
    with pytest.raises(DeliveryFailed):
        take(tokens, PFX)
    db.session.rollback()
    assert found(tokens, PFX).taken_at is None


def test_at_its_last_moment_it_is_taken_and_one_later_not(made: Issued, tokens: Any, hands: Any) -> None:
    hands.at = found(tokens, PFX).expires_at
    with pytest.raises(LinkExpired):
        take(tokens, PFX)
    hands.forward(microseconds=-1)
    assert take(tokens, PFX) == made.pfx


def test_what_nobody_took_is_erased(made: Issued, tokens: Any, hands: Any) -> None:
    service.end_overdue()
    assert found(tokens, PFX).ended_at is None
    hands.forward(hours=72)
    service.end_overdue()
    service.end_overdue()
    for kind in SecretKind:
        with pytest.raises(LinkExpired):
            take(tokens, kind)
    assert (
        db.session.execute(text("SELECT count(*) FROM delivery WHERE sealed IS NOT NULL")).scalar_one() == 0
    )
    ended = db.session.query(AuditEntry).filter_by(event=Event.DELIVERY_ENDED).all()
    assert [entry.facts["cause"] for entry in ended] == ["expired", "expired"]


def test_a_reported_leak_stops_both_and_a_false_alarm_lets_them_go_on(made: Issued, tokens: Any) -> None:
    report = revocation.receive(made.certificate, reason=RevocationReason.KEY_COMPROMISE, words="",
                                requester=RevocationRequester.SUBSCRIBER, by=officer(Role.SCREENER))  # fmt: skip
    for kind in SecretKind:
        with pytest.raises(DeliveryStopped):
            take(tokens, kind)
    revocation.refuse(report, words="誤報でした。", version=report.version, by=officer(Role.APPROVER))
    assert take(tokens, PFX) == made.pfx


def test_revocation_erases_both(made: Issued, tokens: Any) -> None:
    service.end(made.certificate, "revoked", by=None)
    for kind in SecretKind:
        with pytest.raises(LinkExpired):
            take(tokens, kind)


def test_the_database_keeps_no_content_of_what_was_taken(made: Issued, tokens: Any) -> None:
    with pytest.raises(IntegrityError):
        db.session.execute(text("UPDATE delivery SET taken_at = sent_at WHERE kind = 'pfx'"))
    db.session.rollback()


def test_a_certificate_has_one_open_delivery_of_a_kind(made: Issued, tokens: Any) -> None:
    with pytest.raises(IntegrityError):
        put_out(made)
    db.session.rollback()


# --- confirmed ----------------------------------------------------------------------------------------


def test_the_receipt_of_the_file_delivers_the_certificate(made: Issued, tokens: Any, hands: Any) -> None:
    take(tokens, PFX)
    hands.forward(minutes=3)
    service.confirm(found(tokens, PFX), by=None)
    hands.forward(minutes=3)
    service.confirm(found(tokens, PFX), by=None)
    assert (made.certificate.state, made.certificate.delivered_at) == (
        C.DELIVERED,
        found(tokens, PFX).confirmed_at,
    )
    assert db.session.query(AuditEntry).filter_by(event=Event.DELIVERY_CONFIRMED).count() == 1


def test_the_receipt_of_the_pin_delivers_nothing(made: Issued, tokens: Any) -> None:
    take(tokens, PIN)
    service.confirm(found(tokens, PIN), by=None)
    assert made.certificate.state is C.ISSUED


def test_nothing_is_confirmed_before_it_was_taken(tokens: Any) -> None:
    with pytest.raises(WrongState):
        service.confirm(found(tokens, PFX), by=None)


def test_confirmed_while_suspended_it_is_delivered_once_the_alarm_is_over(made: Issued, tokens: Any) -> None:
    take(tokens, PFX)
    report = revocation.receive(made.certificate, reason=RevocationReason.KEY_COMPROMISE, words="",
                                requester=RevocationRequester.SUBSCRIBER, by=officer(Role.SCREENER))  # fmt: skip
    service.confirm(found(tokens, PFX), by=None)
    assert made.certificate.state is C.SUSPENDED
    revocation.refuse(report, words="誤報でした。", version=report.version, by=officer(Role.APPROVER))
    assert made.certificate.state is C.DELIVERED


# --- at the same moment, and killed -------------------------------------------------------------------


@pytest.fixture
def sent(app: Any) -> tuple[Issued, dict[SecretKind, str]]:
    with app.test_request_context(), transaction():
        made = issued(C.ISSUED)
        return made, put_out(made)


def test_of_twenty_at_once_one_wins(app: Any, sent: Any) -> None:
    made, tokens = sent
    gate, outcomes = threading.Barrier(20), []

    def press() -> None:
        with app.test_request_context():
            gate.wait()
            try:
                with transaction():
                    content = take(tokens, PFX)
                outcomes.append("won" if content == made.pfx else "wrong")
            except RuleViolation as violation:
                outcomes.append(violation.code)

    threads = [threading.Thread(target=press) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(outcomes) == ["AlreadyTaken"] * 19 + ["won"]
    with app.app_context():
        assert db.session.query(AuditEntry).filter_by(event=Event.DELIVERY_TAKEN).count() == 1
        assert audit.verify() == []


KILLED = """
import os, signal, sys
from datetime import datetime
from sqlalchemy import event
from jcanweb import clock, create_app
instance, uri, moment, token = sys.argv[1:]
clock.replace(lambda: datetime.fromisoformat("2026-11-24T01:00:00+00:00"))
app = create_app({"TESTING": True, "WTF_CSRF_ENABLED": False} | ({"SQLALCHEMY_DATABASE_URI": uri} if uri else {}),
                 instance=instance)
from jcanweb.database import db
with app.app_context():
    event.listen(db.session, moment, lambda session: os.kill(os.getpid(), signal.SIGKILL))
print(app.test_client().post(f"/pin/{token}").status_code)
"""


@pytest.mark.parametrize("moment", ["before_commit", "after_commit"])
def test_killed_before_the_commit_it_can_still_be_taken_and_after_it_never_twice(
    app: Any, sent: Any, moment: str
) -> None:
    made, tokens = sent
    uri = app.config["SQLALCHEMY_DATABASE_URI"] if URI else ""
    child = subprocess.run(
        [sys.executable, "-c", KILLED, app.instance_path, uri, moment, tokens[PIN]], capture_output=True, text=True,
        timeout=60, cwd=Path(__file__).parents[2], env=os.environ | {"JCANWEB_RATELIMIT_ENABLED": "false"},
    )  # fmt: skip
    assert (child.returncode, child.stdout) == (-signal.SIGKILL, ""), child.stderr
    with app.app_context(), transaction():
        assert audit.verify() == []
        if moment == "before_commit":
            assert take(tokens, PIN) == made.pin.encode()
        else:
            with pytest.raises(AlreadyTaken):
                take(tokens, PIN)
