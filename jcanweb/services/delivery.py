"""Delivery: PKCS#12 and PIN, each once, each by its own link, sealed under what only that link holds.

The one UPDATE in `take` decides who wins; the content is opened in a child process and then gone from here.
It leaves after the commit: a crash before it costs nothing, one after it costs the content, which only a
recovery brings again. A link cannot be sent a second time either: the server does not know it any more.
"""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import joinedload, undefer

from jcanweb import audit, clock, mail, states
from jcanweb.config import setting
from jcanweb.database import db, flush, lock
from jcanweb.errors import (
    AlreadyTaken,
    DeliveryFailed,
    DeliveryStopped,
    LinkExpired,
    RuleViolation,
    WrongState,
)
from jcanweb.events import Event, Subject
from jcanweb.models import Certificate, Delivery
from jcanweb.pki import enclave, vault
from jcanweb.pki.sealbox import new_token, token_hash
from jcanweb.services import backup, custodians, withdrawal_ledger
from jcanweb.vocabulary import CertificateState, CustodianGroup, SecretKind

WITHDRAWN = "この証明書は失効の手続きに入ったため、受け取れません。登録局にお問い合わせください。"
OPEN_STATES = (CertificateState.ISSUED, CertificateState.DELIVERED)


@dataclass(frozen=True, repr=False)
class Outlet:
    """Where PKCS#12 and PIN go when they are made: to whose keys, under which record ids, behind which links."""

    record_ids: dict[SecretKind, str]
    tokens: dict[SecretKind, str]
    """of the two links; only their hashes are kept"""
    holders: dict[CustodianGroup, list[vault.Officer]]

    def context(self, kind: SecretKind) -> str:
        """What a delivery's seal is bound to."""
        return f"delivery {kind.value} {self.record_ids[kind]}"

    def arguments(self) -> dict[str, Any]:
        """The keyword arguments that enclave.Issuing.finish and enclave.recover share."""
        named: dict[str, Any] = {
            "pfx_custodians": self.holders[CustodianGroup.KEY],
            "pin_custodians": self.holders[CustodianGroup.PIN],
            "security_officers": self.holders[CustodianGroup.SECURITY],
        }
        for kind in SecretKind:
            named[f"{kind.value}_record_id"] = self.record_ids[kind]
            named[f"{kind.value}_delivery_token"] = self.tokens[kind]
            named[f"{kind.value}_delivery_context"] = self.context(kind)
        return named


def outlet() -> Outlet:
    """New record ids and tokens, and the custodians of today. Raises CustodiansMissing."""
    groups = custodians.holders()
    return Outlet(
        record_ids={kind: secrets.token_hex(16) for kind in SecretKind},
        tokens={kind: new_token() for kind in SecretKind},
        holders={group: [(str(one.id), one.public_key or b"") for one in found] for group, found in groups.items()},
    )  # fmt: skip


def put_out(certificate: Certificate, finished: enclave.Finished, to: Outlet, *, recovery_id: int | None = None,
            by: object) -> list[Delivery]:  # fmt: skip
    """Keep both backups and both deliveries. After a recovery: destroy the old backups and `end` first."""
    records = {SecretKind.PFX: finished.pfx_sealed, SecretKind.PIN: finished.pin_sealed}
    contents = {SecretKind.PFX: finished.pfx_delivery, SecretKind.PIN: finished.pin_delivery}
    at, made = clock.now(), []
    for kind in SecretKind:
        backup.keep(certificate, kind, to.record_ids[kind], records[kind], by=by)
        delivery = Delivery(
            certificate_id=certificate.id, kind=kind, recovery_id=recovery_id, sealed=contents[kind],
            token_sha256=token_hash(to.tokens[kind]), context=to.context(kind), sent_at=at,
            expires_at=at + timedelta(hours=setting("DELIVERY_HOURS")),
        )  # fmt: skip
        delivery.certificate = certificate
        db.session.add(delivery)
        flush()
        audit.record(Event.DELIVERY_SENT, Subject.DELIVERY, delivery.id, by=by, certificate=certificate.id,
                     kind=kind.value)  # fmt: skip
        made.append(delivery)
    return made


def announce(certificate: Certificate, tokens: dict[SecretKind, str]) -> None:
    """Mail the two links apart: the PKCS#12's to the applicant, the PIN's to the PIN recipient (domain.md §5.2).

    Two mails also where both are one address; neither holds a PIN or a file. Called after `put_out`.
    """
    application = certificate.application
    to = {
        SecretKind.PFX: (application.person.email, application.person.name, "receive"),
        SecretKind.PIN: (application.pin_recipient_email, application.pin_recipient_name, "pin"),
    }
    for kind, (address, name, place) in to.items():
        sent = db.session.scalars(
            select(Delivery).where(Delivery.token_sha256 == token_hash(tokens[kind]), Delivery.kind == kind)
        ).one()
        mail.send(address, f"delivery_{kind.value}", name=name, jc_number=certificate.jc_number,
                  link=f"{setting('PUBLIC_URL')}/{place}/{tokens[kind]}", expires_at=sent.expires_at,
                  renewed=sent.recovery_id is not None, pin_subject=setting("PIN_MAIL_SUBJECT"))  # fmt: skip


def find(token: str, kind: SecretKind) -> Delivery | None:
    """The delivery of this link."""
    query = select(Delivery).where(Delivery.token_sha256 == token_hash(token), Delivery.kind == kind)
    return db.session.scalar(query.options(joinedload(Delivery.certificate)))


def obstacle(delivery: Delivery) -> RuleViolation | None:
    """Why it could not be taken now: AlreadyTaken, DeliveryStopped, LinkExpired; None when it could."""
    certificate = delivery.certificate
    if delivery.taken_at is not None:
        return AlreadyTaken()
    if certificate.state not in OPEN_STATES or certificate.not_after <= clock.now():
        return DeliveryStopped()
    if withdrawal_ledger.of(certificate):
        return DeliveryStopped(WITHDRAWN)
    if delivery.ended_at is not None or delivery.expires_at <= clock.now():
        return LinkExpired()
    return None


def holder(delivery: Delivery) -> str:
    """Who acts through the link, for the audit record: whoever holds it, known by the delivery's id only."""
    return f"link:{delivery.id}"


def file_name(delivery: Delivery) -> str:
    """What the PKCS#12 is saved as."""
    return f"{delivery.certificate.jc_number}.p12"


def take(delivery: Delivery, token: str, *, by: object) -> bytes:
    """The PKCS#12 (DER) or the PIN (20 ASCII characters), once and never again.

    Raises AlreadyTaken, LinkExpired, DeliveryStopped; DeliveryFailed leaves the delivery as it was.
    """
    lock(delivery.certificate)
    db.session.refresh(delivery)
    if (refusal := obstacle(delivery)) is not None:
        raise refusal
    content = _open(delivery, token)
    at = clock.now()
    won = db.session.execute(
        update(Delivery)
        .where(Delivery.id == delivery.id, Delivery.taken_at.is_(None), Delivery.ended_at.is_(None))
        .values(taken_at=at, ended_at=at, sealed=None)
        .returning(Delivery.id)
        .execution_options(synchronize_session=False)
    ).scalar_one_or_none()
    if won is None:  # its time ran out while the child worked
        raise LinkExpired()
    db.session.refresh(delivery)
    audit.record(Event.DELIVERY_TAKEN, Subject.DELIVERY, delivery.id, by=by, certificate=delivery.certificate_id,
                 kind=delivery.kind.value)  # fmt: skip
    return content


def _open(delivery: Delivery, token: str) -> bytes:
    sealed = db.session.scalar(select(Delivery.sealed).where(Delivery.id == delivery.id))
    try:
        return enclave.open_delivery(token, sealed or b"", delivery.context)
    except enclave.EnclaveError:
        raise DeliveryFailed() from None


def confirm(delivery: Delivery, *, by: object) -> None:
    """The holder says that it arrived and works; for the PKCS#12 the certificate is thereby delivered.

    Raises WrongState before it was taken. Saying so twice changes nothing.
    """
    certificate = delivery.certificate
    lock(certificate)
    db.session.refresh(delivery)
    if delivery.taken_at is None:
        raise WrongState("Delivery", "sent", "confirmed")
    if delivery.confirmed_at is not None:
        return
    delivery.confirmed_at = clock.now()
    if delivery.kind is SecretKind.PFX and certificate.delivered_at is None:
        certificate.delivered_at = (
            delivery.confirmed_at
        )  # a suspended one goes on from there, should it go on
        if certificate.state is CertificateState.ISSUED:
            states.move(certificate, CertificateState.DELIVERED)
    flush()
    audit.record(Event.DELIVERY_CONFIRMED, Subject.DELIVERY, delivery.id, by=by, certificate=certificate.id,
                 kind=delivery.kind.value)  # fmt: skip


def end(certificate: Certificate, cause: str, *, by: object) -> None:
    """Erase what waits to be taken: at revocation or before a recovery's new deliveries. `cause`: one English word."""
    for delivery in db.session.scalars(_waiting().where(Delivery.certificate_id == certificate.id)):
        _end(delivery, cause, by=by)


def end_overdue(*, by: object = None) -> None:
    """Erase what nobody took in time."""
    for delivery in db.session.scalars(_waiting().where(Delivery.expires_at <= clock.now())):
        _end(delivery, "expired", by=by)


def _waiting() -> Any:
    return (
        select(Delivery)
        .where(Delivery.ended_at.is_(None))
        .options(undefer(Delivery.sealed))
        .with_for_update(of=Delivery)
    )


def _end(delivery: Delivery, cause: str, *, by: object) -> None:
    delivery.sealed, delivery.ended_at = None, clock.now()
    flush()
    audit.record(Event.DELIVERY_ENDED, Subject.DELIVERY, delivery.id, by=by, certificate=delivery.certificate_id,
                 kind=delivery.kind.value, cause=cause)  # fmt: skip


def history(certificate: Certificate) -> list[Delivery]:
    """All deliveries of a certificate, newest first."""
    query = select(Delivery).where(Delivery.certificate_id == certificate.id).order_by(Delivery.id.desc())
    return list(db.session.scalars(query))


def newest(certificate: Certificate, kind: SecretKind = SecretKind.PFX) -> Delivery | None:
    """The last delivery of this kind."""
    return next((one for one in history(certificate) if one.kind is kind), None)
