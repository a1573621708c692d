from collections.abc import Callable
from fractions import Fraction
from functools import partial
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefstream.domain.agreement import (
    Coincidences,
    Statistic,
    alpha_interval,
    alpha_nominal,
    alpha_ordinal,
)
from prefstream.schemas.errors import BadInput

ORDER = "12345"
VALUES = {category: int(category) for category in ORDER}
#: Krippendorff's example C, unit by unit.
EXAMPLE_C = ["111", "2223", "3333", "3333", "2222", "1234", "4444", "1121", "2222", "555", "11", "3"]
Alpha = Callable[[Coincidences], Statistic]
ALPHAS: dict[str, Alpha] = {
    "nominal": alpha_nominal,
    "ordinal": partial(alpha_ordinal, order=ORDER),
    "interval": partial(alpha_interval, values=VALUES),
}
metrics = pytest.mark.parametrize("alpha", list(ALPHAS.values()), ids=list(ALPHAS))
ratings = st.lists(st.text(ORDER, max_size=5), max_size=12)


def state_of(units: list[str]) -> Coincidences:
    return Coincidences.of({rating: unit.count(rating) for rating in set(unit)} for unit in units)


@pytest.mark.parametrize(
    ("name", "published"), [("nominal", 0.743421), ("ordinal", 0.815388), ("interval", 0.849107)]
)
def test_krippendorffs_example_c_comes_out_as_published(name: str, published: float) -> None:
    figure = ALPHAS[name](state_of(EXAMPLE_C))

    assert figure.value == pytest.approx(published, abs=5e-7)
    assert figure.n_units == 11


@metrics
def test_full_agreement_on_several_categories_is_one(alpha: Alpha) -> None:
    assert alpha(state_of(["11", "22", "555"])).value == 1.0


@metrics
def test_one_category_throughout_has_no_alpha(alpha: Alpha) -> None:
    figure = alpha(state_of(["11", "111", "11", "5"]))

    assert (figure.value, figure.n_units) == (None, 3)
    assert figure.reason == "no disagreement is expected: all ratings are alike"


@metrics
def test_units_with_one_rating_have_no_alpha(alpha: Alpha) -> None:
    figure = alpha(state_of(["1", "2", ""]))

    assert (figure.value, figure.reason, figure.n_units) == (None, "no unit has two ratings", 0)


@metrics
@given(units=ratings)
def test_units_with_one_rating_change_nothing(alpha: Alpha, units: list[str]) -> None:
    assert alpha(state_of([*units, "5", "1"])) == alpha(state_of(units))


@metrics
@given(units=ratings, seed=st.integers(0, 999))
def test_the_order_of_units_and_ratings_changes_nothing(alpha: Alpha, units: list[str], seed: int) -> None:
    chance = Random(seed)
    shuffled = ["".join(chance.sample(unit, len(unit))) for unit in chance.sample(units, len(units))]

    assert alpha(state_of(shuffled)) == alpha(state_of(units))


@metrics
@given(units=ratings)
def test_alpha_is_at_most_one_and_has_no_bounds_without_units(alpha: Alpha, units: list[str]) -> None:
    figure = alpha(state_of(units))

    assert figure.value is None or figure.value <= 1
    assert (figure.low, figure.high) == (None, None)
    assert (figure.bounds_reason is None) == (figure.value is None)


@metrics
def test_a_negative_count_has_no_alpha(alpha: Alpha) -> None:
    figure = alpha(state_of(["12", "11"]).revert({"3": 2}))

    assert figure.value is None
    assert "negative" in str(figure.reason)


@given(ratings)
def test_ordinal_alpha_follows_the_printed_formula(units: list[str]) -> None:
    figure = alpha_ordinal(state_of(units), order=ORDER)
    paired = [unit for unit in units if len(unit) > 1]
    n = {c: sum(unit.count(c) for unit in paired) for c in ORDER}

    def squared(c: str, k: str) -> Fraction:
        low, high = sorted((c, k))
        between = sum(n[g] for g in ORDER if low <= g <= high)
        return (between - Fraction(n[c] + n[k], 2)) ** 2

    observed = sum(
        (
            Fraction(squared(c, k), len(unit) - 1)
            for unit in paired
            for i, c in enumerate(unit)
            for j, k in enumerate(unit)
            if i != j
        ),
        Fraction(0),
    )
    expected = sum((n[c] * n[k] * squared(c, k) for c in ORDER for k in ORDER), Fraction(0))
    if not expected:
        assert figure.value is None
    else:
        assert figure.value == float(1 - (sum(n.values()) - 1) * observed / expected)


def test_ordinal_alpha_is_not_that_of_squared_ranks() -> None:
    state = state_of(EXAMPLE_C)

    assert alpha_ordinal(state, order=ORDER) != alpha_interval(state, values=VALUES)


def test_reversing_the_scale_changes_nothing() -> None:
    state = state_of(EXAMPLE_C)

    assert alpha_ordinal(state, order=ORDER) == alpha_ordinal(state, order=ORDER[::-1])


def test_values_may_be_fractions_of_one() -> None:
    state = state_of(EXAMPLE_C)
    tenths = {category: Fraction(value, 10) for category, value in VALUES.items()}
    halves = {category: value / 2 for category, value in VALUES.items()}

    assert alpha_interval(state, values=tenths) == alpha_interval(state, values=VALUES)
    assert alpha_interval(state, values=halves) == alpha_interval(state, values=VALUES)


def test_a_category_without_a_place_is_refused() -> None:
    with pytest.raises(BadInput, match=r"\['5'\] have ratings but no place"):
        alpha_ordinal(state_of(EXAMPLE_C), order="1234")
    with pytest.raises(BadInput, match=r"\['5'\] have ratings but no place"):
        alpha_interval(state_of(EXAMPLE_C), values={"1": 1, "2": 2, "3": 3, "4": 4})


def test_a_category_with_two_places_is_refused() -> None:
    with pytest.raises(BadInput, match="twice"):
        alpha_ordinal(state_of(EXAMPLE_C), order="123451")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_value_that_is_not_finite_is_refused(value: float) -> None:
    with pytest.raises(BadInput, match="not a finite number"):
        alpha_interval(state_of(EXAMPLE_C), values={**VALUES, "5": value})
