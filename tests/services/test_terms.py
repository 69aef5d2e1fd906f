"""Editions of the terms: imported by one, approved by another, one in force on any day, never changed afterwards."""

import threading
from datetime import date
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from jcanweb import audit, clock
from jcanweb.database import db, transaction
from jcanweb.errors import FieldRefused, RuleViolation, TwoPersonRule
from jcanweb.events import Event
from jcanweb.models import AuditEntry, Edition, EditionApproval, Officer
from jcanweb.roles import Role
from jcanweb.services import terms as service
from jcanweb.terms import SourceKind, text_of
from jcanweb.vocabulary import EditionState
from tests import builders
from tests.people import officer
from tests.terms.pages import ARTICLES, document
from tests.terms.pdfs import terms_pdf

FIRST, TODAY, SECOND = date(2026, 4, 1), date(2026, 11, 24), date(2026, 12, 1)


def imported(version: str, *, source: bytes | None = None, by: Officer | None = None) -> Edition:
    content = document() + version.encode() if source is None else source
    return service.import_edition(content, version=version, proposed_on=SECOND, by=by)


def standing(version: str, effective_on: date) -> Edition:
    """Approved long ago."""
    return builders.edition(document() + version.encode(), version=version, effective_on=effective_on)


def entry(event: Event) -> AuditEntry:
    found = db.session.query(AuditEntry).filter_by(event=event).order_by(AuditEntry.sequence.desc()).first()
    assert found is not None
    return found


# --- importing ----------------------------------------------------------------------------------------


def test_the_exact_bytes_and_their_text_are_kept_and_the_import_is_recorded(context: Any) -> None:
    source, who = b"\xef\xbb\xbf" + document().replace(b"\n", b"\r\n"), officer(Role.APPROVER)
    edition = imported("3.0", source=source, by=who)
    db.session.commit()
    db.session.expire_all()
    assert (edition.source, edition.text, edition.kind) == (source, text_of(source), SourceKind.TEXT)
    assert [len(article.paragraphs) for article in service.document(edition).articles] == [2, 1, 3, 1, 1, 2]
    said = entry(Event.EDITION_IMPORTED)
    assert said.facts == {"version": "3.0", "sha256": edition.sha256, "proposed_on": "2026-12-01"}
    assert said.actor == f"officer:{who.id}"
    assert audit.verify() == []


def test_a_pdf_is_read_from_the_text_that_was_kept(context: Any) -> None:
    source = terms_pdf()
    edition = imported("3.0", source=source)
    assert (edition.kind, edition.text) == (SourceKind.PDF, text_of(source))
    assert [article.number for article in service.document(edition).articles] == [1, 2, 3, 4, 5, 6]


def test_a_draft_is_not_in_force(context: Any) -> None:
    draft = service.import_edition(document(), version="3.0", proposed_on=FIRST)
    assert draft.effective_on is None
    assert service.in_force().version == "見本"
    assert service.scheduled() == []


def test_a_version_may_be_typed_full_width(context: Any) -> None:
    assert imported(" ３．０ ").version == "3.0"


@pytest.mark.parametrize("version", ["", "draft", "3,0", "3.", "v3.0", "見本", "1" * 4, "3.0\u202e", "-1"])
def test_another_kind_of_version_is_refused(context: Any, version: str) -> None:
    with pytest.raises(FieldRefused, match="「3.0」の形") as caught:
        imported(version, source=document())
    assert caught.value.field == "version"


def test_a_version_that_was_approved_is_not_imported_again(context: Any) -> None:
    standing("3.0", FIRST)
    with pytest.raises(FieldRefused, match="版 3.0 は既に登録されています。施行日は2026年4月1日"):
        imported("3.0", source=document())


@pytest.mark.parametrize("at_the_terminal", [True, False])
def test_the_same_draft_is_not_kept_twice(context: Any, at_the_terminal: bool) -> None:
    who = None if at_the_terminal else officer(Role.SCREENER)
    imported("3.0", by=who)
    with pytest.raises(FieldRefused, match="下書きとして既に登録") as caught:
        imported("3.0", by=who)
    assert caught.value.field == "file"


def test_a_wrong_draft_does_not_keep_its_version_from_being_imported_well(context: Any) -> None:
    wrong, right, who = imported("3.0"), imported("3.0", source=document()), officer(Role.APPROVER)
    service.approve(right, effective_on=TODAY, by=who)
    assert service.states([wrong, right]) == {wrong.id: EditionState.UNUSED, right.id: EditionState.IN_FORCE}
    with pytest.raises(FieldRefused, match="版 3.0 は既に承認されています"):
        service.approve(wrong, effective_on=SECOND, by=who)


def test_a_text_that_cannot_be_read_whole_is_not_kept(context: Any) -> None:
    for source in (b"", b"%PDF-1.7", document().decode().encode("cp932"), document(*ARTICLES[:8])):
        with pytest.raises(FieldRefused) as caught:
            imported("3.0", source=source)
        assert caught.value.field == "file"
    assert [edition.official for edition in service.editions()] == [False]


def test_a_text_without_the_duties_is_not_kept(context: Any) -> None:
    without = document(*(block for block in ARTICLES if not block.strip().startswith("（")))
    with pytest.raises(FieldRefused, match="第5条に利用者の義務"):
        imported("3.0", source=without)


# --- approving ----------------------------------------------------------------------------------------


def test_an_approver_schedules_what_another_imported(context: Any) -> None:
    draft, who = imported("3.0", by=officer(Role.SCREENER)), officer(Role.APPROVER)
    service.approve(draft, effective_on=SECOND, by=who)
    assert draft.approval is not None
    assert (draft.approval.approved_by, draft.approval.approved_at) == (who.id, clock.now())
    assert (draft.effective_on, service.scheduled()) == (SECOND, [draft])
    said = entry(Event.EDITION_APPROVED)
    assert said.facts == {"version": "3.0", "sha256": draft.sha256, "effective_on": "2026-12-01"}
    assert said.actor == f"officer:{who.id}"


def test_what_came_by_the_terminal_any_approver_approves_for_today(context: Any) -> None:
    draft = imported("3.0")
    service.approve(draft, effective_on=TODAY, by=officer(Role.APPROVER))
    assert service.in_force() is draft


def test_who_imported_does_not_approve(context: Any) -> None:
    who = officer(Role.APPROVER)
    with pytest.raises(TwoPersonRule, match="取り込んだ担当者"):
        service.approve(imported("3.0", by=who), effective_on=SECOND, by=who)


def test_an_edition_is_approved_once(context: Any) -> None:
    draft, who = imported("3.0"), officer(Role.APPROVER)
    service.approve(draft, effective_on=SECOND, by=who)
    with pytest.raises(FieldRefused, match="既に承認"):
        service.approve(draft, effective_on=date(2026, 12, 2), by=who)


@pytest.mark.parametrize(
    ("version", "day", "sentence"),
    [("4.0", date(2026, 11, 23), "今日以後"), ("4.0", SECOND, "版 3.0 が施行"), ("2.9", date(2026, 12, 2), "版の順"),
     ("3.0.0", date(2026, 12, 2), "版の順"), ("3", TODAY, "版の順"), ("3.1", TODAY, "版の順")],
)  # fmt: skip
def test_a_day_that_does_not_fit_is_refused_at_its_field(
    context: Any, version: str, day: date, sentence: str
) -> None:
    standing("3.0", SECOND)
    with pytest.raises(FieldRefused, match=sentence) as caught:
        service.approve(imported(version), effective_on=day, by=officer(Role.APPROVER))
    assert caught.value.field == "effective_on"


@pytest.mark.parametrize(("version", "day"), [("3.10", date(2026, 12, 2)), ("2.9", TODAY)])
def test_versions_are_compared_as_numbers(context: Any, version: str, day: date) -> None:
    standing("3.9", SECOND)
    service.approve(imported(version), effective_on=day, by=officer(Role.APPROVER))


def at_once(app: Any, *acts: tuple[int, date]) -> list[str]:
    """Approve these editions for these days, each in a thread with an approver of its own."""
    gate, outcomes = threading.Barrier(len(acts)), []
    with app.app_context(), transaction():
        approvers = [officer(Role.APPROVER).id for _ in acts]

    def run(edition_id: int, day: date, by: int) -> None:
        with app.app_context():
            gate.wait()
            try:
                with transaction():
                    service.approve(db.session.get_one(Edition, edition_id), effective_on=day,
                                    by=db.session.get_one(Officer, by))  # fmt: skip
                outcomes.append("won")
            except RuleViolation as violation:
                outcomes.append(violation.sentence)

    threads = [threading.Thread(target=run, args=(*act, by)) for act, by in zip(acts, approvers, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return sorted(outcomes, key=lambda outcome: outcome != "won")


@pytest.mark.parametrize(
    ("days", "sentence"),
    [((SECOND, SECOND), "別の日を入力"), ((SECOND, TODAY), "版の順と施行日の順")],
)
def test_of_two_approvals_at_once_that_do_not_fit_together_one_is_refused(
    app: Any, days: tuple[date, date], sentence: str
) -> None:
    with app.app_context(), transaction():
        drafts = [imported("3.0").id, imported("4.0").id]
    outcomes = at_once(app, *zip(drafts, days, strict=True))
    assert outcomes[0] == "won"
    assert sentence in outcomes[1]


def test_of_two_approvals_of_one_edition_at_once_one_is_refused(app: Any) -> None:
    with app.app_context(), transaction():
        draft = imported("3.0").id
    outcomes = at_once(app, (draft, SECOND), (draft, TODAY))
    assert outcomes[0] == "won"
    assert "既に承認" in outcomes[1]


# --- in force -----------------------------------------------------------------------------------------


def test_the_sample_serves_until_an_official_edition_is_in_force(context: Any) -> None:
    sample = service.in_force()
    assert (sample.official, sample.version) == (False, "見本")
    assert sample.approval is not None
    assert (sample.approval.imported_by, sample.approval.approved_by) == (None, None)
    later = standing("3.0", SECOND)
    assert service.in_force() is sample
    assert service.in_force(SECOND) is later


def test_an_official_edition_stands_before_the_sample_whatever_its_day(context: Any) -> None:
    old = standing("1.0", date(2017, 1, 1))
    assert service.SAMPLE_FROM > date(2017, 1, 1)
    assert service.in_force() is old


def test_on_any_day_exactly_one_is_in_force(context: Any) -> None:
    sample, first, second, draft = (
        service.in_force(),
        standing("3.0", FIRST),
        standing("4.0", SECOND),
        imported("5"),
    )
    days = [
        (service.SAMPLE_FROM, sample), (date(2026, 3, 31), sample), (FIRST, first), (date(2026, 11, 30), first),
        (SECOND, second), (date(2999, 1, 1), second),
    ]  # fmt: skip
    assert [(day, service.in_force(day)) for day, _ in days] == days
    assert service.editions() == [draft, second, first, sample]
    assert list(service.states(service.editions()).values()) == [
        EditionState.DRAFT,
        EditionState.SCHEDULED,
        EditionState.IN_FORCE,
        EditionState.FORMER,
    ]


def test_an_edition_begins_at_midnight_in_japan(context: Any, hands: Any) -> None:
    later = standing("3.0", SECOND)
    hands.at = hands.at.replace(month=11, day=30, hour=14, minute=59)
    assert service.in_force() is not later
    hands.forward(minutes=1)
    assert service.in_force() is later


def test_before_the_first_edition_there_is_none(context: Any) -> None:
    with pytest.raises(FieldRefused, match="有効な利用規約がありません"):
        service.in_force(date(2000, 1, 1))


# --- by raw SQL ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    ["UPDATE edition SET source = :x", "UPDATE edition SET proposed_on = '2026-01-01'",
     "UPDATE edition SET official = true", "UPDATE edition SET sha256 = 'x'", "UPDATE edition SET text = 'x'",
     "DELETE FROM edition_approval", "UPDATE edition_approval SET effective_on = '2026-01-01'",
     "UPDATE edition_approval SET approved_by = NULL"],
)  # fmt: skip
def test_an_edition_and_its_approval_are_never_changed_or_removed(context: Any, statement: str) -> None:
    with pytest.raises(IntegrityError, match="append_only"):
        db.session.execute(text(statement), {"x": b"x"} if ":x" in statement else {})


def approval(of: Edition, **values: Any) -> None:
    """INSERT an approval as it should be, but for these columns."""
    row = {"edition_id": of.id, "version": of.version, "official": of.official, "imported_by": of.imported_by,
           "approved_at": "2026-11-24 00:00:00", "effective_on": "2026-12-01", **values}  # fmt: skip
    names = ", ".join(row)
    marks = ", ".join(f":{name}" for name in row)
    db.session.execute(text(f"INSERT INTO edition_approval ({names}) VALUES ({marks})"), row)  # noqa: S608 - names from this test


def test_by_sql_who_imported_does_not_approve(context: Any) -> None:
    who, other = officer(Role.APPROVER), officer(Role.APPROVER)
    draft, taken = imported("3.0", by=who), standing("2.0", FIRST)
    cases: list[tuple[dict[str, Any], str]] = [
        ({"approved_by": who.id}, "two_person_approve"),
        ({"approved_by": who.id, "imported_by": None}, "two_person_imported"),
        ({"approved_by": who.id, "imported_by": other.id}, "two_person_imported|FOREIGN KEY|fk_"),
        ({"approved_by": other.id, "official": False}, "two_person_imported"),
        ({"approved_by": other.id, "version": "9.9"}, "two_person_imported"),
        ({"approved_by": None}, "ck_edition_approval_approved"),
        ({"approved_by": other.id, "effective_on": FIRST.isoformat()}, "uq_edition_approval_day|UNIQUE"),
    ]
    for values, sentence in cases:
        nested = db.session.begin_nested()
        with pytest.raises(IntegrityError, match=sentence):
            approval(draft, **values)
        nested.rollback()
    nested = db.session.begin_nested()
    with pytest.raises(IntegrityError, match="edition_id|uq_"):
        approval(taken, approved_by=other.id)
    nested.rollback()
    approval(draft, approved_by=other.id)
    db.session.flush()
    assert db.session.query(EditionApproval).filter_by(edition_id=draft.id).count() == 1
