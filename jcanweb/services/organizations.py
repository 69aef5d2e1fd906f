"""Corporations with their CECTRUST-Light agreement, their authorised persons, and eligibility (第2条)."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date

from sqlalchemy import delete, exists, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import selectinload

from jcanweb import audit, clock, names
from jcanweb.calendar import japanese_date, jst_date
from jcanweb.database import db, flush, lock
from jcanweb.errors import FieldRefused, NotEligible, StalePage
from jcanweb.events import Event, Subject
from jcanweb.models import Application, Certificate, Corporation, Invitation, Officer, Person, WebSession
from jcanweb.services import invitations as links
from jcanweb.vocabulary import AgreementState, ApplicationState, Authority


@dataclass(frozen=True)
class CorporationEntry:
    """A corporation as typed by an officer."""

    corporate_number: str
    company_id: str
    name: str
    name_kana: str
    name_en: str
    representative: str
    agreement_state: AgreementState
    agreement_from: date
    agreement_to: date | None


@dataclass(frozen=True)
class PersonEntry:
    """An authorised person as typed by an officer; the days only for a delegate."""

    name: str
    name_kana: str
    email: str
    authority: Authority
    delegated_from: date | None = None
    delegated_to: date | None = None


def company_id(typed: str) -> str:
    """企業ID: ASCII letters, digits, - and _, at most 40; full-width is accepted. Raises FieldRefused."""
    text = unicodedata.normalize("NFKC", typed).strip()
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,40}", text):
        raise FieldRefused("企業IDは英数字（40文字以内）で入力してください。", field="company_id")
    return text


def register(entry: CorporationEntry, *, by: Officer) -> Corporation:
    """Keep a corporation. Raises names.NameRefused or FieldRefused for a value that cannot stand or is taken."""
    corporation = Corporation(**_corporation(entry), registered_by=by.id, registered_at=clock.now())
    _refuse_taken(corporation.corporate_number, corporation.company_id, None)
    db.session.add(corporation)
    _flush("この法人番号または企業IDの法人は既に登録されています。")
    audit.record(Event.CORPORATION_REGISTERED, Subject.CORPORATION, corporation.id, by=by,
                 corporate_number=corporation.corporate_number)  # fmt: skip
    return corporation


def change(corporation: Corporation, entry: CorporationEntry, *, version: int, by: Officer) -> None:
    """Correct a corporation or its agreement. Raises StalePage, names.NameRefused, FieldRefused.

    The 法人番号 stands in every certificate (OU): it stays while an application is checked or a certificate lives.
    """
    lock(corporation, version)
    values = _corporation(entry)
    if values["corporate_number"] != corporation.corporate_number and _number_in_use(corporation):
        raise FieldRefused(
            "法人番号は証明書に載るため、いまは変更できません。"
            "審査中・承認済みの申請は差し戻すか却下し、有効な証明書は失効してから変更してください。",
            field="corporate_number",
        )
    _refuse_taken(entry.corporate_number, entry.company_id, corporation.id)
    changed = _assign(corporation, values)
    _flush("この法人番号または企業IDの法人は既に登録されています。")
    audit.record(Event.CORPORATION_CHANGED, Subject.CORPORATION, corporation.id, by=by, fields=changed)


def add_person(corporation: Corporation, entry: PersonEntry, *, by: Officer) -> Person:
    """Keep an authorised person of the corporation. Raises names.NameRefused, FieldRefused."""
    values = _person(corporation, entry)
    _refuse_same_address(corporation, values["email"], None)
    person = Person(**values, corporation_id=corporation.id, registered_at=clock.now())
    person.corporation = corporation
    db.session.add(person)
    _flush("このメールアドレスの権限者は既に登録されています。")
    audit.record(Event.PERSON_REGISTERED, Subject.PERSON, person.id, by=by, corporation=corporation.id)
    return person


def change_person(person: Person, entry: PersonEntry, *, version: int, by: Officer) -> None:
    """Correct a person. Another address ends the person's links and sessions: they went to the old one.

    Raises StalePage, names.NameRefused, FieldRefused.
    """
    lock(person, version)
    values = _person(person.corporation, entry)
    _refuse_same_address(person.corporation, values["email"], person.id)
    changed = _assign(person, values)
    if "email" in changed:
        living = select(Invitation).where(Invitation.person_id == person.id, Invitation.revoked_at.is_(None))
        for invitation in db.session.scalars(living):
            invitation.revoked_at = clock.now()
        db.session.execute(delete(WebSession).where(WebSession.person_id == person.id))
    _flush("このメールアドレスの権限者は既に登録されています。")
    audit.record(Event.PERSON_CHANGED, Subject.PERSON, person.id, by=by, fields=changed)


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
    today, corporation = jst_date(clock.now()), person.corporation
    found = agreement_obstacles(corporation)
    if person.authority is Authority.REPRESENTATIVE and not _is_representative(person.name, corporation):
        found.append("登録されている代表者の氏名と違います。代表者が交代した場合は、委任の記録が必要です。")
    if person.authority is Authority.DELEGATE:
        if person.delegated_from is None:
            found.append("委任の記録がありません。委任状の提出が必要です。")
        elif person.delegated_from > today:
            found.append(
                f"委任は{japanese_date(person.delegated_from)}に始まります。その日から申請できます。"
            )
        if person.delegated_to is not None and person.delegated_to < today:
            found.append(f"委任の期間が{japanese_date(person.delegated_to)}に終わっています。")
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


def _corporation(entry: CorporationEntry) -> dict[str, object]:
    if entry.agreement_to is not None and entry.agreement_to < entry.agreement_from:
        raise FieldRefused("契約の終了日は開始日以後にしてください。", field="agreement_to")
    name = names.check_name(entry.name, "法人名")
    kana = names.furigana(entry.name_kana) if entry.name_kana.strip() else ""
    name_en = names.certificate_text(entry.name_en)
    return {
        "corporate_number": names.normalise_corporate_number(entry.corporate_number),
        "company_id": company_id(entry.company_id),
        "name": name,
        "name_kana": kana,
        "name_en": name_en,
        "representative": names.check_name(entry.representative, "代表者の氏名"),
        "agreement_state": entry.agreement_state,
        "agreement_from": entry.agreement_from,
        "agreement_to": entry.agreement_to,
    }


def _person(corporation: Corporation, entry: PersonEntry) -> dict[str, object]:
    delegate = entry.authority is Authority.DELEGATE
    name = names.check_name(entry.name, "氏名")
    if delegate and entry.delegated_from is None:
        raise FieldRefused("委任の開始日を入力してください。", field="delegated_from")
    if delegate and entry.delegated_to and entry.delegated_from and entry.delegated_to < entry.delegated_from:
        raise FieldRefused("委任の終了日は開始日以後にしてください。", field="delegated_to")
    if not delegate and not _is_representative(name, corporation):
        raise FieldRefused(
            "登録されている代表者の氏名と違います。代表者でない場合は「委任を受けた者」を選んでください。",
            field="authority",
        )
    return {
        "name": name,
        "name_kana": names.furigana(entry.name_kana),
        "email": names.normalise_email(entry.email),
        "authority": entry.authority,
        "delegated_from": entry.delegated_from if delegate else None,
        "delegated_to": entry.delegated_to if delegate else None,
    }


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


def _is_representative(name: str, corporation: Corporation) -> bool:
    return names.comparison_key(name) == names.comparison_key(corporation.representative)


def _number_in_use(corporation: Corporation) -> bool:
    checked = {ApplicationState.SCREENING, ApplicationState.APPROVED, ApplicationState.ISSUING}
    applied = exists().where(Application.corporation_id == corporation.id, Application.state.in_(checked))
    return bool(db.session.scalar(select(applied))) or living(corporation) > 0


def _assign(thing: Corporation | Person, values: dict[str, object]) -> list[str]:
    changed = [name for name, value in values.items() if getattr(thing, name) != value]
    for name in changed:
        setattr(thing, name, values[name])
    return changed


def _flush(sentence: str) -> None:
    """Two at the same moment: the second meets the unique index."""
    try:
        flush()
    except IntegrityError as failure:
        raise FieldRefused(sentence) from failure
