"""PDFs with our own words: set by typst from the blocks of `pages`, and a few written by hand."""

import functools
import io
import json
import zlib
from collections.abc import Sequence
from pathlib import Path

import pylopdf_fonts_jp
import typst
from pypdf import PdfReader, PdfWriter

from tests.terms.pages import ARTICLES, COMPANY, END, HEAD

FONTS = str(Path(pylopdf_fonts_jp.__file__).parent)
FRONT = (HEAD, COMPANY)


@functools.cache
def typeset(
    blocks: tuple[str, ...], head: str = "", revisions: tuple[str, ...] = (), inside: str = ""
) -> bytes:
    """A4 pages with page numbers, a running head, the last rows as a table; `inside` is typst's own markup."""
    body = [f"#text({json.dumps(block.strip(), ensure_ascii=False)})" for block in blocks]
    if revisions:
        cells = [json.dumps(cell, ensure_ascii=False) for row in revisions for cell in columns(row)]
        body.append(f"#table(columns: (auto, 1fr, auto), {', '.join(cells)})")
    source = "\n\n".join(
        [
            "#set document(date: none)",
            f'#set page(paper: "a5", numbering: "- 1 -", header: align(right, text(size: 8pt, "{head}")))',
            '#set text(font: "Noto Sans JP", size: 11pt, lang: "ja")',
            "#set par(justify: true)",
            *body,
            inside,
        ]
    )
    made, warnings = typst.compile_with_warnings(
        source.encode(), format="pdf", font_paths=[FONTS], ignore_system_fonts=True
    )
    assert not warnings
    assert isinstance(made, bytes)
    return made


def columns(row: str) -> Sequence[str]:
    first, _, rest = row.strip().partition(" ")
    middle, _, last = rest.rpartition(" ")
    return first, middle, last


def terms_pdf(head: str = "花見会 規約集") -> bytes:
    """The whole document of `pages` as a PDF of several pages with a revision table."""
    return typeset((*FRONT, *ARTICLES, END[0], END[2]), head, END[3:])


def encrypted(source: bytes, user: str, owner: str) -> bytes:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(source)))
    writer.encrypt(user, owner, algorithm="RC4-128")
    return written(writer)


def empty(pages: int) -> bytes:
    """Pages without anything."""
    writer = PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(595, 842)
    return written(writer)


def written(writer: PdfWriter) -> bytes:
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def by_hand(*contents: bytes, font: bytes = b"/Encoding /90ms-RKSJ-H", more: Sequence[bytes] = ()) -> bytes:
    """One page for each content stream; /F is a Japanese font without a file, `more` are objects from number 10."""
    objects = {
        1: b"<< /Type /Catalog /Pages 2 0 R >>",
        3: b"<< /Type /Font /Subtype /Type0 /BaseFont /Mincho /DescendantFonts [4 0 R] " + font + b" >>",
        4: b"<< /Type /Font /Subtype /CIDFontType0 /BaseFont /Mincho /FontDescriptor 5 0 R /DW 1000 "
        b"/CIDSystemInfo << /Registry (Adobe) /Ordering (Japan1) /Supplement 2 >> >>",
        5: b"<< /Type /FontDescriptor /FontName /Mincho /Flags 4 /FontBBox [0 0 1000 1000] /ItalicAngle 0 "
        b"/Ascent 800 /Descent -200 /CapHeight 700 /StemV 80 >>",
    }
    objects |= dict(enumerate(more, 10))
    kids = []
    for number, content in enumerate(contents, 100):
        packed = zlib.compress(content, 9)
        objects[number] = b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (
            len(packed),
            packed,
        )
        objects[number + 1000] = (
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents %d 0 R "
            b"/Resources << /Font << /F 3 0 R >> /XObject << %s >> >> >>"
            % (number, b"/X 10 0 R" if more else b"")
        )
        kids.append(b"%d 0 R" % (number + 1000))
    objects[2] = b"<< /Type /Pages /Count %d /Kids [%s] >>" % (len(kids), b" ".join(kids))
    out, places = bytearray(b"%PDF-1.7\n"), {}
    for number, value in sorted(objects.items()):
        places[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, value)
    start = len(out)
    out += b"xref\n0 1\n0000000000 65535 f \n"
    for number, place in places.items():
        out += b"%d 1\n%010d 00000 n \n" % (number, place)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (max(objects) + 1, start)
    return bytes(out)


def lines(*rows: str, mode: int = 0, encoding: str = "cp932") -> bytes:
    """A content stream that shows these lines from the top."""
    shown = b"".join(b"<%s> Tj T*\n" % row.encode(encoding).hex().encode() for row in rows)
    return b"BT /F 11 Tf 14 TL 1 0 0 1 60 780 Tm %d Tr\n%sET\n" % (mode, shown)
