"""Rows of corporations with their CECTRUST-Light agreement: the same rules and the same acts as by hand."""

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import or_, select

from jcanweb import names
from jcanweb.calendar import read_day
from jcanweb.database import db
from jcanweb.errors import FieldRefused, RuleViolation
from jcanweb.labels import word
from jcanweb.models import Corporation, Officer
from jcanweb.services import organization_entries, organizations
from jcanweb.services.intake_kind import REASON, Done, Judged, Kind, hashed, look
from jcanweb.services.organization_entries import CorporationEntry
from jcanweb.sheets import Column, Row
from jcanweb.vocabulary import AgreementState, RowResult

COLUMNS = (
    Column("corporate_number", "法人番号"), Column("company_id", "企業ID"), Column("name", "法人名"),
    Column("name_kana", "法人名カナ", required=False), Column("name_en", "法人名英字"),
    Column("representative", "代表者"), Column("agreement_state", "契約状態"), Column("agreement_from", "契約開始日"),
    Column("agreement_to", "契約終了日", required=False), REASON,
)  # fmt: skip
STATES = {word(state): state for state in AgreementState}


def agreement_state(typed: str) -> AgreementState:
    """The state of that Japanese word. Raises FieldRefused."""
    state = STATES.get(unicodedata.normalize("NFKC", typed).strip())
    if state is None:
        raise FieldRefused(f"契約状態は「{'」「'.join(STATES)}」のどれかで入力してください。")
    return state


def day(title: str) -> Callable[[str], date]:
    """The rule of a day in this column."""

    def rule(typed: str) -> date:
        try:
            return read_day(typed)
        except ValueError:
            raise FieldRefused(
                f"{title}を「2026-11-22」「2026/11/22」「令和8年11月22日」のような形で入力してください。"
            ) from None

    return rule


RULES: Mapping[str, Callable[[str], Any]] = {
    "corporate_number": names.normalise_corporate_number,
    "company_id": organization_entries.company_id,
    "name": lambda typed: names.check_name(typed, "法人名"),
    "name_kana": lambda typed: names.furigana(typed) if typed else "",
    "name_en": names.certificate_text,
    "representative": lambda typed: names.check_name(typed, "代表者の氏名"),
    "agreement_state": agreement_state,
    "agreement_from": day("契約開始日"),
    "agreement_to": lambda typed: day("契約終了日")(typed) if typed else None,
}


def judge(rows: Sequence[Row]) -> list[Judged]:
    """New, changed with the former values, unchanged or refused; one query for all rows."""
    looked = [look(row, RULES) for row in rows]
    numbers = {values.get("corporate_number") for values, _ in looked} - {None}
    companies = {values.get("company_id") for values, _ in looked} - {None}
    query = select(Corporation).where(
        or_(Corporation.corporate_number.in_(numbers), Corporation.company_id.in_(companies))
    )
    known = list(db.session.scalars(query.execution_options(populate_existing=True)))
    by_number = {one.corporate_number: one for one in known}
    by_company = {one.company_id: one for one in known}
    return [_judged(values, refused, by_number, by_company) for values, refused in looked]


def _judged(values: dict[str, Any], refused: dict[str, str], by_number: dict[str, Corporation],
            by_company: dict[str, Corporation]) -> Judged:  # fmt: skip
    number, company = values.get("corporate_number"), values.get("company_id")
    found = (
        hashed("corporate_number", number) if number else None,
        hashed("company_id", company) if company else None,
    )
    existing, taken = by_number.get(number or ""), by_company.get(company or "")
    if taken is not None and taken is not existing:
        refused["company_id"] = f"この企業IDは「{taken.name}」に登録されています。"
    wanted: dict[str, object] = {}
    if not refused:
        try:
            wanted = organization_entries.corporation_values(_entry(values, existing))
        except RuleViolation as violation:
            refused[violation.field or ""] = violation.sentence
    if refused:
        return Judged(RowResult.REFUSED, refused, found)
    if existing is None:
        return Judged(RowResult.NEW, {}, found)
    former = {
        column: _shown(getattr(existing, column))
        for column in RULES
        if getattr(existing, column) != wanted[column]
    }
    return Judged(RowResult.CHANGED if former else RowResult.UNCHANGED, former, found, existing.version)


def carry_out(cells: Mapping[str, str], seen_version: int | None, by: Officer) -> Done:
    """Register the corporation, or change it as it was seen. Raises FieldRefused, NameRefused, StalePage."""
    values, refused = look(Row(0, cells, {}), RULES)
    for column, sentence in refused.items():
        raise FieldRefused(sentence, column)
    query = select(Corporation).where(Corporation.corporate_number == values["corporate_number"])
    existing = db.session.scalar(query)
    entry = _entry(values, existing)
    if seen_version is None:
        return Done(organizations.register(entry, by=by).id)
    if existing is None or existing.version != seen_version:
        raise FieldRefused(
            "この行を確認したあとに、この法人の登録が変わりました。もう一度取り込んで、違いを確かめてください。"
        )
    organizations.change(existing, entry, version=seen_version, by=by)
    return Done(existing.id)


def _entry(values: Mapping[str, Any], existing: Corporation | None) -> CorporationEntry:
    """As typed by hand; a column that the file does not have leaves what is there."""
    optional = {"name_kana": "", "agreement_to": None}
    kept = {
        column: getattr(existing, column) if existing else nothing for column, nothing in optional.items()
    }
    return CorporationEntry(**{**kept, **values})


def _shown(value: object) -> str:
    """A former value as the file would write it."""
    if isinstance(value, AgreementState):
        return word(value)
    return value.isoformat() if isinstance(value, date) else str(value or "")


KIND = Kind(COLUMNS, ("corporate_number", "company_id"), judge, carry_out, ("corporate_number", "name"))
