"""The waiting room: who waits for answers hears of them, who is behind many gets in, nobody waits twice."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, field

import pytest
from tests.factories import a_pair_proposed, a_record
from tests.unit.streams.scripted import Asking, MemoryIntake, MemoryWriter, an_engine

from prefstream.agents.stage import Given, Outcome
from prefstream.schemas.dead_letters import Detour, detoured
from prefstream.schemas.envelope import Event
from prefstream.schemas.records import LogRecord
from prefstream.schemas.topics import JUDGING_RETRY
from prefstream.streams import retries
from prefstream.streams.retries import RetryLoop
from prefstream.streams.waiting_room import WaitingRoom

PLACE = (JUDGING_RETRY.name, 0)
LONG = 10**12


def a_retry(
    offset: int, not_before_ms: int = LONG, *, pair: int | None = None, reason: str = "in_batch"
) -> LogRecord:
    number = offset if pair is None else pair
    told = Detour(
        stage="judging",
        topic="pairs.proposed.v1",
        partition=0,
        offset=number,
        reason=reason,
        detail="waits",
        attempt=0,
        not_before_ms=not_before_ms,
    )
    out = detoured(a_record(a_pair_proposed(pair_id=f"pair-{number}")), told, topic=JUDGING_RETRY.name)
    return LogRecord(
        topic=out.topic,
        partition=0,
        offset=offset,
        timestamp_ms=0,
        key=out.key,
        value=out.value,
        headers=out.headers,
    )


def a_room(*records: LogRecord) -> WaitingRoom:
    room = WaitingRoom(waits_for="in_batch")
    for record in records:
        room.admit(record)
    return room


def test_who_waits_for_answers_is_due_when_they_are_in() -> None:
    room = a_room(a_retry(0), a_retry(1), a_retry(2, reason="overloaded"))

    assert sorted(room.expecting()) == ["pair-0", "pair-1"]
    room.hasten(["pair-1", "pair-2", "pair-9"], now_ms=5)

    assert [record.offset for record in room.due(5, limit=10)] == [1]
    assert list(room.expecting()) == ["pair-0"]
    assert len(room) == 2


def test_only_those_that_came_since_are_told_as_new() -> None:
    room = a_room(a_retry(0))

    assert list(room.newly_expecting()) == ["pair-0"]
    assert list(room.newly_expecting()) == []
    room.admit(a_retry(1))
    assert list(room.newly_expecting()) == ["pair-1"]


def test_a_later_copy_of_a_record_takes_the_place_of_the_earlier_one() -> None:
    """After a crash both are read again; tried twice each would wait twice from then on."""
    room = a_room(a_retry(3, 10, pair=1), a_retry(4, 20, pair=2), a_retry(9, 50, pair=1))

    found = room.due(100, limit=10)

    assert [record.offset for record in found] == [4, 9]
    assert room.settled(found) == {PLACE: 10}


def test_a_later_copy_lets_the_place_kept_move_on() -> None:
    room = a_room(a_retry(3, pair=1), a_retry(4, pair=2), a_retry(9, pair=1))

    assert room.settled([]) == {PLACE: 4}


def test_those_due_last_are_taken_out_and_nothing_stays_of_them() -> None:
    room = a_room(*(a_retry(number, not_before_ms=number) for number in range(5)))
    size = room.size

    out = room.last_due(2)

    assert [record.offset for record in out] == [3, 4]
    assert (len(room), room.size) == (3, size * 3 // 5)
    assert [record.offset for record in room.due(LONG, limit=10)] == [0, 1, 2]
    assert room.size == 0


def test_the_heap_does_not_grow_with_those_that_left() -> None:
    room = a_room()
    for number in range(5000):
        room.admit(a_retry(number))
        room.last_due(1)

    assert len(room) == 0
    assert len(room._due) <= 1001


@dataclass
class Answers:
    """Says whose answers are in, and counts how often it was asked for how many."""

    there: set[str] = field(default_factory=set)
    moved: int = 0
    asked: list[int] = field(default_factory=list)
    reason: str = "in_batch"

    async def progress(self) -> int:
        return self.moved

    async def arrived(self, keys: Collection[str]) -> Collection[str]:
        self.asked.append(len(keys))
        return self.there & set(keys)


class Clock:
    """A clock that moves on whenever somebody looks at it."""

    def __init__(self) -> None:
        self.now_ms = 0

    def __call__(self) -> int:
        self.now_ms += 250
        return self.now_ms


async def test_a_record_whose_answers_come_is_tried_long_before_its_time() -> None:
    stop, answers, clock = asyncio.Event(), Answers(), Clock()
    tried: list[str] = []

    def handle(event: Event, given: Given) -> Outcome:
        tried.append(event.subject)
        return Outcome()

    engine = an_engine(Asking(says=handle), clock_ms=clock)

    def done() -> bool:
        if clock.now_ms > 20_000 and not answers.moved:
            answers.there, answers.moved = {"pair-1"}, 1
        return engine.tally.done == 1

    intake = MemoryIntake([[a_retry(0), a_retry(1), a_retry(2)]], stop, done)
    loop = RetryLoop(engine=engine, intake=intake, writer=MemoryWriter(), arrivals=answers, clock_ms=clock)
    async with asyncio.timeout(20):
        await loop.run(stop)

    assert tried == ["pair-1"]
    assert answers.asked == [3, 3], "once when they came, once when something had moved"


async def test_one_that_is_due_soon_gets_past_a_room_full_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retries, "MAX_WAITING", 3)
    stop, clock, writer = asyncio.Event(), Clock(), MemoryWriter()
    engine = an_engine(Asking(), clock_ms=clock)
    full = [a_retry(number) for number in range(3)]
    intake = MemoryIntake(
        [full, [a_retry(3, 1000, reason="overloaded")]], stop, done=lambda: engine.tally.done == 1
    )
    loop = RetryLoop(
        engine=engine, intake=intake, writer=writer, clock_ms=clock, wait=lambda _seconds: asyncio.sleep(0)
    )
    async with asyncio.timeout(20):
        await loop.run(stop)

    assert engine.tally.done == 1
    (out,) = writer.appended[:1]
    assert (out.topic, out.key, out.headers) == (full[0].topic, b"pair-0", full[0].headers)
