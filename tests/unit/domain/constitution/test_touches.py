"""What asking again costs: pure arithmetic, and null with a reason where nothing is known."""

from dataclasses import replace

import pytest

from prefstream.domain.constitution.touches import Extent, Prices, again

EXTENT = Extent(
    judged=1000, by_votes=90, by_routes=20, by_labels=10, pairs=100, resolved=80, open_tasks=5,
    human_labels=40, slices={"code": 100},
)  # fmt: skip
PRICES = Prices(priced=50, cost_nanousd=50 * 4_000_000, timed=10, seconds=600.0)


def test_what_cites_a_changed_clause_is_judged_again_at_the_mean_cost() -> None:
    redone = again(EXTENT, PRICES, prompt_changes=False)
    assert (redone.pairs, redone.labels) == (100, 40)
    assert (redone.cost_reason, redone.minutes_reason) == (None, None)
    assert redone.cost_usd == pytest.approx(0.4)
    assert redone.minutes == pytest.approx(40.0)


def test_another_prompt_has_every_judged_pair_judged_again() -> None:
    redone = again(EXTENT, PRICES, prompt_changes=True)
    assert redone.pairs == 1000
    assert redone.cost_usd == pytest.approx(4.0)


def test_where_nothing_was_priced_or_timed_the_figure_is_null_with_its_reason() -> None:
    redone = again(EXTENT, replace(PRICES, priced=0, cost_nanousd=0, timed=0), prompt_changes=True)
    assert redone.cost_usd is None
    assert redone.minutes is None
    assert "ever priced" in (redone.cost_reason or "")
    assert "how long" in (redone.minutes_reason or "")
