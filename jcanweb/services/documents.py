"""Documents handed in by applicants: kept sealed, opened only to be read by an officer (product.md §4)."""

import hashlib
from datetime import date

from sqlalchemy import select

from jcanweb import calendar, clock, keys, paper
from jcanweb.config import setting
from jcanweb.database import db, flush
from jcanweb.errors import FieldRefused
from jcanweb.models import Document, Person
from jcanweb.paper_process import MAXIMUM_PAGES, Refusal

_AGAIN = "{what}だけをPDFにし直して、選んでください。"
REFUSALS = {
    Refusal.ENCRYPTED: "パスワードや制限がかかったPDFです。かかっていないPDFを選んでください。",
    Refusal.DAMAGED: f"PDFが壊れていて、開けません。{_AGAIN}",
    Refusal.NO_PAGE: f"ページのないPDFです。{_AGAIN}",
    Refusal.TOO_MANY_PAGES: f"{MAXIMUM_PAGES}ページを超えています。{_AGAIN}",
    Refusal.SCRIPT: f"プログラム（JavaScriptなど）の入ったPDFは受け取れません。{_AGAIN}",
    Refusal.ATTACHMENT: f"別のファイルが添付されたPDFは受け取れません。{_AGAIN}",
    Refusal.ACTION: f"開くと別の動作を始めるPDFは受け取れません。{_AGAIN}",
    Refusal.BLANK: "何も書かれていないPDFです。{what}が写っているか確かめて、選び直してください。",
    Refusal.TOO_HEAVY: f"中身が大きすぎるか複雑なため、開けません。{_AGAIN}",
}


def check_pdf(content: bytes, what: str = "印鑑証明書", field: str = "seal_certificate") -> None:
    """Is this a PDF of a paper, and not larger than UPLOAD_MAX_BYTES? The name and the declared type are not looked at.

    ISO 32000-1 §7.5.2 (header) and §7.5.5 (trailer: %%EOF within the last 1,024 bytes); then a child process opens it:
    1 to MAXIMUM_PAGES pages, one of them with something on it, and nothing that acts. Raises FieldRefused.
    """
    limit = setting("UPLOAD_MAX_BYTES")
    if not content:
        raise FieldRefused(f"ファイルが空です。{what}のPDFを選び直してください。", field=field)
    if len(content) > limit:
        raise FieldRefused(
            f"ファイルが大きすぎます。{limit // (1024 * 1024)}MB以内のPDFを選んでください。",
            field=field,
        )
    if content[:7] not in (b"%PDF-1.", b"%PDF-2.") or b"%%EOF" not in content[-1024:]:
        raise FieldRefused(
            f"PDFとして読めないファイルです。{what}をPDFで保存し、選び直してください。",
            field=field,
        )
    refusal = paper.refusal(content)
    if refusal is not None:
        raise FieldRefused(REFUSALS[refusal].format(what=what), field=field)


def oldest_day() -> date:
    """The earliest day of issue (Japan) of a 印鑑証明書 that may be handed in today."""
    return calendar.months_before(calendar.jst_date(clock.now()), setting("SEAL_CERTIFICATE_MONTHS"))


def check_issued_on(day: date) -> None:
    """A 印鑑証明書 of that day may be handed in today (Japan): at most SEAL_CERTIFICATE_MONTHS old, not later.

    Raises FieldRefused.
    """
    today, months = calendar.jst_date(clock.now()), setting("SEAL_CERTIFICATE_MONTHS")
    if day > today:
        raise FieldRefused("発行日が今日より後です。印鑑証明書に書かれた発行日を確認してください。",
                           field="seal_certificate_on")  # fmt: skip
    if not calendar.within_months(day, today, months):
        raise FieldRefused(
            f"発行から{months}か月を過ぎています。"
            f"{calendar.japanese_date(oldest_day())}以後に発行されたものを用意してください。",
            field="seal_certificate_on",
        )


def keep(content: bytes, *, by: Person) -> Document:
    """Seal the bytes of an uploaded PDF for this person; only size and SHA-256 stay open. Sent again, they are kept once."""
    sha256 = hashlib.sha256(content).hexdigest()
    before = db.session.scalar(
        select(Document).where(Document.person_id == by.id, Document.sha256 == sha256).limit(1)
    )
    if before is not None:
        return before
    sealed = keys.sealer().seal(content, _context(by.id, sha256))
    document = Document(
        person_id=by.id, sha256=sha256, size=len(content), content=sealed, uploaded_at=clock.now()
    )
    db.session.add(document)
    flush()
    return document


def content(document: Document) -> bytes:
    """The bytes as they were handed in. Raises pki.sealbox.CannotUnseal for a row that was moved or changed."""
    return keys.sealer().open(document.content, _context(document.person_id, document.sha256))


def _context(person_id: int, sha256: str) -> str:
    return f"document.content of person {person_id}, sha256 {sha256}"
