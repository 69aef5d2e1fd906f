import hashlib
from itertools import combinations

import pytest

from jcanweb.pki import vault
from jcanweb.pki.officer_key import (
    PassphraseTooShort,
    WrongPassphrase,
    load_officer_key,
    new_officer_key,
)
from jcanweb.vocabulary import SecretKind

SERIAL, SHA256 = 2**150 + 3, "ab" * 32
CONTENT = b"a PKCS#12 would be here"


@pytest.fixture(scope="module")
def keys(holders):
    return {name: load_officer_key(h.key.private_pem, h.passphrase) for name, h in holders.items()}


@pytest.fixture
def record(holders):
    return vault.seal(
        CONTENT,
        SecretKind.PFX,
        "b-1",
        SERIAL,
        SHA256,
        [holders["key"].officer],
        [holders["security"].officer],
    )


def aad(record_id="b-1", kind=SecretKind.PFX, serial=SERIAL, sha256=SHA256):
    return vault.record_aad(kind, record_id, serial, sha256)


def opened(record, keys, holders, name, bound=None):
    half = "security" if name == "security" else "custodian"
    share = next(share for share in record.shares if share.half == half)
    info = vault.share_info(aad() if bound is None else bound, half, holders[name].officer_id)
    return vault.open_share(keys[name], share.sealed, info)


def test_one_share_of_each_half_opens_the_record(record, keys, holders):
    a, s = opened(record, keys, holders, "key"), opened(record, keys, holders, "security")
    assert vault.join(record.nonce, record.ciphertext, aad(), a, s) == CONTENT


def test_the_content_stands_nowhere_in_the_record(record):
    assert CONTENT not in record.ciphertext
    assert record.commit_sha256 == hashlib.sha256(record.ciphertext).hexdigest()
    assert [(share.half, len(share.sealed)) for share in record.shares] == [
        ("custodian", 80),
        ("security", 80),
    ]


def test_of_all_sets_of_officers_only_those_with_both_halves_open_it(keys, holders):
    people = {name: new_officer_key("seven grey herons", iterations=1) for name in "ABST"}
    loaded = {name: load_officer_key(key.private_pem, "seven grey herons") for name, key in people.items()}
    record = vault.seal(
        CONTENT,
        SecretKind.PIN,
        "b-2",
        SERIAL,
        SHA256,
        [(name, people[name].public_key) for name in "AB"],
        [(name, people[name].public_key) for name in "ST"],
    )
    bound = aad("b-2", SecretKind.PIN)
    for size in range(5):
        for group in combinations("ABST", size):
            halves = [
                vault.open_share(
                    loaded[share.officer_id],
                    share.sealed,
                    vault.share_info(bound, share.half, share.officer_id),
                )
                for share in record.shares
                if share.officer_id in group
            ]
            got = set()
            for a, s in combinations(halves, 2):
                try:
                    got.add(vault.join(record.nonce, record.ciphertext, bound, a, s))
                except vault.CannotOpen:
                    continue
            assert got == ({CONTENT} if set(group) & set("AB") and set(group) & set("ST") else set())


def test_an_officer_cannot_open_anothers_share(record, keys, holders):
    share = record.shares[0]
    with pytest.raises(vault.CannotOpen):
        vault.open_share(
            keys["pin"], share.sealed, vault.share_info(aad(), "custodian", holders["key"].officer_id)
        )


@pytest.mark.parametrize(
    "other",
    [{"record_id": "b-9"}, {"kind": SecretKind.PIN}, {"serial": SERIAL + 1}, {"sha256": "cd" * 32}],
)
def test_a_share_moved_to_another_record_does_not_open(record, keys, holders, other):
    with pytest.raises(vault.CannotOpen):
        opened(record, keys, holders, "key", aad(**other))


def test_content_moved_to_another_record_does_not_open(record, keys, holders):
    a, s = opened(record, keys, holders, "key"), opened(record, keys, holders, "security")
    with pytest.raises(vault.CannotOpen):
        vault.join(record.nonce, record.ciphertext, aad("b-9"), a, s)


def test_a_changed_or_cut_share_does_not_open(record, keys, holders):
    share, info = record.shares[0], vault.share_info(aad(), "custodian", holders["key"].officer_id)
    for sealed in (share.sealed[:-1] + b"\x00", share.sealed[:40], b""):
        with pytest.raises(vault.CannotOpen):
            vault.open_share(keys["key"], sealed, info)


def test_a_resealed_share_opens_for_its_recovery_only(record, keys, holders):
    share = record.shares[0]
    info = vault.share_info(aad(), "custodian", holders["key"].officer_id)
    to = vault.reseal_info(aad(), "custodian", "r-1")
    resealed = vault.reseal_share(keys["key"], share.sealed, info, holders["pin"].key.public_key, to)
    assert vault.open_share(keys["pin"], resealed, to) == opened(record, keys, holders, "key")
    with pytest.raises(vault.CannotOpen):
        vault.open_share(keys["pin"], resealed, vault.reseal_info(aad(), "custodian", "r-2"))


def test_no_record_without_holders_of_both_halves(holders):
    for custodians, security in (([], [holders["key"].officer]), ([holders["key"].officer], [])):
        with pytest.raises(vault.GroupsOverlap, match="empty"):
            vault.seal(CONTENT, SecretKind.PFX, "b-1", SERIAL, SHA256, custodians, security)


def test_no_record_where_one_officer_holds_both_halves(holders):
    with pytest.raises(vault.GroupsOverlap):
        vault.check_groups(
            [holders["key"].officer], [(holders["key"].officer_id, holders["pin"].key.public_key)]
        )


def test_no_record_where_one_key_stands_under_two_officers(holders):
    with pytest.raises(vault.GroupsOverlap):
        vault.check_groups([holders["key"].officer], [("99", holders["key"].key.public_key)])


def test_a_record_id_that_would_blur_the_binding_is_refused():
    for record_id, sha256 in (("", SHA256), ("a|b", SHA256), ("a", "ab")):
        with pytest.raises(ValueError, match="a record needs"):
            vault.record_aad(SecretKind.PFX, record_id, SERIAL, sha256)


def test_an_officers_key_file_says_600_000_iterations_and_opens_with_its_passphrase():
    made = new_officer_key("seven grey herons")
    key = load_officer_key(made.private_pem, "seven grey herons")
    assert key.public_key().public_bytes_raw() == made.public_key
    import base64

    der = base64.b64decode(b"".join(made.private_pem.splitlines()[1:-1]))
    assert b"\x02\x03" + (600_000).to_bytes(3) in der


def test_an_officers_key_file_does_not_open_with_another_passphrase(holders):
    for pem in (holders["key"].key.private_pem, b"not a key"):
        with pytest.raises(WrongPassphrase) as refusal:
            load_officer_key(pem, "eight grey herons")
        assert "herons" not in str(refusal.value)


def test_a_passphrase_of_fourteen_characters_is_too_short():
    with pytest.raises(PassphraseTooShort):
        new_officer_key("a" * 14)
