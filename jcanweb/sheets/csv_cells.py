"""CSV (RFC 4180): the encoding is found out strictly, UTF-8 first, then CP932; nothing is replaced."""

import codecs
import csv
import io
import re
from collections.abc import Iterator

from jcanweb.sheets.cells import Cells, Table
from jcanweb.sheets.sheet import Encoding, SheetRefused

_CODECS = {Encoding.UTF_8: "utf-8", Encoding.UTF_8_BOM: "utf-8-sig", Encoding.CP932: "cp932"}
_PIECE = 64 * 1024
"""bytes"""
_BOM = b"\xef\xbb\xbf"
_NOT_ASSIGNED = re.compile(r"[\x80\xa0\uf8f0-\uf8f3]")
"""What Python makes of the bytes that CP932 leaves free."""
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_SAVE = "Excelの「名前を付けて保存」で「CSV UTF-8（コンマ区切り）」を選んで保存し直してください。"


def table(source: bytes) -> Table:
    """The encoding and the rows. Raises SheetRefused when the bytes are neither UTF-8 nor CP932, or not text."""
    encoding = _encoding(source)
    if b"\0" in source:
        raise SheetRefused(f"文字の読めるファイルではありません。{_SAVE}")
    return encoding, _cells(source, _CODECS[encoding])


def _encoding(source: bytes) -> Encoding:
    if source.startswith(_UTF_16):
        raise SheetRefused(f"UTF-16のファイルです。{_SAVE}")
    meant = Encoding.UTF_8_BOM if source.startswith(_BOM) else Encoding.UTF_8
    if _is_all(source, meant):
        return meant
    if meant is Encoding.UTF_8_BOM or _is_utf_8(source.partition(b"\n")[0]):
        raise _mixed(source, meant)
    if not _is_all(source, Encoding.CP932):
        raise _mixed(source, Encoding.CP932)
    if any(_NOT_ASSIGNED.search(text) for text in _pieces(source, Encoding.CP932)):
        raise SheetRefused(f"文字の読めるファイルではありません。{_SAVE}")
    return Encoding.CP932


def _pieces(source: bytes, encoding: Encoding) -> Iterator[str]:
    """The text piece by piece, so that it is never held whole. Raises UnicodeDecodeError."""
    decoder, view = codecs.getincrementaldecoder(_CODECS[encoding])(), memoryview(source)
    for at in range(0, len(source), _PIECE):
        yield decoder.decode(view[at : at + _PIECE].tobytes(), at + _PIECE >= len(source))


def _is_all(source: bytes, encoding: Encoding) -> bool:
    try:
        return all(text is not None for text in _pieces(source, encoding))
    except UnicodeDecodeError:
        return False


def _is_utf_8(line: bytes) -> bool:
    """Do titles in Japanese say that the file means to be UTF-8?"""
    try:
        return not line.decode().isascii()
    except UnicodeDecodeError:
        return False


def _mixed(source: bytes, encoding: Encoding) -> SheetRefused:
    line = 1
    try:
        source.decode(_CODECS[encoding])
    except UnicodeDecodeError as trouble:
        line += trouble.object.count(b"\n", 0, trouble.start)
    return SheetRefused(
        f"文字コードが分かりません（{line}行目）。別の文字コードの行が混ざっていることがあります。{_SAVE}"
    )


def _cells(source: bytes, codec: str) -> Iterator[Cells]:
    reader = csv.reader(io.TextIOWrapper(io.BytesIO(source), codec, newline=""), strict=True)
    try:
        for row in reader:
            yield list(row)
    except csv.Error:
        raise SheetRefused(
            f'{reader.line_num}行目でCSVとして読めなくなりました。引用符（"）の数と、1項目の長さを確かめてください。'
        ) from None
