import pytest

from jcanweb.names.corporate_number import normalise_corporate_number
from jcanweb.names.refusal import NameRefused


@pytest.mark.parametrize("number", ["7123456789012", "4011001098993", "2120901007402", "7000012050002"])
def test_a_right_number_is_kept(number: str) -> None:
    assert normalise_corporate_number(number) == number


@pytest.mark.parametrize(
    "typed",
    [
        "７１２３４５６７８９０１２",
        "7-1234-5678-9012",
        "７－１２３４－５６７８－９０１２",
        " 7 1234　5678 9012 ",
        "7ー1234−5678‐9012",
    ],
)
def test_full_width_digits_hyphens_and_spaces_are_accepted(typed: str) -> None:
    assert normalise_corporate_number(typed) == "7123456789012"


@pytest.mark.parametrize(
    ("typed", "word"),
    [
        ("", "入力してください"),
        ("　-", "入力してください"),
        ("8123456789012", "検査数字"),
        ("7123456789021", "検査数字"),
        ("0123456789012", "検査数字"),
        ("123456789012", "会社法人等番号"),
        ("71234567890123", "いま 14 桁"),
        ("7123", "いま 4 桁"),
        ("T7123456789012", "「T」"),
        ("Ｔ7123456789012", "「T」"),
        ("712345678901O", "数字だけ"),
        ("٧١٢٣٤٥٦٧٨٩٠١٢", "数字だけ"),
        ("712345678901②", "数字だけ"),
        ("7123456789012\n", "数字だけ"),
        ("7123456\u200b789012", "数字だけ"),
        ("7" * 100000, "いま 999 桁"),
    ],
    ids=lambda value: ascii(value)[:30],
)
def test_a_wrong_number_is_refused_with_its_reason(typed: str, word: str) -> None:
    with pytest.raises(NameRefused, match=word):
        normalise_corporate_number(typed)
