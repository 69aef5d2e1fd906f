"""Reading for the applicant: the own applications and certificates, and what the certificate would carry."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload, selectinload

from jcanweb import calendar, names
from jcanweb.config import setting
from jcanweb.database import db
from jcanweb.models import (
    Application,
    Certificate,
    Consent,
    ConsentWithdrawal,
    Delivery,
    Edition,
    FieldCheck,
    Person,
    ReadingProgress,
)
from jcanweb.names.findings import Finding
from jcanweb.vocabulary import ApplicationKind, ApplicationState, CheckedField, SecretKind, Verdict

PAGE = 50


@dataclass(frozen=True)
class Preview:
    """One field as the certificate would carry it."""

    word: str
    text: str
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Holding:
    """A certificate of the person and what became of its PKCS#12."""

    certificate: Certificate
    delivery: Delivery | None
    """The newest delivery of the PKCS#12."""
    withdrawal: ConsentWithdrawal | None = None
    """Of the consent to its backup."""


def find(number: str, *, by: Person) -> Application | None:
    """The person's own application of this number, never another's."""
    query = select(Application).where(Application.number == number, Application.person_id == by.id)
    return db.session.scalar(query)


def applications(person: Person) -> list[Application]:
    """The newest PAGE applications of the person with their consents, newest first."""
    loads = selectinload(Application.consents)
    query = select(Application).where(Application.person_id == person.id).order_by(Application.id.desc())
    return list(db.session.scalars(
        query.limit(PAGE).options(loads.selectinload(Consent.statements), loads.joinedload(Consent.edition),
                                  joinedload(Application.renewal_of))
    ))  # fmt: skip


def drafted(person: Person) -> Application | None:
    """The draft the person began by accepting the terms: neither a renewal nor one that was filled in for them."""
    by_hand = Application.kind != ApplicationKind.RENEWAL, Application.consents.any()
    return db.session.scalar(_drafts(person).where(*by_hand))


def unfinished(person: Person) -> Application | None:
    """The draft of the person, of whatever kind; of several the oldest."""
    return db.session.scalar(_drafts(person))


def _drafts(person: Person) -> Select[Application]:
    drafts = Application.person_id == person.id, Application.state == ApplicationState.DRAFT
    return select(Application).where(*drafts).order_by(Application.id).limit(1)


def holdings(person: Person) -> list[Holding]:
    """The newest PAGE certificates of the person, newest first, by three queries."""
    query = select(Certificate).where(Certificate.person_id == person.id).order_by(Certificate.id.desc())
    found = list(db.session.scalars(query.limit(PAGE).options(joinedload(Certificate.application))))
    sent = select(Delivery).where(
        Delivery.certificate_id.in_([one.id for one in found]), Delivery.kind == SecretKind.PFX
    )
    newest = {one.certificate_id: one for one in db.session.scalars(sent.order_by(Delivery.id))}
    withdrawn = select(ConsentWithdrawal).where(
        ConsentWithdrawal.certificate_id.in_([one.id for one in found])
    )
    over = {one.certificate_id: one for one in db.session.scalars(withdrawn)}
    return [Holding(one, newest.get(one.id), over.get(one.id)) for one in found]


def holding(application: Application) -> Holding | None:
    """What was issued for this application."""
    found = db.session.scalar(select(Certificate).where(Certificate.application_id == application.id))
    if found is None:
        return None
    sent = select(Delivery).where(Delivery.certificate_id == found.id, Delivery.kind == SecretKind.PFX)
    return Holding(found, db.session.scalar(sent.order_by(Delivery.id.desc()).limit(1)))


def known_edition(application: Application | None, kept: ReadingProgress | None) -> Edition | None:
    """The edition that the person has accepted for this application, or has begun to read."""
    if application is not None and application.consents:
        return application.consents[-1].edition
    return kept.edition if kept else None


def remarks(application: Application) -> dict[str, str]:
    """What the screener wrote at each field that failed since the last submission; by the field's name."""
    if application.state is not ApplicationState.RETURNED:
        return {}
    query = select(FieldCheck).where(
        FieldCheck.application_id == application.id, FieldCheck.checked_at >= application.submitted_at
    )
    newest: dict[CheckedField, FieldCheck] = {
        one.field: one for one in db.session.scalars(query.order_by(FieldCheck.id))
    }
    return {str(field): one.comment for field, one in newest.items() if one.verdict is Verdict.FAIL}


def expected_on(application: Application) -> date | None:
    """The day (Japan) by which we should be done; None while nothing is waited for from us."""
    return application.due_on


def lapses_on(application: Application) -> date | None:
    """The last day (Japan) on which a draft or a returned application is sure to wait for its person."""
    since = {
        ApplicationState.DRAFT: application.drafted_at,
        ApplicationState.RETURNED: application.returned_at,
    }
    begun = since.get(application.state)
    return (
        calendar.months_after(calendar.jst_date(begun), setting("APPLICATION_LAPSE_MONTHS"))
        if begun
        else None
    )


def preview(organization_unit: str, common_name: str) -> list[Preview]:
    """OU2 and CN as the certificate would carry them, with all that is to be said about each."""
    typed = {"OU2": organization_unit, "CN": common_name}
    return [Preview(word, names.to_certificate_text(text[:1024]), names.findings(text) if text else ())
            for word, text in typed.items()]  # fmt: skip


def reading_hint(person: Person) -> tuple[str, ...]:
    """The person's フリガナ in the Hepburn ways, once each; empty when it cannot be read."""
    try:
        return tuple(dict.fromkeys(names.hepburn(person.name_kana)))
    except names.NameRefused:
        return ()
