"""Editions of the terms: imported once, exactly one in force on any day, never changed afterwards."""

import threading
from datetime import date
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from jcanweb import audit
from jcanweb.database import db, transaction
from jcanweb.errors import FieldRefused, RuleViolation
from jcanweb.models import AuditEntry, Edition
from jcanweb.services import terms as service
from jcanweb.terms import TermsUnreadable
from jcanweb.vocabulary import Event, Role
from tests.people import officer
from tests.terms.pages import ARTICLES, document

FIRST, SECOND = date(2026, 4, 1), date(2026, 12, 1)


def imported(version: str, effective_on: date, *, source: bytes | None = None, **values: Any) -> Edition:
    content = document() + version.encode() if source is None else source
    return service.import_edition(content, version=version, effective_on=effective_on, **values)


# --- importing ----------------------------------------------------------------------------------------


def test_the_exact_bytes_are_kept_and_the_import_is_recorded(context: Any) -> None:
    source, who = b"\xef\xbb\xbf" + document().replace(b"\n", b"\r\n"), officer(Role.APPROVER)
    edition = imported("3.0", FIRST, source=source, by=who)
    db.session.commit()
    db.session.expire_all()
    assert edition.source == source
    assert [len(article.paragraphs) for article in service.document(edition).articles] == [2, 1, 3, 1, 1, 2]
    entry = (
        db.session.query(AuditEntry)
        .filter_by(event=Event.EDITION_IMPORTED)
        .order_by(AuditEntry.sequence.desc())
        .first()
    )
    assert entry is not None
    assert entry.facts == {"version": "3.0", "sha256": edition.sha256, "effective_on": "2026-04-01"}
    assert entry.actor == f"officer:{who.id}"
    assert audit.verify() == []


def test_a_version_may_be_typed_full_width(context: Any) -> None:
    assert imported(" ３．０ ", FIRST).version == "3.0"


@pytest.mark.parametrize("version", ["", "draft", "3,0", "3.", "v3.0", "見本", "1" * 4, "3.0\u202e", "-1"])
def test_another_kind_of_version_is_refused(context: Any, version: str) -> None:
    with pytest.raises(FieldRefused, match="「3.0」の形"):
        imported(version, FIRST, source=document())


@pytest.mark.parametrize(("version", "day"), [("3.0", SECOND), ("4.0", FIRST)])
def test_a_version_or_a_day_is_taken_once(context: Any, version: str, day: date) -> None:
    imported("3.0", FIRST)
    with pytest.raises(FieldRefused, match="版 3.0（2026-04-01 施行）が既に登録"):
        imported(version, day)


def test_a_text_that_cannot_be_read_whole_is_not_kept(context: Any) -> None:
    for source in (b"", b"%PDF-1.7", document().decode().encode("cp932"), document(*ARTICLES[:8])):
        with pytest.raises(TermsUnreadable):
            imported("3.0", FIRST, source=source)
    assert [edition.official for edition in service.editions()] == [False]


def test_a_text_without_the_duties_is_not_kept(context: Any) -> None:
    without = document(*(block for block in ARTICLES if not block.strip().startswith("（")))
    with pytest.raises(TermsUnreadable, match="第5条に利用者の義務"):
        imported("3.0", FIRST, source=without)


def test_of_two_imports_at_once_one_is_refused_in_words(app: Any) -> None:
    gate, outcomes = threading.Barrier(2), []

    def run() -> None:
        with app.app_context():
            gate.wait()
            try:
                with transaction():
                    imported("3.0", FIRST)
                outcomes.append("won")
            except RuleViolation as violation:
                outcomes.append(violation.code)

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(outcomes) == ["FieldRefused", "won"]


# --- in force -----------------------------------------------------------------------------------------


def test_the_sample_serves_until_an_official_edition_is_in_force(context: Any) -> None:
    sample = service.in_force()
    assert (sample.official, sample.version) == (False, "見本")
    later = imported("3.0", SECOND)
    assert service.in_force() is sample
    assert service.in_force(SECOND) is later


def test_an_official_edition_stands_before_the_sample_whatever_its_day(context: Any) -> None:
    old = imported("1.0", date(2017, 1, 1))
    assert service.SAMPLE_FROM > old.effective_on
    assert service.in_force() is old


def test_on_any_day_exactly_one_is_in_force(context: Any) -> None:
    sample, first, second = service.in_force(), imported("3.0", FIRST), imported("4.0", SECOND)
    days = [
        (service.SAMPLE_FROM, sample), (date(2026, 3, 31), sample), (FIRST, first), (date(2026, 11, 30), first),
        (SECOND, second), (date(2999, 1, 1), second),
    ]  # fmt: skip
    assert [(day, service.in_force(day)) for day, _ in days] == days
    assert service.editions() == [second, first, sample]


def test_an_edition_imported_late_does_not_push_out_a_newer_one(context: Any) -> None:
    newer = imported("3.0", date(2026, 6, 1))
    imported("2.0", FIRST)
    assert service.in_force() is newer


def test_an_edition_begins_at_midnight_in_japan(context: Any, hands: Any) -> None:
    later = imported("3.0", SECOND)
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
    ["UPDATE edition SET source = :x", "UPDATE edition SET effective_on = '2026-01-01'",
     "UPDATE edition SET official = true", "UPDATE edition SET sha256 = 'x'", "DELETE FROM edition"],
)  # fmt: skip
def test_an_edition_is_never_changed_or_removed(context: Any, statement: str) -> None:
    with pytest.raises(IntegrityError, match="append_only"):
        db.session.execute(text(statement), {"x": b"x"} if ":x" in statement else {})


@pytest.mark.parametrize("changed", ["version", "effective_on"])
def test_a_second_edition_of_a_day_or_version_is_refused_by_sql(context: Any, changed: str) -> None:
    imported("3.0", FIRST)
    columns = {"version": "version", "effective_on": "effective_on", "official": "official", "source": "source",
               "sha256": "sha256", "imported_at": "imported_at"}  # fmt: skip
    columns[changed] = {"version": "'9.9'", "effective_on": "'2026-09-09'"}[changed]
    with pytest.raises(IntegrityError):
        db.session.execute(text(f"INSERT INTO edition ({', '.join(columns)}) SELECT {', '.join(columns.values())}"
                                " FROM edition WHERE version = '3.0'"))  # fmt: skip
