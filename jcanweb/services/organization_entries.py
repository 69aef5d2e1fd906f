"""A corporation and an authorised person as an officer or a file gives them, and what is kept of it."""

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import date

from jcanweb import names
from jcanweb.errors import FieldRefused
from jcanweb.models import Corporation
from jcanweb.vocabulary import AgreementState, Authority, DelegationScope


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
    """An authorised person as typed by an officer; days, scope and document only for a delegate."""

    name: str
    name_kana: str
    email: str
    authority: Authority
    delegated_from: date | None = None
    delegated_to: date | None = None
    delegation_scope: DelegationScope | None = None
    delegation_document: bytes | None = field(default=None, repr=False)
    """A new 委任状 (PDF); None leaves the one that is kept."""


def company_id(typed: str) -> str:
    """企業ID: ASCII letters, digits, - and _, at most 40; full-width is accepted. Raises FieldRefused."""
    text = unicodedata.normalize("NFKC", typed).strip()
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,40}", text):
        raise FieldRefused("企業IDは英数字（40文字以内）で入力してください。", field="company_id")
    return text


def corporation_values(entry: CorporationEntry) -> dict[str, object]:
    """The columns of this corporation. Raises names.NameRefused, FieldRefused."""
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
        "name_en_look": names.skeleton(name_en),
        "name_en": name_en,
        "representative": names.check_name(entry.representative, "代表者の氏名"),
        "agreement_state": entry.agreement_state,
        "agreement_from": entry.agreement_from,
        "agreement_to": entry.agreement_to,
    }


def person_values(corporation: Corporation, entry: PersonEntry) -> dict[str, object]:
    """The columns of this person, but for the document. Raises names.NameRefused, FieldRefused."""
    delegate = entry.authority is Authority.DELEGATE
    name = names.check_name(entry.name, "氏名")
    if delegate and entry.delegated_from is None:
        raise FieldRefused("委任の開始日を入力してください。", field="delegated_from")
    if delegate and entry.delegation_scope is None:
        raise FieldRefused("委任の範囲を選んでください。", field="delegation_scope")
    if delegate and entry.delegated_to and entry.delegated_from and entry.delegated_to < entry.delegated_from:
        raise FieldRefused("委任の終了日は開始日以後にしてください。", field="delegated_to")
    if not delegate and not is_representative(name, corporation):
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
        "delegation_scope": entry.delegation_scope if delegate else None,
    }


def is_representative(name: str, corporation: Corporation) -> bool:
    """Is this the name of the registered representative, whatever its spaces and variants?"""
    return names.comparison_key(name) == names.comparison_key(corporation.representative)
