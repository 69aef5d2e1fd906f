"""CSV (RFC 4180): the encoding is found out strictly, UTF-8 first, then CP932; nothing is replaced."""

import csv
import io
import re
from collections.abc import Iterator

from jcanweb.sheets.cells import Cells, Table
from jcanweb.sheets.sheet import Encoding, SheetRefused

_BOM = b"\xef\xbb\xbf"
_NOT_ASSIGNED = re.compile(r"[\x80\xa0\uf8f0-\uf8f3]")
"""What Python makes of the bytes that CP932 leaves free."""
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_SAVE = "Excelの「名前を付けて保存」で「CSV UTF-8（コンマ区切り）」を選んで保存し直してください。"


def table(source: bytes) -> Table:
    """The encoding and the rows. Raises SheetRefused when the bytes are neither UTF-8 nor CP932, or not text."""
    encoding, text = _decoded(source)
    if "\0" in text:
        raise SheetRefused(f"文字の読めるファイルではありません。{_SAVE}")
    return encoding, _cells(text)


def _decoded(source: bytes) -> tuple[Encoding, str]:
    if source.startswith(_UTF_16):
        raise SheetRefused(f"UTF-16のファイルです。{_SAVE}")
    if source.startswith(_BOM):
        try:
            return Encoding.UTF_8_BOM, source[len(_BOM) :].decode()
        except UnicodeDecodeError as trouble:
            raise _mixed(trouble) from None
    try:
        return Encoding.UTF_8, source.decode()
    except UnicodeDecodeError as trouble:
        if _is_utf_8(source.partition(b"\n")[0]):
            raise _mixed(trouble) from None
    try:
        text = source.decode("cp932")
    except UnicodeDecodeError as trouble:
        raise _mixed(trouble) from None
    if _NOT_ASSIGNED.search(text):
        raise SheetRefused(f"文字の読めるファイルではありません。{_SAVE}")
    return Encoding.CP932, text


def _is_utf_8(line: bytes) -> bool:
    """Do titles in Japanese say that the file means to be UTF-8?"""
    try:
        return not line.decode().isascii()
    except UnicodeDecodeError:
        return False


def _mixed(trouble: UnicodeDecodeError) -> SheetRefused:
    line = trouble.object.count(b"\n", 0, trouble.start) + 1
    return SheetRefused(
        f"文字コードが分かりません（{line}行目）。別の文字コードの行が混ざっていることがあります。{_SAVE}"
    )


def _cells(text: str) -> Iterator[Cells]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for row in reader:
            yield list(row)
    except csv.Error:
        raise SheetRefused(
            f'{reader.line_num}行目でCSVとして読めなくなりました。引用符（"）の数と、1項目の長さを確かめてください。'
        ) from None
