import copy
import json
import math
import pickle

import pytest

from jcanweb.pki.pin import ALPHABET, grouped, new_pin
from jcanweb.pki.secret import Secret, SecretLeak


def test_a_secret_gives_its_value_only_when_asked():
    assert Secret("himitsu").reveal() == "himitsu"
    assert Secret(b"\x00\x01").reveal() == b"\x00\x01"


@pytest.mark.parametrize(
    "leak",
    [
        repr,
        str,
        "{}".format,
        "{!r:>9}".format,
        pickle.dumps,
        copy.deepcopy,
        hash,
        lambda s: s == s,
        lambda s: [s].__repr__(),
    ],
)
def test_a_secret_cannot_be_shown_or_carried_away(leak):
    with pytest.raises(SecretLeak) as refusal:
        leak(Secret("himitsu"))
    assert "himitsu" not in str(refusal.value)


def test_a_secret_does_not_become_json():
    with pytest.raises(TypeError):
        json.dumps(Secret("himitsu"))


def test_a_pin_is_twenty_characters_of_an_alphabet_that_is_read_without_doubt():
    pins = {new_pin() for _ in range(500)}
    assert len(pins) == 500
    assert {len(pin) for pin in pins} == {20}
    assert set("".join(pins)) == set(ALPHABET)
    assert not set("0O1lI") & set(ALPHABET)


def test_a_pin_carries_112_bits():
    assert len(set(ALPHABET)) == len(ALPHABET) == 57
    assert 20 * math.log2(57) >= 112


def test_a_pin_is_shown_in_groups_of_four():
    assert grouped("abcdefghijkmnopqrstu") == "abcd efgh ijkm nopq rstu"
