"""What a kind of rows is: its columns, how rows are judged together, how one is carried out."""

import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from jcanweb import keys
from jcanweb.config import setting
from jcanweb.errors import RuleViolation
from jcanweb.models import Officer
from jcanweb.sheets import Column, Row
from jcanweb.vocabulary import RowResult

REASON = Column("reason", "理由", required=False)
"""Stands in the file of refused rows that is handed out; coming back it is passed over."""


@dataclass(frozen=True)
class Judged:
    """What a row would do."""

    result: RowResult
    notes: Mapping[str, str] = field(default_factory=dict)
    """column → the sentence that refuses it, or the former value; "" for the row as a whole"""
    keys: tuple[str | None, ...] = (None, None)
    """hashes of what may stand in a file only once, as the kind's `keyed` names them"""
    seen_version: int | None = None
    """of what it would change"""


@dataclass(frozen=True)
class Done:
    """What a row was carried out on."""

    subject_id: int
    person_id: int | None = None
    """who is written to about it"""
    key: str | None = None
    """of what is never done a second time"""


@dataclass(frozen=True)
class Kind:
    columns: tuple[Column, ...]
    keyed: tuple[str, ...]
    """the columns of `Judged.keys`; "" for the row as a whole"""
    judge: Callable[[Sequence[Row]], list[Judged]]
    """a batch at once, so that each question to the database is asked once"""
    carry_out: Callable[[Mapping[str, str], int | None, Officer], Done]
    """a row's cells, the version that was seen, who started; raises RuleViolation with the column as its field"""
    named_by: tuple[str, ...]
    """the columns that tell a person which row it is"""

    def title(self, key: str) -> str:
        """The heading of a column."""
        return next((one.title for one in self.columns if one.key == key), "")


def look(row: Row, rules: Mapping[str, Callable[[str], Any]]) -> tuple[dict[str, Any], dict[str, str]]:
    """What each rule makes of its cell, and a sentence for every cell that is refused; columns not there are left out."""
    values, refused = {}, dict(row.refused)
    for column, rule in rules.items():
        if column in refused or column not in row.cells:
            continue
        try:
            values[column] = rule(row.cells[column])
        except RuleViolation as violation:
            refused[column] = violation.sentence
    return values, refused


def hashed(*parts: str) -> str:
    """HMAC-SHA256 of what names a row: it finds the same again and tells nothing by itself."""
    key = keys.derive(setting("SECRET_KEY").encode(), "intake row")
    return hmac.new(bytes.fromhex(key), "\0".join(parts).encode(), "sha256").hexdigest()
