"""The promise holds in worlds made to break it, up to what chance explains once in a thousand times."""

from collections.abc import Mapping

import numpy as np
import pytest
from tests.unit.domain.certification.worlds import World, continuous, tied

from prefstream.domain.certification import Evidence, Terms, thresholds
from prefstream.domain.certification.backtests import most_by_chance

RUNS = 400
ALPHA = DELTA = 0.1
WORLDS: Mapping[str, World] = {
    "risk_just_above_everywhere": continuous(lambda c: np.full_like(c, ALPHA + 1e-6)),
    "risk_falls_with_confidence": continuous(lambda c: 0.4 * (1 - c)),
    "surest_pairs_are_wrong": continuous(lambda c: np.where(c > 0.97, 0.9, 0.08)),
    "risk_rises_with_confidence": continuous(lambda c: 0.2 * c),
    "risk_in_waves": continuous(lambda c: 0.101 + 0.1 * np.sin(40 * c)),
    "bad_just_beyond_the_first_step": continuous(lambda c: np.where(c > 0.6, 0.02, 0.3)),
    "one_tie_just_above": tied([(0.9, 1.0, ALPHA + 1e-6)]),
    "tie_at_the_first_share_hides_errors": tied([(0.9, 0.39, 0.13), (0.8, 0.02, 0.0), (0.7, 0.59, 0.11)]),
    "ties_alternate": tied([(0.9, 0.2, 0.2), (0.8, 0.2, 0.0), (0.7, 0.2, 0.22), (0.6, 0.4, 0.1)]),
    "a_single_great_tie_group": tied([(0.95, 0.7, 0.1001), (0.5, 0.3, 0.4)]),
}


def draws(world: World, n: int, runs: int = RUNS) -> list[Evidence]:
    generator = np.random.default_rng(11)
    return [world.draw(generator, n) for _ in range(runs)]


@pytest.mark.parametrize("n", [60, 200, 1000])
@pytest.mark.parametrize("name", WORLDS)
def test_the_bound_fails_no_more_often_than_promised(name: str, n: int) -> None:
    world = WORLDS[name]
    found = [thresholds({"s": one}, Terms(alpha=ALPHA, delta=DELTA))["s"] for one in draws(world, n)]
    assert sum(world.breaks(one, ALPHA) for one in found) <= most_by_chance(RUNS, DELTA)


def test_no_slice_of_many_breaks_the_bound_more_often_than_promised() -> None:
    generator = np.random.default_rng(3)
    worlds = {
        "whole": continuous(lambda c: np.full_like(c, 0.005)),
        "never": continuous(lambda c: np.full_like(c, ALPHA + 1e-6)),
        "nor_this": tied([(0.9, 0.7, ALPHA + 1e-6), (0.5, 0.3, 0.4)]),
        "some": continuous(lambda c: 0.3 * (1 - c)),
    }
    broken = 0
    for _ in range(RUNS):
        slices = {name: world.draw(generator, 120) for name, world in worlds.items()}
        found = thresholds(slices, Terms(alpha=ALPHA, delta=DELTA))
        broken += any(worlds[name].breaks(one, ALPHA) for name, one in found.items())
    assert broken <= most_by_chance(RUNS, DELTA)


def test_looking_after_every_ten_labels_breaks_no_promise() -> None:
    world = continuous(lambda c: np.full_like(c, ALPHA + 1e-6))
    terms = Terms(alpha=ALPHA, delta=DELTA, anytime=(0.6, 0.4, 0.2, 0.0))
    broken = 0
    for whole in draws(world, 400):
        looks = (whole.at(np.arange(n)) for n in range(20, 401, 10))
        broken += any(thresholds({"s": one}, terms)["s"] is not None for one in looks)
    assert broken <= most_by_chance(RUNS, DELTA)


def test_peeking_at_a_certificate_that_is_not_meant_for_it_breaks_the_promise() -> None:
    """Why the anytime variant is there at all."""
    world = continuous(lambda c: np.full_like(c, ALPHA + 1e-6))
    broken = 0
    for whole in draws(world, 400, runs=100):
        looks = (whole.at(np.arange(n)) for n in range(20, 401, 10))
        broken += any(thresholds({"s": one}, Terms())["s"] is not None for one in looks)
    assert broken / 100 > 2 * DELTA


def test_a_good_judge_is_accepted_nearly_whole() -> None:
    world = continuous(lambda c: 0.08 * (1 - c))
    found = [thresholds({"s": one}, Terms())["s"] for one in draws(world, 200, runs=100)]
    assert np.mean([world.coverage(one) for one in found]) > 0.95


def test_a_cascade_keeps_the_promise() -> None:
    generator = np.random.default_rng(5)
    n, broken = 20_000, 0
    confidence = generator.random((n, 2))
    risk = np.column_stack((0.3 * (1 - confidence[:, 0]), np.full(n, 0.12)))
    for _ in range(RUNS):
        places = generator.integers(0, n, 200)
        sample = Evidence(
            confidence=confidence[places],
            wrong=generator.random((200, 2)) < risk[places],
            audited=np.ones(200, dtype=bool),
        )
        found = thresholds({"s": sample}, Terms())["s"]
        if found is not None:
            accepted = (confidence >= found).any(axis=1)
            deciding = (confidence >= found).argmax(axis=1)
            broken += float(risk[np.arange(n), deciding][accepted].mean()) > ALPHA
    assert broken <= most_by_chance(RUNS, DELTA)
