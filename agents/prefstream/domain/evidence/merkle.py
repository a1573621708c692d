"""Merkle trees over an append-only list of leaves, hashed as RFC 9162 (Certificate Transparency 2.0) says.

    MTH({})     = SHA-256()
    MTH({d})    = SHA-256(0x00 || d)
    MTH(D[n])   = SHA-256(0x01 || MTH(D[0:k]) || MTH(D[k:n])),  k the largest power of two below n

A tree is known by its *frontier*: the roots of the full subtrees it is made of, largest first. Appending
needs no more than that. Proofs need the hashes of leaves, or of full subtrees of them, by position.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()
#: Of the full subtrees whose height is a multiple of this the roots are kept, so that a proof need not
#: reckon all leaves again: one root for 256 leaves, one for 65,536, ...
KEPT_LEVELS = 8

#: Gives the root of the full subtree of 2**level leaves that begins at leaf index * 2**level.
Subtree = Callable[[int, int], bytes]


def leaf_hash(content: bytes) -> bytes:
    """Return the hash of a leaf.

    >>> leaf_hash(b"").hex()[:16]
    '6e340b9cffb37a98'
    """
    return sha256(b"\x00" + content).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of two subtrees side by side."""
    return sha256(b"\x01" + left + right).digest()


class FullSubtree(NamedTuple):
    """The root over the 2**level leaves that begin at leaf place * 2**level."""

    level: int
    place: int
    root: bytes


@dataclass(frozen=True, slots=True)
class Frontier:
    """A tree that can be appended to: its size and the roots of its full subtrees, largest first."""

    size: int = 0
    roots: tuple[bytes, ...] = ()

    def grown(self, leaves: Iterable[bytes]) -> tuple["Frontier", list[FullSubtree]]:
        """Return the tree after these leaf hashes, and the subtrees to keep that became full."""
        size, roots, kept = self.size, list(self.roots), []
        for leaf in leaves:
            roots.append(leaf)
            size += 1
            for level in range(1, (size & -size).bit_length()):
                right = roots.pop()
                roots[-1] = node_hash(roots[-1], right)
                if level % KEPT_LEVELS == 0:
                    kept.append(FullSubtree(level, (size >> level) - 1, roots[-1]))
        return Frontier(size, tuple(roots)), kept

    @property
    def root(self) -> bytes:
        """Return the tree's root."""
        if not self.roots:
            return EMPTY_ROOT
        *rest, root = self.roots
        for left in reversed(rest):
            root = node_hash(left, root)
        return root


def tree_root(leaves: Sequence[bytes]) -> bytes:
    """Return the root over leaf hashes.

    >>> tree_root([]) == EMPTY_ROOT
    True
    """
    return Frontier().grown(leaves)[0].root


def range_root(start: int, end: int, subtree: Subtree) -> bytes:
    """Return the root of the leaves from `start` up to `end`, a range that RFC 9162 would part so."""
    width = end - start
    if width & (width - 1) == 0:
        level = width.bit_length() - 1
        return subtree(level, start >> level)
    middle = start + _split(width)
    return node_hash(range_root(start, middle, subtree), range_root(middle, end, subtree))


def inclusion_proof(index: int, size: int, subtree: Subtree) -> list[bytes]:
    """Return the hashes that lead from a leaf to the root of the tree of this size (RFC 9162, 2.1.3.1).

    Raises:
        ValueError: The tree has no such leaf.
    """
    if not 0 <= index < size:
        raise ValueError(f"a tree of {size} leaves has no leaf {index}")
    proof: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            proof.append(range_root(middle, end, subtree))
            end = middle
        else:
            proof.append(range_root(start, middle, subtree))
            start = middle
    return proof[::-1]


def consistency_proof(first: int, second: int, subtree: Subtree) -> list[bytes]:
    """Return the hashes that show that a tree of `second` leaves begins with one of `first` (2.1.4.1).

    Raises:
        ValueError: The first tree is empty or larger than the second.
    """
    if not 0 < first <= second:
        raise ValueError(f"no proof leads from {first} leaves to {second}")
    proof: list[bytes] = []
    start, end, whole = 0, second, True
    while first != end:
        middle = start + _split(end - start)
        if first <= middle:
            proof.append(range_root(middle, end, subtree))
            end = middle
        else:
            proof.append(range_root(start, middle, subtree))
            start, whole = middle, False
    if not whole:
        proof.append(range_root(start, end, subtree))
    return proof[::-1]


def root_by_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes | None:
    """Return the root that an inclusion proof leads to; `None` where it does not fit (2.1.3.2)."""
    if not 0 <= index < size:
        return None
    place, last, root = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return None
        if place & 1 or place == last:
            root = node_hash(sibling, root)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            root = node_hash(root, sibling)
        place, last = place >> 1, last >> 1
    return root if last == 0 else None


def consistent(first: int, second: int, roots: tuple[bytes, bytes], proof: Sequence[bytes]) -> bool:
    """Return whether a proof shows that the second tree begins with the first (2.1.4.2)."""
    old, new = roots
    if first == second:
        return not proof and old == new
    if not 0 < first < second or not proof:
        return False
    hashes = list(proof) if first & (first - 1) else [old, *proof]
    place, last = first - 1, second - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    before = after = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            before, after = node_hash(sibling, before), node_hash(sibling, after)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            after = node_hash(after, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and before == old and after == new


def _split(width: int) -> int:
    """Return the largest power of two below the width."""
    return 1 << ((width - 1).bit_length() - 1)
