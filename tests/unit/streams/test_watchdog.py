"""What counts as progress, and what the watchdog does about its lack."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefstream.streams.watchdog import Observation, Progress, Watchdog


def seen(waiting: int, dealt_with: int) -> Observation:
    return Observation(waiting=waiting, dealt_with=dealt_with)


def test_an_idle_process_is_never_stuck() -> None:
    progress = Progress(stall_s=10, now_s=0)
    for now_s in range(0, 1000, 7):
        progress.observe(seen(0, 5), now_s)
        assert progress.ready(now_s)
        assert not progress.stalled(now_s)


def test_a_process_that_gets_on_is_never_stuck_however_much_waits() -> None:
    progress = Progress(stall_s=10, now_s=0)
    for now_s in range(0, 1000, 4):
        progress.observe(seen(10**6, now_s), now_s)
        assert progress.ready(now_s)


def test_work_without_progress_first_costs_readiness_then_the_process() -> None:
    progress = Progress(stall_s=10, now_s=0)
    progress.observe(seen(3, 7), 0)
    states = []
    for now_s in (4.9, 5.0, 9.9, 10.0):
        progress.observe(seen(3, 7), now_s)
        states.append((progress.ready(now_s), progress.stalled(now_s)))

    assert states == [(True, False), (False, False), (False, False), (False, True)]


def test_one_record_dealt_with_makes_it_ready_again() -> None:
    progress = Progress(stall_s=10, now_s=0)
    progress.observe(seen(3, 7), 0)
    progress.observe(seen(2, 8), 9)

    assert progress.ready(9)
    assert progress.stuck_s(9) == 0


def test_work_that_comes_after_a_long_rest_has_its_full_time() -> None:
    progress = Progress(stall_s=10, now_s=0)
    progress.observe(seen(0, 7), 1000)
    progress.observe(seen(5, 7), 1003)

    assert not progress.stalled(1009.9)
    assert progress.stalled(1010)


def test_not_seeing_is_no_progress() -> None:
    progress = Progress(stall_s=10, now_s=0)

    assert not progress.ready(5)
    assert progress.stalled(10)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2)), min_size=1, max_size=40))
def test_it_is_stuck_exactly_since_it_last_rested_or_moved(steps: list[tuple[int, int]]) -> None:
    progress, dealt_with, last_fine_s = Progress(stall_s=5, now_s=0), 0, 0
    for now_s, (waiting, more) in enumerate(steps):
        dealt_with += more
        progress.observe(seen(waiting, dealt_with), now_s)
        if waiting == 0 or more or now_s == 0:
            last_fine_s = now_s
        assert progress.stuck_s(now_s) == now_s - last_fine_s


async def watched(observe: Callable[[], Awaitable[Observation]], *, stall_s: float) -> bool:
    """Run a watchdog until it gives the process up; return `False` when it does not within a while."""
    stop = asyncio.Event()
    watchdog = Watchdog(observe, stall_s=stall_s, on_stall=stop.set)
    try:
        async with asyncio.timeout(20 * stall_s):
            await watchdog.run(stop)
    except TimeoutError:
        return False
    return True


async def stuck() -> Observation:
    return seen(1, 0)


async def idle() -> Observation:
    return seen(0, 0)


async def blind() -> Observation:
    raise ConnectionError("the log does not answer")


async def hanging() -> Observation:
    await asyncio.Event().wait()
    raise AssertionError("never reached")


@pytest.mark.parametrize("observe", [stuck, blind, hanging])
async def test_the_watchdog_gives_up_a_process_that_is_stuck_or_cannot_be_seen(
    observe: Callable[[], Awaitable[Observation]],
) -> None:
    assert await watched(observe, stall_s=0.15)


async def test_the_watchdog_leaves_an_idle_process_alone() -> None:
    assert not await watched(idle, stall_s=0.1)
