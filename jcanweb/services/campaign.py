"""Asking the subscribers anew when the terms change: the list by batches, mails with personal links, reminders.

Every step is a short transaction of its own and may be repeated: the list remembers the last certificate looked at,
a person is on it once, and a mail is due at a moment that the same transaction moves on.
"""

from datetime import date, timedelta

from sqlalchemy import func, select, text
from sqlalchemy.dialects import postgresql, sqlite

from jcanweb import audit, clock, mail
from jcanweb.calendar import jst_date
from jcanweb.config import setting
from jcanweb.database import db, flush
from jcanweb.events import Event, Subject
from jcanweb.models import Campaign, Certificate, Consent, Edition, EditionApproval, Person, Reconsent
from jcanweb.services import invitations, terms
from jcanweb.vocabulary import ReconsentState

LISTED = 1000
"""certificates looked at in one transaction"""
MAILED = 100
"""mails written in one transaction"""


def enough_notice_from() -> date:
    """The first day of new terms that leaves the subscribers RECONSENT_NOTICE_DAYS from today (in Japan)."""
    return jst_date(clock.now()) + timedelta(days=setting("RECONSENT_NOTICE_DAYS"))


def open_editions() -> list[Edition]:
    """The official editions that are, or will be, in force: only these are asked for, the first to begin first."""
    return [one for one in (terms.in_force(), *terms.scheduled()) if one.official]


def running() -> list[Campaign]:
    """The campaigns of those editions, the first to begin first."""
    query = select(Campaign).join(EditionApproval, EditionApproval.edition_id == Campaign.edition_id)
    query = query.where(Campaign.edition_id.in_([one.id for one in open_editions()]))
    return list(db.session.scalars(query.order_by(EditionApproval.effective_on)))


def start() -> bool:
    """Begin the campaign of one edition that has none; False when there is none left to begin."""
    for edition in open_editions():
        approved = edition.approval
        known = db.session.scalar(select(Campaign.id).where(Campaign.edition_id == edition.id))
        if known or approved is None or approved.effective_on < jst_date(approved.approved_at):
            continue
        db.session.add(Campaign(edition_id=edition.id, started_at=clock.now()))
        flush()
        audit.record(Event.CAMPAIGN_STARTED, Subject.EDITION, edition.id, by=None, version=edition.version)
        return True
    return False


def list_some() -> bool:
    """Put the holders among the next LISTED certificates on a list; False when every certificate was looked at.

    Asked is who holds a living certificate. Who has accepted this very edition for all of them is not; who has
    for some of them stands as agreed.
    """
    for campaign in running():
        if _list(campaign):
            return True
    return False


def _list(campaign: Campaign) -> bool:
    if db.engine.dialect.name == "postgresql":  # so that no smaller number is committed after a larger one
        db.session.execute(text("LOCK TABLE certificate IN SHARE MODE"))
    newer = select(Certificate.id).where(Certificate.id > campaign.cursor).order_by(Certificate.id)
    ids = list(db.session.scalars(newer.limit(LISTED)))
    if ids:
        people = _add(campaign, ids[-1])
        campaign.cursor = ids[-1]
        flush()
        if people:
            audit.record(Event.CAMPAIGN_ASKED, Subject.CAMPAIGN, campaign.id, by=None, people=people,
                         until=campaign.cursor)  # fmt: skip
    elif campaign.listed_at is None:
        campaign.listed_at = clock.now()
        flush()
        count = select(func.count()).select_from(Reconsent).where(Reconsent.campaign_id == campaign.id)
        audit.record(Event.CAMPAIGN_LISTED, Subject.EDITION, campaign.edition_id, by=None,
                     people=db.session.scalar(count) or 0)  # fmt: skip
    return bool(ids)


def _add(campaign: Campaign, last: int) -> list[int]:
    """The people that were not on the list, up to this certificate."""
    at, edition_id = clock.now(), campaign.edition_id
    others = select(Certificate.person_id).distinct().join(Consent, Consent.id == Certificate.consent_id)
    others = others.where(Certificate.id > campaign.cursor, Certificate.id <= last, Certificate.living(at),
                          Consent.edition_id != edition_id)  # fmt: skip
    people = list(db.session.scalars(others))
    query = select(Consent).where(Consent.person_id.in_(people), Consent.edition_id == edition_id)
    given = {one.person_id: one for one in db.session.scalars(query.order_by(Consent.id.desc()))}
    if not people:
        return []
    rows = [
        {"campaign_id": campaign.id, "person_id": number, "state": ReconsentState.AGREED if one else ReconsentState.ASKED,
         "mail_due_at": None if one else at, "answered_at": one.given_at if one else None,
         "consent_id": one.id if one else None, "reminders": 0, "words": "", "comment": "", "version": 1}
        for number, one in ((number, given.get(number)) for number in people)
    ]  # fmt: skip
    kind = postgresql if db.engine.dialect.name == "postgresql" else sqlite
    statement = kind.insert(Reconsent).on_conflict_do_nothing(index_elements=["campaign_id", "person_id"])
    return list(db.session.scalars(statement.returning(Reconsent.person_id), rows))


def write_some() -> bool:
    """Write up to MAILED of the mails that are due, each with a personal link; False when none is due.

    Nobody is reminded after an answer, after RECONSENT_REMINDERS, or without a living certificate.
    """
    for campaign in running():
        due = select(Reconsent).where(
            Reconsent.campaign_id == campaign.id, Reconsent.mail_due_at <= clock.now()
        )
        found = list(db.session.scalars(due.order_by(Reconsent.mail_due_at, Reconsent.id).limit(MAILED)
                                        .with_for_update(skip_locked=True)))  # fmt: skip
        if found:
            _write(campaign, found)
            return True
    return False


def _write(campaign: Campaign, asked: list[Reconsent]) -> None:
    at, days, most = clock.now(), setting("RECONSENT_REMIND_DAYS"), setting("RECONSENT_REMINDERS")
    ids = [one.person_id for one in asked]
    people = {one.id: one for one in db.session.scalars(select(Person).where(Person.id.in_(ids)))}
    holding = set(db.session.scalars(
        select(Certificate.person_id).where(Certificate.person_id.in_(ids), Certificate.living(at))))  # fmt: skip
    mailed, links = [], []
    for one in asked:
        one.mail_due_at = None
        if one.person_id not in holding:
            continue
        person, reminder = people[one.person_id], one.asked_at is not None
        invitation, link = invitations.add(person)
        if reminder:
            one.reminders, one.reminded_at = one.reminders + 1, at
        else:
            one.asked_at = at
        if one.reminders < most:
            one.mail_due_at = at + timedelta(days=days)
        mail.send(person.email, "reconsent", bulk=True, name=person.name, edition=campaign.edition, link=link,
                  reminder=reminder, days=setting("INVITATION_DAYS"), lra_name=setting("LRA_NAME_JA"),
                  lra_contact=setting("LRA_CONTACT"), in_force=campaign.edition.id == terms.in_force().id)  # fmt: skip
        mailed.append(person.id)
        links.append(invitation.id)
    flush()
    if mailed:
        audit.record(Event.CAMPAIGN_MAILED, Subject.CAMPAIGN, campaign.id, by=None, people=mailed,
                     invitations=links)  # fmt: skip
