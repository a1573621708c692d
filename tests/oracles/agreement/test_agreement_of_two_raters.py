"""Every two raters: kappas, their standard errors and the tables behind, by scikit-learn and statsmodels."""

from collections.abc import Sequence
from itertools import combinations
from math import sqrt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, cohen_kappa_score, confusion_matrix
from tests.oracles.agreement.independent import Unit, library_kappa
from tests.oracles.agreement.shared_data import crowd, shared_json

from prefstream.domain.agreement import (
    ORDINAL_CATEGORIES,
    PairTable,
    Statistic,
    UnitLabel,
    Weights,
    cohen_kappa,
    contributions,
    kappas,
    nominal,
    ordinal,
    percent_agreement,
    window,
)
from prefstream.domain.agreement.ratings import Rating, Ratings
from prefstream.domain.agreement.statistic import Z_95
from prefstream.domain.agreement.tally import summed
from prefstream.schemas.values import Verdict

ORDER = "01234"
WEIGHTS: dict[Weights, str | None] = {"nominal": None, "linear": "linear", "quadratic": "quadratic"}
#: Below this, rounding errors under the root are no longer small beside the error itself.
SMALL = 1e-4
Pairs = Sequence[tuple[str, str]]
thousand = settings(max_examples=1000, deadline=None)
tables: st.SearchStrategy[list[dict[str, str]]] = st.lists(
    st.dictionaries(st.sampled_from("abc"), st.sampled_from(ORDER), max_size=3), min_size=1, max_size=25
)
verdicts = st.lists(
    st.dictionaries(st.sampled_from("abc"), st.sampled_from([str(one) for one in Verdict]), max_size=3),
    min_size=1,
    max_size=20,
)


def assert_theirs(ours: Statistic, said: Pairs, order: Sequence[str], weights: Weights) -> None:
    """Hold a kappa, its standard error and its limits against both libraries, or against their absence."""
    first, second = [a for a, _ in said], [b for _, b in said]
    if len({*first, *second}) < 2:
        assert (ours.value, ours.low, ours.standard_error) == (None, None, None)
        assert ours.reason
        return
    expected = cohen_kappa_score(first, second, labels=list(order), weights=WEIGHTS[weights])
    assert ours.value == pytest.approx(expected, abs=1e-10)
    value, variance = library_kappa(said, order, WEIGHTS[weights])
    assert ours.value == pytest.approx(value, abs=1e-10)
    assert ours.standard_error is not None
    assert ours.standard_error**2 == pytest.approx(variance, abs=1e-10)
    if ours.standard_error < SMALL:
        assert (ours.low is None) == (ours.standard_error == 0)
        return
    error = sqrt(variance)
    assert ours.standard_error == pytest.approx(error, abs=1e-10)
    assert ours.low == pytest.approx(max(-1, expected - Z_95 * error), abs=1e-10)
    assert ours.high == pytest.approx(min(1, expected + Z_95 * error), abs=1e-10)


@thousand
@given(st.lists(st.tuples(st.sampled_from(ORDER), st.sampled_from(ORDER)), min_size=1, max_size=60))
def test_kappas_and_their_errors_are_those_of_the_libraries(said: Pairs) -> None:
    for weights in WEIGHTS:
        assert_theirs(cohen_kappa(PairTable.of(said), weights=weights, order=ORDER), said, ORDER, weights)


@thousand
@given(tables)
def test_the_matrix_of_raters_is_that_of_the_libraries(units: list[dict[str, str]]) -> None:
    found = ratings_of(units).pairs()
    both = shared_units(units)

    assert set(found) == set(both)
    for names, said in both.items():
        assert (
            counted(found[names]) == confusion_matrix(*zip(*said, strict=True), labels=list(ORDER)).tolist()
        )
        assert_theirs(cohen_kappa(found[names]), said, ORDER, "nominal")


@thousand
@given(tables)
def test_the_share_on_which_two_raters_agree_is_that_of_scikit_learn(units: list[dict[str, str]]) -> None:
    for names, said in shared_units(units).items():
        alone = [{name: unit[name] for name in names} for unit in units if {*names} <= set(unit)]
        assert percent_agreement(ratings_of(alone).compositions).value == pytest.approx(
            accuracy_score(*zip(*said, strict=True)), abs=1e-10
        )


@thousand
@given(verdicts)
def test_kappas_of_labels_in_a_window_are_those_of_the_libraries(units: list[dict[str, str]]) -> None:
    read = window(summed(contributions(labels(number, unit)) for number, unit in enumerate(units)).items())
    known = [{name: said for name, one in unit.items() if (said := nominal(one))} for unit in units]
    found = kappas(read)

    assert set(found) == set(shared_units(known))
    for names, both in shared_units(known).items():
        assert_theirs(found[names], both, sorted({*sum(both, ())}), "nominal")
    placed = [{name: said for name, one in unit.items() if (said := ordinal(one))} for unit in units]
    for names, both in shared_units(placed).items():
        ours = cohen_kappa(read.pairs[names], weights="quadratic", order=ORDINAL_CATEGORIES)
        assert_theirs(ours, both, ORDINAL_CATEGORIES, "quadratic")


@pytest.mark.shared
def test_the_matrix_of_pandalm_is_that_of_the_libraries() -> None:
    rows = shared_json("pandalm", "testset-v1.json")
    place = {1: "0", 0: "1", 2: "2"}
    units = [{name: place[row[name]] for name in ("annotator1", "annotator2", "annotator3")} for row in rows]

    assert assert_matrix(units, "012") == 3


@pytest.mark.shared
@pytest.mark.parametrize(
    ("parts", "couples"),
    [
        (("dices350", "labels.long.csv"), 7503),
        (("crowd", "adult2.labels.csv"), 2000),
        (("crowd", "barzan.labels.csv"), 1000),
    ],
)
def test_the_matrix_of_a_crowd_is_that_of_the_libraries(parts: tuple[str, ...], couples: int) -> None:
    units = crowd(*parts)
    order = sorted({label for unit in units for label in unit.values()})

    assert assert_matrix(units, order, every=20) * 20 >= couples


def assert_matrix(units: Sequence[Unit], order: Sequence[str], *, every: int = 1) -> int:
    """Check every so manieth couple of raters, and return how many."""
    both, found = shared_units(units), ratings_of(units).pairs()
    assert set(found) == set(both)
    checked = [*both.items()][::every]
    for names, said in checked:
        for weights in WEIGHTS:
            assert_theirs(cohen_kappa(found[names], weights=weights, order=order), said, order, weights)
    return len(checked)


def shared_units(units: Sequence[Unit]) -> dict[tuple[str, str], Pairs]:
    """Return what every two raters said of the units that both rated."""
    both: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for unit in units:
        for first, second in combinations(sorted(unit), 2):
            both.setdefault((first, second), []).append((unit[first], unit[second]))
    return dict(both)


def ratings_of(units: Sequence[Unit]) -> Ratings:
    return Ratings.of(
        Rating(f"{task}", worker, label) for task, said in enumerate(units) for worker, label in said.items()
    )


def counted(table: PairTable) -> list[list[int]]:
    return [[table.counts.get((row, column), 0) for column in ORDER] for row in ORDER]


def labels(number: int, unit: Unit) -> list[UnitLabel]:
    return [
        UnitLabel(annotator=name, category=verdict, minute=number, order=(number, name))
        for name, verdict in unit.items()
    ]
