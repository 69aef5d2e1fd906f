import math

from jcanweb.pki.pin import ALPHABET, new_pin


def test_a_pin_is_twenty_characters_of_an_alphabet_that_is_read_without_doubt():
    pins = {new_pin() for _ in range(500)}
    assert len(pins) == 500
    assert {len(pin) for pin in pins} == {20}
    assert set("".join(pins)) == set(ALPHABET)
    assert not set("0O1lI") & set(ALPHABET)


def test_a_pin_carries_112_bits():
    assert len(set(ALPHABET)) == len(ALPHABET) == 57
    assert 20 * math.log2(57) >= 112
