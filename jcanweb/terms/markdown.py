"""Markdown as lines of text: headings, lists, tables, bold. What has no words of its own is taken off."""

import re

from jcanweb.terms import marks
from jcanweb.terms.document import TermsUnreadable
from jcanweb.terms.lines import Line, trimmed

# Each is matched with a line less its outer white space, and takes time in proportion to its length.
_HEADING = re.compile(r"#{1,6}(?:\s+(.*))?")
_RULE = re.compile(r"=+|-{2,}|(?:[-*_]\s*){3,}")
_BULLET = re.compile(r"[-*+]\s+(.*)")
_NUMBERED = re.compile(r"([0-9]{1,3})[.)]\s+(.*)")
_BELOW_HEAD = re.compile(r"\|?(?:\s*:?-{2,}:?\s*\|)+(?:\s*:?-{2,}:?)?")
_INLINE = re.compile(
    r"\\([!-/:-@\[-`{-~])"  # an escaped sign
    r"|<(https?://[!-;=?-~]+)>"
    r"|(\*\*)"
    r"|<br\s?/?>|\\$"
)
_REFUSED = (
    (r"!\[", "画像"),
    (r"\[\^", "脚注"),
    (r"\]\(", "リンク"),
    (r"^(?:```|~~~)", "コード"),
    (r"~~", "取り消し線"),
    (r"</?[A-Za-z!]", "HTML"),
    (r"&(?:[A-Za-z]{1,30}|#[0-9xX]{1,10});", "文字参照"),
)


def lines(text: str) -> list[Line]:
    """The lines that carry text, numbered as in the source; each says whether its author ended it.

    A numbered list that begins with 1 below words is a list of items: 1. becomes (1). One that goes on from
    2 is paragraphs. Raises TermsUnreadable, naming the line, for writing whose words would be lost or changed:
    pictures, links, footnotes, code, struck-out words, HTML, character references.
    """
    rows = text.replace("\f", " ").replace("\v", " ").split("\n")
    bare = [row.strip() for row in rows]
    table, heads = _tables(bare)
    made: list[Line] = []
    words, listed = False, -1  # words since the heading; indent of the open list of items, or -1
    for index, row in enumerate(bare):
        if index in heads or _RULE.fullmatch(row):
            continue
        heading, numbered, bullet = (shape.fullmatch(row) for shape in (_HEADING, _NUMBERED, _BULLET))
        part = row
        if index in table:
            part = " ".join(_cells(row))
        elif heading:
            part = _closed(heading[1] or "")
        elif numbered:
            indent = len(rows[index]) - len(rows[index].lstrip())
            if numbered[1] == "1" and words and listed < 0:
                listed = indent
            elif indent < listed:
                listed = -1
            part = f"({numbered[1]}) {numbered[2]}" if listed >= 0 else f"{numbered[1]}. {numbered[2]}"
        elif bullet:
            part = bullet[1]
        plain = trimmed(_plain(part, index + 1))
        if not plain:
            continue
        if heading or marks.heading(plain):
            words, listed = False, -1
        else:
            words = True
        hard = rows[index].endswith(("  ", "\\"))
        ended = bool(heading) or index in table or hard or _opens(bare[index + 1 : index + 2])
        made.append(Line(index + 1, 0, plain, rows[index], ended, index in table))
    return made


def _opens(below: list[str]) -> bool:
    """Whether the line below does not go on: it is blank, has a mark or other markup, or is none."""
    text = below[0] if below else ""
    numbers = marks.heading(text) or marks.paragraph(text) or marks.item(text) or marks.sublist(text)
    shapes = (_HEADING, _RULE, _BULLET, _NUMBERED)
    return not text or bool(numbers) or text.startswith("|") or any(shape.fullmatch(text) for shape in shapes)


def _tables(rows: list[str]) -> tuple[set[int], set[int]]:
    """Indexes of the lines of tables, and of the lines of dashes below their heads."""
    table: set[int] = set()
    heads: set[int] = set()
    for index in range(1, len(rows)):
        if index - 1 not in table and "|" in rows[index - 1] and _BELOW_HEAD.fullmatch(rows[index]):
            heads.add(index)
            table.add(index - 1)
        elif (index - 1 in table or index - 1 in heads) and "|" in rows[index]:
            table.add(index)
    return table, heads


def _cells(row: str) -> list[str]:
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", row) if cell.strip()]


def _closed(heading: str) -> str:
    """Without the # that may close it."""
    opened = heading.rstrip("#")
    return opened if opened[-1:].isspace() or not opened else heading


def _plain(text: str, line: int) -> str:
    """Without bold, escapes and line breaks; stars that do not pair are text."""
    signs = list(_INLINE.finditer(text))
    rest = _INLINE.sub("", text)
    for shape, name in _REFUSED:
        if re.search(shape, rest):
            raise TermsUnreadable(f"{line}行目のMarkdownの{name}は取り込めません。文字だけで書いてください。")
    paired = sum(bool(sign[3]) for sign in signs) % 2 == 0

    def word(sign: re.Match[str]) -> str:
        if sign[3]:
            return "" if paired else "**"
        return sign[1] or sign[2] or " "

    return _INLINE.sub(word, text)
