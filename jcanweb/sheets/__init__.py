"""Tables as companies hand them in: CSV and XLSX to rows of text under known columns. Pure.

Nothing is guessed in silence: the encoding is told, an unknown column is named, a formula is refused where it
stands. Nothing is unbounded: rows are read one by one, and the limits hold for what a file unpacks to as well.
"""

from jcanweb.sheets.reader import read
from jcanweb.sheets.sheet import Column, Encoding, Row, Sheet, SheetRefused

__all__ = ["Column", "Encoding", "Row", "Sheet", "SheetRefused", "read"]
