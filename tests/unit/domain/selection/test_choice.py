"""Prompts to generate for: where judges err and little was seen, each near-copy worth less."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from prefstream.domain.selection import Pending, chosen, prompt_sketch
from prefstream.schemas.selection import Selection, SliceRecord
from prefstream.schemas.values import Stakes

WORDS = ("river", "compiler", "haiku", "tax", "garden", "violin", "proof", "visa", "soup", "engine")
PENDING = [
    Pending(
        prompt_id=f"p{n}",
        slice="s",
        stakes=Stakes.LOW,
        sketch=prompt_sketch(f"Tell me about {word} number {n}"),
    )
    for n, word in enumerate(WORDS)
]
ERRING = Selection(
    sketch_version="1",
    weights=(),
    labels=200,
    records={"hard": SliceRecord(labels=100, mistaken=60), "easy": SliceRecord(labels=100, mistaken=2)},
)


def ids(pending: list[Pending], most: int, selection: Selection | None = None) -> list[str]:
    return [one.prompt_id for one in chosen(pending, selection=selection, most=most)]


def test_slices_where_the_judge_errs_come_first_and_unknown_ones_before_them() -> None:
    pending = [replace(PENDING[n], slice=name) for n, name in enumerate(("easy", "hard", "new"))]
    assert ids(pending, 3, ERRING) == ["p2", "p1", "p0"]


def test_higher_stakes_come_first() -> None:
    pending = [PENDING[0], replace(PENDING[1], stakes=Stakes.HIGH)]
    assert ids(pending, 1) == ["p1"]


def test_of_prompts_that_are_alike_one_is_taken_before_the_others() -> None:
    copies = [replace(PENDING[0], prompt_id=f"copy{n}") for n in range(5)]
    taken = ids([*copies, *PENDING[1:4]], 4)
    assert sum(one.startswith("copy") for one in taken) == 1


@given(st.permutations(PENDING), st.integers(0, 12))
def test_the_order_of_the_file_does_not_matter(pending: list[Pending], most: int) -> None:
    taken = ids(pending, most)
    assert taken == ids(PENDING, most)
    assert len(taken) == len(set(taken)) == min(most, len(PENDING))
