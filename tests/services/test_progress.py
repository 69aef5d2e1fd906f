"""What is begun and not yet sent: kept, found again, ended, and never taken for the act itself."""

import threading
from datetime import date
from typing import Any

import pytest

from jcanweb import jobs
from jcanweb.database import db, transaction
from jcanweb.errors import AlreadySubmitted, FieldRefused, PresentationAltered, StalePage
from jcanweb.models import Application, Consent, Document, FormProgress, Person, ReadingProgress
from jcanweb.services import documents, progress, terms
from jcanweb.services import enrollment_ledger as ledger
from jcanweb.terms import sample
from jcanweb.vocabulary import ApplicationState as A
from tests import builders


@pytest.fixture
def person(context: Any) -> Person:
    return builders.person()


@pytest.fixture
def draft(person: Person) -> Application:
    return builders.application(A.DRAFT, person=person)


def keep(draft: Application, paper: bytes | None = None, version: int | None = None, **typed: str) -> None:
    progress.keep_form(draft, typed, paper=paper, version=version or draft.version)


def test_ticks_and_place_are_found_again_and_are_no_consent(person: Person) -> None:
    edition = terms.in_force()
    progress.keep_reading(edition.id, {3, 1}, article=4, by=person)
    progress.keep_reading(edition.id, {1}, by=person)
    kept = progress.reading(person)
    assert kept is not None
    assert (kept.ticked, kept.article, kept.edition) == ([1], 4, edition)
    assert db.session.query(Consent).count() == db.session.query(Application).count() == 0


def test_another_edition_ends_the_ticks_and_the_place(person: Person) -> None:
    progress.keep_reading(terms.in_force().id, {1, 2}, article=4, by=person)
    newer = builders.edition(sample() + b"\n")
    progress.keep_reading(newer.id, {5}, by=person)
    kept = progress.reading(person)
    assert kept is not None
    assert (kept.edition_id, kept.ticked, kept.article) == (newer.id, [5], 0)


def test_what_was_shown_to_nobody_is_not_read(person: Person) -> None:
    draft = terms.import_edition(sample() + b"\n", version="9.0", proposed_on=date(2026, 11, 24))
    later = builders.edition(sample() + b"\n\n", version="9.1", effective_on=date(2026, 11, 25))
    for edition_id in (0, draft.id, later.id):
        with pytest.raises(PresentationAltered):
            progress.keep_reading(edition_id, {1}, by=person)
    assert progress.reading(person) is None


def test_a_tick_overtaken_by_the_consent_is_dropped(draft: Application, person: Person) -> None:
    progress.keep_reading(terms.in_force().id, {1}, by=person)
    assert progress.reading(person) is None
    newer = builders.edition(sample() + b"\n")
    progress.keep_reading(newer.id, {1}, by=person)
    assert progress.reading(person) is not None


def test_two_ticks_at_once_are_both_answered(app: Any) -> None:
    with app.app_context(), transaction():
        person_id, edition_id = builders.person().id, terms.in_force().id
    gate, failed = threading.Barrier(2), []

    def tick() -> None:
        gate.wait()
        try:
            with app.app_context(), transaction():
                progress.keep_reading(edition_id, {1}, by=db.session.get_one(Person, person_id))
        except Exception as failure:
            failed.append(failure)

    threads = [threading.Thread(target=tick) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failed == []
    with app.app_context():
        assert db.session.query(ReadingProgress).count() == 1


def test_a_form_is_kept_as_typed_beside_the_application(draft: Application) -> None:
    before = (draft.version, draft.common_name)
    keep(draft, common_name="  見本 ", years="9")
    kept = progress.form(draft)
    assert kept is not None
    assert (kept.typed, kept.seal_certificate) == ({"common_name": "  見本 ", "years": "9"}, None)
    assert (draft.version, draft.common_name) == before


def test_a_pdf_once_kept_stays_and_is_kept_once(draft: Application) -> None:
    pdf = builders.PDF + b"%%EOF"
    keep(draft, pdf)
    keep(draft, common_name="x")
    keep(draft, pdf)
    kept = progress.form(draft)
    assert kept is not None
    assert kept.seal_certificate is not None
    assert documents.content(kept.seal_certificate) == pdf
    assert db.session.query(Document).count() == 2  # the application's own and this


@pytest.mark.parametrize(("paper", "value"), [(b"MZ", "x"), (None, "x" * 1001), (None, "a\0b")])
def test_what_nothing_could_hold_is_refused(draft: Application, paper: bytes | None, value: str) -> None:
    with pytest.raises(FieldRefused):
        keep(draft, paper, common_name=value)
    assert progress.form(draft) is None


def test_an_old_page_keeps_nothing(draft: Application) -> None:
    with pytest.raises(StalePage):
        keep(draft, version=draft.version + 1)


@pytest.mark.parametrize("state", [A.SUBMITTED, A.WITHDRAWN])
def test_what_was_handed_in_is_not_typed_into(person: Person, state: A) -> None:
    with pytest.raises(AlreadySubmitted):
        keep(builders.application(state, person=person))


def test_what_was_typed_before_a_later_save_is_gone(draft: Application) -> None:
    keep(draft, common_name="x")
    draft.common_name = "Sales"
    db.session.flush()
    assert progress.form(draft) is None
    keep(draft, common_name="y")
    assert db.session.query(FormProgress).one().typed == {"common_name": "y"}


def test_a_lapsed_application_leaves_nothing_typed(draft: Application, hands: Any) -> None:
    keep(draft, common_name="x")
    last = ledger.lapses_on(draft)
    assert last == date(2027, 2, 24)
    hands.forward(days=(last - date(2026, 11, 24)).days)
    jobs.lapse_applications()
    assert (draft.state, db.session.query(FormProgress).count()) == (A.DRAFT, 1)
    hands.forward(days=1)
    jobs.lapse_applications()
    assert (draft.state, db.session.query(FormProgress).count()) == (A.LAPSED, 0)
