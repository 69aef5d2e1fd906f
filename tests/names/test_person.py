import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jcanweb.names import kanji
from jcanweb.names.person import check_name, comparison_key, furigana, search_key
from jcanweb.names.refusal import NameRefused

KEPT = (
    "株式会社東京建設",
    "㈱東京建設",
    "髙橋　一郎",
    "山﨑 太郎",
    "𠮷田花子",
    "葛\U000e0100飾区建設",
    "神\ufe00田",
    "\ufa19谷",
    "ＡＢＣ建設（株）",
    "J・スミス",
    "Müller",
    "つのだ☆ひろ",
    "ナイチンゲール・か\u3099",
    "第一事業部長",
)


@pytest.mark.parametrize("raw", KEPT)
def test_a_right_name_is_kept_exactly_as_typed(raw: str) -> None:
    assert check_name(raw, "会社名") == raw


@pytest.mark.parametrize(
    ("raw", "word"),
    [
        ("", "入力してください"),
        (" \u3000", "入力してください"),
        ("あ" * 101, "100文字以内"),
        (" 山田", "前後の空白"),
        ("山田\u3000", "前後の空白"),
        ("山\n田", "制御文字"),
        ("山\t田", "制御文字"),
        ("山\x00田", "制御文字"),
        ("山田\u2028", "制御文字"),
        ("山\u2029田", "制御文字"),
        ("山\u202e田", "並びを変える"),
        ("山\u200f田", "並びを変える"),
        ("山田\U000e0041", "タグ文字"),
        ("山\u200b田", "見えない文字"),
        ("山\ufeff田", "見えない文字"),
        ("山\u115f田", "見えない文字"),
        ("山\u3164田", "見えない文字"),
        ("山\u2800田", "見えない文字"),
        ("山\ue000田", "外字"),
        ("山\U000f0000田", "外字"),
        ("山\u0378田", "外字"),
        ("山" + chr(0xD842) + "田", "外字"),
        ("山\ufffd田", "外字"),
        ("山\u00a0田", "特殊な空白"),
        ("\U000e0100山田", "見えない文字"),
        ("A\U000e0100山田", "見えない文字"),
        ("葛\U000e0100\U000e0101飾", "見えない文字"),
        ("葛\ufe0f飾", "見えない文字"),
        ("か" + "\u3099" * 5, "重ねた記号"),
        ("☆☆☆", "文字がありません"),
    ],
    ids=lambda value: ascii(value)[:30],
)
def test_a_wrong_name_is_refused_with_the_word_of_its_field(raw: str, word: str) -> None:
    with pytest.raises(NameRefused) as refused:
        check_name(raw, "申請者の氏名")
    assert word in refused.value.sentence
    assert refused.value.sentence.startswith("申請者の氏名")
    assert refused.value.sentence.isprintable()


def test_the_longest_name_is_a_choice_of_the_field() -> None:
    assert check_name("部" * 64, "部署", longest=64)
    with pytest.raises(NameRefused, match="64文字以内で入力してください（いま 65 文字）"):
        check_name("部" * 65, "部署", longest=64)


@given(st.text(max_size=20))
def test_a_name_is_either_refused_or_untouched(raw: str) -> None:
    try:
        assert check_name(raw, "氏名") == raw
    except NameRefused:
        return
    assert not {unicodedata.category(c) for c in raw} & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("髙橋", "高橋"),
        ("山﨑", "山崎"),
        ("渡邉", "渡辺"),
        ("渡邊", "渡辺"),
        ("濵田", "浜田"),
        ("濱田", "浜田"),
        ("德川", "徳川"),
        ("栁田", "柳田"),
        ("𠮷田", "吉田"),
        ("黑木", "黒木"),
        ("靑木", "青木"),
        ("\ufa19田", "神田"),
        ("葛\U000e0100飾", "葛飾"),
        ("ＡＢＣ建設", "abc建設"),
        ("山田　太郎", "山田太郎"),
        ("ﾔﾏﾀﾞ", "ヤマダ"),
        ("㈱東京", "(株)東京"),
    ],
)
def test_variants_meet_in_the_comparison_key(one: str, other: str) -> None:
    assert one != other
    assert comparison_key(one) == comparison_key(other)


def test_different_names_do_not_meet() -> None:
    assert len({comparison_key(name) for name in ("高橋", "高梨", "渡辺", "渡部", "吉田", "吉川")}) == 6


@given(st.text(max_size=20))
def test_the_comparison_key_of_a_key_is_the_key(raw: str) -> None:
    key = comparison_key(raw)
    assert comparison_key(key) == key


def test_no_kanji_is_folded_two_ways_and_none_stands_in_two_groups() -> None:
    groups = kanji._GROUPS.split()
    letters = "".join(groups)
    assert len(letters) == len(set(letters))
    assert all(len(group) > 1 for group in groups)
    assert unicodedata.normalize("NFKC", letters) == letters


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("髙橋", "株式会社高橋組"),
        ("高橋", "株式会社髙橋組"),
        ("渡辺", "渡邉建設"),
        ("渡邊", "渡邉建設"),
        ("大沢", "大澤　一郎"),
        ("斎藤", "齋藤工務店"),
        ("神田", "\ufa19田土木"),
        ("葛飾", "葛\U000e0100飾区建設"),
        ("ﾔﾏﾀﾞ", "ヤマダ電設"),
        ("やまだ", "ヤマダ電設"),
        ("ヤマダ", "やまだ建設"),
        ("センター", "建設ｾﾝﾀｰ"),
        ("センタ", "建設センター"),
        ("キャノン", "キヤノン建設"),
        ("霞ケ関", "霞ヶ関ビル"),
        ("ヱビス", "エビス商事"),
        ("abc", "ＡＢＣ建設（株）"),
        ("co., ltd.", "Tokyo Co.,Ltd."),
        ("J スミス", "J・スミス"),
        ("東京-大阪", "東京―大阪運輸"),
        ("つのだひろ", "つのだ☆ひろ"),
        ("株式会社 東京", "㍿東京"),
        ("Muller", "Muller"),
    ],
)
def test_a_part_is_found_however_it_is_written(typed: str, kept: str) -> None:
    assert search_key(typed) in search_key(kept)


def test_what_cannot_be_sought_gives_no_key() -> None:
    assert {search_key(typed) for typed in ("", " \u3000", "☆", "ー", "・", "\U000e0100", "%_")} == {""}


def test_a_search_does_not_find_another_name() -> None:
    assert search_key("斉藤") not in search_key("斎藤")
    assert search_key("高梨") not in search_key("髙橋")


@given(st.text(max_size=20) | st.text(st.characters(min_codepoint=0x3040, max_codepoint=0x30FF), max_size=20))
def test_the_search_key_of_a_key_is_the_key(raw: str) -> None:
    key = search_key(raw)
    assert search_key(key) == key
    assert search_key(comparison_key(raw)) == key


@pytest.mark.parametrize("typed", ["ヤマダ　タロウ", "やまだ たろう", "ﾔﾏﾀﾞ ﾀﾛｳ", " ヤマタ\u3099  タロウ "])
def test_a_reading_becomes_full_width_katakana(typed: str) -> None:
    assert furigana(typed) == "ヤマダ\u3000タロウ"


@pytest.mark.parametrize("typed", ["山田", "Yamada", "ヤマダ1", "ヤマ\u200bダ", "", "ヤマダ＿"])
def test_a_reading_of_other_letters_is_refused(typed: str) -> None:
    with pytest.raises(NameRefused, match="フリガナ"):
        furigana(typed)
