"""Random tables with missing ratings: our figures against krippendorff, scikit-learn and definitions."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score
from tests.oracles.agreement.independent import (
    Level,
    Unit,
    library_alpha,
    library_fleiss,
    slow_fleiss,
    slow_gwet,
    slow_percent,
)

from prefstream.domain.agreement import (
    Compositions,
    GwetWeights,
    PairTable,
    Statistic,
    Weights,
    alpha_interval,
    alpha_nominal,
    alpha_ordinal,
    cohen_kappa,
    fleiss_kappa,
    gwet_ac1,
    gwet_ac2,
    percent_agreement,
)

ORDER = "01234"
VALUES = {"0": 0.0, "1": 1.0, "2": 2.5, "3": 4.0, "4": 7.0}
RANKS = {category: float(place) for place, category in enumerate(ORDER)}
WEIGHTS: dict[Weights, str | None] = {"nominal": None, "linear": "linear", "quadratic": "quadratic"}
tables: st.SearchStrategy[list[dict[str, str]]] = st.lists(
    st.dictionaries(st.sampled_from("abcdef"), st.sampled_from(ORDER), max_size=6), min_size=1, max_size=25
)
#: What is lost in agreement at a distance, up to a factor.
LOSSES: dict[GwetWeights, Callable[[int], int]] = {
    "linear": lambda apart: apart,
    "quadratic": lambda apart: apart**2,
    "ordinal": lambda apart: apart * (apart + 1) // 2,
}
thousand = settings(max_examples=1000, deadline=None)


def full_unit(raters: int) -> st.SearchStrategy[dict[str, str]]:
    return st.lists(st.sampled_from(ORDER), min_size=raters, max_size=raters).map(
        lambda said: dict(zip("abcdef", said, strict=False))
    )


def pairable(units: list[dict[str, str]]) -> list[dict[str, str]]:
    return [unit for unit in units if len(unit) > 1]


@thousand
@given(tables)
def test_alpha_equals_the_library(units: list[dict[str, str]]) -> None:
    state = Compositions.of([*map(counted, units)])
    figures: dict[Level, tuple[Statistic, dict[str, float]]] = {
        "nominal": (alpha_nominal(state), RANKS),
        "ordinal": (alpha_ordinal(state, order=ORDER), RANKS),
        "interval": (alpha_interval(state, values=VALUES), VALUES),
    }
    alike = len({rating for unit in pairable(units) for rating in unit.values()}) < 2

    for level, (figure, values) in figures.items():
        assert (figure.value is None) == alike
        if not alike:
            assert figure.value == pytest.approx(library_alpha(units, level, values), abs=1e-12)


@thousand
@given(tables)
def test_percent_agreement_and_gwet_equal_their_definitions(units: list[dict[str, str]]) -> None:
    state, paired = Compositions.of([*map(counted, units)]), pairable(units)
    percent, ac1 = percent_agreement(state), gwet_ac1(state)
    used = sorted({rating for unit in units for rating in unit.values()})
    same = {(a, b): float(a == b) for a in used for b in used}

    assert (percent.value is None) == (not paired)
    assert (ac1.value is None) == (not paired or len(used) < 2)
    if paired:
        assert percent.value == pytest.approx(slow_percent(paired), abs=1e-12)
    if ac1.value is not None:
        assert ac1.value == pytest.approx(slow_gwet(units, same), abs=1e-12)


@thousand
@given(tables, st.sampled_from(sorted(LOSSES)))
def test_weighted_gwet_equals_its_definition(units: list[dict[str, str]], weights: GwetWeights) -> None:
    lost = LOSSES[weights]
    near = {(a, b): 1 - lost(abs(int(a) - int(b))) / lost(4) for a in ORDER for b in ORDER}
    ac2 = gwet_ac2(Compositions.of([*map(counted, units)]), order=ORDER, weights=weights)

    assert (ac2.value is None) == (not pairable(units))
    if ac2.value is not None:
        assert ac2.value == pytest.approx(slow_gwet(units, near), abs=1e-12)


@thousand
@given(st.integers(2, 5).flatmap(lambda raters: st.lists(full_unit(raters), min_size=1, max_size=20)))
def test_fleiss_equals_its_definition_and_statsmodels(units: list[dict[str, str]]) -> None:
    kappa = fleiss_kappa(Compositions.of([*map(counted, units)]))
    alike = len({rating for unit in units for rating in unit.values()}) == 1

    assert (kappa.value is None) == alike
    if not alike:
        assert kappa.value == pytest.approx(slow_fleiss(units), abs=1e-12)
        assert kappa.value == pytest.approx(library_fleiss(units), abs=1e-12)


@thousand
@given(tables)
def test_fleiss_is_undefined_where_counts_differ(units: list[dict[str, str]]) -> None:
    sizes = {len(unit) for unit in units if unit}
    kappa = fleiss_kappa(Compositions.of([*map(counted, units)]))

    if len(sizes) > 1 or not pairable(units):
        assert (kappa.value, bool(kappa.reason)) == (None, True)


@thousand
@given(st.lists(st.tuples(st.sampled_from(ORDER), st.sampled_from(ORDER)), min_size=1, max_size=60))
def test_kappa_equals_scikit_learn(said: list[tuple[str, str]]) -> None:
    first, second = [a for a, _ in said], [b for _, b in said]
    table = PairTable.of(said)
    constant = len(set(first) | set(second)) == 1

    for weights, theirs in WEIGHTS.items():
        ours = cohen_kappa(table, weights=weights, order=ORDER)
        assert (ours.value is None) == constant
        if not constant:
            expected = cohen_kappa_score(first, second, labels=list(ORDER), weights=theirs)
            assert ours.value == pytest.approx(expected, abs=1e-12)


def counted(unit: Unit) -> dict[str, int]:
    ratings = list(unit.values())
    return {rating: ratings.count(rating) for rating in ratings}
