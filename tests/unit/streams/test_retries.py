"""Retries: nobody is tried before the time, nobody is lost, and the place kept never skips one."""

import asyncio
from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.factories import NOON_MS, a_pair_proposed, a_record
from tests.unit.streams.scripted import Asking, MemoryIntake, MemoryWriter, an_engine

from prefstream.agents.stage import Given, Outcome, Retry
from prefstream.schemas.dead_letters import Detour, detour_of, detoured
from prefstream.schemas.envelope import Event
from prefstream.schemas.errors import Unavailable
from prefstream.schemas.records import LogRecord
from prefstream.streams.retries import RetryLoop, WaitingRoom, due_ms

TOPIC = "judging.retry.v1"


def a_retry(offset: int, not_before_ms: int, *, partition: int = 0, attempt: int = 1) -> LogRecord:
    told = Detour(
        stage="judging",
        topic="pairs.proposed.v1",
        partition=3,
        offset=77,
        reason="overloaded",
        detail="529",
        attempt=attempt,
        not_before_ms=not_before_ms,
    )
    out = detoured(a_record(a_pair_proposed(pair_id=f"p{partition}-{offset}")), told, topic=TOPIC)
    return LogRecord(
        topic=TOPIC,
        partition=partition,
        offset=offset,
        timestamp_ms=0,
        key=out.key,
        value=out.value,
        headers=out.headers,
    )


# One waiting record per entry: its partition, when it is due, and how far on from the one before; offsets
# have gaps after compaction.
waiting = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 50), st.integers(1, 3)), max_size=40)


def admitted(room: WaitingRoom, entries: list[tuple[int, int, int]]) -> list[LogRecord]:
    ends: dict[int, int] = defaultdict(int)
    records = []
    for partition, due, step in entries:
        ends[partition] += step
        records.append(a_retry(ends[partition], due, partition=partition))
        room.admit(records[-1])
    return records


@given(waiting, st.lists(st.integers(0, 60), max_size=10), st.integers(1, 7))
def test_nobody_leaves_early_twice_or_never(
    entries: list[tuple[int, int, int]], times: list[int], limit: int
) -> None:
    room = WaitingRoom()
    records = admitted(room, entries)
    left: list[LogRecord] = []

    for now in sorted(times):
        found = room.due(now, limit=limit)
        assert len(found) <= limit
        assert all(due_ms(record) <= now for record in found)
        left += found
    while found := room.due(50, limit=limit):
        left += found

    assert sorted(left, key=repr) == sorted(records, key=repr)
    assert len(room) == 0


@given(waiting)
def test_the_longest_due_leave_first_and_equals_as_they_came(entries: list[tuple[int, int, int]]) -> None:
    room = WaitingRoom()
    records = admitted(room, entries)

    assert room.due(50, limit=1000) == sorted(records, key=due_ms)


@given(waiting, st.randoms(use_true_random=False))
def test_only_what_has_nobody_open_before_it_counts_as_dealt_with(
    entries: list[tuple[int, int, int]], chance: object
) -> None:
    room = WaitingRoom()
    records = admitted(room, entries)
    order = sorted(records, key=lambda _: chance.random())  # type: ignore[attr-defined]
    still_open = {(one.partition, one.offset) for one in records}

    for record in order:
        still_open.discard((record.partition, record.offset))
        for (_, partition), offset in room.settled([record]).items():
            ahead = [other for number, other in still_open if number == partition]
            assert all(other >= offset for other in ahead), "an open record would be lost by a crash"
            last = max(one.offset for one in records if one.partition == partition)
            assert offset == min(ahead, default=last + 1)


@pytest.mark.parametrize("headers", [(), (("ps_stage", b"judging"),), (("ps_not_before_ms", b"x"),)])
def test_a_record_that_does_not_say_when_is_due_at_once(headers: tuple[tuple[str, bytes], ...]) -> None:
    assert due_ms(a_record(headers=headers)) == 0


class Clock:
    """Time that passes by being asked for."""

    def __init__(self) -> None:
        self.now_ms = NOON_MS

    def __call__(self) -> int:
        self.now_ms += 100
        return self.now_ms


def a_loop(
    batches: list[list[LogRecord]],
    stage: Asking,
    *,
    expected: int,
    clock: Clock | None = None,
    writer: MemoryWriter | None = None,
) -> tuple[RetryLoop, MemoryIntake, MemoryWriter, asyncio.Event]:
    stop = asyncio.Event()
    clock, writer = clock or Clock(), writer or MemoryWriter()
    engine = an_engine(stage, clock_ms=clock)

    def done() -> bool:
        return engine.tally.done + engine.tally.retry + engine.tally.dead == expected

    intake = MemoryIntake([*batches], stop, done)
    return RetryLoop(engine=engine, intake=intake, writer=writer, clock_ms=clock), intake, writer, stop


def busy(event: Event, given: Given) -> Outcome:
    return Outcome(detour=Retry(reason="busy", detail="529", after_s=0))


async def test_every_waiting_record_is_tried_when_it_is_due() -> None:
    times: dict[str, int] = {}
    clock = Clock()
    waits = [5000, 0, 2000, 9000]
    records = [a_retry(n, NOON_MS + due) for n, due in enumerate(waits)]

    def handle(event: Event, given: Given) -> Outcome:
        times[event.subject] = clock.now_ms
        return Outcome()

    loop, intake, _, stop = a_loop([records[:2], records[2:]], Asking(says=handle), expected=4, clock=clock)
    await asyncio.wait_for(loop.run(stop), 30)

    assert list(times) == ["p0-1", "p0-2", "p0-0", "p0-3"]
    assert all(times[f"p0-{n}"] >= NOON_MS + due for n, due in enumerate(waits))
    assert intake.positions == {(TOPIC, 0): 4}


async def test_a_retry_that_fails_again_goes_to_the_end_with_one_attempt_more() -> None:
    loop, _, writer, stop = a_loop([[a_retry(0, 0, attempt=3)]], Asking(says=busy), expected=1)

    await asyncio.wait_for(loop.run(stop), 30)

    (out,) = writer.appended
    told = detour_of(a_record(headers=out.headers))
    assert told is not None
    assert (out.topic, told.attempt) == (TOPIC, 4)
    assert (told.topic, told.partition, told.offset) == ("pairs.proposed.v1", 3, 77)
    assert told.not_before_ms >= NOON_MS + 16_000


async def test_a_retry_tried_too_often_is_a_dead_letter() -> None:
    loop, _, writer, stop = a_loop([[a_retry(0, 0, attempt=7)]], Asking(says=busy), expected=1)

    await asyncio.wait_for(loop.run(stop), 30)

    assert [out.topic for out in writer.appended] == ["dead-letters.v1"]
    assert loop.engine.tally.dead == 1


async def test_nothing_counts_as_dealt_with_before_its_outputs_are_durable() -> None:
    writer = MemoryWriter(failures=[Unavailable("the log is away")])
    loop, intake, _, stop = a_loop([[a_retry(0, 0)]], Asking(), expected=1, writer=writer)

    with pytest.raises(Unavailable):
        await asyncio.wait_for(loop.run(stop), 30)

    assert intake.positions == {}
    assert loop.engine.tally.in_flight == 1
