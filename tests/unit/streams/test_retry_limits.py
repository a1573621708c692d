"""The edges of retrying: a record that never succeeds, one that waits for ever, a room that is full."""

import asyncio
from collections.abc import Sequence

import pytest
from tests.factories import a_pair_proposed, a_record
from tests.unit.streams.scripted import Asking, MemoryIntake, MemoryWriter, an_engine

from prefstream.agents.stage import Outcome, Retry
from prefstream.agents.tasks import MAX_ATTEMPTS
from prefstream.schemas.dead_letters import Detour, detour_of, detoured
from prefstream.schemas.records import LogRecord, OutRecord
from prefstream.schemas.topics import DEAD_LETTERS, JUDGING_RETRY
from prefstream.streams import retries
from prefstream.streams.retries import RetryLoop, WaitingRoom

PLACE = (JUDGING_RETRY.name, 0)


def a_retry(offset: int, not_before_ms: int) -> LogRecord:
    told = Detour(
        stage="judging",
        topic="pairs.proposed.v1",
        partition=0,
        offset=offset,
        reason="overloaded",
        detail="529",
        attempt=1,
        not_before_ms=not_before_ms,
    )
    record = a_record(a_pair_proposed(pair_id=f"pair-{offset}"))
    return as_read(detoured(record, told, topic=JUDGING_RETRY.name), offset)


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


class Clock:
    """A clock that moves on a little whenever somebody looks at it."""

    def __init__(self, step_ms: int = 1) -> None:
        self.now_ms = 0
        self._step_ms = step_ms

    def __call__(self) -> int:
        self.now_ms += self._step_ms
        return self.now_ms


def test_a_record_read_again_after_a_rebalance_is_not_skipped() -> None:
    """The reader begins again at the committed place while the first copies still wait."""
    room = WaitingRoom()
    for _ in range(2):
        for offset in (3, 4):
            room.admit(a_retry(offset, not_before_ms=offset))

    first = room.due(3, limit=10)
    assert [record.offset for record in first] == [3, 3]
    assert room.settled(first) == {PLACE: 4}
    assert room.settled(room.due(4, limit=10)) == {PLACE: 5}


async def test_the_place_stays_before_a_record_that_still_waits() -> None:
    stop, engine = asyncio.Event(), an_engine(Asking())
    batch = [a_retry(5, not_before_ms=10**12), a_retry(6, 0), a_retry(7, 0)]
    intake = MemoryIntake([batch], stop, done=lambda: engine.tally.done == 2)

    async with asyncio.timeout(20):
        await RetryLoop(engine=engine, intake=intake, writer=MemoryWriter(), clock_ms=Clock()).run(stop)

    assert intake.positions == {PLACE: 5}


async def test_a_record_that_never_succeeds_waits_longer_each_time_and_ends_as_a_dead_letter() -> None:
    detour = Outcome(detour=Retry(reason="overloaded", detail="529", after_s=0.0))
    record, told = a_retry(0, 0), list[Detour]()
    while record.topic != DEAD_LETTERS.name:
        record = await tried_again(record, detour)
        said = detour_of(record)
        assert said is not None
        told.append(said)

    assert [one.not_before_ms for one in told] == [4000, 8000, 16_000, 32_000, 64_000, 128_000, 0]
    last = told[-1]
    assert (last.reason, last.attempt, last.offset) == ("attempts_exhausted", MAX_ATTEMPTS, 0)


async def tried_again(record: LogRecord, outcome: Outcome) -> LogRecord:
    """Take one record through the loop and return what it became."""
    stop, writer = asyncio.Event(), MemoryWriter()
    engine = an_engine(Asking(says=lambda event, given: outcome), clock_ms=lambda: 0)
    intake = MemoryIntake([[record]], stop, done=lambda: bool(writer.appended))
    loop = RetryLoop(engine=engine, intake=intake, writer=writer, clock_ms=Clock(step_ms=10**9))
    async with asyncio.timeout(20):
        await loop.run(stop)
    return as_read(writer.appended[0], record.offset + 1)


async def test_a_full_room_leaves_the_rest_in_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retries, "MAX_WAITING", 2)
    stop, engine = asyncio.Event(), an_engine(Asking())
    batches: list[Sequence[LogRecord]] = [[a_retry(0, 50), a_retry(1, 50)], [a_retry(2, 0)]]
    left_while_full: list[int] = []

    async def wait(_seconds: float) -> None:
        left_while_full.append(len(batches))
        await asyncio.sleep(0)

    intake = MemoryIntake(batches, stop, done=lambda: engine.tally.done == 3)
    loop = RetryLoop(engine=engine, intake=intake, writer=MemoryWriter(), clock_ms=Clock(), wait=wait)
    async with asyncio.timeout(20):
        await loop.run(stop)

    assert set(left_while_full) == {1}
    assert intake.positions == {PLACE: 3}
