"""Gates' figures against libraries, on the rows that three people of PandaLM labelled."""

from itertools import combinations
from typing import Any

import numpy as np
import pytest
from scipy.stats import chi2  # type: ignore[import-untyped]  # no stubs
from statsmodels.stats.inter_rater import cohens_kappa  # type: ignore[import-untyped]  # no stubs
from statsmodels.stats.proportion import (  # type: ignore[import-untyped]  # no stubs
    confint_proportions_2indep,
    proportion_confint,
)
from tests.oracles.agreement.independent import library_alpha
from tests.oracles.agreement.shared_data import shared_json
from tests.unit.domain.gates.examples import a_person_label, an_example

from prefstream.domain.agreement import ORDINAL_CATEGORIES
from prefstream.domain.evaluation.intervals import Share
from prefstream.domain.gates import Census, evaluated
from prefstream.domain.gates.leanings import excess
from prefstream.domain.gates.stability import chi_square_975, stability
from prefstream.schemas.releases import GateResult, ReleasePlan
from prefstream.schemas.values import Preference

ANNOTATORS = ("annotator1", "annotator2", "annotator3")
VERDICTS = {0: "=", 1: "A>", 2: "B>"}
PLACES = {verdict: float(place) for place, verdict in enumerate(ORDINAL_CATEGORIES)}


@pytest.fixture(scope="module")
def rows() -> Any:
    return shared_json("pandalm", "testset-v1.json")


@pytest.fixture(scope="module")
def found(rows: Any) -> dict[str, GateResult]:
    census = Census()
    for number, row in enumerate(rows):
        labels = tuple(
            a_person_label(name, VERDICTS[row[name]], event_id=f"label-{number}-{name}")
            for name in ANNOTATORS
        )
        census.add(an_example(labels=labels, method="consensus", label=Preference.A_BETTER))
    return {one.gate: one for one in evaluated(census, ReleasePlan(name="pandalm"))}


@pytest.mark.shared
def test_alpha_is_the_librarys(rows: Any, found: dict[str, GateResult]) -> None:
    units = [{name: VERDICTS[row[name]] for name in ANNOTATORS} for row in rows]

    assert found["alpha"].value == pytest.approx(library_alpha(units, "ordinal", PLACES), abs=1e-9)


@pytest.mark.shared
def test_kappa_is_the_mean_of_the_librarys_and_its_error_no_less_than_a_bootstrap_says(
    rows: Any, found: dict[str, GateResult]
) -> None:
    said = np.array([[row[name] for name in ANNOTATORS] for row in rows])

    def mean_kappa(labels: Any) -> float:
        kappas = []
        for one, other in combinations(range(3), 2):
            table = np.zeros((3, 3))
            np.add.at(table, (labels[:, one], labels[:, other]), 1)
            kappas.append(cohens_kappa(table, return_results=False))
        return float(np.mean(kappas))

    chance = np.random.default_rng(7)
    draws = [mean_kappa(said[chance.integers(0, len(said), len(said))]) for _ in range(400)]
    kappa = found["kappa"]

    assert kappa.value == pytest.approx(mean_kappa(said), abs=1e-9)
    assert kappa.low is not None
    assert kappa.low <= np.quantile(draws, 0.025) + 0.005
    assert kappa.low >= np.quantile(draws, 0.025) - 0.03


@pytest.mark.shared
def test_informativeness_is_counted_with_wilsons_limits(rows: Any, found: dict[str, GateResult]) -> None:
    said = [row[name] for row in rows for name in ANNOTATORS]
    hits = sum(one != 0 for one in said)
    low, high = proportion_confint(hits, len(said), method="wilson")
    informativeness = found["informativeness"]

    assert informativeness.value == pytest.approx(hits / len(said), abs=1e-9)
    assert (informativeness.low, informativeness.high) == pytest.approx((low, high), abs=1e-9)


@pytest.mark.parametrize(
    ("hits_1", "of_1", "hits_2", "of_2"), [(56, 70, 48, 80), (9, 10, 3, 10), (10, 10, 0, 20)]
)
def test_an_excess_has_newcombes_limits(hits_1: int, of_1: int, hits_2: int, of_2: int) -> None:
    low, high = confint_proportions_2indep(hits_1, of_1, hits_2, of_2, method="newcomb")

    assert excess(Share.counted(hits_1, of_1), Share.counted(hits_2, of_2))[1:] == pytest.approx((low, high))


@pytest.mark.parametrize("freedom", [1, 2, 3, 5, 10, 40, 200])
def test_chi_square_is_near_the_exact_point(freedom: int) -> None:
    assert chi_square_975(freedom) == pytest.approx(
        chi2.ppf(0.975, freedom), rel=0.02 if freedom < 3 else 0.003
    )


def test_chance_exceeds_its_own_stability_index_in_one_of_forty_draws() -> None:
    chance, shares = np.random.default_rng(11), np.full(6, 1 / 6)
    over = 0
    for _ in range(4000):
        before, now = (
            dict(zip("abcdef", map(int, chance.multinomial(600, shares)), strict=True)) for _ in "12"
        )
        index = stability(before, now)
        over += index is not None and index.value > index.by_chance

    assert 0.015 < over / 4000 < 0.035
