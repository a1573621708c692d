"""Which stored hashes a proof needs, and the proof from them."""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from prefstream.domain.evidence.merkle import HASH_BYTES, KEPT_LEVELS, Subtree, tree_root

#: A proof that asks for the roots of subtrees.
Proof = Callable[[Subtree], list[bytes]]


class Stretch(NamedTuple):
    """Neighbouring stored hashes of one level: leaves at level 0, else roots of kept subtrees."""

    level: int
    first: int
    width: int

    @property
    def places(self) -> Iterator[tuple[int, int]]:
        """Yield level and index of each."""
        return ((self.level, self.first + number) for number in range(self.width))


def stretch_of(level: int, index: int) -> Stretch:
    """Return the stored hashes under a full subtree.

    >>> stretch_of(10, 3)
    Stretch(level=8, first=12, width=4)
    """
    above = level % KEPT_LEVELS
    return Stretch(level - above, index << above, 1 << above)


def needed(proof: Proof) -> list[Stretch]:
    """Return the stored hashes that a proof needs."""
    found: list[Stretch] = []

    def asked(level: int, index: int) -> bytes:
        found.append(stretch_of(level, index))
        return bytes(HASH_BYTES)

    proof(asked)
    return found


def proved(proof: Proof, stored: Mapping[tuple[int, int], bytes]) -> list[bytes]:
    """Return the proof from stored hashes, by level and index.

    Raises:
        KeyError: One that is needed is missing.
    """

    def root(level: int, index: int) -> bytes:
        # The root of neighbouring subtrees is reckoned as if they were leaves.
        return tree_root([stored[place] for place in stretch_of(level, index).places])

    return proof(root)
