"""Renewal: which certificates may be renewed by a new application, and from when (the service's own rule, 更新).

Any authorised person of the corporation may renew any of its certificates: they are the corporation's. The act itself
is `enrollment.renew`. A certificate is renewed once; its successor is what is renewed next.
"""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select
from sqlalchemy.orm import joinedload

from jcanweb import calendar, clock
from jcanweb.config import setting
from jcanweb.database import db
from jcanweb.errors import RenewalRefused
from jcanweb.models import Application, Certificate, Person
from jcanweb.vocabulary import ApplicationKind, ApplicationState, CertificateState

PAGE = 50
ENDED = {ApplicationState.REJECTED, ApplicationState.WITHDRAWN, ApplicationState.LAPSED}


@dataclass(frozen=True)
class Renewable:
    """A certificate of the corporation that is not renewed yet."""

    certificate: Certificate
    opens_on: date
    application: Application | None
    """What renews it: the person's own draft, or anybody's that was handed in."""

    @property
    def is_open(self) -> bool:
        """May it be renewed today (Japan), and does nobody do so yet?"""
        return self.application is None and self.opens_on <= calendar.jst_date(clock.now())


def opens_on(certificate: Certificate) -> date:
    """The first day (Japan) for its renewal: RENEWAL_MONTHS before its last day, or when it was revoked."""
    if certificate.revoked_at is not None:
        return calendar.jst_date(certificate.revoked_at)
    return calendar.months_before(calendar.jst_date(certificate.not_after), setting("RENEWAL_MONTHS"))


def kind(corporation_id: int) -> ApplicationKind:
    """What an application that renews nothing is: the first of its corporation, or one more."""
    before = select(exists().where(Certificate.corporation_id == corporation_id))
    return ApplicationKind.ADDITIONAL if db.session.scalar(before) else ApplicationKind.NEW


def check(certificate: Certificate, *, application: Application | None = None) -> None:
    """May it be renewed today (by this application)? Raises RenewalRefused."""
    first = opens_on(certificate)
    if first > calendar.jst_date(clock.now()):
        raise RenewalRefused(
            f"{certificate.jc_number} は{calendar.japanese_date(first)}から更新できます。"
            "それより前に必要なときは、新しく申請してください。"
        )
    other = db.session.scalar(
        select(Application).where(
            Application.renewal_of_id == certificate.id,
            Application.state.not_in(ENDED | {ApplicationState.DRAFT}),
            Application.id != (application.id if application else 0),
        )
    )
    if other is not None:
        raise RenewalRefused(
            f"{certificate.jc_number} の更新は、申請 {other.number} で受け付けています。重ねては更新できません。"
        )
    if db.session.scalar(_listed(certificate.corporation_id).where(Certificate.id == certificate.id)) is None:
        raise RenewalRefused(
            f"{certificate.jc_number} は、長く使われていないか失効から日がたっているため、更新できません。新しく申請してください。"
        )


def find(jc_number: str, *, by: Person) -> Certificate | None:
    """A certificate of the person's corporation that is in the list."""
    return db.session.scalar(_listed(by.corporation_id).where(Certificate.jc_number == jc_number))


def draft(certificate: Certificate, *, by: Person) -> Application | None:
    """The person's own application that is to renew it and is not handed in."""
    query = select(Application).where(
        Application.person_id == by.id, Application.renewal_of_id == certificate.id
    )
    return db.session.scalar(query.where(Application.state == ApplicationState.DRAFT).limit(1))


def listing(person: Person, after: int | None = None) -> list[Renewable]:
    """Up to PAGE + 1 of the corporation's certificates, the first to expire first, beyond the certificate `after`."""
    query = _listed(person.corporation_id)
    last = db.session.get(Certificate, after) if after else None
    if last is not None:
        later = and_(Certificate.not_after == last.not_after, Certificate.id > last.id)
        query = query.where(or_(Certificate.not_after > last.not_after, later))
    return _with_applications(query.limit(PAGE + 1), person)


def open_for(person: Person) -> list[Renewable]:
    """The person's own certificates that still work and may be renewed today, the first to expire first."""
    until = calendar.months_after(calendar.jst_date(clock.now()), setting("RENEWAL_MONTHS") + 1)
    query = _listed(person.corporation_id).where(
        Certificate.person_id == person.id, Certificate.state != CertificateState.REVOKED,
        Certificate.not_after > clock.now(), Certificate.not_after < calendar.midnight(until),
    )  # fmt: skip
    return [one for one in _with_applications(query.limit(PAGE), person) if one.is_open]


def _listed(corporation_id: int) -> Select[Certificate]:
    """Its certificates without those renewed already, revoked long ago, or not usable for long.

    Unused is what was never delivered, counted from its issue; delivered ones count from their last day, after which
    nobody can have used them. Whether it was used before, only CECTRUST-Light knows.
    """
    today = calendar.jst_date(clock.now())
    unused = calendar.midnight(calendar.months_before(today, setting("RENEWAL_UNUSED_MONTHS")))
    revoked = calendar.midnight(calendar.months_before(today, setting("RENEWAL_REVOKED_MONTHS")))
    used: ColumnElement[bool] = and_(Certificate.delivered_at.is_not(None), Certificate.not_after >= unused)
    renewed = exists().where(
        Application.renewal_of_id == Certificate.id, Application.state == ApplicationState.ISSUED
    )
    return (
        select(Certificate)
        .where(Certificate.corporation_id == corporation_id, ~renewed)
        .where(or_(used, and_(Certificate.delivered_at.is_(None), Certificate.issued_at >= unused)))
        .where(or_(Certificate.revoked_at.is_(None), Certificate.revoked_at >= revoked))
        .order_by(Certificate.not_after, Certificate.id)
        .options(joinedload(Certificate.application))
    )


def _with_applications(query: Select[Certificate], person: Person) -> list[Renewable]:
    found = list(db.session.scalars(query))
    mine = or_(Application.state != ApplicationState.DRAFT, Application.person_id == person.id)
    going_on = select(Application).where(
        Application.renewal_of_id.in_([one.id for one in found]), Application.state.not_in(ENDED), mine
    )
    under_way = {one.renewal_of_id: one for one in db.session.scalars(going_on.order_by(Application.id))}
    return [Renewable(one, opens_on(one), under_way.get(one.id)) for one in found]
