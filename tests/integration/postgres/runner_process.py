"""A process that runs the counting stage on the Postgres log as the one owner of its group."""

import asyncio
import sys

import asyncpg
from tests.unit.streams.scripted import CONFIGURATION, Answers, Counting

from prefstream.adapters.postgres.connection import open_pool
from prefstream.adapters.postgres.log import PostgresLog, Wakeups
from prefstream.adapters.signals import stop_on_signals
from prefstream.agents.stage import Answer, Call, Failure
from prefstream.streams.engine import Engine
from prefstream.streams.intake import group_lock
from prefstream.streams.postgres_runner import PostgresStageRunner
from prefstream.streams.surroundings import PostgresStates


async def main(dsn: str) -> None:
    """Wait for the place, say so, and run until SIGTERM."""
    stop = stop_on_signals()
    connection = await asyncpg.connect(dsn)
    print("waiting", flush=True)
    if not await group_lock(connection, "counting", stop=stop):
        return
    print("owner", flush=True)
    pool = await open_pool(dsn)
    log = PostgresLog(pool, partitions=4)
    engine = Engine(Counting(), Answers(nobody), PostgresStates(pool), lambda: CONFIGURATION)
    runner = PostgresStageRunner(log, await Wakeups.listen(connection), engine, limit=5, in_flight=2)
    await runner.run(stop)
    tally = engine.tally
    print(f"drained {tally.received} {tally.done} {tally.in_flight}", flush=True)
    await connection.close()
    await pool.close()


def nobody(call: Call) -> Answer:
    """Answer no call: the stage makes none."""
    return Failure(reason="nobody", detail=call.provider, transient=False)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
