"""That a corporation exists and a person may act for it: looked into by an officer, relied on for VETTING_DAYS.

S/MIME BR 4.2.1: 825 days before issuance at most; 3.2.3 the organisation, 3.2.6 the authority.
"""

from datetime import date, timedelta

from sqlalchemy import and_, exists, func, or_, select

from jcanweb import audit, clock
from jcanweb.calendar import japanese_date, jst_date
from jcanweb.config import setting
from jcanweb.database import db, flush
from jcanweb.errors import FieldRefused, WordsNeeded, at_field
from jcanweb.events import Event, Subject
from jcanweb.models import Corporation, Officer, OrganizationChange, Person, Vetting
from jcanweb.names import check_words
from jcanweb.vocabulary import ChangedField as F
from jcanweb.vocabulary import VettingKind

WHAT = {VettingKind.ORGANIZATION: "法人の実在の確認", VettingKind.AUTHORITY: "権限者の権限の確認"}
VOIDING = {F.CORPORATE_NUMBER, F.NAME, F.AUTHORITY, F.DELEGATED_FROM, F.DELEGATED_TO, F.DELEGATION_SCOPE,
           F.DELEGATION_DOCUMENT}  # fmt: skip
"""A change of one of these voids what was looked into before it: it was about something else."""
WHERE = {VettingKind.ORGANIZATION: "法人の画面", VettingKind.AUTHORITY: "権限者の画面"}


def record(
    corporation: Corporation, person: Person | None, *, evidence: str, vetted_on: date, by: Officer
) -> Vetting:
    """Keep that the corporation, or the authority of one of its people, was looked into on that day (Japan).

    `evidence`: what was looked at and how, 1 to 1,000 characters. Raises WordsNeeded, FieldRefused.
    """
    words = at_field("evidence", check_words, evidence, "確認の内容")
    if not words:
        raise WordsNeeded("何をどう確かめたかを入力してください。", field="evidence")
    today, days = jst_date(clock.now()), setting("VETTING_DAYS")
    if vetted_on > today:
        raise FieldRefused("確認した日には、今日までの日を入力してください。", field="vetted_on")
    if vetted_on < today - timedelta(days=days):
        raise FieldRefused(f"{days}日より前の確認は使えません。確認し直してください。", field="vetted_on")
    changed = _changed_on(corporation, person)
    if changed is not None and vetted_on < changed:
        raise FieldRefused(f"登録内容が{japanese_date(changed)}に変わっています。変更後の内容を確かめた日を入力してください。",
                           field="vetted_on")  # fmt: skip
    made = Vetting(
        corporation_id=corporation.id, person_id=person.id if person else None, evidence=words, vetted_on=vetted_on,
        kind=VettingKind.AUTHORITY if person else VettingKind.ORGANIZATION, vetted_by=by.id, recorded_at=clock.now(),
    )  # fmt: skip
    db.session.add(made)
    flush()
    about = (Subject.PERSON, person.id) if person else (Subject.CORPORATION, corporation.id)
    audit.record(Event.VETTING_RECORDED, *about, by=by, vetting=made.id, kind=made.kind,
                 vetted_on=vetted_on.isoformat())  # fmt: skip
    return made


def _changed_on(corporation: Corporation, person: Person | None) -> date | None:
    """The day (Japan) of the last change that voids what was looked into before; what was first registered is none."""
    who = OrganizationChange.person_id == person.id if person else OrganizationChange.person_id.is_(None)
    query = select(func.max(OrganizationChange.changed_at)).where(
        OrganizationChange.corporation_id == corporation.id, who, OrganizationChange.field.in_(VOIDING),
        OrganizationChange.old != "",
    )  # fmt: skip
    at = db.session.scalar(query)
    return jst_date(at) if at else None


def valid_until(vetting: Vetting) -> date:
    """The last day (Japan) on which it may be relied on."""
    return vetting.vetted_on + timedelta(days=setting("VETTING_DAYS"))


def newest(corporation: Corporation, *people: Person) -> dict[int | None, Vetting]:
    """The vetting that reaches furthest, of the corporation (None) and of each of these people, by id.

    One that a later change of what it was about has voided is none.
    """
    same = or_(OrganizationChange.person_id == Vetting.person_id,
               and_(OrganizationChange.person_id.is_(None), Vetting.person_id.is_(None)))  # fmt: skip
    voided = exists().where(
        OrganizationChange.corporation_id == Vetting.corporation_id, same, OrganizationChange.field.in_(VOIDING),
        OrganizationChange.changed_at > Vetting.recorded_at,
    )  # fmt: skip
    query = select(Vetting).where(
        Vetting.corporation_id == corporation.id, ~voided,
        or_(Vetting.person_id.is_(None), Vetting.person_id.in_([one.id for one in people])),
    )  # fmt: skip
    return {one.person_id: one for one in db.session.scalars(query.order_by(Vetting.vetted_on, Vetting.id))}


def of(corporation: Corporation, person: Person | None) -> list[Vetting]:
    """All of the corporation, or of this person's authority, the newest first."""
    query = select(Vetting).where(
        Vetting.corporation_id == corporation.id,
        Vetting.person_id == person.id if person else Vetting.person_id.is_(None),
    )
    return list(db.session.scalars(query.order_by(Vetting.vetted_on.desc(), Vetting.id.desc())))


def obstacles(corporation: Corporation, person: Person) -> list[str]:
    """What is not vetted, or not lately enough, one sentence each."""
    known, today, found = newest(corporation, person), jst_date(clock.now()), []
    for kind, key in ((VettingKind.ORGANIZATION, None), (VettingKind.AUTHORITY, person.id)):
        last = known.get(key)
        if last is None:
            found.append(f"{WHAT[kind]}の記録がないか、確認のあとに登録内容が変わっています。"
                         f"確かめて、{WHERE[kind]}で記録してください。")  # fmt: skip
        elif valid_until(last) < today:
            found.append(f"{WHAT[kind]}の有効期間が{japanese_date(valid_until(last))}に終わっています。"
                         f"確かめ直して、{WHERE[kind]}で記録してください。")  # fmt: skip
    return found
