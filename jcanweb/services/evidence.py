"""The evidence of one certificate: gathered, proven from the audit record, signed, and looked at before it leaves.

Personal data in it is the subscriber's alone. Officers stand with their role and number, as in the audit record,
whose entries hold ids only; whoever else is named in free words is blotted out (`names.redaction`).
"""

import hashlib

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from jcanweb import audit, clock, keys, verifier
from jcanweb.database import db, lock
from jcanweb.errors import EvidenceRefused
from jcanweb.events import Event, Subject
from jcanweb.models import Certificate, Consent, Officer, Order
from jcanweb.pki import bundle
from jcanweb.services import evidence_files, evidence_index, ledger, status, trail

TOO_LARGE = (
    f"証拠ファイルが検証プログラムの読める大きさ（{bundle.LARGEST // 2**20} MB）を超えるため、作れません。"
)
UNSOUND = (
    "記録が互いに合わないため、証拠ファイルを作れません。"
    "サーバーで python3 -m jcanweb verify-audit を実行し、監査記録を確かめてください。合わないもの: {}"
)


def hand_out(certificate: Certificate, *, by: Officer) -> bytes:
    """The evidence as a ZIP, and that it was given to this officer. Raises EvidenceRefused."""
    made = build(certificate)
    audit.record(Event.EVIDENCE_BUILT, Subject.CERTIFICATE, certificate.id, by=by,
                 sha256=hashlib.sha256(made).hexdigest(), size=len(made))  # fmt: skip
    return made


def build(certificate: Certificate) -> bytes:
    """The evidence as a ZIP that `python3 -m jcanweb verify` checks; see `evidence_files.of` for what is in it.

    Raises EvidenceRefused: no receipt, more than the verifier reads, or records that do not fit together.
    """
    lock(certificate)  # all of its rows as they are at one moment
    case = _gather(certificate)
    told = evidence_files.of(case)
    files = {name: content for name, (_, content) in told.items() if name not in bundle.OWN}
    files["index.html"] = evidence_index.render(case, told)
    number, application = certificate.jc_number, certificate.application.number
    try:
        made = bundle.build(bundle.Bundle(number, application, case.at, case.head, case.proofs, files), keys.receipt_key())  # fmt: skip
    except bundle.TooLarge:
        raise EvidenceRefused(TOO_LARGE) from None
    except bundle.BundleRefused:
        raise EvidenceRefused(UNSOUND.format("監査記録")) from None
    _check(made)
    return made


def _gather(certificate: Certificate) -> evidence_files.Case:
    bound = ledger.bound(certificate)
    consents = list(
        db.session.scalars(
            select(Consent)
            .where(Consent.application_id == certificate.application_id)
            .options(joinedload(Consent.edition))
            .order_by(Consent.id.desc())
        )
    )
    crl = status.served()
    things = [*bound.things, (Subject.APPLICATION, certificate.application_id)]
    orders = select(Order.id).where(Order.application_id == certificate.application_id)
    things += [(Subject.ORDER, one) for one in db.session.scalars(orders)]
    things += [(Subject.EDITION, one.edition_id) for one in consents]
    things += [(Subject.CRL, one.crl_number) for one in bound.revocations if one.crl_number]
    things += [(Subject.CRL, crl.number)] if crl else []
    entries, proofs, head = trail.proven(things)
    return evidence_files.Case(certificate, bound, consents, crl, entries, tuple(proofs), head, clock.now())


def _check(made: bytes) -> None:
    """What would not verify is not handed out. The keys are not pinned: an older receipt may have another."""
    try:
        wrong = [one.name for one in verifier.verify(made) if one.ok is False]
    except verifier.Unreadable:
        raise EvidenceRefused(TOO_LARGE) from None
    if wrong:
        raise EvidenceRefused(UNSOUND.format("、".join(wrong)))
