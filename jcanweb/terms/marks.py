"""Numbers at the start of a line, 第１条（…）, ２ …, （１）…, and their look-alikes inside a sentence."""

import re
import unicodedata
from dataclasses import dataclass

_KANJI = "〇一二三四五六七八九"
_NUMBER = rf"[0-9０-９]{{1,4}}|[{_KANJI}十百]{{1,6}}"
_HEADING = re.compile(rf"第\s*({_NUMBER})\s*条(?:\s*の\s*({_NUMBER})(?=\s*[（(]))?")
_PARAGRAPH = re.compile(r"([0-9０-９]{1,3}(?:[．.](?![0-9０-９])|(?=\s)))\s*(\S.*)")
_ITEM = re.compile(rf"([（(]\s*({_NUMBER})\s*[）)])\s*(.*)")
_SUBLIST = re.compile(
    r"[①-⑳・●○■□◆*]|[（(]?[アイウエオカキクケコサシスセソａ-ｚa-z][）)．.]|[アイウエオカキクケコ][\s　]"
    rf"|[（(]\s*(?:{_NUMBER})\s*[）)]"
)
_COUNTED = re.compile(
    r"(?:年|[かヶカケヵ箇]月|月|営業日|日|週|時間|分|秒|回|名|人|通|件|部|社|個|項|号|条|円|[%％])"
    r"(?:間|以内|以上|以下|未満|ごと|毎|後|前|目|[のにをがはとで、。]|又は|及び|並びに|から|まで|$)"
)
_REFERRED = re.compile(
    r"の(?!れん)|に(?=[定掲該規よつ関係おい])|から|まで|及び|および|又は|または|若しくは|並びに|ないし|乃至|項(?!目)|[、。をへ号～〜]"
    r"|は(?!がき)|と(?=[同すき異は])|が(?=[あな])|で(?=[定あ])|第\s*[0-9０-９]+\s*項|[0-9０-９]+\s*項"
)
_BRACKETS = {"（": "）", "(": ")"}


@dataclass(frozen=True)
class Mark:
    written: str
    number: int
    rest: str
    """What follows the mark on the same line."""


@dataclass(frozen=True)
class Heading(Mark):
    words: str
    bracketed: bool
    closed: bool
    """False when the bracket does not close on this line."""
    branch: bool
    """第３条の２: a number that a plain count cannot hold."""


def number(text: str) -> int:
    """Value of a numeral in half-width, full-width or kanji digits (below 1000)."""
    plain = unicodedata.normalize("NFKC", text)
    if plain.isascii():
        return int(plain)
    if not set(plain) & set("十百"):
        return int("".join(str(_KANJI.index(char)) for char in plain))
    total = digit = 0
    for char in plain:
        if char in _KANJI:
            digit = _KANJI.index(char)
        else:
            total += (digit or 1) * (100 if char == "百" else 10)
            digit = 0
    return total + digit


def heading(text: str) -> Heading | None:
    """The article heading of this shape, or None: text glued to the bracket makes it a reference."""
    match = _HEADING.match(text)
    if not match:
        return None
    value, branch, tail = number(match[1]), bool(match[2]), text[match.end() :]
    body = tail.lstrip()
    if body[:1] in _BRACKETS:
        end = _closing(body)
        if end is None:
            return Heading(text, value, "", body[1:], True, False, branch)
        rest = body[end + 1 :]
        if rest and (not rest[0].isspace() or refers(rest.lstrip())):
            return None
        mark = text[: len(text) - len(rest)]
        return Heading(mark, value, rest.strip(), body[1:end].strip(), True, True, branch)
    if branch or (tail and not tail[0].isspace()) or refers(body) or re.search("[、。]", body):
        return None
    return Heading(text, value, "", body, False, True, False)


def _closing(text: str) -> int | None:
    depth = 0
    for index, char in enumerate(text):
        depth += char in _BRACKETS
        depth -= char in _BRACKETS.values()
        if depth == 0:
            return index
    return None


def paragraph(text: str) -> Mark | None:
    """２ followed by white space or a full stop; a count (２ 年以内) or a measure (10 MB) is text."""
    match = _PARAGRAPH.fullmatch(text)
    if not match or _COUNTED.match(match[2]) or refers(match[2]):
        return None
    if match[1].isascii() and match[1].isdecimal() and re.match(r"[A-Za-z]{1,3}\b", match[2], re.ASCII):
        return None
    return Mark(match[1], number(match[1].rstrip("．.")), match[2])


def item(text: str) -> Mark | None:
    """（１） at the start of a line, unless what follows makes it a reference: （１）の場合."""
    match = _ITEM.fullmatch(text)
    if not match or refers(match[3]):
        return None
    return Mark(match[1], number(match[2]), match[3])


def refers(text: str) -> bool:
    """Whether these words go on a sentence that the number before them belongs to."""
    return bool(_REFERRED.match(text))


def sublist(text: str) -> bool:
    """Whether the line opens an entry of a list inside an item: ア, ①, ・, (a)."""
    return bool(_SUBLIST.match(text))


def style(mark: str) -> tuple[bool, bool]:
    """How a number is typed: (half-width bracket, half-width digits)."""
    return mark.startswith("("), any(char in "0123456789" for char in mark)
