from typing import Any

import numpy as np
import pytest
from tests.unit.domain.certification.worlds import tied

from prefstream.domain.certification import Design, Evidence, Terms, backtest, evidence
from prefstream.domain.certification.backtests import most_by_chance
from prefstream.schemas.errors import BadInput


def judged(n: int = 400, risk: float = 0.05) -> dict[str, Evidence]:
    generator = np.random.default_rng(2)
    good = tied([(0.95, 0.6, risk), (0.75, 0.3, 0.3), (0.55, 0.1, 0.5)]).draw(generator, n)
    bad = tied([(0.95, 0.5, 0.4), (0.55, 0.5, 0.5)]).draw(generator, n // 2)
    return {"good": good, "bad": bad}


def run(slices: dict[str, Evidence], terms: Terms | None = None, **design: Any) -> Any:
    return backtest(slices, terms or Terms(), Design(**{"n_runs": 60} | design))


def test_the_same_seed_gives_the_same_backtest() -> None:
    assert run(judged(), seed=1) == run(judged(), seed=1)
    assert run(judged(), seed=1) != run(judged(), seed=2)


def test_a_pooled_promise_hides_a_slice_that_breaks_it() -> None:
    slices = judged(risk=0.0) | {"tiny": evidence([0.95] * 30, [place < 9 for place in range(30)])}
    del slices["bad"]
    found = run(slices, Terms(alpha=0.2), n_labels=150)
    assert found.pooled.violation_rate <= 0.1
    assert found.pooled_any_slice_violation_rate > 0.9
    assert found.any_slice_violation_rate <= 0.1


def test_the_oracle_accepts_the_largest_group_of_ties_within_the_bound() -> None:
    one = evidence([0.9] * 50 + [0.8] * 30 + [0.7] * 20, [False] * 50 + [True] * 8 + [False] * 42)
    assert run({"s": one}, Terms(alpha=0.1), n_labels=50).pooled.oracle_coverage == 1.0
    assert run({"s": one}, Terms(alpha=0.09), n_labels=50).pooled.oracle_coverage == 1.0
    assert run({"s": one}, Terms(alpha=0.07), n_labels=50).pooled.oracle_coverage == 0.5


def test_a_run_that_certifies_nothing_accepts_nothing() -> None:
    found = run({"s": evidence([0.9] * 100, [place % 2 == 0 for place in range(100)])}, n_labels=50)
    assert (found.pooled.abstain_rate, found.pooled.coverage_mean, found.pooled.risk_mean) == (1.0, 0.0, None)


def test_exact_files_are_accepted_further_than_streams() -> None:
    slices = {"s": judged(risk=0.07)["good"]}
    file, stream = (
        run(slices, Terms(population=population), n_runs=200).pooled.coverage_mean
        for population in ("file", "stream")
    )
    assert file > stream


def test_pairs_without_a_label_are_left_out() -> None:
    slices = judged()
    unlabelled = evidence([0.9] * 70, [True] * 70, [False] * 70)
    more = slices | {"unlabelled": unlabelled}
    assert run(more).n_pairs == run(slices).n_pairs == 600


@pytest.mark.parametrize(
    ("design", "said"),
    [
        ({"n_runs": 0}, "at least one run"),
        ({"n_labels": 0}, "at least one"),
        ({"n_labels": 600}, "600 labels"),
    ],
)
def test_what_cannot_be_drawn_is_refused(design: dict[str, int], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        run(judged(), Terms(population="file"), **design)


def test_without_labels_there_is_nothing_to_draw() -> None:
    with pytest.raises(BadInput, match="no pair has a label"):
        run({"s": evidence([0.9], [False], [False])})


def test_chance_explains_sixty_violations_in_four_hundred_runs() -> None:
    assert most_by_chance(400, 0.1) == 60
