"""Issuance by its services: gates, exactly one certificate, and what stands after each way of failing."""

import shutil
import threading
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from jcanweb import audit, clock, keys
from jcanweb.database import db, transaction
from jcanweb.errors import (
    ConsentMissing,
    CustodiansMissing,
    IssuerTrouble,
    NotEligible,
    OwnApplication,
    RuleViolation,
    StalePage,
    TwoPersonRule,
    WrongState,
)
from jcanweb.events import Event, Outcome, Subject
from jcanweb.issuers.port import CertificateStatus
from jcanweb.models import (
    Application,
    AuditEntry,
    Backup,
    Certificate,
    Custodian,
    Delivery,
    Edition,
    Officer,
    Order,
)
from jcanweb.pki import enclave_child
from jcanweb.roles import Role
from jcanweb.services import issuance as service
from jcanweb.services import reconcile
from jcanweb.vocabulary import AgreementState, CustodianGroup, OrderFailure, OrderState, SecretKind
from jcanweb.vocabulary import ApplicationState as A
from jcanweb.vocabulary import CertificateState as C
from tests import builders
from tests.issued import custodians, issued
from tests.people import officer


class Cast:
    """An approved application, an operator, and the three custodians."""

    def __init__(self) -> None:
        custodians()
        self.operator = officer(Role.OPERATOR)
        self.application = builders.application(A.APPROVED)

    def issue(self, by: Officer | None = None) -> service.Issuance:
        return service.issue(self.application, version=self.application.version, by=by or self.operator)


@pytest.fixture
def cast(context: Any) -> Cast:
    return Cast()


def entries(event: Event) -> list[AuditEntry]:
    return db.session.query(AuditEntry).filter_by(event=event).order_by(AuditEntry.sequence).all()


def at_ca(app: Any) -> list[int]:
    """The serial numbers the CA has given."""
    with keys.issuer()._ledger() as ledger:
        return [int(row[0], 16) for row in ledger.execute("SELECT serial FROM certificate ORDER BY rowid")]


# --- the way through ----------------------------------------------------------------------------------


def test_an_approved_application_becomes_one_certificate(cast: Cast, app: Any) -> None:
    done = cast.issue()
    db.session.commit()
    db.session.expire_all()
    made, application, order = done.certificate, cast.application, done.order
    assert made is not None
    assert (made.state, application.state, order.state) == (C.ISSUED, A.ISSUED, OrderState.DONE)
    assert made.jc_number == order.jc_number
    assert made.consent_id == application.consents[-1].id
    assert (made.screened_by, made.approved_by, made.issued_by) == (
        application.screened_by, application.approved_by, cast.operator.id)  # fmt: skip
    assert at_ca(app) == [int(made.serial_number, 16)]
    assert [one.kind for one in db.session.query(Backup).order_by(Backup.id)] == list(SecretKind)
    assert [one.kind for one in db.session.query(Delivery).order_by(Delivery.id)] == list(SecretKind)
    begun, ended = entries(Event.ORDER_ASKED)[0], entries(Event.CERTIFICATE_ISSUED)[0]
    assert (begun.outcome, ended.outcome, begun.act) == (Outcome.BEGUN, Outcome.DONE, ended.act)
    assert audit.unfinished() == []
    assert audit.verify() == []


def test_no_secret_shows_in_what_is_kept(cast: Cast) -> None:
    done = cast.issue()
    assert done.tokens is not None
    facts = str([entry.facts for entry in db.session.query(AuditEntry)])
    assert not [token for token in done.tokens.values() if token in facts]
    assert not [token for token in done.tokens.values() if token in repr(done)]


# --- gates --------------------------------------------------------------------------------------------


def refused(cast: Cast, error: type[RuleViolation], match: str | None = None, **values: Any) -> None:
    """Refused before anything was asked: no order, no number, no key at the CA."""
    with pytest.raises(error, match=match):
        cast.issue(**values)
    assert db.session.query(Order).count() == 0
    assert cast.application.state is not A.ISSUING


def test_the_approver_does_not_issue(cast: Cast) -> None:
    approver = db.session.get_one(Officer, cast.application.approved_by)
    refused(cast, TwoPersonRule, "承認した担当者", by=approver)


def test_the_screener_may_issue(cast: Cast) -> None:
    screener = db.session.get_one(Officer, cast.application.screened_by)
    assert cast.issue(by=screener).certificate is not None


@pytest.mark.parametrize("whose", ["applicant", "pin recipient"])
def test_nobody_issues_to_oneself(cast: Cast, whose: str) -> None:
    application = cast.application
    cast.operator.email = (
        application.person.email if whose == "applicant" else application.pin_recipient_email
    )
    refused(cast, OwnApplication)


def test_without_custodians_nothing_is_issued(cast: Cast) -> None:
    pin = db.session.query(Custodian).filter_by(group=CustodianGroup.PIN).one()
    pin.released_at, pin.released_by = clock.now(), pin.appointed_by
    refused(cast, CustodiansMissing)


@pytest.mark.parametrize("state", [AgreementState.SUSPENDED, AgreementState.ENDED])
def test_an_agreement_that_does_not_stand_is_refused(cast: Cast, state: AgreementState) -> None:
    cast.application.corporation.agreement_state = state
    refused(cast, NotEligible)


def test_a_delegation_that_ended_is_refused(cast: Cast) -> None:
    cast.application.corporation.agreement_to = date(2026, 11, 23)
    refused(cast, NotEligible, "2026年11月23日")


def test_a_consent_to_another_edition_is_refused(cast: Cast) -> None:
    edition = db.session.query(Edition).one()
    source = edition.source + b"\n"
    builders.edition(source, version="9.0")
    refused(cast, ConsentMissing, "規約が改定")


@pytest.mark.parametrize("state", [A.SUBMITTED, A.SCREENING, A.RETURNED, A.REJECTED, A.WITHDRAWN])
def test_only_an_approved_application_is_issued(cast: Cast, state: A) -> None:
    cast.application = builders.application(state)
    refused(cast, WrongState)


def test_a_page_that_grew_old_is_refused(cast: Cast) -> None:
    with pytest.raises(StalePage):
        service.issue(cast.application, version=cast.application.version + 1, by=cast.operator)


def test_what_was_issued_is_not_issued_again(cast: Cast) -> None:
    cast.application = issued().certificate.application
    with pytest.raises(WrongState):
        cast.issue()


def test_a_child_that_does_not_start_leaves_everything_as_it_was(cast: Cast, monkeypatch: Any) -> None:
    monkeypatch.setattr(enclave_child, "TIMEOUT", 0)
    monkeypatch.setattr(enclave_child.sys, "executable", shutil.which("false"))
    refused(cast, IssuerTrouble, "鍵を作れませんでした")
    assert cast.application.state is A.APPROVED
    assert audit.unfinished() == []


# --- after the order is written -----------------------------------------------------------------------


def failed(cast: Cast, failure: OrderFailure, done: service.Issuance) -> None:
    """The order failed for good, the application stands approved, nothing is left at the CA that is good."""
    db.session.commit()
    db.session.expire_all()
    assert done.certificate is None
    assert (done.order.state, done.order.failure) == (OrderState.FAILED, failure)
    assert (cast.application.state, cast.application.issued_by) == (A.APPROVED, None)
    assert db.session.query(Certificate).count() == db.session.query(Backup).count() == 0
    assert audit.unfinished() == []
    assert entries(Event.ORDER_FAILED)[-1].act == done.order.act


def revoked_at_ca(serial: int) -> bool:
    return keys.issuer().status(serial).state is CertificateStatus.REVOKED


def test_an_order_the_ca_refuses_fails(cast: Cast) -> None:
    cast.application = builders.application(
        A.APPROVED, common_name="Caf\u00e9"
    )  # past every check of ours: the CA has its own
    failed(cast, OrderFailure.REFUSED, cast.issue())
    assert entries(Event.ORDER_FAILED)[0].facts["serial_number"] is None


def test_a_silent_ca_leaves_the_order_asked_and_the_act_begun(cast: Cast, app: Any, hands: Any) -> None:
    db.session.commit()
    ledger = Path(app.instance_path) / "ca" / "ledger.sqlite"
    ledger.rename(ledger.with_suffix(".away"))
    with pytest.raises(IssuerTrouble, match="認証局に照合する") as caught:
        cast.issue()
    assert caught.value.act is None
    db.session.rollback()
    order = db.session.query(Order).one()
    assert (order.state, cast.application.state) == (OrderState.ASKED, A.ISSUING)
    (begun,) = audit.unfinished(Subject.ORDER, order.id)
    assert begun.act == order.act
    hands.forward(minutes=2)
    assert reconcile.run() == []
    ledger.with_suffix(".away").rename(ledger)
    assert reconcile.run() == [order]
    failed(cast, OrderFailure.NOT_ISSUED, service.Issuance(order))


class OtherSubject:
    """A CA that puts in another common name than was ordered."""

    def __init__(self, inner: Any) -> None:
        self.inner, self.find, self.revoke, self.crl = inner, inner.find, inner.revoke, inner.crl

    def issue(self, order: Any) -> Any:
        from dataclasses import replace

        return self.inner.issue(replace(order, subject=replace(order.subject, common_name="Somebody Else")))


def test_another_certificate_than_approved_is_revoked_at_once(cast: Cast, app: Any, monkeypatch: Any) -> None:
    monkeypatch.setitem(keys._held, "issuer", OtherSubject(keys.issuer()))
    done = cast.issue()
    monkeypatch.undo()
    failed(cast, OrderFailure.DIFFERS, done)
    (serial,) = at_ca(app)
    assert revoked_at_ca(serial)
    assert entries(Event.ORDER_FAILED)[0].facts["failure"] == "differs: subject"
    assert entries(Event.ORDER_FAILED)[0].facts["serial_number"] == f"{serial:x}"


def test_a_child_that_dies_after_the_ca_signed_leaves_a_revoked_certificate(
    cast: Cast, app: Any, monkeypatch: Any
) -> None:
    ask = enclave_child.Child.ask

    def die(child: Any, operation: str, **fields: Any) -> Any:
        if operation == "finish":
            child._process.kill()
            child._process.wait()
        return ask(child, operation, **fields)

    monkeypatch.setattr(enclave_child.Child, "ask", die)
    failed(cast, OrderFailure.NOT_SEALED, cast.issue())
    monkeypatch.undo()
    (serial,) = at_ca(app)
    assert revoked_at_ca(serial)
    again = cast.issue().certificate
    assert again is not None
    assert again.jc_number != entries(Event.ORDER_ASKED)[0].facts["jc_number"]
    assert not revoked_at_ca(int(again.serial_number, 16))


class Slow:
    """A CA that takes so long that the order is reconciled before it signs, or before its answer arrives."""

    def __init__(self, inner: Any, hands: Any, *, signed: bool) -> None:
        self.inner, self.hands, self.signed = inner, hands, signed
        self.find, self.revoke, self.crl = inner.find, inner.revoke, inner.crl

    def issue(self, order: Any) -> Any:
        if self.signed:
            self.inner.issue(order)
        self.hands.forward(minutes=2)
        with transaction():
            (ended,) = reconcile.run()
        assert ended.failure is (OrderFailure.INTERRUPTED if self.signed else OrderFailure.NOT_ISSUED)
        return self.inner.issue(order)


@pytest.mark.parametrize("signed", [False, True])
def test_an_answer_that_comes_after_the_order_was_given_up_is_undone(
    cast: Cast, app: Any, monkeypatch: Any, hands: Any, signed: bool
) -> None:
    db.session.commit()
    monkeypatch.setitem(keys._held, "issuer", Slow(keys.issuer(), hands, signed=signed))
    done = cast.issue()
    monkeypatch.undo()
    failed(cast, OrderFailure.INTERRUPTED if signed else OrderFailure.LATE, done)
    (serial,) = at_ca(app)
    assert revoked_at_ca(serial)
    assert cast.issue().certificate is not None


# --- at the same moment -------------------------------------------------------------------------------


def test_of_two_operators_at_once_one_issues(app: Any) -> None:
    with app.test_request_context(), transaction():
        cast = Cast()
        number, version = cast.application.id, cast.application.version
        ids = [cast.operator.id, officer(Role.OPERATOR).id]
    gate, outcomes = threading.Barrier(2), []

    def press(who: int) -> None:
        with app.test_request_context():
            application, by = db.session.get_one(Application, number), db.session.get_one(Officer, who)
            db.session.rollback()
            gate.wait()
            try:
                with transaction():
                    done = service.issue(application, version=version, by=by)
                outcomes.append("issued" if done.certificate else "failed")
            except RuleViolation as violation:
                outcomes.append(violation.code)

    threads = [threading.Thread(target=press, args=(who,)) for who in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(outcomes) == ["StalePage", "issued"]
    with app.test_request_context():
        (made,) = db.session.query(Certificate)
        assert at_ca(app) == [int(made.serial_number, 16)]
        assert db.session.query(Order).count() == 1
        assert db.session.get_one(Application, number).state is A.ISSUED
        assert audit.unfinished() == []
        assert audit.verify() == []


# --- what the database refuses by itself --------------------------------------------------------------


def refused_by_sql(statement: str, match: str, **values: Any) -> None:
    with pytest.raises(IntegrityError, match=match):
        db.session.execute(text(statement), values)
    db.session.rollback()


COLUMNS = [column.name for column in Certificate.__table__.columns if column.name != "id"]


def copy_of(other: dict[str, Any]) -> str:
    """INSERT of a copy of the certificate with these columns changed."""
    chosen = ", ".join(f":{name}" if name in other else name for name in COLUMNS)
    return f"INSERT INTO certificate ({', '.join(COLUMNS)}) SELECT {chosen} FROM certificate WHERE id = :id"


@pytest.mark.parametrize(
    "column", ["application_id", "order_id", "jc_number", "serial_number", "public_key_sha256"]
)
def test_nothing_of_a_certificate_is_given_twice_by_sql(context: Any, column: str) -> None:
    first, second = issued().certificate, issued().certificate
    third = builders.application(A.APPROVED)
    third.state, third.issued_by, third.issued_at = A.ISSUING, first.issued_by, clock.now()
    order = Order(request_id="r", application_id=third.id, jc_number="JC-3", public_key_sha256="k", act="a",
                  state=OrderState.ASKED, asked_by=first.issued_by, asked_at=clock.now())  # fmt: skip
    db.session.add(order)
    db.session.commit()
    fresh: dict[str, Any] = {
        "application_id": third.id, "screened_by": third.screened_by, "approved_by": third.approved_by,
        "issued_by": third.issued_by, "order_id": order.id, "jc_number": "JC-3", "serial_number": "abc",
        "public_key_sha256": "k",
    }  # fmt: skip
    taken = fresh | {column: getattr(second, column)}
    if column == "application_id":
        taken |= {name: getattr(second, name) for name in ("screened_by", "approved_by", "issued_by")}
    index = {"serial_number": "serial"}.get(column, column)
    refused_by_sql(copy_of(taken), f"(?i)unique.*{index}", id=second.id, **taken)
    db.session.execute(text(copy_of(fresh)), {"id": second.id, **fresh})


@pytest.mark.parametrize("column", ["request_id", "jc_number", "public_key_sha256"])
def test_no_order_is_asked_twice_by_sql(context: Any, column: str) -> None:
    first, second = issued().certificate.order, issued().certificate.order
    value = getattr(first, column)
    refused_by_sql(f"UPDATE ca_order SET {column} = :value WHERE id = :id", f"(?i)unique.*{column}", value=value,
                   id=second.id)  # fmt: skip


def test_the_approver_does_not_issue_by_sql(cast: Cast) -> None:
    db.session.commit()
    refused_by_sql("UPDATE application SET state = 'issuing', issued_by = approved_by, issued_at = approved_at"
                   " WHERE id = :id", "two_person_issue", id=cast.application.id)  # fmt: skip


def test_no_certificate_names_an_approver_as_its_operator_by_sql(context: Any) -> None:
    made = issued().certificate
    db.session.commit()
    for column in ("issued_by", "screened_by"):
        refused_by_sql(
            f"UPDATE certificate SET {column} = approved_by WHERE id = :id", "two_person", id=made.id
        )


def test_the_people_of_a_certificate_are_those_of_its_application_by_sql(context: Any) -> None:
    made, other = issued().certificate, officer(Role.OPERATOR)
    db.session.commit()
    for column in ("screened_by", "approved_by", "issued_by"):
        refused_by_sql(f"UPDATE certificate SET {column} = :other WHERE id = :id", "(?i)foreign key", other=other.id,
                       id=made.id)  # fmt: skip
        refused_by_sql(f"UPDATE application SET {column} = :other WHERE id = :id", "(?i)foreign key|two_person",
                       other=other.id, id=made.application_id)  # fmt: skip


def test_an_order_ends_with_its_time_and_a_failure_with_its_reason_by_sql(context: Any) -> None:
    order = issued().certificate.order
    db.session.commit()
    refused_by_sql("UPDATE ca_order SET ended_at = NULL WHERE id = :id", "state_ended", id=order.id)
    refused_by_sql("UPDATE ca_order SET failure = 'late' WHERE id = :id", "state_failed", id=order.id)


# --- the clock of a certificate -----------------------------------------------------------------------


def test_it_begins_when_it_was_asked_for(cast: Cast) -> None:
    made = cast.issue().certificate
    assert made is not None
    parsed = x509.load_der_x509_certificate(made.der)
    assert parsed.not_valid_before_utc == clock.now()
    assert made.not_after == clock.now() + timedelta(days=730) - timedelta(seconds=1)
