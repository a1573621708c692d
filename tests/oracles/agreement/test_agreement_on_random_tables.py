"""Random tables with missing ratings: our figures against krippendorff and scikit-learn."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score
from tests.oracles.agreement.independent import Level, Unit, library_alpha

from prefstream.domain.agreement import (
    Coincidences,
    PairTable,
    Statistic,
    Weights,
    alpha_interval,
    alpha_nominal,
    alpha_ordinal,
    cohen_kappa,
)

ORDER = "01234"
VALUES = {"0": 0.0, "1": 1.0, "2": 2.5, "3": 4.0, "4": 7.0}
RANKS = {category: float(place) for place, category in enumerate(ORDER)}
WEIGHTS: dict[Weights, str | None] = {"nominal": None, "linear": "linear", "quadratic": "quadratic"}
tables: st.SearchStrategy[list[dict[str, str]]] = st.lists(
    st.dictionaries(st.sampled_from("abcdef"), st.sampled_from(ORDER), max_size=6), min_size=1, max_size=25
)
thousand = settings(max_examples=1000, deadline=None)


def pairable(units: list[dict[str, str]]) -> list[dict[str, str]]:
    return [unit for unit in units if len(unit) > 1]


@thousand
@given(tables)
def test_alpha_equals_the_library(units: list[dict[str, str]]) -> None:
    state = Coincidences.of([*map(counted, units)])
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
