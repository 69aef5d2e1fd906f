"""The hash tree of RFC 9162 §2.1 and its signed heads as C2SP signed notes (tlog-checkpoint).

A hash is 32 bytes; only `Frontier.dump`, which goes into a JSON column, writes hex digits.
"""

import base64
import hashlib
from dataclasses import dataclass
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

EMPTY_ROOT = hashlib.sha256(b"").digest()
"""RFC 9162 §2.1.1: the hash of a tree without leaves"""


class CheckpointRefused(ValueError):
    """The note is malformed, of another origin, or no signature of the given key holds."""


def leaf_hash(entry: bytes) -> bytes:
    """SHA-256(0x00 || entry), RFC 9162 §2.1.1."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 || left || right), RFC 9162 §2.1.1."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Frontier:
    """The right edge of a growing tree: the roots of its perfect subtrees, largest first (one per 1 in the
    size). Enough to append and to know the root, whatever the size."""

    def __init__(self) -> None:
        self.size = 0
        self._peaks: list[bytes] = []

    @classmethod
    def load(cls, size: int, peaks: list[str]) -> Self:
        """From what `dump` gave. Raises ValueError if size and count of hashes disagree."""
        if size.bit_count() != len(peaks):
            raise ValueError("a frontier has one hash for each 1 in its size")
        frontier = cls()
        frontier.size, frontier._peaks = size, [bytes.fromhex(peak) for peak in peaks]
        return frontier

    def dump(self) -> list[str]:
        """The hashes in hex, to be kept together with the size."""
        return [peak.hex() for peak in self._peaks]

    def append(self, leaf: bytes) -> None:
        """Adds a leaf hash (of `leaf_hash`)."""
        self._peaks.append(leaf)
        size = self.size
        while size & 1:
            right = self._peaks.pop()
            self._peaks.append(node_hash(self._peaks.pop(), right))
            size >>= 1
        self.size += 1

    def peak(self) -> bytes:
        """The root of the largest perfect subtree that ends with the newest leaf. Raises IndexError when empty."""
        return self._peaks[-1]

    def next_path(self) -> list[bytes]:
        """The inclusion path that the leaf appended next will have in the tree that it ends: the peaks before it."""
        return self._peaks[::-1]

    def root(self) -> bytes:
        """The tree's root hash."""
        return fold(self._peaks) if self._peaks else EMPTY_ROOT


def root_of(leaves: list[bytes]) -> bytes:
    """The root over these leaf hashes."""
    if not leaves:
        return EMPTY_ROOT
    if len(leaves) == 1:
        return leaves[0]
    split = _split(len(leaves))
    return node_hash(root_of(leaves[:split]), root_of(leaves[split:]))


def inclusion_proof(leaves: list[bytes], index: int) -> list[bytes]:
    """RFC 9162 §2.1.3.1: the hashes that lead from leaf `index` (from 0) to the root. Raises IndexError."""
    if not 0 <= index < len(leaves):
        raise IndexError("the tree has no such leaf")
    if len(leaves) == 1:
        return []
    split = _split(len(leaves))
    if index < split:
        return [*inclusion_proof(leaves[:split], index), root_of(leaves[split:])]
    return [*inclusion_proof(leaves[split:], index - split), root_of(leaves[:split])]


def proof_parts(index: int, size: int) -> list[list[tuple[int, int]]]:
    """The same proof from what a log keeps beside each leaf: its hash and the `Frontier.peak` after it.

    A list for each hash of the proof: the perfect subtrees (size, number of the last leaf, from 1) whose roots
    `fold` joins to it. A root of size 1 is that leaf's hash, any other the peak after that leaf. No more than
    log2(size) parts a hash, whatever the size. Raises IndexError.
    """
    if not 0 <= index < size:
        raise IndexError("the tree has no such leaf")
    first, steps = 0, []
    while size > 1:
        split = _split(size)
        if index < first + split:
            steps.append(_parts(first + split, size - split))
            size = split
        else:
            steps.append(_parts(first, split))
            first, size = first + split, size - split
    return steps[::-1]


def _parts(first: int, size: int) -> list[tuple[int, int]]:
    """Of the subtree of these leaves. Each left part ends where the tree had it as its last peak."""
    parts = []
    while (first + size) & -(first + size) != size > 1:
        split = _split(size)
        first, size = first + split, size - split
        parts.append((split, first))
    return [*parts, (size, first + size)]


def fold(roots: list[bytes]) -> bytes:
    """The root over subtrees that stand side by side, each larger than the next or as large."""
    *others, root = roots
    for left in reversed(others):
        root = node_hash(left, root)
    return root


def consistency_proof(leaves: list[bytes], first: int) -> list[bytes]:
    """RFC 9162 §2.1.4.1: the hashes that show the tree of the `first` leaves to be the beginning of this one.
    Raises IndexError unless 0 < first <= size."""
    if not 0 < first <= len(leaves):
        raise IndexError("a consistency proof is from a smaller tree that is not empty")
    return _subproof(leaves, first, complete=True)


def verify_inclusion(leaf: bytes, index: int, size: int, proof: list[bytes], root: bytes) -> bool:
    """RFC 9162 §2.1.3.2: does the proof lead from this leaf to this root?"""
    if not 0 <= index < size:
        return False
    node, last, current = index, size - 1, leaf
    for step in proof:
        if last == 0:
            return False
        if node & 1 or node == last:
            current = node_hash(step, current)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            current = node_hash(current, step)
        node, last = node >> 1, last >> 1
    return last == 0 and current == root


def verify_consistency(
    first: int, second: int, proof: list[bytes], first_root: bytes, second_root: bytes
) -> bool:
    """RFC 9162 §2.1.4.2: is the tree of size `first` the beginning of the one of size `second`?"""
    if not 0 < first <= second:
        return False
    if first == second:
        return not proof and first_root == second_root
    path = [first_root, *proof] if first & (first - 1) == 0 else list(proof)
    if not path:
        return False
    node, last = first - 1, second - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    old = new = path[0]
    for step in path[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            old, new = node_hash(step, old), node_hash(step, new)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            new = node_hash(new, step)
        node, last = node >> 1, last >> 1
    return last == 0 and old == first_root and new == second_root


@dataclass(frozen=True)
class Checkpoint:
    origin: str
    size: int
    root: bytes


def sign_checkpoint(origin: str, size: int, root: bytes, key: Ed25519PrivateKey) -> str:
    """A C2SP tlog-checkpoint: origin, size and base64 root on lines of their own, a blank line, and one
    signature line under the origin as key name."""
    body = f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n"
    signature = _key_hash(origin, key.public_key()) + key.sign(body.encode())
    return f"{body}\n\N{EM DASH} {origin} {base64.b64encode(signature).decode()}\n"


def verify_checkpoint(note: str, origin: str, key: Ed25519PublicKey) -> Checkpoint:
    """What a checkpoint of this origin says, if this key signed it. Lines of other signers are passed over.
    Raises CheckpointRefused."""
    body, blank, signatures = note.partition("\n\n")
    lines, mark = body.split("\n"), f"\N{EM DASH} {origin} "
    if not blank or len(lines) < 3 or lines[0] != origin or not lines[1].isascii() or not lines[1].isdigit():
        raise CheckpointRefused("not a checkpoint of this origin")
    for line in signatures.splitlines():
        if line.startswith(mark) and _holds(line[len(mark) :], origin, f"{body}\n".encode(), key):
            return Checkpoint(origin, int(lines[1]), _decode(lines[2]))
    raise CheckpointRefused("no signature of the given key holds")


def _holds(text: str, origin: str, body: bytes, key: Ed25519PublicKey) -> bool:
    signature = _decode(text)
    try:
        key.verify(signature[4:], body)
    except InvalidSignature:
        return False
    return signature[:4] == _key_hash(origin, key)


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        raise CheckpointRefused("base64 is broken") from None


def _key_hash(name: str, key: Ed25519PublicKey) -> bytes:
    """C2SP signed-note: SHA-256(name, newline, signature type 0x01, public key), its first 4 bytes."""
    return hashlib.sha256(name.encode() + b"\n\x01" + key.public_bytes_raw()).digest()[:4]


def _split(size: int) -> int:
    """The largest power of two below size."""
    return 1 << ((size - 1).bit_length() - 1)


def _subproof(leaves: list[bytes], first: int, complete: bool) -> list[bytes]:
    if first == len(leaves):
        return [] if complete else [root_of(leaves)]
    split = _split(len(leaves))
    if first <= split:
        return [*_subproof(leaves[:split], first, complete), root_of(leaves[split:])]
    return [*_subproof(leaves[split:], first - split, complete=False), root_of(leaves[:split])]
