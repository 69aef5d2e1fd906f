import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jcanweb.terms import ArticleComparison, Change, Comparison, compare, read
from jcanweb.terms.pairing import Part, pairs
from jcanweb.terms.pieces import Pieces, is_changed, pieces
from tests.terms.pages import ARTICLES, document, extracted
from tests.terms.test_read import changed

SAME, ADDED, REMOVED = Change.SAME, Change.ADDED, Change.REMOVED


def shown(row: Pieces) -> str:
    signs = {SAME: "{}", ADDED: "[+{}]", REMOVED: "[-{}]"}
    return "".join(signs[piece.change].format(piece.text) for piece in row)


def against(new: bytes) -> Comparison:
    return compare(read(document()), read(new))


def article(number: int, found: Comparison) -> ArticleComparison:
    return next(one for one in found.articles if one.number == number)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("二十歳以上の方", "二十歳以上の方に限ります", "二十歳以上の方[+に限ります]"),
        ("18歳以上の方", "20歳以上の方", "[-18][+20]歳以上の方"),
        ("個人情報取扱業務です。", "個人情報管理業務です。", "[-個人情報取扱業務][+個人情報管理業務]です。"),
        ("甲は乙に払う。", "丙は丁に払う。", "[-甲][+丙]は[-乙][+丁]に払う。"),
        ("すぐに窓口へ連絡する。", "遅れずに係の者へ報告を行う。", "[-すぐに窓口へ連絡する][+遅れずに係の者へ報告を行う]。"),
        ("葛\U000e0100飾", "葛\U000e0101飾", "[-葛\U000e0100飾][+葛\U000e0101飾]"),
        ("", "新しい文。", "[+新しい文。]"),
        ("古い文。", "", "[-古い文。]"),
        ("", "", ""),
    ],
)  # fmt: skip
def test_a_change_is_shown_by_words(old: str, new: str, expected: str):
    assert shown(pieces(old, new)) == expected


@pytest.mark.parametrize(
    ("old", "new"),
    [("当社の JCAN 証明書", "当社のJCAN証明書"), ("桜公 園", "桜公園"), ("文。\n次の文。", "文。次の文。")],
)
def test_white_space_is_layout_and_no_change(old: str, new: str):
    assert pieces(old, new)[0].text == new
    assert not is_changed(pieces(old, new))


TEXT = st.text(st.sampled_from("あいの漢字々カーAz19１。、「（ \u3000\n\U00020bb7"), max_size=60)


def joined(row: Pieces, *changes: Change) -> str:
    return "".join(piece.text for piece in row if piece.change in changes)


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(TEXT, TEXT)
def test_same_and_removed_are_the_old_text_and_same_and_added_the_new_one(old: str, new: str):
    row = pieces(old, new)
    assert joined(row, SAME, ADDED) == new
    assert "".join(joined(row, SAME, REMOVED).split()) == "".join(old.split())
    assert is_changed(row) == ("".join(old.split()) != "".join(new.split()))


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(st.lists(TEXT, max_size=6), st.lists(TEXT, max_size=6))
def test_every_part_of_both_sides_is_paired_once_and_in_the_order_of_the_new_one(
    old: list[str], new: list[str]
):
    found = pairs(
        [Part(n, "", text) for n, text in enumerate(old, 1)],
        [Part(n, "", text) for n, text in enumerate(new, 1)],
    )
    assert sorted(a for a, _ in found if a is not None) == list(range(len(old)))
    assert [b for _, b in found if b is not None] == list(range(len(new)))
    assert all(a is not None or b is not None for a, b in found)


@settings(max_examples=30, deadline=None, derandomize=True, database=None)
@given(st.data())
def test_a_comparison_holds_every_word_of_both_editions(data: st.DataObject):
    blocks = [[data.draw(st.sampled_from([block, block + "。", block.replace("の", "への")])) if "第" not in block
               and block.strip()[0] not in "（２３" else block for block in ARTICLES] for _ in range(2)]  # fmt: skip
    old, new = (read(document(*side)) for side in blocks)
    for one in compare(old, new).articles:
        for side, changes in ((one.old, (SAME, REMOVED)), (one.new, (SAME, ADDED))):
            assert side
            texts = [joined(part, *changes) for p in one.paragraphs
                     for part in (p.caption, p.text, *(item.text for item in p.items), p.after)]  # fmt: skip
            told = [
                text
                for p in side.paragraphs
                for text in (p.caption, p.text, *(i.text for i in p.items), p.after)
            ]
            assert "".join("".join(texts).split()) == "".join("".join(told).split())
    assert not compare(old, old).changed
    assert not any(one.changed for one in compare(new, new).articles)


def test_only_the_changed_article_is_marked_with_its_words():
    found = against(changed("桜公園の中だけです。", "桜公園と梅公園の中だけです。"))
    assert [one.number for one in found.articles if one.changed] == [4]
    assert shown(article(4, found).paragraphs[0].text) == "会場は、桜公園[+と梅公園]の中だけです。"
    assert found.changed


def test_only_the_changed_item_is_marked():
    found = against(changed("すぐに電話する。", "その日のうちに電話する。"))
    items = article(5, found).paragraphs[0].items
    assert [item.new.number for item in items if item.changed and item.new] == [5]
    assert shown(items[4].text) == "鍵をなくしたおそれがあるときは、[-すぐに][+その日のうちに]電話する。"


def test_an_item_put_in_between_moves_the_others_and_rewrites_none():
    numbers = {
        "（３）雨": "（４）雨",
        "（４）人数": "（５）人数",
        "（５）鍵": "（６）鍵",
        "（６） 終": "（７） 終",
    }
    blocks = []
    for block in ARTICLES:
        for old, new in numbers.items():
            block = block.replace(old, new)
        blocks += ["（３）傘を持って来る。"] * ("（４）雨" in block) + [block]
    items = article(5, against(document(*blocks))).paragraphs[0].items
    assert [(i.old and i.old.number, i.new and i.new.number) for i in items] == [
        (1, 1), (2, 2), (None, 3), (3, 4), (4, 5), (5, 6), (6, 7),
    ]  # fmt: skip
    assert [item.moved for item in items] == [False, False, False, True, True, True, True]
    assert shown(items[2].text) == "[+傘を持って来る。]"
    assert not any(is_changed(item.text) for item in items if item.old)


def test_a_removed_article_stands_where_it_was_and_the_next_ones_have_moved():
    blocks = [block for block in ARTICLES if "使える場所" not in block and "会場は、桜公園" not in block]
    blocks = [block.replace("第５条", "第４条").replace("第６条", "第５条") for block in blocks]
    found = against(document(*blocks)).articles
    assert [(a.old and a.old.number, a.new and a.new.number) for a in found] == [
        (1, 1), (2, 2), (3, 3), (4, None), (5, 4), (6, 5),
    ]  # fmt: skip
    assert [a.changed for a in found] == [False, False, False, True, True, True]
    assert [a.moved for a in found] == [False, False, False, False, True, True]
    assert shown(found[3].heading) == "[-使える場所]"
    assert shown(found[3].paragraphs[0].text) == "[-会場は、桜公園の中だけです。]"
    assert not any(paragraph.changed for paragraph in found[4].paragraphs)


def test_a_renamed_article_is_found_again_by_its_words():
    found = article(4, against(changed("（使える場所）", "（会場）")))
    assert found.old
    assert shown(found.heading) == "[-使える場所][+会場]"
    assert not any(paragraph.changed for paragraph in found.paragraphs)


def test_a_reworded_item_is_found_again_under_another_number():
    old = [Part(1, "", "鍵をなくしたらすぐに電話する。"), Part(2, "", "雨の日は取りやめることを認める。")]
    new = [Part(1, "", "雨の日は会を取りやめることを認める。"), Part(2, "", "鍵をなくしたら早めに電話する。")]
    assert pairs(old, new) == [(1, 0), (0, 1)]


def test_an_article_written_anew_keeps_its_number():
    blocks = [
        block.replace("使える場所", "食べ物").replace("桜公園の中だけです", "飲み物も出しません")
        for block in ARTICLES
    ]
    found = article(4, against(document(*blocks)))
    assert "出しません" in joined(found.paragraphs[0].text, ADDED)
    assert (found.old and found.old.number, found.new and found.new.number) == (4, 4)


def test_a_new_revision_and_a_line_outside_the_articles_are_told():
    more = extracted(*(block for block in (document().decode(), "4.0 傘の貸し出しを追加 260401")))
    found = against(more.replace("以上".encode(), "附則\n\nこの規約は春から使います。\n\n以上".encode()))
    assert [row.version for row in found.revisions_added] == ["4.0"]
    assert found.revisions_removed == ()
    assert "この規約は春から使います。" in joined(found.elsewhere, ADDED)
    assert not any(one.changed for one in found.articles)
    assert found.changed


def test_page_numbers_and_lines_broken_elsewhere_are_no_change():
    paged = document().replace("\n\n第３条".encode(), "\n\n- 1 -\n\n\f第３条".encode())
    assert not against(paged).changed
    assert (
        not compare(read(document()), read(document().replace("桜公園".encode(), "桜\n\n公園".encode())))
        .articles[3]
        .changed
    )


def test_two_long_texts_without_anything_in_common_are_compared_in_bounded_time():
    old, new = "".join(f"甲{n}の" for n in range(4_000)), "".join(f"乙{n}は" for n in range(4_000, 8_000))
    assert joined(pieces(old, new), SAME, ADDED) == new
