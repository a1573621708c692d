"""Windows made of hours and minutes hold each minute exactly once, and roll-ups add up to the minutes."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefstream.domain.measures import Stretch, rolled_up, stretches

MINUTES = st.integers(0, 3000)
COUNTS = st.dictionaries(st.tuples(MINUTES, st.sampled_from("xyz")), st.integers(-3, 3))


@given(st.sampled_from([1, 59, 60, 61, 1440, 10_080]), st.integers(1, 30_000))
def test_a_window_holds_each_of_its_minutes_once(length: int, until: int) -> None:
    held = Counter(minute for part in stretches(length, until) for minute in range(part.since, part.until))

    assert held == Counter(range(max(0, until - length), until))


@given(st.integers(1, 30_000_000))
def test_days_and_hours_of_a_window_are_whole_and_as_long_as_can_be(until: int) -> None:
    whole, fewer_than = {"day": 1440, "hour": 60, "minute": 1}, {"day": 10_081, "hour": 1440, "minute": 60}

    for part in stretches(10_080, until):
        assert part.since < part.until
        assert part.since % whole[part.span] == part.until % whole[part.span] == 0
        assert part.until - part.since < fewer_than[part.span]


def test_all_time_is_one_sum() -> None:
    assert stretches(None, 5) == (Stretch("all", 0, 1),)


@given(COUNTS, st.integers(1, 4000), st.sampled_from([60, 200, 1440, None]))
def test_a_window_of_roll_ups_equals_the_sum_of_its_minutes(
    counts: dict[tuple[int, str], int], until: int, length: int | None
) -> None:
    sums = rolled_up(counts)
    total: Counter[str] = Counter()
    for span, since, end in stretches(length, until):
        if span == "minute":
            some = ((minute, key, n) for (minute, key), n in counts.items())
        else:
            some = ((at, key, n) for (kind, at, key), n in sums.items() if kind == span)
        for at, key, n in some:
            total[key] += n if since <= at < end else 0

    plain: Counter[str] = Counter()
    for (minute, key), n in counts.items():
        inside = length is None or until - length <= minute < until
        plain[key] += n if inside else 0
    assert {key: n for key, n in total.items() if n} == {key: n for key, n in plain.items() if n}


@given(COUNTS, COUNTS)
def test_rolling_up_changes_is_changing_roll_ups(
    first: dict[tuple[int, str], int], second: dict[tuple[int, str], int]
) -> None:
    together = Counter(first)
    together.update(second)
    apart = Counter(rolled_up(first))
    apart.update(rolled_up(second))

    assert rolled_up(together) == {place: n for place, n in apart.items() if n}


@pytest.mark.parametrize(("length", "until"), [(60, 60), (60, 119), (60, 30)])
def test_an_hour_is_read_from_at_most_an_hour_of_minutes(length: int, until: int) -> None:
    assert sum(part.until - part.since for part in stretches(length, until)) <= 60
