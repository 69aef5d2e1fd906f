"""Asking the subscribers anew: who is asked, mails that remember, the answer once, the decision on a refusal."""

import csv
import io
import os
import signal
import subprocess
import sys
import threading
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from jcanweb import audit, clock, jobs, terms
from jcanweb.database import db, transaction
from jcanweb.errors import (
    AlreadyAnswered,
    CommentMissing,
    ConsentMissing,
    NotEligible,
    OwnApplication,
    PresentationAltered,
    PresentationAnothers,
    PresentationExpired,
    RuleViolation,
    StalePage,
    TermsChanged,
)
from jcanweb.models import (
    AuditEntry,
    Campaign,
    Certificate,
    Consent,
    Edition,
    Invitation,
    Mail,
    Person,
    Reconsent,
    Revocation,
)
from jcanweb.services import campaign, enrollment, invitations, receipts
from jcanweb.services import reconsent as service
from jcanweb.services import reconsent_ledger as ledger
from jcanweb.services import terms as editions
from jcanweb.vocabulary import (
    AgreementState,
    CertificateState,
    ConsentKind,
    Event,
    ReconsentDecision,
    ReconsentState,
    Role,
)
from tests import builders
from tests.conftest import URI
from tests.issued import issued_certificate
from tests.people import officer
from tests.terms.pages import document

DAY = date(2026, 12, 25)
A, R = ReconsentState, ReconsentDecision


def scheduled(version: str = "4.0", day: date = DAY) -> Edition:
    return builders.edition(document() + version.encode(), version=version, effective_on=day)


def run() -> None:
    """The job without its transactions."""
    for step in (campaign.start, campaign.list_some, campaign.write_some):
        while step():
            pass


def rows() -> list[Reconsent]:
    return list(db.session.scalars(db.select(Reconsent).order_by(Reconsent.id)))


@pytest.fixture
def certificate(context: Any) -> Certificate:
    return issued_certificate()


@pytest.fixture
def asked(certificate: Certificate) -> Reconsent:
    scheduled()
    run()
    return rows()[0]


def statements(edition: Edition) -> tuple[Any, ...]:
    return terms.statements(editions.document(edition))


def agree(asked: Reconsent, by: Person | None = None, served: str | None = None, less: int = 0) -> None:
    shown = statements(asked.campaign.edition)
    numbers = {one.number for one in shown} - ({1} if less else set())
    service.agree(asked, served or service.serve(asked, shown), numbers, by=by or asked.person)


def events(event: Event) -> list[AuditEntry]:
    return list(
        db.session.scalars(
            db.select(AuditEntry).where(AuditEntry.event == event).order_by(AuditEntry.sequence)
        )
    )


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


# --- the answer ---------------------------------------------------------------------------------------


def test_an_agreement_is_kept_with_a_receipt_that_holds_and_names_no_application(asked: Reconsent) -> None:
    agree(asked)
    given = asked.consent
    assert given is not None
    assert (asked.state, asked.answered_at, given.kind, given.application_id) == (
        A.AGREED,
        clock.now(),
        ConsentKind.RECONSENT,
        None,
    )
    assert given.receipt is not None
    said = receipts.read(given.receipt)
    assert (said["kind"], said["application"], said["button"]) == ("reconsent", None, service.BUTTON)
    found = receipts.check(receipts.file(given.receipt))
    assert isinstance(found, receipts.Checked)
    assert [one.name for one in found.findings if one.ok is not True] == []
    entry = events(Event.CONSENT_GIVEN)[-1]
    assert (entry.subject, entry.subject_id) == ("reconsent", str(asked.id))


def test_a_second_click_keeps_one_consent(asked: Reconsent) -> None:
    before, served = (
        db.session.query(Consent).count(),
        service.serve(asked, statements(asked.campaign.edition)),
    )
    agree(asked, served=served)
    agree(asked, served=served)
    agree(asked)
    assert db.session.query(Consent).count() == before + 1


def test_after_a_refusal_one_may_agree_until_it_is_decided(asked: Reconsent) -> None:
    service.refuse(asked, words="検討中です。", by=asked.person)
    assert (asked.state, asked.words, asked.answered_at) == (A.REFUSED, "検討中です。", clock.now())
    agree(asked)
    assert asked.state is A.AGREED


def test_after_the_decision_nothing_is_answered(asked: Reconsent) -> None:
    service.refuse(asked, words="", by=asked.person)
    service.decide(
        asked, R.KEEP, comment="更新しないとのこと。", version=asked.version, by=officer(Role.APPROVER)
    )
    with pytest.raises(AlreadyAnswered):
        agree(asked)
    assert not ledger.is_open(asked)


def test_a_refusal_is_not_sent_twice_nor_after_an_agreement(asked: Reconsent) -> None:
    service.refuse(asked, words="", by=asked.person)
    with pytest.raises(AlreadyAnswered):
        service.refuse(asked, words="x", by=asked.person)
    agree(asked)
    with pytest.raises(AlreadyAnswered):
        service.refuse(asked, words="x", by=asked.person)


def test_not_every_item_is_not_enough(asked: Reconsent) -> None:
    with pytest.raises(ConsentMissing):
        agree(asked, less=1)


def test_what_was_served_for_an_application_to_another_or_long_ago_is_refused(
    asked: Reconsent, hands: Any
) -> None:
    edition, other = asked.campaign.edition, builders.person()
    shown = statements(edition)
    with pytest.raises(PresentationExpired):
        agree(asked, served=enrollment.serve(edition, shown, to=asked.person))
    with pytest.raises(PresentationAnothers):
        agree(asked, by=other)
    with pytest.raises(PresentationAltered):
        agree(asked, served="x.y")
    served = service.serve(asked, shown)
    hands.forward(hours=24)
    with pytest.raises(PresentationExpired):
        agree(asked, served=served)
    assert asked.state is A.ASKED


def test_without_authority_nobody_agrees(asked: Reconsent) -> None:
    asked.person.corporation.agreement_state = AgreementState.ENDED
    db.session.flush()
    with pytest.raises(NotEligible):
        agree(asked)


def test_an_edition_that_was_replaced_is_not_answered(asked: Reconsent, hands: Any) -> None:
    scheduled("5.0", date(2026, 12, 26))
    hands.forward(days=40)
    with pytest.raises(TermsChanged, match="置き換わった"):
        agree(asked)
    with pytest.raises(TermsChanged, match="置き換わった"):
        service.refuse(asked, words="", by=asked.person)
    run()
    assert [(one.campaign.edition.version, one.state) for one in rows()] == [
        ("4.0", A.ASKED),
        ("5.0", A.ASKED),
    ]


def test_another_persons_question_is_not_found(asked: Reconsent) -> None:
    assert ledger.own(asked.id, by=builders.person()) is None
    assert ledger.own(asked.id, by=asked.person) is asked


# --- the decision -------------------------------------------------------------------------------------


@pytest.fixture
def refused(asked: Reconsent) -> Reconsent:
    service.refuse(asked, words="", by=asked.person)
    return asked


def test_to_revoke_receives_a_revocation_for_each_living_certificate(
    refused: Reconsent, certificate: Certificate
) -> None:
    second = issued_certificate(application=builders.application(builders.A.APPROVED, person=refused.person))
    who = officer(Role.APPROVER)
    service.decide(refused, R.REVOKE, comment="", version=refused.version, by=who)
    found = db.session.query(Revocation).order_by(Revocation.id).all()
    assert [one.certificate_id for one in found] == [certificate.id, second.id]
    assert {one.received_by for one in found} == {who.id}
    said = events(Event.RECONSENT_DECIDED)[0]
    assert said.facts == {
        "edition": refused.campaign.edition_id,
        "decision": "revoke",
        "revocations": [one.id for one in found],
    }
    assert said.actor == f"officer:{who.id}"


def test_to_keep_needs_a_reason(refused: Reconsent) -> None:
    with pytest.raises(CommentMissing):
        service.decide(refused, R.KEEP, comment=" ", version=refused.version, by=officer(Role.APPROVER))


def test_an_answer_is_decided_once_from_a_page_of_now_and_by_another(refused: Reconsent) -> None:
    who, version = officer(Role.APPROVER), refused.version
    with pytest.raises(StalePage):
        service.decide(refused, R.KEEP, comment="理由", version=version - 1, by=who)
    who.email = refused.person.email
    db.session.flush()
    with pytest.raises(OwnApplication):
        service.decide(refused, R.KEEP, comment="理由", version=version, by=who)
    service.decide(refused, R.KEEP, comment="理由", version=version, by=officer(Role.APPROVER))
    with pytest.raises(AlreadyAnswered):
        service.decide(refused, R.REVOKE, comment="", version=refused.version, by=officer(Role.APPROVER))


@pytest.mark.parametrize(
    ("change", "constraint"),
    [("state = 'agreed', answered_at = asked_at, mail_due_at = NULL", "state_agreed"), ("state = 'refused', mail_due_at = NULL", "state_answered"),
         ("state = 'refused', answered_at = asked_at", "answered_quiet"),
     ("decision = 'keep', decided_at = asked_at, decided_by = 1, comment = 'x'", "state_decided"),
     ("decided_at = asked_at", "decided|decision")],
)  # fmt: skip
def test_the_database_keeps_state_and_answer_together(asked: Reconsent, change: str, constraint: str) -> None:
    officer(Role.APPROVER)
    with pytest.raises(IntegrityError, match=constraint):
        db.session.execute(text(f"UPDATE reconsent SET {change}"))  # noqa: S608 - from this test
    db.session.rollback()


# --- reading ------------------------------------------------------------------------------------------


def test_the_list_is_filtered_counted_and_paged(asked: Reconsent, monkeypatch: Any) -> None:
    for _ in range(3):
        issued_certificate()
    run()
    agree(asked)
    found = asked.campaign
    assert ledger.counts(found) == {A.ASKED: 3, A.AGREED: 1, A.REFUSED: 0}
    assert ledger.page(found, state=A.AGREED) == [asked]
    assert ledger.page(found, typed=asked.person.corporation.corporate_number) == [asked]
    monkeypatch.setattr(ledger, "PAGE", 2)
    assert len(ledger.page(found)) == 3
    assert ledger.page(found, after=rows()[1].id) == rows()[2:]


def test_the_csv_has_a_mark_and_guards_its_cells(asked: Reconsent) -> None:
    asked.person.name = "=HYPERLINK(1)"
    db.session.flush()
    service.refuse(asked, words="+1", by=asked.person)
    out = io.BytesIO()
    built = ledger.build_csv(asked.campaign, out, by=officer(Role.AUDITOR))
    content = out.getvalue().decode("utf-8-sig")
    (line,) = csv.DictReader(io.StringIO(content))
    assert (line["氏名"], line["状態"], line["拒否の理由"]) == ("'=HYPERLINK(1)", "拒否", "'+1")
    assert (built.rows, out.getvalue()[:3]) == (1, b"\xef\xbb\xbf")


# --- at the same moment, and killed -------------------------------------------------------------------


def test_of_an_agreement_and_a_refusal_in_two_tabs_at_once_the_record_is_one_story(app: Any) -> None:
    with app.test_request_context(), transaction():
        issued_certificate()
        scheduled()
        run()
        (one,) = rows()
        number, person_id = one.id, one.person_id
        served = [service.serve(one, statements(one.campaign.edition)) for _ in range(3)]
    gate, outcomes = threading.Barrier(4), []

    def press(act: Any) -> None:
        with app.test_request_context():
            gate.wait()
            try:
                with transaction():
                    act(db.session.get_one(Reconsent, number), db.session.get_one(Person, person_id))
                outcomes.append("done")
            except RuleViolation as violation:
                outcomes.append(violation.code)

    acts: list[Any] = [lambda one, by, text=text: agree(one, by, text) for text in served]
    acts.append(lambda one, by: service.refuse(one, words="", by=by))
    threads = [threading.Thread(target=press, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert set(outcomes) <= {"done", "AlreadyAnswered"}
    assert len(outcomes) == 4
    with app.app_context():
        one = db.session.get_one(Reconsent, number)
        assert one.state is A.AGREED
        assert db.session.query(Consent).filter_by(kind=ConsentKind.RECONSENT).count() == 1
        assert audit.verify() == []


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
