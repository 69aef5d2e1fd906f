"""One row as it stands in the file."""

from collections.abc import Iterator
from typing import Final

from jcanweb.sheets.sheet import Encoding

LARGEST_CELL: Final = 2_000
"""characters"""
MOST_COLUMNS: Final = 200


class Formula:
    """A cell that computes something: what it shows is not what is written in it."""


Cells = list[str | Formula]
Table = tuple[Encoding, Iterator[Cells]]
