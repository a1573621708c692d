"""Strategies: their defaults, what makes two of them different, and which cannot work."""

from dataclasses import fields, replace
from typing import Any

import pytest

from prefstream.domain.generation import STRATEGIES, Strategy, StrategyName, unworkable


@pytest.mark.parametrize(
    ("strategy", "sources", "count", "draws"),
    [
        (Strategy(), 2, 2, 4),
        (Strategy(), 3, 3, 6),
        (Strategy(), 1, 2, 4),
        (Strategy(n=4), 2, 4, 8),
        (Strategy(n=4, budget=5), 2, 4, 5),
        (Strategy(name="best_of_n", n=8), 1, 8, 16),
        (Strategy(name="rejection_sampling"), 1, 2, 8),
        (Strategy(name="rejection_sampling", n=8), 1, 8, 16),
        (Strategy(n=16), 1, 16, 32),
    ],
)
def test_what_is_not_said_follows_from_the_number_of_sources(
    strategy: Strategy, sources: int, count: int, draws: int
) -> None:
    assert (strategy.count(sources), strategy.most_draws(sources)) == (count, draws)
    assert unworkable(strategy, [True] * sources, scorer=True) is None


@pytest.mark.parametrize("name", STRATEGIES)
def test_only_what_scores_its_candidates_needs_a_scorer(name: StrategyName) -> None:
    needs = name in ("best_of_n", "rejection_sampling")

    assert Strategy(name=name).scored is needs
    assert (unworkable(Strategy(name=name), [True], scorer=False) is not None) is needs
    assert Strategy(pairings=("best_vs_rest",)).scored


@pytest.mark.parametrize(
    ("changes", "varies", "told"),
    [
        ({}, [], "no generator"),
        ({"n": 1}, [True], "make no pair"),
        ({"n": 17}, [True], "16 is the limit"),
        ({"n": 2}, [True, True, True], "leaves out some of the 3 sources"),
        ({"n": 4, "budget": 3}, [True], "does not pay for n = 4"),
        ({"budget": 41}, [True], "40 is the limit"),
        ({"name": "rejection_sampling", "budget": 17}, [True], "16 is the limit"),
        ({"n": 3}, [False, False], "one answer only"),
        ({}, [False], "one answer only"),
        ({"name": "rejection_sampling", "pairings": ("all",)}, [True], "accepted against rejected"),
        ({"pairings": ("accepted_vs_rejected",)}, [True], "rejection_sampling draws"),
    ],
)
def test_a_strategy_that_cannot_work_says_why(changes: dict[str, Any], varies: list[bool], told: str) -> None:
    assert told in (unworkable(Strategy(**changes), varies, scorer=True) or "")


def test_whatever_changes_a_strategy_changes_its_identity() -> None:
    others: dict[str, Any] = {
        "name": "best_of_n",
        "n": 3,
        "budget": 9,
        "pairings": ("adjacent",),
        "max_pairs": 3,
        "threshold": 0.5,
        "allow_truncated": True,
    }
    base = Strategy(pairings=("all",))

    assert set(others) == {field.name for field in fields(Strategy)}
    assert len({replace(base, **{name: value}).parts for name, value in others.items()} | {base.parts}) == 8
