"""Corporations, people and applications in any state up to approved, put into the database as they would stand there."""

import hashlib
from datetime import date, timedelta
from itertools import count
from typing import Any

from sqlalchemy import select
from stdnum.jp import cn

from jcanweb import audit, clock, names
from jcanweb import terms as reader
from jcanweb.calendar import add_business_days, jst_date
from jcanweb.config import setting
from jcanweb.database import db
from jcanweb.events import Event, Subject
from jcanweb.models import (
    Application,
    Consent,
    ConsentStatement,
    Corporation,
    Edition,
    EditionApproval,
    FieldCheck,
    Officer,
    Person,
    PolicyApproval,
    PolicyDocument,
    Receipt,
    SecondEntry,
    Vetting,
)
from jcanweb.roles import Role
from jcanweb.services import documents, policy, presentation, receipts, terms, vetting
from jcanweb.services.demo_cast import paper
from jcanweb.vocabulary import (
    AgreementState,
    Authority,
    CheckedField,
    DelegationScope,
    PaperPoint,
    Verdict,
    VettingKind,
)
from jcanweb.vocabulary import (
    ApplicationState as A,
)
from tests.people import officer

PDF = paper()
_numbers = count(1)


def corporate_number(number: int) -> str:
    """The number-th 法人番号 with a right check digit."""
    digits = f"70000120{number:04}"
    return f"{cn.calc_check_digit(digits)}{digits}"


def corporation(**values: Any) -> Corporation:
    """A corporation with a living agreement."""
    number = next(_numbers)
    made = Corporation(**{
        "corporate_number": corporate_number(number), "company_id": f"CT{number:06}",
        "name": f"見本商事第{number}株式会社", "name_kana": "ミホンショウジ", "name_en": f"Mihon Shoji {number} Co., Ltd.",
        "representative": "見本 太郎", "agreement_state": AgreementState.ACTIVE, "agreement_from": date(2024, 4, 1),
        "registered_at": clock.now(), **values,
    })  # fmt: skip
    made.name_en_look = names.skeleton(made.name_en)
    return _kept(made)


def person(of: Corporation | None = None, **values: Any) -> Person:
    """The representative of a corporation (its own new one by default), or a delegate for everything."""
    number = next(_numbers)
    home = of or corporation(representative=values.get("name", f"申請 花子{number}"))
    if values.get("authority") is Authority.DELEGATE:
        values = {"delegated_from": date(2024, 4, 1), "delegation_scope": DelegationScope.ALL} | values
    made = Person(**{
        "corporation_id": home.id, "name": home.representative, "name_kana": "シンセイ ハナコ",
        "email": f"person{number}@example.jp", "authority": Authority.REPRESENTATIVE,
        "registered_at": clock.now(), **values,
    })  # fmt: skip
    made.corporation = home
    return _kept(made)


def vet(who: Person) -> None:
    """The corporation and the person's authority looked into today, and the 委任状 kept, where that was not done."""
    known = vetting.newest(who.corporation, who)
    one = db.session.scalar(select(Officer).order_by(Officer.id).limit(1)) or officer(Role.SCREENER)
    for kind, key in ((VettingKind.ORGANIZATION, None), (VettingKind.AUTHORITY, who.id)):
        if key not in known:
            _kept(Vetting(corporation_id=who.corporation_id, person_id=key, kind=kind, evidence="電話で確認。",
                          vetted_on=jst_date(clock.now()), vetted_by=one.id, recorded_at=clock.now()))  # fmt: skip
    if who.authority is Authority.DELEGATE and who.delegation_document_id is None:
        who.delegation_document_id = documents.keep(PDF, by=who).id
        db.session.flush()


def application(state: A = A.SUBMITTED, *, person: Person | None = None, screener: Officer | None = None,
                approver: Officer | None = None, screened: bool = False, **values: Any) -> Application:  # fmt: skip
    """An application of that state with consent, sealed document, vetted, and what the officers did up to there.

    `screened=True` with SCREENING: all fields checked, waiting for the approver.
    """
    number, who, at = next(_numbers), person or globals()["person"](), clock.now()
    paper = documents.keep(PDF, by=who)
    vet(who)
    facts: dict[str, Any] = {
        "number": f"T{number:08}", "person_id": who.id, "corporation_id": who.corporation_id, "state": state,
        "organization_unit_typed": f"Ｍｉｈｏｎ Shoji {number}", "organization_unit": f"Mihon Shoji {number}",
        "organization_unit_ja": who.corporation.name, "common_name_typed": "Sales Dept. Manager",
        "common_name": "Sales Dept. Manager", "common_name_ja": "営業部 部長", "pin_recipient_name": who.name,
        "pin_recipient_email": f"pin{number}@example.jp", "seal_certificate_id": paper.id,
        "seal_certificate_on": jst_date(at) - timedelta(days=30), "drafted_at": at,
    }  # fmt: skip
    if state is not A.DRAFT:
        facts["submitted_at"] = at
    checked = screened or state in {A.APPROVED}
    seen = state in {A.SCREENING, A.RETURNED, A.REJECTED} or checked
    one = (screener or officer(Role.SCREENER)) if seen else None
    if one is not None:
        facts |= {"screening_by": one.id, "screening_at": at}
        if checked:
            facts |= {"screened_by": one.id, "screened_at": at}
    if state in {A.SUBMITTED, A.SCREENING, A.APPROVED}:
        facts["due_on"] = add_business_days(jst_date(at), setting("SCREENING_BUSINESS_DAYS"))
    if state is A.RETURNED:
        facts |= {
            "days_left": setting("SCREENING_BUSINESS_DAYS"),
            "returned_by": one.id if one else None,
            "returned_at": at,
            "returned_reason": "OU2を登記のとおりに直してください。",
        }
    if state in {A.APPROVED, A.REJECTED}:
        other = approver or officer(Role.APPROVER)
        word = "approved" if state is A.APPROVED else "rejected"
        facts |= {f"{word}_by": other.id, f"{word}_at": at}
        if state is A.REJECTED:
            facts["rejected_reason"] = "契約が終了しているため。"
    if state is A.WITHDRAWN:
        facts["withdrawn_at"] = at
    made = Application(**(facts | values))
    made.person, made.corporation, made.seal_certificate = who, who.corporation, paper
    _kept(made)
    consent(made)
    if checked and one is not None:
        check_all(made, by=one)
    if state is A.APPROVED:
        enter(made, by=other)
    return made


def consent(of: Application) -> Consent:
    """All six statements of the edition in force accepted for this application."""
    edition = terms.in_force()
    statements, button = reader.statements(terms.document(edition)), "六つの項目をすべて承諾する"
    served = presentation.serve(edition, statements, button=button, to=of.person)
    shown = presentation.read(served, by=of.person)
    made = Consent(application_id=of.id, person_id=of.person_id, edition_id=edition.id, edition_sha256=edition.sha256,
                   button=button, locale=shown.locale, given_at=clock.now(), presentation=served, nonce=shown.nonce)  # fmt: skip
    made.statements = [
        ConsentStatement(number=one.number, verb=one.verb, words=one.text) for one in statements
    ]
    made.edition = edition
    of.consents.append(made)
    return _kept(made)


def receipt(of: Application) -> Receipt:
    """The receipt of the application's newest consent, with its entry in the audit record."""
    given, person = of.consents[-1], of.person
    entry, head = audit.record_placed(
        Event.CONSENT_GIVEN, Subject.APPLICATION, of.id, by=person, consent=given.id, edition=given.edition_id,
        edition_sha256=given.edition_sha256, statements=[one.number for one in given.statements])  # fmt: skip
    shown = presentation.read(given.presentation, by=person)
    return receipts.make(given, shown, application=of, by=person, entry=entry, head=head)


def check_all(of: Application, *, by: Officer) -> None:
    """Every field passed at the application's present revision."""
    paper = of.seal_certificate
    recipient = f"{of.pin_recipient_name}\n{of.pin_recipient_email}".encode()
    looked_at = {CheckedField.ORGANIZATION_UNIT: of.organization_unit, CheckedField.COMMON_NAME: of.common_name,
                 CheckedField.PIN_RECIPIENT: hashlib.sha256(recipient).hexdigest(),
                 CheckedField.SEAL_CERTIFICATE: paper.sha256 if paper else ""}  # fmt: skip
    of.checks.extend(
        FieldCheck(application_id=of.id, revision=of.revision, field=field, value=value, verdict=Verdict.PASS,
                   matched=" ".join(PaperPoint) if field is CheckedField.SEAL_CERTIFICATE else "",
                   checked_by=by.id, checked_at=clock.now())
        for field, value in looked_at.items()
    )  # fmt: skip
    db.session.flush()


def enter(of: Application, *, by: Officer) -> None:
    """The second entry of this approver, agreeing: what an approval needs."""
    of.entries.append(
        SecondEntry(application_id=of.id, revision=of.revision, organization_unit=of.organization_unit,
                    common_name=of.common_name, agrees=True, entered_by=by.id, entered_at=clock.now())
    )  # fmt: skip
    db.session.flush()


def rewrite(of: Application, **values: Any) -> None:
    """An approved application with other texts, as if it had been approved with them."""
    approval = {"state": of.state, "approved_by": of.approved_by, "approved_at": of.approved_at}
    of.state, of.approved_by, of.approved_at = A.SCREENING, None, None
    for name, value in values.items():
        setattr(of, name, value)
    db.session.flush()
    enter(of, by=db.session.get_one(Officer, approval["approved_by"]))
    for name, value in approval.items():
        setattr(of, name, value)
    db.session.flush()


def _kept(made: Any) -> Any:
    db.session.add(made)
    db.session.flush()
    return made


def edition(source: bytes, *, version: str = "9.0", effective_on: date | None = None) -> Edition:
    """An official edition approved as it would stand there; the day may be past."""
    made = terms.import_edition(source, version=version, proposed_on=effective_on or jst_date(clock.now()))
    made.approval = EditionApproval(version=version, official=True, approved_by=officer(Role.APPROVER).id,
                                    approved_at=clock.now(), effective_on=made.proposed_on)  # fmt: skip
    return _kept(made)


def policy_document(
    version: str = "9.0", *, effective_on: date | None = None, **values: Any
) -> PolicyDocument:
    """An official CP approved as it would stand there; the day may be past."""
    day, at = effective_on or jst_date(clock.now()), clock.now()
    entry = policy.PolicyEntry(**{"name": f"Sample CP {version}", "version": version, "proposed_on": day,
                                  "url": f"https://cp.example.jp/{version}.pdf", "oid": "1.3.6.1.4.1.99999.2.1",
                                  **values})  # fmt: skip
    made = policy.register(entry, by=officer(Role.SCREENER))
    made.approval = PolicyApproval(version=version, official=True, registered_by=made.registered_by,
                                   approved_by=officer(Role.APPROVER).id, approved_at=at, effective_on=day)  # fmt: skip
    return _kept(made)
