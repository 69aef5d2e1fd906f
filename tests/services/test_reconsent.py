"""The subscribers' answer, once; the decision on a refusal; what officers read of it."""

import csv
import io
import threading
from datetime import date
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from jcanweb import audit, clock
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
from jcanweb.events import Event
from jcanweb.models import (
    Certificate,
    Consent,
    Person,
    Reconsent,
    Revocation,
)
from jcanweb.roles import Role
from jcanweb.services import enrollment, receipts
from jcanweb.services import reconsent as service
from jcanweb.services import reconsent_ledger as ledger
from jcanweb.vocabulary import AgreementState, ConsentKind, ReconsentDecision, ReconsentState
from tests import builders
from tests.issued import issued_certificate
from tests.people import officer
from tests.reconsents import agree, asked_anew, events, rows, run, scheduled, statements

A, R = ReconsentState, ReconsentDecision


@pytest.fixture
def certificate(context: Any) -> Certificate:
    return issued_certificate()


@pytest.fixture
def asked(certificate: Certificate) -> Reconsent:
    return asked_anew()


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


# --- at the same moment -------------------------------------------------------------------------------


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
