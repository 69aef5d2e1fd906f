"""Orders without an end: found, ended once, and the application issued anew under another number."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from jcanweb import audit, keys
from jcanweb.database import db, transaction
from jcanweb.events import Event, Subject
from jcanweb.issuers.port import CertificateStatus
from jcanweb.models import Application, AuditEntry, Backup, Certificate, Crl, Delivery, Mail, Officer, Order
from jcanweb.roles import Role
from jcanweb.services import issuance, policy, reconcile
from jcanweb.vocabulary import ApplicationState as A
from jcanweb.vocabulary import OrderFailure, OrderState, RevocationReason
from tests import builders
from tests.issued import custodians
from tests.people import officer

URI = os.environ.get("JCANWEB_TEST_DATABASE_URI")

KILLED = """
import os, signal, sys
from datetime import datetime
from jcanweb import clock, create_app
instance, uri, moment, application_id, version, operator = sys.argv[1:]
clock.replace(lambda: datetime.fromisoformat("2026-11-24T01:00:00+00:00"))
app = create_app({"TESTING": True, "PFX_ROUNDS": 2048} | ({"SQLALCHEMY_DATABASE_URI": uri} if uri else {}),
                 instance=instance)
from jcanweb import database, keys
from jcanweb.database import db, transaction
from jcanweb.models import Application, Officer
from jcanweb.services import issuance
def die(*arguments):
    os.kill(os.getpid(), signal.SIGKILL)
def sign_and_die(order):
    sign(order)
    die()
with app.test_request_context():
    found, by = db.session.get_one(Application, int(application_id)), db.session.get_one(Officer, int(operator))
    sign = keys.issuer().issue
    if moment != "before the commit":
        keys.issuer().issue = die if moment == "before the CA" else sign_and_die
    with transaction():
        made = issuance.issue(found, version=int(version), by=by)
        assert made.certificate is not None
        die()
"""


def approved(app: Any) -> tuple[int, int, int]:
    """Id and version of an approved application, id of an operator; custodians stand ready."""
    with app.test_request_context(), transaction():
        custodians()
        application, operator = builders.application(A.APPROVED), officer(Role.OPERATOR)
        db.session.flush()
        return application.id, application.version, operator.id


def killed(app: Any, moment: str) -> tuple[int, int]:
    """Application and operator after a process died there in the middle of an issuance."""
    number, version, operator = approved(app)
    uri = app.config["SQLALCHEMY_DATABASE_URI"] if URI else ""
    child = subprocess.run(
        [sys.executable, "-c", KILLED, app.instance_path, uri, moment, str(number), str(version), str(operator)],
        capture_output=True, text=True, timeout=60, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert child.returncode == -signal.SIGKILL, child.stderr
    return number, operator


@pytest.mark.parametrize(
    ("moment", "failure"),
    [("before the CA", OrderFailure.NOT_ISSUED), ("after the CA", OrderFailure.INTERRUPTED),
     ("before the commit", OrderFailure.INTERRUPTED)],
)  # fmt: skip
def test_killed_it_stays_asked_is_reconciled_and_issued_anew(
    app: Any, hands: Any, moment: str, failure: OrderFailure
) -> None:
    number, operator = killed(app, moment)
    with app.test_request_context():
        order, application = db.session.query(Order).one(), db.session.get_one(Application, number)
        assert (order.state, application.state) == (OrderState.ASKED, A.ISSUING)
        for nothing in (Certificate, Backup, Delivery, Mail):
            assert db.session.query(nothing).count() == 0
        (begun,) = audit.unfinished()
        assert (begun.event, begun.subject, begun.act) == (Event.ORDER_ASKED, Subject.ORDER, order.act)
        db.session.rollback()
        found = keys.issuer().find(order.request_id)
        assert (found is None) == (moment == "before the CA")

        hands.forward(minutes=2)
        with transaction():
            assert reconcile.run() == [order]
        assert (order.state, order.failure, application.state) == (OrderState.FAILED, failure, A.APPROVED)
        assert audit.unfinished() == []
        db.session.rollback()

        with transaction():
            again = issuance.issue(
                application, version=application.version, by=db.session.get_one(Officer, operator)
            )
        assert again.certificate is not None
        assert again.certificate.jc_number != order.jc_number
        assert keys.issuer().status(int(again.certificate.serial_number, 16)).state is CertificateStatus.GOOD
        if found is not None:
            status = keys.issuer().status(found.serial)
            assert (status.state, status.reason) == (CertificateStatus.REVOKED, RevocationReason.SUPERSEDED)
            listed = x509.load_der_x509_crl(db.session.query(Crl).order_by(Crl.number.desc()).first().der)  # type: ignore[union-attr]  # there is one
            assert listed.get_revoked_certificate_by_serial_number(found.serial) is not None
        assert db.session.query(Certificate).count() == 1
        assert audit.verify() == []


class Asked:
    """An order that was written and committed and never ended."""

    def __init__(self, app: Any, *, signed: bool) -> None:
        with app.test_request_context():
            custodians()
            application, operator = builders.application(A.APPROVED), officer(Role.OPERATOR)
            db.session.commit()
            real = keys.issuer().issue
            keys.issuer().issue = self._die(real if signed else None)  # type: ignore[method-assign]  # put back below
            try:
                issuance.issue(application, version=application.version, by=operator)
            except KeyboardInterrupt:
                db.session.rollback()
            finally:
                del keys.issuer().issue
            self.order_id, self.application_id = db.session.query(Order).one().id, application.id

    @staticmethod
    def _die(real: Any) -> Any:
        def issue(order: Any) -> Any:
            if real:
                real(order)
            raise KeyboardInterrupt

        return issue


def failures() -> list[AuditEntry]:
    return db.session.query(AuditEntry).filter_by(event=Event.ORDER_FAILED).all()


def test_an_order_is_left_alone_while_its_answer_may_come(app: Any, hands: Any) -> None:
    asked = Asked(app, signed=True)
    hands.forward(seconds=59)
    with app.test_request_context():
        assert reconcile.run() == []
        assert db.session.get_one(Order, asked.order_id).state is OrderState.ASKED


def test_two_reconcilers_at_once_end_it_once(app: Any, hands: Any) -> None:
    Asked(app, signed=True)
    hands.forward(minutes=2)
    gate, ended = threading.Barrier(2), []

    def sweep() -> None:
        with app.test_request_context():
            gate.wait()
            with transaction():
                ended.append(len(reconcile.run()))

    threads = [threading.Thread(target=sweep) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(ended) == [0, 1]
    with app.test_request_context():
        assert len(failures()) == 1
        assert audit.verify() == []


def test_what_came_of_it_is_revoked_once_however_often_it_is_tried(app: Any, hands: Any) -> None:
    asked = Asked(app, signed=True)
    hands.forward(minutes=2)
    with app.test_request_context():
        order = db.session.get_one(Order, asked.order_id)
        found = keys.issuer().find(order.request_id)
        assert found is not None
        reconcile.undo(order, found, OrderFailure.INTERRUPTED, by=None)
        db.session.rollback()  # killed after the CA revoked and before our commit
        assert order.state is OrderState.ASKED
        with transaction():
            assert reconcile.run() == [order]
        assert (order.state, order.failure) == (OrderState.FAILED, OrderFailure.INTERRUPTED)


def test_a_certificate_that_comes_after_all_is_found_and_revoked(app: Any, hands: Any) -> None:
    asked = Asked(app, signed=False)
    hands.forward(minutes=2)
    with app.test_request_context():
        order = db.session.get_one(Order, asked.order_id)
        with transaction():
            reconcile.run()
        assert order.failure is OrderFailure.NOT_ISSUED
        late = _sign(order)
        hands.forward(minutes=5)
        with transaction():
            assert reconcile.run() == [order]
        assert order.failure is OrderFailure.LATE
        assert keys.issuer().status(late).state is CertificateStatus.REVOKED
        with transaction():
            assert reconcile.run() == []
        assert [one.facts["failure"] for one in failures()] == ["not_issued", "late"]


def _sign(order: Order) -> int:
    """The CA works off a request that had been on its way."""
    from cryptography.hazmat.primitives import serialization

    from jcanweb.issuers import port
    from tests.issued import subscriber_key

    key = subscriber_key(0).public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )  # fmt: skip
    application = order.application
    return keys.issuer().issue(port.Order(
        order.request_id, issuance.profile(policy.in_force()), issuance.subject_of(application), application.years, key,
        order.asked_at)).serial  # fmt: skip


def test_a_done_order_is_never_undone(app: Any) -> None:
    from tests.issued import issued

    with app.test_request_context():
        order = issued().certificate.order
        found = keys.issuer().find(order.request_id)
        assert found is not None
        reconcile.undo(order, found, OrderFailure.INTERRUPTED, by=None)
        reconcile.fail(order, OrderFailure.NOT_ISSUED, by=None)
        assert (order.state, order.failure) == (OrderState.DONE, None)
        assert keys.issuer().status(found.serial).state is CertificateStatus.GOOD


def test_while_the_ca_is_silent_the_order_waits_for_the_next_time(app: Any, hands: Any) -> None:
    asked = Asked(app, signed=True)
    hands.forward(minutes=2)
    ledger = Path(app.instance_path) / "ca" / "ledger.sqlite"
    ledger.rename(ledger.with_suffix(".away"))
    with app.test_request_context(), transaction():
        assert reconcile.run() == []
        order = db.session.get_one(Order, asked.order_id)
        assert order.state is OrderState.ASKED
        assert reconcile.stale() == [order]
