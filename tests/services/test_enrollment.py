"""Consent, draft, edit, submission, withdrawal by the services, and what the database refuses by itself."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from jcanweb import audit, clock, keys, labels
from jcanweb import terms as reader
from jcanweb.database import db, transaction
from jcanweb.errors import (
    AlreadySubmitted,
    ConsentMissing,
    FieldRefused,
    NotEligible,
    PresentationAltered,
    PresentationAnothers,
    PresentationExpired,
    PresentationUsed,
    StalePage,
    TermsChanged,
)
from jcanweb.events import Event, Subject
from jcanweb.models import (
    Application,
    AuditEntry,
    Consent,
    ConsentStatement,
    Delivery,
    Edition,
    FieldCheck,
    Person,
)
from jcanweb.pki import presentation as pki
from jcanweb.services import enrollment as service
from jcanweb.services import enrollment_ledger as ledger
from jcanweb.services import presentation, terms
from jcanweb.terms import sample
from jcanweb.vocabulary import (
    AgreementState,
    Authority,
    CertificateState,
    CheckedField,
    PaperPoint,
    SecretKind,
    Verdict,
)
from jcanweb.vocabulary import ApplicationState as A
from tests import builders
from tests.issued import issued_certificate

ALL = {1, 2, 3, 4, 5, 6}
ENTRY = service.Entry(
    organization_unit="Mihon Shoji Co., Ltd.", organization_unit_ja="見本商事株式会社", common_name="Sales Dept.",
    common_name_ja="営業部", years=2, pin_recipient_name="総務 一郎", pin_recipient_email="soumu@example.jp",
    seal_certificate_on=date(2026, 11, 1), seal_certificate=builders.PDF,
)  # fmt: skip
CLOSED = [A.SUBMITTED, A.SCREENING, A.APPROVED, A.REJECTED, A.WITHDRAWN]


@pytest.fixture
def person(context: Any) -> Person:
    return builders.person()


@pytest.fixture
def edition(context: Any) -> Edition:
    return terms.in_force()


@pytest.fixture
def draft(person: Person, edition: Edition) -> Application:
    return accept(person)


def serve(person: Person) -> str:
    """What the person is shown now."""
    edition = terms.in_force()
    return service.serve(edition, reader.statements(terms.document(edition)), to=person)


def accept(
    person: Person, accepted: set[int] = ALL, *, served: str | None = None, **values: Any
) -> Application:
    return service.accept(serve(person) if served is None else served, accepted, by=person, **values)


def save(application: Application, entry: service.Entry = ENTRY, version: int | None = None) -> None:
    service.save(application, entry, version=version or application.version, by=application.person)


def submit(application: Application, version: int | None = None) -> None:
    service.submit(application, version=version or application.version, by=application.person)


def last(event: Event) -> AuditEntry:
    return db.session.query(AuditEntry).filter_by(event=event).order_by(AuditEntry.sequence.desc()).first()  # type: ignore[return-value]  # there is one


def newer_edition() -> Edition:
    return builders.edition(sample() + b"\n")


# --- consent --------------------------------------------------------------------------------------------


def test_consent_keeps_each_statement_in_its_words(
    draft: Application, edition: Edition, person: Person
) -> None:
    (consent,) = draft.consents
    assert (consent.person_id, consent.edition_sha256, consent.button) == (
        person.id,
        edition.sha256,
        service.BUTTON,
    )
    assert [statement.number for statement in consent.statements] == sorted(ALL)
    assert all(statement.words and labels.word(statement.verb) for statement in consent.statements)
    assert last(Event.CONSENT_GIVEN).facts == {
        "consent": consent.id, "edition": edition.id, "edition_sha256": edition.sha256, "statements": sorted(ALL),
    }  # fmt: skip
    assert draft.number.startswith("A-")


@pytest.mark.parametrize("accepted", [set(), {1, 2, 3, 4, 5}, ALL | {7}])
def test_not_every_statement_is_no_consent(person: Person, edition: Edition, accepted: set[int]) -> None:
    with pytest.raises(ConsentMissing):
        accept(person, accepted)
    assert db.session.query(Application).count() == 0


def test_another_edition_is_refused(person: Person, edition: Edition) -> None:
    served = serve(person)
    newer_edition()
    with pytest.raises(TermsChanged):
        accept(person, served=served)


def test_what_was_altered_is_no_consent(person: Person, edition: Edition) -> None:
    payload, _, signature = serve(person).partition(".")
    other = serve(person).partition(".")[0]
    for served in (
        "",
        ".",
        "x",
        f"{other}.{signature}",
        f"{payload}.",
        f"{payload}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}",
        "規約.署名",
    ):
        with pytest.raises(PresentationAltered):
            accept(person, served=served)
    assert db.session.query(Consent).count() == 0


def test_what_another_key_signed_is_no_consent(person: Person, edition: Edition) -> None:
    shown = presentation.read(serve(person), by=person)
    with pytest.raises(PresentationAltered):
        accept(person, served=pki.sign(shown, keys.receipt_key()))


def test_what_another_person_was_shown_is_no_consent(person: Person, edition: Edition) -> None:
    with pytest.raises(PresentationAnothers):
        accept(person, served=serve(builders.person()))


def test_what_was_shown_is_accepted_until_its_last_moment(
    person: Person, edition: Edition, hands: Any
) -> None:
    served = serve(person)
    hands.forward(hours=24)
    with pytest.raises(PresentationExpired):
        accept(person, served=served)
    hands.forward(seconds=-1)
    assert accept(person, served=served).consents[0].presentation == served


@pytest.mark.parametrize("changes", [{"button": "次へ"}, {"statements": ()}])
def test_what_an_older_program_showed_is_shown_anew(
    person: Person, edition: Edition, changes: dict[str, Any]
) -> None:
    shown = replace(presentation.read(serve(person), by=person), **changes)
    with pytest.raises(PresentationExpired):
        accept(person, served=pki.sign(shown, keys.presentation_key()))


def test_the_same_page_twice_finds_the_same_consent(person: Person, edition: Edition) -> None:
    served = serve(person)
    first = accept(person, served=served)
    assert accept(person, served=served) is first
    assert accept(person, served=served, application=first) is first
    assert len(first.consents) == 1


def test_one_page_is_accepted_for_one_application(person: Person, edition: Edition) -> None:
    served = serve(person)
    first = accept(person, served=served)
    save(first)
    submit(first)
    with pytest.raises(PresentationUsed):
        accept(person, served=served)
    with pytest.raises(AlreadySubmitted):
        accept(person, served=served, application=first)
    bare = Application(number="A-999999", person_id=person.id, corporation_id=person.corporation_id, state=A.DRAFT,
                       drafted_at=clock.now())  # fmt: skip
    db.session.add(bare)
    db.session.flush()
    with pytest.raises(PresentationUsed):
        accept(person, served=served, application=bare)
    assert db.session.query(Consent).count() == 1


def test_the_database_keeps_a_nonce_once(draft: Application) -> None:
    made = builders.application(A.DRAFT)
    with pytest.raises(DatabaseError):
        db.session.execute(text(
            "INSERT INTO consent (application_id, person_id, edition_id, edition_sha256, button, locale, given_at, "
            "presentation, nonce) SELECT :id, person_id, edition_id, edition_sha256, button, locale, given_at, "
            "presentation, nonce FROM consent WHERE application_id = :of"), {"id": made.id, "of": draft.id})  # fmt: skip
    db.session.rollback()


def test_accepting_twice_finds_the_one_draft(draft: Application, edition: Edition, person: Person) -> None:
    assert accept(person) is draft
    assert len(draft.consents) == 1


@pytest.mark.parametrize("state", CLOSED)
def test_consent_is_not_given_to_what_is_no_longer_edited(person: Person, edition: Edition, state: A) -> None:
    made = builders.application(state, person=person)
    with pytest.raises(AlreadySubmitted):
        accept(person, application=made)


@pytest.mark.parametrize(
    "obstacle",
    [{"agreement_state": AgreementState.SUSPENDED}, {"agreement_state": AgreementState.ENDED},
     {"agreement_from": date(2026, 11, 25)}, {"agreement_to": date(2026, 11, 23)}],
)  # fmt: skip
def test_who_is_not_eligible_neither_consents_nor_submits(
    draft: Application, edition: Edition, person: Person, obstacle: dict[str, Any]
) -> None:
    save(draft)
    for name, value in obstacle.items():
        setattr(person.corporation, name, value)
    with pytest.raises(NotEligible):
        accept(person)
    with pytest.raises(NotEligible):
        submit(draft)


def test_an_ended_delegation_keeps_from_applying(context: Any, edition: Edition) -> None:
    delegate = builders.person(authority=Authority.DELEGATE, delegated_from=date(2026, 1, 1),
                               delegated_to=date(2026, 11, 23))  # fmt: skip
    with pytest.raises(NotEligible):
        accept(delegate)


@pytest.mark.parametrize(
    "statement",
    ["UPDATE consent SET button = 'x'", "DELETE FROM consent", "UPDATE consent_statement SET words = 'x'",
     "DELETE FROM consent_statement"],
)  # fmt: skip
def test_the_database_changes_no_consent(draft: Application, statement: str) -> None:
    with pytest.raises(DatabaseError, match="append_only"):
        db.session.execute(text(statement))
    db.session.rollback()


def test_the_database_keeps_a_statement_once(draft: Application) -> None:
    given = draft.consents[0].statements[0]
    db.session.add(
        ConsentStatement(consent_id=given.consent_id, number=1, verb=given.verb, words=given.words)
    )
    with pytest.raises(DatabaseError):
        db.session.flush()
    db.session.rollback()


# --- editing --------------------------------------------------------------------------------------------


def test_saving_keeps_what_was_typed_beside_what_it_becomes(draft: Application) -> None:
    save(draft, replace(ENTRY, organization_unit=" Ｍｉｈｏｎ  Shoji "))
    assert (draft.organization_unit_typed, draft.organization_unit) == (" Ｍｉｈｏｎ  Shoji ", "Mihon Shoji")
    assert set(last(Event.APPLICATION_EDITED).facts["fields"]) >= {"organization_unit", "seal_certificate"}
    assert "Mihon" not in str(last(Event.APPLICATION_EDITED).facts)


def test_saving_the_same_again_changes_nothing(draft: Application) -> None:
    save(draft)
    version, paper = draft.version, draft.seal_certificate_id
    save(draft, version=1)
    save(draft, replace(ENTRY, seal_certificate=None))
    assert (draft.version, draft.seal_certificate_id) == (version, paper)


def test_another_paper_replaces_the_one_before(draft: Application) -> None:
    save(draft)
    first = draft.seal_certificate_id
    save(draft, replace(ENTRY, seal_certificate=builders.PDF + b"\n%%EOF\n"))
    assert draft.seal_certificate_id != first


@pytest.mark.parametrize(
    ("field", "value"),
    [("organization_unit", ""), ("organization_unit", "見本"), ("common_name", "A" * 65),
     ("common_name", f"Mihon{' ' * 300}Shoji"), ("organization_unit_ja", ""), ("common_name_ja", "営\u202e業"),
     ("pin_recipient_name", "\x00"), ("pin_recipient_email", "nobody"), ("years", 3),
     ("seal_certificate_on", date(2026, 11, 25)), ("seal_certificate_on", date(2026, 8, 23)),
     ("seal_certificate", b"MZ"), ("seal_certificate", b""), ("seal_certificate", None)],
)  # fmt: skip
def test_a_value_that_cannot_stand_is_refused_with_its_field(
    draft: Application, field: str, value: Any
) -> None:
    with pytest.raises(FieldRefused) as refusal:
        save(draft, replace(ENTRY, **{field: value}))
    assert refusal.value.field == field
    assert draft.common_name == ""


def test_an_old_page_does_not_overwrite(draft: Application) -> None:
    save(draft)
    with pytest.raises(StalePage):
        save(draft, replace(ENTRY, common_name="Other Dept."), version=1)


@pytest.mark.parametrize("state", CLOSED)
def test_what_was_handed_in_is_not_edited(person: Person, state: A) -> None:
    with pytest.raises(AlreadySubmitted):
        save(builders.application(state, person=person))


def test_an_edit_of_a_returned_application_voids_what_was_checked(person: Person) -> None:
    made = builders.application(A.RETURNED, person=person)
    save(made)
    assert (made.revision, made.screened_by, made.screened_at) == (2, None, None)


# --- submission -----------------------------------------------------------------------------------------


def test_submission_hands_in(draft: Application) -> None:
    save(draft)
    submit(draft)
    assert (draft.state, draft.submitted_at) == (A.SUBMITTED, clock.now())
    assert last(Event.APPLICATION_SUBMITTED).facts == {"revision": 1, "kind": "new", "renewal_of": None}


def test_an_empty_draft_is_not_handed_in(draft: Application) -> None:
    with pytest.raises(FieldRefused):
        submit(draft)


def test_nothing_is_handed_in_twice(draft: Application) -> None:
    save(draft)
    submit(draft)
    with pytest.raises(AlreadySubmitted):
        submit(draft)


def test_an_old_confirmation_does_not_hand_in(draft: Application) -> None:
    save(draft)
    with pytest.raises(StalePage):
        submit(draft, version=1)


def test_a_paper_grown_old_is_not_handed_in(draft: Application, hands: Any) -> None:
    save(draft)
    hands.forward(days=95)
    with pytest.raises(FieldRefused) as refusal:
        submit(draft)
    assert refusal.value.field == "seal_certificate_on"


def test_a_consent_to_an_old_edition_does_not_hand_in(
    draft: Application, person: Person, edition: Edition
) -> None:
    save(draft)
    newest = newer_edition()
    with pytest.raises(TermsChanged):
        submit(draft)
    accept(person, application=draft)
    submit(draft)
    assert [consent.edition_id for consent in draft.consents] == [edition.id, newest.id]


def test_without_consent_nothing_is_handed_in(draft: Application, person: Person) -> None:
    save(draft)
    bare = Application(number="A-999999", person_id=person.id, corporation_id=person.corporation_id, state=A.DRAFT,
                       drafted_at=clock.now(), seal_certificate_id=draft.seal_certificate_id,
                       seal_certificate_on=draft.seal_certificate_on)  # fmt: skip
    db.session.add(bare)
    db.session.flush()
    with pytest.raises(ConsentMissing):
        submit(bare)


@pytest.mark.parametrize("state", sorted(service.WITHDRAWABLE))
def test_an_application_is_withdrawn_until_the_ca_is_asked(person: Person, state: A) -> None:
    made = builders.application(state, person=person)
    service.withdraw(made, version=made.version, by=person)
    assert (made.state, made.withdrawn_at) == (A.WITHDRAWN, clock.now())


@pytest.mark.parametrize("state", [A.REJECTED, A.WITHDRAWN])
def test_what_has_ended_is_not_withdrawn(person: Person, state: A) -> None:
    made = builders.application(state, person=person)
    with pytest.raises(AlreadySubmitted):
        service.withdraw(made, version=made.version, by=person)


def test_an_old_page_does_not_withdraw(draft: Application, person: Person) -> None:
    save(draft)
    with pytest.raises(StalePage):
        service.withdraw(draft, version=1, by=person)


def test_the_whole_way_stands_in_the_record(draft: Application) -> None:
    save(draft)
    submit(draft)
    events = [entry.event for entry in db.session.query(AuditEntry).filter_by(
        subject=Subject.APPLICATION, subject_id=str(draft.id)).order_by(AuditEntry.sequence)]  # fmt: skip
    assert events == [Event.APPLICATION_DRAFTED, Event.CONSENT_GIVEN, Event.APPLICATION_EDITED,
                      Event.APPLICATION_SUBMITTED]  # fmt: skip
    assert audit.verify() == []


# --- reading --------------------------------------------------------------------------------------------


def test_only_the_own_application_is_found(person: Person) -> None:
    other = builders.application(A.SUBMITTED)
    assert ledger.find(other.number, by=person) is None
    assert ledger.find(other.number, by=other.person) is other


def test_the_screening_is_expected_after_business_days(person: Person) -> None:
    made = builders.application(A.SUBMITTED, person=person)
    assert ledger.expected_on(made) == date(2026, 11, 27)
    assert ledger.expected_on(builders.application(A.DRAFT)) is None


def test_a_holding_names_the_newest_delivery_of_the_file(person: Person) -> None:
    certificate = issued_certificate(
        CertificateState.ISSUED, application=builders.application(A.APPROVED, person=person)
    )
    for number, kind in enumerate((SecretKind.PFX, SecretKind.PFX, SecretKind.PIN)):
        ended = None if number else clock.now()
        db.session.add(Delivery(certificate_id=certificate.id, kind=kind, sealed=None if ended else b"x",
                                ended_at=ended, token_sha256=str(number), context="c", sent_at=clock.now(),
                                expires_at=clock.now() + timedelta(hours=72)))  # fmt: skip
        db.session.flush()
    (holding,) = ledger.holdings(person)
    assert holding.certificate is certificate
    assert holding.delivery is not None
    assert holding.delivery.token_sha256 == "1"
    assert ledger.holdings(builders.person()) == []


def test_applications_come_with_their_consents(app: Any) -> None:
    with app.app_context(), transaction():
        who = builders.person()
        for _ in range(3):
            builders.application(A.WITHDRAWN, person=who)
    with app.app_context():
        found = ledger.applications(db.session.get_one(Person, who.id))
        assert [len(one.consents[0].statements) for one in found] == [6, 6, 6]
        assert db.session.query(Consent).count() == 3


def test_only_what_was_written_since_the_last_submission_stands_at_the_fields(
    person: Person, hands: Any
) -> None:
    made = builders.application(A.RETURNED, person=person)

    def write(field: CheckedField, verdict: Verdict, comment: str) -> None:
        made.checks.append(FieldCheck(application_id=made.id, revision=1, field=field, value="x", verdict=verdict,
                                      matched=" ".join(PaperPoint),
                                      comment=comment, checked_by=made.returned_by, checked_at=clock.now()))  # fmt: skip
        db.session.flush()

    write(CheckedField.COMMON_NAME, Verdict.FAIL, "前回の指摘")
    hands.forward(hours=1)
    made.submitted_at = clock.now()
    write(CheckedField.ORGANIZATION_UNIT, Verdict.FAIL, "今回の指摘")
    write(CheckedField.SEAL_CERTIFICATE, Verdict.FAIL, "読めません")
    write(CheckedField.SEAL_CERTIFICATE, Verdict.PASS, "読めました")
    assert ledger.remarks(made) == {"organization_unit": "今回の指摘"}
    assert ledger.remarks(builders.application(A.SUBMITTED)) == {}
