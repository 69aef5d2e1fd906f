import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jcanweb.names import (
    acceptable,
    changed,
    difference,
    marked,
    similar,
    skeleton,
    subject_key,
    subject_keys,
    to_certificate_text,
)
from jcanweb.names.characters import LOOK_ALIKES
from jcanweb.names.findings import FindingCode, Severity

from .nasty import APART, SIMILAR
from .typed import NAMES, TYPED

_TAKEN = [("0", "O"), ("O", "0"), ("o", "0"), ("1", "l"), ("l", "1"), ("I", "l"), ("l", "I"), ("m", "rn"), ("rn", "m"),
          ("w", "vv"), ("vv", "w"), ("d", "cl"), ("cl", "d"), (" ", ""), (",", ""), (".", ""), ("-", " ")]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), SIMILAR)
def test_a_name_taken_for_another_is_told_whichever_comes_second(one: str, other: str) -> None:
    for text, existing in ((one, other), (other, one)):
        finding = similar(text, ["Something Else", existing])
        assert finding is not None
        assert (finding.code, finding.severity) == (FindingCode.SIMILAR, Severity.WARN)
        assert f"「{existing}」" in finding.sentence
        assert "Something" not in finding.sentence


@pytest.mark.parametrize(("one", "other"), APART)
def test_two_plainly_different_names_are_not_called_similar(one: str, other: str) -> None:
    assert similar(one, [other]) is None


def test_the_same_name_is_a_duplicate_and_not_similar() -> None:
    assert similar("Sales", ["Sales"]) is None


def test_many_similar_names_are_listed_in_part_and_counted() -> None:
    many = ["sales", "SALES", "Sa1es", "SA1ES", "Sal-es", "S ales", "sa1es"]
    finding = similar("Sales", many + many)
    assert finding is not None
    assert finding.sentence.count("「") == 5
    assert "ほか2件" in finding.sentence


@given(NAMES, st.randoms(use_true_random=False))
def test_an_accepted_text_made_to_look_like_another_is_always_warned_of(
    typed: str, chance: random.Random
) -> None:
    text = other = to_certificate_text(typed)
    for _ in range(3):
        old, new = chance.choice(_TAKEN)
        other = to_certificate_text(other.replace(old, new, chance.choice((1, -1))))
    other = chance.choice((other, other.upper(), other.lower()))
    if acceptable(text) and acceptable(other):
        assert (similar(text, [other]) is None) == (text == other)


@given(TYPED, TYPED)
def test_equal_skeletons_of_different_texts_warn_and_only_they(one: str, other: str) -> None:
    if acceptable(one) and acceptable(other):
        text, existing = to_certificate_text(one), to_certificate_text(other)
        alike = skeleton(text) == skeleton(existing) and text != existing
        assert (similar(text, [existing]) is not None) == alike
        assert skeleton(skeleton(text)) == skeleton(text)
        assert 0 < len(skeleton(text)) <= 128


def test_case_and_spaces_make_no_other_subject() -> None:
    assert subject_key("Tokyo  Kensetsu", "ＣＥＯ") == subject_key(" TOKYO KENSETSU", "ceo")
    assert len(subject_key("A" * 64, "B" * 64)) == 129


def test_what_moves_from_one_field_to_the_other_is_another_subject() -> None:
    assert (
        len(
            {
                subject_key("Sales", "East CEO"),
                subject_key("Sales East", "CEO"),
                subject_key("CEO", "Sales East"),
            }
        )
        == 3
    )


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("Sales Department", "Sales Department", ((), ())),
        ("Sales Department", "Legal Department", (("Sales",), ("Legal",))),
        ("Sales Department", "Sales Department East", ((), ("East",))),
        ("Sales Sales East", "Sales East", (("Sales",), ())),
        ("Yamada Taro", "Taro Yamada", ((), ())),
        ("", "CEO", ((), ("CEO",))),
    ],
)
def test_the_difference_is_the_words_gone_and_come(
    old: str, new: str, words: tuple[tuple[str, ...], tuple[str, ...]]
) -> None:
    assert difference(old, new) == words


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("Sales Department", "Legal Department", "（前回だけ「Sales」、今回だけ「Legal」）"),
        ("Sales", "Sales East", "（今回だけ「East」）"),
        ("Yamada Taro", "Taro Yamada", "（語の順序が違います）"),
    ],
)
def test_a_change_since_the_last_certificate_is_said_in_words(old: str, new: str, said: str) -> None:
    finding = changed(old, new)
    assert finding is not None
    assert (finding.code, finding.severity) == (FindingCode.DIFFERENT, Severity.WARN)
    assert said in finding.sentence


def test_nothing_is_said_of_a_text_that_stayed() -> None:
    assert changed("CEO", "CEO") is None


def test_the_words_that_the_other_text_lacks_are_marked_in_their_order() -> None:
    assert marked("Sales Sales East", "East Sales") == (("Sales", False), ("Sales", True), ("East", False))
    assert marked("Sales East", "East Sales") == (("Sales", False), ("East", False))


@given(NAMES, NAMES)
def test_marked_words_are_the_whole_text_and_no_word_of_it_twice(one: str, other: str) -> None:
    text, existing = to_certificate_text(one), to_certificate_text(other)
    words = marked(text, existing)
    assert " ".join(word for word, _ in words) == text
    assert tuple(word for word, alone in words if alone) == difference(existing, text)[1]
    if not any(alone for _, alone in (*words, *marked(existing, text))):
        assert sorted(text.split()) == sorted(existing.split())


@given(NAMES, NAMES)
def test_the_keys_of_a_subject_fit_their_columns(unit: str, name: str) -> None:
    if not (acceptable(unit) and acceptable(name)):
        return
    keys = subject_keys(to_certificate_text(unit), to_certificate_text(name))
    assert keys["subject_key"] == subject_key(unit, name)
    assert len(keys["subject_key"]) <= 129
    looks = [key for word, key in keys.items() if word != "subject_key"]
    assert all(0 < len(key) <= 128 and key.isascii() for key in looks)


_STRANGERS: dict[str, list[str]] = {}
for _stranger, _letter in LOOK_ALIKES.items():
    _STRANGERS.setdefault(_letter, []).append(_stranger)
_UNSEEN = [
    "\u200b",
    "\u202e",
    "\u2066",
    "\u00ad",
    "\ufe0f",
    "\U000e0041",
    "\u3164",
    "\u0301",
    "\u0000",
    "\u2028",
]


@given(NAMES, st.data())
def test_no_letter_of_another_alphabet_and_nothing_unseen_passes_in_a_name(
    typed: str, data: st.DataObject
) -> None:
    """What passes is read letter by letter as what it is: what looks alike within the alphabet is `similar`'s."""
    places = [place for place, letter in enumerate(typed) if letter in _STRANGERS]
    if places:
        place = data.draw(st.sampled_from(places))
        stranger = data.draw(st.sampled_from(_STRANGERS[typed[place]]))
        assert not acceptable(typed[:place] + stranger + typed[place + 1 :])
    place = data.draw(st.integers(0, len(typed)))
    assert not acceptable(typed[:place] + data.draw(st.sampled_from(_UNSEEN)) + typed[place:])
