"""Which words of a text were taken away and which were put in."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

_KANJI = (
    "々〆〇㐀-䶿一-鿿豈-\ufaff\U00020000-\U0003ffff\ufe00-\ufe0f\U000e0100-\U000e01ef"  # with their variants
)
_KANA = ("ぁ-ゖゝゞ", "ァ-ヺーヽヾ")
_JAPANESE = "|".join(rf"[{letters}](?:\s*[{letters}])*" for letters in (_KANJI, *_KANA))  # maybe spread out
_WORD = re.compile(rf"\s*(?:{_JAPANESE}|[A-Za-z0-9Ａ-Ｚａ-ｚ０-９]+|\S)\s*|\s+")
_WORK = 25_000_000  # token pairs; beyond it nothing is sought between the common start and end
_SHORT = 3  # characters: nothing is recognised by them between two changes


class Change(StrEnum):
    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"


@dataclass(frozen=True)
class Piece:
    change: Change
    text: str


Pieces = tuple[Piece, ...]


def pieces(old: str, new: str) -> Pieces:
    """Both texts in one row. A run of kanji, of kana, of letters and digits, or one sign changes as a whole.

    SAME and ADDED joined are `new`; SAME and REMOVED joined are `old` less white space: where lines were broken
    and how half-width words are set apart is layout, and no change.
    """
    if old == new:
        return (Piece(Change.SAME, new),) if new else ()
    a, b = _WORD.findall(old), _WORD.findall(new)
    made: list[Piece] = []
    for same, (a1, a2, b1, b2) in _settled(a, b, _runs(_bare(a), _bare(b))):
        parts = [(Change.SAME, b[b1:b2])] if same else [(Change.REMOVED, a[a1:a2]), (Change.ADDED, b[b1:b2])]
        made += [Piece(change, "".join(words)) for change, words in parts if words]
    return tuple(made)


def is_changed(row: Iterable[Piece]) -> bool:
    """Whether any words were added or removed."""
    return any(piece.change is not Change.SAME and piece.text.strip() for piece in row)


def _bare(words: list[str]) -> list[str]:
    return ["".join(word.split()) for word in words]


_Run = tuple[bool, tuple[int, int, int, int]]


def _runs(a: list[str], b: list[str]) -> list[_Run]:
    """(same?, its places in a and in b), alternating."""
    start, shorter = 0, min(len(a), len(b))
    while start < shorter and a[start] == b[start]:
        start += 1
    end = 0
    while end < shorter - start and a[-1 - end] == b[-1 - end]:
        end += 1
    middle_a, middle_b = a[start : len(a) - end], b[start : len(b) - end]
    runs: list[_Run] = [(True, (0, start, 0, start))]
    if len(middle_a) * len(middle_b) <= _WORK:
        codes = SequenceMatcher(None, middle_a, middle_b).get_opcodes()
        runs += [
            (tag == "equal", (i1 + start, i2 + start, j1 + start, j2 + start))
            for tag, i1, i2, j1, j2 in codes
        ]
    else:
        runs.append((False, (start, len(a) - end, start, len(b) - end)))
    runs.append((True, (len(a) - end, len(a), len(b) - end, len(b))))
    return [run for run in runs if run[1][0] < run[1][1] or run[1][2] < run[1][3]]


def _settled(a: list[str], b: list[str], runs: list[_Run]) -> list[_Run]:
    """A few letters between two longer changes are no common ground: the changes are one."""
    made: list[_Run] = []
    for index, (same, places) in enumerate(runs):
        if same and 0 < index < len(runs) - 1 and made and not made[-1][0]:
            length = len("".join(b[places[2] : places[3]]).strip())
            same = length > _SHORT or length >= min(_size(a, b, made[-1][1]), _size(a, b, runs[index + 1][1]))
        if made and made[-1][0] is same:
            first = made.pop()[1]
            places = (first[0], places[1], first[2], places[3])
        made.append((same, places))
    return made


def _size(a: list[str], b: list[str], places: tuple[int, int, int, int]) -> int:
    return max(len("".join(a[places[0] : places[1]])), len("".join(b[places[2] : places[3]])))
