"""Rows of applications: drafts for the authorised persons, who still read the terms and hand in (第5条)."""

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import contains_eager

from jcanweb import clock, names
from jcanweb.database import db, flush
from jcanweb.errors import FieldRefused
from jcanweb.models import Application, Certificate, Corporation, IntakeRow, Officer, Person
from jcanweb.services import enrollment, enrollment_entries, organizations, renewal
from jcanweb.services.intake_kind import REASON, Done, Judged, Kind, hashed, look
from jcanweb.sheets import Column, Row
from jcanweb.vocabulary import ApplicationState, RowResult

COLUMNS = (
    Column("corporate_number", "法人番号"), Column("email", "申請者メールアドレス"),
    Column("organization_unit", "会社名（英字）"), Column("organization_unit_ja", "会社名（日本語）"),
    Column("common_name", "部署・役職または氏名（英字）"), Column("common_name_ja", "部署・役職または氏名（日本語）"),
    Column("years", "有効期間(年)"), Column("pin_recipient_name", "PIN送付先氏名"),
    Column("pin_recipient_email", "PIN送付先メール"), REASON,
)  # fmt: skip
_UNKNOWN_PERSON = "この法人の権限者として記録されていないメールアドレスです。法人の画面で権限者を登録するか、アドレスを直してください。"
_UNKNOWN_CORPORATION = "登録されていない法人番号です。先に法人を登録するか、番号を直してください。"


def years(typed: str) -> int:
    """1 or 2, with or without 年. Raises FieldRefused."""
    text = unicodedata.normalize("NFKC", typed).strip().removesuffix("年").strip()
    if text not in ("1", "2"):
        raise FieldRefused("有効期間は「1」または「2」で入力してください。")
    return int(text)


RULES: Mapping[str, Callable[[str], Any]] = {
    "corporate_number": names.normalise_corporate_number,
    "email": names.normalise_email,
    "organization_unit": enrollment_entries.subject_text,
    "organization_unit_ja": lambda typed: names.check_name(typed, "会社名（日本語）"),
    "common_name": enrollment_entries.subject_text,
    "common_name_ja": lambda typed: names.check_name(typed, "部署・役職または氏名（日本語）"),
    "years": years,
    "pin_recipient_name": lambda typed: names.check_name(typed, "PIN送付先氏名"),
    "pin_recipient_email": names.normalise_email,
}


def judge(rows: Sequence[Row]) -> list[Judged]:
    """New, refused, or unchanged for what was taken in before and still lives; three queries for all rows."""
    looked = [look(row, RULES) for row in rows]
    numbers = {values.get("corporate_number") for values, _ in looked} - {None}
    known = set(
        db.session.scalars(
            select(Corporation.corporate_number).where(Corporation.corporate_number.in_(numbers))
        )
    )
    people = _people(numbers, {values.get("email") for values, _ in looked} - {None})
    obstacles = {where: "".join(organizations.obstacles(person)) for where, person in people.items()}
    living = _living({_key(values) for values, _ in looked} - {None})
    judged = []
    for values, refused in looked:
        key, number, email = _key(values), values.get("corporate_number"), values.get("email")
        if number and number not in known:
            refused["corporate_number"] = _UNKNOWN_CORPORATION
        elif number and email and (number, email) not in people:
            refused["email"] = _UNKNOWN_PERSON
        elif number and email and obstacles[number, email]:
            refused["email"] = obstacles[number, email]
        if refused:
            judged.append(Judged(RowResult.REFUSED, refused, (key, None)))
        elif key in living:
            judged.append(
                Judged(RowResult.UNCHANGED, {"": f"申請 {living[key]} として取込み済みです。"}, (key, None))
            )
        else:
            judged.append(Judged(RowResult.NEW, {}, (key, None)))
    return judged


def carry_out(cells: Mapping[str, str], seen_version: int | None, by: Officer) -> Done:
    """A draft of the person. Raises FieldRefused, NotEligible."""
    values, refused = look(Row(0, cells, {}), RULES)
    for column, sentence in refused.items():
        raise FieldRefused(sentence, column)
    number, email, key = values["corporate_number"], values["email"], _key(values)
    person = _people({number}, {email}).get((number, email))
    if person is None:
        raise FieldRefused(_UNKNOWN_PERSON, "email")
    for former in _living({key}).values():
        raise FieldRefused(f"申請 {former} として取込み済みです。")
    before = db.session.scalar(select(IntakeRow).where(IntakeRow.done_key == key))
    if before is not None:  # what it made has ended
        before.done_key = None
        flush()
    content = enrollment_entries.Content(
        organization_unit=cells["organization_unit"], organization_unit_ja=cells["organization_unit_ja"],
        common_name=cells["common_name"], common_name_ja=cells["common_name_ja"], years=values["years"],
        pin_recipient_name=cells["pin_recipient_name"], pin_recipient_email=cells["pin_recipient_email"],
    )  # fmt: skip
    return Done(enrollment.draft(person, content, by=by).id, person.id, key)


def _key(values: Mapping[str, Any]) -> str | None:
    """Who is to get a certificate of which text; None while that cannot be told."""
    named = ("corporate_number", "email", "organization_unit", "common_name")
    return hashed("application", *(values[column] for column in named)) if set(named) <= set(values) else None


def _people(numbers: set[Any], emails: set[Any]) -> dict[tuple[str, str], Person]:
    query = select(Person).join(Person.corporation).options(contains_eager(Person.corporation))
    query = query.where(Corporation.corporate_number.in_(numbers), Person.email.in_(emails))
    return {(one.corporation.corporate_number, one.email): one for one in db.session.scalars(query)}


def _living(found: set[Any]) -> dict[str, str]:
    """Key → 受付番号 of what was taken in before, unless it ended or its certificate is no longer good."""
    good = select(Certificate.id).where(
        Certificate.application_id == Application.id, Certificate.living(clock.now())
    )
    query = select(IntakeRow.done_key, Application.number).join(
        Application, Application.id == IntakeRow.subject_id
    )
    query = query.where(IntakeRow.done_key.in_(found), Application.state.not_in(renewal.ENDED))
    query = query.where((Application.state != ApplicationState.ISSUED) | good.exists())
    return {key: number for key, number in db.session.execute(query) if key}


KIND = Kind(COLUMNS, ("",), judge, carry_out, ("corporate_number", "email", "common_name"))
