"""Recovery: asked for by an operator, authorised by another officer, told to the subscriber (product.md §7).

What follows, the custodians' shares and the joining, stands in recovery_opening. The certificate is locked before
the recovery, everywhere.
"""

from datetime import timedelta

from sqlalchemy import or_, select

from jcanweb import audit, clock, keys, mail
from jcanweb.config import setting
from jcanweb.database import db, flush, lock
from jcanweb.errors import (
    OwnApplication,
    RecoveryFailed,
    RecoveryRefused,
    TwoPersonRule,
    words_at,
)
from jcanweb.events import Event, Subject
from jcanweb.models import Certificate, Officer, Recovery, Revocation
from jcanweb.names import check_words
from jcanweb.pki import enclave
from jcanweb.services import backup, custodians, recovery_ledger, screening, withdrawal_ledger
from jcanweb.services.recovery_ledger import HALVES, OPEN
from jcanweb.states import move
from jcanweb.vocabulary import (
    CertificateState,
    RecoveryGround,
    RecoveryState,
    RevocationReason,
    RevocationState,
    SecretKind,
)

COMPROMISED = "鍵・PINの漏えいによる失効のため、この鍵は回復できません。新しい証明書を申請してください。"
REVOKED = "失効した証明書の鍵は回復できません。利用を続けるときは、新しい証明書を申請してください。"
REVOKING = "失効の手続き中のため、鍵回復はできません。失効の判断が出てから依頼してください。"
SUSPENDED = "利用停止中の証明書の鍵は回復できません。停止の判断が出てから依頼してください。"
EXPIRED = "有効期限が過ぎた証明書の鍵は回復できません。新しい証明書を申請してください。"
NO_CONSENT = (
    "利用者がバックアップの保管に同意していないため、鍵回復はできません。新しい証明書を申請してください。"
)
WITHDRAWN = "利用者がバックアップの保管への同意を撤回したため、この鍵は回復できません。証明書は失効の手続きに入っています。"
DESTROYED = "バックアップが廃棄されているため、鍵回復はできません。新しい証明書を申請してください。"
ALREADY = "この証明書の鍵回復は既に進んでいます。一覧から、その鍵回復を確認してください。"
NOBODY = "依頼と承認の担当者を除くと、持分を開封できる鍵の管理者がいません。別の担当者が操作してください。"
SELF = "鍵回復を依頼した本人は承認できません。別の承認者が判断してください。"
SELF_DECLINED = "鍵回復を依頼した本人が却下を決めることはできません。別の承認者が判断してください。"
OWN = (
    "ご自身が利用者またはPIN送付先になっている証明書の鍵回復は扱えません。ほかの担当者に引き継いでください。"
)
NOT_AUTHORIZED = (
    "承認の途中で問題が起きました。承認はされていません。少し待ってから、もう一度承認してください。"
)


def request(certificate: Certificate, *, ground: RecoveryGround, proof: str, by: Officer) -> Recovery:
    """Ask for the recovery of a certificate's key. `proof`: how the asker was identified, 1 to 1,000 characters.

    Raises RecoveryRefused, each ground with its own sentence (see `check`), CustodiansMissing, OwnApplication,
    and FieldRefused or WordsNeeded at the field `proof`.
    """
    proof = words_at("proof", check_words, proof, "本人確認の方法")
    lock(certificate)
    lapse_overdue(certificate)
    not_own(certificate, by)
    check(certificate)
    if recovery_ledger.going_on(certificate):
        raise RecoveryRefused(ALREADY)
    _check_openers(certificate, {by.id})
    made = Recovery(certificate_id=certificate.id, state=RecoveryState.REQUESTED, ground=ground, proof=proof,
                    requested_by=by.id, requested_at=clock.now())  # fmt: skip
    made.certificate, made.requester = certificate, by
    db.session.add(made)
    flush()
    audit.record(Event.RECOVERY_REQUESTED, Subject.RECOVERY, made.id, by=by, certificate=certificate.id,
                 ground=ground.value)  # fmt: skip
    return made


def authorize(recovery: Recovery, *, version: int, by: Officer) -> None:
    """Let it go on after the cooling-off, and tell the subscriber; from here on shares are sealed to a key of this
    recovery alone.

    Raises StalePage, TwoPersonRule for who asked, OwnApplication, WrongState, RecoveryRefused, CustodiansMissing.
    """
    lock(recovery.certificate)
    lock(recovery, version)
    if recovery.requested_by == by.id:
        raise TwoPersonRule(SELF)
    not_own(recovery.certificate, by)
    check(recovery.certificate)
    _check_openers(recovery.certificate, {recovery.requested_by, by.id})
    try:
        private_key, public_key = enclave.new_ephemeral()
    except enclave.EnclaveError:
        raise RecoveryFailed(NOT_AUTHORIZED) from None
    at, who = clock.now(), by.id
    move(recovery, RecoveryState.AUTHORIZED)
    recovery.ephemeral_public = public_key
    recovery.ephemeral_sealed = keys.sealer().seal(private_key, ephemeral_context(recovery))
    recovery.authorized_by, recovery.authorized_at = who, at
    recovery.open_from = at + timedelta(hours=setting("RECOVERY_COOLING_OFF_HOURS"))
    recovery.open_until = recovery.open_from + timedelta(days=setting("RECOVERY_OPEN_DAYS"))
    flush()
    audit.record(Event.RECOVERY_AUTHORIZED, Subject.RECOVERY, recovery.id, by=by,
                 certificate=recovery.certificate_id, open_from=recovery.open_from.isoformat())  # fmt: skip
    _tell(recovery, "recovery_authorized")


def decline(recovery: Recovery, *, reason: str, version: int, by: Officer) -> None:
    """Stop it, before or after the authorisation; a subscriber who was told of it is told again.

    `reason`: 1 to 1,000 characters. Raises StalePage, TwoPersonRule for who asked, OwnApplication, WrongState,
    FieldRefused or WordsNeeded at `reason`.
    """
    lock(recovery.certificate)
    lock(recovery, version)
    if recovery.requested_by == by.id:
        raise TwoPersonRule(SELF_DECLINED)
    not_own(recovery.certificate, by)
    reason, who = words_at("reason", check_words, reason, "回復しない理由"), by.id
    move(recovery, RecoveryState.DECLINED)
    recovery.declined_by, recovery.declined_at, recovery.declined_reason = who, clock.now(), reason
    _end(recovery, Event.RECOVERY_DECLINED, by=by)


def lapse_overdue(certificate: Certificate | None = None, *, by: object = None) -> int:
    """Close what was not opened in time, and what a revoked or expired certificate was asked for; how many.

    Called wherever recoveries are looked at, and by a revocation for its certificate.
    """
    now = clock.now()
    over = or_(
        Recovery.open_until <= now,
        Certificate.state == CertificateState.REVOKED,
        Certificate.not_after <= now,
    )
    query = select(Recovery).join(Recovery.certificate).where(Recovery.state.in_(OPEN), over)
    if certificate is not None:
        query = query.where(Recovery.certificate_id == certificate.id)
    query = query.with_for_update(of=Recovery, skip_locked=True)
    found = list(db.session.scalars(query, execution_options={"populate_existing": True}))
    for recovery in found:
        lapse(recovery, by=by)
    return len(found)


def lapse(recovery: Recovery, *, by: object) -> None:
    """Close a recovery that can no longer be opened."""
    move(recovery, RecoveryState.LAPSED)
    _end(recovery, Event.RECOVERY_LAPSED, by=by)


def forget(recovery: Recovery) -> None:
    """Drop the recovery's key and every half that was sealed to it."""
    recovery.ephemeral_sealed = None
    for opening in recovery.openings:
        opening.resealed = None


def ephemeral_context(recovery: Recovery) -> str:
    """What the seal of the recovery's private key is bound to."""
    return f"recovery.ephemeral_sealed {recovery.id}"


def left_act(recovery: Recovery) -> str | None:
    """The joining that was begun and never ended: whoever ends the recovery ends it under this name."""
    left = audit.unfinished(Subject.RECOVERY, recovery.id)
    return left[0].act if left else None


def not_own(certificate: Certificate, by: Officer) -> None:
    """Raise OwnApplication for the subscriber and for whom the PIN goes to."""
    if screening.own(recovery_ledger.application(certificate), by):
        raise OwnApplication(OWN)


def check(certificate: Certificate) -> None:
    """May its key be recovered now? Raises RecoveryRefused: consent to the backup withdrawn, revoked (a compromise
    says so), suspended, a revocation under way, expired, no consent to the backup, backup destroyed."""
    if withdrawal_ledger.of(certificate):
        raise RecoveryRefused(WITHDRAWN)
    reason = db.session.scalar(
        select(Revocation.reason)
        .where(Revocation.certificate_id == certificate.id, Revocation.state != RevocationState.REFUSED)
    )  # fmt: skip
    if certificate.state is CertificateState.REVOKED:
        raise RecoveryRefused(COMPROMISED if reason is RevocationReason.KEY_COMPROMISE else REVOKED)
    if certificate.state is CertificateState.SUSPENDED:
        raise RecoveryRefused(SUSPENDED)
    if reason is not None:
        raise RecoveryRefused(REVOKING)
    if certificate.not_after <= clock.now():
        raise RecoveryRefused(EXPIRED)
    if withdrawal_ledger.statement(certificate) is None:
        raise RecoveryRefused(NO_CONSENT)
    if set(backup.living(certificate)) != set(SecretKind):
        raise RecoveryRefused(DESTROYED)


def refusal(certificate: Certificate) -> str | None:
    """The sentence that `check` refuses with now, for the page."""
    try:
        check(certificate)
    except RecoveryRefused as refused:
        return refused.sentence
    return None


def _check_openers(certificate: Certificate, busy: set[int]) -> None:
    """Every half has a custodian at work who is none of `busy`, and there are custodians to seal to anew."""
    custodians.holders()
    able = {(kind, share.half)
            for kind, kept in backup.living(certificate).items() for share in kept.shares
            if share.custodian.released_at is None and share.custodian.officer.active
            and share.custodian.officer_id not in busy}  # fmt: skip
    if not HALVES.keys() <= able:
        raise RecoveryRefused(NOBODY)


def _end(recovery: Recovery, event: Event, *, by: object) -> None:
    """What was sealed to it is gone, and so is a joining that had been begun."""
    with db.session.no_autoflush:  # only with all of it gone the row may stand
        act = left_act(recovery)
        forget(recovery)
    flush()
    audit.record(event, Subject.RECOVERY, recovery.id, by=by, act=act, certificate=recovery.certificate_id)
    over = recovery.certificate.state is CertificateState.REVOKED or withdrawal_ledger.of(
        recovery.certificate
    )
    if recovery.authorized_at and not over:  # a revocation and a withdrawal have mails of their own
        _tell(recovery, "recovery_stopped")


def _tell(recovery: Recovery, template: str) -> None:
    application = recovery_ledger.application(recovery.certificate)
    person = application.person
    mail.send(person.email, template, application=application, name=person.name, recovery=recovery,
              jc_number=recovery.certificate.jc_number, lra_name=setting("LRA_NAME_JA"),
              lra_contact=setting("LRA_CONTACT"))  # fmt: skip
