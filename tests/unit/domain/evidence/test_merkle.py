"""Merkle trees against the vectors of Certificate Transparency, and against each other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefstream.domain.evidence.merkle import (
    EMPTY_ROOT,
    Frontier,
    Subtree,
    consistency_proof,
    consistent,
    inclusion_proof,
    leaf_hash,
    root_by_inclusion,
    tree_root,
)

#: The leaves and roots of the reference tests of Certificate Transparency.
INPUTS = [
    bytes.fromhex(written)
    for written in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"
    )
]  # fmt: skip
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
SIZES = st.integers(1, 300)


def leaves_of(count: int) -> list[bytes]:
    return [leaf_hash(b"%d" % number) for number in range(count)]


def subtrees(leaves: list[bytes]) -> Subtree:
    return lambda level, index: tree_root(leaves[index << level : (index + 1) << level])


def test_an_empty_tree_has_the_root_of_nothing() -> None:
    assert tree_root([]) == EMPTY_ROOT
    assert EMPTY_ROOT.hex().startswith("e3b0c44298fc1c14")


@pytest.mark.parametrize("count", range(1, 9))
def test_roots_are_those_of_the_reference(count: int) -> None:
    assert tree_root([leaf_hash(one) for one in INPUTS[:count]]).hex() == ROOTS[count - 1]


@given(SIZES, st.data())
def test_a_tree_grown_in_steps_is_the_tree_grown_at_once(count: int, data: st.DataObject) -> None:
    leaves = leaves_of(count)
    cuts = sorted(data.draw(st.lists(st.integers(0, count), max_size=5)))
    grown, kept = Frontier(), []
    for start, end in zip([0, *cuts], [*cuts, count], strict=True):
        grown, full = grown.grown(leaves[start:end])
        kept += full
    assert grown == Frontier().grown(leaves)[0]
    assert kept == Frontier().grown(leaves)[1]
    assert all(root == subtrees(leaves)(level, index) for level, index, root in kept)


@given(SIZES, st.data())
def test_every_leaf_is_proved_and_nothing_else(count: int, data: st.DataObject) -> None:
    leaves = leaves_of(count)
    index = data.draw(st.integers(0, count - 1))
    proof, root = inclusion_proof(index, count, subtrees(leaves)), tree_root(leaves)
    assert root_by_inclusion(leaves[index], index, count, proof) == root
    assert root_by_inclusion(leaf_hash(b"another"), index, count, proof) != root
    assert root_by_inclusion(leaves[index], index, count, [*proof, bytes(32)]) is None
    assert not proof or root_by_inclusion(leaves[index], index, count, proof[:-1]) != root
    if index + 1 < count:
        assert root_by_inclusion(leaves[index], index + 1, count, proof) != root


@given(SIZES, st.data())
def test_a_tree_is_shown_to_begin_with_an_earlier_one(count: int, data: st.DataObject) -> None:
    leaves = leaves_of(count)
    first = data.draw(st.integers(1, count))
    roots = tree_root(leaves[:first]), tree_root(leaves)
    proof = consistency_proof(first, count, subtrees(leaves))
    assert consistent(first, count, roots, proof)
    assert not consistent(first, count, (leaf_hash(b"another"), roots[1]), proof)
    assert not consistent(first, count, (roots[0], leaf_hash(b"another")), proof)
    if proof:
        assert not consistent(first, count, roots, proof[:-1])


@pytest.mark.parametrize(("index", "size"), [(0, 0), (5, 5), (-1, 5)])
def test_no_proof_is_given_of_a_leaf_that_is_not_there(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="has no leaf"):
        inclusion_proof(index, size, subtrees(leaves_of(5)))
