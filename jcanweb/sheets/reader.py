"""From bytes to a sheet: which kind of file, which column is which, one row after another."""

import unicodedata
from collections.abc import Iterator, Sequence
from itertools import chain

from jcanweb.sheets import csv_cells, xlsx_cells
from jcanweb.sheets.cells import LARGEST_CELL, MOST_COLUMNS, Cells, Formula
from jcanweb.sheets.sheet import Column, Encoding, Row, Sheet, SheetRefused

LARGEST = 20 * 2**20
"""bytes of a file"""
MOST_ROWS = 10_000
_ZIP = b"PK\x03\x04"
_OLE = bytes.fromhex("d0cf11e0a1b11ae1")  # [MS-CFB] 2.2: old Excel files, and XLSX under a password


def read(
    source: bytes, columns: Sequence[Column], *, most_rows: int = MOST_ROWS, largest: int = LARGEST
) -> Sheet:
    """The table in a CSV (UTF-8 with or without BOM, CP932) or XLSX file; its first row has the titles.

    CSV is RFC 4180 with any line end. Of a workbook the first visible sheet is read: text as it is, whole numbers
    without a point, dates as 2026-11-22; formulas are refused at their cell. Empty rows are passed over.
    Raises SheetRefused for any other file, a missing or doubled column, or no row at all; reading on raises it
    for more than `most_rows` rows and for what is broken further down.
    """
    if len(source) > largest:
        raise SheetRefused(f"ファイルが{largest // 2**20} MBを超えています。分けて取り込んでください。")
    if source.startswith(_OLE):
        raise SheetRefused(
            "古い形式のExcelファイルか、パスワードの付いたファイルです。「Excelブック（.xlsx）」または「CSV UTF-8」で、パスワードを付けずに保存してください。"
        )
    encoding, table = xlsx_cells.table(source) if source.startswith(_ZIP) else csv_cells.table(source)
    titles = next(table, None)
    if titles is None:
        raise SheetRefused("ファイルに何も書かれていません。1行目に項目名、2行目から内容を書いてください。")
    keys, unknown = _keys(titles, columns)
    rows = _rows(table, keys, most_rows)
    first = next(rows, None)
    if first is None:
        raise SheetRefused("項目名のほかに行がありません。2行目から内容を書いてください。")
    return Sheet(encoding, unknown, chain([first], rows))


def _keys(titles: Cells, columns: Sequence[Column]) -> tuple[dict[int, str], tuple[str, ...]]:
    """Which place holds which column."""
    known = {_folded(column.title): column for column in columns}
    keys: dict[int, str] = {}
    unknown: list[str] = []
    for place, cell in enumerate(titles):
        title = "" if isinstance(cell, Formula) else cell
        column = known.get(_folded(title))
        if column is None:
            if title.strip():
                unknown.append(title.strip()[:40])
        elif column.key in keys.values():
            raise SheetRefused(f"項目「{column.title}」が2列あります。1列にしてください。")
        else:
            keys[place] = column.key
    missing = [one.title for one in columns if one.required and one.key not in keys.values()]
    if missing:
        raise SheetRefused(
            f"1行目に項目「{'」「'.join(missing)}」がありません。ひな型の1行目をそのまま使ってください。"
        )
    return keys, tuple(unknown)


def _rows(table: Iterator[Cells], keys: dict[int, str], most: int) -> Iterator[Row]:
    found = 0
    for number, cells in enumerate(table, 2):
        if not any(isinstance(cell, Formula) or cell.strip() for cell in cells):
            continue
        found += 1
        if found > most:
            raise SheetRefused(f"{most:,}行を超えています。分けて取り込んでください。")
        yield _row(number, cells, keys)


def _row(number: int, cells: Cells, keys: dict[int, str]) -> Row:
    taken, refused = dict.fromkeys(keys.values(), ""), {}
    for place, key in keys.items():
        cell = cells[place] if place < len(cells) else ""
        if isinstance(cell, Formula):
            refused[key] = "数式が入っています。値として貼り付け直してください。"
        elif len(cell) > LARGEST_CELL:
            refused[key] = f"{LARGEST_CELL:,}文字を超えています。"
        else:
            taken[key] = cell.strip()
    if len(cells) > MOST_COLUMNS:
        refused[""] = f"列が{MOST_COLUMNS}を超えています。"
    return Row(number, taken, refused)


def _folded(title: str) -> str:
    return "".join(unicodedata.normalize("NFKC", title).casefold().split())


__all__ = ["LARGEST", "MOST_ROWS", "Encoding", "read"]
