"""Other people in free text."""

import pytest

from jcanweb.names.redaction import BLOT, blotter

hide = blotter({"鈴木 一郎", "Mary Anne Smith", "林", "", " "}, own="taro@aozora.example")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("鈴木一郎さんに確認", f"{BLOT}さんに確認"),
        ("鈴木　一郎に確認", f"{BLOT}に確認"),
        ("鈴木様と一郎 氏", f"{BLOT}様と{BLOT} 氏"),
        ("mary anne SMITH", BLOT),
        ("ichiro@aozora.example へ", f"{BLOT} へ"),
        ("ichiro＠aozora.example", BLOT),
        ("TARO@aozora.example へ", "TARO@aozora.example へ"),
        ("林さん", f"{BLOT}さん"),
        ("鈴木建設の登記を確認。", "鈴木建設の登記を確認。"),
        ("登記のとおり。", "登記のとおり。"),
        ("", ""),
    ],
)
def test_other_people_are_blotted_out(text, told):
    assert hide(text) == told


def test_names_are_words_and_no_patterns():
    assert blotter({".* (x"}, own="")("何もかも") == "何もかも"


def test_without_others_nothing_but_addresses_goes():
    assert blotter(set(), own="")("鈴木 a@b.example") == f"鈴木 {BLOT}"
