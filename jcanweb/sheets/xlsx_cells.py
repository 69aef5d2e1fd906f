"""XLSX (ISO/IEC 29500): the first visible sheet, streamed; what it unpacks to is limited before it is read."""

import io
import zipfile
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from openpyxl import load_workbook

from jcanweb.sheets.cells import MOST_COLUMNS, Cells, Formula, Table
from jcanweb.sheets.sheet import Encoding, SheetRefused

LARGEST_UNPACKED = 200 * 2**20
"""bytes, by the archive's own word: zipfile reads no more of a part than that"""
MOST_PARTS = 1_000
FARTHEST_ROW = 100_000
"""rows are also counted when they are empty"""
_BROKEN = "Excelのファイルとして読めません。Excelで開いて「Excelブック（.xlsx）」で保存し直してください。"


def table(source: bytes) -> Table:
    """The rows of the first visible sheet. Raises SheetRefused for what is no workbook, or one too large to unpack."""
    try:
        with zipfile.ZipFile(io.BytesIO(source)) as archive:
            parts = archive.infolist()
        if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > LARGEST_UNPACKED:
            raise SheetRefused(
                "展開すると大きすぎるファイルです。申請の表だけを新しいブックに貼り付けて保存してください。"
            )
        workbook = load_workbook(io.BytesIO(source), read_only=True, keep_links=False)
        shown = [sheet for sheet in workbook.worksheets if sheet.sheet_state == "visible"]
    except SheetRefused:
        raise
    except (
        Exception
    ) as trouble:  # openpyxl lets what its parsers meet through: KeyError, ValueError, ParseError, …
        raise SheetRefused(_BROKEN) from trouble
    if not shown:
        raise SheetRefused("表示されているシートがありません。申請の表のシートを表示して保存してください。")
    return Encoding.XLSX, _cells(shown[0])


def _cells(sheet: Any) -> Iterator[Cells]:
    sheet.reset_dimensions()  # a file's word for its size is not believed
    rows = sheet.iter_rows(max_col=MOST_COLUMNS + 1)
    for number in range(1, FARTHEST_ROW + 2):
        try:
            row = next(rows, None)
        except Exception as trouble:  # as above
            raise SheetRefused(_BROKEN) from trouble
        if row is None:
            return
        if number > FARTHEST_ROW:
            raise SheetRefused(f"{FARTHEST_ROW:,}行目より下は読みません。空の行を削除して保存してください。")
        cells = [_text(cell) for cell in row]
        while cells and cells[-1] == "":
            cells.pop()
        yield cells


def _text(cell: Any) -> str | Formula:
    value = cell.value
    if value is None:
        return ""
    if cell.data_type == "f":
        return Formula()
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.isoformat(" ", "minutes").removesuffix(" 00:00")
    return str(value)
