"""The child process that opens a paper that was handed in (印鑑証明書): `paper` starts it. PDF on stdin, JSON on stdout.

{"refusal": name or null}. A PDF is a program by a stranger: two readers must see the same pages, and no object in it
may act, be it reachable or not (ISO 32000-2, 12.6 actions, 7.11.4 embedded files).
"""

import json
import sys
from collections.abc import Iterator
from enum import StrEnum
from io import BytesIO
from typing import Any

from jcanweb.terms.pdf_process import confine

MAXIMUM_PAGES = 10
MAXIMUM_OBJECTS = 20_000
SECONDS = 20
"""of computing; a scanned page takes less than one"""
MAXIMUM_CONTENT = 20_000_000
"""bytes that a compressed object may unpack to; pictures are unpacked by the renderer, within the memory"""
LONGEST = 14_400
"""units of a page's side: 200 inches (ISO 32000-1, annex C)"""
THUMB = 200
"""pixels of a drawn page's longer side"""

SCRIPT_KEYS = {"/JS", "/JavaScript", "/XFA"}
FILE_KEYS = {"/EmbeddedFiles", "/EF", "/RichMediaContent"}
FILE_KINDS = {"/EmbeddedFile", "/FileAttachment", "/RichMedia"}
ACTS = {"/Launch", "/ImportData", "/SubmitForm", "/GoToE", "/Movie", "/Sound", "/Rendition"}


class Refusal(StrEnum):
    """What is wrong with a paper."""

    ENCRYPTED = "encrypted"
    DAMAGED = "damaged"
    NO_PAGE = "no_page"
    TOO_MANY_PAGES = "too_many_pages"
    SCRIPT = "script"
    ATTACHMENT = "attachment"
    ACTION = "action"
    BLANK = "blank"
    TOO_HEAVY = "too_heavy"


class Refused(Exception):
    def __init__(self, refusal: Refusal) -> None:
        self.refusal = refusal


def check(source: bytes) -> None:
    """Is it a paper of 1 to MAXIMUM_PAGES pages that can be drawn and does nothing? Raises Refused."""
    from pypdf.errors import LimitReachedError

    try:
        draw(source, read(source))
    except (MemoryError, LimitReachedError):
        raise Refused(Refusal.TOO_HEAVY) from None
    except Refused:
        raise
    except Exception:  # a broken file breaks the libraries in any way
        raise Refused(Refusal.DAMAGED) from None


def read(source: bytes) -> int:
    """How many pages it has, once every object was looked at. Raises Refused."""
    import pypdf
    from pypdf.errors import LimitReachedError

    pypdf.overwrite_configuration(
        zlib_maximum_output_length=MAXIMUM_CONTENT,
        lzw_maximum_output_length=MAXIMUM_CONTENT,
        run_length_maximum_output_length=MAXIMUM_CONTENT,
        stream_decoding_work_maximum_length=2 * MAXIMUM_CONTENT,
        page_tree_maximum_entries=MAXIMUM_PAGES * 10,
        jbig2dec_binary=None,
    )
    reader = pypdf.PdfReader(BytesIO(source))
    if reader.is_encrypted:
        raise Refused(Refusal.ENCRYPTED)
    try:
        count = len(reader.pages)
    except LimitReachedError:
        raise Refused(Refusal.TOO_MANY_PAGES) from None
    if count == 0:
        raise Refused(Refusal.NO_PAGE)
    if count > MAXIMUM_PAGES:
        raise Refused(Refusal.TOO_MANY_PAGES)
    for thing in objects(reader):
        harmless(thing)
    for page in reader.pages:
        contents = page.get_contents()
        if contents is not None:
            contents.get_data()
    return count


def objects(reader: Any) -> Iterator[Any]:
    """Every object of the file, whether a page leads to it or not. Raises Refused."""
    from pypdf.generic import IndirectObject

    numbers = [(number, made) for made, table in reader.xref.items() for number in table]
    numbers += [(number, 0) for number in reader.xref_objStm]
    if len(numbers) > MAXIMUM_OBJECTS:
        raise Refused(Refusal.TOO_HEAVY)
    yield reader.trailer
    for number, made in numbers:
        if made != 65535:  # the head of the list of free numbers
            yield reader.get_object(IndirectObject(number, made, reader))


def harmless(thing: Any) -> None:
    """Neither it nor what stands in it is a script, a file or an action beyond turning pages. Raises Refused."""
    rest = [thing]
    while rest:
        one = rest.pop()
        if isinstance(one, dict):
            kinds = {str(one.get(key)) for key in ("/S", "/Type", "/Subtype")}
            if set(one) & SCRIPT_KEYS or "/JavaScript" in kinds:
                raise Refused(Refusal.SCRIPT)
            if set(one) & FILE_KEYS or kinds & FILE_KINDS:
                raise Refused(Refusal.ATTACHMENT)
            if kinds & ACTS:
                raise Refused(Refusal.ACTION)
            rest += dict.values(one)
        elif isinstance(one, list):
            rest += list.__iter__(one)


def draw(source: bytes, count: int) -> None:
    """Draw every page small; at least one shows something. Raises Refused."""
    import pypdfium2

    document = pypdfium2.PdfDocument(source)
    if len(document) != count:
        raise Refused(Refusal.DAMAGED)
    seen = False
    for page in document:
        longer = max(page.get_size())
        if not 1 <= min(page.get_size()) or longer > LONGEST:
            raise Refused(Refusal.DAMAGED)
        bitmap = page.render(scale=THUMB / longer, grayscale=True)
        rows = (bytes(bitmap.buffer)[y * bitmap.stride :][: bitmap.width] for y in range(bitmap.height))
        seen |= any(row.strip(b"\xff") for row in rows)
    if not seen:
        raise Refused(Refusal.BLANK)


def main() -> None:
    """Answers one PDF."""
    confine(seconds=SECONDS)
    refusal = None
    try:
        check(sys.stdin.buffer.read())
    except Refused as refused:
        refusal = refused.refusal
    sys.stdout.write(json.dumps({"refusal": refusal}))


if __name__ == "__main__":
    main()
