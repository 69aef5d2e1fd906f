"""What a table is read into."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from jcanweb.errors import RuleViolation


class SheetRefused(RuleViolation, ValueError):
    """The file as a whole cannot be read; `sentence` names the mend and holds no cell's content."""

    field = "file"


class Encoding(StrEnum):
    """How the text was written; shown to the person, who sees at once when it was told wrongly."""

    UTF_8 = "UTF-8"
    UTF_8_BOM = "UTF-8（BOM付き）"
    CP932 = "Shift_JIS（CP932）"
    XLSX = "Excel（XLSX）"


@dataclass(frozen=True)
class Column:
    """A column that may be handed in."""

    key: str
    title: str
    """as the template's first row has it; width, spaces and case do not count"""
    required: bool = True
    """the column must be there; whether a cell may be empty is the reader's own question"""


@dataclass(frozen=True)
class Row:
    number: int
    """as the spreadsheet numbers it; the titles are row 1"""
    cells: Mapping[str, str]
    """by the key of every known column that is there, outer blanks taken off; empty where nothing stands"""
    refused: Mapping[str, str]
    """key → the sentence why this cell's content cannot be taken; "" as the key: the row as a whole"""


@dataclass(frozen=True)
class Sheet:
    encoding: Encoding
    unknown: tuple[str, ...]
    """titles of columns that are not read"""
    rows: Iterator[Row]
    """rows with content, read as they are asked for; raises SheetRefused where the file breaks off or is too long"""
