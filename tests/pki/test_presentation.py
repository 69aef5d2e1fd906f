from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jcanweb.pki import presentation
from jcanweb.pki.canonical import JsonRefused, canonical
from jcanweb.pki.presentation import LONGEST, PresentationRefused, Statement, Why
from tests import receipts

PUBLIC = receipts.key("presentation").public_key()


def refusal(text, *, now=receipts.GIVEN, person_id=7):
    with pytest.raises(PresentationRefused) as caught:
        presentation.read(text, PUBLIC, now=now, person_id=person_id)
    return caught.value.why


def signed(payload):
    """A text of any payload, rightly signed."""
    key = receipts.key("presentation")
    return f"{presentation._base64url(payload)}.{presentation._base64url(key.sign(payload))}"


def test_what_was_served_comes_back():
    found = presentation.read(receipts.shown(), PUBLIC, now=receipts.GIVEN, person_id=7)
    assert found.statements == receipts.STATEMENTS
    assert (found.edition_version, found.edition_sha256) == ("3.0", receipts.EDITION_SHA256)
    assert (found.button, found.locale, found.person_id) == (receipts.BUTTON, "ja", 7)
    assert found.expires_at - found.served_at == timedelta(hours=8)
    assert presentation.sign(found, receipts.key("presentation")) == receipts.shown()


def test_the_text_fits_a_hidden_field_whatever_is_in_it():
    words = Statement(1, "agree", "\"'<>&\n\u2028あ𠮷")
    text = receipts.shown(statements=(words,))
    assert set(text) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")
    assert presentation.read(text, PUBLIC, now=receipts.GIVEN, person_id=7).statements == (words,)


def test_every_nonce_is_new():
    assert len({presentation.new_nonce() for _ in range(100)}) == 100
    assert len(presentation.new_nonce()) == 32


def test_an_altered_payload_is_refused():
    text = receipts.shown()
    other = receipts.shown(button="承諾しない")
    assert refusal(other.partition(".")[0] + "." + text.partition(".")[2]) is Why.ALTERED


def test_a_signature_of_another_key_is_refused():
    text = receipts.shown()
    with pytest.raises(PresentationRefused, match="altered"):
        presentation.read(text, receipts.key("receipt").public_key(), now=receipts.GIVEN, person_id=7)


def test_another_persons_is_refused():
    assert refusal(receipts.shown(), person_id=8) is Why.ANOTHERS


def test_it_holds_until_just_before_its_end_and_no_longer():
    served = receipts.GIVEN - timedelta(minutes=9)
    end = served + timedelta(hours=8)
    presentation.read(receipts.shown(), PUBLIC, now=served, person_id=7)
    presentation.read(receipts.shown(), PUBLIC, now=end - timedelta(microseconds=1), person_id=7)
    assert refusal(receipts.shown(), now=end) is Why.EXPIRED
    assert refusal(receipts.shown(), now=served - timedelta(microseconds=1)) is Why.EXPIRED


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "a",
        "abc.def",
        "あ.い",
        "=.=",
        "e30.e30=",
        "e30 .e30",
        "e30.e31",
        "." * 9,
        "x" * (LONGEST + 1),
    ],
    ids=lambda text: text[:8],
)
def test_garbage_is_refused(text):
    assert refusal(text) in {Why.GARBAGE, Why.ALTERED}


@pytest.mark.parametrize(
    "payload",
    [b"", b"{}", b"[]", b"null", b"\xff", canonical({"schema_version": presentation.SCHEMA}),
     canonical({"schema_version": presentation.SCHEMA, "edition": 5}), b'{"schema_version":"other"}'],
)  # fmt: skip
def test_a_signed_text_of_another_kind_is_refused(payload):
    assert refusal(signed(payload)) is Why.GARBAGE


def test_words_that_no_json_can_carry_are_not_signed():
    with pytest.raises(JsonRefused):
        receipts.shown(button="\ud800")


@settings(max_examples=60)
@given(st.data())
def test_no_single_bit_may_change(data):
    text = bytearray(receipts.shown().encode())
    text[data.draw(st.integers(0, len(text) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    assert refusal(text.decode("latin-1")) in {Why.GARBAGE, Why.ALTERED}


@given(st.text(max_size=200))
def test_no_text_is_accepted_or_crashes(text):
    refusal(text)
