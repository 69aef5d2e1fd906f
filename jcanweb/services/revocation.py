"""Revocation: received, decided by another, executed by a third act, seen in the CRL (product.md §9).

Times run in absolute hours from receipt: 24 h or 5 days (S/MIME BR 4.9.1.1). The CA is asked only after the
intent is committed, so that a crash shows as an unfinished act; pressing again takes that act up and ends it. Where
both are held, the certificate is locked before the revocation.
"""

from datetime import datetime, timedelta
from math import ceil

from sqlalchemy import select

from jcanweb import audit, clock, keys, mail
from jcanweb.calendar import jst_date
from jcanweb.config import setting
from jcanweb.database import db, flush, lock
from jcanweb.errors import (
    CertificateExpired,
    CertificateRevoked,
    ConsentWithdrawn,
    FieldRefused,
    IssuerTrouble,
    NumberMismatch,
    OwnApplication,
    RevocationOpen,
    RuleViolation,
    TwoPersonRule,
    WordsNeeded,
    WrongState,
    at_field,
)
from jcanweb.events import Event, Subject
from jcanweb.issuers.port import AlreadyRevoked, IssuerError, IssuerUnavailable
from jcanweb.models import AgreementEnd, Certificate, Officer, Person, Revocation
from jcanweb.names import check_words
from jcanweb.services import backup, delivery, recovery, screening, search, status, withdrawal_ledger
from jcanweb.states import move
from jcanweb.vocabulary import CertificateState as C
from jcanweb.vocabulary import RevocationReason, RevocationRequester
from jcanweb.vocabulary import RevocationState as R

URGENT = frozenset({RevocationReason.KEY_COMPROMISE, RevocationReason.CA_COMPROMISE})

OWN = "ご自身が利用者またはPIN送付先になっている証明書の失効は判断も実行もできません。ほかの担当者に引き継いでください。"
UNANSWERED = (
    "認証局から応答を得られませんでした。失効できたかどうかは確かめられていません。"
    "少し待ってから、もう一度「失効を実行する」を押してください。"
)
DECLINED = "認証局がこの証明書の失効を受け付けませんでした。証明書のシリアル番号を認証局に照会してください。"


def due(reason: RevocationReason, requester: RevocationRequester, received_at: datetime) -> datetime:
    """When it must be done: 24 h for a compromise or the subscriber's own request, 5 days else (BR 4.9.1.1)."""
    if reason in URGENT or requester is RevocationRequester.SUBSCRIBER:
        return received_at + timedelta(hours=setting("REVOCATION_URGENT_HOURS"))
    return received_at + timedelta(days=setting("REVOCATION_NORMAL_DAYS"))


def hours(since: datetime, until: datetime) -> float:
    """Hours between two moments, rounded up to a tenth: never less than it took."""
    return ceil((until - since).total_seconds() / 360) / 10


def receive(certificate: Certificate, *, reason: RevocationReason, requester: RevocationRequester, words: str = "",
            invalid_from: datetime | None = None, by: Officer | Person | AgreementEnd) -> Revocation:  # fmt: skip
    """Take in a request; a compromised key suspends the certificate in the same transaction.

    `by`: the officer who was asked, the subscriber who asks on the own page, or the end of the agreement over which the
    system asks; time then counts from when that was noticed. `words`: the ground in words, up to 1,000 characters, needed for unspecified. `invalid_from`: aware, since
    when the key is doubtful (RFC 5280 §5.3.2). Raises CertificateRevoked, CertificateExpired, RevocationOpen,
    WordsNeeded, FieldRefused.
    """
    at = clock.now()
    lock(certificate)
    if certificate.state is C.REVOKED:
        raise CertificateRevoked()
    if certificate.not_after <= at:
        raise CertificateExpired()
    if db.session.scalar(select(Revocation.id).where(Revocation.certificate_id == certificate.id,
                                                     Revocation.state != R.REFUSED)):  # fmt: skip
        raise RevocationOpen()
    words = at_field("words", check_words, words, "理由")
    if reason is RevocationReason.UNSPECIFIED and not words:
        raise WordsNeeded()
    if invalid_from is not None:
        _check_invalid_from(invalid_from, certificate, at)
        invalid_from = invalid_from.replace(microsecond=0)
    end = by if isinstance(by, AgreementEnd) else None
    since = end.noticed_at if end else at
    revocation = Revocation(
        certificate_id=certificate.id, state=R.RECEIVED, reason=reason, requester=requester, words=words,
        invalid_from=invalid_from, received_at=since, due_at=due(reason, requester, since),
        received_by=by.id if isinstance(by, Officer) else None,
        received_from=by.id if isinstance(by, Person) else None,
        received_upon=end.id if end else None,
    )  # fmt: skip
    revocation.certificate = certificate
    db.session.add(revocation)
    if reason is RevocationReason.KEY_COMPROMISE and certificate.state is not C.SUSPENDED:
        move(certificate, C.SUSPENDED)
    flush()
    who = None if isinstance(by, AgreementEnd) else by
    audit.record(Event.REVOCATION_RECEIVED, Subject.REVOCATION, revocation.id, by=who, certificate=certificate.id,
                 reason=reason, requester=requester, due_at=revocation.due_at.isoformat())  # fmt: skip
    return revocation


def decide(revocation: Revocation, *, version: int, by: Officer) -> None:
    """The certificate shall be revoked.

    Raises StalePage, TwoPersonRule (receiver = decider), OwnApplication (the subscriber), WrongState.
    """
    lock(revocation, version)
    _check_decider(revocation, by)
    move(revocation, R.DECIDED)
    revocation.decided_by, revocation.decided_at = by.id, clock.now()
    flush()
    audit.record(Event.REVOCATION_DECIDED, Subject.REVOCATION, revocation.id, by=by,
                 certificate=revocation.certificate_id, reason=revocation.reason)  # fmt: skip


def refuse(revocation: Revocation, *, words: str, version: int, by: Officer) -> None:
    """The certificate shall live on, and why; a suspended one gets back the state it had.

    Raises StalePage, TwoPersonRule (receiver = decider), OwnApplication, WrongState, WordsNeeded, FieldRefused, and
    ConsentWithdrawn when the subscriber has withdrawn the consent to the backup, which means revocation.
    """
    certificate = revocation.certificate
    lock(certificate)
    lock(revocation, version)
    _check_decider(revocation, by)
    if withdrawal_ledger.of(certificate):
        raise ConsentWithdrawn()
    words = at_field("words", check_words, words, "理由")
    if not words:
        raise WordsNeeded("失効しないと判断した理由を入力してください。")
    move(revocation, R.REFUSED)
    revocation.decided_by, revocation.decided_at, revocation.decision_words = by.id, clock.now(), words
    if certificate.state is C.SUSPENDED:
        move(certificate, C.DELIVERED if certificate.delivered_at else C.ISSUED)
    flush()
    audit.record(
        Event.REVOCATION_REFUSED, Subject.REVOCATION, revocation.id, by=by, certificate=certificate.id
    )


def execute(revocation: Revocation, *, confirmation: str, version: int, by: Officer) -> None:
    """Have the CA revoke, end open deliveries, publish a CRL, write the stop-use notice to the subscriber.

    `confirmation` is the typed JC-number. The intent is committed before the CA is asked. A certificate that
    the CA had revoked already is taken over with the CA's time. Raises StalePage, TwoPersonRule (decider =
    executor), OwnApplication, WrongState, NumberMismatch; IssuerTrouble when the CA does not answer (press again)
    or declines.
    """
    lock(revocation, version)
    _not_own(revocation, by)
    if revocation.decided_by == by.id:
        raise TwoPersonRule(
            "失効を決めた担当者が実行することはできません。別の発行操作者が実行してください。"
        )
    certificate = revocation.certificate
    if revocation.state is not R.DECIDED:
        raise WrongState("Revocation", revocation.state, R.EXECUTED)
    if search.plain(confirmation) != certificate.jc_number:
        raise NumberMismatch()
    left = audit.unfinished(Subject.REVOCATION, revocation.id)
    facts = {
        "certificate": certificate.id,
        "serial_number": certificate.serial_number,
        "reason": revocation.reason,
    }
    act = audit.begin(Event.REVOCATION_EXECUTED, Subject.REVOCATION, revocation.id, by=by,
                      act=left[0].act if left else None, **facts)  # fmt: skip
    revoked_at = _revoke_at_ca(revocation, certificate, act)
    lock(certificate)
    lock(revocation)
    if revocation.state is not R.DECIDED:  # a colleague pressed at the same moment and was first
        raise _ending(WrongState("Revocation", revocation.state, R.EXECUTED), act)
    move(certificate, C.REVOKED)
    certificate.revoked_at = revoked_at
    move(revocation, R.EXECUTED)
    revocation.executed_by = by.id
    revocation.executed_at = max(revoked_at, revocation.decided_at or revoked_at)
    flush()
    audit.record(Event.REVOCATION_EXECUTED, Subject.REVOCATION, revocation.id, by=by, act=act, **facts)
    delivery.end(certificate, "revoked", by=by)
    recovery.lapse_overdue(certificate, by=by)
    if revocation.reason is RevocationReason.KEY_COMPROMISE:  # nothing of a compromised key is worth a backup
        for kept in backup.living(certificate).values():
            backup.destroy(kept, by=by)
    _publish(by)
    _notice(certificate)


def _check_invalid_from(moment: datetime, certificate: Certificate, at: datetime) -> None:
    if moment > at:
        raise FieldRefused("危殆化の日には、今日までの日を入力してください。", "invalid_from")
    if jst_date(moment) < jst_date(certificate.not_before):
        raise FieldRefused(
            "危殆化の日が、証明書の有効期間の開始より前です。日付を確認してください。", "invalid_from"
        )


def _not_own(revocation: Revocation, by: Officer) -> None:
    if screening.own(revocation.certificate.application, by):
        raise OwnApplication(OWN)


def _check_decider(revocation: Revocation, by: Officer) -> None:
    _not_own(revocation, by)
    if revocation.received_by == by.id:
        raise TwoPersonRule("受付した担当者が判断することはできません。別の承認者が判断してください。")


def _revoke_at_ca(revocation: Revocation, certificate: Certificate, act: str) -> datetime:
    at = clock.now().replace(microsecond=0)
    try:
        keys.issuer().revoke(
            int(certificate.serial_number, 16), revocation.reason, at, revocation.invalid_from
        )
    except AlreadyRevoked as before:
        return before.at
    except IssuerUnavailable:
        raise IssuerTrouble(UNANSWERED) from None
    except IssuerError:
        raise _ending(IssuerTrouble(DECLINED), act) from None
    return at


def _ending(violation: RuleViolation, act: str) -> RuleViolation:
    violation.act = act
    return violation


def _publish(by: Officer) -> None:
    try:
        status.publish(by=by)
    except IssuerError:
        pass  # revoked all the same; the minute job, status.current(), lists it


def _notice(certificate: Certificate) -> None:
    person = db.session.get_one(Person, certificate.person_id)
    mail.send(person.email, "stop_use", application=certificate.application, name=person.name, jc_number=certificate.jc_number,
              revoked_at=certificate.revoked_at)  # fmt: skip
