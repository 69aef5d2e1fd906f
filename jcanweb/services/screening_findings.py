"""What the machine notices about each field of an application; a person judges (product.md §5).

Every look at other rows goes by an index on a key, whatever the number of certificates.
"""

from typing import Any

from sqlalchemy import ColumnElement, and_, select

from jcanweb import calendar, clock, names
from jcanweb.config import setting
from jcanweb.database import db
from jcanweb.models import Application, Certificate, Corporation
from jcanweb.names.findings import Finding, FindingCode, note, refuse, warn
from jcanweb.names.subject import by_weight

_NAMES = 8
"""How many names that look alike are read."""


def of_organization_unit(application: Application, before: Certificate | None) -> list[Finding]:
    """About OU2: the text itself, the kind of company, names of others, the previous certificate."""
    value, home = application.organization_unit, application.corporation
    found = _of_text(application.organization_unit_typed, value)
    found += [names.company_kind(value, home.name)]
    found += [_corporations(value, home), _anothers_unit(application)]
    alike = Certificate.organization_unit_look == names.skeleton(value)
    found += [_similar(value, Certificate.organization_unit, alike)]
    found += [names.changed(before.organization_unit, value) if before else None]
    return _kept(found)


def of_common_name(application: Application, before: Certificate | None) -> list[Finding]:
    """About CN: the text itself, the reading of a person's name, names of others, the previous certificate.

    The reading is compared only where the Japanese text holds the applicant's name: else CN is a post.
    """
    value, person = application.common_name, application.person
    found = _of_text(application.common_name_typed, value)
    if names.comparison_key(person.name) in names.comparison_key(application.common_name_ja):
        found += [names.romanisation_hint(person.name_kana, value)]
    found += [_corporations(value, application.corporation), _duplicate(application)]
    alike = and_(Certificate.corporation_id == application.corporation_id,
                 Certificate.common_name_look == names.skeleton(value))  # fmt: skip
    found += [_similar(value, Certificate.common_name, alike)]
    found += [names.changed(before.common_name, value) if before else None]
    return _kept(found)


def of_pin_recipient(application: Application) -> list[Finding]:
    """About where the PIN goes: another domain than the applicant's, or the applicant's own address."""
    to, own = application.pin_recipient_email, application.person.email
    if names.comparison_key(to) == names.comparison_key(own):
        words = "申請者と同じメールアドレスです。証明書ファイルとPINが一人に届きます。"
        return [note(FindingCode.OTHER_DOMAIN, words)]
    ours, theirs = (address.rpartition("@")[2].casefold() for address in (own, to))
    if ours == theirs:
        return []
    words = f"申請者のメールアドレス（@{ours}）とドメインが違います。この法人の人に届くか確かめてください。"
    return [warn(FindingCode.OTHER_DOMAIN, words)]


def of_paper(application: Application) -> list[Finding]:
    """About the 印鑑証明書: is there one, and was it young enough on the day it was handed in?"""
    months, day = setting("SEAL_CERTIFICATE_MONTHS"), application.seal_certificate_on
    if application.seal_certificate_id is None or day is None:
        return [refuse(FindingCode.EMPTY, "印鑑証明書が添付されていません。")]
    handed_in = calendar.jst_date(application.submitted_at or clock.now())
    if not calendar.within_months(day, handed_in, months):
        return [refuse(FindingCode.EMPTY, f"申請日の時点で、発行から{months}か月を過ぎています。")]
    return []


def twins(application: Application) -> list[Certificate]:
    """Up to 5 living certificates with the same OU2 and CN, capitals and spaces aside.

    Allowed, but to be looked at: a new JC-number is given.
    """
    key = names.subject_key(application.organization_unit, application.common_name)
    same = _living(application).where(Certificate.subject_key == key)
    query = same.order_by(
        Certificate.subject_key, Certificate.id
    )  # along the index, however many have this key
    return list(db.session.scalars(query.limit(5)))


def _living(application: Application) -> Any:
    """Certificates in force that came of other applications."""
    return select(Certificate).where(
        Certificate.living(clock.now()), Certificate.application_id != application.id
    )


def _of_text(typed: str, value: str) -> list[Finding | None]:
    if names.to_certificate_text(typed) != value:
        words = "入力から作られる文字と、記録されている証明書の文字が一致しません。差し戻してください。"
        return [refuse(FindingCode.CHANGED, words)]
    return list(names.findings(typed))


def _similar(value: str, column: Any, alike: ColumnElement[bool]) -> Finding | None:
    """Names in living certificates that a reader may take for this one; from one name to the next by the index,
    however many certificates have it."""
    seen: list[str] = []
    query = select(column).where(alike, Certificate.living(clock.now())).order_by(column).limit(1)
    while value and len(seen) < _NAMES:
        found = db.session.scalar(query.where(column > (seen[-1] if seen else "")))
        if found is None:
            break
        seen.append(found)
    return names.similar(value, seen)


def _corporations(value: str, home: Corporation) -> Finding | None:
    """Another corporation whose registered English name reads like this."""
    query = select(Corporation).where(
        Corporation.name_en_look == names.skeleton(value), Corporation.id != home.id
    )
    others = db.session.scalars(query.order_by(Corporation.id).limit(3)).all() if value else []
    if not others:
        return None
    listed = "".join(f"「{one.name_en}」（{one.name}、法人番号 {one.corporate_number}）" for one in others)
    return warn(
        FindingCode.ANOTHERS,
        f"登録されているほかの法人の名前{listed}と同じか、よく似ています。取り違えられるおそれがないか確かめてください。",
    )


def _anothers_unit(application: Application) -> Finding | None:
    """Another corporation that has living certificates with the very same OU2."""
    unit, home = application.organization_unit, application.corporation_id
    query = _living(application).join(Corporation, Corporation.id == Certificate.corporation_id)
    query = query.with_only_columns(Corporation.name, Corporation.corporate_number).limit(1).where(
        Certificate.organization_unit_look == names.skeleton(unit), Certificate.organization_unit == unit
    )  # fmt: skip
    sides = (
        Certificate.corporation_id < home,
        Certificate.corporation_id > home,
    )  # each one range of the index
    other = next(
        (row for side in sides if unit and (row := db.session.execute(query.where(side)).first())), None
    )
    if other is None:
        return None
    words = f"ほかの法人（{other[0]}、法人番号 {other[1]}）の有効な証明書と同じOU2です。"
    return warn(FindingCode.ANOTHERS, f"{words}この法人の名前か、証拠の書類で確かめてください。")


def _duplicate(application: Application) -> Finding | None:
    same = twins(application)
    if not same:
        return None
    listed = "、".join(one.jc_number for one in same)
    return warn(
        FindingCode.DUPLICATE,
        f"OU2とCNが同じ有効な証明書があります（{listed}）。重ねて発行できますが、差替えかどうかを確かめてください。",
    )


def _kept(found: list[Finding | None]) -> list[Finding]:
    return sorted((one for one in found if one), key=by_weight)
