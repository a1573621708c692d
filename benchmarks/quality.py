"""What quality costs live: to begin with many labels, to look again, and to choose between work and gold.

python benchmarks/quality.py [--labels 300000]
"""

import argparse
import asyncio
import resource
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import asyncpg

from prefstream.adapters.local import LocalPostgres
from prefstream.adapters.postgres.connection import connect, pool_of
from prefstream.adapters.postgres.log import PostgresLog
from prefstream.adapters.postgres.migrations import upgrade
from prefstream.adapters.settings import QualitySettings
from prefstream.console.quality import LiveQuality
from prefstream.domain.people import Role
from prefstream.domain.tasks import Worker
from prefstream.streams.quality_watch import QualityWatch
from prefstream.streams.reliability import ReliabilityWatch

PEOPLE, SLICES, GOLD, TASKS, TURNS = 300, 10, 1000, 20_000, 200
_LABELS = """
insert into labels (event_id, pair_id, slice, annotator, verdict, round, occurred_at, seconds, sides,
  dimensions, clauses, rationale, provenance)
select gen_random_uuid(), $3 || n / 5, 's' || n / 5 % 10, 'ann' || n::bigint * 7919 % 300,
  (array['A>', 'B>', '=', 'A>>'])[1 + n::bigint * 31 % 4], 'annotate',
  now() - make_interval(secs => $2::int - n), 20, 'ab', '{}', '[]', 'because', 'real'
from generate_series($1::int, $2::int) n
"""
_OTHERS = """
insert into people (person_id, name, role) select 'ann' || n, 'x', 'annotator' from generate_series(0, 299) n;
insert into gold_items
  select 'g' || n, 's' || n % 10, 'A>', '', '[]', true, 'x', now(), null, null
  from generate_series(1, 1000) n;
insert into tasks (pair_id, round, slice, needed, have, open, priority, opened_at)
  select 'q' || n, 'annotate', 's' || n % 10, 2, 0, true, 0, now() from generate_series(1, 20000) n
"""


def main() -> None:
    """Print all of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--labels", type=int, default=300_000)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        server = LocalPostgres(Path(folder) / "postgres")
        try:
            asyncio.run(measured(server.start(), chosen.labels))
        finally:
            server.stop()


async def measured(dsn: str, labels: int) -> None:
    """Fill a database and print what it costs to look at it."""
    connection = await connect(dsn)
    await upgrade(connection)
    await connection.execute(_LABELS, 1, labels, "p", timeout=600)
    await connection.execute(_OTHERS)
    await connection.execute("vacuum analyze")
    log = await PostgresLog.open(dsn, partitions=4)
    await log.ensure_topics(partitions=4, replication=1)
    async with pool_of(dsn) as pool:
        await looks(pool, log, connection, labels)
        await turns(pool)
    await log.close()
    await connection.close()


async def looks(pool: asyncpg.Pool, log: PostgresLog, connection: asyncpg.Connection, labels: int) -> None:
    """Print what the watches take."""
    reliability, quality = (
        ReliabilityWatch(pool=pool, log=log),
        QualityWatch(pool=pool, settings=QualitySettings()),
    )
    begun = time.perf_counter()
    published = await reliability.look()
    most_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    took_s = time.perf_counter() - begun
    print(f"{labels} labels: {took_s:.1f} s to begin, {most_mb} MB, {len(published)} slices")
    print(f"  nothing new: {1e3 * await took(reliability.look):.1f} ms")
    await connection.execute(_LABELS, labels + 1, labels + 100, "n")
    print(f"  100 new labels: {1e3 * await took(reliability.look):.1f} ms")
    print(f"habits of {PEOPLE} people, their first look: {await took(quality.look):.1f} s")
    print(f"  nothing new: {1e3 * await took(quality.look):.1f} ms")


async def turns(pool: asyncpg.Pool) -> None:
    """Print what a turn takes."""
    live = LiveQuality(QualitySettings(gold_share=0.5), "s")
    async with pool.acquire() as connection:
        times = []
        for n in range(TURNS):
            person = Worker(person_id=f"ann{n % PEOPLE}", role=Role.ANNOTATOR)
            begun = time.perf_counter()
            await live.turn(connection, person, [f"s{n % SLICES}"], datetime.now(UTC))
            await live.asides(connection, person, datetime.now(UTC))
            times.append(1e3 * (time.perf_counter() - begun))
    times.sort()
    print(f"a turn: {times[TURNS // 2]:.1f} ms in the middle, {times[TURNS * 95 // 100]:.1f} ms at 95 %")


async def took(look: Callable[[], Awaitable[object]]) -> float:
    """Return the seconds that a look takes."""
    begun = time.perf_counter()
    await look()
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
