"""Tables in and out of bad hands: what is read, what is refused, and where."""

import csv
import io
import re
import tracemalloc
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from jcanweb.sheets import Column, Encoding, Row, Sheet, SheetRefused, read

COLUMNS = (Column("number", "法人番号"), Column("name", "会社名"), Column("note", "備考", required=False))
MOMENT = datetime(2026, 11, 22, 9, 30)  # noqa: DTZ001 - a spreadsheet knows no zone
TEXT = "法人番号,会社名,備考\r\n7123456789012,髙橋商事,\r\n2120901007402,見本建設,急ぎ\r\n"


def workbook(*rows: list[Any], hidden: bool = False) -> bytes:
    book, out = Workbook(), io.BytesIO()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    if hidden:
        book.create_sheet("表").append(["法人番号", "会社名"])
        book["表"].append(["1", "表の会社"])
        sheet.sheet_state = "hidden"
    book.save(out)
    return out.getvalue()


def altered(source: bytes, change: Callable[[str, bytes], bytes]) -> bytes:
    """The workbook with its parts changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(source)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.namelist():
            new.writestr(part, change(part, old.read(part)))
    return out.getvalue()


def rows(sheet: Sheet) -> list[Row]:
    return list(sheet.rows)


def refusal(source: bytes, **more: Any) -> str:
    with pytest.raises(SheetRefused) as refused:
        rows(read(source, COLUMNS, **more))
    return refused.value.sentence


@pytest.mark.parametrize(
    ("source", "encoding"),
    [(TEXT.encode(), Encoding.UTF_8), (TEXT.encode("utf-8-sig"), Encoding.UTF_8_BOM),
     (TEXT.encode("cp932"), Encoding.CP932), (TEXT.replace("\r\n", "\n").encode(), Encoding.UTF_8)],
)  # fmt: skip
def test_a_csv_is_read_in_each_encoding_and_the_encoding_is_told(source: bytes, encoding: Encoding) -> None:
    sheet = read(source, COLUMNS)
    assert sheet.encoding is encoding
    assert rows(sheet) == [
        Row(2, {"number": "7123456789012", "name": "髙橋商事", "note": ""}, {}),
        Row(3, {"number": "2120901007402", "name": "見本建設", "note": "急ぎ"}, {}),
    ]


def test_a_workbook_gives_the_same_rows_numbers_and_days_as_text() -> None:
    source = workbook(["会社名", "法人番号", "備考"], ["髙橋商事", 7123456789012, date(2026, 11, 22)], [],
                      [" 見本建設 ", 2120901007402.0, MOMENT], ["甲", 1.5, True])  # fmt: skip
    sheet = read(source, COLUMNS)
    assert sheet.encoding is Encoding.XLSX
    assert [(row.number, *row.cells.values()) for row in rows(sheet)] == [
        (2, "髙橋商事", "7123456789012", "2026-11-22"), (4, "見本建設", "2120901007402", "2026-11-22 09:30"),
        (5, "甲", "1.5", "TRUE"),
    ]  # fmt: skip


def test_titles_may_be_wide_spaced_and_in_any_order_and_unknown_ones_are_named() -> None:
    sheet = read("会 社 名,ＭＥＭＯ,法人番号　\nA,B,C\n".encode(), COLUMNS)
    assert sheet.unknown == ("ＭＥＭＯ",)
    assert rows(sheet)[0].cells == {"name": "A", "number": "C"}


def test_a_row_that_breaks_off_has_empty_cells_and_empty_rows_keep_their_number() -> None:
    sheet = read("法人番号,会社名,備考\n1\n\n,,\n　,\n2,B,C\n".encode(), COLUMNS)
    assert [(row.number, row.cells["name"]) for row in rows(sheet)] == [(2, ""), (6, "B")]


def test_quotes_commas_and_line_ends_in_a_cell_stay() -> None:
    sheet = read('法人番号,会社名\n1,"A, ""B""\nC"\n'.encode(), COLUMNS)
    assert rows(sheet)[0].cells["name"] == 'A, "B"\nC'


def test_a_formula_is_refused_at_its_cell_and_the_row_still_comes() -> None:
    (row,) = rows(read(workbook(["法人番号", "会社名"], ["=HYPERLINK(1)", "B"]), COLUMNS))
    assert list(row.refused) == ["number"]
    assert "数式" in row.refused["number"]
    assert row.cells == {"number": "", "name": "B"}


def test_in_csv_what_looks_like_a_formula_is_text() -> None:
    (row,) = rows(read("法人番号,会社名\n=1+1,B\n".encode(), COLUMNS))
    assert row.cells["number"] == "=1+1"


def test_a_cell_too_long_is_refused_where_it_stands() -> None:
    (row,) = rows(read(f"法人番号,会社名\n1,{'A' * 2001}\n".encode(), COLUMNS))
    assert row.refused == {"name": "2,000文字を超えています。"}


def test_a_hidden_sheet_is_passed_over() -> None:
    (row,) = rows(read(workbook(["何か"], hidden=True), COLUMNS))
    assert row.cells["name"] == "表の会社"


@pytest.mark.parametrize(
    ("source", "words"),
    [(b"", "何も書かれていません"), ("法人番号,会社名\n".encode(), "項目名のほかに行がありません"),
     ("法人番号,会社名\n,\n".encode(), "項目名のほかに行がありません"),
     ("会社名\nA\n".encode(), "項目「法人番号」がありません"), (b"a\nb\n", "項目「法人番号」「会社名」がありません"),
     ("法人番号,会社名,会 社 名\n1,2,3\n".encode(), "項目「会社名」が2列"),
     (TEXT.encode("utf-16"), "UTF-16"), (TEXT.encode() + "急ぎ".encode("cp932") + b"\x81", "4行目"),
     (TEXT.encode("utf-8-sig") + "急ぎ".encode("cp932"), "4行目"),
     ('法人番号,会社名\n1,"A\n'.encode(), "引用符"), ('法人番号,会社名\n1,"A"B\n'.encode(), "2行目"),
     ("法人番号,会社名\n1,A\0\n".encode(), "文字の読める"), (f"法人番号,会社名\n1,{'A' * 140_000}\n".encode(), "長さ"),
     (bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 600, "パスワード"), (b"PK\x03\x04" + b"rubbish", "Excelのファイルとして"),
     (b"%PDF-1.7\n\xff\xff", "文字の読める"), (b" " * (20 * 2**20 + 1), "20 MB")],
)  # fmt: skip
def test_a_file_that_is_no_such_table_is_refused_with_its_mend(source: bytes, words: str) -> None:
    assert words in refusal(source)


def test_more_rows_than_may_be_are_refused_without_reading_them() -> None:
    assert "3行を超えています" in refusal("法人番号,会社名\n".encode() + b"1,A\n" * 4, most_rows=3)
    assert len(rows(read("法人番号,会社名\n".encode() + b"1,A\n" * 3, COLUMNS, most_rows=3))) == 3


def test_a_workbook_of_empty_rows_without_end_is_refused() -> None:
    def far(part: str, content: bytes) -> bytes:
        if part != "xl/worksheets/sheet1.xml":
            return content
        return content.replace(b'<row r="2"', b'<row r="1048576"').replace(b'r="A2"', b'r="A1048576"')

    source = altered(workbook(["法人番号", "会社名"], ["1", "A"]), far)
    assert "120,000行目より下" in refusal(source)


def test_a_zip_bomb_is_refused_before_it_is_unpacked() -> None:
    def bomb(part: str, content: bytes) -> bytes:
        return content + b" " * (201 * 2**20) if part == "xl/theme/theme1.xml" else content

    source = altered(workbook(["法人番号", "会社名"], ["1", "A"]), bomb)
    assert len(source) < 2**20
    tracemalloc.start()
    assert "大きすぎる" in refusal(source)
    assert tracemalloc.get_traced_memory()[1] < 20 * 2**20
    tracemalloc.stop()


def test_an_entity_in_a_sheet_is_not_followed() -> None:
    bomb = (b'<!DOCTYPE x [<!ENTITY a "' + b"A" * 1000 + b'">'
            + b"".join(b'<!ENTITY %c "%s">' % (98 + step, b"&%c;" % (97 + step) * 50) for step in range(5)) + b"]>")  # fmt: skip

    def grown(part: str, content: bytes) -> bytes:
        if part != "xl/worksheets/sheet1.xml":
            return content
        head, tail = re.split(rb"(?=<worksheet)", content, maxsplit=1)
        return head + bomb + tail.replace(b"<t>A</t>", b"<t>&f;</t>", 1)

    assert "Excelのファイルとして" in refusal(altered(workbook(["法人番号", "会社名"], ["1", "A"]), grown))


def test_a_broken_sheet_is_refused_while_it_is_read() -> None:
    source = altered(workbook(["法人番号", "会社名"], *[["1", "A"]] * 50),
                     lambda part, content: content[:-600] if part == "xl/worksheets/sheet1.xml" else content)  # fmt: skip
    assert "Excelのファイルとして" in refusal(source)


@settings(deadline=None)  # what begins like an archive is opened in a child process
@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(source: bytes) -> None:
    try:
        rows(read(source, COLUMNS))
    except SheetRefused:
        pass


CELL = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20)


@given(st.lists(st.tuples(CELL, CELL), min_size=1, max_size=5))
def test_what_csv_writes_is_what_is_read(table: list[tuple[str, str]]) -> None:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerows([("法人番号", "会社名"), *table])
    wanted = [(a.strip(), b.strip()) for a, b in table if a.strip() or b.strip()]
    source = out.getvalue().encode("utf-8-sig")
    if wanted:
        assert [tuple(row.cells.values()) for row in rows(read(source, COLUMNS))] == wanted
    else:
        assert "項目名のほかに行が" in refusal(source)
