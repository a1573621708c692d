from collections import Counter
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefstream.domain.agreement import Coincidences, Compositions
from prefstream.domain.agreement.compositions import composition_of, composition_said, composition_text
from prefstream.schemas.errors import BadInput

units = st.lists(st.text("123", max_size=4).map(Counter), max_size=10)


@given(units)
def test_coincidences_are_those_of_the_units(some: list[Counter[str]]) -> None:
    state = Compositions.of(some)
    direct = Coincidences.of(some)

    assert state.coincidences == direct
    assert (state.n_units, state.n_pairable_units, state.n_ratings) == (
        direct.n_units,
        direct.n_pairable_units,
        direct.n_ratings,
    )


@given(units, units, st.integers(0, 999))
def test_adding_and_taking_back_in_any_order_leaves_no_trace(
    kept: list[Counter[str]], gone: list[Counter[str]], seed: int
) -> None:
    steps = [(unit, 1) for unit in [*kept, *gone]] + [(unit, -1) for unit in gone]
    Random(seed).shuffle(steps)
    state = Compositions()
    for unit, step in steps:
        state = state.add(unit) if step > 0 else state.revert(unit)

    assert state == Compositions.of(kept)


@given(units, units)
def test_merging_is_counting_together(some: list[Counter[str]], others: list[Counter[str]]) -> None:
    assert Compositions.of(some).merge(Compositions.of(others)) == Compositions.of([*some, *others])


@given(st.dictionaries(st.sampled_from(["A>>", "A>", "=", "both_bad"]), st.integers(1, 200)))
def test_the_text_of_a_composition_says_it(counts: dict[str, int]) -> None:
    composition = composition_of(counts)

    assert composition_said(composition_text(composition)) == composition


def test_a_text_without_a_count_after_the_colon_is_refused() -> None:
    with pytest.raises(BadInput, match="count the units anew"):
        composition_said("A:")


def test_taking_back_twice_is_a_fault() -> None:
    assert "negative" in str(Compositions().revert({"A": 2}).fault)
    assert Compositions.of([{"A": 2}]).fault is None
