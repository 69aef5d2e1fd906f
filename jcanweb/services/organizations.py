"""Corporations with their CECTRUST-Light agreement, their authorised persons, and eligibility (第2条)."""

from sqlalchemy import delete, exists, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import selectinload

from jcanweb import audit, clock, names
from jcanweb.calendar import japanese_date, jst_date
from jcanweb.database import db, flush, lock
from jcanweb.errors import FieldRefused, NotEligible, StalePage
from jcanweb.events import Event, Subject
from jcanweb.models import (
    Application,
    Certificate,
    Corporation,
    Document,
    Invitation,
    Officer,
    Person,
    WebSession,
)
from jcanweb.services import agreements, documents, vetting
from jcanweb.services import invitations as links
from jcanweb.services import organization_history as history
from jcanweb.services.organization_entries import (
    CorporationEntry,
    PersonEntry,
    company_id,
    corporation_values,
    is_representative,
    person_values,
)
from jcanweb.vocabulary import AgreementState, ApplicationState, Authority, DelegationScope


def register(entry: CorporationEntry, *, by: Officer) -> Corporation:
    """Keep a corporation. Raises names.NameRefused or FieldRefused for a value that cannot stand or is taken."""
    values = corporation_values(entry)
    corporation = Corporation(**values, registered_by=by.id, registered_at=clock.now())
    _refuse_taken(corporation.corporate_number, corporation.company_id, None)
    db.session.add(corporation)
    _flush("この法人番号または企業IDの法人は既に登録されています。")
    history.note(corporation, None, {name: (None, value) for name, value in values.items()}, by=by)
    audit.record(Event.CORPORATION_REGISTERED, Subject.CORPORATION, corporation.id, by=by,
                 corporate_number=corporation.corporate_number)  # fmt: skip
    return corporation


def change(corporation: Corporation, entry: CorporationEntry, *, version: int, by: Officer) -> None:
    """Correct a corporation or its agreement. Raises StalePage, names.NameRefused, FieldRefused.

    An agreement that is not in force afterwards is noticed: `cessation` opens a decision for each living certificate.

    The 法人番号 stands in every certificate (OU): it stays while an application is checked or a certificate lives.
    """
    lock(corporation, version)
    values = corporation_values(entry)
    if values["corporate_number"] != corporation.corporate_number and _number_in_use(corporation):
        raise FieldRefused(
            "法人番号は証明書に載るため、いまは変更できません。"
            "審査中・承認済みの申請は差し戻すか却下し、有効な証明書は失効してから変更してください。",
            field="corporate_number",
        )
    _refuse_taken(entry.corporate_number, entry.company_id, corporation.id)
    changed = _assign(corporation, values)
    _flush("この法人番号または企業IDの法人は既に登録されています。")
    history.note(corporation, None, changed, by=by)
    audit.record(Event.CORPORATION_CHANGED, Subject.CORPORATION, corporation.id, by=by, fields=list(changed))
    agreements.settle(corporation, by=by)


def add_person(corporation: Corporation, entry: PersonEntry, *, by: Officer) -> Person:
    """Keep an authorised person of the corporation, with the 委任状 of a delegate. Raises names.NameRefused, FieldRefused."""
    values = person_values(corporation, entry)
    _refuse_same_address(corporation, values["email"], None)
    person = Person(**values, corporation_id=corporation.id, registered_at=clock.now())
    person.corporation = corporation
    db.session.add(person)
    _flush("このメールアドレスの権限者は既に登録されています。")
    given = {name: (None, value) for name, value in values.items()} | _keep_delegation(person, entry)
    history.note(corporation, person, given, by=by)
    audit.record(Event.PERSON_REGISTERED, Subject.PERSON, person.id, by=by, corporation=corporation.id)
    return person


def change_person(person: Person, entry: PersonEntry, *, version: int, by: Officer) -> None:
    """Correct a person. Another address ends the person's links and sessions: they went to the old one.

    Raises StalePage, names.NameRefused, FieldRefused.
    """
    lock(person, version)
    values = person_values(person.corporation, entry)
    _refuse_same_address(person.corporation, values["email"], person.id)
    changed = _assign(person, values) | _keep_delegation(person, entry)
    if "email" in changed:
        living = select(Invitation).where(Invitation.person_id == person.id, Invitation.revoked_at.is_(None))
        for invitation in db.session.scalars(living):
            invitation.revoked_at = clock.now()
        db.session.execute(delete(WebSession).where(WebSession.person_id == person.id))
    _flush("このメールアドレスの権限者は既に登録されています。")
    history.note(person.corporation, person, changed, by=by)
    audit.record(Event.PERSON_CHANGED, Subject.PERSON, person.id, by=by, fields=list(changed))


def open_delegation(person: Person, *, by: Officer) -> bytes | None:
    """The 委任状 as it was handed in, None without one; that it was opened is recorded."""
    if person.delegation_document_id is None:
        return None
    content = documents.content(db.session.get_one(Document, person.delegation_document_id))
    audit.record(Event.PERSON_DOCUMENT_OPENED, Subject.PERSON, person.id, by=by,
                 document=person.delegation_document_id)  # fmt: skip
    return content


def agreement_obstacles(corporation: Corporation) -> list[str]:
    """Why nobody of this corporation may apply today (Japan); empty while the agreement is in force."""
    today = jst_date(clock.now())
    found = []
    if corporation.agreement_state is not AgreementState.ACTIVE:
        word = "停止中" if corporation.agreement_state is AgreementState.SUSPENDED else "終了"
        found.append(f"CECTRUST-Lightの電子契約利用契約が{word}のため、申請できません。")
    if corporation.agreement_from > today:
        found.append(
            f"電子契約利用契約は{japanese_date(corporation.agreement_from)}に始まります。その日から申請できます。"
        )
    if corporation.agreement_to is not None and corporation.agreement_to < today:
        found.append(f"電子契約利用契約の期間が{japanese_date(corporation.agreement_to)}に終わっています。")
    return found


def obstacles(person: Person) -> list[str]:
    """Why this person may not apply today (Japan), one sentence a condition; empty when eligible (第2条)."""
    corporation = person.corporation
    found = agreement_obstacles(corporation)
    if person.authority is Authority.REPRESENTATIVE and not is_representative(person.name, corporation):
        found.append("登録されている代表者の氏名と違います。代表者が交代した場合は、委任の記録が必要です。")
    if person.authority is Authority.DELEGATE:
        found += _delegation_obstacles(person)
    return found


def _delegation_obstacles(person: Person) -> list[str]:
    today, found = jst_date(clock.now()), []
    if person.delegated_from is not None and person.delegated_from > today:
        found.append(f"委任は{japanese_date(person.delegated_from)}に始まります。その日から申請できます。")
    if person.delegated_to is not None and person.delegated_to < today:
        found.append(f"委任の期間が{japanese_date(person.delegated_to)}に終わっています。")
    if person.delegation_scope is DelegationScope.NOTICES:
        found.append(
            "委任の範囲が「届出・失効の依頼だけ」のため、申請できません。申請には、申請を含む委任状が必要です。"
        )
    return found


def vetting_obstacles(corporation: Corporation, person: Person) -> list[str]:
    """What officers have yet to do before a certificate may be issued to this person, one sentence each.

    Corporation and authority vetted within VETTING_DAYS (S/MIME BR 4.2.1), and the 委任状 of a delegate kept.
    """
    found = vetting.obstacles(corporation, person)
    if person.authority is Authority.DELEGATE and person.delegation_document_id is None:
        found.append("委任状のPDFが登録されていません。権限者の画面で登録してください。")
    return found


def check_eligible(person: Person) -> None:
    """Raises NotEligible with every failing condition in its sentence."""
    found = obstacles(person)
    if found:
        raise NotEligible("".join([*found, "登録局にご連絡ください。"]))


def by_number(corporate_number: str) -> Corporation | None:
    """The corporation of this 法人番号, with its people."""
    query = select(Corporation).options(selectinload(Corporation.people))
    return db.session.scalar(query.where(Corporation.corporate_number == corporate_number))


def living(corporation: Corporation) -> int:
    """How many of its certificates are neither revoked nor expired."""
    query = select(func.count()).where(
        Certificate.corporation_id == corporation.id, Certificate.living(clock.now()),
    )  # fmt: skip
    return db.session.scalar(query) or 0


def invite(person: Person, *, newest: int, by: Officer) -> str:
    """A new personal link; the earlier ones end. `newest` is the invitation the page showed, 0 for none.

    Raises StalePage when a link was sent meanwhile, so that a double click does not end the link it has just sent.
    """
    lock(person)
    found = db.session.scalar(select(func.max(Invitation.id)).where(Invitation.person_id == person.id)) or 0
    if found != newest:
        raise StalePage(
            "この方への案内は、画面を開いたあとに送られています。届いていない場合だけ、もう一度送ってください。"
        )
    return links.invite(person, by=by)


def _refuse_taken(corporate_number: str, company: str, own_id: int | None) -> None:
    number, company = names.normalise_corporate_number(corporate_number), company_id(company)
    query = select(Corporation).where(
        (Corporation.corporate_number == number) | (Corporation.company_id == company)
    )
    for other in db.session.scalars(query):
        if other.id != own_id and other.corporate_number == number:
            raise FieldRefused(
                f"この法人番号は「{other.name}」として登録されています。", field="corporate_number"
            )
        if other.id != own_id:
            raise FieldRefused(f"この企業IDは「{other.name}」に登録されています。", field="company_id")


def _refuse_same_address(corporation: Corporation, email: object, own_id: int | None) -> None:
    query = select(Person.id).where(Person.corporation_id == corporation.id, Person.email == email)
    if set(db.session.scalars(query)) - {own_id}:
        raise FieldRefused("このメールアドレスの権限者は既に登録されています。", field="email")


def _number_in_use(corporation: Corporation) -> bool:
    checked = {ApplicationState.SCREENING, ApplicationState.APPROVED, ApplicationState.ISSUING}
    applied = exists().where(Application.corporation_id == corporation.id, Application.state.in_(checked))
    return bool(db.session.scalar(select(applied))) or living(corporation) > 0


def _assign(thing: Corporation | Person, values: dict[str, object]) -> history.Changes:
    """Each column that becomes another: (before, after)."""
    changed = {
        name: (getattr(thing, name), value) for name, value in values.items() if getattr(thing, name) != value
    }
    for name, (_, value) in changed.items():
        setattr(thing, name, value)
    changed.pop("name_en_look", None)
    return changed


def _keep_delegation(person: Person, entry: PersonEntry) -> history.Changes:
    """Seal a new 委任状, or let go of one that is no longer meant; the one before stays kept."""
    before = person.delegation_document_id
    if person.authority is Authority.DELEGATE and entry.delegation_document is not None:
        documents.check_pdf(entry.delegation_document, "委任状", "delegation_document")
        person.delegation_document_id = documents.keep(entry.delegation_document, by=person).id
    elif person.authority is not Authority.DELEGATE:
        person.delegation_document_id = None
    flush()
    if person.delegation_document_id == before:
        return {}
    return {"delegation_document": (_digest(before), _digest(person.delegation_document_id))}


def _digest(document_id: int | None) -> str:
    return f"SHA-256 {db.session.get_one(Document, document_id).sha256[:16]}…" if document_id else ""


def _flush(sentence: str) -> None:
    """Two at the same moment: the second meets the unique index."""
    try:
        flush()
    except IntegrityError as failure:
        raise FieldRefused(sentence) from failure
