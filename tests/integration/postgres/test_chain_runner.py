"""Stages that commit together: what is handed on in memory is what the log says, exactly once."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import asyncpg
import pytest
from tests.factories import a_constitution, a_pair_judged, a_pair_proposed, a_pair_routed, a_response
from tests.unit.streams.scripted import Answers

from prefstream.adapters.postgres.log import PostgresLog, Wakeups
from prefstream.agents.resolution import Resolution
from prefstream.agents.routing import Routing
from prefstream.agents.stage import Answer, Call, Configuration, Failure
from prefstream.agents.tasks import record_of
from prefstream.agents.validation import Validation
from prefstream.schemas.codec import decode
from prefstream.schemas.dead_letters import detour_of
from prefstream.schemas.envelope import Event
from prefstream.schemas.policies import Policy, SlicePolicy
from prefstream.schemas.records import OutRecord
from prefstream.schemas.topics import (
    DEAD_LETTERS,
    LABELS_RESOLVED,
    PAIRS_ROUTED,
    PAIRS_VALIDATED,
)
from prefstream.streams.engine import Engine
from prefstream.streams.intake import PostgresIntake
from prefstream.streams.postgres_chain import PostgresChainRunner
from prefstream.streams.remembered_states import RememberedStates
from prefstream.streams.surroundings import PostgresStates

pytestmark = pytest.mark.postgres

SLICE = "reasoning"
POLICY = Policy(name="accept-all", slices={SLICE: SlicePolicy(threshold=0.0)})
CONFIGURATION = Configuration(constitution=a_constitution(), policy=POLICY)
DEADLINE_S = 60.0


def nobody(call: Call) -> Answer:
    return Failure(reason="nobody", detail=call.provider, transient=False)


def engines(log: PostgresLog) -> list[Engine]:
    return [
        Engine(stage, Answers(nobody), PostgresStates(log.pool), lambda: CONFIGURATION)
        for stage in (Routing(overlap=1), Resolution(), Validation())
    ]


@asynccontextmanager
async def running(log: PostgresLog, dsn: str, chain: Sequence[Engine]) -> AsyncIterator[None]:
    connection = await asyncpg.connect(dsn)
    stop = asyncio.Event()
    runner = PostgresChainRunner(log, await Wakeups.listen(connection), chain, limit=7)
    task = asyncio.create_task(runner.run(stop))
    try:
        yield
        stop.set()
        await asyncio.wait_for(task, DEADLINE_S)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await connection.close()


def judged(number: int) -> list[OutRecord]:
    """Return the proposal and the judgement of one pair."""
    named = {"pair_id": f"pair-{number}", "slice": SLICE}
    proposed = a_pair_proposed(**named, response_a=a_response(f"answer {number}"))
    return [record_of(proposed), record_of(a_pair_judged(**named))]


async def said(log: PostgresLog, topic: str) -> list[Event]:
    return [decode(record.value) async for record in log.snapshot(topic)]


async def until_validated(log: PostgresLog, count: int) -> None:
    query = "select coalesce(sum(next_offset), 0) from log_heads where topic = $1"
    async with asyncio.timeout(DEADLINE_S):
        while await log.pool.fetchval(query, PAIRS_VALIDATED.name) < count:
            await asyncio.sleep(0.01)


async def lags(log: PostgresLog) -> int:
    return int(
        await log.pool.fetchval(
            "select sum(h.next_offset - o.next_offset)"
            " from log_offsets o join log_heads h using (topic, partition)"
        )
    )


async def test_a_pair_goes_through_all_stages_once_and_every_group_stands_at_the_end(
    log: PostgresLog, migrated_dsn: str
) -> None:
    chain = engines(log)
    writer = await log.writer()
    async with running(log, migrated_dsn, chain):
        for number in range(40):
            await writer.append(judged(number))
        await until_validated(log, 40)

    for topic in (PAIRS_ROUTED, LABELS_RESOLVED, PAIRS_VALIDATED):
        counts = Counter(event.subject for event in await said(log, topic.name))
        assert counts == {f"pair-{number}": 1 for number in range(40)}, topic.name
    assert await lags(log) == 0
    assert [(e.tally.received, e.tally.done, e.tally.in_flight) for e in chain] == [
        (40, 40, 0),
        (40, 40, 0),
        (80, 80, 0),
    ]


async def test_what_others_append_in_between_is_read_in_its_place(
    log: PostgresLog, migrated_dsn: str
) -> None:
    """Another writer on the topic that is handed on: the commit is refused and decided from the log."""
    writer = await log.writer()

    async def meddle() -> None:
        for number in range(100, 140):
            named = {"pair_id": f"pair-{number}", "slice": SLICE}
            proposed = a_pair_proposed(**named, response_a=a_response(f"answer {number}"))
            await writer.append([record_of(proposed), record_of(a_pair_routed(**named, route="accept"))])

    async with running(log, migrated_dsn, engines(log)):
        meddling = asyncio.create_task(meddle())
        for number in range(40):
            await writer.append(judged(number))
        await meddling
        await until_validated(log, 80)

    counts = Counter(event.subject for event in await said(log, PAIRS_VALIDATED.name))
    assert counts == {f"pair-{number}": 1 for number in (*range(40), *range(100, 140))}
    assert await lags(log) == 0


async def test_a_state_saved_by_somebody_else_is_noticed_and_read_again(
    log: PostgresLog, migrated_dsn: str
) -> None:
    """The process remembers its own states; a second owner's save makes it forget them."""
    writer = await log.writer()
    async with running(log, migrated_dsn, engines(log)):
        proposal, judgement = judged(1)
        await writer.append([proposal])
        async with asyncio.timeout(DEADLINE_S):
            while not await log.pool.fetchval("select count(*) from stage_states"):
                await asyncio.sleep(0.01)
        await log.pool.execute("update stage_states set version = version + 1")
        await writer.append([judgement])
        await until_validated(log, 1)

    assert [event.subject for event in await said(log, PAIRS_VALIDATED.name)] == ["pair-1"]


async def test_a_record_that_was_handed_on_and_fails_is_a_dead_letter_with_its_place_in_the_log(
    log: PostgresLog, migrated_dsn: str
) -> None:
    class Stumbling(Resolution):
        def handle(self, event, given):  # type: ignore[no-untyped-def]
            raise ZeroDivisionError(event.subject)

    chain = engines(log)
    chain[1] = Engine(Stumbling(), chain[1].effects, chain[1].states, lambda: CONFIGURATION)
    writer = await log.writer()
    async with running(log, migrated_dsn, chain):
        await writer.append([one for number in range(5) for one in judged(number)])
        async with asyncio.timeout(DEADLINE_S):
            while len([letter async for letter in log.snapshot(DEAD_LETTERS.name)]) < 5:
                await asyncio.sleep(0.01)

    routed = {(r.partition, r.offset): r.value async for r in log.snapshot(PAIRS_ROUTED.name)}
    async for letter in log.snapshot(DEAD_LETTERS.name):
        detour = detour_of(letter)
        assert detour is not None
        assert (detour.stage, detour.topic) == ("resolution", PAIRS_ROUTED.name)
        assert routed[detour.partition, detour.offset] == letter.value


async def test_no_more_states_are_remembered_than_there_is_room_for(log: PostgresLog) -> None:
    remembered = RememberedStates(PostgresStates(log.pool), limit=2)
    chain = engines(log)[:1]
    prepared = await chain[0].prepare([])
    for number in range(4):
        states = {f"key-{number}": b"state"}
        saved = type(prepared)(
            outputs=(), states=states, versions=dict.fromkeys(states, 0), done=1, retry=0, dead=0
        )
        remembered.saved("s", saved)

    found = await remembered.load("s", frozenset(f"key-{number}" for number in range(4)))

    assert {key: one.version for key, one in found.items()} == {
        "key-0": 0,
        "key-1": 0,
        "key-2": 1,
        "key-3": 1,
    }


async def test_what_comes_in_dribs_and_drabs_is_read_together(log: PostgresLog, migrated_dsn: str) -> None:
    connection = await asyncpg.connect(migrated_dsn)
    positions = {(PAIRS_ROUTED.name, number): 0 for number in range(log.partitions[PAIRS_ROUTED.name])}
    intake = PostgresIntake(
        log, await Wakeups.listen(connection), positions=positions, limit=100, gather_s=2.0
    )
    writer = await log.writer()
    await writer.append([record_of(a_pair_routed(pair_id="first"))])
    assert len(await intake.poll()) == 1

    gathering = asyncio.create_task(intake.poll())
    for number in range(3):
        await writer.append([record_of(a_pair_routed(pair_id=f"later-{number}"))])

    assert len(await asyncio.wait_for(gathering, DEADLINE_S)) == 3
    await connection.close()
