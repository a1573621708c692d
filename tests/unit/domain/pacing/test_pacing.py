"""Pacing: what a model may be asked, decided from values alone."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefstream.domain.pacing.breaker import MOST_PAUSE_S, PAUSE_S, Breaker
from prefstream.domain.pacing.bucket import BURST_S, Bucket
from prefstream.domain.pacing.hedging import ENOUGH, MEMORY, Latencies, hedge_after_s
from prefstream.domain.pacing.pace import TOLERANCE_S, Pace
from prefstream.domain.pacing.turns import Turns
from prefstream.domain.pacing.window import CUT, Window


def test_a_window_doubles_per_round_until_the_first_objection() -> None:
    window = Window(ceiling=1000, size=10)
    for _ in range(10):
        window.answered(under_way=10)

    assert window.places == 20
    assert window.doubles


def test_a_window_never_grows_beyond_its_ceiling_nor_starts_beyond_it() -> None:
    window = Window(ceiling=3)
    for _ in range(10):
        window.answered(under_way=3)

    assert window.places == 3


def test_a_window_that_is_half_empty_does_not_grow() -> None:
    window = Window(ceiling=1000, size=100)
    window.answered(under_way=49)

    assert window.places == 100


def test_a_burst_of_objections_cuts_once() -> None:
    window = Window(ceiling=1000, size=100)
    cuts = [window.objected(began_s=number / 100, now_s=1.0) for number in range(50)]

    assert cuts == [True] + [False] * 49
    assert window.places == int(100 * CUT)


def test_after_an_objection_a_round_of_answers_adds_a_fiftieth_of_the_ceiling() -> None:
    window = Window(ceiling=1000, size=100)
    window.objected(began_s=0.0, now_s=1.0)
    for _ in range(70):
        window.answered(under_way=70)

    assert window.size == pytest.approx(70 + 1000 * 0.02, abs=3)


def test_at_least_one_call_may_always_be_tried() -> None:
    window = Window(ceiling=1000, size=2)
    for second in range(100):
        window.objected(began_s=second + 0.5, now_s=second + 1.0)

    assert window.places == 1


def test_a_window_settles_where_the_provider_refuses() -> None:
    """A provider that takes 40 at once: the window swings around it instead of growing to the ceiling."""
    window, places = Window(ceiling=1000), list[int]()
    for second in range(400):
        asked = window.places
        for _ in range(min(asked, 40)):
            window.answered(under_way=asked)
        for _ in range(max(0, asked - 40)):
            window.objected(began_s=second - 0.5, now_s=float(second))
        places.append(window.places)

    assert min(places[100:]) >= 20
    assert max(places[100:]) <= 70


@given(st.lists(st.tuples(st.floats(0, 2), st.floats(1, 400), st.floats(0, 2)), max_size=60))
def test_no_more_is_used_than_the_rate_and_one_burst_allow(
    calls: list[tuple[float, float, float]],
) -> None:
    """Whatever the estimates were: each call waits until it may go, and uses another amount than thought."""
    bucket, now_s, used, largest = Bucket(per_minute=6000), 0.0, 0.0, 0.0
    for pause_s, estimate, share in calls:
        now_s += pause_s
        now_s += bucket.wait_s(estimate, now_s=now_s)
        bucket.take(estimate, now_s=now_s)
        bucket.settle(reserved=estimate, used=estimate * share)
        used, largest = used + estimate * share, max(largest, estimate * share)

    assert used <= 100 * now_s + 100 * BURST_S + largest + 1e-6


def test_a_call_larger_than_the_bucket_goes_when_it_is_full_and_is_paid_off_later() -> None:
    bucket = Bucket(per_minute=600)
    assert bucket.wait_s(1000, now_s=0.0) == 0.0
    bucket.take(1000, now_s=0.0)

    assert bucket.wait_s(1, now_s=0.0) == pytest.approx(95.1)


def test_what_was_reserved_and_not_used_goes_back() -> None:
    bucket = Bucket(per_minute=600)
    bucket.take(50, now_s=0.0)
    bucket.settle(reserved=50, used=0)

    assert bucket.wait_s(50, now_s=0.0) == 0.0


def test_a_breaker_opens_after_failures_in_a_row_only() -> None:
    breaker = Breaker(failures=3)
    for _ in range(10):
        breaker.failed(began_s=0.0, now_s=1.0)
        breaker.failed(began_s=0.0, now_s=1.0)
        breaker.answered(began_s=0.0)
    assert breaker.state(1.0) == "closed"

    for _ in range(3):
        breaker.failed(began_s=0.0, now_s=1.0)
    assert breaker.state(1.0) == "open"
    assert breaker.opens_in_s(2.0) == PAUSE_S - 1.0


def test_what_began_before_it_opened_neither_closes_it_nor_opens_it_for_longer() -> None:
    breaker = Breaker(failures=1)
    breaker.failed(began_s=0.0, now_s=1.0)
    breaker.failed(began_s=0.5, now_s=2.0)
    breaker.answered(began_s=0.5)

    assert breaker.state(2.0) == "open"
    assert breaker.opens_in_s(1.0) == PAUSE_S


def test_each_failed_probe_doubles_the_pause_and_a_good_one_ends_it() -> None:
    breaker, now_s, pauses = Breaker(failures=1), 0.0, list[float]()
    breaker.failed(began_s=0.0, now_s=0.0)
    for _ in range(8):
        pauses.append(breaker.opens_in_s(now_s))
        now_s += breaker.opens_in_s(now_s)
        assert breaker.state(now_s) == "half_open"
        breaker.failed(began_s=now_s, now_s=now_s)
    assert pauses[:3] == [PAUSE_S, PAUSE_S * 2, PAUSE_S * 4]
    assert pauses[-1] == MOST_PAUSE_S

    now_s += breaker.opens_in_s(now_s)
    breaker.answered(began_s=now_s)
    assert breaker.state(now_s) == "closed"


@given(st.lists(st.sampled_from(["a", "b", "c", "serve"]), max_size=80))
def test_turns_keep_the_order_within_a_purpose_and_starve_none(steps: list[str]) -> None:
    turns, waiting, passed_over = Turns[tuple[str, int]](), dict[str, list[int]](), dict[str, int]()
    for number, step in enumerate(steps):
        if step != "serve":
            turns.add(step, (step, number))
            waiting.setdefault(step, []).append(number)
        elif len(turns):
            first = turns.first()
            purpose, one = turns.pop()
            assert first == (purpose, one)
            assert waiting[purpose].pop(0) == one
            others = [name for name, line in waiting.items() if line and name != purpose]
            passed_over = {name: passed_over.get(name, 0) + 1 for name in others}
            assert all(times <= 2 for times in passed_over.values())
    assert len(turns) == sum(len(line) for line in waiting.values())


def test_nothing_is_said_of_latencies_before_there_are_enough() -> None:
    latencies = Latencies()
    for _ in range(ENOUGH - 1):
        latencies.add(1.0)

    assert latencies.slow_s() is None
    assert hedge_after_s(latencies, hedging=True, deadline_s=9.0) is None


def test_old_latencies_are_forgotten() -> None:
    latencies = Latencies()
    for _ in range(MEMORY):
        latencies.add(9.0)
    assert latencies.slow_s() == 9.0
    for _ in range(MEMORY):
        latencies.add(1.0)

    assert latencies.slow_s() == 1.0


@pytest.mark.parametrize(
    ("hedging", "deadline_s", "after_s"), [(False, 9.0, None), (True, 0.5, None), (True, 9, 1.0)]
)
def test_a_second_request_goes_only_where_it_is_asked_for_and_in_time(
    hedging: bool, deadline_s: float, after_s: float | None
) -> None:
    latencies = Latencies()
    for _ in range(ENOUGH):
        latencies.add(1.0)

    assert hedge_after_s(latencies, hedging=hedging, deadline_s=deadline_s) == after_s


def test_calls_are_spread_over_a_round_instead_of_going_all_at_once() -> None:
    pace, now_s, went = Pace(), 0.0, list[float]()
    pace.answered(0.5)
    for _ in range(1000):
        now_s += pace.wait_s(now_s=now_s)
        pace.went(window=1000, first=False, now_s=now_s)
        went.append(now_s)

    # A full window takes 1 / 1.2 of a round, but for what may go at once.
    assert went[-1] == pytest.approx(0.5 / 1.2, abs=2 * TOLERANCE_S)
    in_any_tenth = max(sum(start <= at < start + 0.05 for at in went) for start in went)
    assert in_any_tenth <= 1000 * 0.05 / 0.5 * 1.2 + 1000 * TOLERANCE_S / 0.5 * 1.2 + 2


def test_a_pace_follows_the_latency() -> None:
    pace, dice = Pace(), Random(7)
    for _ in range(200):
        pace.answered(dice.uniform(1.8, 2.2))

    assert pace.latency_s == pytest.approx(2.0, abs=0.2)
