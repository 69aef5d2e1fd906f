"""Reading the campaigns: the person's own questions, progress and list for officers, the list as CSV."""

from collections.abc import Iterator
from typing import IO, Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import contains_eager, joinedload

from jcanweb import audit, clock
from jcanweb.database import db
from jcanweb.events import Event, Subject
from jcanweb.labels import word
from jcanweb.models import Campaign, Certificate, Consent, Edition, Officer, Person, Reconsent
from jcanweb.services import campaign as campaigns
from jcanweb.services import organization_ledger, reports, terms
from jcanweb.vocabulary import ReconsentState

PAGE = 50
COLUMNS = ("法人番号", "法人名", "氏名", "メールアドレス", "状態", "依頼日時", "再通知の回数", "最後の再通知", "回答日時",
           "拒否の理由", "対応", "対応の決定日時")  # fmt: skip


def of_person(person: Person) -> list[Reconsent]:
    """All that the person was ever asked, newest first."""
    query = select(Reconsent).where(Reconsent.person_id == person.id).order_by(Reconsent.id.desc())
    return list(
        db.session.scalars(query.options(joinedload(Reconsent.campaign).joinedload(Campaign.edition)))
    )


def of_holder(certificate: Certificate) -> list[Reconsent]:
    """What was asked of the subscriber of this certificate after it was issued under another edition, newest first."""
    query = select(Reconsent).join(Reconsent.campaign).join(Campaign.edition)
    query = query.where(Reconsent.person_id == certificate.person_id, Campaign.edition_id != select(
        Consent.edition_id).where(Consent.id == certificate.consent_id).scalar_subquery())  # fmt: skip
    query = query.options(contains_eager(Reconsent.campaign).contains_eager(Campaign.edition))
    return list(db.session.scalars(query.order_by(Reconsent.id.desc())))


def own(reconsent_id: int, *, by: Person) -> Reconsent | None:
    """The person's own question, never another's."""
    return db.session.scalar(
        select(Reconsent).where(Reconsent.id == reconsent_id, Reconsent.person_id == by.id)
    )


def waiting(person: Person) -> Reconsent | None:
    """The question that the person has not answered, of the edition that begins first."""
    return first_unanswered(of_person(person))


def first_unanswered(questions: list[Reconsent]) -> Reconsent | None:
    """The same among a person's questions that were read already."""
    mine = {one.campaign_id: one for one in questions if one.state is ReconsentState.ASKED}
    return next((mine[one.id] for one in campaigns.running() if one.id in mine), None)


def before(asked: Reconsent) -> Edition | None:
    """The edition that the person accepted last, other than the one that is asked for."""
    query = select(Consent).where(Consent.person_id == asked.person_id,
                                  Consent.edition_id != asked.campaign.edition_id)  # fmt: skip
    newest = db.session.scalar(query.order_by(Consent.id.desc()).limit(1))
    return newest.edition if newest else None


def is_open(asked: Reconsent) -> bool:
    """May it still be answered?"""
    undecided = asked.state is not ReconsentState.AGREED and asked.decided_at is None
    return undecided and asked.campaign.edition in campaigns.open_editions()


def of_edition(edition_id: int) -> Campaign | None:
    """The campaign of this edition, when one was begun."""
    return db.session.scalar(select(Campaign).where(Campaign.edition_id == edition_id))


def counts(campaign: Campaign) -> dict[ReconsentState, int]:
    """How many stand in each state."""
    query = select(Reconsent.state, func.count()).where(Reconsent.campaign_id == campaign.id)
    found = {state: count for state, count in db.session.execute(query.group_by(Reconsent.state))}
    return {state: found.get(state, 0) for state in ReconsentState}


def unanswered() -> list[tuple[Edition, int]]:
    """The edition in force and how many have not answered though its day has come; empty when all have."""
    current = next((one for one in campaigns.running() if one.edition.id == terms.in_force().id), None)
    left = counts(current)[ReconsentState.ASKED] if current else 0
    return [(current.edition, left)] if current and left else []


def page(campaign: Campaign, *, state: ReconsentState | None = None, typed: str = "",
         after: int | None = None) -> list[Reconsent]:  # fmt: skip
    """Up to PAGE + 1 rows behind the one of id `after`; the last only tells of more. `typed`: see `_listed`."""
    query = _listed(campaign, state, typed)
    if after is not None:
        query = query.where(Reconsent.id > after)
    return list(db.session.scalars(query.limit(PAGE + 1)))


def build_csv(campaign: Campaign, out: IO[bytes], *, state: ReconsentState | None = None, typed: str = "",
              by: Officer) -> reports.Built:  # fmt: skip
    """Write the list as CSV and record its SHA-256, read in batches so that memory stays flat."""
    rows = db.session.scalars(_listed(campaign, state, typed).execution_options(yield_per=500))
    built = reports.write_csv(COLUMNS, (_cells(one) for one in rows), out)
    audit.record(Event.REPORT_BUILT, Subject.REPORT, "reconsent", by=by, report="reconsent", rows=built.rows,
                 query=f"edition={campaign.edition_id}&state={state or ''}", sha256=built.sha256)  # fmt: skip
    return built


def one(reconsent_id: int) -> Reconsent | None:
    """For officers: with the person, the corporation and the edition."""
    query = select(Reconsent).where(Reconsent.id == reconsent_id).options(
        joinedload(Reconsent.person).joinedload(Person.corporation),
        joinedload(Reconsent.campaign).joinedload(Campaign.edition))  # fmt: skip
    return db.session.scalar(query)


def certificates(asked: Reconsent) -> list[Certificate]:
    """The person's living certificates."""
    query = select(Certificate).where(
        Certificate.person_id == asked.person_id, Certificate.living(clock.now())
    )
    return list(db.session.scalars(query.order_by(Certificate.id)))


def _listed(campaign: Campaign, state: ReconsentState | None, typed: str) -> Select[Any]:
    """In the order they were put on the list, of the corporations that are searched for."""
    query = select(Reconsent).where(Reconsent.campaign_id == campaign.id).order_by(Reconsent.id)
    query = query.join(Reconsent.person).join(Person.corporation)
    query = query.options(contains_eager(Reconsent.person).contains_eager(Person.corporation))
    if state is not None:
        query = query.where(Reconsent.state == state)
    return query.where(organization_ledger.matching(typed))


def _cells(one: Reconsent) -> Iterator[str]:
    person, corporation = one.person, one.person.corporation
    yield from (corporation.corporate_number, corporation.name, person.name, person.email, word(one.state))
    yield from (
        reports.moment(one.asked_at),
        str(one.reminders),
        reports.moment(one.reminded_at),
        reports.moment(one.answered_at),
    )
    yield from (one.words, word(one.decision) if one.decision else "", reports.moment(one.decided_at))
