from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefstream.domain.agreement import Coincidences, Compositions, GwetWeights, Statistic, gwet_ac1, gwet_ac2
from prefstream.schemas.errors import BadInput

#: Gwet's table of four raters.
GWET = ["111", "2223", "3333", "3333", "2222", "1234", "4444", "1121", "2222", "555", "11", "3"]
PUBLISHED: dict[GwetWeights, tuple[float, float]] = {
    "linear": (0.85874, 0.11733),
    "quadratic": (0.91400, 0.10396),
    "ordinal": (0.89894, 0.10690),
}


def state_of(units: list[str]) -> Compositions:
    return Compositions.of({rating: unit.count(rating) for rating in set(unit)} for unit in units)


@pytest.mark.parametrize("weights", PUBLISHED)
def test_ac2_of_gwets_table_comes_out_as_published(weights: GwetWeights) -> None:
    ac2 = gwet_ac2(state_of(GWET), order="12345", weights=weights)

    assert (ac2.value, ac2.standard_error) == pytest.approx(PUBLISHED[weights], abs=5e-6)


def test_the_limits_of_ac1_are_those_published() -> None:
    ac1 = gwet_ac1(state_of(GWET))

    assert (ac1.standard_error, ac1.low, ac1.high) == pytest.approx((0.14295, 0.46081, 1), abs=5e-6)


def test_ac2_of_two_categories_is_ac1() -> None:
    state = state_of(["11", "12", "22", "11"])

    for weights in PUBLISHED:
        assert gwet_ac2(state, order="12", weights=weights) == gwet_ac1(state)


def test_ac2_counts_categories_that_nobody_used() -> None:
    state = state_of(["11", "12", "22"])
    wide = gwet_ac2(state, order="12345")

    assert wide.value is not None
    assert wide.value > float(gwet_ac2(state, order="12").value or 0)


def test_one_category_is_undefined() -> None:
    assert gwet_ac2(state_of(["11"]), order="1").reason == (
        "all ratings are in one category and no other is known"
    )


def test_a_scale_that_does_not_fit_is_refused() -> None:
    with pytest.raises(BadInput, match="names a category twice"):
        gwet_ac2(state_of(["11"]), order="11")
    with pytest.raises(BadInput, match="have ratings but no place"):
        gwet_ac2(state_of(["13"]), order="12")


def test_one_unit_has_no_bounds_but_a_reason() -> None:
    ac1 = gwet_ac1(state_of(["112"]))

    assert ac1.value is not None
    assert (ac1.low, ac1.bounds_reason) == (None, "there is one unit; bounds need at least two")


def test_coincidences_give_the_same_value_without_bounds() -> None:
    state = state_of(GWET)
    ac1 = gwet_ac1(state.coincidences)

    assert (ac1.value, ac1.low) == (gwet_ac1(state).value, None)


@given(st.lists(st.text("1234", max_size=5), max_size=12), st.sampled_from(sorted(PUBLISHED)))
def test_ac2_follows_the_printed_formula(units: list[str], weights: GwetWeights) -> None:
    def weight(k: str, other: str) -> Fraction:
        apart = abs(int(k) - int(other))
        lost = {"linear": apart, "quadratic": apart**2, "ordinal": apart * (apart + 1) // 2}[weights]
        return 1 - Fraction(lost, {"linear": 3, "quadratic": 9, "ordinal": 6}[weights])

    rated, paired = [unit for unit in units if unit], [unit for unit in units if len(unit) > 1]
    ac2 = gwet_ac2(
        Coincidences.of({c: unit.count(c) for c in unit} for unit in units), order="1234", weights=weights
    )
    if not paired:
        assert ac2 == Statistic.undefined("no unit has two ratings", n_units=0)
        return
    observed = sum(
        sum(unit.count(k) * (sum(weight(k, c) * unit.count(c) for c in "1234") - 1) for k in "1234")
        / Fraction(len(unit) * (len(unit) - 1))
        for unit in paired
    ) / Fraction(len(paired))
    share = {
        k: sum(Fraction(unit.count(k), len(unit)) for unit in rated) / Fraction(len(rated)) for k in "1234"
    }
    total = sum(weight(k, c) for k in "1234" for c in "1234")
    chance = total * sum(p * (1 - p) for p in share.values()) / 12

    assert ac2.value == float((observed - chance) / (1 - chance))
