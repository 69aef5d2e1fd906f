"""Withdrawal of the consent to the backup (第5条(2), product.md §3): told what it means first, and then for good.

It means revocation, which cannot be refused any more. In one transaction the backups are destroyed, links not yet
used and a recovery under way end, and a revocation is opened, or the one that is open is brought forward.
"""

import hashlib
from datetime import datetime

from jcanweb import audit, clock, mail
from jcanweb.config import setting
from jcanweb.database import db, flush, lock
from jcanweb.errors import (
    CertificateExpired,
    CertificateRevoked,
    NumberMismatch,
    RuleViolation,
    StalePage,
)
from jcanweb.events import Event, Subject
from jcanweb.models import Certificate, ConsentWithdrawal, Person, Recovery, Revocation
from jcanweb.services import (
    backup,
    delivery,
    recovery,
    recovery_ledger,
    revocation,
    revocation_ledger,
    search,
)
from jcanweb.services import withdrawal_ledger as ledger
from jcanweb.vocabulary import CertificateState, RevocationReason, RevocationRequester

BUTTON = "同意を撤回し、証明書の失効を求める"
GROUND = "利用者がバックアップの保管への同意を撤回したため。"
REASON = RevocationReason.CESSATION_OF_OPERATION
"""RFC 5280 §5.3.1: no longer used, with no doubt about the key. No new certificate has come in its place (superseded),
and nobody has broken a rule (privilegeWithdrawn)."""
REVOKED = "この証明書は失効しています。バックアップの同意をあらためて撤回する必要はありません。"
EXPIRED = (
    "この証明書は有効期間が終わっているため、この画面では撤回できません。"
    "バックアップの廃棄を希望するときは、登録局にお知らせください。"
)


def consequences() -> tuple[str, ...]:
    """What the withdrawal brings with it, in the words that are shown before it is confirmed and kept with it."""
    return (
        f"登録局は、撤回を受け付けてから{setting('REVOCATION_URGENT_HOURS')}時間以内に、この証明書を失効します。"
        "失効した証明書は、CECTRUST-Lightで使えません。",
        "お預かりしている証明書ファイルとPINのバックアップは、撤回と同時に廃棄し、鍵回復には使いません。"
        "進んでいる鍵回復は中止します。",
        "まだ受け取っていない証明書ファイルとPINは、撤回と同時に受け取れなくなります。",
        "撤回は取り消せません。証明書がまた必要になったときは、規約を承諾して、新しく申請してください。",
    )


def shown() -> str:
    """What names these words: the page sends it back, so that what is kept is what was read."""
    return hashlib.sha256("\n".join(consequences()).encode()).hexdigest()


def obstacle(certificate: Certificate) -> RuleViolation | None:
    """Why there is nothing to withdraw: CertificateRevoked or CertificateExpired; None when there is."""
    if certificate.state is CertificateState.REVOKED:
        return CertificateRevoked(REVOKED)
    if certificate.not_after <= clock.now():
        return CertificateExpired(EXPIRED)
    return None


def withdraw(certificate: Certificate, *, confirmation: str, read: str, by: Person) -> ConsentWithdrawal:
    """Withdraw the consent to this certificate's backup. Doing so once more changes nothing.

    `confirmation`: the typed JC-number. `read`: `shown()` of the page that was read. Raises CertificateRevoked,
    CertificateExpired, NumberMismatch, and StalePage when the words have changed meanwhile.
    """
    lock(certificate)
    if (before := ledger.of(certificate)) is not None:
        return before
    if (refusal := obstacle(certificate)) is not None:
        raise refusal
    if search.plain(confirmation) != certificate.jc_number:
        raise NumberMismatch()
    if read != shown():
        raise StalePage()
    asked, going_on = _held(certificate)
    made = ConsentWithdrawal(certificate_id=certificate.id, consent_id=certificate.consent_id, person_id=by.id,
                             words="\n".join(consequences()), button=BUTTON, withdrawn_at=clock.now())  # fmt: skip
    db.session.add(made)
    flush()
    delivery.end(certificate, "withdrawn", by=by)
    if going_on is not None:
        recovery.lapse(going_on, by=by)
    for kept in backup.living(certificate).values():
        backup.destroy(kept, by=by)
    asked = _brought_forward(asked, made.withdrawn_at) if asked else revocation.receive(
        certificate, reason=REASON, requester=RevocationRequester.SUBSCRIBER, words=GROUND, by=by)  # fmt: skip
    audit.record(Event.CONSENT_WITHDRAWN, Subject.CERTIFICATE, certificate.id, by=by, consent=made.consent_id,
                 revocation=asked.id, due_at=asked.due_at.isoformat())  # fmt: skip
    mail.send(by.email, "consent_withdrawn", application=certificate.application, name=by.name, certificate=certificate, withdrawal=made,
              due_at=asked.due_at, stopped=going_on is not None, lra_name=setting("LRA_NAME_JA"),
              lra_contact=setting("LRA_CONTACT"))  # fmt: skip
    return made


def _held(certificate: Certificate) -> tuple[Revocation | None, Recovery | None]:
    """The revocation and the recovery that go on, locked in this order, before anything is recorded."""
    asked, going_on = revocation_ledger.living(certificate), recovery_ledger.going_on(certificate)
    if asked is not None:
        lock(asked)
    if going_on is not None:
        lock(going_on)
        if going_on.state not in recovery_ledger.OPEN:  # its time ran out at this very moment
            going_on = None
    return asked, going_on


def _brought_forward(asked: Revocation, at: datetime) -> Revocation:
    """A revocation asked for on another ground keeps it; now it is due as the subscriber was told."""
    asked.due_at = min(asked.due_at, revocation.due(asked.reason, RevocationRequester.SUBSCRIBER, at))
    flush()
    return asked
