from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jcanweb.pki.canonical import (
    DEEPEST,
    LARGEST,
    JsonRefused,
    base64_text,
    bytes_of,
    canonical,
    read,
    time_of,
    time_text,
)

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-LARGEST, LARGEST) | TEXTS,
    lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner),
    max_leaves=20,
)


def test_keys_stand_in_the_order_of_their_utf_16_code_units():
    """U+1F600 begins with the unit D83D, so it comes before U+FB33 though it is the larger character."""
    keys = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\u0080", "\u00f6"]
    told = canonical(dict.fromkeys(keys, 0)).decode()
    assert list(read(told.encode())) == ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]


def test_keys_are_ordered_in_every_object_and_arrays_keep_their_order():
    assert canonical({"b": [{"y": 1, "x": 2}, 3, 1], "a": {}}) == b'{"a":{},"b":[{"x":2,"y":1},3,1]}'


def test_only_what_must_be_is_escaped_and_in_one_way():
    assert canonical('\u20ac$\x0f\n\x08\t\f\r"\\/\x7f\u2028') == (
        '"\u20ac$\\u000f\\n\\b\\t\\f\\r\\"\\\\/\x7f\u2028"'.encode()
    )


def test_words_and_whole_numbers():
    assert canonical([None, True, False, 0, -1, LARGEST, -LARGEST]) == (
        b"[null,true,false,0,-1,9007199254740991,-9007199254740991]"
    )


def test_a_member_of_an_enum_is_its_text_and_a_tuple_an_array():
    class Word(StrEnum):
        YES = "yes"

    assert canonical({"word": Word.YES, Word.YES: (1,)}) == b'{"word":"yes","yes":[1]}'


@pytest.mark.parametrize(
    "value",
    [1.0, float("nan"), LARGEST + 1, -LARGEST - 1, b"bytes", {1: 2}, {"x"}, "\ud800", {"\udc00": 1},
     datetime(2026, 11, 24, tzinfo=UTC)],
    ids=repr,
)  # fmt: skip
def test_what_has_no_canonical_form_is_refused(value):
    with pytest.raises(JsonRefused):
        canonical({"value": [value]})


def test_what_is_nested_too_deep_is_refused():
    value = []
    for _ in range(DEEPEST):
        value = [value]
    assert read(canonical(value)) == value
    with pytest.raises(JsonRefused):
        canonical([value])


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b'{"a":1,"a":1}', b'{"a":{"b":1,"\\u0062":2}}', b"1.0", b"1e2", b"-0.0", b"NaN", b"Infinity",
     b"9007199254740992", b'"\\ud800"', b'"\xff"', b"\xef\xbb\xbf{}", "{}".encode("utf-16"), b"'a'", b"[1,]",
     b"[" * 100_000, b'{"a":' * 100_000, b"1" * 5000, b"[" * 40 + b"]" * 40],
    ids=lambda content: repr(content[:24]),
)  # fmt: skip
def test_what_could_be_read_in_two_ways_is_refused(content):
    with pytest.raises(JsonRefused):
        read(content)


@given(VALUES)
def test_what_is_written_reads_back_and_has_one_form(value):
    content = canonical(value)
    assert read(content) == value
    assert canonical(read(content)) == content


@given(st.binary())
def test_bytes_of_any_kind_are_read_or_refused(content):
    try:
        canonical(read(content))
    except JsonRefused:
        pass


def test_a_time_is_told_in_utc_with_microseconds():
    japan = datetime(2026, 11, 24, 10, 0, 0, 5, timezone(timedelta(hours=9)))
    assert time_text(japan) == "2026-11-24T01:00:00.000005Z"
    assert time_of("2026-11-24T01:00:00.000005Z") == japan


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(JsonRefused):
        time_text(datetime(2026, 11, 24))  # noqa: DTZ001  the point of the test


@pytest.mark.parametrize(
    "text",
    ["2026-11-24T01:00:00Z", "2026-11-24T01:00:00.000005+00:00", "2026-13-24T01:00:00.000005Z",
     "２026-11-24T01:00:00.000005Z", "2026-11-24T01:00:00.000005Z\n", "", None, 5],
)  # fmt: skip
def test_a_time_in_another_form_is_refused(text):
    with pytest.raises(JsonRefused):
        time_of(text)


@given(st.binary())
def test_base64_reads_back(content):
    assert bytes_of(base64_text(content)) == content


@pytest.mark.parametrize("text", ["QQ", "QR==", "QQ==\n", "Q Q=", "QQ-_", "ＱＱ==", None, 5, b"QQ=="])
def test_base64_in_another_form_is_refused(text):
    with pytest.raises(JsonRefused):
        bytes_of(text)
