import os

import pytest

from jcanweb.pki.sealbox import (
    CannotUnseal,
    Sealer,
    UnsafeKeyFile,
    new_key_file,
    new_token,
    open_delivery,
    read_key_file,
    seal_delivery,
    token_hash,
)

KEY, OTHER = b"k" * 32, b"o" * 32


def test_a_sealed_field_opens_in_its_own_place():
    sealed = Sealer(KEY).seal("青空 太郎".encode(), "person:7:name")
    assert Sealer(KEY).open(sealed, "person:7:name").decode() == "青空 太郎"
    assert "青空".encode() not in sealed


def test_the_same_content_is_never_sealed_to_the_same_bytes():
    assert Sealer(KEY).seal(b"x", "c") != Sealer(KEY).seal(b"x", "c")


def test_a_sealed_field_moved_to_another_row_does_not_open():
    with pytest.raises(CannotUnseal):
        Sealer(KEY).open(Sealer(KEY).seal(b"x", "person:7:name"), "person:8:name")


def test_after_a_change_of_key_the_older_one_still_opens():
    sealed = Sealer(OTHER).seal(b"x", "c")
    assert Sealer(KEY, OTHER).open(sealed, "c") == b"x"
    with pytest.raises(CannotUnseal, match="unknown key"):
        Sealer(KEY).open(sealed, "c")


@pytest.mark.parametrize("place", [0, 2, 8, -1])
def test_a_changed_seal_does_not_open(place):
    sealed = bytearray(Sealer(KEY).seal(b"x", "c"))
    sealed[place] ^= 1
    with pytest.raises(CannotUnseal):
        Sealer(KEY).open(bytes(sealed), "c")


def test_what_is_no_seal_does_not_open():
    for text in (b"", b"\x01", Sealer(KEY).seal(b"x", "c")[:10]):
        with pytest.raises(CannotUnseal):
            Sealer(KEY).open(text, "c")


def test_a_sealer_does_not_show_its_key():
    assert KEY.hex() not in repr(Sealer(KEY))
    assert "kkkk" not in repr(Sealer(KEY))


def test_a_key_file_is_for_its_owner_only_and_reads_back(tmp_path):
    key = new_key_file(tmp_path / "field.key")
    assert read_key_file(tmp_path / "field.key") == key
    assert (tmp_path / "field.key").stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError):
        new_key_file(tmp_path / "field.key")


def test_a_key_file_that_others_can_read_is_refused(tmp_path):
    new_key_file(tmp_path / "field.key")
    os.chmod(tmp_path / "field.key", 0o640)
    with pytest.raises(UnsafeKeyFile, match="owner only"):
        read_key_file(tmp_path / "field.key")


def test_a_key_file_of_another_size_is_refused(tmp_path):
    (tmp_path / "field.key").touch(0o600)
    with pytest.raises(UnsafeKeyFile, match="32 bytes"):
        read_key_file(tmp_path / "field.key")


def test_a_delivery_opens_with_its_token_only():
    token = new_token()
    sealed = seal_delivery(token, b"pfx", "delivery:1:pfx")
    assert open_delivery(token, sealed, "delivery:1:pfx") == b"pfx"
    for wrong in (new_token(), token_hash(token), token[:-1], ""):
        with pytest.raises(CannotUnseal):
            open_delivery(wrong, sealed, "delivery:1:pfx")
    with pytest.raises(CannotUnseal):
        open_delivery(token, sealed, "delivery:1:pin")
    with pytest.raises(CannotUnseal):
        open_delivery(token, sealed[:11], "delivery:1:pfx")


def test_a_token_has_256_bits_and_its_hash_is_what_is_kept():
    tokens = {new_token() for _ in range(100)}
    assert len(tokens) == 100
    assert {len(token) for token in tokens} == {43}
    assert token_hash("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
