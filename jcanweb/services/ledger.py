"""The ledger (管理台帳): certificates found by number, serial or corporation, and all that one is bound to."""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_, select
from sqlalchemy.orm import joinedload, selectinload

from jcanweb import clock, names
from jcanweb.database import db
from jcanweb.events import Subject
from jcanweb.models import (
    Application,
    Backup,
    BackupShare,
    Certificate,
    Consent,
    ConsentWithdrawal,
    Corporation,
    Custodian,
    Delivery,
    Reconsent,
    Recovery,
    Revocation,
)
from jcanweb.services import reconsent_ledger, trail, withdrawal_ledger
from jcanweb.vocabulary import CertificateState, RecoveryState, RevocationState

PAGE = 50
_HYPHENS = dict.fromkeys(map(ord, "‐‑‒–—―−ー─"), "-")


class Standing(StrEnum):
    """What a certificate is today: its state, or that its validity has ended."""

    ISSUED = "issued"
    DELIVERED = "delivered"
    SUSPENDED = "suspended"
    REVOKED = "revoked"
    EXPIRED = "expired"


@dataclass(frozen=True)
class Row:
    """One line of the list."""

    certificate: Certificate
    corporation: str
    corporate_number: str

    @property
    def expired(self) -> bool:
        """Over without having been revoked?"""
        return expired(self.certificate)


def expired(certificate: Certificate) -> bool:
    """Has its validity ended, without revocation? Computed, never stored."""
    return certificate.state is not CertificateState.REVOKED and certificate.not_after <= clock.now()


def page(*, typed: str = "", standing: Standing | None = None, after: int | None = None) -> list[Row]:
    """Up to PAGE + 1 certificates behind the one of id `after`; the last only tells that there is more.

    Newest first; with EXPIRED those that ended last come first. `typed`: see `searched`.
    """
    query = select(Certificate, Corporation.name, Corporation.corporate_number).join(
        Corporation, Corporation.id == Certificate.corporation_id
    )
    if typed.strip():
        query = query.where(searched(typed))
    order: tuple[Any, ...] = (Certificate.id.desc(),)
    if standing is Standing.EXPIRED:
        query = query.where(
            Certificate.not_after <= clock.now(), Certificate.state != CertificateState.REVOKED
        )
        order = (Certificate.not_after.desc(), Certificate.id.desc())
    elif standing is not None:
        query = query.where(Certificate.state == CertificateState(standing.value))
        if standing is not Standing.REVOKED:
            query = query.where(Certificate.not_after > clock.now())
    last = db.session.get(Certificate, after) if after is not None else None
    if last is not None and standing is Standing.EXPIRED:
        same = and_(Certificate.not_after == last.not_after, Certificate.id < last.id)
        query = query.where(or_(Certificate.not_after < last.not_after, same))
    elif last is not None:
        query = query.where(Certificate.id < last.id)
    return [Row(*found) for found in db.session.execute(query.order_by(*order).limit(PAGE + 1))]


def searched(typed: str) -> ColumnElement[bool]:
    """The certificates meant by a JC-number, a 法人番号 or a serial number, each typed whole.

    Full-width is accepted; the JC-number also without letters and zeros, the serial number (hexadecimal) in any
    case and with colons or spaces. A text that is none of these means no certificate.
    """
    text = "".join(unicodedata.normalize("NFKC", typed).translate(_HYPHENS).upper().split())
    if found := re.fullmatch(r"JC-?([0-9]{1,9})|([0-9]{1,9})", text):
        return Certificate.jc_number == f"JC-{int(found[1] or found[2]):08}"
    try:
        number = names.normalise_corporate_number(text)
    except names.NameRefused:
        serial = text.replace(":", "").removeprefix("0X").lstrip("0").lower()
        return Certificate.serial_number == serial if re.fullmatch(r"[0-9a-f]{1,40}", serial) else false()
    home = select(Corporation.id).where(Corporation.corporate_number == number).scalar_subquery()
    return Certificate.corporation_id == home


def one(jc_number: str) -> Certificate | None:
    """The certificate of this number with its order and application."""
    of = joinedload(Certificate.application)
    query = select(Certificate).where(Certificate.jc_number == jc_number).options(
        joinedload(Certificate.order), of.joinedload(Application.corporation), of.joinedload(Application.person)
    )  # fmt: skip
    return db.session.scalar(query)


@dataclass(frozen=True)
class Bound:
    """Everything that belongs to one certificate; lists newest first."""

    consent: Consent
    names: dict[int | None, str]
    """of its officers, by id"""
    deliveries: list[Delivery]
    backups: list[Backup]
    revocations: list[Revocation]
    recoveries: list[Recovery]
    things: list[tuple[Subject, object]]
    """what audit entries about it are about"""
    reconsents: list[Reconsent]
    """later questions to the person, with their answers"""
    history: list[trail.Step]
    withdrawal: ConsentWithdrawal | None
    """Of the consent to its backup."""

    @property
    def revocation(self) -> Revocation | None:
        """The one that is going on."""
        going_on = (RevocationState.RECEIVED, RevocationState.DECIDED)
        return next((one for one in self.revocations if one.state in going_on), None)

    @property
    def recovery(self) -> Recovery | None:
        """The one that is going on."""
        going_on = (RecoveryState.REQUESTED, RecoveryState.AUTHORIZED)
        return next((one for one in self.recoveries if one.state in going_on), None)


def bound(certificate: Certificate) -> Bound:
    """What the page of a certificate shows, each kind with one query."""
    holders = selectinload(Backup.shares).joinedload(BackupShare.custodian).joinedload(Custodian.officer)
    consent = select(Consent).where(Consent.id == certificate.consent_id).options(joinedload(Consent.edition))
    deliveries, backups = _of(certificate, Delivery), _of(certificate, Backup, holders)
    revocations, recoveries = _of(certificate, Revocation), _of(certificate, Recovery)
    ids: set[int | None] = {certificate.screened_by, certificate.approved_by, certificate.issued_by}
    things: list[tuple[Subject, object]] = [
        (Subject.CERTIFICATE, certificate.id),
        (Subject.ORDER, certificate.order_id),
    ]
    for kind, found in ((Subject.DELIVERY, deliveries), (Subject.BACKUP, backups), (Subject.REVOCATION, revocations),
                        (Subject.RECOVERY, recoveries)):  # fmt: skip
        things += [(kind, one.id) for one in found]
    return Bound(
        consent=db.session.scalars(consent).one(), names=trail.officers(ids),
        deliveries=deliveries, backups=backups, revocations=revocations, recoveries=recoveries,
        things=things, history=trail.histories(things), withdrawal=withdrawal_ledger.of(certificate),
        reconsents=reconsent_ledger.of_holder(certificate),
    )  # fmt: skip


def _of(certificate: Certificate, kind: Any, *loads: Any) -> list[Any]:
    query = select(kind).where(kind.certificate_id == certificate.id).order_by(kind.id.desc())
    return list(db.session.scalars(query.options(*loads)))
