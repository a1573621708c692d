"""Limits: calls go in their turn, and those that cannot are told when to come again."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from structlog.testing import capture_logs

from prefstream.adapters.settings import LimitSettings, ModelLimits
from prefstream.domain.pacing.breaker import FAILURES, PAUSE_S
from prefstream.schemas.calls import About, Answer, Call, Failure, Reply
from prefstream.streams.limits import Limits, Turn

GOOD = Reply(content={}, at_ms=0)
BAD = Failure(reason="server_error", detail="500", transient=True)


@dataclass
class Clock:
    """Seconds that pass when a test says so."""

    now_s: float = 100.0

    def __call__(self) -> float:
        return self.now_s


def a_call(number: int = 0, *, model: str = "m", purpose: str = "judging") -> Call:
    return Call(
        provider="p", request={"model": model, "n": number, "max_tokens": 10}, about=About(purpose=purpose)
    )


def the_limits(
    *, in_flight: int = 8, clock: Clock | None = None, patience_s: float = 20.0, **told: float
) -> Limits:
    models = {"p:m": ModelLimits.model_validate(told)} if told else {}
    settings = LimitSettings(models=models, patience_s=patience_s)
    return Limits(settings, in_flight=in_flight, clock_s=clock or Clock())


async def turn_of(limits: Limits, call: Call) -> Turn:
    turn = await limits.turn(call)
    assert isinstance(turn, Turn)
    return turn


async def waiting(limits: Limits, *calls: Call) -> Sequence[asyncio.Task[Turn | Failure]]:
    """Let calls wait for their turn, in this order."""
    tasks = []
    for call in calls:
        tasks.append(asyncio.create_task(limits.turn(call)))
        await asyncio.sleep(0)
    assert not any(task.done() for task in tasks)
    return tasks


def answered_with(turn: Turn, answer: Answer) -> Answer:
    turn.ended(answer)
    return turn.told(answer)


async def test_no_more_go_than_may_be_under_way_and_the_next_goes_when_one_ends() -> None:
    limits = the_limits(in_flight=2)
    first, _ = [await turn_of(limits, a_call(number)) for number in range(2)]
    (third,) = await waiting(limits, a_call(2))

    first.ended(GOOD)
    assert isinstance(await third, Turn)


async def test_models_share_what_one_process_may_have_under_way() -> None:
    limits = the_limits(in_flight=1)
    one = await turn_of(limits, a_call(model="m"))
    (other,) = await waiting(limits, a_call(model="other"))

    one.ended(GOOD)
    assert isinstance(await other, Turn)


async def test_a_model_with_a_limit_of_its_own_does_not_hold_up_others() -> None:
    limits = Limits(LimitSettings(models={"p:m": ModelLimits(in_flight=1)}), in_flight=8, clock_s=Clock())
    await turn_of(limits, a_call())
    await waiting(limits, a_call(1))

    await turn_of(limits, a_call(model="other"))


async def test_purposes_take_turns() -> None:
    limits, order = the_limits(in_flight=1), list[str]()
    first = await turn_of(limits, a_call())
    calls = [a_call(number) for number in range(1, 4)] + [a_call(9, purpose="drafting")]
    tasks = await waiting(limits, *calls)

    turn: Turn | Failure = first
    while len(order) < len(calls):
        assert isinstance(turn, Turn)
        turn.ended(GOOD)
        done, _ = await asyncio.wait(
            [task for task in tasks if task.get_name() not in order], return_when=asyncio.FIRST_COMPLETED
        )
        (gone,) = done
        order.append(gone.get_name())
        turn = gone.result()
    assert order == [tasks[place].get_name() for place in (0, 3, 1, 2)]


async def test_whoever_has_no_turn_in_time_comes_again_and_counts_no_attempt() -> None:
    limits = the_limits(in_flight=1, patience_s=0.02)
    await turn_of(limits, a_call())

    told = await limits.turn(a_call(1))
    assert isinstance(told, Failure)
    assert (told.reason, told.waiting, told.transient) == ("no_turn", True, True)
    assert told.retry_after_s is not None


async def test_a_provider_that_is_down_is_left_alone_and_tried_with_a_few() -> None:
    clock = Clock()
    limits = the_limits(in_flight=100, clock=clock)
    with capture_logs() as lines:
        for number in range(FAILURES):
            (await turn_of(limits, a_call(number))).ended(BAD)
        told = await limits.turn(a_call(50))
        assert isinstance(told, Failure)
        assert (told.reason, told.waiting, told.retry_after_s) == ("left_alone", True, PAUSE_S)

        clock.now_s += PAUSE_S
        probe = await turn_of(limits, a_call(51))
        probe.ended(GOOD)
        await turn_of(limits, a_call(52))
    assert [line["event"] for line in lines] == ["provider.left_alone", "provider.back"]


async def test_those_who_wait_when_a_provider_goes_down_are_told_at_once() -> None:
    limits = the_limits(in_flight=FAILURES)
    turns = [await turn_of(limits, a_call(number)) for number in range(FAILURES)]
    late = await waiting(limits, *(a_call(number) for number in range(50, 70)))
    for turn in turns:
        turn.ended(BAD)

    told = await asyncio.gather(*late)
    left_alone = [one for one in told if isinstance(one, Failure)]
    assert len(left_alone) >= 20 - FAILURES
    assert {one.reason for one in left_alone} == {"left_alone"}


@pytest.mark.parametrize("reason", ["rate_limited", "overloaded"])
async def test_a_refusal_for_being_one_too_many_counts_no_attempt(reason: str) -> None:
    limits = the_limits()
    turn = await turn_of(limits, a_call())

    told = answered_with(turn, Failure(reason=reason, detail="", transient=True, retry_after_s=7.0))
    assert isinstance(told, Failure)
    assert (told.waiting, told.retry_after_s) == (True, 7.0)
    assert limits.lane(a_call()).signal(0, now_s=101.0).again_in_s == 6.0


async def test_other_failures_are_told_as_they_are() -> None:
    turn = await turn_of(the_limits(), a_call())

    assert answered_with(turn, BAD) is BAD


async def test_time_alone_lets_a_limited_call_go() -> None:
    """The bucket fills by the clock; nobody else has to end for the next to go."""
    clock = Clock()
    limits = the_limits(clock=clock, requests_per_min=60_000)
    lane = limits.lane(a_call())
    assert lane.requests is not None
    lane.requests.take(lane.requests.capacity + 10, now_s=clock.now_s)
    (task,) = await waiting(limits, a_call())

    clock.now_s += 1.0
    async with asyncio.timeout(10):
        assert isinstance(await task, Turn)


async def test_whoever_gives_up_waiting_holds_no_place() -> None:
    limits = the_limits(in_flight=1)
    first = await turn_of(limits, a_call())
    gone, stays = await waiting(limits, a_call(1), a_call(2))
    gone.cancel()
    await asyncio.wait([gone])

    first.ended(GOOD)
    assert isinstance(await stays, Turn)


async def test_whoever_gives_up_just_as_its_turn_comes_gives_the_place_back() -> None:
    limits = the_limits(in_flight=1)
    first = await turn_of(limits, a_call())
    gone, stays = await waiting(limits, a_call(1), a_call(2))
    first.ended(GOOD)
    gone.cancel()

    assert isinstance(await stays, Turn)
    with pytest.raises(asyncio.CancelledError):
        await gone


async def test_once_stopping_nobody_goes_and_nobody_waits() -> None:
    limits = the_limits(in_flight=1)
    await turn_of(limits, a_call())
    (task,) = await waiting(limits, a_call(1))
    limits.stop()

    for told in (await task, await limits.turn(a_call(2))):
        assert isinstance(told, Failure)
        assert (told.reason, told.waiting) == ("stopping", True)


async def test_a_limit_may_be_for_a_model_or_for_all_of_a_provider() -> None:
    models = {"p": ModelLimits(in_flight=3), "p:m": ModelLimits(in_flight=2)}
    limits = Limits(LimitSettings(models=models), in_flight=100)

    ceilings = [limits.lane(a_call(model=model)).window.ceiling for model in ("m", "other")]
    assert ceilings == [2, 3]
