import time
import zlib
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader, PdfWriter
from pypdf.annotations import FreeText

from jcanweb.terms import SourceKind, TermsUnreadable, compare, kind_of, read, text_of, written
from jcanweb.terms.source import closed_up, unfolded
from tests.terms.pages import ARTICLES, END, document
from tests.terms.pdfs import by_hand, empty, encrypted, lines, terms_pdf, typeset
from tests.terms.pdfs import written as pdf_of
from tests.terms.test_read import letters

PICTURE = b"<< /Type /XObject /Subtype /Image /Width 1 /Height 1 /BitsPerComponent 8 /ColorSpace /DeviceGray /Length 1 >>\nstream\n0\nendstream"
SHORT = ("規約", "第１条（題）", "文です。")


@pytest.fixture(scope="module")
def source() -> bytes:
    return terms_pdf()


def test_the_pdf_itself_reads_like_the_text_taken_out_of_it(source: bytes):
    found, from_text = read(source), read(document())
    assert found.kind is kind_of(source) is SourceKind.PDF
    assert letters(written(found)) == letters(written(from_text))
    assert [len(a.paragraphs) for a in found.articles] == [2, 1, 3, 1, 1, 2]
    assert [len(p.items) for a in found.articles for p in a.paragraphs] == [0, 0, 0, 0, 0, 0, 0, 6, 0, 3]
    assert found.revisions == from_text.revisions
    assert not any(article.changed for article in compare(from_text, found).articles)


def test_page_numbers_and_running_heads_are_set_apart_from_the_sentences_they_cut(source: bytes):
    assert {text for _, text in read(source).unread} == {"花見会 規約集", "- 1 -", "- 2 -"}
    assert text_of(source).count("\f") == 1


def test_a_kept_text_is_read_without_opening_the_pdf_again(source: bytes):
    kept = text_of(source)
    damaged = source[:200]
    assert read(damaged, text=kept).articles == read(source).articles


def test_an_older_font_with_a_japanese_encoding_is_read():
    rows = [block.strip() for block in (*ARTICLES[5:9], *END)]
    source = by_hand(lines("会場規約", "第１条（題）", "文です。", *[row for row in rows if "第" not in row]))
    assert read(source).articles[0].heading == "題"
    utf16 = by_hand(lines(*SHORT, encoding="utf-16-be"), font=b"/Encoding /UniJIS-UTF16-H")
    assert read(utf16).articles[0].paragraphs[0].text == "文です。"


def test_radicals_and_ligatures_that_a_font_names_for_characters_are_the_characters():
    assert unfolded("⼈⺠が⽇本で⻑いﬁle") == "人民が日本で長いfile"
    shown = lines("規約", "第１条（⽒名）", "⽂です。", encoding="utf-16-be")
    source = by_hand(shown, font=b"/Encoding /UniJIS-UTF16-H")
    assert read(source).articles[0].heading == "氏名"
    with pytest.raises(TermsUnreadable, match="4行目の「⽂」（U\\+2F42）は、漢字と同じ形の部首"):
        read("規約\n\n第１条（題）\n⽂です。\n".encode())


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("商 会 の 貸 出 窓 口 で 受 け付 け ま す。", "商会の貸出窓口で受け付けます。"),
        ("２ 商 会 の Card 窓 口", "２ 商会の Card 窓口"),
        ("品名 値段 本数", "品名 値段 本数"),
        ("桜公園 二丁目", "桜公園 二丁目"),
    ],
)
def test_letters_set_apart_to_fill_a_line_are_closed_up(row: str, expected: str):
    assert closed_up(row) == expected


@pytest.mark.parametrize(("user", "owner"), [("open", "lock"), ("", "lock")])
def test_an_encrypted_or_locked_pdf_is_refused(source: bytes, user: str, owner: str):
    with pytest.raises(TermsUnreadable, match="パスワードや制限"):
        read(encrypted(source, user, owner))


@pytest.mark.parametrize(
    "image_only",
    [empty(2), by_hand(b"q 500 0 0 700 40 60 cm /X Do Q\n", more=[PICTURE]), by_hand(b"0 0 m 9 9 l S\n")],
)
def test_a_pdf_without_text_is_refused(image_only: bytes):
    with pytest.raises(TermsUnreadable, match="画像だけのPDF"):
        read(image_only)


def test_a_picture_among_the_text_is_marked_with_its_page():
    source = by_hand(lines(*SHORT), b"/X Do\n" + lines("続きです。"), b"/X Do\n", more=[PICTURE])
    assert [text for _, text in read(source).unread] == ["［2ページの画像］", "［3ページの画像］"]


def test_a_page_of_drawn_shapes_without_text_is_marked():
    source = by_hand(lines(*SHORT), b"0 0 m 9 9 l f\n")
    assert [text for _, text in read(source).unread] == ["［2ページの画像］"]


def test_invisible_text_over_a_picture_is_refused():
    with pytest.raises(TermsUnreadable, match="2ページに、画像に重ねた見えない文字"):
        read(by_hand(lines(*SHORT), lines("見えない文です。", mode=3)))


def test_more_than_two_hundred_pages_are_refused():
    with pytest.raises(TermsUnreadable, match="200ページを超えています"):
        read(empty(201))


@pytest.mark.parametrize("font", [b"/Encoding /Identity-H", b"/Encoding /90pv-RKSJ-H"])
def test_a_font_that_does_not_tell_its_characters_is_refused(font: bytes):
    with pytest.raises(TermsUnreadable, match="1ページの文字をすべては取り出せません"):
        read(by_hand(lines(*SHORT), font=font))


def test_a_font_that_is_not_there_is_refused():
    with pytest.raises(TermsUnreadable, match="取り出せません|表示できない文字"):
        read(by_hand(lines(*SHORT).replace(b"/F ", b"/G ")))


@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.97])
def test_a_pdf_cut_short_is_refused(source: bytes, share: float):
    with pytest.raises(TermsUnreadable, match="壊れています|取り出せません"):
        read(source[: int(len(source) * share)])


def test_a_content_that_unpacks_without_end_is_refused_in_bounded_time():
    begun = time.monotonic()
    with pytest.raises(TermsUnreadable, match="大きすぎて開けません"):
        read(by_hand(lines(*SHORT), b" " * 30_000_000))
    assert time.monotonic() - begun < 30


def test_a_content_with_operators_without_end_is_refused_in_bounded_time():
    begun = time.monotonic()
    with pytest.raises(TermsUnreadable, match="大きすぎて開けません"):
        read(by_hand(lines(*SHORT), b"q Q " * 300_000))
    assert time.monotonic() - begun < 30


def test_packing_upon_packing_is_refused_in_bounded_time():
    bomb = zlib.compress(zlib.compress(b"0" * 30_000_000, 9), 9)
    form = b"<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Filter [/FlateDecode /FlateDecode] /Length %d >>\nstream\n%s\nendstream"
    with pytest.raises(TermsUnreadable, match="大きすぎて開けません"):
        read(by_hand(lines(*SHORT) + b"/X Do\n", more=[form % (len(bomb), bomb)]))


def test_a_form_that_draws_itself_is_refused():
    form = b"<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X 10 0 R >> >> /Length 6 >>\nstream\n/X Do \nendstream"
    with pytest.raises(TermsUnreadable, match="1ページの文字をすべては取り出せません"):
        read(by_hand(lines(*SHORT) + b"/X Do\n", more=[form]))


def test_a_form_that_uses_the_fonts_of_its_page_is_refused():
    form = b"<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Length %d >>\nstream\n%s\nendstream"
    words = lines("二つ目の文です。")
    with pytest.raises(TermsUnreadable, match="1ページの文字をすべては取り出せません"):
        read(by_hand(lines(*SHORT) + b"/X Do\n", more=[form % (len(words), words)]))


def test_a_note_written_into_the_pdf_is_marked(source: bytes):
    writer = PdfWriter(clone_from=PdfReader(BytesIO(source)))
    writer.add_annotation(1, FreeText(text="ここは別の約束です。", rect=(50, 50, 200, 90)))
    assert "［2ページの書き込み］" in [text for _, text in read(pdf_of(writer)).unread]


def test_a_pdf_of_more_than_ten_megabytes_is_refused():
    with pytest.raises(TermsUnreadable, match="10 MBを超えています"):
        read(b"%PDF-1.7\n" + bytes(10_000_000))


def test_a_table_in_an_article_is_marked_row_by_row():
    rows = ("品名 値段 本数", "表の鍵 500円 1本", "裏の鍵 300円 2本")
    cells = ", ".join(f'"{cell}"' for row in rows for cell in row.split())
    source = typeset(
        ("会場規約", "第１条（鍵）", "鍵の値段は次のとおりです。"), inside=f"#table(columns: 3, {cells})"
    )
    found = read(source)
    assert [text for _, text in found.unread if "-" not in text] == [
        row.replace("円", " 円").replace("本", " 本", 1) if "円" in row else row for row in rows
    ]
    assert found.articles[0].paragraphs[0].text == "鍵の値段は次のとおりです。"


@settings(max_examples=6, deadline=None, derandomize=True, database=None)
@given(st.integers(0, 10**6), st.binary(min_size=1, max_size=8))
def test_a_pdf_with_changed_bytes_reads_the_same_or_is_refused_or_shows_the_change(place: int, other: bytes):
    source = by_hand(lines(*SHORT, "これは二つ目の文です。"))
    at = 9 + place % (len(source) - 9)
    refused = ""
    try:
        found = read(source[:at] + other + source[at + len(other) :])
    except TermsUnreadable as refusal:
        refused = str(refusal)
    assert refused or letters(written(found) + "".join(t for _, t in found.unread)) == letters(
        text_of(found.source)
    )
