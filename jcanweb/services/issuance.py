"""Issuance: one certificate for one approved application, asked of the CA once (product.md §6, security.md §7).

approved → order written and committed → CA asked → compared with what was approved → PKCS#12, PIN, backups,
deliveries and certificate in one transaction.  A crash in between leaves the order `asked`: see reconcile.
"""

import contextlib
import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509

from jcanweb import audit, clock, keys, names, states
from jcanweb.calendar import jst_date
from jcanweb.config import setting
from jcanweb.database import db, flush, lock, next_number
from jcanweb.errors import (
    ConsentMissing,
    IssuerTrouble,
    NotEligible,
    OwnApplication,
    RuleViolation,
    TwoPersonRule,
    WrongState,
)
from jcanweb.events import Event
from jcanweb.events import Subject as About
from jcanweb.issuers import port
from jcanweb.models import Application, Certificate, Edition, Officer, Order, PolicyDocument
from jcanweb.pki import comparison, enclave
from jcanweb.pki.profile import Profile, Subject, spki_sha256
from jcanweb.services import (
    delivery,
    enrollment,
    lead_time,
    organizations,
    policy,
    reconcile,
    screening,
    terms,
)
from jcanweb.vocabulary import ApplicationState, CertificateState, OrderFailure, OrderState, SecretKind

APPROVER = "承認した担当者は発行できません。別の発行操作者が操作してください。"
OTHER_TERMS = (
    "承認のあとに利用規約が改定されたため、この申請では発行できません。"
    "申請者に、この申請の取下げと、新しい規約を承諾した申請を依頼してください。"
)
UNANSWERED = (
    "認証局から応答を得られませんでした。発行されたかどうかはまだ分かりません。"
    "1分ほど待ってから、発行の画面で「認証局に照合する」を押してください。"
)
NO_KEY = (
    "鍵を作れませんでした。認証局にはまだ何も依頼していません。少し待ってから、もう一度発行してください。"
)


@dataclass(frozen=True, repr=False)
class Issuance:
    """What came of it. Without a certificate the order has failed, for good: see `order.failure`."""

    order: Order
    certificate: Certificate | None = None
    tokens: dict[SecretKind, str] | None = None
    """of the two links, to be mailed apart; only their hashes are kept"""


def issue(application: Application, *, version: int, by: Officer) -> Issuance:
    """Issue, back up and put out for delivery.

    Raises StalePage, WrongState, TwoPersonRule (the approver, the applicant), ConsentMissing, NotEligible and
    CustodiansMissing, and IssuerTrouble when no key could be made, all before anything is asked; IssuerTrouble
    also when the CA did not answer: then the order stays and is reconciled.
    """
    lock(application, version)
    check(application, by=by)
    outlet, subject = delivery.outlet(), subject_of(application)
    with contextlib.ExitStack() as stack:
        try:
            issuing = stack.enter_context(enclave.Issuing(Profile.key_bits, setting("PFX_ROUNDS")))
        except enclave.EnclaveError:
            raise IssuerTrouble(NO_KEY) from None
        at = clock.now()
        under = policy.in_force(jst_date(at))
        order = _ask(application, issuing.public_key, at=at, by=by)
        asked = port.Order(
            order.request_id, profile(under), subject, application.years, issuing.public_key, order.asked_at
        )
        try:
            made = _made(order, asked, issuing, outlet, by=by)
            certificate = _keep(order, made[0], under, by=by) if made else None
        except port.IssuerError:
            raise IssuerTrouble(UNANSWERED) from None
    if made is None or certificate is None:
        return Issuance(order)
    delivery.put_out(certificate, made[1], outlet, by=by)
    return Issuance(order, certificate, outlet.tokens)


def check(application: Application, *, by: Officer) -> None:
    """Could this officer issue it now? Raises what `issue` raises before it asks, but for CustodiansMissing."""
    if application.state is not ApplicationState.APPROVED:
        raise WrongState("Application", str(application.state), str(ApplicationState.ISSUING))
    found = obstacle(application, terms.lock_in_force(), by=by)
    if found is not None:
        raise found
    unvetted = organizations.vetting_obstacles(application.corporation, application.person)
    if unvetted:  # S/MIME BR 4.2.1 counts its days up to the issuance
        raise NotEligible("".join(unvetted))


def obstacle(application: Application, edition: Edition, *, by: Officer) -> RuleViolation | None:
    """What keeps this officer from issuing this approved application while `edition` is in force, but for the vetting."""
    if screening.own(application, by):
        return OwnApplication()
    if application.approved_by == by.id:
        return TwoPersonRule(APPROVER)
    if not enrollment.consented(application, edition):
        return ConsentMissing(OTHER_TERMS)
    found = organizations.obstacles(application.person)
    return NotEligible("".join(found)) if found else None


def profile(under: PolicyDocument) -> Profile:
    """The certificate profile: the settings, and the CP it is issued under."""
    url = setting("PUBLIC_URL")
    return Profile(
        country=setting("LRA_COUNTRY"), state=setting("LRA_STATE"), locality=setting("LRA_LOCALITY"),
        organization=setting("LRA_ORGANIZATION"), policy_oid=under.oid, cps_url=under.url,
        cdp_url=f"{url}/crl/issuing.crl", aia_ca_issuers_url=f"{url}/ca/issuing.cer",
    )  # fmt: skip


def subject_of(application: Application) -> Subject:
    """What was approved, as it will stand in the certificate."""
    number = application.corporation.corporate_number
    return Subject(number, application.organization_unit, application.common_name)


def _ask(application: Application, public_key: bytes, *, at: datetime, by: Officer) -> Order:
    states.move(application, ApplicationState.ISSUING)
    application.issued_by, application.issued_at = by.id, at
    order = Order(
        request_id=secrets.token_hex(16), application_id=application.id, asked_by=by.id, asked_at=at,
        jc_number=f"JC-{next_number('certificate'):08}", public_key_sha256=spki_sha256(public_key),
        state=OrderState.ASKED, act=secrets.token_hex(16),
    )  # fmt: skip
    order.application = application
    db.session.add(order)
    flush()
    audit.begin(Event.ORDER_ASKED, About.ORDER, order.id, by=by, act=order.act, application=application.id,
                request_id=order.request_id, public_key_sha256=order.public_key_sha256,
                jc_number=order.jc_number)  # fmt: skip
    return order


def _made(order: Order, asked: port.Order, issuing: enclave.Issuing, outlet: delivery.Outlet, *,
          by: Officer) -> tuple[port.Issued, enclave.Finished] | None:  # fmt: skip
    """What the CA issued, if it is what was approved, and the sealed rest. None when the order has failed over it."""
    try:
        issued = keys.issuer().issue(asked)
    except port.IssuerRefused:
        reconcile.fail(order, OrderFailure.REFUSED, by=by)
        return None
    wrong = comparison.differences(
        issued.certificate_der, issued.chain_der[0], profile=asked.profile, subject=asked.subject,
        years=asked.years, public_key_der=asked.public_key_der, at=asked.not_before,
    )  # fmt: skip
    if wrong:
        reconcile.undo(order, issued, OrderFailure.DIFFERS, by=by, fields=wrong)
        return None
    try:
        return issued, issuing.finish(
            issued.certificate_der, issued.chain_der, order.jc_number, **outlet.arguments()
        )
    except enclave.EnclaveError:
        reconcile.undo(order, issued, OrderFailure.NOT_SEALED, by=by)
        return None


def _keep(order: Order, issued: port.Issued, under: PolicyDocument, *, by: Officer) -> Certificate | None:
    """The certificate in the ledger; None when the order was given up meanwhile: then it is undone at the CA."""
    if not reconcile.hold(order):
        reconcile.undo(order, issued, OrderFailure.LATE, by=by)
        return None
    application = order.application
    parsed = x509.load_der_x509_certificate(issued.certificate_der)
    at = clock.now()
    certificate = Certificate(
        jc_number=order.jc_number, application_id=application.id, order_id=order.id,
        person_id=application.person_id, corporation_id=application.corporation_id,
        consent_id=application.consents[-1].id, screened_by=application.screened_by,
        approved_by=application.approved_by, issued_by=application.issued_by, issued_at=at,
        state=CertificateState.ISSUED, serial_number=f"{issued.serial:x}",
        issuer_sha256=hashlib.sha256(issued.chain_der[0]).hexdigest(), issuer_name=parsed.issuer.rfc4514_string(),
        organization_unit=application.organization_unit, common_name=application.common_name,
        **names.subject_keys(application.organization_unit, application.common_name),
        not_before=parsed.not_valid_before_utc, not_after=parsed.not_valid_after_utc,
        der=issued.certificate_der, chain_der=issued.chain_der[0], public_key_sha256=order.public_key_sha256,
        policy_id=under.id, policy_document=under.name, policy_version=under.version, policy_url=under.url,
    )  # fmt: skip
    db.session.add(certificate)
    order.ended_at = at
    states.move(order, OrderState.DONE)
    states.move(application, ApplicationState.ISSUED)
    lead_time.end(application)
    flush()
    audit.record(Event.CERTIFICATE_ISSUED, About.CERTIFICATE, certificate.id, by=by, act=order.act,
                 application=application.id, order=order.id, serial_number=certificate.serial_number,
                 consent=certificate.consent_id, policy_version=certificate.policy_version)  # fmt: skip
    return certificate
