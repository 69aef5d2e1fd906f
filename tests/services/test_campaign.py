"""Asking the subscribers anew: who is asked, by batches, and mails that remember; also killed between two."""

import os
import signal
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from jcanweb import audit, clock, jobs
from jcanweb.database import db, transaction
from jcanweb.events import Event
from jcanweb.models import (
    Campaign,
    Certificate,
    Invitation,
    Mail,
    Reconsent,
)
from jcanweb.roles import Role
from jcanweb.services import campaign, enrollment, invitations
from jcanweb.services import reconsent as service
from jcanweb.services import terms as editions
from jcanweb.vocabulary import CertificateState, ConsentKind, ReconsentState
from tests import builders
from tests.conftest import URI
from tests.issued import issued_certificate
from tests.people import officer
from tests.reconsents import DAY, agree, asked_anew, events, rows, run, scheduled, statements
from tests.terms.pages import document

A = ReconsentState


@pytest.fixture
def certificate(context: Any) -> Certificate:
    return issued_certificate()


@pytest.fixture
def asked(certificate: Certificate) -> Reconsent:
    return asked_anew()


# --- who is asked -------------------------------------------------------------------------------------


def test_who_holds_a_living_certificate_is_asked_once(context: Any, hands: Any) -> None:
    living, suspended = issued_certificate(), issued_certificate(CertificateState.SUSPENDED)
    issued_certificate(CertificateState.REVOKED)
    issued_certificate().not_after = clock.now()
    issued_certificate(
        application=builders.application(builders.A.APPROVED, person=living.application.person)
    )
    builders.application()
    edition = scheduled()
    run()
    run()
    assert [(one.person_id, one.state) for one in rows()] == [
        (living.person_id, A.ASKED),
        (suspended.person_id, A.ASKED),
    ]
    found = db.session.query(Campaign).one()
    assert (found.edition_id, found.listed_at, found.started_at) == (edition.id, clock.now(), clock.now())
    assert events(Event.CAMPAIGN_ASKED)[0].facts["people"] == [living.person_id, suspended.person_id]
    assert events(Event.CAMPAIGN_LISTED)[0].facts == {"people": 2}
    assert len(events(Event.CAMPAIGN_STARTED)) == 1
    assert audit.verify() == []


def test_who_gets_a_certificate_before_the_day_is_added(asked: Reconsent, hands: Any) -> None:
    hands.forward(days=3)
    later = issued_certificate()
    run()
    assert [one.person_id for one in rows()] == [asked.person_id, later.person_id]


def test_the_sample_and_a_draft_ask_nobody(certificate: Certificate) -> None:
    editions.import_edition(document(), version="4.0", proposed_on=DAY)
    run()
    assert rows() == []
    assert db.session.query(Mail).count() == 0


def test_an_edition_approved_for_today_asks_too_and_one_of_long_ago_does_not(
    certificate: Certificate,
) -> None:
    scheduled("3.0", date(2025, 1, 20))
    run()
    assert rows() == []
    scheduled("4.0", date(2026, 11, 24))
    run()
    assert len(rows()) == 1


def test_who_accepted_that_edition_for_another_application_stands_as_agreed(
    certificate: Certificate, hands: Any
) -> None:
    scheduled("4.0", date(2026, 11, 24))
    given = builders.application(person=certificate.application.person).consents[-1]
    run()
    (one,) = rows()
    assert (one.state, one.consent_id, one.mail_due_at) == (A.AGREED, given.id, None)
    assert db.session.query(Mail).count() == 0


def test_who_holds_only_certificates_under_that_edition_is_not_asked(context: Any) -> None:
    scheduled("4.0", date(2026, 11, 24))
    issued_certificate()
    run()
    assert rows() == []


def test_a_consent_in_a_new_application_answers_the_question(asked: Reconsent, hands: Any) -> None:
    hands.at = hands.at.replace(month=12, day=25)
    edition = editions.in_force()
    served = enrollment.serve(edition, statements(edition), to=asked.person)
    made = enrollment.accept(served, {one.number for one in statements(edition)}, by=asked.person)
    assert (asked.state, asked.consent_id) == (A.AGREED, made.consents[0].id)
    assert made.consents[0].kind is ConsentKind.APPLICATION


def test_the_list_is_made_by_batches_and_goes_on_where_it_was(context: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(campaign, "LISTED", 2)
    for _ in range(5):
        issued_certificate()
    scheduled()
    assert campaign.start()
    assert campaign.list_some()
    assert (len(rows()), db.session.query(Campaign).one().listed_at) == (2, None)
    while campaign.list_some():
        pass
    assert len({one.person_id for one in rows()}) == 5
    assert len(events(Event.CAMPAIGN_ASKED)) == 3


# --- mails --------------------------------------------------------------------------------------------


def test_the_mail_has_a_link_that_opens_and_ends_no_other(certificate: Certificate, hands: Any) -> None:
    person = certificate.application.person
    link = invitations.invite(person, by=officer(Role.SCREENER))
    scheduled()
    run()
    assert invitations.open_link(link).person_id == person.id
    made = db.session.query(Invitation).order_by(Invitation.id.desc()).first()
    assert made is not None
    assert (made.invited_by, made.person_id, made.revoked_at) == (None, person.id, None)
    assert [one.template for one in db.session.query(Mail)] == ["reconsent"]
    assert events(Event.CAMPAIGN_MAILED)[0].facts == {"people": [person.id], "invitations": [made.id]}
    assert len(events(Event.PERSON_INVITED)) == 1


def test_reminders_come_after_seven_days_three_times_and_are_remembered(asked: Reconsent, hands: Any) -> None:
    first, counted = clock.now(), []
    for _ in range(40):
        hands.forward(days=1)
        run()
        counted.append(asked.reminders)
    assert (counted[5:8], counted[13], counted[20], counted[-1]) == ([0, 1, 1], 2, 3, 3)
    assert (asked.asked_at, asked.mail_due_at) == (first, None)
    assert asked.reminded_at == first + timedelta(days=21)
    assert db.session.query(Mail).count() == 4


@pytest.mark.parametrize("answer", ["agreed", "refused", "revoked"])
def test_nobody_is_reminded_after_an_answer_or_without_a_certificate(
    asked: Reconsent, certificate: Certificate, hands: Any, answer: str
) -> None:
    if answer == "agreed":
        agree(asked)
    elif answer == "refused":
        service.refuse(asked, words="", by=asked.person)
    else:
        certificate.state, certificate.revoked_at = CertificateState.REVOKED, clock.now()
    hands.forward(days=30)
    run()
    assert db.session.query(Mail).count() == 1


# --- killed -------------------------------------------------------------------------------------------


KILLED = """
import os, signal, sys
from datetime import datetime
from sqlalchemy import event
from jcanweb import clock, create_app, jobs
from jcanweb.services import campaign
instance, uri, moment, left = sys.argv[1:]
clock.replace(lambda: datetime.fromisoformat("2026-11-24T01:00:00+00:00"))
app = create_app({"TESTING": True} | ({"SQLALCHEMY_DATABASE_URI": uri} if uri else {}), instance=instance)
campaign.LISTED, campaign.MAILED, left = 2, 2, [int(left)]
from jcanweb.database import db
def die(session):
    left[0] -= 1
    if left[0] == 0:
        os.kill(os.getpid(), signal.SIGKILL)
with app.app_context():
    event.listen(db.session, moment, die)
    jobs.ask_anew()
"""


@pytest.mark.parametrize("moment", ["before_commit", "after_commit"])
@pytest.mark.parametrize("commits", [2, 6])
def test_killed_between_two_batches_the_job_goes_on_and_nobody_is_asked_twice(
    app: Any, moment: str, commits: int
) -> None:
    with app.test_request_context(), transaction():
        for _ in range(5):
            issued_certificate()
        scheduled()
    uri = app.config["SQLALCHEMY_DATABASE_URI"] if URI else ""
    child = subprocess.run(
        [sys.executable, "-c", KILLED, app.instance_path, uri, moment, str(commits)], capture_output=True, text=True,
        timeout=60, cwd=Path(__file__).parents[2], env=os.environ,
    )  # fmt: skip
    assert child.returncode == -signal.SIGKILL, child.stderr
    with app.app_context():
        jobs.ask_anew()
        found = rows()
        assert len({one.person_id for one in found}) == len(found) == 5
        assert (db.session.query(Mail).count(), db.session.query(Invitation).count()) == (5, 5)
        assert db.session.query(Campaign).one().listed_at is not None
        assert audit.verify() == []
