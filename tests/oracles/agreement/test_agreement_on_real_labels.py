"""Real labels: three annotators of PandaLM, 123 raters of DICES, crowds with holes."""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import combinations
from random import Random
from typing import Any

import pytest
from sklearn.metrics import cohen_kappa_score
from tests.oracles.agreement.independent import (
    Unit,
    library_alpha,
    library_fleiss,
    slow_fleiss,
    slow_gwet,
    slow_percent,
)
from tests.oracles.agreement.shared_data import crowd, shared_json

from prefstream.domain.agreement import (
    ORDINAL_CATEGORIES,
    Cell,
    Compositions,
    Statistic,
    UnitLabel,
    Window,
    alpha_interval,
    alpha_nominal,
    alpha_ordinal,
    change,
    cohen_kappa,
    contributions,
    figures,
    fleiss_kappa,
    gwet_ac1,
    kappas,
    percent_agreement,
    window,
)
from prefstream.domain.agreement.bootstrap import bootstrap
from prefstream.domain.agreement.ratings import Rating, Ratings
from prefstream.domain.agreement.tally import summed

pytestmark = pytest.mark.shared
VERDICTS = {0: "=", 1: "A>", 2: "B>"}
PLACES = {verdict: float(place) for place, verdict in enumerate(ORDINAL_CATEGORIES)}
ANNOTATORS = ("annotator1", "annotator2", "annotator3")


@pytest.fixture(scope="module")
def reference() -> Any:
    return shared_json("pandalm", "reference.json")


@pytest.fixture(scope="module")
def rows() -> Any:
    return shared_json("pandalm", "testset-v1.json")


def verdicts(row: Any) -> dict[str, str]:
    return {annotator: VERDICTS[row[annotator]] for annotator in ANNOTATORS}


def labels(row: Any, chance: Random) -> list[UnitLabel]:
    return [
        UnitLabel(annotator=name, category=verdict, minute=minute, order=(minute, f"{row['idx']}/{name}"))
        for name, verdict in verdicts(row).items()
        for minute in [chance.randrange(600)]
    ]


def streamed(rows: Any, seed: int) -> Window:
    """Send the labels one by one, late and shuffled, each correcting a first, wrong one."""
    chance = Random(seed)
    standing: dict[str, list[UnitLabel]] = defaultdict(list)
    arrivals = [(row["idx"], label) for row in rows for label in labels(row, chance)]
    for idx, label in list(arrivals):
        arrivals.append((idx, replace(label, category="both_bad", order=(-1, "first"))))
    chance.shuffle(arrivals)
    buckets: list[dict[Cell, int]] = []
    for idx, label in arrivals:
        buckets.append(change(standing[idx], [*standing[idx], label]))
        standing[idx].append(label)
    return window(summed(buckets).items())


def test_pandalm_streamed_has_the_reference_values(rows: Any, reference: Any) -> None:
    read = streamed(rows, seed=1)
    values = {name: figure.value for name, figure in figures(read).items()}
    kappa = {"|".join(names): figure.value for names, figure in kappas(read).items()}

    assert kappa == pytest.approx({pair: row["kappa"] for pair, row in reference["cohen"].items()}, abs=5e-7)
    assert list(kappa.values()) == pytest.approx([0.852023, 0.878944, 0.861661], abs=5e-7)
    assert values == pytest.approx(
        {
            "alpha_nominal": 0.864221,
            "alpha_ordinal": reference["alpha_ordinal_order_1<0<2"],
            "fleiss_kappa": reference["fleiss"]["kappa"],
            "gwet_ac1": reference["gwet_ac1"]["coef"],
            "percent_agreement": reference["pairwise_agreement"]["micro"],
        },
        abs=5.1e-6,
    )
    assert values["alpha_nominal"] == pytest.approx(reference["alpha_nominal"], abs=5e-7)
    assert read.nominal.n_ratings == 2997


def test_pandalm_quadratic_kappa_has_the_reference_values(rows: Any, reference: Any) -> None:
    tables = streamed(rows, seed=2).pairs
    values = {
        "|".join(names): cohen_kappa(table, weights="quadratic", order=["A>", "=", "B>"]).value
        for names, table in tables.items()
    }

    assert values == pytest.approx(reference["cohen_quadratic_on_order_1<0<2"], abs=5e-7)


def test_pandalm_equals_the_libraries(rows: Any) -> None:
    read = window(summed(contributions(labels(row, Random(0))) for row in rows).items())
    units = [verdicts(row) for row in rows]

    nominal, ordinal = figures(read)["alpha_nominal"].value, figures(read)["alpha_ordinal"].value
    assert nominal == pytest.approx(library_alpha(units, "nominal", PLACES), abs=1e-12)
    assert ordinal == pytest.approx(library_alpha(units, "ordinal", PLACES), abs=1e-12)
    assert figures(read)["fleiss_kappa"].value == pytest.approx(library_fleiss(units), abs=1e-12)
    for a, b in combinations(ANNOTATORS, 2):
        expected = cohen_kappa_score([unit[a] for unit in units], [unit[b] for unit in units])
        assert kappas(read)[a, b].value == pytest.approx(expected, abs=1e-12)


def test_pandalm_alpha_per_slice_has_the_reference_values(rows: Any, reference: Any) -> None:
    slices = defaultdict(list)
    for row in rows:
        slices[row["cmp_key"]].append(row)
    values = {name: figures(streamed(part, seed=3))["alpha_nominal"].value for name, part in slices.items()}

    expected = {name: row["alpha_nominal"] for name, row in reference["slices_cmp_key"].items()}
    assert values == pytest.approx(expected, abs=5e-7)


def test_a_shuffled_stream_has_the_same_bits(rows: Any) -> None:
    first, second = streamed(rows, seed=4), streamed(rows, seed=5)

    assert first == second
    assert figures(first) == figures(second)
    assert kappas(first) == kappas(second)


def state_of(units: Sequence[Unit]) -> Compositions:
    return Compositions.of(Counter(unit.values()) for unit in units)


def test_dices_has_the_reference_values() -> None:
    units = crowd("dices350", "labels.long.csv")
    state, order = state_of(units), ["No", "Unsure", "Yes"]
    reference = shared_json("dices350", "reference.json")

    assert alpha_nominal(state).value == pytest.approx(0.16086, abs=5e-6)
    assert gwet_ac1(state).value == pytest.approx(0.41588, abs=5e-6)
    assert fleiss_kappa(state).value == pytest.approx(reference["fleiss"]["kappa"], abs=5e-7)
    assert fleiss_kappa(state).value == pytest.approx(library_fleiss(units), abs=1e-12)
    assert percent_agreement(state).value == pytest.approx(reference["pairwise_agreement"]["micro"], abs=5e-7)
    ac1, expected = gwet_ac1(state), reference["gwet_ac1"]
    assert [ac1.standard_error, ac1.low, ac1.high] == pytest.approx(
        [expected["se"], *expected["ci95"]], abs=5.1e-5
    )
    ordinal = alpha_ordinal(state, order=order).value
    assert ordinal == pytest.approx(reference["alpha_ordinal_No<Unsure<Yes"], abs=5e-7)
    places = {category: float(place) for place, category in enumerate(order)}
    assert alpha_nominal(state).value == pytest.approx(library_alpha(units, "nominal", places), abs=1e-12)
    assert ordinal == pytest.approx(library_alpha(units, "ordinal", places), abs=1e-12)


@pytest.mark.parametrize("name", ["adult2", "barzan"])
def test_crowds_with_missing_ratings_equal_the_library(name: str) -> None:
    units = crowd("crowd", f"{name}.labels.csv")
    order = sorted({label for unit in units for label in unit.values()})
    places = {category: float(place) for place, category in enumerate(order)}
    state = state_of(units)

    assert alpha_nominal(state).value == pytest.approx(library_alpha(units, "nominal", places), abs=1e-12)
    assert alpha_ordinal(state, order=order).value == pytest.approx(
        library_alpha(units, "ordinal", places), abs=1e-12
    )
    values = {category: place**2 + 0.5 for category, place in places.items()}
    assert alpha_interval(state, values=values).value == pytest.approx(
        library_alpha(units, "interval", values), abs=1e-12
    )


@pytest.mark.parametrize("name", ["adult2", "barzan"])
def test_crowds_with_missing_ratings_equal_the_definitions(name: str) -> None:
    units = crowd("crowd", f"{name}.labels.csv")
    categories = {label for unit in units for label in unit.values()}
    same = {(a, b): float(a == b) for a in categories for b in categories}
    state = state_of(units)

    assert gwet_ac1(state).value == pytest.approx(slow_gwet(units, same), abs=1e-12)
    assert percent_agreement(state).value == pytest.approx(slow_percent(units), abs=1e-12)
    if len({len(unit) for unit in units}) == 1:
        assert fleiss_kappa(state).value == pytest.approx(slow_fleiss(units), abs=1e-12)
    else:
        assert fleiss_kappa(state).value is None


def test_every_two_workers_of_a_crowd_have_the_kappa_of_scikit_learn() -> None:
    units = crowd("crowd", "adult2.labels.csv")
    ratings = Ratings.of(
        Rating(str(task), worker, label) for task, said in enumerate(units) for worker, label in said.items()
    )
    compared = 0
    for (first, second), table in ratings.pairs().items():
        both = [(unit[first], unit[second]) for unit in units if {first, second} <= set(unit)]
        if len({label for pair in both for label in pair}) == 1:
            assert cohen_kappa(table).value is None
            continue
        expected = cohen_kappa_score([a for a, _ in both], [b for _, b in both])
        assert cohen_kappa(table).value == pytest.approx(expected, abs=1e-12)
        compared += 1
    assert compared > 2000


def test_limits_of_alpha_are_those_of_a_bootstrap(rows: Any) -> None:
    units = [[*verdicts(row).values()] for row in rows]
    state = Compositions.of(map(Counter, units))
    large = alpha_nominal(state)
    drawn = bootstrap(state, {"alpha": alpha_nominal}, draws=2000, seed=1)["alpha"]

    # The reference, .838 to .887, comes from few draws; 10,000 end at .8406 to .8864.
    assert (large.low, large.high) == pytest.approx((0.838, 0.887), abs=0.005)
    assert (drawn.low, drawn.high) == pytest.approx((0.8406, 0.8864), abs=0.0025)


@pytest.mark.parametrize("name", ["adult2", "barzan"])
def test_large_sample_errors_are_those_of_a_delete_one_jackknife(name: str) -> None:
    state = state_of(crowd("crowd", f"{name}.labels.csv"))
    order = sorted({category for composition in state.units for category, _ in composition})
    figures: dict[str, Callable[[Compositions], Statistic]] = {
        "nominal": alpha_nominal,
        "ordinal": lambda units: alpha_ordinal(units, order=order),
        "percent": percent_agreement,
    }
    for figure in figures.values():
        without = [
            (float(figure(state.revert(dict(composition))).value or 0), units)
            for composition, units in state.units.items()
            if sum(count for _, count in composition) > 1
        ]
        n_units = sum(units for _, units in without)
        mean = sum(value * units for value, units in without) / n_units
        variance = (n_units - 1) / n_units * sum(units * (value - mean) ** 2 for value, units in without)
        assert figure(state).standard_error == pytest.approx(variance**0.5, rel=0.02)
