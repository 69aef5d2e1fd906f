"""Reads a terms document into articles, paragraphs, items and revisions.

A number at the start of a line is believed when the author ended the line before it and it is the next one
expected. In the middle of a sentence it is text; at the start of a sentence but out of order it is a refusal.
"""

import hashlib
import re

from jcanweb.terms import markdown
from jcanweb.terms.body import Body
from jcanweb.terms.document import Document, SourceKind, TermsUnreadable, written
from jcanweb.terms.lines import Line, ended_early, furniture, split
from jcanweb.terms.revisions import Table, is_caption
from jcanweb.terms.source import kind_of, text_of

_COMPANY = re.compile("株式会社|有限会社|合同会社|合名会社|合資会社|法人|組合|機構|財団|協会")
_TITLE = re.compile("(?:規約|約款|規程|規定|条件|契約書?|ポリシー?)(?:[（(【].*)?$")


def read(source: bytes, text: str | None = None) -> Document:
    """The document in these bytes: text as extracted from a PDF, Markdown, or the PDF itself.

    `text` is what `text_of(source)` gave when the source was kept: a PDF is then not opened again.
    Rule kept: no character is lost. Each, less layout white space and the signs of Markdown, is in the title
    part, an article, the revision table or in `unread`. Raises TermsUnreadable with a Japanese sentence: what
    `text_of` refuses, no articles; article, paragraph or item numbers skipped, doubled or out of order.
    """
    kind = kind_of(source)
    text = text_of(source) if text is None else text
    every = markdown.lines(text) if kind is SourceKind.MARKDOWN else split(text)
    aside = furniture(every)
    lines = [line for index, line in enumerate(every) if index not in aside]
    unread = [every[index] for index in aside]
    early = [line.ended for line in lines] if kind is SourceKind.MARKDOWN else ended_early(lines)
    body = Body(lines, early)
    title, publisher, odd = _front(lines[: body.first])
    body.run(until=is_caption)
    table = Table()
    caption = lines[body.stopped].text if body.stopped < len(lines) else ""
    for line in lines[body.stopped + 1 :]:
        table.take(line)
    table.finish()
    unread += odd + body.unread + table.unread
    document = Document(
        title=title,
        publisher=publisher,
        articles=tuple(article.finish() for article in body.articles),
        closing=body.closing,
        revision_caption=caption,
        revision_header=table.header,
        revisions=tuple(table.rows),
        unread=tuple((line.number, line.text) for line in sorted(unread, key=_place)),
        kind=kind,
        sha256=hashlib.sha256(source).hexdigest(),
        source=source,
    )
    apart = {id(line) for line in unread}
    if _letters(written(document)) != _letters("".join(line.text for line in every if id(line) not in apart)):
        raise TermsUnreadable("読み取りの前後で文字が一致しません。この文書は取り込めません。")
    return document


def _place(line: Line) -> tuple[int, int]:
    return line.number, line.page


def _letters(text: str) -> str:
    return "".join(text.split())


def _front(lines: list[Line]) -> tuple[str, str, list[Line]]:
    """Title, publisher and the rest of the lines above the first article."""
    titles = [line for line in lines if _TITLE.search(line.text)] or lines
    title, publisher, odd = "", "", []
    for line in lines:
        if not title and line is titles[0]:
            title = line.text
        elif title and not publisher and _COMPANY.search(line.text) and not line.ends_sentence:
            publisher = line.text
        else:
            odd.append(line)
    return title, publisher, odd
