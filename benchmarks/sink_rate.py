"""Rows per second of the sink against a bare COPY and upsert of the same rows.

    python benchmarks/sink_rate.py

The bare side repeats what the sink said to the server, and nothing else: the same COPY payloads, made
already, and the same upserts, into the same tables. Only the sink decodes, maps and encodes. A second
baseline copies and upserts the rows of the archive alone. All start from empty tables in a scratch
database of the server, take the same batches and commit each of them; repeats are interleaved.
"unsealed" is the sink that keeps content in the archive as it came.
Two orders of arrival: "live", where the events of a pair follow one another within a fraction of a second,
and "by topic", where a backlog is read one topic after the other.
"""

import argparse
import asyncio
import os
import random
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import timedelta
from functools import partial
from io import BytesIO
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import uvloop

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests import factories

from prefstream.adapters.local.postgres import LocalPostgres
from prefstream.adapters.postgres.keys import Keys
from prefstream.adapters.postgres.log import packed
from prefstream.adapters.postgres.migrations import upgrade
from prefstream.adapters.postgres.projections import project, refresh
from prefstream.adapters.postgres.projections.reading import ARCHIVE_COLUMNS, entry_of, instant_of
from prefstream.schemas.envelope import Event
from prefstream.schemas.ids import derived_id
from prefstream.schemas.records import LogRecord
from prefstream.schemas.values import Verdict
from prefstream.streams.collector import spare_the_collector

SCRATCH = "prefstream_sink_rate"
PAIRS_PER_S = 2000
#: Mean lag of each stage behind the one before, in seconds, people aside.
STAGE_LAG_S = 0.03
SHARE_FOR_PEOPLE = 0.25
TABLES = (
    "archive, archive_bare, dead_letters, prompts, pairs, labels, tasks, agreement_cells, funnel_buckets, "
    "slice_metrics, agreement_rollups, measure_buckets, measure_rollups, content_keys, erased_owners"
)
_BARE = """
insert into archive_bare select * from arrivals on conflict (event_id) do nothing
"""


def chain(number: int, dice: random.Random) -> Iterator[tuple[float, Event]]:
    """Yield the events of one pair through the chain with the second each appears at."""
    pair_id, slice_name = f"pair-{number:08}", f"slice-{number % 6}"
    at = number / PAIRS_PER_S
    named = {
        "pair_id": pair_id,
        "slice": slice_name,
        "occurred_at": factories.NOON + timedelta(milliseconds=round(at * 1000)),
    }
    votes = tuple(
        factories.a_vote(order=order, rationale="The first answer is right and the second is not. " * 3)
        for order in ("ab", "ba")
    )
    people = dice.random() < SHARE_FOR_PEOPLE
    routed = factories.a_pair_routed if people else factories.an_accepted_pair_routed
    yield (
        at,
        factories.a_pair_proposed(
            **named,
            prompt_id=f"prompt-{number}",
            messages=(factories.a_message("Explain how tides come about to a child of ten. " * 5),),
            response_a=factories.a_response("The moon pulls on the water. " * 14),
            response_b=factories.a_response("The wind pushes the water about. " * 12),
        ),
    )
    yield (at := _later(at, dice)), factories.a_pair_judged(**named, votes=votes)
    yield (at := _later(at, dice)), routed(**named, overlap=2)
    if people:
        for annotator in dice.sample(("ann", "bob", "cyd", "dan", "eve"), 2):
            verdict = dice.choice((Verdict.A_BETTER, Verdict.A_BETTER, Verdict.TIE, Verdict.B_BETTER))
            about = {key: value for key, value in named.items() if key != "slice"} | {"verdict": verdict}
            yield at, factories.a_label_submitted(**about, annotator=annotator)
    yield (at := _later(at, dice)), factories.a_label_resolved(**named)
    resolution_id = derived_id("test", "LabelResolved", pair_id)
    yield _later(at, dice), factories.a_pair_validated(**named, resolution_id=resolution_id)


def _later(at: float, dice: random.Random) -> float:
    return at + dice.expovariate(1 / STAGE_LAG_S)


def records_of(n_pairs: int, *, by_topic: bool) -> list[LogRecord]:
    """Return the records of these pairs in order of arrival."""
    dice = random.Random(7)
    told = [one for number in range(n_pairs) for one in chain(number, dice)]
    told.sort(key=lambda one: one[0])
    records = [
        factories.a_record(event, offset=offset, timestamp_ms=factories.NOON_MS + round(at * 1000))
        for offset, (at, event) in enumerate(told)
    ]
    return sorted(records, key=lambda record: record.topic) if by_topic else records


def cpu_s(backend: int) -> tuple[float, float]:
    """Return the seconds of processor time used by this process and by the server (0 when it is far away)."""
    try:
        used = Path(f"/proc/{backend}/stat").read_text().rsplit(")", 1)[1].split()[11:13]
    except OSError:
        used = ["0"]
    return time.process_time(), sum(map(int, used)) / os.sysconf("SC_CLK_TCK")


async def sink_s(
    connection: asyncpg.Connection, batches: Sequence[Sequence[LogRecord]], *, sealing: bool
) -> float:
    """Return how long the sink takes."""
    keys = Keys() if sealing else None
    start = time.perf_counter()
    for batch in batches:
        async with connection.transaction():
            await project(connection, batch, keys)
        if keys is not None:
            keys.keep()
    return time.perf_counter() - start


class Recorder:
    """A connection that keeps what the sink says to it, to be said again without the sink."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection
        self.said: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []

    async def copy_to_table(self, table: str, *, source: AsyncIterator[bytes], **options: Any) -> None:
        """Pass a COPY on, in one piece."""
        payload = b"".join([chunk async for chunk in source])
        self.said.append(("copy_to_table", (table,), {"source": payload, **options}))
        await self._connection.copy_to_table(table, source=BytesIO(payload), **options)

    async def execute(self, *arguments: Any) -> str:
        """Pass a statement on."""
        self.said.append(("execute", arguments, {}))
        return await self._connection.execute(*arguments)

    async def fetch(self, *arguments: Any) -> list[asyncpg.Record]:
        """Pass a query on."""
        self.said.append(("fetch", arguments, {}))
        return await self._connection.fetch(*arguments)

    async def fetchval(self, *arguments: Any) -> Any:
        """Pass a query for one value on."""
        self.said.append(("fetchval", arguments, {}))
        return await self._connection.fetchval(*arguments)

    def transaction(self) -> Any:
        """Begin a transaction or a savepoint."""
        return self._connection.transaction()


async def recorded(
    connection: asyncpg.Connection, batches: Sequence[Sequence[LogRecord]]
) -> list[list[tuple[str, tuple[Any, ...], dict[str, Any]]]]:
    """Return what the sink says to the server for each batch."""
    told, keys = [], Keys()
    await connection.execute(f"truncate {TABLES}")
    for batch in batches:
        recorder = Recorder(connection)
        async with connection.transaction():
            await project(recorder, batch, keys)  # type: ignore[arg-type]  # it is used as a connection is
        keys.keep()
        told.append(recorder.said)
    return told


async def bare_s(
    connection: asyncpg.Connection, told: Sequence[Sequence[tuple[str, tuple[Any, ...], dict[str, Any]]]]
) -> float:
    """Return how long the server takes for the same COPYs and upserts, said without the sink."""
    start = time.perf_counter()
    for batch in told:
        async with connection.transaction():
            for name, arguments, options in batch:
                source = {"source": BytesIO(options["source"])} if options else {}
                await getattr(connection, name)(*arguments, **options | source)
    return time.perf_counter() - start


async def archive_s(connection: asyncpg.Connection, batches: Sequence[Sequence[tuple[object, ...]]]) -> float:
    """Return how long COPY to a temporary table and an upsert of the archive's rows alone take."""
    start = time.perf_counter()
    for rows in batches:
        async with connection.transaction():
            await connection.copy_records_to_table("arrivals", records=rows, columns=ARCHIVE_COLUMNS)
            await connection.execute(_BARE)
    return time.perf_counter() - start


def bare_row(record: LogRecord) -> tuple[object, ...]:
    """Return the record as a row of the archive."""
    entry = entry_of(record)
    event = entry.event
    assert event is not None
    return (
        event.event_id,
        record.topic,
        record.partition,
        record.offset,
        instant_of(record),
        event.occurred_at,
        event.type,
        event.subject,
        record.key,
        record.value,
        packed(record.headers),
        None,
    )


async def measure(connection: asyncpg.Connection, *, n_pairs: int, batch: int, repeats: int) -> float:
    """Print the rates of both orders of arrival and return the ratio of the live one."""
    backend = await connection.fetchval("select pg_backend_pid()")
    ratios = {}
    for by_topic in (False, True):
        records = records_of(n_pairs, by_topic=by_topic)
        batches = [records[start : start + batch] for start in range(0, len(records), batch)]
        rates: dict[str, list[float]] = {"bare": [], "archive alone": [], "sink": [], "unsealed": []}
        costs: dict[str, list[tuple[float, float]]] = {name: [] for name in rates}
        made = [[bare_row(record) for record in some] for some in batches]
        told = await recorded(connection, batches)
        runs = (
            ("bare", partial(bare_s, connection, told)),
            ("archive alone", partial(archive_s, connection, made)),
            ("sink", partial(sink_s, connection, batches, sealing=True)),
            ("unsealed", partial(sink_s, connection, batches, sealing=False)),
        )
        spare_the_collector()  # as the process does
        for _ in range(repeats):
            for name, run in runs:
                await connection.execute(f"truncate {TABLES}")
                await connection.execute("checkpoint")
                before = cpu_s(backend)
                rates[name].append(len(records) / await run())
                client, server = (
                    1e6 * (b - a) / len(records) for a, b in zip(before, cpu_s(backend), strict=True)
                )
                costs[name].append((client, server))
        arrival = "by topic" if by_topic else "live"
        ratio = {name: median(some) / median(rates["bare"]) for name, some in rates.items()}
        ratios[arrival] = ratio["sink"]
        n_bytes = sum(len(record.value or b"") for record in records) // len(records)
        print(
            f"{arrival}: {len(records)} records of {n_pairs} pairs, {n_bytes} B a value, batches of {batch}"
        )
        for name, some in rates.items():
            client, server = (median(one) for one in zip(*costs[name], strict=True))
            print(
                f"  {name:13} {median(some):8.0f} rows/s  ({min(some):.0f} to {max(some):.0f}); "
                f"CPU a row: client {client:.1f} us, server {server:.1f} us; ratio {ratio[name]:.2f}"
            )
    start = time.perf_counter()
    await refresh(connection, [f"slice-{number}" for number in range(6)], factories.NOON)
    print(f"refresh of 6 slices: {1000 * (time.perf_counter() - start):.1f} ms")
    return ratios["live"]


async def run(dsn: str, **size: int) -> float:
    """Measure in a database of our own and drop it again."""
    server = await asyncpg.connect(dsn)
    await server.execute(f"drop database if exists {SCRATCH}")
    await server.execute(f"create database {SCRATCH}")
    connection = await asyncpg.connect(urlunsplit(urlsplit(dsn)._replace(path=f"/{SCRATCH}")))
    try:
        await upgrade(connection)
        await connection.execute(
            "create table archive_bare (like archive including all);"
            "create temp table arrivals (like archive) on commit delete rows"
        )
        return await measure(connection, **size)
    finally:
        await connection.close()
        await server.execute(f"drop database {SCRATCH}")
        await server.close()


def main() -> None:
    """Read the options and run."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument(
        "--dsn", default="", help="a server on which a scratch database may be made; else our own"
    )
    options.add_argument("--pairs", type=int, default=8000)
    options.add_argument("--batch", type=int, default=2000)
    options.add_argument("--repeats", type=int, default=5)
    chosen = options.parse_args()
    size = {"n_pairs": chosen.pairs, "batch": chosen.batch, "repeats": chosen.repeats}
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner, TemporaryDirectory() as folder:
        server = LocalPostgres(Path(folder) / "postgres")
        try:
            runner.run(run(chosen.dsn or server.start(), **size))
        finally:
            server.stop()


if __name__ == "__main__":
    main()
