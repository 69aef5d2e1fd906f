import hashlib
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jcanweb.terms import Article, Document, TermsUnreadable, read, sample, statements, written
from jcanweb.terms.lines import join
from tests.terms.pages import ARTICLES, COMPANY, END, HEAD, document, extracted


def article(number: int, source: bytes | None = None) -> Article:
    return read(source or document()).articles[number - 1]


def changed(old: str, new: str) -> bytes:
    """The document with one block rewritten."""
    assert sum(old in block for block in ARTICLES) == 1
    return document(*(block.replace(old, new) for block in ARTICLES))


def letters(text: str) -> str:
    return "".join(text.split())


def lost_nothing(source: bytes, read_back: Document) -> bool:
    """Everything outside `unread` is in `written`, in order, character for character less white space."""
    rows = source.decode("utf-8-sig").replace("\r\n", "\n").split("\n")
    for number, text in read_back.unread:
        parts = rows[number - 1].split("\f")
        place = next(index for index, part in enumerate(parts) if letters(part) == letters(text))
        rows[number - 1] = "\f".join(parts[:place] + [""] + parts[place + 1 :])
    return letters("".join(rows)) == letters(written(read_back))


def test_every_article_paragraph_item_and_revision_is_read():
    source = document()
    found = read(source)
    assert (found.title, found.publisher) == ("花見会 会場利用規約", "株式会社はなみ商会")
    headings = ["この規約", "借りられる方", "窓口の仕事", "使える場所", "借主の約束", "名簿"]
    assert [(a.number, a.heading) for a in found.articles] == list(enumerate(headings, 1))
    assert [len(a.paragraphs) for a in found.articles] == [2, 1, 3, 1, 1, 2]
    assert [len(p.items) for a in found.articles for p in a.paragraphs] == [0, 0, 0, 0, 0, 0, 0, 6, 0, 3]
    assert [p.caption for p in found.articles[5].paragraphs] == ["名簿の使い道", "ほかに使わないこと"]
    assert [(r.version, r.date) for r in found.revisions] == [
        ("1.0", date(2019, 4, 1)),
        ("2.0", date(2022, 3, 15)),
        ("3.0", date(2025, 7, 1)),
    ]
    assert found.revisions[2].summary == "第 3 条 窓口の曜日を変更"
    assert found.closing == "以上"
    assert found.unread == ()
    assert lost_nothing(source, found)


def test_the_exact_bytes_and_their_digest_are_kept():
    source = b"\xef\xbb\xbf" + document().replace(b"\n", b"\r\n")
    found = read(source)
    assert found.source == source
    assert found.sha256 == hashlib.sha256(source).hexdigest()
    assert found.articles == read(document()).articles


def test_lines_broken_by_layout_are_joined_without_a_space():
    assert article(1).paragraphs[0].text == (
        "本規約は、株式会社はなみ商会（以下「商会」といいます）が貸し出す会場と備品について、"
        "商会と借りる方（以下「借主」といいます）との間の約束を書いたものです。"
    )


def test_an_address_broken_by_layout_stays_whole():
    assert "（https://hanami.example/\n" in document().decode()
    assert "（https://hanami.example/map/spring/area-guide-and-bus-stops/）" in article(1).paragraphs[1].text


def test_an_address_broken_without_a_slash_stays_whole_too():
    assert join("（https://hanami.example/map", "guide/）") == "（https://hanami.example/mapguide/）"


def test_a_space_parts_half_width_words_broken_by_layout():
    source = changed("  借主は、町内に", "  借主は、花見の季節に限らず一年を通してこの町内に")
    assert "Hanami \n" in source.decode()
    assert "Hanami Club Card の会員" in article(2, source).paragraphs[0].text


def test_a_sentence_the_author_began_on_a_new_line_stays_on_its_own():
    assert article(5).paragraphs[0].text.split("\n") == [
        "借りる前に、次のことを約束してください。",
        "ここに書いたことのほかは、その都度相談します。",
    ]


@pytest.mark.parametrize("style", ["第1条", "第 １ 条", "第一条"])
def test_headings_are_read_in_every_kind_of_digit(style: str):
    assert read(changed("第１条", style)).articles[0].number == 1


def test_kanji_numbers_above_ten_are_read():
    blocks = [f"第{n}条（題）\n文。" for n in "一 二 三 四 五 六 七 八 九 十 十一 十二".split()]
    assert [a.number for a in read(document(*blocks)).articles] == list(range(1, 13))


def test_a_heading_with_brackets_inside_and_over_two_lines_is_read():
    long = (
        "第４条（使える場所（公園の中の広場と休憩所と池のまわりの道を含みます）とその周りの空き地や駐車場）"
    )
    assert article(4, changed("第４条（使える場所）", long)).heading == long[4:-1]


def full(text: str, start: str, filler: str = "ただし町の人は") -> str:
    """A sentence so long that the page breaks it right before `start`."""
    room = 40 - len(text) % 40
    return text + (filler * 10)[:room] + start


@pytest.mark.parametrize(
    "start",
    [
        "第５条（借主の約束） の定めに従う。",
        "２ 前の日の約束も守ります。",
        "（１）の場合はこの限りではない。",
        "（１）申込書の控えを見せる。",
        "第４条（使える場所）に従う。",
        "第５条（借主の約束）",
        "２ 日以内に知らせます。",
        "2019年4月1日",
        "改定の知らせは掲示板に貼ります。",
    ],
)
def test_a_number_inside_a_sentence_opens_nothing(start: str):
    sentence = full("会場は、", start + "そのあとも桜公園の中だけを使えるものとします。")
    found = read(changed("  会場は、桜公園の中だけです。 ", sentence))
    assert [len(a.paragraphs) for a in found.articles] == [2, 1, 3, 1, 1, 2]
    assert found.articles[3].paragraphs[0].items == ()
    assert letters(found.articles[3].paragraphs[0].text) == letters(sentence)


def test_a_sentence_that_begins_with_a_reference_is_no_heading():
    start = "第５条（借主の約束） の定めは広場でも同じです。"
    assert (
        article(4, changed("公園の中だけです。 ", f"公園の中だけです。\n{start}"))
        .paragraphs[0]
        .text.endswith(start)
    )


@pytest.mark.parametrize("start", ["（２）の場合は別です。", "（２）及び（３）は窓口で聞けます。"])
def test_a_sentence_that_begins_with_a_reference_is_no_item(start: str):
    found = article(5, changed("知らせる。 ", f"知らせる。\n{start}"))
    assert len(found.paragraphs[0].items) == 6
    assert found.paragraphs[0].items[3].text.endswith("知らせる。\n" + start)


def test_a_sentence_that_begins_with_a_count_is_no_paragraph():
    found = article(4, changed("公園の中だけです。 ", "公園の中だけです。\n2 年以内に広場も加えます。"))
    assert len(found.paragraphs) == 1


def test_an_item_that_fills_its_line_without_a_full_stop_ends_there():
    item = "（１）" + ("本人が" * 20)[:75] + "場合"
    found = article(
        6, changed("（１）断ることで、本人やほかの人がけがをしたり物を失ったりするおそれがある場合 ", item)
    )
    assert [i.number for i in found.paragraphs[1].items] == [1, 2, 3]


def test_the_last_item_opens_below_one_that_fills_its_line():
    item = "（２）" + ("商会が" * 20)[:35] + "場合"
    found = article(6, changed("（２）断ることで、商会の正しい立場がそこなわれるおそれがある場合 ", item))
    assert [i.number for i in found.paragraphs[1].items] == [1, 2, 3]


def test_text_below_the_last_item_belongs_to_the_paragraph():
    found = article(5, changed("やめること。 ", "やめること。\nこのほかは窓口が決めます。"))
    assert found.paragraphs[0].after == "このほかは窓口が決めます。"
    assert found.paragraphs[0].items[5].text.endswith("やめること。")


def test_a_list_inside_an_item_stays_in_it_line_by_line():
    found = article(
        5, changed("作ることに同意する。 ", "作ることに同意する。\n(1) 表の鍵\n(2) 裏の鍵\nア 予備")
    )
    assert found.paragraphs[0].items[1].text.split("\n")[1:] == ["(1) 表の鍵", "(2) 裏の鍵", "ア 予備"]
    assert len(found.paragraphs[0].items) == 6


def test_a_list_inside_the_last_item_adds_no_item():
    inner = "やめること。\n(1) 表の鍵\n(2) 裏の鍵\n(3) 予備\n(4) 傘\n(5) 机\n(6) 椅子\n(7) 旗"
    items = article(5, changed("やめること。 ", inner)).paragraphs[0].items
    assert [item.number for item in items] == [1, 2, 3, 4, 5, 6]
    assert items[5].text.endswith("(6) 椅子\n(7) 旗")


def test_an_item_in_another_width_below_an_item_with_a_list_is_an_item():
    inner = "見ることに同意する。\n(1) 電話\n(2) 住所"
    blocks = [block.replace("見ることに同意する。", inner).replace("（３）雨", "(3)雨") for block in ARTICLES]
    assert [i.mark for i in article(5, document(*blocks)).paragraphs[0].items][2:4] == ["(3)", "（４）"]


def test_one_item_typed_in_another_width_is_an_item_all_the_same():
    assert len(article(5, changed("（４）人数", "(4) 人数")).paragraphs[0].items) == 6


def test_rows_of_cells_are_marked_not_mixed_into_a_sentence():
    rows = ["品名 値段 本数", "表の鍵 500円 1本", "裏の鍵 300円 2 本"]
    found = read(changed("公園の中だけです。 ", "\n".join(["公園の中だけです。", *rows, "鍵は返します。"])))
    assert [text for _, text in found.unread] == rows
    assert found.articles[3].paragraphs[0].text == "会場は、桜公園の中だけです。\n鍵は返します。"


def test_page_number_and_running_head_inside_a_sentence_are_set_apart():
    rows = document().decode().split("\n")
    place = next(index for index, row in enumerate(rows) if row.endswith("ものです。 "))
    assert not rows[place - 2].endswith("。")
    rows[place:place] = ["- 1 -", f"\f{HEAD}", ""]
    paged = "\n".join(rows).encode()
    before = read(document()).articles
    found = read(paged)
    assert [text for _, text in found.unread] == ["- 1 -", HEAD.strip()]
    assert found.articles == before
    assert lost_nothing(paged, found)


def test_a_running_head_without_a_form_feed_is_set_apart():
    found = read(document().replace("\n\nいて、商会".encode(), f"\n\n{HEAD}\n\nいて、商会".encode()))
    assert [text for _, text in found.unread] == [HEAD.strip()]
    assert found.articles == read(document()).articles


def paged(*edges: tuple[list[str], list[str]]) -> bytes:
    """The document on as many pages as there are edges, each with (lines on top, lines at the bottom)."""
    rows = [row for row in document().decode().split("\n") if row.strip()]
    size = len(rows) // len(edges) + 1
    pages = [rows[start : start + size] for start in range(0, len(rows), size)]
    whole = ["\n".join([*top, *page, *foot]) for page, (top, foot) in zip(pages, edges, strict=True)]
    return "\n\f".join(whole).encode()


def test_heads_and_feet_of_several_lines_are_set_apart():
    edges = [([f"会則集 {n}", "部外秘"], ["印刷 10:0" + str(n), f"map.html {n}/3"]) for n in (1, 2, 3)]
    source = paged(*edges)
    found = read(source)
    assert found.articles == read(document()).articles
    assert {text for _, text in found.unread} == {line for edge in edges for side in edge for line in side}
    assert lost_nothing(source, found)


def test_an_end_of_a_sentence_on_two_of_many_pages_is_no_running_head():
    edges: list[tuple[list[str], list[str]]] = [([], [])] * 6
    edges[2] = edges[4] = ([], ["する場合がある"])
    source = paged(*edges)
    assert read(source).unread == ()
    assert lost_nothing(source, read(source))


def test_dates_chapters_and_table_rows_are_marked_not_mixed_in():
    odd = ["第１章 総則", "2019年4月1日 制定", "表の鍵\t500円\t1本"]
    found = read(changed("公園の中だけです。 ", "公園の中だけです。\n" + "\n".join(odd)))
    assert [letters(text) for _, text in found.unread] == [letters(text) for text in odd]
    assert found.articles[3].paragraphs[0].text == "会場は、桜公園の中だけです。"


def test_a_revision_with_an_impossible_date_is_marked():
    found = read(document().replace(b"220315", b"221315"))
    assert [r.version for r in found.revisions] == ["1.0", "3.0"]
    assert [text for _, text in found.unread] == ["2.0 貸出窓口の変更による修正 221315"]


def test_a_revision_over_two_lines_is_joined():
    found = read(document().replace("変更による".encode(), "変更に\n\nよる".encode()))
    assert found.revisions[1].summary == "貸出窓口の変更による修正"


@pytest.mark.parametrize(
    ("encoding", "name"),
    [("cp932", "CP932（Shift_JIS）"), ("utf-16", "UTF-16"), ("utf-16-le", "UTF-16"), ("utf-16-be", "UTF-16")]
    + [("euc-jp", "EUC-JP"), ("iso2022_jp", "ISO-2022-JP（JIS）")],
)
def test_another_encoding_is_refused_by_its_name(encoding: str, name: str):
    with pytest.raises(TermsUnreadable) as refusal:
        read(document().decode().encode(encoding))
    assert f"文字コードがUTF-8ではなく、{name}のようです" in str(refusal.value)


def test_bytes_of_no_encoding_are_refused_with_their_line():
    with pytest.raises(TermsUnreadable, match="文字コードがUTF-8ではありません（3行目）"):
        read(b"a\nb\n" + bytes(range(128, 256)))


def test_a_file_of_a_word_processor_is_refused():
    with pytest.raises(TermsUnreadable, match="文書ソフトのファイル"):
        read(b"PK\x03\x04" + bytes(100))


def test_more_than_two_megabytes_of_text_are_refused():
    with pytest.raises(TermsUnreadable, match="2 MBを超えています"):
        read(document("第１条（題）", "長い文です。" * 120_000))


def test_more_than_forty_thousand_lines_are_refused():
    with pytest.raises(TermsUnreadable, match="40,000行を超えています"):
        read(b"\n" * 40_001)


@pytest.mark.parametrize("char", ["\u202e", "\u200b", "\x00", "\ufffd", "\ue000"])
def test_a_character_nobody_can_see_is_refused_with_its_line(char: str):
    with pytest.raises(TermsUnreadable, match=f"行目に表示できない文字（U\\+{ord(char):04X}）"):
        read(changed("桜公園", f"桜{char}公園"))


@pytest.mark.parametrize("source", [b"", extracted(HEAD, COMPANY), extracted(HEAD, *END)])
def test_a_text_without_articles_is_refused(source: bytes):
    with pytest.raises(TermsUnreadable, match="条（第１条…）が見つかりません"):
        read(source)


@pytest.mark.parametrize("number", ["１", "２", "４", "９"])
def test_a_skipped_or_doubled_article_is_refused(number: str):
    with pytest.raises(TermsUnreadable, match="条の番号が順になっていません"):
        read(changed("第３条（", f"第{number}条（"))


def test_a_branch_article_is_refused():
    with pytest.raises(TermsUnreadable, match="枝番号"):
        read(changed("第４条（", "第３条の２（"))


@pytest.mark.parametrize("number", ["１", "２", "４", "５"])
def test_items_out_of_order_are_refused(number: str):
    with pytest.raises(TermsUnreadable, match="第5条の号の番号が順になっていません"):
        read(changed("（３）雨", f"（{number}）雨"))


@pytest.mark.parametrize("number", ["１", "３"])
def test_items_out_of_order_below_one_that_fills_its_line_are_refused(number: str):
    item = "（１）" + ("商会が" * 20)[:35] + "場合\n"
    block = "（１）断ることで、本人やほかの人がけがをしたり物を失ったりするおそれがある場合 "
    blocks = [b for b in ARTICLES if not b.startswith(("（２）断る", "（２）商会の正", "（３）町や"))]
    source = document(*(item + f"（{number}）次の場合" if b == block else b for b in blocks))
    with pytest.raises(TermsUnreadable, match="第6条の号の番号が順になっていません"):
        read(source)


def test_a_skipped_article_below_a_line_without_a_full_stop_is_refused():
    filled = ("会場は、" + "桜公園と" * 10)[:38] + "場合"
    with pytest.raises(TermsUnreadable, match="条の番号が順になっていません"):
        read(document(*ARTICLES[:9], filled, "第６条（名簿） ", "名簿の文です。"))


@pytest.mark.parametrize("number", ["２", "４"])
def test_paragraphs_out_of_order_are_refused(number: str):
    with pytest.raises(TermsUnreadable, match="第3条の項の番号が順になっていません"):
        read(changed("３ 窓口の判断", f"{number} 窓口の判断"))


def test_an_article_below_the_closing_word_is_refused():
    with pytest.raises(TermsUnreadable, match="本文の終わりの後に条があります"):
        read(changed("第４条（", "以上\n第４条（"))


def test_a_version_given_twice_is_refused():
    with pytest.raises(TermsUnreadable, match="版1.0が二度"):
        read(document().replace(b"2.0 ", b"1.0 "))


ODD_LINES = st.sampled_from(
    ["\f", "12", "- 3 -", HEAD, "２ 前の日", "（２）の場合", "第３条２項", "以上", "2.0 x 210101", "a b", "※"]
    + [
        "ア 鍵",
        "第１章",
        "附則",
        "2019年4月1日",
        "表\t1\t2",
        "第２条（借りられる方）",
        "https://a.example/",
        "改定履歴",
    ]
)
WORDS = st.text(st.sampled_from("あ漢（）「」。、 　\tAz09１２第条項-/"), max_size=90)


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(st.lists(st.tuples(st.integers(0, 80), ODD_LINES | WORDS), min_size=1, max_size=6))
def test_text_in_is_text_out_or_the_document_is_refused(inserted: list[tuple[int, str]]):
    rows = document().decode().split("\n")
    for place, text in inserted:
        rows.insert(place, text)
    source = "\n".join(rows).encode()
    refused = ""
    try:
        found = read(source)
    except TermsUnreadable as refusal:
        refused = str(refusal)
    assert "一致しません" not in refused
    assert refused or lost_nothing(source, found)


def test_two_hundred_pages_are_read():
    blocks = [f"第{n}条（題）\n  {'長い文をここに書きます。' * 40}\n（１）同意する。" for n in range(1, 400)]
    assert len(read(document(*blocks)).articles) == 399


def test_the_sample_says_that_it_is_one_and_has_the_shape_of_the_official_text():
    found = read(sample())
    assert "見本" in found.title
    assert [len(a.paragraphs) for a in found.articles] == [2, 1, 3, 1, 1, 2]
    assert [len(p.items) for p in found.articles[5].paragraphs] == [0, 3]
    assert len(statements(found)) == 6
    assert found.revisions
    assert found.unread == ()
    assert lost_nothing(sample(), found)
