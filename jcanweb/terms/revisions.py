"""The revision table at the end of a terms document: version, what changed, date (YYMMDD or written out)."""

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import date

from jcanweb.terms.document import Revision, TermsUnreadable
from jcanweb.terms.lines import Line, join

_CAPTION = re.compile(r"[【\[［]?(?:制定・)?(?:改定|改訂|改正|変更)(?:履歴|経緯|記録)[】\]］]?")
_HEADER = re.compile(r"(?=.*(?:[Vv]er|版|バージョン))(?=.*(?:日付|年月日|[改施制][定訂行]日|日$))")
_VERSION = re.compile(
    r"((?:[Vv]er(?:sion)?\.?\s*|第)?([0-9０-９]{1,3}(?:[.．][0-9０-９]{1,3})*)版?)(?:\s+(.*)|$)"
)
_DATE = re.compile(
    r"(?<![0-9０-９])([0-9０-９]{6}|[0-9０-９]{8}"
    r"|[0-9０-９]{4}\s*[年./／-]\s*[0-9０-９]{1,2}\s*[月./／-]\s*[0-9０-９]{1,2}\s*日?)$"
)
_ROW_LINES = 20  # of one row; what goes on longer is none


def is_caption(text: str) -> bool:
    """Whether the line opens the revision table."""
    return bool(_CAPTION.fullmatch(text))


@dataclass
class Table:
    """Reads the rows below the caption; a cell may go on over several lines."""

    header: str = ""
    rows: list[Revision] = field(default_factory=list)
    unread: list[Line] = field(default_factory=list)
    _open: list[Line] = field(default_factory=list)

    def take(self, line: Line) -> None:
        """Place one line. Refuses a version given twice."""
        begins = _VERSION.fullmatch(line.text)
        if begins and not (self._open and (_DATE.fullmatch(line.text) or not self._alike(begins[2]))):
            self.finish()
            self._open = [line]
        elif self._open and len(self._open) < _ROW_LINES:
            self._open.append(line)
        elif not self.header and not self.rows and _HEADER.match(line.text):
            self.header = line.text
            return
        else:
            self.unread.append(line)
            return
        row = self._row()
        if row:
            if row.version in {earlier.version for earlier in self.rows}:
                raise TermsUnreadable(f"改定履歴に版{row.version}が二度あります（{line.number}行目）。")
            self.rows.append(row)
            self._open = []

    def finish(self) -> None:
        """A row that never came to a date could not be read."""
        self.unread += self._open
        self._open = []

    def _alike(self, version: str) -> bool:
        """Versions of one table are written alike; a plain number among pointed ones is part of a summary."""
        first = _VERSION.fullmatch(self._open[0].text)
        return first is not None and len(re.findall("[.．]", first[2])) == len(re.findall("[.．]", version))

    def _row(self) -> Revision | None:
        text = ""
        for line in self._open:
            text = f"{text} {line.text}" if len(text) < 12 and text else join(text, line.text)
        ends = _DATE.search(text)
        begins = _VERSION.fullmatch(text[: ends.start()].rstrip()) if ends else None
        if not ends or not begins:
            return None
        day = _day(ends[1])
        version = unicodedata.normalize("NFKC", begins[2])
        return Revision(version, (begins[3] or "").strip(), day, begins[1], ends[1]) if day else None


def _day(text: str) -> date | None:
    """YYMMDD of this century, YYYYMMDD, or with separators; None if there is no such day."""
    plain = unicodedata.normalize("NFKC", text)
    if plain.isdecimal():
        plain = plain if len(plain) == 8 else f"20{plain}"
        parts = [plain[:4], plain[4:6], plain[6:]]
    else:
        parts = re.findall(r"\d+", plain)
    try:
        return date(*(int(part) for part in parts))
    except ValueError:
        return None
