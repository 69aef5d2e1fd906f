from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jcanweb.terms import Document, SourceKind, TermsUnreadable, kind_of, read, statements, text_of, written
from jcanweb.terms.markdown import lines
from tests.terms.pages import document

SOURCE = r"""
# 花見会 会場利用規約

株式会社はなみ商会

## 第１条（この規約）

本規約は、**株式会社はなみ商会**（以下「商会」）と借りる方の
約束を書いたものです。案内は <https://hanami.example/map> にあります。

2. 商会の窓口で受け付けた分\*だけに当てはめます。

## 第２条（借主の約束） ##

借りる前に、次のことを約束してください。

- （１）名前を窓口の係が見ることに同意する。
- （２）鍵の写しを作ることに
  同意する。
- （３）貸し出しの取りやめを認める。

## 第３条（料金）

料金は次のとおりです。

1. 表の鍵は、
   五百円
2. 裏の鍵は、三百円

| 品名 | 値段 |
|------|-----:|
| 表の鍵 | 500円 |

以上

## 改定履歴

| 版 | 改定内容 | 日付 |
| --- | --- | --- |
| 1.0 | 新規制定 | 190401 |
| 2.0 | 第 3 条 料金を\|で区切る | 2025-07-01 |
"""
MARKDOWN = SOURCE.encode()


@pytest.fixture(scope="module")
def found() -> Document:
    return read(MARKDOWN)


def test_the_kind_is_told_by_the_content():
    assert kind_of(MARKDOWN) is SourceKind.MARKDOWN
    assert kind_of("**第１条（題）**\n\n文。\n".encode()) is SourceKind.MARKDOWN
    assert kind_of("第１条（題）\n------\n\n文。\n".encode()) is SourceKind.MARKDOWN
    assert kind_of(document()) is SourceKind.TEXT
    assert kind_of("# 注\n第１条（題）\n* 文。\n".encode()) is SourceKind.TEXT


def test_the_text_is_the_markdown_itself():
    assert text_of(MARKDOWN) == SOURCE


def test_headings_paragraphs_items_and_revisions_are_read(found: Document):
    assert (found.kind, found.title, found.publisher) == (
        SourceKind.MARKDOWN, "花見会 会場利用規約", "株式会社はなみ商会",
    )  # fmt: skip
    assert [(a.number, a.heading) for a in found.articles] == [
        (1, "この規約"),
        (2, "借主の約束"),
        (3, "料金"),
    ]
    first, second = found.articles[0].paragraphs
    assert first.text.startswith("本規約は、株式会社はなみ商会（以下「商会」）と借りる方の約束を書いた")
    assert "https://hanami.example/map" in first.text
    assert (second.mark, second.text) == ("2.", "商会の窓口で受け付けた分*だけに当てはめます。")
    assert [item.text for item in found.articles[1].paragraphs[0].items][
        1
    ] == "鍵の写しを作ることに同意する。"
    assert found.closing == "以上"
    assert [(r.version, r.summary, r.date) for r in found.revisions] == [
        ("1.0", "新規制定", date(2019, 4, 1)),
        ("2.0", "第 3 条 料金を|で区切る", date(2025, 7, 1)),
    ]


def test_a_numbered_list_below_words_is_items(found: Document):
    items = found.articles[2].paragraphs[0].items
    assert [(item.mark, item.text) for item in items] == [
        ("(1)", "表の鍵は、五百円"),
        ("(2)", "裏の鍵は、三百円"),
    ]


def test_numbered_lists_inside_paragraphs_are_items_and_the_outer_numbers_paragraphs():
    text = "## 第１条（題）\n\n1. 一つ目。\n   1. 甲\n   2. 乙\n2. 二つ目。\n   1. 丙\n"
    paragraphs = read(text.encode()).articles[0].paragraphs
    assert [(p.mark, [item.text for item in p.items]) for p in paragraphs] == [
        ("1.", ["甲", "乙"]),
        ("2.", ["丙"]),
    ]


def test_a_table_in_an_article_is_marked_with_its_lines(found: Document):
    rows = SOURCE.split("\n")
    assert found.unread == ((30, "品名 値段"), (32, "表の鍵 500円"))
    assert [rows[number - 1] for number, _ in found.unread] == ["| 品名 | 値段 |", "| 表の鍵 | 500円 |"]


def test_items_on_lines_without_a_blank_between_are_items():
    text = "## 第５条（約束）\n次のとおり：\n（１）写しを作ること\n（２）止めること\n（３）知らせること\n"
    source = "".join(f"## 第{n}条（題）\n文。\n" for n in "１２３４") + text
    assert len(statements(read(source.encode()))) == 3


@pytest.mark.parametrize(
    ("row", "name"),
    [
        ("![図](map.png)", "画像"),
        ("[案内](https://hanami.example/)", "リンク"),
        ("注があります[^1]。", "脚注"),
        ("~~古い文~~新しい文", "取り消し線"),
        ("<!-- 隠れた文 -->", "HTML"),
        ("<span>文</span>", "HTML"),
        ("500&nbsp;円", "文字参照"),
        ("```", "コード"),
    ],
)
def test_writing_whose_words_would_be_lost_is_refused_with_its_line(row: str, name: str):
    with pytest.raises(TermsUnreadable, match=f"4行目のMarkdownの{name}は取り込めません"):
        read(f"## 第１条（題）\n\n文です。\n{row}\n".encode())


def test_a_sign_with_a_backslash_is_that_sign():
    text = "## 第１条（題）\n\n\\<b\\>と\\!\\[と2\\. と a\\_b と * と **\n"
    assert read(text.encode()).articles[0].paragraphs[0].text == "<b>と![と2. と a_b と * と **"


@pytest.mark.parametrize(
    ("old", "new"), [("第２条", "第３条"), ("（２）鍵", "（３）鍵"), ("2. 商会", "3. 商会")]
)
def test_numbers_out_of_order_are_refused_in_markdown_too(old: str, new: str):
    with pytest.raises(TermsUnreadable, match="順になっていません"):
        read(SOURCE.replace(old, new).encode())


ROWS = st.sampled_from(
    [
        "",
        "---",
        "# 題",
        "###### 題 #",
        "- 点",
        "* 点",
        "  + 点",
        "1. 一",
        "2. 二",
        "   1. 内",
        "| a | b |",
        "|---|---|",
    ]
    + [
        "（２）号",
        "**太い**字",
        "**",
        "a|b",
        "\\# 字",
        "2019年4月1日",
        "以上",
        "改定履歴",
        "第２条（借主の約束）",
        "12",
    ]
)
WORDS = st.text(st.sampled_from("あ漢（）「」。、 　Az09１２第条*|#-=\\.+:"), max_size=40)


def words_only(text: str) -> str:
    """Less white space and every sign that can be markup."""
    return "".join(char for char in text if char not in "*|#-=\\.+:()_<>" and not char.isspace())


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(st.lists(st.tuples(st.integers(0, 45), ROWS | WORDS), min_size=1, max_size=6))
def test_text_in_is_text_out_less_the_markup_or_the_document_is_refused(inserted: list[tuple[int, str]]):
    rows = SOURCE.split("\n")
    for place, row in inserted:
        rows.insert(place, row)
    text = "\n".join(rows)
    assert words_only("".join(line.text for line in lines(text))) == words_only(text)
    refused = ""
    try:
        found = read(text.encode())
    except TermsUnreadable as refusal:
        refused = str(refusal)
    assert "一致しません" not in refused
    if not refused:
        out = written(found) + "".join(row for _, row in found.unread)
        assert sorted(words_only(out)) == sorted(words_only(text))


@pytest.mark.parametrize(
    "row",
    [
        " " * 1_900_000,
        "# a" + " " * 1_900_000 + "b",
        "--- " + " " * 1_900_000 + "x",
        "**a " * 400_000,
        "|-" * 900_000,
    ],
)
def test_long_lines_take_no_long_time(row: str):
    assert read(f"## 第１条（題）\n\n文です。\n{row}\n".encode()).articles
