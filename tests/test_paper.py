"""Papers by strangers, each made here: what is accepted as a 印鑑証明書 and what each of the others is refused for."""

import io
import zlib
from collections.abc import Callable

import pytest
from pypdf import PdfReader, PdfWriter
from pypdf.annotations import FreeText
from pypdf.generic import ArrayObject, DictionaryObject, NameObject, TextStringObject

from jcanweb import paper
from jcanweb.paper_process import Refusal
from tests.builders import PDF
from tests.terms.pdfs import by_hand, empty, encrypted, written


def changed(act: Callable[[PdfWriter], object]) -> bytes:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(PDF)))
    act(writer)
    return written(writer)


def of(**entries: object) -> DictionaryObject:
    return DictionaryObject({
        NameObject(f"/{name}"): NameObject(value) if str(value).startswith("/") else value if isinstance(value, DictionaryObject | ArrayObject) else TextStringObject(str(value))
        for name, value in entries.items()
    })  # fmt: skip


def set_in(writer: PdfWriter, name: str, value: DictionaryObject) -> None:
    writer.root_object[NameObject(name)] = value


def many(count: int) -> bytes:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(PDF)))
    for _ in range(count - 1):
        writer.add_page(writer.pages[0])
    return written(writer)


def scan(size: tuple[int, int] = (600, 800), packed: bytes | None = None) -> bytes:
    """A page that is only a grey picture, as a scanner makes it."""
    width, height = size
    content = packed or zlib.compress(
        bytes(255 if (x + y) % 7 else 0 for y in range(height) for x in range(width))
    )
    picture = (
        b"<< /Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace /DeviceGray /BitsPerComponent 8 "
        b"/Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream" % (width, height, len(content), content)
    )
    return by_hand(b"q 595 0 0 842 0 0 cm /X Do Q", more=[picture])


ACCEPTED = {
    "a page of text": lambda: PDF,
    "only a picture": scan,
    "ten pages": lambda: many(10),
    "opens at a place of its own": lambda: changed(lambda w: set_in(w, "/OpenAction", of(S="/GoTo", D="a"))),
    "links to a web page": lambda: changed(lambda w: set_in(w, "/Kept", of(S="/URI", URI="https://example.jp/"))),
    "with a written note": lambda: changed(lambda w: w.add_annotation(0, FreeText(text="memo", rect=(9, 9, 90, 90)))),
    "with blank pages behind": lambda: changed(lambda w: w.add_blank_page(595, 842)),
}  # fmt: skip
REFUSED = {
    "cut in the middle": (lambda: PDF[: len(PDF) // 2] + b"\n%%EOF\n", Refusal.DAMAGED),
    "only a head and an end": (lambda: b"%PDF-1.7\n%%EOF\n", Refusal.DAMAGED),
    "a web page between": (lambda: b"%PDF-1.7\n<html><script>alert(1)</script></html>\n%%EOF\n", Refusal.DAMAGED),
    "under a password": (lambda: encrypted(PDF, "secret", "owner"), Refusal.ENCRYPTED),
    "under restrictions": (lambda: encrypted(PDF, "", "owner"), Refusal.ENCRYPTED),
    "no page": (lambda: written(PdfWriter()), Refusal.NO_PAGE),
    "a blank page": (lambda: empty(1), Refusal.BLANK),
    "eleven pages": (lambda: many(11), Refusal.TOO_MANY_PAGES),
    "10,000 pages": (lambda: empty(10_000), Refusal.TOO_MANY_PAGES),
    "a script by name": (
        lambda: changed(lambda w: set_in(w, "/Names", of(JavaScript=of(Names=ArrayObject())))),
        Refusal.SCRIPT,
    ),
    "a script when it opens": (lambda: changed(lambda w: set_in(w, "/OpenAction", of(S="/JavaScript", JS="app.alert(1)"))), Refusal.SCRIPT),
    "a script in a name tree's corner": (lambda: changed(lambda w: set_in(w, "/AA", of(WC=of(S="/JavaScript")))), Refusal.SCRIPT),
    "a script that nothing leads to": (lambda: changed(lambda w: w._add_object(of(S="/JavaScript", JS="1"))), Refusal.SCRIPT),
    "a script under a spelled-out name": (lambda: changed(lambda w: w._add_object(of(S="/GoTo", JS="1"))).replace(b"/JS", b"/#4a#53"), Refusal.SCRIPT),
    "a form that is a program": (lambda: changed(lambda w: set_in(w, "/AcroForm", of(XFA=ArrayObject()))), Refusal.SCRIPT),
    "an attached file": (lambda: changed(lambda w: w.add_attachment("a.exe", b"MZ")), Refusal.ATTACHMENT),
    "another program to start": (lambda: changed(lambda w: set_in(w, "/OpenAction", of(S="/Launch", F="cmd.exe"))), Refusal.ACTION),
    "a form that sends itself": (lambda: changed(lambda w: w._add_object(of(S="/SubmitForm", F="https://example.jp/"))), Refusal.ACTION),
    "a page a mile long": (lambda: PDF.replace(b"595 842", b"595 999999"), Refusal.DAMAGED),
    "contents that unpack to 200 MB": (lambda: by_hand(b"0 0 m " * 33_000_000), Refusal.TOO_HEAVY),
    "a picture of 30,000 by 60,000": (lambda: scan((30_000, 60_000), zlib.compress(bytes(9_000_000))), Refusal.BLANK),
}  # fmt: skip


@pytest.mark.parametrize("name", ACCEPTED)
def test_a_paper_is_accepted(name: str) -> None:
    assert paper.refusal(ACCEPTED[name]()) is None


@pytest.mark.parametrize("name", REFUSED)
def test_a_hostile_or_useless_file_is_refused(name: str) -> None:
    make, why = REFUSED[name]
    assert paper.refusal(make()) is why


def test_the_answer_is_kept_by_digest_and_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bytes] = []
    monkeypatch.setattr(paper, "_ask", lambda content: asked.append(content))
    monkeypatch.setattr(paper, "_answers", {})
    monkeypatch.setattr(paper, "KNOWN", 2)
    for content in (b"a", b"a", b"b", b"c", b"a"):
        paper.refusal(content)
    assert asked == [b"a", b"b", b"c", b"a"]
