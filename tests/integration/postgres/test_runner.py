"""The runner on the Postgres log: every output exactly once, whatever is killed and whenever."""

import asyncio
import os
import random
import signal
import subprocess
import sys
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest
from tests.factories import a_prompt_submitted
from tests.unit.streams.scripted import CONFIGURATION, Answers, Asking, Counting

from prefstream.adapters.postgres.log import PostgresLog, Wakeups
from prefstream.agents.stage import Call, Outcome, Refusal, Reply
from prefstream.agents.tasks import record_of
from prefstream.schemas.codec import decode
from prefstream.schemas.dead_letters import detour_of
from prefstream.schemas.errors import Fenced, Unavailable
from prefstream.schemas.ids import derived_id
from prefstream.schemas.prompts import PromptCurated
from prefstream.schemas.records import OutRecord
from prefstream.schemas.topics import DEAD_LETTERS, PROMPTS_CURATED, PROMPTS_SUBMITTED
from prefstream.streams.engine import Engine
from prefstream.streams.intake import group_lock
from prefstream.streams.postgres_runner import PostgresStageRunner
from prefstream.streams.surroundings import PostgresStates

pytestmark = pytest.mark.postgres

ROOT = Path(__file__).parents[3]
DEADLINE_S = 60.0


async def submit(log: PostgresLog, keys: int, of_each: int) -> None:
    """Append `of_each` prompts of each key."""
    records = [
        record_of(
            a_prompt_submitted(
                prompt_id=f"key-{key}", event_id=derived_id("test", "submission", f"{key}/{number}")
            )
        )
        for number in range(of_each)
        for key in range(keys)
    ]
    await (await log.writer()).append(records)


async def outputs(log: PostgresLog) -> list[PromptCurated]:
    found = []
    async for record in log.snapshot(PROMPTS_CURATED.name):
        event = decode(record.value)
        assert isinstance(event, PromptCurated)
        found.append(event)
    return found


async def assert_each_counted_once(log: PostgresLog, keys: int, of_each: int) -> None:
    numbers = defaultdict(list)
    for event in await outputs(log):
        numbers[event.subject].append(int(event.slice))
    assert len(numbers) == keys
    assert {tuple(of_key) for of_key in numbers.values()} == {tuple(range(1, of_each + 1))}


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while not await condition():
            await asyncio.sleep(0.02)


def all_said(log: PostgresLog, count: int) -> Callable[[], Awaitable[bool]]:
    async def said() -> bool:
        query = "select coalesce(sum(next_offset), 0) from log_heads where topic = $1"
        return bool(await log.pool.fetchval(query, PROMPTS_CURATED.name) >= count)

    return said


@asynccontextmanager
async def running(
    log: PostgresLog, dsn: str, engine: Engine
) -> AsyncIterator[tuple[asyncio.Event, asyncio.Task[None]]]:
    """Run a stage in this process; the block gets what stops it and what it ends with."""
    connection = await asyncpg.connect(dsn)
    stop = asyncio.Event()
    runner = PostgresStageRunner(log, await Wakeups.listen(connection), engine, limit=5, in_flight=3)
    task = asyncio.create_task(runner.run(stop))
    try:
        yield stop, task
    finally:
        stop.set()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await connection.close()


def counting(log: PostgresLog) -> Engine:
    return Engine(Counting(), Answers(reply), PostgresStates(log.pool), lambda: CONFIGURATION)


def reply(call: Call) -> Reply:
    return Reply(content={}, at_ms=0)


async def test_each_record_is_handled_once_and_in_order_of_its_key(
    log: PostgresLog, migrated_dsn: str
) -> None:
    engine = counting(log)
    async with running(log, migrated_dsn, engine) as (stop, task):
        await submit(log, keys=7, of_each=9)
        await until(all_said(log, 63))
        stop.set()
        await task

    await assert_each_counted_once(log, keys=7, of_each=9)
    tally = engine.tally
    assert (tally.received, tally.done, tally.in_flight, tally.outputs) == (63, 63, 0, 63)


async def test_a_stop_commits_what_was_begun(log: PostgresLog, migrated_dsn: str) -> None:
    gate = asyncio.Event()

    class Slow(Answers):
        async def answer(self, call: Call) -> Reply:
            self.asked.append(call.request_id)
            await gate.wait()
            return Reply(content={}, at_ms=0)

    stage = Asking(asks=lambda event, given: [Call(provider="slow", request={"id": event.event_id})])
    slow = Slow(reply)
    engine = Engine(stage, slow, PostgresStates(log.pool), lambda: CONFIGURATION)
    await submit(log, keys=3, of_each=1)
    async with running(log, migrated_dsn, engine) as (stop, task):

        async def asked() -> bool:
            return len(slow.asked) == 3

        await until(asked)
        stop.set()
        assert await outputs(log) == []
        gate.set()
        await task

    assert len(await outputs(log)) == 3
    assert engine.tally.in_flight == 0


async def test_one_bad_record_becomes_a_dead_letter_and_the_others_go_on(
    log: PostgresLog, migrated_dsn: str
) -> None:
    poison = OutRecord(
        topic=PROMPTS_SUBMITTED.name, key=b"key-1", value=b"\xff\x00no event", headers=(("h", b"\xfe"),)
    )
    await submit(log, keys=3, of_each=1)
    await (await log.writer()).append([poison])
    await submit(log, keys=3, of_each=1)
    engine = counting(log)
    async with running(log, migrated_dsn, engine) as (stop, task):
        await until(all_said(log, 6))
        stop.set()
        await task

    letters = [record async for record in log.snapshot(DEAD_LETTERS.name)]
    assert [(one.key, one.value) for one in letters] == [(b"key-1", b"\xff\x00no event")]
    detour = detour_of(letters[0])
    assert detour is not None
    assert (detour.stage, detour.topic, detour.reason) == ("counting", PROMPTS_SUBMITTED.name, "undecodable")
    assert ("h", b"\xfe") in letters[0].headers
    assert (engine.tally.received, engine.tally.done, engine.tally.dead) == (7, 6, 1)


async def test_a_refusal_is_a_dead_letter_with_its_reason(log: PostgresLog, migrated_dsn: str) -> None:
    stage = Asking(says=lambda event, given: Outcome(detour=Refusal(reason="never", detail="no way")))
    engine = Engine(stage, Answers(reply), PostgresStates(log.pool), lambda: CONFIGURATION)
    await submit(log, keys=2, of_each=1)
    async with running(log, migrated_dsn, engine) as (stop, task):

        async def dead() -> bool:
            return engine.tally.dead == 2

        await until(dead)
        stop.set()
        await task

    reasons = {detour_of(record).reason async for record in log.snapshot(DEAD_LETTERS.name)}  # type: ignore[union-attr]
    assert reasons == {"never"}


async def test_another_owner_stops_the_first_without_a_trace(log: PostgresLog, migrated_dsn: str) -> None:
    engine = counting(log)
    async with running(log, migrated_dsn, engine) as (_, task):
        await submit(log, keys=1, of_each=1)
        await until(all_said(log, 1))
        await log.pool.execute("update log_offsets set next_offset = next_offset + 1 where grp = 'counting'")
        await submit(log, keys=1, of_each=1)
        with pytest.raises(Fenced, match="another owner"):
            await asyncio.wait_for(task, DEADLINE_S)

    assert len(await outputs(log)) == 1


async def test_a_state_that_somebody_changed_meanwhile_is_decided_anew(
    log: PostgresLog, migrated_dsn: str
) -> None:
    """A second process may save a state between our read and our commit, on a log with several owners."""

    class Meddled(PostgresStates):
        meddled = False

        async def load(self, stage: str, keys: frozenset[str]):  # type: ignore[no-untyped-def]
            found = await super().load(stage, keys)
            if not self.meddled:
                self.meddled = True
                await log.pool.execute("select states_save('{counting}', '{key-0}', '{0}', $1)", [b"41"])
            return found

    engine = Engine(Counting(), Answers(reply), Meddled(log.pool), lambda: CONFIGURATION)
    await submit(log, keys=1, of_each=1)
    async with running(log, migrated_dsn, engine) as (stop, task):
        await until(all_said(log, 1))
        stop.set()
        await task

    assert [event.slice for event in await outputs(log)] == ["42"]
    assert (engine.tally.received, engine.tally.done) == (1, 1)


async def test_a_database_that_goes_away_ends_the_runner_as_unavailable(
    log: PostgresLog, migrated_dsn: str
) -> None:
    async with running(log, migrated_dsn, counting(log)) as (_, task):
        await submit(log, keys=1, of_each=1)
        await until(all_said(log, 1))
        log.pool.terminate()
        with pytest.raises(Unavailable):
            await asyncio.wait_for(task, DEADLINE_S)


# Processes ----------------------------------------------------------------------------------------


def begin(dsn: str) -> "subprocess.Popen[str]":
    folders = os.pathsep.join(str(ROOT / part) for part in ("schemas", "agents", "streams", "."))
    return subprocess.Popen(
        [sys.executable, "-m", "tests.integration.postgres.runner_process", dsn],
        cwd=ROOT,
        env=dict(os.environ) | {"PYTHONPATH": folders},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


async def says(process: "subprocess.Popen[str]", word: str) -> list[str]:
    """Wait until the process says this and return the line."""
    assert process.stdout is not None
    async with asyncio.timeout(DEADLINE_S):
        while line := await asyncio.to_thread(process.stdout.readline):
            if line.startswith(word):
                return line.split()
    raise AssertionError(f"the process ended without saying {word!r}")


def end(processes: Sequence["subprocess.Popen[str]"]) -> None:
    for process in processes:
        process.kill()
        process.wait(timeout=20)
        assert process.stdout is not None
        process.stdout.close()


@pytest.mark.chaos
async def test_kills_at_any_moment_leave_every_output_exactly_once(
    log: PostgresLog, migrated_dsn: str
) -> None:
    seed = int(os.environ.get("PREFSTREAM_CHAOS_SEED") or random.SystemRandom().randrange(10**6))
    print(f"PREFSTREAM_CHAOS_SEED={seed}")
    chance = random.Random(seed)
    keys, of_each, kills = 40, 100, 6
    total = keys * of_each
    await submit(log, keys=keys, of_each=of_each)
    processes = [begin(migrated_dsn)]
    try:
        for kill in range(kills):
            await says(processes[-1], "owner")
            threshold = (kill + 1) * total // (kills + 2)
            await until(all_said(log, chance.randint(threshold - total // 20, threshold)))
            processes[-1].send_signal(signal.SIGKILL)
            processes.append(begin(migrated_dsn))
        await until(all_said(log, total))
        processes[-1].send_signal(signal.SIGTERM)
        _, received, done, in_flight = await says(processes[-1], "drained")
        assert await asyncio.to_thread(processes[-1].wait, 20) == 0
        assert (received, in_flight) == (done, "0")
        assert 0 < int(done) < total, "the last process did all of it, so the kills came to nothing"
    finally:
        end(processes)

    await assert_each_counted_once(log, keys=keys, of_each=of_each)


@pytest.mark.chaos
async def test_a_standby_takes_over_when_the_owner_is_killed(log: PostgresLog, migrated_dsn: str) -> None:
    owner, standby = begin(migrated_dsn), None
    try:
        await says(owner, "owner")
        standby = begin(migrated_dsn)
        await says(standby, "waiting")
        await submit(log, keys=5, of_each=2)
        await until(all_said(log, 10))

        owner.send_signal(signal.SIGKILL)
        await says(standby, "owner")
        await submit(log, keys=5, of_each=2)
        await until(all_said(log, 20))
    finally:
        end([owner, standby] if standby else [owner])

    await assert_each_counted_once(log, keys=5, of_each=4)


async def test_who_waits_for_a_place_hears_the_stop(migrated_dsn: str) -> None:
    holder, other = await asyncio.gather(asyncpg.connect(migrated_dsn), asyncpg.connect(migrated_dsn))
    stop = asyncio.Event()
    try:
        assert await group_lock(holder, "g", stop=stop)
        waiting = asyncio.create_task(group_lock(other, "g", stop=stop))
        stop.set()
        assert not await asyncio.wait_for(waiting, DEADLINE_S)
    finally:
        await holder.close()
        await other.close()
