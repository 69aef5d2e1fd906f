"""The ledger (管理台帳): certificates found by number, serial or corporation, and all that one is bound to."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import joinedload, selectinload

from jcanweb import clock
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
from jcanweb.services import reconsent_ledger, search, trail, withdrawal_ledger
from jcanweb.vocabulary import CertificateState, RecoveryState, RevocationState

PAGE = 50
BATCH, BATCHES = 500, 6
"""Found by words and then asked for the rest, before a page is shown as it is."""


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


@dataclass(frozen=True)
class Page:
    rows: list[Row]
    after: int | None
    """Where the next page goes on; None on the last one."""
    unfinished: bool = False
    """Were so many looked through that the rest is left to the next page?"""


def page(*, typed: str = "", standing: Standing | None = None, after: int | None = None) -> Page:
    """Up to PAGE certificates behind an earlier page, of the corporations, names and numbers that were typed.

    Newest first; with EXPIRED those that ended last come first; those found by words as they were applied for, the
    last first. Numbers are typed whole: JC-number (see search.jc_number), 受付番号, 法人番号, or the serial number
    (hexadecimal) in any case and with colons or spaces.
    """
    serial, bare = _serial(typed), search.jc_number(typed)
    sought = search.Sought(jc_number=bare) if serial or bare else search.read(typed)
    if sought.complaint:
        return Page([], None)
    query = _rows().where(*_standing(standing), *_numbered(sought))
    if serial:
        query = query.where(Certificate.serial_number == serial)
    return _worded(query, sought, after) if sought.words else _plain(query, standing, after)


def _rows() -> Select[Any]:
    home = Corporation.id == Certificate.corporation_id
    columns: tuple[Any, ...] = (Certificate, Corporation.name, Corporation.corporate_number)
    return select(*columns).join(Corporation, home)


def _plain(query: Select[Any], standing: Standing | None, after: int | None) -> Page:
    order: tuple[Any, ...] = (Certificate.id.desc(),)
    last = db.session.get(Certificate, after) if after is not None else None
    if standing is Standing.EXPIRED:
        order = (Certificate.not_after.desc(), Certificate.id.desc())
        if last is not None:
            same = and_(Certificate.not_after == last.not_after, Certificate.id < last.id)
            query = query.where(or_(Certificate.not_after < last.not_after, same))
    elif last is not None:
        query = query.where(Certificate.id < last.id)
    found = [Row(*one) for one in db.session.execute(query.order_by(*order).limit(PAGE + 1))]
    return Page(found[:PAGE], found[PAGE - 1].certificate.id if len(found) > PAGE else None)


def _worded(query: Select[Any], sought: search.Sought, below: int | None) -> Page:
    """What the words find is asked for the rest, the last handed in first; a page looks at BATCHES of them."""
    query = query.join(Application, Application.id == Certificate.application_id).add_columns(
        Application.arrival
    )
    query, found = query.order_by(Application.arrival.desc()), list[Any]()
    for _ in range(BATCHES):
        some = search.newest("application_fts", sought.words, limit=BATCH, below=below)
        found += db.session.execute(query.where(Application.arrival.in_(some)).limit(PAGE + 1 - len(found)))
        if len(found) > PAGE:
            return Page([Row(*one[:3]) for one in found[:PAGE]], found[PAGE - 1][3])
        if len(some) < BATCH:
            return Page([Row(*one[:3]) for one in found], None)
        below = some[-1]
    return Page([Row(*one[:3]) for one in found], below, unfinished=True)


def _standing(standing: Standing | None) -> list[ColumnElement[bool]]:
    if standing is None:
        return []
    if standing is Standing.EXPIRED:
        return [Certificate.not_after <= clock.now(), Certificate.state != CertificateState.REVOKED]
    state = Certificate.state == CertificateState(standing.value)
    return [state] if standing is Standing.REVOKED else [state, Certificate.not_after > clock.now()]


def _numbered(sought: search.Sought) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = []
    if sought.jc_number:
        where.append(Certificate.jc_number == sought.jc_number)
    if sought.number:
        given = select(Application.id).where(Application.number.in_(sought.number))
        where.append(Certificate.application_id.in_(given))
    if sought.corporate_number:
        home = select(Corporation.id).where(Corporation.corporate_number == sought.corporate_number)
        where.append(Certificate.corporation_id == home.scalar_subquery())
    return where


def _serial(typed: str) -> str | None:
    """Hexadecimal digits that are no word: with colons, 0x, or sixteen of them."""
    text = search.plain(typed)
    digits = text.replace(":", "").removeprefix("0X")
    if not re.fullmatch(r"[0-9A-F]{1,60}", digits) or (text == digits and len(digits) < 16):
        return None
    return digits.lstrip("0").lower()


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
