"""A process on the Postgres log: its stages and their retries, or the sink."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import cast

import asyncpg

from prefstream.adapters.postgres.connection import connect
from prefstream.adapters.postgres.log import PostgresLog, Wakeups
from prefstream.agents.tasks import retry_topic
from prefstream.schemas.errors import Unavailable
from prefstream.schemas.topics import TOPICS
from prefstream.streams.batching import BatchArrivals
from prefstream.streams.engine import Engine
from prefstream.streams.intake import Position, PostgresIntake, group_lock, group_positions
from prefstream.streams.pace import LIGHT, pace_of
from prefstream.streams.postgres_chain import PostgresChainRunner
from prefstream.streams.postgres_runner import PostgresStageRunner
from prefstream.streams.retries import RetryLoop
from prefstream.streams.sink import Claims, Sink, sealing_keys
from prefstream.streams.surroundings import PostgresStates, Surroundings, together
from prefstream.streams.topology import RETRYING, process_group, retry_group, stage_names
from prefstream.streams.trimming import trim_until

#: Records per partition that one poll of the sink takes.
SINK_BATCH = 1000
#: Seconds it gathers records for; its batches cost most beside their records.
SINK_GATHER_S = 0.06


async def run_stages(around: Surroundings, engines: Sequence[Engine]) -> None:
    """Run stages as the one owner of their groups, until told to stop."""
    async with _owned(around) as own:
        if own is None:
            return
        log = cast("PostgresLog", around.log)
        waiting = stage_names("llm-worker", classifying=around.settings.curation.asks_models)
        slow = [engine for engine in engines if engine.stage.name in waiting]
        light = [engine for engine in engines if engine.stage.name not in waiting]
        runners: list[PostgresStageRunner | PostgresChainRunner] = [
            PostgresStageRunner(log, own.wakeups, engine, limit=pace.run_length, in_flight=pace.in_flight)
            for engine in slow
            for pace in (pace_of(engine.stage, around.settings.judge),)
        ]
        if light:
            runners.append(PostgresChainRunner(log, own.wakeups, light, limit=LIGHT.run_length))
        retries = [
            await _retries(around, log, own.wakeups, one) for one in engines if one.stage.name in RETRYING
        ]
        work = [
            own.held(around.stop),
            *(runner.run(around.stop) for runner in runners),
            *(retry.run(around.stop) for retry in retries),
        ]
        await together(around, *(asyncio.create_task(one) for one in work))


async def run_sink(around: Surroundings) -> None:
    """Run the sink, and trim the log behind it, until told to stop."""
    async with _owned(around) as own:
        if own is None:
            return
        log = cast("PostgresLog", around.log)
        claims = Claims(around.pool)
        places = [(spec.name, number) for spec in TOPICS for number in range(log.partitions[spec.name])]
        positions = await claims.claim(places)
        intake = PostgresIntake(
            log, own.wakeups, positions=positions, limit=SINK_BATCH, gather_s=SINK_GATHER_S
        )
        sink = Sink(
            pool=around.pool,
            claims=claims,
            intake=intake,
            writer=await log.writer(),
            keys=sealing_keys(around.settings),
        )
        around.tallies["sink"] = sink.tally
        work = (
            own.held(around.stop),
            sink.run(around.stop),
            trim_until(around.stop, log, keep_s=around.settings.keep_s),
        )
        await together(around, *(asyncio.create_task(one) for one in work))


@asynccontextmanager
async def _owned(around: Surroundings) -> AsyncIterator["_Ownership | None"]:
    """Own the process's groups and hear of news over one connection; `None` when told to stop first."""
    connection = await connect(around.places.dsn.get_secret_value())
    try:
        if not await group_lock(connection, process_group(around.name), stop=around.stop):
            yield None
            return
        wakeups = await Wakeups.listen(connection)
        lost = asyncio.Event()
        wakeups.on_loss(lost.set)
        around.active.set()
        yield _Ownership(wakeups=wakeups, lost=lost)
    finally:
        await connection.close(timeout=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ownership:
    """The place of this process, held by a connection for as long as that lasts."""

    wakeups: Wakeups
    lost: asyncio.Event

    async def held(self, stop: asyncio.Event) -> None:
        """Return when told to stop.

        Raises:
            Unavailable: The connection was lost, and the place with it.
        """
        waiting = [asyncio.create_task(event.wait()) for event in (self.lost, stop)]
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for task in waiting:
            task.cancel()
        if self.lost.is_set() and not stop.is_set():
            raise Unavailable("the connection that holds this process's place was lost")


async def _retries(around: Surroundings, log: PostgresLog, wakeups: Wakeups, engine: Engine) -> RetryLoop:
    topic, group = retry_topic(engine.stage.name), retry_group(engine.stage.name)
    places = [(topic, number) for number in range(log.partitions[topic])]
    positions = await group_positions(around.pool, group, places)
    intake = PostgresIntake(
        log, wakeups, positions=positions, limit=200, committed=partial(_commit, around.pool, group)
    )
    saved = partial(PostgresStates(around.pool).save, engine.stage.name)
    arrivals = BatchArrivals(around.pool) if around.settings.judge.batch else None
    return RetryLoop(engine=engine, intake=intake, writer=await log.writer(), saved=saved, arrivals=arrivals)


async def _commit(pool: asyncpg.Pool, group: str, positions: Mapping[Position, int]) -> None:
    await pool.executemany(
        "update log_offsets set next_offset = $4 where grp = $1 and topic = $2 and partition = $3"
        " and next_offset < $4",
        [(group, topic, number, offset) for (topic, number), offset in positions.items()],
    )
