import base64
import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from jcanweb.pki.tree import (
    CheckpointRefused,
    Frontier,
    consistency_proof,
    fold,
    inclusion_proof,
    leaf_hash,
    proof_parts,
    root_of,
    sign_checkpoint,
    verify_checkpoint,
    verify_consistency,
    verify_inclusion,
)

KNOWN = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
"""the leaves of the reference trees of Certificate Transparency"""
LEAVES = [leaf_hash(bytes([n])) for n in range(21)]
ORIGIN = "audit.example.jp/log"


@pytest.fixture(scope="module")
def key():
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"a key for this test").digest())


def frontier_of(leaves):
    frontier = Frontier()
    for leaf in leaves:
        frontier.append(leaf)
    return frontier


def test_the_reference_tree_has_its_known_roots():
    leaves = [leaf_hash(bytes.fromhex(text)) for text in KNOWN]
    assert root_of([]).hex() == hashlib.sha256(b"").hexdigest()
    assert root_of(leaves[:1]).hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert root_of(leaves).hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


def test_the_frontier_has_the_root_of_all_leaves_at_every_size():
    for size in range(len(LEAVES) + 1):
        frontier = frontier_of(LEAVES[:size])
        assert (frontier.size, frontier.root()) == (size, root_of(LEAVES[:size]))


def test_a_frontier_goes_on_where_it_was_kept():
    kept = frontier_of(LEAVES[:13])
    again = Frontier.load(13, kept.dump())
    again.append(LEAVES[13])
    assert again.root() == root_of(LEAVES[:14])
    assert all(len(text) == 64 for text in kept.dump())


def test_a_frontier_of_another_size_is_refused():
    with pytest.raises(ValueError, match="one hash for each 1"):
        Frontier.load(4, frontier_of(LEAVES[:3]).dump())


def test_every_leaf_of_every_tree_proves_its_place_and_no_other():
    for size in range(1, len(LEAVES) + 1):
        leaves, root = LEAVES[:size], root_of(LEAVES[:size])
        for index in range(size):
            proof = inclusion_proof(leaves, index)
            assert verify_inclusion(leaves[index], index, size, proof, root)
            assert not verify_inclusion(leaf_hash(b"another"), index, size, proof, root)
            assert not verify_inclusion(leaves[index], index + 1, size, proof, root)
            assert not verify_inclusion(leaves[index], index, size, [*proof, root], root)
            if proof:
                assert not verify_inclusion(leaves[index], index, size, proof[:-1], root)


def test_a_proof_from_the_kept_peaks_is_that_from_all_leaves():
    frontier, peaks = Frontier(), []
    for size, leaf in enumerate(LEAVES * 4, 1):
        frontier.append(leaf)
        peaks.append(frontier.peak())
        for index in {0, 1, size // 3, size // 2, size - 1} & set(range(size)):
            kept = [[(LEAVES * 4 if part == 1 else peaks)[last - 1] for part, last in step]
                    for step in proof_parts(index, size)]  # fmt: skip
            assert [fold(roots) for roots in kept] == inclusion_proof((LEAVES * 4)[:size], index)


def test_a_proof_takes_few_of_the_kept_peaks():
    for index in (0, 1, 2**29, 10**9 - 2, 10**9 - 1):
        steps = proof_parts(index, 10**9)
        assert len(steps) <= 30
        assert max(map(len, steps)) <= 30


def test_a_proof_cut_short_of_the_root_proves_nothing():
    assert not verify_inclusion(LEAVES[0], 0, 2, [], LEAVES[0])
    assert not verify_consistency(2, 8, [LEAVES[0]], LEAVES[1], LEAVES[1])


def test_every_smaller_tree_proves_to_be_the_beginning():
    for second in range(1, len(LEAVES) + 1):
        for first in range(1, second + 1):
            proof = consistency_proof(LEAVES[:second], first)
            roots = root_of(LEAVES[:first]), root_of(LEAVES[:second])
            assert verify_consistency(first, second, proof, *roots)
            assert not verify_consistency(first, second, proof, roots[0], leaf_hash(b"another"))
            assert not verify_consistency(first, second, proof, leaf_hash(b"another"), roots[1])
            assert not verify_consistency(first, second, [*proof, roots[1]], *roots)


def test_a_rewritten_beginning_has_no_proof():
    changed = [leaf_hash(b"changed"), *LEAVES[1:]]
    for first in range(1, 13):
        proof = consistency_proof(changed[:13], first)
        assert not verify_consistency(first, 13, proof, root_of(LEAVES[:first]), root_of(changed[:13]))


def test_a_proof_of_what_is_not_in_the_tree_is_refused():
    for index in (-1, 3):
        with pytest.raises(IndexError):
            inclusion_proof(LEAVES[:3], index)
        with pytest.raises(IndexError):
            proof_parts(index, 3)
    for first in (0, 4):
        with pytest.raises(IndexError):
            consistency_proof(LEAVES[:3], first)
    assert not verify_consistency(0, 3, [], root_of([]), root_of(LEAVES[:3]))
    assert not verify_consistency(3, 2, [], LEAVES[0], LEAVES[1])


def test_a_checkpoint_is_a_signed_note_and_reads_back(key):
    note = sign_checkpoint(ORIGIN, 7, root_of(LEAVES[:7]), key)
    lines = note.split("\n")
    assert lines[:3] == [ORIGIN, "7", base64.b64encode(root_of(LEAVES[:7])).decode()]
    assert lines[3] == ""
    dash, name, signature = lines[4].split(" ")
    assert (dash, name) == ("\u2014", ORIGIN)
    raw = base64.b64decode(signature)
    public = key.public_key()
    assert raw[:4] == hashlib.sha256(ORIGIN.encode() + b"\n\x01" + public.public_bytes_raw()).digest()[:4]
    public.verify(raw[4:], ("\n".join(lines[:3]) + "\n").encode())
    read = verify_checkpoint(note, ORIGIN, public)
    assert (read.origin, read.size, read.root) == (ORIGIN, 7, root_of(LEAVES[:7]))


def test_a_second_signature_below_does_not_disturb(key):
    note = sign_checkpoint(ORIGIN, 7, LEAVES[0], key) + "\u2014 witness.example.jp AAAAAAAA\n"
    assert verify_checkpoint(note, ORIGIN, key.public_key()).size == 7


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("\n7\n", "\n8\n"),
        (ORIGIN + "\n7", "other\n7"),
        ("\n\n", "\n"),
        ("\u2014 ", "- "),
        ("\n7\n", "\n-7\n"),
        ("\n7\n", "\n7\nnote\n"),
    ],
)
def test_a_changed_checkpoint_is_refused(key, old, new):
    note = sign_checkpoint(ORIGIN, 7, LEAVES[0], key)
    assert old in note
    with pytest.raises(CheckpointRefused):
        verify_checkpoint(note.replace(old, new, 1), ORIGIN, key.public_key())


def test_a_checkpoint_of_another_key_is_refused(key):
    note = sign_checkpoint(ORIGIN, 7, LEAVES[0], Ed25519PrivateKey.generate())
    with pytest.raises(CheckpointRefused):
        verify_checkpoint(note, ORIGIN, key.public_key())


def test_a_checkpoint_with_broken_base64_is_refused(key):
    note = sign_checkpoint(ORIGIN, 7, LEAVES[0], key)
    with pytest.raises(CheckpointRefused):
        verify_checkpoint(note[:-3] + "*\n", ORIGIN, key.public_key())


def test_a_signature_under_another_key_id_is_refused(key):
    note = sign_checkpoint(ORIGIN, 7, LEAVES[0], key)
    head, _, signature = note.rstrip("\n").rpartition(" ")
    other = base64.b64encode(bytes(4) + base64.b64decode(signature)[4:]).decode()
    with pytest.raises(CheckpointRefused, match="no signature"):
        verify_checkpoint(f"{head} {other}\n", ORIGIN, key.public_key())


def test_a_body_of_another_origin_is_refused_though_the_key_signed_it(key):
    body = f"other.example.jp/log\n7\n{base64.b64encode(LEAVES[0]).decode()}\n"
    key_id = hashlib.sha256(ORIGIN.encode() + b"\n\x01" + key.public_key().public_bytes_raw()).digest()[:4]
    signature = base64.b64encode(key_id + key.sign(body.encode())).decode()
    with pytest.raises(CheckpointRefused, match="this origin"):
        verify_checkpoint(f"{body}\n\u2014 {ORIGIN} {signature}\n", ORIGIN, key.public_key())
