from collections import Counter
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefstream.domain.agreement import (
    Cell,
    Rolling,
    UnitLabel,
    change,
    contributions,
    figures,
    kappas,
    window,
)
from prefstream.domain.agreement.tally import summed
from prefstream.schemas.errors import BadInput
from prefstream.schemas.values import Verdict

LENGTHS = (3, 8, 20)
NOW = 30
labels = st.builds(
    lambda unit, annotator, category, minute: (
        unit,
        UnitLabel(
            annotator=annotator,
            category=category,
            minute=minute,
            order=(minute, f"{unit}{annotator}{category}"),
        ),
    ),
    st.integers(0, 4),
    st.sampled_from(["ann", "bob", "cem"]),
    st.sampled_from([str(verdict) for verdict in Verdict]),
    st.integers(0, 40),
)
histories = st.lists(labels, max_size=25)


def streamed(rolling: Rolling, steps: list[tuple[int, UnitLabel, bool]], clock: list[int]) -> Counter[Cell]:
    """Send labels and retractions one by one, letting time go on between them; return what stands."""
    standing: dict[int, list[UnitLabel]] = {}
    for place, (unit, label, comes) in enumerate(steps):
        before = standing.setdefault(unit, [])
        after = [*before, label] if comes else [one for one in before if one != label]
        rolling.add(change(before, after))
        standing[unit] = after
        rolling.roll(until_minute=clock[place % len(clock)])
    rolling.roll(until_minute=NOW)
    return Counter(summed(map(contributions, standing.values())))


@given(histories, st.lists(st.integers(0, NOW), min_size=1, max_size=9), st.integers(0, 999))
def test_windows_equal_a_recount_after_shuffles_duplicates_delays_and_retractions(
    history: list[tuple[int, UnitLabel]], clock: list[int], seed: int
) -> None:
    chance = Random(seed)
    steps = [(unit, label, True) for unit, label in history * 2]
    steps += [(unit, label, False) for unit, label in history if chance.random() < 0.3]
    chance.shuffle(steps)
    rolling = Rolling(LENGTHS, until_minute=0)
    cells = streamed(rolling, steps, clock)

    for length in LENGTHS:
        recount = window(cells.items(), since_minute=NOW - length, until_minute=NOW)
        assert rolling.window(length) == recount
        assert figures(rolling.window(length)) == figures(recount)
        assert kappas(rolling.window(length)) == kappas(recount)
    assert rolling.window(None) == window(cells.items())


@given(histories)
def test_taking_everything_back_leaves_nothing_behind(history: list[tuple[int, UnitLabel]]) -> None:
    rolling = Rolling(LENGTHS, until_minute=10)
    cells = summed(contributions([label]) for _, label in history)
    rolling.add(cells)
    rolling.roll(until_minute=25)
    rolling.add({cell: -count for cell, count in cells.items()})

    assert rolling.n_counts == 0


def test_time_does_not_go_back() -> None:
    rolling = Rolling([5], until_minute=10)
    rolling.add({Cell(9, "nominal", 1, "", "", "A", ""): 1})
    rolling.roll(until_minute=2)

    assert rolling.window(5).nominal.n_units == 1


def test_what_is_ahead_of_time_counts_in_all_there_is_until_its_minute_is_over() -> None:
    rolling = Rolling([5], until_minute=10)
    rolling.add({Cell(10, "nominal", 1, "", "", "A", ""): 1})

    assert (rolling.window(5).nominal.n_units, rolling.window(None).nominal.n_units) == (0, 1)
    rolling.roll(until_minute=11)
    assert rolling.window(5).nominal.n_units == 1


def test_memory_grows_with_minutes_and_not_with_events() -> None:
    few, many = Rolling([60], until_minute=60), Rolling([60], until_minute=60)
    cells = {Cell(minute, "nominal", 1, "", "", "A", ""): 1 for minute in range(60)}
    few.add(cells)
    for _ in range(1000):
        many.add(cells)

    assert many.n_counts == few.n_counts == 61
    many.roll(until_minute=500)
    assert many.n_counts == 1


@pytest.mark.parametrize("jump", [1, 1000])
def test_a_minute_that_leaves_all_windows_stays_in_all_there_is(jump: int) -> None:
    rolling = Rolling([5], until_minute=10)
    rolling.add({Cell(5, "nominal", 1, "", "", "A", ""): 1})
    rolling.roll(until_minute=10 + jump)

    assert (rolling.window(5).nominal.n_units, rolling.window(None).nominal.n_units) == (0, 1)


def test_going_on_minute_by_minute_equals_a_recount_at_every_minute() -> None:
    cells = {
        Cell(minute, "nominal", 1, "", "", "AB"[minute % 2], ""): 1 + minute % 3 for minute in range(300)
    }
    rolling = Rolling([10, 100], until_minute=0)
    rolling.add(cells)
    for now in range(1, 320):
        rolling.roll(until_minute=now)
        for length in (10, 100):
            assert rolling.window(length) == window(
                cells.items(), since_minute=now - length, until_minute=now
            )


def test_without_lengths_there_is_all_there_is() -> None:
    rolling = Rolling([], until_minute=10)
    rolling.add({Cell(5, "nominal", 1, "", "", "A", ""): 1})
    rolling.roll(until_minute=20)

    assert rolling.window(None).nominal.n_units == 1


def test_windows_that_are_not_there_are_refused() -> None:
    with pytest.raises(BadInput, match="at least one minute"):
        Rolling([0], until_minute=1)
    with pytest.raises(BadInput, match="there is no window of 7 minutes"):
        Rolling([5], until_minute=1).window(7)
