"""The consent to a backup withdrawn by its services: what it opens, what it ends, and what it forbids from then on."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from jcanweb import audit, clock
from jcanweb.database import db, transaction
from jcanweb.errors import (
    CertificateExpired,
    CertificateRevoked,
    ConsentWithdrawn,
    DeliveryStopped,
    NumberMismatch,
    OwnApplication,
    RecoveryRefused,
    RuleViolation,
    StalePage,
    TwoPersonRule,
)
from jcanweb.events import Event, Subject
from jcanweb.models import (
    AuditEntry,
    Backup,
    Certificate,
    ConsentWithdrawal,
    Crl,
    Delivery,
    Mail,
    Officer,
    Recovery,
    Revocation,
)
from jcanweb.roles import Role
from jcanweb.services import delivery, recovery_opening, reports, revocation, withdrawal, withdrawal_ledger
from jcanweb.services import recovery as recoveries
from jcanweb.vocabulary import (
    CertificateState,
    CustodianGroup,
    RecoveryGround,
    RecoveryState,
    RevocationReason,
    RevocationRequester,
    RevocationState,
    SecretKind,
)
from tests import builders
from tests.issued import PASSPHRASE, Issued, issued, issued_certificate, put_out
from tests.people import officer
from tests.recoveries import Cast, put_halves, sent
from tests.withdrawals import withdraw

KEY, PIN, SECURITY = CustodianGroup.KEY, CustodianGroup.PIN, CustodianGroup.SECURITY
DAY = timedelta(hours=24)


@pytest.fixture
def made(context: Any) -> Issued:
    return issued()


@pytest.fixture
def certificate(made: Issued) -> Certificate:
    return made.certificate


def asked(certificate: Certificate, reason: RevocationReason = RevocationReason.SUPERSEDED) -> Revocation:
    """A revocation that the corporation asked an officer for."""
    return revocation.receive(certificate, reason=reason, requester=RevocationRequester.CORPORATION,
                              by=officer(Role.SCREENER))  # fmt: skip


def of(certificate: Certificate) -> Revocation:
    return db.session.query(Revocation).filter_by(certificate_id=certificate.id).one()


# --- what it opens --------------------------------------------------------------------------------------


def test_it_opens_a_revocation_that_the_subscriber_asked_for(certificate: Certificate) -> None:
    made, opened = withdraw(certificate), of(certificate)
    assert (opened.state, opened.reason, opened.requester) == (
        RevocationState.RECEIVED, RevocationReason.CESSATION_OF_OPERATION, RevocationRequester.SUBSCRIBER)  # fmt: skip
    assert (opened.received_by, opened.received_from) == (None, certificate.person_id)
    assert opened.due_at == made.withdrawn_at + DAY == clock.now() + DAY
    assert certificate.state is CertificateState.DELIVERED


def test_it_keeps_what_was_read_and_pressed(certificate: Certificate) -> None:
    made = withdraw(certificate)
    assert (made.consent_id, made.person_id) == (certificate.consent_id, certificate.person_id)
    assert made.words.splitlines() == list(withdrawal.consequences())
    assert "24時間以内" in made.words
    assert made.button == withdrawal.BUTTON
    entry = db.session.query(AuditEntry).filter_by(event=Event.CONSENT_WITHDRAWN).one()
    assert (entry.actor, entry.subject_id) == (f"person:{certificate.person_id}", str(certificate.id))
    assert entry.facts == {"consent": certificate.consent_id, "revocation": of(certificate).id,
                           "due_at": of(certificate).due_at.isoformat()}  # fmt: skip
    assert audit.verify() == []


def test_the_subscriber_is_told_what_happens_and_by_when(certificate: Certificate) -> None:
    withdraw(certificate)
    (mail,) = sent()
    assert (mail.template, mail.to) == ("consent_withdrawn", certificate.application.person.email)
    assert "2026年11月25日（水） 10:00 までに失効します" in mail.body
    assert "鍵回復は中止" not in mail.body


def test_decided_and_executed_by_two_it_stands_in_the_crl(certificate: Certificate) -> None:
    withdraw(certificate)
    opened, approver, operator = of(certificate), officer(Role.APPROVER), officer(Role.OPERATOR)
    revocation.decide(opened, version=opened.version, by=approver)
    number = certificate.jc_number
    with pytest.raises(TwoPersonRule):
        revocation.execute(opened, confirmation=number, version=opened.version, by=approver)
    revocation.execute(opened, confirmation=number, version=opened.version, by=operator)
    assert certificate.state is CertificateState.REVOKED
    crl = x509.load_der_x509_crl(db.session.get_one(Crl, opened.crl_number).der)
    entry = crl.get_revoked_certificate_by_serial_number(int(certificate.serial_number, 16))
    assert entry is not None
    reason = entry.extensions.get_extension_for_class(x509.CRLReason).value.reason
    assert reason is x509.ReasonFlags.cessation_of_operation
    today = clock.now().date()
    (line,) = reports.revocation_page(reports.period(today, today))
    assert (line.receiver, line.decider, line.executor) == ("利用者本人", approver.name, operator.name)


def test_a_subscriber_among_the_officers_decides_no_own_withdrawal(certificate: Certificate) -> None:
    approver = officer(Role.APPROVER)
    approver.email = certificate.application.person.email
    withdraw(certificate)
    with pytest.raises(OwnApplication):
        revocation.decide(of(certificate), version=1, by=approver)


# --- a revocation that is open already ----------------------------------------------------------------


def test_an_open_revocation_keeps_its_ground_and_is_due_as_the_subscriber_was_told(
    certificate: Certificate, hands: Any
) -> None:
    before = asked(certificate)
    hands.forward(hours=1)
    withdraw(certificate)
    assert of(certificate) is before
    assert (before.reason, before.requester) == (RevocationReason.SUPERSEDED, RevocationRequester.CORPORATION)
    assert before.due_at == clock.now() + DAY
    assert "2026年11月25日（水） 11:00" in sent()[0].body


def test_a_deadline_that_is_nearer_stays(certificate: Certificate, hands: Any) -> None:
    before = asked(certificate, RevocationReason.KEY_COMPROMISE)
    due = before.due_at
    hands.forward(hours=3)
    withdraw(certificate)
    assert (before.due_at, certificate.state) == (due, CertificateState.SUSPENDED)


def test_a_decided_one_goes_on(certificate: Certificate) -> None:
    before = asked(certificate)
    revocation.decide(before, version=before.version, by=officer(Role.APPROVER))
    withdraw(certificate)
    assert (of(certificate), before.state) == (before, RevocationState.DECIDED)


def test_one_that_had_been_refused_is_followed_by_a_new_one(certificate: Certificate) -> None:
    before = asked(certificate)
    revocation.refuse(before, words="誤報。", version=before.version, by=officer(Role.APPROVER))
    withdraw(certificate)
    living = withdrawal_ledger.of(certificate)
    assert living is not None
    assert [one.state for one in db.session.query(Revocation).order_by(Revocation.id)] == [
        RevocationState.REFUSED, RevocationState.RECEIVED]  # fmt: skip


def test_nobody_refuses_a_revocation_after_a_withdrawal(certificate: Certificate) -> None:
    before = asked(certificate)
    withdraw(certificate)
    with pytest.raises(ConsentWithdrawn, match="失効しないと決めることはできません"):
        revocation.refuse(before, words="誤報。", version=before.version, by=officer(Role.APPROVER))
    assert before.state is RevocationState.RECEIVED


# --- what it ends ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [CertificateState.ISSUED, CertificateState.DELIVERED])
def test_links_not_yet_used_end(context: Any, state: CertificateState) -> None:
    made = issued(state)
    tokens = put_out(made)
    withdraw(made.certificate)
    for kind in SecretKind:
        found = delivery.find(tokens[kind], kind)
        assert found is not None
        assert (found.sealed, found.ended_at) == (None, clock.now())
        with pytest.raises(DeliveryStopped, match="失効の手続き"):
            delivery.take(found, tokens[kind], by=None)


def test_the_backups_are_gone_at_once(certificate: Certificate) -> None:
    withdraw(certificate)
    kept = db.session.query(Backup).all()
    assert [(one.ciphertext, one.shares, one.destroyed_at) for one in kept] == [(None, [], clock.now())] * 2
    assert db.session.query(AuditEntry).filter_by(event=Event.BACKUP_DESTROYED).count() == 2


def test_a_requested_recovery_ends_and_none_is_asked_for_again(certificate: Certificate) -> None:
    cast = Cast()
    recovery = cast.ask(certificate)
    withdraw(certificate)
    assert recovery.state is RecoveryState.LAPSED
    with pytest.raises(RecoveryRefused, match="撤回"):
        cast.ask(certificate)


def test_an_authorised_recovery_ends_with_its_halves_and_the_subscriber_is_told_once(
    certificate: Certificate, hands: Any
) -> None:
    cast = Cast()
    recovery = cast.authorized(certificate)
    hands.forward(hours=25)
    put_halves(recovery, cast.holders[KEY])
    withdraw(certificate)
    assert (recovery.state, recovery.ephemeral_sealed) == (RecoveryState.LAPSED, None)
    assert [one.resealed for one in recovery.openings] == [None]
    (mail,) = sent()
    assert "鍵回復は中止しました" in mail.body
    with pytest.raises(RuleViolation):
        recovery_opening.open_here(recovery, PASSPHRASE, by=cast.holder(PIN))


def test_a_joining_begun_before_ends_with_it(made: Issued, hands: Any) -> None:
    cast = Cast()
    recovery = cast.authorized(made.certificate)
    hands.forward(hours=25)
    put_halves(recovery, *(cast.holders[group] for group in (KEY, PIN, SECURITY)))
    audit.begin(Event.RECOVERY_OPENED, Subject.RECOVERY, recovery.id, by=cast.holder(KEY),
                certificate=made.certificate.id, deliveries=[])  # fmt: skip
    withdraw(made.certificate)
    assert audit.unfinished() == []


# --- when there is nothing to withdraw -----------------------------------------------------------------


def test_doing_so_once_more_changes_nothing(certificate: Certificate, hands: Any) -> None:
    first = withdraw(certificate)
    hands.forward(hours=1)
    assert withdraw(certificate, confirmation="", read="") is first
    assert len(sent()) == db.session.query(Revocation).count() == 1


def test_a_revoked_certificate_has_none(context: Any) -> None:
    with pytest.raises(CertificateRevoked, match="撤回する必要はありません"):
        withdraw(issued_certificate(CertificateState.REVOKED))


def test_an_expired_certificate_has_none(certificate: Certificate, hands: Any) -> None:
    hands.at = certificate.not_after
    with pytest.raises(CertificateExpired, match="バックアップの廃棄"):
        withdraw(certificate)


@pytest.mark.parametrize("typed", ["", "JC-99999999", "撤回"])
def test_another_number_is_refused(certificate: Certificate, typed: str) -> None:
    with pytest.raises(NumberMismatch):
        withdraw(certificate, confirmation=typed)
    assert db.session.query(ConsentWithdrawal).count() == 0


def test_other_words_than_those_that_were_read_are_refused(certificate: Certificate, app: Any) -> None:
    read = withdrawal.shown()
    app.config["REVOCATION_URGENT_HOURS"] = 12
    with pytest.raises(StalePage):
        withdraw(certificate, read=read)


# --- by raw SQL -------------------------------------------------------------------------------------------


def refused(name: str, statement: str, **values: Any) -> None:
    nested = db.session.begin_nested()
    with pytest.raises(IntegrityError) as caught:
        db.session.execute(text(statement), values)
    nested.rollback()
    assert name in str(caught.value.orig).lower()


def test_by_sql_one_withdrawal_a_certificate_and_only_of_its_subscriber(certificate: Certificate) -> None:
    other, stranger = issued_certificate(), builders.person()
    withdraw(certificate)
    copy = ("INSERT INTO consent_withdrawal (certificate_id, consent_id, person_id, words, button, withdrawn_at)"
            " SELECT {}, consent_id, {}, words, button, withdrawn_at FROM consent_withdrawal")  # fmt: skip
    refused("unique", copy.format("certificate_id", "person_id"))
    refused("foreign key", copy.format(other.id, stranger.id))
    db.session.execute(text(copy.format(other.id, other.person_id)))


def test_by_sql_a_revocation_comes_from_one_officer_or_from_its_subscriber(certificate: Certificate) -> None:
    stranger, screener = builders.person(), officer(Role.SCREENER)
    withdraw(certificate)
    row = {"id": of(certificate).id}
    refused("received", "UPDATE revocation SET received_from = NULL WHERE id = :id", **row)
    refused("received", "UPDATE revocation SET received_by = :by WHERE id = :id", by=screener.id, **row)
    refused(
        "foreign key", "UPDATE revocation SET received_from = :who WHERE id = :id", who=stranger.id, **row
    )


def test_by_sql_nothing_is_refused_sealed_or_recovered_after_a_withdrawal(
    certificate: Certificate, hands: Any
) -> None:
    cast, approver = Cast(), officer(Role.APPROVER)
    recovery = cast.ask(certificate)
    withdraw(certificate)
    at = {"at": clock.now().isoformat(" ")}
    refused("withdrawn_not_refused", "UPDATE revocation SET state = 'refused', decided_by = :by, decided_at = :at",
            by=approver.id, **at)  # fmt: skip
    refused("withdrawn_not_sealed", "INSERT INTO backup (record_id, certificate_id, kind, nonce, ciphertext,"
            " commit_sha256, sealed_at) SELECT 'new', certificate_id, kind, nonce, nonce, commit_sha256, :at"
            " FROM backup WHERE kind = 'pin'", **at)  # fmt: skip
    refused("withdrawn_not_asked", "INSERT INTO recovery (certificate_id, state, ground, proof, requested_by,"
            " requested_at, version) SELECT certificate_id, 'requested', ground, proof, requested_by, requested_at, 1"
            " FROM recovery")  # fmt: skip
    refused("withdrawn_not_recovered", "UPDATE recovery SET state = 'authorized', authorized_by = :by,"
            " authorized_at = :at, open_from = :at, open_until = :at, ephemeral_sealed = (SELECT der FROM certificate"
            " LIMIT 1)", by=approver.id, **at)  # fmt: skip
    db.session.refresh(recovery)
    assert recovery.state is RecoveryState.LAPSED


# --- at the same moment -----------------------------------------------------------------------------------


def at_once(app: Any, *acts: Any) -> list[str]:
    """Each act in a thread and a transaction of its own, all at the same moment; what came of them, in their order."""
    gate, outcomes = threading.Barrier(len(acts)), [""] * len(acts)

    def run(place: int) -> None:
        with app.test_request_context("/"):
            db.session.rollback()
            gate.wait()
            try:
                with transaction():
                    acts[place]()
                outcomes[place] = "done"
            except RuleViolation as violation:
                audit.refuse(Event.CONSENT_WITHDRAWN, Subject.CERTIFICATE, 1, by=None,
                             reason=violation.code, act=violation.act)  # fmt: skip
                outcomes[place] = violation.code

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return outcomes


def withdrawing(certificate_id: int) -> Any:
    return lambda: withdraw(db.session.get_one(Certificate, certificate_id))


def test_of_two_presses_at_once_one_counts(app: Any) -> None:
    with app.test_request_context("/"), transaction():
        number = issued_certificate().id
    assert at_once(app, withdrawing(number), withdrawing(number)) == ["done", "done"]
    with app.test_request_context("/"):
        assert db.session.query(ConsentWithdrawal).count() == db.session.query(Revocation).count() == 1
        assert [mail.template for mail in db.session.query(Mail)] == ["consent_withdrawn"]
        assert audit.verify() == []


def test_a_recovery_that_is_being_joined_leaves_nothing_behind(app: Any, hands: Any) -> None:
    with app.test_request_context("/"), transaction():
        cast, made = Cast(), issued()
        recovery = cast.authorized(made.certificate)
        hands.forward(hours=25)
        put_halves(recovery, cast.holders[KEY], cast.holders[PIN])
        number, recovery_id, holder = made.certificate.id, recovery.id, cast.holder(SECURITY).id

    def join() -> None:
        recovery_opening.open_here(
            db.session.get_one(Recovery, recovery_id), PASSPHRASE, by=db.session.get_one(Officer, holder)
        )

    joined, withdrawn = at_once(app, join, withdrawing(number))
    assert withdrawn == "done"
    assert joined in {"done", "RecoveryRefused", "WrongState"}
    with app.test_request_context("/"):
        expected = RecoveryState.OPENED if joined == "done" else RecoveryState.LAPSED
        assert db.session.get_one(Recovery, recovery_id).state is expected
        assert db.session.query(Backup).filter(Backup.destroyed_at.is_(None)).count() == 0
        assert db.session.query(Delivery).filter(Delivery.ended_at.is_(None)).count() == 0
        assert audit.unfinished() == []
        assert audit.verify() == []


def test_a_refusal_at_the_same_moment_leaves_a_revocation_to_decide(app: Any) -> None:
    with app.test_request_context("/"), transaction():
        certificate = issued_certificate()
        number, before, approver = certificate.id, asked(certificate), officer(Role.APPROVER)

    def refuse() -> None:
        revocation.refuse(db.session.get_one(Revocation, before.id), words="誤報。", version=before.version,
                          by=db.session.get_one(Officer, approver.id))  # fmt: skip

    said, withdrawn = at_once(app, refuse, withdrawing(number))
    assert (said, withdrawn) in {("done", "done"), ("ConsentWithdrawn", "done"), ("StalePage", "done")}
    with app.test_request_context("/"):
        living = db.session.query(Revocation).filter_by(state=RevocationState.RECEIVED).one()
        assert (living.id == before.id) is (said != "done")


def test_a_recovery_asked_for_at_the_same_moment_does_not_stay(app: Any) -> None:
    with app.test_request_context("/"), transaction():
        cast = Cast()
        number, operator = issued_certificate().id, cast.operator.id

    def ask() -> None:
        recoveries.request(db.session.get_one(Certificate, number), proof="電話で確認。",
                           ground=RecoveryGround.SUBSCRIBER_LOST_PIN,
                           by=db.session.get_one(Officer, operator))  # fmt: skip

    said, withdrawn = at_once(app, ask, withdrawing(number))
    assert (said, withdrawn) in {("done", "done"), ("RecoveryRefused", "done")}
    with app.test_request_context("/"):
        assert [one.state for one in db.session.query(Recovery)] in ([], [RecoveryState.LAPSED])
