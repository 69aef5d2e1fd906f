"""What reading an official terms document yields: articles, items, revisions, and what found no place."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class TermsUnreadable(ValueError):
    """The document cannot be read as terms of use; its text is the sentence the officer reads."""


class SourceKind(StrEnum):
    """What an official text was imported from."""

    TEXT = "text"
    """As extracted from a PDF, lines broken by the page."""
    MARKDOWN = "markdown"
    PDF = "pdf"


@dataclass(frozen=True)
class Item:
    number: int
    text: str
    """Without its mark. A line break stands only where the author ended a line (a list inside the item)."""
    mark: str = ""
    """The number as written, e.g. （１）."""


@dataclass(frozen=True)
class Paragraph:
    number: int
    caption: str
    """The sub-heading line above the sentence, or empty."""
    text: str
    items: tuple[Item, ...] = ()
    after: str = ""
    """What the paragraph still says below its items, or empty."""
    mark: str = ""
    """The number as written, e.g. ２; the first paragraph usually has none."""


@dataclass(frozen=True)
class Article:
    number: int
    heading: str
    """The words between the brackets of the heading."""
    paragraphs: tuple[Paragraph, ...]
    mark: str
    """The heading as written, number and brackets included."""


@dataclass(frozen=True)
class Revision:
    version: str
    """Half-width, e.g. 3.0."""
    summary: str
    date: date
    mark: str
    """The version as written."""
    written: str
    """The date as written, e.g. 250120."""


@dataclass(frozen=True)
class Document:
    title: str
    publisher: str
    """Empty when the document names none below its title."""
    articles: tuple[Article, ...]
    closing: str
    """「以上」 as written, or empty."""
    revision_caption: str
    revision_header: str
    revisions: tuple[Revision, ...]
    unread: tuple[tuple[int, str], ...]
    """(line number from 1 in `source.text_of`, text) of every line outside the articles: page numbers and
    headers, tables."""
    kind: SourceKind
    sha256: str
    """Lower-case hex digest of `source`."""
    source: bytes
    """The exact bytes that were read."""


def written(document: Document) -> str:
    """Everything that was placed, in the order of the source; with `unread` it is the whole text."""
    parts = [document.title, document.publisher]
    for article in document.articles:
        parts.append(article.mark)
        for paragraph in article.paragraphs:
            parts += [paragraph.mark, paragraph.caption, paragraph.text]
            for item in paragraph.items:
                parts += [item.mark, item.text]
            parts.append(paragraph.after)
    parts += [document.closing, document.revision_caption, document.revision_header]
    for revision in document.revisions:
        parts += [revision.mark, revision.summary, revision.written]
    return "\n".join(part for part in parts if part)
