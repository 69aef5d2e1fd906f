"""Which part of the old edition became which part of the new one."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

_ALIKE = 0.5  # share of common letter pairs from which two texts are one, rewritten
_WORK = 40_000  # pairs looked at for likeness; beyond it the number decides


@dataclass(frozen=True)
class Part:
    """An article, paragraph or item as it is recognised again. White space plays no part."""

    number: int
    heading: str
    text: str


Pair = tuple[int | None, int | None]


def pairs(old: Sequence[Part], new: Sequence[Part]) -> list[Pair]:
    """(index in old, index in new), each once, in the order of `new`; what is gone stands below its neighbour.

    First the same words, then the same heading, then the likest, then the same number: a part put in between
    moves the others and does not rewrite them.
    """
    search = _Search([_plain(part) for part in old], [_plain(part) for part in new])
    search.by(lambda part: (part.heading, part.text))
    search.by(lambda part: part.heading)
    search.by_likeness()
    search.by(lambda part: part.number)
    gone: dict[int | None, list[Pair]] = defaultdict(list)
    neighbour = None
    for index in range(len(old)):
        if index in search.left:
            gone[neighbour].append((index, None))
        else:
            neighbour = index
    row = gone[None]
    for index in range(len(new)):
        before = search.found.get(index)
        row.append((before, index))
        row += gone[before] if before is not None else []
    return row


def _plain(part: Part) -> Part:
    return Part(part.number, "".join(part.heading.split()), "".join(part.text.split()))


class _Search:
    def __init__(self, old: list[Part], new: list[Part]) -> None:
        self.old, self.new = old, new
        self.left = dict.fromkeys(range(len(old)))
        """Indexes not yet paired, in order."""
        self.right = dict.fromkeys(range(len(new)))
        self.found: dict[int, int] = {}
        """Index in new: index in old."""

    def settle(self, before: int, after: int) -> None:
        self.found[after] = before
        del self.left[before], self.right[after]

    def by(self, key: Callable[[Part], Hashable]) -> None:
        """Pair what has the same key; of several the one with the same number, else the first."""
        known: dict[Hashable, list[int]] = defaultdict(list)
        for before in self.left:
            known[key(self.old[before])].append(before)
        for after in list(self.right):
            wanted = key(self.new[after])
            there = known[wanted] if wanted else []
            if there:
                number = self.new[after].number
                before = next((one for one in there if self.old[one].number == number), there[0])
                there.remove(before)
                self.settle(before, after)

    def by_likeness(self) -> None:
        """Pair the likest first; of equally like ones those with the same number."""
        if len(self.left) * len(self.right) > _WORK:
            return
        a = {index: _letter_pairs(self.old[index]) for index in self.left}
        b = {index: _letter_pairs(self.new[index]) for index in self.right}
        scores = [
            (-score, self.old[before].number != self.new[after].number, after, before)
            for after in b
            for before in a
            if (score := _likeness(a[before], b[after])) >= _ALIKE
        ]
        for _, _, after, before in sorted(scores):
            if before in self.left and after in self.right:
                self.settle(before, after)


def _letter_pairs(part: Part) -> set[str]:
    text = part.heading + part.text
    return {text[index : index + 2] for index in range(max(len(text) - 1, 1))}


def _likeness(a: set[str], b: set[str]) -> float:
    """Dice's coefficient: 1 for the same letter pairs, 0 for none in common."""
    if 2 * min(len(a), len(b)) < _ALIKE * (len(a) + len(b)):
        return 0.0
    return 2 * len(a & b) / (len(a) + len(b))
