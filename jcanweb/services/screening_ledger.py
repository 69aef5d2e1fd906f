"""Reading applications as officers see them: the list, one with its three fields, what speaks against it."""

from dataclasses import dataclass
from datetime import datetime, time

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import joinedload, selectinload

from jcanweb import calendar, clock, names
from jcanweb.config import setting
from jcanweb.database import db
from jcanweb.models import Application, Certificate, Consent, FieldCheck, Order
from jcanweb.names.findings import Finding, FindingCode, Severity
from jcanweb.services import enrollment_ledger, organizations, trail
from jcanweb.vocabulary import ApplicationState as A
from jcanweb.vocabulary import CheckedField, OrderState, Verdict


@dataclass(frozen=True)
class Field:
    """One line of the screening table."""

    field: CheckedField
    typed: str
    """As the applicant typed it."""
    value: str
    """What a verdict is about: the certificate's text, or the SHA-256 of the paper."""
    japanese: str
    evidence: tuple[tuple[str, str], ...]
    """(what, as it is on record): to be compared with"""
    findings: tuple[Finding, ...]
    check: FieldCheck | None
    """The newest verdict on the present revision."""
    earlier: FieldCheck | None
    """The newest verdict on an earlier revision."""

    @property
    def refused(self) -> bool:
        """Is there a finding that keeps it out of a certificate?"""
        return any(finding.severity is Severity.REFUSE for finding in self.findings)

    @property
    def passed(self) -> bool:
        """Was the present text found right?"""
        check = self.check
        return check is not None and check.verdict is Verdict.PASS and check.value == self.value


def one(number: str) -> Application | None:
    """The application of this 受付番号, once handed in, with all its page shows."""
    query = select(Application).where(Application.number == number, Application.submitted_at.is_not(None))
    consents = selectinload(Application.consents)
    return db.session.scalar(query.options(
        joinedload(Application.corporation), joinedload(Application.person), joinedload(Application.seal_certificate),
        selectinload(Application.checks), consents.joinedload(Consent.edition), consents.selectinload(Consent.statements),
    ))  # fmt: skip


def fields(application: Application) -> list[Field]:
    """OU2, CN and 印鑑証明書 with what is to be known about each."""
    return [field(application, kind) for kind in CheckedField]


def field(application: Application, kind: CheckedField) -> Field:
    """One field with its findings and the newest verdict on the present revision."""
    checks = [check for check in application.checks if check.field is kind]
    now = [check for check in checks if check.revision == application.revision]
    before = [check for check in checks if check.revision < application.revision]
    home, last = application.corporation, _last_certificate(application)
    if kind is CheckedField.SEAL_CERTIFICATE:
        paper, day = application.seal_certificate, application.seal_certificate_on
        typed, value, japanese = calendar.japanese_date(day) if day else "", paper.sha256 if paper else "", ""
        evidence = [("法人名", home.name), ("代表者", home.representative)]
        found = _paper_findings(application)
    elif kind is CheckedField.ORGANIZATION_UNIT:
        typed, value = application.organization_unit_typed, application.organization_unit
        japanese = application.organization_unit_ja
        evidence = [("登録の法人名", home.name), ("登録の英語名", home.name_en)]
        evidence += [("前回の証明書", last.organization_unit)] if last else []
        found = _text_findings(typed, value)
    else:
        typed, value, japanese = (
            application.common_name_typed,
            application.common_name,
            application.common_name_ja,
        )
        evidence = [("申請者", f"{application.person.name}（{application.person.name_kana}）")]
        reading = enrollment_ledger.reading_hint(application.person)
        evidence += [("ローマ字の例", " / ".join(reading))] if reading else []
        evidence += [("前回の証明書", last.common_name)] if last else []
        found = _text_findings(typed, value)
    return Field(kind, typed, value, japanese, tuple(evidence), tuple(found), now[-1] if now else None,
                 before[-1] if before else None)  # fmt: skip


def _last_certificate(application: Application) -> Certificate | None:
    """The person's newest certificate of another application."""
    query = select(Certificate).where(
        Certificate.person_id == application.person_id, Certificate.application_id != application.id
    )
    return db.session.scalar(query.order_by(Certificate.id.desc()).limit(1))


def _text_findings(typed: str, value: str) -> list[Finding]:
    if names.to_certificate_text(typed) != value:
        words = "入力から作られる文字と、記録されている証明書の文字が一致しません。差し戻してください。"
        return [Finding(FindingCode.CHANGED, Severity.REFUSE, words)]
    return list(names.findings(typed))


def _paper_findings(application: Application) -> list[Finding]:
    months, day = setting("SEAL_CERTIFICATE_MONTHS"), application.seal_certificate_on
    if application.seal_certificate is None or day is None:
        return [Finding(FindingCode.EMPTY, Severity.REFUSE, "印鑑証明書が添付されていません。")]
    handed_in = calendar.jst_date(application.submitted_at or clock.now())
    if not calendar.within_months(day, handed_in, months):
        return [
            Finding(
                FindingCode.EMPTY, Severity.REFUSE, f"申請日の時点で、発行から{months}か月を過ぎています。"
            )
        ]
    return []


def twins(application: Application) -> list[Certificate]:
    """Living certificates with the same OU2 and CN: allowed, but to be looked at (a new JC-number is given)."""
    same = (Certificate.organization_unit == application.organization_unit,
            Certificate.common_name == application.common_name)  # fmt: skip
    living = Certificate.living(clock.now()), Certificate.application_id != application.id
    return list(
        db.session.scalars(select(Certificate).where(*same, *living).order_by(Certificate.id).limit(5))
    )


def obstacles(application: Application) -> list[str]:
    """What of 第2条 speaks against issuing today, one sentence a condition; empty when nothing does."""
    return organizations.obstacles(application.person) + [
        finding.sentence for finding in _paper_findings(application) if finding.severity is Severity.REFUSE
    ]


def due(application: Application) -> datetime | None:
    """The end of the day by which we should be done (`lead_time`); None while nothing is waited for from us."""
    if application.due_on is None:
        return None
    return datetime.combine(application.due_on, time(23, 59, 59), calendar.JST)


def forgotten(before: datetime) -> list[Application]:
    """Drafts begun and returned applications sent back before this moment, held until the transaction ends."""
    query = select(Application).where(or_(
        and_(Application.state == A.DRAFT, Application.drafted_at < before),
        and_(Application.state == A.RETURNED, Application.returned_at < before),
    ))  # fmt: skip
    return list(db.session.scalars(query.order_by(Application.id).with_for_update()))


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
            one.screened_by,
            one.approved_by,
            one.returned_by,
            one.rejected_by,
            one.issued_by,
        }
    if len(applications) == 1:
        ids |= {check.checked_by for check in applications[0].checks}
    return trail.officers(ids)
