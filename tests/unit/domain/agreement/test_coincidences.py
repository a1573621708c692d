from hypothesis import given
from hypothesis import strategies as st

from prefstream.domain.agreement import Coincidences, unit_contribution

counts = st.dictionaries(st.sampled_from("abcd"), st.integers(1, 4), max_size=4)
units = st.lists(counts, max_size=12)


def test_a_contribution_is_ordered_pairs_of_ratings() -> None:
    assert unit_contribution({"a": 2, "b": 1}) == {(3, "a", "a"): 2, (3, "a", "b"): 2, (3, "b", "a"): 2}


def test_a_single_rating_is_kept_apart_and_none_is_nothing() -> None:
    assert unit_contribution({"a": 1, "b": 0}) == {(1, "a", "a"): 1}
    assert unit_contribution({}) == {}


def test_units_and_ratings_are_counted_from_the_cells() -> None:
    state = Coincidences.of([{"a": 2, "b": 1}, {"b": 3}, {"a": 1}, {"c": 2}])

    assert state.units_by_size() == {1: 1, 2: 1, 3: 2}
    assert (state.n_units, state.n_pairable_units, state.n_ratings) == (4, 3, 9)


@given(units)
def test_the_cells_know_units_ratings_and_marginals(said: list[dict[str, int]]) -> None:
    state = Coincidences.of(said)

    assert state.fault is None
    assert state.n_units == sum(bool(unit) for unit in said)
    assert state.n_ratings == sum(sum(unit.values()) for unit in said)
    by_category = {c: sum(unit.get(c, 0) for unit in said) for c in "abcd"}
    for category, total in by_category.items():
        assert total == sum(n for (_, c), n in state.marginals().items() if c == category)


@given(units, units)
def test_add_and_revert_and_merge_are_sums_of_units(
    first: list[dict[str, int]], second: list[dict[str, int]]
) -> None:
    state = Coincidences.of(first)
    for unit in second:
        state = state.add(unit)

    assert state == Coincidences.of(second).merge(Coincidences.of(first)) == Coincidences.of(second + first)

    for unit in first:
        state = state.revert(unit)

    assert state == Coincidences.of(second)


def test_taking_back_what_was_never_added_is_a_fault() -> None:
    assert "taken back twice" in str(Coincidences().revert({"a": 2}).fault)


def test_half_a_change_is_a_fault() -> None:
    assert "a part of a change is missing" in str(Coincidences(cells={(3, "a", "a"): 1}).fault)
