"""XLSX (ISO/IEC 29500): the first visible sheet, row by row out of a child process with its own limits.

A workbook is an archive by a stranger: what it unpacks to is held in that child, never in the server.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryFile

from jcanweb.sheets.cells import Cells, Formula, Table
from jcanweb.sheets.sheet import Encoding, SheetRefused
from jcanweb.sheets.xlsx_process import FARTHEST_ROW, Refusal

HOME = Path(__file__).resolve().parents[2]
_SENTENCES = {
    Refusal.DAMAGED: "Excelのファイルとして読めません。Excelで開いて「Excelブック（.xlsx）」で保存し直してください。",
    Refusal.TOO_HEAVY: "展開すると大きすぎるファイルです。表だけを新しいブックに貼り付けて保存してください。",
    Refusal.TOO_FAR: f"{FARTHEST_ROW:,}行目より下は読みません。空の行を削除して保存してください。",
    Refusal.HIDDEN: "表示されているシートがありません。表のシートを表示して保存してください。",
}


def table(source: bytes) -> Table:
    """The rows of the first visible sheet; reading them raises SheetRefused for what is no workbook, or too large a
    one. The child ends with the last reference to the rows."""
    return Encoding.XLSX, _cells(source)


def _cells(source: bytes) -> Iterator[Cells]:
    with TemporaryFile() as file:
        file.write(source)
        file.seek(0)
        child = subprocess.Popen(  # noqa: S603 - our own module under our own interpreter
            [sys.executable, "-m", "jcanweb.sheets.xlsx_process"],
            cwd=HOME,
            stdin=file,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    try:
        assert child.stdout is not None  # noqa: S101 - it is a pipe
        for line in child.stdout:
            row = json.loads(line)
            if isinstance(row, dict):
                raise SheetRefused(_SENTENCES[Refusal(row["refusal"])])
            yield [Formula() if cell is None else cell for cell in row]
        if child.wait() != 0:  # ended by its limits
            raise SheetRefused(_SENTENCES[Refusal.TOO_HEAVY])
    except json.JSONDecodeError:  # in the middle of a line
        raise SheetRefused(_SENTENCES[Refusal.TOO_HEAVY]) from None
    finally:
        child.kill()
        child.wait()
        if child.stdout is not None:
            child.stdout.close()
