"""The child process that opens a workbook: `xlsx_cells` starts it. XLSX on stdin, one line of JSON for each row on stdout.

A list of cells, null where a formula stands; or {"refusal": name} as the last line.
"""

import io
import json
import sys
import zipfile
from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from typing import Any

from jcanweb.sheets.cells import MOST_COLUMNS

LARGEST_UNPACKED = 200 * 2**20
"""bytes, by the archive's own word: zipfile reads no more of a part than that"""
MOST_PARTS = 1_000
FARTHEST_ROW = 120_000
"""rows are also counted when they are empty"""
SECONDS = 300
"""of computing; 100,000 rows of ten columns took 20"""
MAXIMUM_MEMORY = 1 << 30
"""bytes of address space"""


class Refusal(StrEnum):
    DAMAGED = "damaged"
    TOO_HEAVY = "too_heavy"
    TOO_FAR = "too_far"
    HIDDEN = "hidden"


class Refused(Exception):
    def __init__(self, refusal: Refusal) -> None:
        self.refusal = refusal


def rows(source: bytes) -> Iterator[list[str | None]]:
    """The rows of the first visible sheet. Raises Refused."""
    try:
        yield from _cells(_sheet(source))
    except Refused:
        raise
    except MemoryError:
        raise Refused(Refusal.TOO_HEAVY) from None
    except Exception:  # openpyxl lets what its parsers meet through: KeyError, ValueError, ParseError, …
        raise Refused(Refusal.DAMAGED) from None


def _sheet(source: bytes) -> Any:
    from openpyxl import load_workbook

    with zipfile.ZipFile(io.BytesIO(source)) as archive:
        parts = archive.infolist()
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > LARGEST_UNPACKED:
        raise Refused(Refusal.TOO_HEAVY)
    workbook = load_workbook(io.BytesIO(source), read_only=True, keep_links=False)
    shown = [sheet for sheet in workbook.worksheets if sheet.sheet_state == "visible"]
    if not shown:
        raise Refused(Refusal.HIDDEN)
    return shown[0]


def _cells(sheet: Any) -> Iterator[list[str | None]]:
    sheet.reset_dimensions()  # a file's word for its size is not believed
    for number, row in enumerate(sheet.iter_rows(max_col=MOST_COLUMNS + 1), 1):
        if number > FARTHEST_ROW:
            raise Refused(Refusal.TOO_FAR)
        width = len(row)
        while width and row[width - 1].value is None:
            width -= 1
        yield [_text(cell) for cell in row[:width]]


def _text(cell: Any) -> str | None:
    value = cell.value
    if value is None:
        return ""
    if cell.data_type == "f":
        return None
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.isoformat(" ", "minutes").removesuffix(" 00:00")
    return str(value)


def confine() -> None:
    """Limits of this process where the system has them: memory, time, no file, no core dump."""
    if sys.platform != "win32":
        import resource

        for limit, value in (
            (resource.RLIMIT_AS, MAXIMUM_MEMORY),
            (resource.RLIMIT_CPU, SECONDS),
            (resource.RLIMIT_FSIZE, 0),
            (resource.RLIMIT_CORE, 0),
        ):
            resource.setrlimit(limit, (value, value))


def main() -> None:
    """Answers one workbook."""
    confine()
    try:
        for row in rows(sys.stdin.buffer.read()):
            sys.stdout.write(json.dumps(row) + "\n")
    except Refused as refused:
        sys.stdout.write(json.dumps({"refusal": refused.refusal}) + "\n")


if __name__ == "__main__":
    main()
