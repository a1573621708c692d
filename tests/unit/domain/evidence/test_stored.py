"""Proofs from stored hashes are those from all leaves."""

from hypothesis import given
from hypothesis import strategies as st

from prefstream.domain.evidence.merkle import (
    Frontier,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    tree_root,
)
from prefstream.domain.evidence.stored import Proof, needed, proved

LEAVES = [leaf_hash(b"%d" % number) for number in range(70_000)]
STORED = {(0, index): leaf for index, leaf in enumerate(LEAVES)} | {
    (level, index): root for level, index, root in Frontier().grown(LEAVES)[1]
}


def from_all(level: int, index: int) -> bytes:
    return tree_root(LEAVES[index << level : (index + 1) << level])


def from_stored(proof: Proof) -> list[bytes]:
    places = {place for stretch in needed(proof) for place in stretch.places}
    assert len(places) < 3_000, "a proof reads a few thousand hashes, not the tree"
    return proved(proof, {place: STORED[place] for place in places})


@given(st.integers(0, len(LEAVES) - 1), st.integers(1, len(LEAVES)))
def test_a_proof_of_a_leaf_needs_few_stored_hashes(index: int, size: int) -> None:
    index %= size
    assert from_stored(lambda subtree: inclusion_proof(index, size, subtree)) == inclusion_proof(
        index, size, from_all
    )


@given(st.integers(1, len(LEAVES)), st.integers(1, len(LEAVES)))
def test_a_proof_between_two_sizes_needs_few_stored_hashes(one: int, other: int) -> None:
    first, second = sorted((one, other))
    assert from_stored(lambda subtree: consistency_proof(first, second, subtree)) == consistency_proof(
        first, second, from_all
    )
