"""The loop that tries again: when it tries, what it says, and what it commits when."""

import asyncio
from collections.abc import Sequence

import pytest
from tests.unit.streams.scripted import Asking, MemoryIntake, MemoryWriter, an_engine
from tests.unit.streams.test_waiting_room import a_retry

from prefstream.agents.stage import Given, Outcome, Refusal, Retry
from prefstream.agents.tasks import MAX_ATTEMPTS
from prefstream.schemas.dead_letters import detour_of
from prefstream.schemas.envelope import Event
from prefstream.schemas.errors import Unavailable
from prefstream.schemas.records import LogRecord, OutRecord
from prefstream.schemas.topics import DEAD_LETTERS, JUDGING_RETRY, PROMPTS_CURATED
from prefstream.streams import retries
from prefstream.streams.engine import Engine
from prefstream.streams.intake import Position
from prefstream.streams.retries import RetryLoop

PLACE = (JUDGING_RETRY.name, 0)


class Clock:
    """A clock that a poll of the loop moves on by itself."""

    def __init__(self, step_ms: int = 1) -> None:
        self.now_ms = 0
        self._step_ms = step_ms

    def __call__(self) -> int:
        self.now_ms += self._step_ms
        return self.now_ms


def an_again(seen: list[str] | None = None) -> Asking:
    """Return a stage that notes whom it saw and says one event."""

    def says(event: Event, given: Given) -> Outcome:
        if seen is not None:
            seen.append(event.subject)
        return Asking().says(event, given)

    return Asking(says=says)


async def run(
    engine: Engine,
    batches: list[Sequence[LogRecord]],
    *,
    writer: MemoryWriter | None = None,
    clock: Clock | None = None,
) -> tuple[MemoryWriter, dict[Position, int]]:
    """Run the loop until it has had every batch and nothing of them is left."""
    total = sum(len(batch) for batch in batches)
    stop, kept = asyncio.Event(), writer or MemoryWriter()
    intake = MemoryIntake(batches, stop, done=lambda: engine.tally.received >= total)
    loop = RetryLoop(engine=engine, intake=intake, writer=kept, clock_ms=clock or Clock())
    async with asyncio.timeout(20):
        await loop.run(stop)
    return kept, intake.positions


def as_read(out: OutRecord, offset: int) -> LogRecord:
    return LogRecord(
        topic=out.topic,
        partition=0,
        offset=offset,
        timestamp_ms=0,
        key=out.key,
        value=out.value,
        headers=out.headers,
    )


async def test_records_are_tried_when_they_are_due_and_not_before() -> None:
    seen: list[str] = []
    clock = Clock()
    batch = [a_retry(0, 300), a_retry(1, 10), a_retry(2, 100)]

    writer, positions = await run(an_engine(an_again(seen)), [batch], clock=clock)

    assert seen == ["pair-1", "pair-2", "pair-0"]
    assert clock.now_ms >= 300
    assert [out.topic for out in writer.appended] == [PROMPTS_CURATED.name] * 3
    assert positions == {PLACE: 3}


async def test_the_place_stays_before_a_record_that_still_waits() -> None:
    stop, engine = asyncio.Event(), an_engine(an_again())
    intake = MemoryIntake([[a_retry(5, 10**12), a_retry(6, 0)]], stop, done=lambda: engine.tally.done == 1)
    await RetryLoop(engine=engine, intake=intake, writer=MemoryWriter(), clock_ms=Clock()).run(stop)

    assert intake.positions == {PLACE: 5}


async def test_another_failure_waits_again_with_its_count() -> None:
    detour = Outcome(detour=Retry(reason="overloaded", detail="529", after_s=7.0))
    engine = an_engine(Asking(says=lambda event, given: detour), clock_ms=lambda: 1000)

    writer, _ = await run(engine, [[a_retry(0, 0, attempt=2)]])

    told = detour_of(as_read(writer.appended[0], 1))
    assert told is not None
    assert (told.attempt, told.not_before_ms) == (3, 1000 + 8000)
    assert (told.topic, told.offset) == ("pairs.proposed.v1", 0), "where it came from first is kept"
    assert engine.tally.retry == 1


async def test_the_last_attempt_ends_as_a_dead_letter() -> None:
    detour = Outcome(detour=Retry(reason="overloaded", detail="529", after_s=0.0))
    engine = an_engine(Asking(says=lambda event, given: detour))

    writer, _ = await run(engine, [[a_retry(0, 0, attempt=MAX_ATTEMPTS - 1)]])

    told = detour_of(as_read(writer.appended[0], 0))
    assert writer.appended[0].topic == DEAD_LETTERS.name
    assert told is not None
    assert (told.reason, told.attempt) == ("attempts_exhausted", MAX_ATTEMPTS)
    assert engine.tally.dead == 1


async def test_a_record_that_fails_for_ever_ends_after_the_attempts_allowed() -> None:
    detour = Outcome(detour=Retry(reason="overloaded", detail="529", after_s=0.0))
    engine = an_engine(Asking(says=lambda event, given: detour), clock_ms=lambda: 0)
    record, waits = a_retry(0, 0), []
    for offset in range(1, 50):
        writer, _ = await run(engine, [[record]], clock=Clock(step_ms=1_000_000))
        record = as_read(writer.appended[0], offset)
        if record.topic == DEAD_LETTERS.name:
            break
        told = detour_of(record)
        assert told is not None
        waits.append(told.not_before_ms)

    assert record.topic == DEAD_LETTERS.name
    assert waits == [4000, 8000, 16_000, 32_000, 64_000, 128_000]


async def test_a_refusal_ends_as_a_dead_letter() -> None:
    refusal = Outcome(detour=Refusal(reason="permanent", detail="no such model"))

    writer, positions = await run(an_engine(Asking(says=lambda event, given: refusal)), [[a_retry(0, 0)]])

    assert [out.topic for out in writer.appended] == [DEAD_LETTERS.name]
    assert positions == {PLACE: 1}


async def test_without_its_log_it_commits_nothing() -> None:
    stop, engine = asyncio.Event(), an_engine(an_again())
    intake = MemoryIntake([[a_retry(0, 0)]], stop)
    writer = MemoryWriter(failures=[Unavailable("the log is away")])

    with pytest.raises(Unavailable, match="away"):
        await RetryLoop(engine=engine, intake=intake, writer=writer, clock_ms=Clock()).run(stop)

    assert intake.positions == {}
    assert (engine.tally.done, engine.tally.in_flight) == (0, 1)


async def test_a_full_room_leaves_the_rest_in_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retries, "MAX_WAITING", 2)
    stop, engine = asyncio.Event(), an_engine(an_again())
    batches: list[Sequence[LogRecord]] = [[a_retry(0, 50), a_retry(1, 50)], [a_retry(2, 0)]]
    left_while_full = []

    async def wait(_seconds: float) -> None:
        left_while_full.append(len(batches))
        await asyncio.sleep(0)

    intake = MemoryIntake(batches, stop, done=lambda: engine.tally.done == 3)
    await RetryLoop(engine=engine, intake=intake, writer=MemoryWriter(), clock_ms=Clock(), wait=wait).run(
        stop
    )

    assert set(left_while_full) == {1}
    assert intake.positions == {PLACE: 3}
