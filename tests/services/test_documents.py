"""Uploaded papers: what counts as a PDF, how old it may be, and that only a sealed copy is kept."""

from datetime import date
from typing import Any

import pytest

from jcanweb.config import setting
from jcanweb.database import db
from jcanweb.errors import FieldRefused
from jcanweb.models import Document, Person
from jcanweb.paper_process import Refusal
from jcanweb.pki.sealbox import CannotUnseal
from jcanweb.services import documents as service
from tests import builders
from tests.terms.pdfs import encrypted


@pytest.fixture
def person(context: Any) -> Person:
    return builders.person()


def pdf(size: int) -> bytes:
    return b"%PDF-1.4\n%" + b"0" * (size - len(builders.PDF) - 2) + b"\n" + builders.PDF[9:]


def test_a_pdf_may_be_as_large_as_the_limit(context: Any) -> None:
    limit = setting("UPLOAD_MAX_BYTES")
    service.check_pdf(pdf(limit))
    service.check_pdf(builders.PDF.replace(b"%PDF-1.4", b"%PDF-2.0"))
    with pytest.raises(FieldRefused, match="10MB以内"):
        service.check_pdf(pdf(limit + 1))


@pytest.mark.parametrize(
    "content",
    [b"MZ\x90\x00", b"%PDF-", b"%PDF-1.7", b"%%EOF", b"\xef\xbb\xbf%PDF-1.7\n%%EOF", b"%PDF-3.0\n%%EOF", b"PK\x03\x04%%EOF",
     b"%PDF-1.7\n%%EOF" + b" " * 2000],
)  # fmt: skip
def test_what_is_no_pdf_is_refused(context: Any, content: bytes) -> None:
    with pytest.raises(FieldRefused, match="PDFとして読めない") as refusal:
        service.check_pdf(content)
    assert refusal.value.field == "seal_certificate"


def test_every_refusal_of_a_paper_has_its_own_sentence_at_the_field(context: Any) -> None:
    assert set(service.REFUSALS) == set(Refusal)
    assert len(set(service.REFUSALS.values())) == len(Refusal)
    with pytest.raises(FieldRefused, match="パスワードや制限") as refusal:
        service.check_pdf(encrypted(builders.PDF, "secret", "owner"))
    assert refusal.value.field == "seal_certificate"


def test_an_empty_file_is_refused(context: Any) -> None:
    with pytest.raises(FieldRefused, match="空です"):
        service.check_pdf(b"")


def test_a_paper_is_at_most_three_months_old(context: Any) -> None:
    assert service.oldest_day() == date(2026, 8, 24)
    service.check_issued_on(date(2026, 8, 24))
    service.check_issued_on(date(2026, 11, 24))
    for day, words in ((date(2026, 8, 23), "2026年8月24日（月）以後"), (date(2026, 11, 25), "今日より後")):
        with pytest.raises(FieldRefused, match=words) as refusal:
            service.check_issued_on(day)
        assert refusal.value.field == "seal_certificate_on"


def test_today_is_the_day_in_japan(context: Any, hands: Any) -> None:
    hands.forward(hours=14)  # 15:00 UTC: the next day in Japan
    service.check_issued_on(date(2026, 11, 25))


def test_only_a_sealed_copy_is_kept(person: Person) -> None:
    kept = service.keep(builders.PDF, by=person)
    assert service.content(kept) == builders.PDF
    assert builders.PDF[:20] not in kept.content
    assert (kept.size, len(kept.sha256)) == (len(builders.PDF), 64)


def test_a_sealed_copy_moved_to_another_person_does_not_open(person: Person) -> None:
    kept = service.keep(builders.PDF, by=person)
    kept.person_id = builders.person().id
    with pytest.raises(CannotUnseal):
        service.content(kept)


def test_a_changed_copy_does_not_open(person: Person) -> None:
    kept = service.keep(builders.PDF, by=person)
    kept.content = kept.content[:-1] + bytes([kept.content[-1] ^ 1])
    db.session.flush()
    with pytest.raises(CannotUnseal):
        service.content(db.session.get_one(Document, kept.id))
