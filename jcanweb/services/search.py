"""Search: what is typed becomes numbers and words; a full-text index tells the newest things that hold all the words.

Words are compared by `names.search_key`: any width, hyphens and spaces, old kanji and either kana mean the same. The
index knows the pieces of two and three characters of every key, so any part of a name is found; the key itself is
looked at last. It holds corporations' names and the texts of certificates, nobody's own name, address or contact.
`search_index` keeps it in step.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, column, func, select, text, true
from sqlalchemy import table as table_of

from jcanweb import names
from jcanweb.database import db
from jcanweb.models.search import INDEXES, STRETCH

LONGEST = 100
"""Characters of a search box that are looked at."""
_HYPHENS = dict.fromkeys(map(ord, "‐‑‒–—―−ー─ｰ"), "-")
_THIRTEEN = re.compile(r"-*(?:[0-9]-*){13}")
STEP = 131_072
"""Ids that one query of PostgreSQL walks over. SQLite walks once: without a match its index looks for no end of a range."""
_HOLDS = {"sqlite": "instr", "postgresql": "strpos"}
_NEWEST = {
    "sqlite": """SELECT t.id FROM {index} CROSS JOIN {table} t ON t.id = {index}.rowid
  WHERE {index} MATCH :pieces AND {index}.rowid < :below AND {index}.rowid >= :above {held}
  ORDER BY {index}.rowid DESC LIMIT :limit""",
    "postgresql": """SELECT f.id FROM generate_series(:last, :first, -1) AS s(n), LATERAL (
    SELECT t.id FROM {table} t
    WHERE search_pieces(t.id, t.{key}) @> (ARRAY['#' || s.n] || CAST(:pieces AS text[]))
      AND t.id + 0 < :below AND t.id + 0 >= :above {held}
    ORDER BY t.id + 0 DESC LIMIT :limit) AS f
  LIMIT :limit""",
}
"""A GIN index has no order: the newest stretch first, one after the other until there are enough."""


@dataclass(frozen=True)
class Sought:
    """What a search box asks for; all of it must hold."""

    words: tuple[str, ...] = ()
    """Search keys."""
    number: tuple[str, ...] = ()
    """受付番号, as it may be kept"""
    jc_number: str | None = None
    corporate_number: str | None = None
    complaint: str = ""
    """Why it cannot be looked for, in a sentence; then nothing is found."""


def read(typed: str) -> Sought:
    """Tell the numbers from the words; see `jc_number` for how a number may be written."""
    typed = typed[:LONGEST].strip()
    try:
        found = _read([typed]) if _is_number(typed) else _read(typed.split())
    except names.NameRefused as refused:
        return Sought(complaint=refused.sentence)
    if typed and found == Sought():
        return Sought(complaint="記号だけでは探せません。名前の一部か番号を入力してください。")
    if found.words and not pieces(found.words):
        return Sought(complaint="1文字だけでは探せません。続きの文字も入力してください。")
    return found


def _is_number(typed: str) -> bool:
    return bool(
        _THIRTEEN.fullmatch(plain(typed)) or jc_number(typed, bare=False) or _application_number(typed)
    )


def _read(parts: list[str]) -> Sought:
    words: list[str] = []
    found: dict[str, Any] = {}
    for part in parts:
        if _THIRTEEN.fullmatch(plain(part)):
            found["corporate_number"] = names.normalise_corporate_number(part)
        elif jc := jc_number(part, bare=False):
            found["jc_number"] = jc
        elif numbers := _application_number(part):
            found["number"] = numbers
        elif key := names.search_key(part):
            words.append(key)
    if not pieces(words) and len("".join(words)) > 1:
        words = ["".join(words)]  # 田 中 is 田中
    return Sought(tuple(words), **found)


def jc_number(typed: str, *, bare: bool = True) -> str | None:
    """A JC-number in the form it is kept in, None for any other text.

    Full-width, lower case, any hyphen or none, blanks and missing zeros are accepted; the digits alone when `bare`.
    """
    found = re.fullmatch(r"(JC-?)?([0-9]{1,9})", plain(typed))
    return f"JC-{int(found[2]):08}" if found and (bare or found[1]) else None


def asked_number(typed: str) -> str:
    """What a box for a JC-number asks for: the number, or the text that is none and finds nothing."""
    return jc_number(typed) or plain(typed)


def plain(typed: str) -> str:
    """A number as typed, in the form numbers are kept in: half-width, upper case, no blanks, one kind of hyphen."""
    return "".join(unicodedata.normalize("NFKC", typed).translate(_HYPHENS).upper().split())


def _application_number(typed: str) -> tuple[str, ...]:
    found = re.fullmatch(r"([A-Z])(-?)([0-9]{1,9})", plain(typed))
    if not found or not (found[2] or len(found[3]) >= 6):
        return ()
    return plain(typed), f"{found[1]}-{int(found[3]):06}"


def pieces(words: Sequence[str]) -> list[str]:
    """What of the index must be there: of a word of two characters itself, of a longer one threes that cover it."""
    found: list[str] = []
    for word in words:
        last = len(word) - 3
        found += [word[at : at + 3] for at in (*range(0, last, 2), max(last, 0)) if len(word) > 1]
    return list(dict.fromkeys(found))


def newest(
    index: str, words: Sequence[str], *, limit: int, below: int | None = None, above: int = 0
) -> list[int]:
    """The ids of the newest `limit` entries with all of the words, from `above` up to `below` (which is not told).

    `index`: one of models.search.INDEXES. The words are search keys, one of them of two characters at least.
    """
    table, key = INDEXES[index]
    if below is None:
        below = (db.session.scalar(select(func.max(column("id"))).select_from(table_of(table))) or 0) + 1
    values: dict[str, Any] = {f"word_{at}": word for at, word in enumerate(words)}
    dialect = db.engine.dialect.name
    held = "".join(f" AND {_HOLDS[dialect]}(t.{key}, :{name}) > 0" for name in values)
    query = text(_NEWEST[dialect].format(index=index, table=table, key=key, held=held))
    wanted: Any = pieces(words)
    if dialect == "sqlite":
        wanted = " AND ".join(f'"{piece}"' for piece in wanted)
    found: list[int] = []
    while len(found) < limit and below > above:
        down = above if dialect == "sqlite" else max(above, below - STEP)
        here = {"pieces": wanted, "below": below, "above": down, "limit": limit - len(found)}
        here |= {"last": (below - 1) // STRETCH, "first": down // STRETCH} if dialect != "sqlite" else {}
        found += db.session.scalars(query, values | here)
        below = down
    return found


def holding(column: Any, words: Sequence[str]) -> ColumnElement[bool]:
    """Has this column of search keys all of the words? Without the index: for rows found otherwise."""
    return and_(true(), *(column.contains(word, autoescape=True) for word in words))
