"""Certificates as they stand after issuance: signed by the embedded CA, backed up to three custodians."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from sqlalchemy import select

from jcanweb import clock, keys, names
from jcanweb.calendar import jst_date
from jcanweb.config import setting
from jcanweb.database import db, next_number
from jcanweb.issuers import port
from jcanweb.models import (
    Application,
    Backup,
    BackupShare,
    Certificate,
    Custodian,
    Delivery,
    Officer,
    Order,
    PolicyDocument,
)
from jcanweb.pki.enclave_process import Enclave
from jcanweb.pki.officer_key import OfficerKey, new_officer_key
from jcanweb.pki.sealbox import new_token, open_delivery, seal_delivery, token_hash
from jcanweb.roles import Role
from jcanweb.services import delivery, issuance, policy
from jcanweb.vocabulary import ApplicationState, CertificateState, CustodianGroup, OrderState, SecretKind
from tests import builders
from tests.people import officer

PASSPHRASE = "seven grey herons"
ROUNDS = 2048


@dataclass
class Issued:
    """A certificate and what only its subscriber has: the PKCS#12 and the PIN."""

    certificate: Certificate
    pfx: bytes
    pin: str


class _Bench(Enclave):
    """The child's own code in this process, with a key that other installations of this run use too."""

    def __init__(self, key: rsa.RSAPrivateKey) -> None:
        self._key = key
        self.public_key = key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )


@cache
def subscriber_key(number: int) -> rsa.RSAPrivateKey:
    """The number-th subscriber's key of this run: making one is slow."""
    return rsa.generate_private_key(65537, 2048)


@cache
def officer_key(group: CustodianGroup) -> OfficerKey:
    """The key of the custodian of this group, under PASSPHRASE; few iterations, so that tests are quick."""
    return new_officer_key(PASSPHRASE, iterations=1000)


def custodian(group: CustodianGroup, who: Officer | None = None, key: OfficerKey | None = None) -> Custodian:
    """An appointed custodian whose private key the server keeps under PASSPHRASE."""
    key, at = key or officer_key(group), clock.now()
    made = Custodian(officer_id=(who or officer(Role.SCREENER)).id, group=group, public_key=key.public_key,
                     private_pem=key.private_pem, key_made_at=at, appointed_by=officer(Role.ADMINISTRATOR).id,
                     appointed_at=at)  # fmt: skip
    db.session.add(made)
    db.session.flush()
    return made


def custodians() -> dict[CustodianGroup, Custodian]:
    """The active custodian of each group, appointed at the first call of a test."""
    found = {
        one.group: one for one in db.session.scalars(select(Custodian).where(Custodian.released_at.is_(None)))
    }
    return {group: found.get(group) or custodian(group) for group in CustodianGroup}


def issued_certificate(state: CertificateState = CertificateState.DELIVERED, **values: Any) -> Certificate:
    """A certificate; see `issued` for the values."""
    return issued(state, **values).certificate


def issued(state: CertificateState = CertificateState.DELIVERED, *, application: Application | None = None,
           operator: Officer | None = None, at: datetime | None = None) -> Issued:  # fmt: skip
    """A certificate from an approved application, with its order and both backups, issued at `at` (now).

    SUSPENDED and REVOKED stand as states only: nothing is told to the CA.
    """
    at = at or clock.now()
    application = application or builders.application(ApplicationState.APPROVED)
    operator = operator or officer(Role.OPERATOR)
    bench = _Bench(subscriber_key(db.session.query(Certificate).count()))
    number = f"JC-{next_number('certificate'):08}"
    order, under = _order(application, operator, bench, number, at), policy.in_force(jst_date(at))
    signed = keys.issuer().issue(
        port.Order(
            order.request_id,
            issuance.profile(under),
            issuance.subject_of(application),
            application.years,
            bench.public_key,
            at,
        )
    )
    tokens, ids = (
        {kind: new_token() for kind in SecretKind},
        {kind: secrets.token_hex(16) for kind in SecretKind},
    )
    held = {group: [(str(one.id), one.public_key)] for group, one in custodians().items()}
    sealed = bench.finish(signed.certificate_der, list(signed.chain_der), number, ROUNDS, {
        "pfx": held[CustodianGroup.KEY], "pin": held[CustodianGroup.PIN], "security": held[CustodianGroup.SECURITY],
        "targets": {kind: {"record_id": ids[kind], "token": tokens[kind], "context": kind} for kind in SecretKind},
    })  # fmt: skip
    made = _certificate(application, operator, order, signed, under, state, at)
    for kind in SecretKind:
        _backup(made, kind, ids[kind], sealed[f"{kind}_sealed"], at)
    pfx, pin = (open_delivery(tokens[kind], sealed[f"{kind}_delivery"], kind) for kind in SecretKind)
    return Issued(made, pfx, pin.decode())


def put_out(made: Issued, *, hours: int | None = None) -> dict[SecretKind, str]:
    """Both deliveries of it, waiting to be taken for `hours` (DELIVERY_HOURS); the tokens of their links."""
    to, at = delivery.outlet(), clock.now()
    for kind, content in ((SecretKind.PFX, made.pfx), (SecretKind.PIN, made.pin.encode())):
        token, context = to.tokens[kind], to.context(kind)
        db.session.add(Delivery(
            certificate_id=made.certificate.id, kind=kind, sealed=seal_delivery(token, content, context),
            token_sha256=token_hash(token), context=context, sent_at=at,
            expires_at=at + timedelta(hours=hours or setting("DELIVERY_HOURS")),
        ))  # fmt: skip
    db.session.flush()
    return to.tokens


def _order(application: Application, operator: Officer, bench: _Bench, number: str, at: datetime) -> Order:
    application.state, application.due_on = ApplicationState.ISSUED, None
    application.issued_by, application.issued_at = operator.id, at
    made = Order(request_id=secrets.token_hex(16), application_id=application.id, jc_number=number,
                 public_key_sha256=hashlib.sha256(bench.public_key).hexdigest(), state=OrderState.DONE, ended_at=at,
                 act=secrets.token_hex(16), asked_by=operator.id, asked_at=at)  # fmt: skip
    db.session.add(made)
    db.session.flush()
    return made


def _certificate(application: Application, operator: Officer, order: Order, signed: port.Issued,
                 under: PolicyDocument, state: CertificateState, at: datetime) -> Certificate:  # fmt: skip
    parsed = x509.load_der_x509_certificate(signed.certificate_der)
    made = Certificate(
        jc_number=order.jc_number, application_id=application.id, order_id=order.id, person_id=application.person_id,
        corporation_id=application.corporation_id, consent_id=application.consents[-1].id,
        screened_by=application.screened_by, approved_by=application.approved_by, issued_by=operator.id, issued_at=at,
        state=state, serial_number=f"{signed.serial:x}", issuer_name=parsed.issuer.rfc4514_string(),
        issuer_sha256=hashlib.sha256(signed.chain_der[0]).hexdigest(),
        organization_unit=application.organization_unit, common_name=application.common_name,
        **names.subject_keys(application.organization_unit, application.common_name),
        not_before=parsed.not_valid_before_utc, not_after=parsed.not_valid_after_utc, der=signed.certificate_der,
        chain_der=signed.chain_der[0], public_key_sha256=order.public_key_sha256,
        policy_id=under.id, policy_document=under.name, policy_version=under.version, policy_url=under.url,
        delivered_at=None if state is CertificateState.ISSUED else at + timedelta(minutes=5),
        revoked_at=at + timedelta(minutes=10) if state is CertificateState.REVOKED else None,
    )  # fmt: skip
    made.order = order
    db.session.add(made)
    db.session.flush()
    return made


def _backup(
    certificate: Certificate, kind: SecretKind, record_id: str, sealed: dict[str, Any], at: datetime
) -> None:
    made = Backup(record_id=record_id, certificate_id=certificate.id, kind=kind, nonce=sealed["nonce"],
                  ciphertext=sealed["ciphertext"], commit_sha256=sealed["commit_sha256"], sealed_at=at)  # fmt: skip
    made.shares = [
        BackupShare(half=half, custodian_id=int(who), sealed=share) for half, who, share in sealed["shares"]
    ]
    db.session.add(made)
    db.session.flush()
