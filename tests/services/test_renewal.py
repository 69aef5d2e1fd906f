"""Which certificates may be renewed and from when, what the draft takes over, and that one is renewed once."""

import threading
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from jcanweb import terms as reader
from jcanweb.calendar import JST
from jcanweb.database import db, transaction
from jcanweb.errors import ConsentMissing, FieldRefused, NotEligible, RenewalRefused, TermsChanged
from jcanweb.models import Application, Certificate, Person
from jcanweb.services import enrollment, enrollment_entries, terms
from jcanweb.services import enrollment_ledger as ledger
from jcanweb.services import renewal as service
from jcanweb.vocabulary import AgreementState, ApplicationKind, CertificateState
from jcanweb.vocabulary import ApplicationState as A
from tests import builders
from tests.conftest import Hands
from tests.issued import issued_certificate


@pytest.fixture
def person(context: Any) -> Person:
    return builders.person()


def held(person: Person, *, ends: date = date(2026, 12, 10), state: CertificateState = CertificateState.DELIVERED,
         **values: Any) -> Certificate:  # fmt: skip
    """A certificate of the person whose last day (Japan) is `ends`."""
    made = issued_certificate(state, application=builders.application(A.APPROVED, person=person))
    made.not_after = datetime.combine(ends, datetime.max.time().replace(microsecond=0), JST)
    for name, value in values.items():
        setattr(made, name, value)
    db.session.flush()
    db.session.refresh(made)  # times as the database gives them back
    return made


def accepted(person: Person, draft: Application | None = None) -> Application:
    """The terms accepted for this draft, or for a new one."""
    edition = terms.in_force()
    statements = reader.statements(terms.document(edition))
    served = enrollment.serve(edition, statements, to=person)
    return enrollment.accept(served, {one.number for one in statements}, application=draft, by=person)


def entry_of(draft: Application, **changed: Any) -> enrollment_entries.Entry:
    return enrollment_entries.Entry(**{
        "organization_unit": draft.organization_unit_typed, "organization_unit_ja": draft.organization_unit_ja,
        "common_name": draft.common_name_typed, "common_name_ja": draft.common_name_ja, "years": draft.years,
        "pin_recipient_name": draft.pin_recipient_name, "pin_recipient_email": draft.pin_recipient_email,
        "seal_certificate_on": date(2026, 11, 20), "seal_certificate": builders.PDF, **changed,
    })  # fmt: skip


def handed_in(certificate: Certificate, by: Person) -> Application:
    draft = enrollment.renew(certificate, by=by)
    accepted(draft.person, draft)
    enrollment.save(draft, entry_of(draft), version=draft.version, by=by)
    enrollment.submit(draft, version=draft.version, by=by)
    return draft


# --- from when ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ends", "opens"),
    [(date(2027, 3, 31), date(2027, 2, 28)), (date(2026, 12, 24), date(2026, 11, 24)), (date(2028, 3, 30), date(2028, 2, 29)),
     (date(2027, 1, 1), date(2026, 12, 1))],
)  # fmt: skip
def test_renewal_opens_a_calendar_month_before_the_last_day(person: Person, ends: date, opens: date) -> None:
    assert service.opens_on(held(person, ends=ends)) == opens


def test_the_last_day_is_the_one_in_japan(person: Person) -> None:
    certificate = held(person, not_after=datetime(2027, 1, 1, 0, 30, tzinfo=JST))
    assert service.opens_on(certificate) == date(2026, 12, 1)


def test_the_day_before_is_too_early_and_the_sentence_names_the_day(person: Person, hands: Hands) -> None:
    certificate = held(person, ends=date(2027, 3, 31))
    hands.at = datetime(2027, 2, 27, 23, 59, tzinfo=JST)
    with pytest.raises(RenewalRefused, match="2027年2月28日（日）から更新できます"):
        enrollment.renew(certificate, by=person)
    assert [one.is_open for one in service.listing(person)] == [False]
    hands.at = datetime(2027, 2, 28, 0, 0, tzinfo=JST)
    assert enrollment.renew(certificate, by=person).kind is ApplicationKind.RENEWAL


def test_after_expiry_and_after_revocation_too(person: Person) -> None:
    expired = held(person, ends=date(2026, 5, 1))
    revoked = held(person, ends=date(2028, 5, 1), state=CertificateState.REVOKED)
    assert [one.certificate for one in service.listing(person) if one.is_open] == [expired, revoked]


# --- what is in the list --------------------------------------------------------------------------------


def jst(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, tzinfo=JST)


@pytest.mark.parametrize(
    ("values", "listed"),
    [({"ends": date(2024, 11, 24)}, True), ({"ends": date(2024, 11, 23)}, False),
     ({"state": CertificateState.ISSUED, "issued_at": jst(2024, 11, 24)}, True),
     ({"state": CertificateState.ISSUED, "issued_at": jst(2024, 11, 24) - timedelta(seconds=1)}, False),
     ({"state": CertificateState.REVOKED, "revoked_at": jst(2025, 11, 24)}, True),
     ({"state": CertificateState.REVOKED, "revoked_at": jst(2025, 11, 24) - timedelta(seconds=1)}, False)],
    ids=["expired for two years", "and a day", "never delivered for two years", "and a second", "revoked a year ago", "and a second more"],
)  # fmt: skip
def test_what_nobody_can_have_used_or_was_revoked_long_ago_is_not_listed(
    person: Person, values: dict[str, Any], listed: bool
) -> None:
    certificate = held(person, **values)
    assert bool(service.listing(person)) is listed
    assert (service.find(certificate.jc_number, by=person) is not None) is listed


def test_colleagues_certificates_are_listed_and_other_corporations_are_not(person: Person) -> None:
    colleague = builders.person(person.corporation, name=person.corporation.representative)
    theirs, others = held(colleague), held(builders.person())
    assert [one.certificate for one in service.listing(person)] == [theirs]
    assert service.find(others.jc_number, by=person) is None
    assert service.open_for(person) == []
    assert [one.certificate for one in service.open_for(colleague)] == [theirs]


def test_the_first_to_expire_stand_first_and_the_list_goes_on(person: Person, monkeypatch: Any) -> None:
    late, early, same = (held(person, ends=date(2026, 12, day)) for day in (20, 5, 20))
    monkeypatch.setattr(service, "PAGE", 1)
    assert [one.certificate for one in service.listing(person)] == [early, late]
    assert [one.certificate for one in service.listing(person, after=early.id)] == [late, same]
    assert [one.certificate for one in service.listing(person, after=late.id)] == [same]


# --- what the draft holds -------------------------------------------------------------------------------


def test_the_draft_takes_over_all_but_the_paper(person: Person) -> None:
    certificate = held(person)
    draft, old = enrollment.renew(certificate, by=person), certificate.application
    assert (draft.renewal_of_id, draft.state, draft.consents) == (certificate.id, A.DRAFT, [])
    assert [getattr(draft, name) for name in enrollment.TAKEN_OVER] == [
        getattr(old, name) for name in enrollment.TAKEN_OVER
    ]
    assert (draft.seal_certificate_id, draft.seal_certificate_on) == (None, None)


def test_everything_may_be_changed(person: Person) -> None:
    draft = enrollment.renew(held(person), by=person)
    accepted(draft.person, draft)
    enrollment.save(draft, entry_of(draft, organization_unit="Mihon Holdings", common_name="President", years=1,
                                    pin_recipient_email="new@example.jp"), version=draft.version, by=person)  # fmt: skip
    enrollment.submit(draft, version=draft.version, by=person)
    assert (draft.organization_unit, draft.years) == ("Mihon Holdings", 1)


def test_a_second_click_finds_the_draft(person: Person) -> None:
    certificate = held(person)
    assert enrollment.renew(certificate, by=person) is enrollment.renew(certificate, by=person)


def test_each_certificate_has_a_draft_of_its_own_and_none_stands_in_the_way_of_a_new_application(
    person: Person,
) -> None:
    one, other = (enrollment.renew(held(person), by=person) for _ in range(2))
    assert one is not other
    assert ledger.drafted(person) is None
    assert ledger.unfinished(person) is one
    accepted(person, one)
    new = accepted(person)
    assert new not in (one, other)
    assert accepted(person) is new


def test_without_a_new_paper_it_cannot_be_kept(person: Person) -> None:
    draft = enrollment.renew(held(person), by=person)
    with pytest.raises(FieldRefused, match="印鑑証明書のPDF"):
        enrollment.save(draft, entry_of(draft, seal_certificate=None), version=draft.version, by=person)


def test_without_the_terms_it_cannot_be_handed_in(person: Person) -> None:
    draft = enrollment.renew(held(person), by=person)
    enrollment.save(draft, entry_of(draft), version=draft.version, by=person)
    with pytest.raises((ConsentMissing, TermsChanged)):
        enrollment.submit(draft, version=draft.version, by=person)


def test_who_may_not_apply_may_not_renew(person: Person) -> None:
    certificate = held(person)
    person.corporation.agreement_state = AgreementState.ENDED
    with pytest.raises(NotEligible):
        enrollment.renew(certificate, by=person)


# --- one renewal ----------------------------------------------------------------------------------------


def test_a_certificate_whose_renewal_is_handed_in_is_not_renewed_again(person: Person) -> None:
    certificate = held(person)
    colleague = builders.person(person.corporation, name=person.corporation.representative)
    theirs = enrollment.renew(certificate, by=colleague)
    mine = handed_in(certificate, person)
    with pytest.raises(RenewalRefused, match=mine.number):
        enrollment.renew(certificate, by=builders.person(person.corporation, name=person.name))
    accepted(theirs.person, theirs)
    enrollment.save(theirs, entry_of(theirs), version=theirs.version, by=colleague)
    with pytest.raises(RenewalRefused, match=mine.number):
        enrollment.submit(theirs, version=theirs.version, by=colleague)
    assert [one.application for one in service.listing(person)] == [mine]


def test_one_that_ended_in_vain_does_not_count(person: Person) -> None:
    certificate = held(person)
    mine = handed_in(certificate, person)
    enrollment.withdraw(mine, version=mine.version, by=person)
    assert [one.is_open for one in service.listing(person)] == [True]
    assert handed_in(certificate, person).state is A.SUBMITTED


def test_a_renewed_certificate_leaves_the_list(person: Person) -> None:
    certificate = held(person)
    successor = issued_certificate(application=builders.application(
        A.APPROVED, person=person, kind=ApplicationKind.RENEWAL, renewal_of_id=certificate.id))  # fmt: skip
    assert [one.certificate for one in service.listing(person)] == [successor]


def test_the_database_takes_one_renewal_and_only_of_the_own_corporation(person: Person) -> None:
    certificate, other = held(person), held(builders.person())
    values = {"person": person, "kind": ApplicationKind.RENEWAL}
    builders.application(A.SUBMITTED, renewal_of_id=certificate.id, **values)
    with pytest.raises(IntegrityError), db.session.begin_nested():
        builders.application(A.SUBMITTED, renewal_of_id=certificate.id, **values)
    with pytest.raises(IntegrityError), db.session.begin_nested():
        builders.application(A.DRAFT, renewal_of_id=other.id, **values)
    with pytest.raises(IntegrityError), db.session.begin_nested():
        db.session.execute(text("UPDATE application SET kind = 'new' WHERE renewal_of_id IS NOT NULL"))


def test_two_colleagues_hand_in_at_the_same_instant(app: Any) -> None:
    with app.test_request_context("/"), transaction():
        first = builders.person()
        second = builders.person(first.corporation, name=first.corporation.representative)
        certificate, ids = held(first), []
        for who in (first, second):
            draft = enrollment.renew(certificate, by=who)
            accepted(draft.person, draft)
            enrollment.save(draft, entry_of(draft), version=draft.version, by=who)
            ids.append(draft.id)
    start, ends = threading.Barrier(2), []

    def hand_in(number: int) -> None:
        with app.test_request_context("/"):
            start.wait()
            try:
                with transaction():
                    draft = db.session.get_one(Application, number)
                    enrollment.submit(draft, version=draft.version, by=draft.person)
                ends.append("done")
            except RenewalRefused:
                ends.append("told")

    threads = [threading.Thread(target=hand_in, args=(number,)) for number in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ends) == ["done", "told"]


# --- new and additional ---------------------------------------------------------------------------------


def test_the_first_is_new_and_the_next_is_additional(person: Person) -> None:
    assert accepted(person).kind is ApplicationKind.NEW
    colleague = builders.person(person.corporation, name=person.name)
    assert accepted(colleague).kind is ApplicationKind.NEW
    held(person)
    third = builders.person(person.corporation, name=person.name)
    assert accepted(third).kind is ApplicationKind.ADDITIONAL


def test_what_was_begun_as_the_first_is_additional_when_another_came_before(person: Person) -> None:
    draft = builders.application(A.DRAFT, person=person)
    assert draft.kind is ApplicationKind.NEW
    held(person)
    enrollment.submit(draft, version=draft.version, by=person)
    assert draft.kind is ApplicationKind.ADDITIONAL


def test_a_draft_of_a_renewal_that_is_too_late_is_not_handed_in(person: Person, hands: Any) -> None:
    one = held(person, ends=date(2026, 12, 1), state=CertificateState.REVOKED)
    one.revoked_at = jst(2025, 11, 24)
    service.check(one)
    hands.forward(days=1)
    with pytest.raises(RenewalRefused, match="失効から日がたっている"):
        service.check(one)
