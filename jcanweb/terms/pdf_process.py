"""The child process that opens a PDF: `pdf` starts it. PDF on stdin, JSON on stdout.

{"pages": [{"text": …, "beside": [what has words that are not text]}]} or {"refusal": name, "page": number}.
Silence of the library is wanted: what it warns of may be lost text, so any warning is a refusal.
"""

import contextlib
import json
import logging
import sys
from collections.abc import Iterator
from enum import StrEnum
from io import BytesIO
from typing import Any

MAXIMUM_PAGES = 200
SECONDS = 60
"""for the whole file; 200 dense pages took 10 s, on a busy machine 35 s"""
MAXIMUM_MEMORY = 1 << 30
"""bytes of address space"""
_INVISIBLE = (3, 7)  # text rendering modes, ISO 32000-2 9.3.6
_PAINTING = {b"f", b"F", b"f*", b"B", b"B*", b"b", b"b*", b"S", b"s", b"sh"}
_WRITTEN_IN = {"/FreeText", "/Stamp", "/Widget", "/Ink"}


class Refusal(StrEnum):
    ENCRYPTED = "encrypted"
    DAMAGED = "damaged"
    NO_TEXT = "no_text"
    TOO_MANY_PAGES = "too_many_pages"
    TOO_HEAVY = "too_heavy"
    HIDDEN = "hidden"
    UNSURE = "unsure"


class Refused(Exception):
    def __init__(self, refusal: Refusal, page: int = 0) -> None:
        self.refusal, self.page = refusal, page


class Watch:
    """Sees every operator of a page's content, for what the text alone does not tell."""

    def __init__(self) -> None:
        self.hidden = self.painted = self.inline = False
        self.fonts: set[str] = set()
        self.drawn: set[str] = set()
        self._mode = 0
        self._stack: list[int] = []

    def __call__(self, operator: bytes, operands: Any, *_: object) -> None:
        if operator == b"q":
            self._stack.append(self._mode)
        elif operator == b"Q" and self._stack:
            self._mode = self._stack.pop()
        elif operator == b"Tr" and operands:
            self._mode = operands[0]
        elif operator in (b"Tj", b"TJ", b"'", b'"'):
            self.hidden |= self._mode in _INVISIBLE
        elif operator == b"Do" and operands:
            self.drawn.add(operands[0])
        elif operator == b"INLINE IMAGE":
            self.inline = True
        self.painted |= operator in _PAINTING


def read(source: bytes) -> list[dict[str, Any]]:
    """The pages. Raises Refused."""
    import pypdf
    from pypdf.errors import LimitReachedError

    pypdf.overwrite_configuration(
        zlib_maximum_output_length=20_000_000,
        lzw_maximum_output_length=20_000_000,
        run_length_maximum_output_length=20_000_000,
        stream_decoding_work_maximum_length=50_000_000,
        stream_parsing_work_maximum_count=200_000,
        page_tree_maximum_entries=10_000,
        jbig2dec_binary=None,
    )
    number = 0
    try:
        with warnings_refuse(Refusal.DAMAGED):
            reader = pypdf.PdfReader(BytesIO(source))
            if reader.is_encrypted:
                raise Refused(Refusal.ENCRYPTED)
            count = len(reader.pages)
        if count > MAXIMUM_PAGES:
            raise Refused(Refusal.TOO_MANY_PAGES)
        pages = []
        for number, page in enumerate(reader.pages, 1):
            with warnings_refuse(Refusal.UNSURE, number):
                pages.append(read_page(page, number))
    except (MemoryError, LimitReachedError):
        raise Refused(Refusal.TOO_HEAVY) from None
    except Refused:
        raise
    except Exception:  # a broken file breaks the library in any way
        raise Refused(Refusal.UNSURE if number else Refusal.DAMAGED, number) from None
    if not any(page["text"].strip() for page in pages):
        raise Refused(Refusal.NO_TEXT)
    return pages


def read_page(page: Any, number: int) -> dict[str, Any]:
    """One page's text in the order in which its content writes it, and what stands beside the text."""
    watch = Watch()
    text = page.extract_text(visitor_operand_before=watch)
    if watch.hidden:
        raise Refused(Refusal.HIDDEN, number)
    resources = page.get("/Resources", {}).get_object()
    names = entries(resources, "/XObject")
    drawn = list(all_drawn([names[name].get_object() for name in watch.drawn if name in names]))
    fonts = [font.get_object() for font in entries(resources, "/Font").values()]
    if any(nameless(font) for font in fonts) or any(borrows(one) for one in drawn):
        raise Refused(Refusal.UNSURE, number)
    beside = []
    picture = watch.inline or any(one.get("/Subtype") == "/Image" for one in drawn)
    if picture or (watch.painted and not text.strip()):
        beside.append("画像")
    notes = [note.get_object() for note in page.get("/Annots") or ()]
    if any(note.get("/Subtype") in _WRITTEN_IN for note in notes):
        beside.append("書き込み")
    return {"text": text, "beside": beside}


def entries(resources: Any, name: str) -> dict[str, Any]:
    """One dictionary of a page's resources, or an empty one."""
    found = resources.get(name)
    return dict(found.get_object()) if found is not None else {}


def all_drawn(some: list[Any]) -> Iterator[Any]:
    """These images and forms, and what the forms may draw, each once."""
    known: set[int] = set()
    while some:
        one = some.pop()
        if id(one) not in known:
            known.add(id(one))
            yield one
            if "/Resources" in one:
                some += [x.get_object() for x in entries(one["/Resources"], "/XObject").values()]


def borrows(drawn: Any) -> bool:
    """A form whose text uses the page's fonts (ISO 32000-2, 7.8.3 calls it obsolete): pypdf passes it over."""
    return drawn.get("/Subtype") == "/Form" and "/Resources" not in drawn and b"T" in drawn.get_data()


def nameless(font: Any) -> bool:
    """A font that numbers its glyphs and says for none which character it is (ISO 32000-2, 9.10.2)."""
    return str(font.get("/Encoding")).startswith("/Identity") and "/ToUnicode" not in font


class Ear(logging.Handler):
    """Hears that something was warned of."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.heard = False

    def emit(self, record: logging.LogRecord) -> None:
        self.heard = True


@contextlib.contextmanager
def warnings_refuse(refusal: Refusal, page: int = 0) -> Iterator[None]:
    """Any warning of pypdf inside the block is this refusal."""
    ear, logger = Ear(), logging.getLogger("pypdf")
    logger.addHandler(ear)
    try:
        yield
    finally:
        logger.removeHandler(ear)
    if ear.heard:
        raise Refused(refusal, page)


def confine(seconds: int = SECONDS) -> None:
    """Limits of this process where the system has them: memory, time, no file, no core dump."""
    if sys.platform != "win32":
        import resource

        for limit, value in (
            (resource.RLIMIT_AS, MAXIMUM_MEMORY),
            (resource.RLIMIT_CPU, seconds),
            (resource.RLIMIT_FSIZE, 0),
            (resource.RLIMIT_CORE, 0),
        ):
            resource.setrlimit(limit, (value, value))


def main() -> None:
    """Answers one PDF."""
    confine()
    try:
        answer: dict[str, Any] = {"pages": read(sys.stdin.buffer.read())}
    except Refused as refused:
        answer = {"refusal": refused.refusal, "page": refused.page}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()
