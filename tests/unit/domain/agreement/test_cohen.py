from collections.abc import Sequence
from itertools import product
from math import sqrt
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefstream.domain.agreement import PairTable, Weights, cohen_kappa
from prefstream.schemas.errors import BadInput

SAS = [[0, 4, 1], [0, 8, 0], [0, 1, 5]]
CATEGORIES = "abcd"
pairs = st.lists(st.tuples(st.sampled_from(CATEGORIES), st.sampled_from(CATEGORIES)), max_size=40)
weightings = st.sampled_from(["nominal", "linear", "quadratic"])


def table_of(rows: Sequence[Sequence[int]]) -> PairTable:
    return PairTable(
        counts={
            (CATEGORIES[i], CATEGORIES[j]): count
            for i, row in enumerate(rows)
            for j, count in enumerate(row)
            if count
        }
    )


def test_the_sas_example_comes_out_as_printed() -> None:
    kappa = cohen_kappa(table_of(SAS))

    assert kappa.value == pytest.approx(0.4841629, abs=5e-8)
    assert kappa.standard_error == pytest.approx(0.13801358, abs=5e-9)
    assert kappa.low == pytest.approx(0.2137, abs=5e-5)
    assert kappa.high == pytest.approx(0.7547, abs=5e-5)
    assert kappa.n_units == 19


def test_the_sas_example_comes_out_weighted() -> None:
    linear = cohen_kappa(table_of(SAS), weights="linear", order="abc")
    quadratic = cohen_kappa(table_of(SAS), weights="quadratic", order="abc")

    assert linear.value == pytest.approx(0.47011952, abs=5e-9)
    assert linear.standard_error == pytest.approx(0.14574605, abs=5e-9)
    assert quadratic.value == pytest.approx(0.45016077, abs=5e-9)


def test_the_paradox_table_has_high_agreement_and_negative_kappa() -> None:
    kappa = cohen_kappa(table_of([[118, 5], [2, 0]]))

    assert kappa.value == pytest.approx(-0.02339181, abs=5e-9)


def test_two_constant_raters_have_no_kappa() -> None:
    for weights in ("nominal", "linear", "quadratic"):
        kappa = cohen_kappa(table_of([[7]]), weights=weights, order="abc")

        assert kappa.value is None
        assert kappa.reason is not None
        assert "chance agreement is 1" in kappa.reason
        assert kappa.n_units == 7


def test_one_constant_rater_has_a_kappa_of_zero() -> None:
    assert cohen_kappa(table_of([[3, 4]])).value == 0.0


def test_raters_who_share_no_unit_have_no_kappa() -> None:
    kappa = cohen_kappa(PairTable())

    assert (kappa.value, kappa.reason, kappa.n_units) == (None, "no unit was rated by both", 0)


def test_full_agreement_is_one_without_limits() -> None:
    kappa = cohen_kappa(table_of([[3, 0], [0, 4]]))

    assert (kappa.value, kappa.low, kappa.high) == (1.0, None, None)
    assert kappa.bounds_reason is not None


def test_full_disagreement_is_minus_one() -> None:
    assert cohen_kappa(table_of([[0, 5], [5, 0]])).value == -1.0


def test_a_count_below_zero_has_no_kappa() -> None:
    kappa = cohen_kappa(PairTable.of([("a", "b"), ("b", "b")]).revert("a", "a"))

    assert kappa.value is None
    assert kappa.reason is not None
    assert "negative" in kappa.reason


def test_categories_off_the_scale_are_missing() -> None:
    table = PairTable.of([("a", "a"), ("a", "b"), ("b", "b"), ("both_bad", "a"), ("b", "both_bad")])

    on_scale = cohen_kappa(table, weights="linear", order="ab")

    assert on_scale == cohen_kappa(PairTable.of([("a", "a"), ("a", "b"), ("b", "b")]))
    assert on_scale.n_units == 3


def test_weights_need_an_order() -> None:
    with pytest.raises(BadInput, match="need the order"):
        cohen_kappa(table_of(SAS), weights="linear")


def test_an_order_names_each_category_once() -> None:
    with pytest.raises(BadInput, match="twice"):
        cohen_kappa(table_of(SAS), weights="linear", order="abca")


def test_a_scale_of_one_category_has_no_kappa() -> None:
    assert cohen_kappa(table_of([[7]]), weights="linear", order="a").value is None


def test_mapped_joins_categories_and_leaves_missing_out() -> None:
    table = PairTable.of([("A>>", "A>"), ("A>", "A>"), ("unsure", "A>"), ("B>", "A>>")])
    first_letter = {"A>>": "A", "A>": "A", "B>": "B"}

    assert table.mapped(first_letter.get) == PairTable(counts={("A", "A"): 2, ("B", "A"): 1})


@given(pairs, pairs)
def test_add_and_revert_and_merge_are_sums(
    first: list[tuple[str, str]], second: list[tuple[str, str]]
) -> None:
    table = PairTable.of(first)
    for a, b in second:
        table = table.add(a, b)

    assert table == PairTable.of(first).merge(PairTable.of(second)) == PairTable.of(second + first)

    for a, b in first:
        table = table.revert(a, b)

    assert table == PairTable.of(second)
    assert table.n_units == len(second)


@given(pairs, weightings, st.randoms(use_true_random=False))
def test_kappa_depends_on_neither_event_order_nor_rater_order(
    said: list[tuple[str, str]], weights: Weights, chance: Random
) -> None:
    shuffled = list(said)
    chance.shuffle(shuffled)
    swapped = [(b, a) for a, b in shuffled]

    kappa = cohen_kappa(PairTable.of(said), weights=weights, order=CATEGORIES)

    assert kappa == cohen_kappa(PairTable.of(shuffled), weights=weights, order=CATEGORIES)
    assert kappa == cohen_kappa(PairTable.of(swapped), weights=weights, order=CATEGORIES)


@given(pairs, weightings)
def test_kappa_and_its_limits_stay_on_the_scale(said: list[tuple[str, str]], weights: Weights) -> None:
    kappa = cohen_kappa(PairTable.of(said), weights=weights, order=CATEGORIES)

    if kappa.value is not None:
        assert -1 <= kappa.value <= 1
    if kappa.low is not None and kappa.high is not None and kappa.value is not None:
        assert -1 <= kappa.low <= kappa.value <= kappa.high <= 1


@given(pairs)
def test_the_nominal_error_equals_the_formula_as_printed_in_1969(said: list[tuple[str, str]]) -> None:
    kappa = cohen_kappa(PairTable.of(said))
    if kappa.value is None or kappa.standard_error is None:
        return
    n, k = len(said), kappa.value
    row = {c: sum(a == c for a, _ in said) / n for c in CATEGORIES}
    column = {c: sum(b == c for _, b in said) / n for c in CATEGORIES}
    share = {(i, j): said.count((i, j)) / n for i, j in product(CATEGORIES, repeat=2)}
    chance = sum(row[c] * column[c] for c in CATEGORIES)
    on = sum(share[c, c] * (1 - (row[c] + column[c]) * (1 - k)) ** 2 for c in CATEGORIES)
    off = (1 - k) ** 2 * sum(
        share[i, j] * (column[i] + row[j]) ** 2 for i, j in product(CATEGORIES, repeat=2) if i != j
    )
    variance = (on + off - (k - chance * (1 - k)) ** 2) / (n * (1 - chance) ** 2)

    assert kappa.standard_error == pytest.approx(sqrt(max(0.0, variance)), abs=1e-7)


@given(pairs, weightings)
def test_the_error_is_that_of_the_delta_method(said: list[tuple[str, str]], weights: Weights) -> None:
    """One more unit in a cell moves kappa; the spread of these moves over the sample is its error."""
    copies = 10**9
    base = {cell: copies * said.count(cell) for cell in set(said)}
    kappa = cohen_kappa(PairTable(counts=base), weights=weights, order=CATEGORIES)
    small = cohen_kappa(PairTable.of(said), weights=weights, order=CATEGORIES)
    if kappa.value is None or small.standard_error is None:
        return
    step = copies // 10**5
    moves = []
    for cell in said:
        up = cohen_kappa(PairTable.sum([base, {cell: step}]), weights=weights, order=CATEGORIES)
        down = cohen_kappa(PairTable.sum([base, {cell: -step}]), weights=weights, order=CATEGORIES)
        assert up.value is not None
        assert down.value is not None
        moves.append((up.value - down.value) / 2 * 10**5 * len(said))
    variance = sum(move**2 for move in moves) / len(said) ** 2

    assert small.standard_error == pytest.approx(sqrt(variance), rel=1e-4, abs=1e-6)
