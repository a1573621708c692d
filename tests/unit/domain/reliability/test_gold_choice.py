from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefstream.domain.reliability import gold_item, gold_turn, week_of
from prefstream.domain.reliability.gold_choice import place
from prefstream.schemas.errors import BadInput

TURNS = 20_000


def test_a_tenth_of_the_tasks_is_gold_and_the_last_one_does_not_tell_the_next() -> None:
    turns = [gold_turn("ann", turn, seed="s") for turn in range(TURNS)]
    assert sum(turns) / TURNS == pytest.approx(0.1, abs=0.008)
    after_gold = [later for earlier, later in pairwise(turns) if earlier]
    assert sum(after_gold) / len(after_gold) == pytest.approx(0.1, abs=0.03)
    after_none = [turns[n] for n in range(20, TURNS) if not any(turns[n - 20 : n])]
    assert sum(after_none) / len(after_none) == pytest.approx(0.1, abs=0.03)


def test_everybody_has_turns_of_their_own() -> None:
    ann, bob = ([gold_turn(name, turn, seed="s") for turn in range(TURNS)] for name in ("ann", "bob"))
    both = sum(a and b for a, b in zip(ann, bob, strict=True))
    assert both / TURNS == pytest.approx(0.01, abs=0.003)


@given(st.text(max_size=5), st.integers(0, 1000), st.text(max_size=5))
def test_a_turn_is_always_the_same(annotator: str, turn: int, seed: str) -> None:
    assert gold_turn(annotator, turn, seed=seed) == gold_turn(annotator, turn, seed=seed)
    assert not gold_turn(annotator, turn, seed=seed, share=0.0)
    assert gold_turn(annotator, turn, seed=seed, share=1.0)


def test_nobody_meets_a_gold_item_twice_and_the_order_is_their_own() -> None:
    pool = [f"g{n}" for n in range(100)]

    def met(annotator: str, week: str) -> list[str]:
        answered: list[str] = []
        while True:
            item = gold_item(pool, annotator, answered=set(answered), week=week, seed="s")
            if item is None:
                return answered
            answered.append(item)

    ann, bob = met("ann", "2026-W47"), met("bob", "2026-W47")
    assert len(set(ann)) == len(ann)
    assert set(ann) == set(bob)
    assert ann != bob
    assert 35 <= len(ann) <= 65


def test_the_pool_rotates_by_week_so_that_every_item_comes_into_use() -> None:
    pool = [f"g{n}" for n in range(50)]
    weeks = [week_of(date(2026, 1, 1) + timedelta(weeks=n)) for n in range(12)]
    in_use = [{item for item in pool if place("gold-week", "s", week, item) < 0.5} for week in weeks]
    assert all(a != b for a, b in pairwise(in_use))
    assert set.union(*in_use) == set(pool)


def test_the_order_of_the_pool_does_not_matter() -> None:
    pool = [f"g{n}" for n in range(30)]
    chosen = {
        gold_item(some, "ann", answered=set(), week="2026-W47", seed="s")
        for some in (pool, pool[::-1], set(pool))
    }
    assert len(chosen) == 1


def test_different_names_fall_in_different_places() -> None:
    assert place("a", "bc") != place("ab", "c")


def test_a_share_that_is_none_is_refused() -> None:
    with pytest.raises(BadInput, match="share of gold"):
        gold_turn("ann", 0, seed="s", share=1.5)
