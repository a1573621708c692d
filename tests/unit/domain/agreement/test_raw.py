from collections.abc import Callable
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefstream.domain.agreement import Coincidences, Statistic, fleiss_kappa, gwet_ac1, percent_agreement
from prefstream.schemas.errors import BadInput

#: Gwet's table of four raters, the same as Krippendorff's example C.
GWET = ["111", "2223", "3333", "3333", "2222", "1234", "4444", "1121", "2222", "555", "11", "3"]
#: 118 and 0 units on the diagonal, 5 and 2 beside it.
PARADOX = ["++"] * 118 + ["+-"] * 7
FIGURES: dict[str, Callable[[Coincidences], Statistic]] = {
    "percent_agreement": percent_agreement,
    "gwet_ac1": gwet_ac1,
    "fleiss_kappa": fleiss_kappa,
}
figures = pytest.mark.parametrize("figure", list(FIGURES.values()), ids=list(FIGURES))
ratings = st.lists(st.text("1234", max_size=5), max_size=12)


def state_of(units: list[str]) -> Coincidences:
    return Coincidences.of({rating: unit.count(rating) for rating in set(unit)} for unit in units)


def test_gwets_table_comes_out_as_published() -> None:
    assert gwet_ac1(state_of(GWET)).value == pytest.approx(0.77544, abs=5e-6)


def test_the_paradox_table_has_a_high_ac1() -> None:
    state = state_of(PARADOX)

    assert percent_agreement(state).value == 0.944
    assert gwet_ac1(state).value == pytest.approx(0.94077634, abs=5e-9)


def test_fleiss_needs_the_same_number_of_ratings_everywhere() -> None:
    figure = fleiss_kappa(state_of(GWET))

    assert figure.value is None
    assert figure.reason == "units have from 1 to 4 ratings; Fleiss' kappa needs the same number in each"


def test_fleiss_of_one_category_is_undefined() -> None:
    figure = fleiss_kappa(state_of(["11", "11"]))

    assert (figure.value, figure.reason) == (None, "chance agreement is 1: all ratings are alike")


def test_ac1_of_one_category_is_undefined_unless_others_are_known() -> None:
    state = state_of(["11", "11"])

    assert gwet_ac1(state).value is None
    assert gwet_ac1(state, n_categories=1).value is None
    assert gwet_ac1(state, n_categories=3).value == 1.0


def test_ac1_refuses_fewer_categories_than_were_used() -> None:
    with pytest.raises(BadInput, match="2 categories have ratings"):
        gwet_ac1(state_of(["12"]), n_categories=1)


@figures
def test_no_pair_of_ratings_is_undefined(figure: Callable[[Coincidences], Statistic]) -> None:
    for units in ([], ["1", "2"]):
        assert figure(state_of(units)) == Statistic.undefined("no unit has two ratings", n_units=0)


@figures
def test_a_negative_count_is_undefined(figure: Callable[[Coincidences], Statistic]) -> None:
    assert "negative" in str(figure(state_of(["12"]).revert({"3": 2})).reason)


@given(ratings)
def test_percent_agreement_counts_agreeing_pairs(units: list[str]) -> None:
    pairs = [(a, b) for unit in units for i, a in enumerate(unit) for b in unit[i + 1 :]]
    value = percent_agreement(state_of(units)).value

    assert value == (sum(a == b for a, b in pairs) / len(pairs) if pairs else None)


@given(ratings)
def test_ac1_follows_the_printed_formula(units: list[str]) -> None:
    rated = [unit for unit in units if unit]
    paired = [unit for unit in rated if len(unit) > 1]
    used = set("".join(rated))
    value = gwet_ac1(state_of(units)).value
    if not paired or len(used) < 2:
        assert value is None
        return
    observed = sum(
        Fraction(sum(unit.count(c) * (unit.count(c) - 1) for c in used), len(unit) * (len(unit) - 1))
        for unit in paired
    ) / Fraction(len(paired))
    share = {
        c: sum(Fraction(unit.count(c), len(unit)) for unit in rated) / Fraction(len(rated)) for c in used
    }
    chance = sum(p * (1 - p) for p in share.values()) / Fraction(len(used) - 1)

    assert value == float((observed - chance) / (1 - chance))


@given(st.lists(st.text("123", min_size=3, max_size=3), min_size=1, max_size=12))
def test_fleiss_follows_the_printed_formula(units: list[str]) -> None:
    observed = Fraction(
        sum(unit.count(c) * (unit.count(c) - 1) for unit in units for c in "123"), 6 * len(units)
    )
    chance = sum(Fraction("".join(units).count(c), 3 * len(units)) ** 2 for c in "123")
    value = fleiss_kappa(state_of(units)).value

    assert value == (None if chance == 1 else float((observed - chance) / (1 - chance)))
