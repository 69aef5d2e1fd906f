"""From text to lines: page furniture set apart, and who ended a line: author or layout."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from jcanweb.terms import marks

_SPACES = re.compile(r"\s+")
_PAGE_NUMBER = re.compile(
    r"[-‐–—―−ー\s]*[0-9０-９]{1,4}[-‐–—―−ー\s]*|[0-9０-９]{1,4}\s*[/／]\s*[0-9０-９]{1,4}"
    r"|［[0-9]+ページの(?:画像|書き込み)］"  # what a PDF shows beside its text
    r"|(?:[Pp]age|[Pp]\.?|ページ)\s*[0-9]{1,4}(?:\s*(?:of|/)\s*[0-9]{1,4})?|[0-9０-９]{1,4}\s*(?:ページ|頁)"
)
_SENTENCE_END = re.compile(r"[。！？][」』）)]*$")
_WORD = re.compile(r"[!-~]+|.[、。，．」』）]*")
_EDGE = 3  # lines at the top or the bottom of a page that may be running heads
_CLUSTER = 3  # as many lines ending at the same place make a right margin
_ADDRESS = 1_000  # no address is longer
_NARROWEST = 32  # columns of a page; shorter lines that end alike are a table or headings
_NEAR = 4  # half-width columns that count as the same place


@dataclass(frozen=True)
class Line:
    number: int
    """In the source, from 1."""
    page: int
    text: str
    """Trimmed; runs of white space are one space."""
    raw: str
    ended: bool = False
    """The author's own end, known from Markdown."""
    row: bool = False
    """Of a table, known from Markdown."""

    @property
    def width(self) -> int:
        """In half-width columns."""
        return width(self.text)

    @property
    def ends_sentence(self) -> bool:
        return bool(_SENTENCE_END.search(self.text))


def width(text: str) -> int:
    """Columns on a fixed grid: 2 for wide characters, else 1."""
    return sum(2 if unicodedata.east_asian_width(char) in "WFA" else 1 for char in text)


def split(text: str) -> list[Line]:
    """The lines that carry text. A form feed begins a page, not a line number."""
    lines, page = [], 0
    for number, row in enumerate(text.split("\n"), 1):
        for index, raw in enumerate(row.split("\f")):
            page += index > 0
            if raw.strip():
                lines.append(Line(number, page, trimmed(raw), raw))
    return lines


def trimmed(text: str) -> str:
    """Without outer white space; each run of it inside is one space."""
    return _SPACES.sub(_one_space, text.strip())


def _one_space(run: re.Match[str]) -> str:
    return "\u3000" if "\u3000" in run[0] else " "


def is_page_number(text: str) -> bool:
    """Whether the line is a page number, or tells of a picture on a page."""
    return bool(_PAGE_NUMBER.fullmatch(text))


def furniture(lines: Sequence[Line]) -> set[int]:
    """Indexes of page numbers and running heads.

    A running head repeats a line of the title part, or stands at the same place of half the pages.
    """
    found = {index for index, line in enumerate(lines) if is_page_number(line.text)}
    kept = [index for index in range(len(lines)) if index not in found]
    first = next((index for index in kept if marks.heading(lines[index].text)), len(lines))
    front = {lines[index].text for index in kept if index < first}
    found |= {index for index in kept if index > first and lines[index].text in front}
    pages = [list(page) for _, page in groupby(kept, key=lambda index: lines[index].page)]
    edges: dict[tuple[int, str], list[int]] = defaultdict(list)
    for page in pages:
        for place in (*range(_EDGE), *range(-_EDGE, 0)):
            if -len(page) <= place < len(page):
                edges[place, re.sub(r"[0-9０-９]", "#", lines[page[place]].text)].append(page[place])
    for alike in edges.values():
        if len(alike) >= max(2, len(pages) // 2):
            found |= {index for index in alike if index > first and _may_run(lines[index])}
    return found


def _may_run(line: Line) -> bool:
    marked = marks.heading(line.text) or marks.item(line.text) or marks.paragraph(line.text)
    return not marked and not line.ends_sentence and len(line.text) > 2


def ended_early(lines: Sequence[Line]) -> list[bool]:
    """For each line whether its author ended it: the next word would have fitted before the right margin.

    The margin is the widest place where several lines end. Without one, no line was broken by layout.
    """
    widths = sorted((line.width for line in lines if line.width >= _NARROWEST), reverse=True)
    places = zip(widths, widths[_CLUSTER - 1 :], strict=False)
    margin = next((top for top, third in places if top - third <= _NEAR), None)
    early = []
    for index, line in enumerate(lines):
        if margin is None or index + 1 == len(lines):
            early.append(True)
            continue
        word = _WORD.match(lines[index + 1].text)
        early.append(line.width + (width(word[0]) if word else 0) <= margin - margin * 15 // 100)
    return early


def join(before: str, after: str) -> str:
    """Two parts of a broken sentence, with what parts them."""
    return before + gap(before, after) + after


def gap(before: str, after: str) -> str:
    """A space only between two half-width words, never inside an address; else nothing."""
    if not before or not after:
        return ""
    last, first = before[-1], after[0]
    words = last.isascii() and first.isascii() and last not in "-/(#_&=" and first not in "-/),.;:_&=?"
    return " " if words and not re.search(r"://[!-~]*$", before[-_ADDRESS:]) else ""
