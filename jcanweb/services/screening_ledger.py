"""Reading applications as officers see them: the list, one with its fields, what speaks against it."""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, time

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import joinedload, selectinload

from jcanweb import calendar, names
from jcanweb.database import db
from jcanweb.models import Application, Certificate, Consent, FieldCheck, Officer, Order
from jcanweb.names.findings import Finding, Severity
from jcanweb.roles import Role
from jcanweb.services import enrollment_ledger, trail
from jcanweb.services import screening_findings as findings
from jcanweb.vocabulary import ApplicationState as A
from jcanweb.vocabulary import CheckedField, OrderState, Verdict

ENTERED = frozenset({CheckedField.ORGANIZATION_UNIT, CheckedField.COMMON_NAME})
"""What the approver enters a second time."""
READING = "ローマ字の例"
AT_ONCE = 50
"""applications that lapse in one transaction"""


@dataclass(frozen=True)
class Field:
    """One line of the screening table."""

    field: CheckedField
    typed: str
    """As the applicant typed it."""
    value: str
    """What a verdict is about: the certificate's text, or the SHA-256 of the paper."""
    japanese: str
    previous: str
    """In the person's previous certificate; empty when there is none."""
    evidence: tuple[tuple[str, str], ...]
    """(what, as it is on record): to be compared with"""
    findings: tuple[Finding, ...]
    check: FieldCheck | None
    """The newest verdict on the present revision."""
    earlier: FieldCheck | None
    """The newest verdict on an earlier revision."""
    contradiction: str = ""
    """What an approver entered instead, until it is judged anew."""

    @property
    def entered(self) -> bool:
        """Is it entered a second time by the approver?"""
        return self.field in ENTERED

    @property
    def words(self) -> tuple[tuple[str, bool], ...]:
        """The certificate's words, each with whether the approver, or else the previous certificate, has it not."""
        return names.marked(self.value, self.contradiction or self.previous or self.value)

    @property
    def previous_words(self) -> tuple[tuple[str, bool], ...]:
        """The previous certificate's words, each with whether it is gone."""
        return names.marked(self.previous, self.value)

    @property
    def contradicting_words(self) -> tuple[tuple[str, bool], ...]:
        """The approver's words, each with whether the application has it otherwise."""
        return names.marked(self.contradiction, self.value)

    @property
    def refused(self) -> bool:
        """Is there a finding that keeps it out of a certificate?"""
        return any(finding.severity is Severity.REFUSE for finding in self.findings)

    @property
    def passed(self) -> bool:
        """Was the present text found right, and not contradicted since?"""
        check = self.check
        right = check is not None and check.verdict is Verdict.PASS and check.value == self.value
        return right and not self.contradiction


def one(number: str) -> Application | None:
    """The application of this 受付番号, once handed in, with all its page shows."""
    query = select(Application).where(Application.number == number, Application.submitted_at.is_not(None))
    consents = selectinload(Application.consents)
    return db.session.scalar(query.options(
        joinedload(Application.corporation), joinedload(Application.person), joinedload(Application.seal_certificate),
        joinedload(Application.renewal_of), selectinload(Application.checks), selectinload(Application.entries),
        consents.joinedload(Consent.edition), consents.selectinload(Consent.statements),
    ))  # fmt: skip


def fields(application: Application) -> list[Field]:
    """OU2, CN, PIN送付先 and 印鑑証明書 with what is to be known about each."""
    return [field(application, kind) for kind in CheckedField]


def field(application: Application, kind: CheckedField) -> Field:
    """One field with its findings and the newest verdict on the present revision."""
    checks = [check for check in application.checks if check.field is kind]
    now = [check for check in checks if check.revision == application.revision]
    before = [check for check in checks if check.revision < application.revision]
    home, person, last, previous = application.corporation, application.person, None, ""
    if kind in ENTERED:
        last = last_certificate(application)
        previous = getattr(last, str(kind)) if last else ""
    if kind is CheckedField.SEAL_CERTIFICATE:
        paper, day = application.seal_certificate, application.seal_certificate_on
        typed, value, japanese = calendar.japanese_date(day) if day else "", paper.sha256 if paper else "", ""
        evidence = [("登録の法人名", home.name), ("登録の代表者", home.representative)]
        found = findings.of_paper(application)
    elif kind is CheckedField.PIN_RECIPIENT:
        japanese, typed = application.pin_recipient_name, application.pin_recipient_email
        value = hashlib.sha256(f"{japanese}\n{typed}".encode()).hexdigest()
        evidence = [("申請者", f"{person.name} {person.email}")]
        found = findings.of_pin_recipient(application)
    elif kind is CheckedField.ORGANIZATION_UNIT:
        typed, value = application.organization_unit_typed, application.organization_unit
        japanese = application.organization_unit_ja
        evidence = [("登録の法人名", home.name), ("登録の英語名", home.name_en)]
        found = findings.of_organization_unit(application, last)
    else:
        typed, value = application.common_name_typed, application.common_name
        japanese = application.common_name_ja
        evidence = [("申請者", f"{person.name}（{person.name_kana}）")]
        reading = enrollment_ledger.reading_hint(person)
        evidence += [(READING, " / ".join(reading))] if reading else []
        found = findings.of_common_name(application, last)
    return Field(kind, typed, value, japanese, previous, tuple(evidence), tuple(found), now[-1] if now else None,
                 before[-1] if before else None, _contradiction(application, kind, value))  # fmt: skip


def blinded(shown: Field) -> Field:
    """The same line for who is to enter the text without having seen it: what it is to be read from, alone."""
    if shown.field not in ENTERED:
        return shown
    evidence = tuple(pair for pair in shown.evidence if pair[0] != READING)
    return replace(shown, typed="", value="", previous="", evidence=evidence, findings=(), check=None, earlier=None,
                   contradiction="")  # fmt: skip


def blind(application: Application, officer: Officer) -> bool:
    """May this officer not see OU2 and CN yet: an approver, before the own entry at this revision agreed?"""
    undecided = application.state in {A.SUBMITTED, A.SCREENING, A.RETURNED}
    return undecided and officer.holds(Role.APPROVER) and not entered(application, officer)


def entered(application: Application, officer: Officer) -> bool:
    """Has this officer entered OU2 and CN of the present revision, the same as the application has them?"""
    return any(one.agrees and one.entered_by == officer.id and one.revision == application.revision
               for one in application.entries)  # fmt: skip


def differed(application: Application, officer: Officer) -> bool:
    """Was what this officer entered last of the present revision other than what the application has?"""
    own = [one for one in application.entries
           if one.entered_by == officer.id and one.revision == application.revision]  # fmt: skip
    return bool(own) and not own[-1].agrees


def _contradiction(application: Application, kind: CheckedField, value: str) -> str:
    """What an approver entered otherwise since the last verdict on this field; empty when nothing."""
    verdicts = [one.checked_at for one in application.checks if one.field is kind]
    for one in reversed(application.entries if kind in ENTERED else []):
        text = one.organization_unit if kind is CheckedField.ORGANIZATION_UNIT else one.common_name
        if one.revision == application.revision and not one.agrees and text != value:
            return text if not verdicts or verdicts[-1] < one.entered_at else ""
    return ""


def last_certificate(application: Application) -> Certificate | None:
    """What the text is compared with: the certificate it renews, else the person's newest of another application."""
    query = select(Certificate).where(
        Certificate.person_id == application.person_id, Certificate.application_id != application.id
    )
    return application.renewal_of or db.session.scalar(query.order_by(Certificate.id.desc()).limit(1))


def due(application: Application) -> datetime | None:
    """The end of the day by which we should be done (`lead_time`); None while nothing is waited for from us."""
    if application.due_on is None:
        return None
    return datetime.combine(application.due_on, time(23, 59, 59), calendar.JST)


def forgotten(before: datetime) -> list[Application]:
    """Up to AT_ONCE drafts begun and returned applications sent back before this moment, held until the transaction ends."""
    query = select(Application).where(or_(
        and_(Application.state == A.DRAFT, Application.drafted_at < before),
        and_(Application.state == A.RETURNED, Application.returned_at < before),
    ))  # fmt: skip
    return list(db.session.scalars(query.order_by(Application.id).limit(AT_ONCE).with_for_update()))


def failed_orders(application: Application) -> list[Order]:
    """What the CA was asked for in vain, newest first."""
    query = select(Order).where(Order.application_id == application.id, Order.state == OrderState.FAILED)
    return list(db.session.scalars(query.order_by(Order.id.desc())))


def certificate(application: Application) -> Certificate | None:
    """What was issued for it."""
    return db.session.scalar(select(Certificate).where(Certificate.application_id == application.id))


def officers(*applications: Application) -> dict[int | None, str]:
    """The names of the officers who had these in hand or checked their fields, by id."""
    ids: set[int | None] = set()
    for one in applications:
        ids |= {
            one.screening_by,
            one.held_by,
            one.screened_by,
            one.approved_by,
            one.returned_by,
            one.rejected_by,
            one.issued_by,
        }
    if len(applications) == 1:
        ids |= {check.checked_by for check in applications[0].checks}
        ids |= {entry.entered_by for entry in applications[0].entries}
    return trail.officers(ids)
