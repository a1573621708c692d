"""Ten million labels over 200 slices through the real sink, and the live page on what it leaves.

    .venv/bin/python benchmarks/ten_million.py                          # 10,000,000 labels
    .venv/bin/python benchmarks/ten_million.py --labels 1000000 --folder /tmp/million
    .venv/bin/python benchmarks/ten_million.py --folder /tmp/million    # goes on where it stopped

Days of work are told at once: eight hours a day, 25 slices at a time, 700 labels a minute from three people
of the slice's seven on each pair, some minutes apart; ten million labels are thirty days. Records are the
bytes that a log would hold; the sinks decode, write and refresh figures as in production, so the rate has all
of that in it. It prints rate and memory as it goes, then sizes of tables and the queries of the live page.
"""

import argparse
import asyncio
import resource
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parents[1]))

import asyncpg
import uvloop
from benchmarks.live_page import measure as measure_page

from prefstream.adapters.local.postgres import LocalPostgres
from prefstream.adapters.postgres.connection import connect, pool_of
from prefstream.adapters.postgres.migrations import upgrade
from prefstream.schemas.records import LogRecord, OutRecord
from prefstream.schemas.topics import LABELS_SUBMITTED, PAIRS_PROPOSED
from prefstream.streams.collector import spare_the_collector
from prefstream.streams.intake import Position
from prefstream.streams.sink import Claims, Sink

SLICES, AT_A_TIME, TEAM, PEOPLE_A_PAIR = 200, 25, 7, 3
LABELS_A_MINUTE, HOURS_A_DAY = 700, 8
BEGIN = datetime(2026, 1, 30, 8, tzinfo=UTC)
#: Pairs between two labels of the same pair; a multiple of the sinks, so that they are of one partition.
LAG = 300
#: Pairs of a batch; each brings one proposal and three labels.
PAIRS_A_BATCH = 500
#: Sinks side by side, each with its partition of both topics; while one waits for the server, another reads.
SINKS = 2
TOPICS = (PAIRS_PROPOSED.name, LABELS_SUBMITTED.name)
TABLES = (
    "archive, labels, pairs, tasks, agreement_cells, agreement_rollups, measure_buckets, measure_rollups, "
    "funnel_buckets, slice_metrics, live_states"
)
#: Odd, so that multiples of it by 1, 2, 3 ... are different 128-bit numbers in no order.
_SPREAD, _WHOLE = 0x9E3779B97F4A7C15F39CC0605CEDC835, (1 << 128) - 1
_SAID = ("A>>", "A>", "=", "B>", "B>>")
_PAIR = (
    '{"event_id":"%s","type":"PairProposed","schema_version":1,"occurred_at":"%s","source":"benchmark",'
    '"subject":"%s","causation_id":null,"correlation_id":"%s","stage_version":"1","pair_id":"%s",'
    '"prompt_id":"%s","messages":[{"role":"user","content":"Explain how tides come about."}],'
    '"response_a":{"text":"The moon pulls on the water, and on the far side it lags behind.",'
    '"model":"model-1","parameters":{"temperature":0.7},"provenance":"simulated"},'
    '"response_b":{"text":"The wind does it.","model":"model-2","parameters":{"temperature":0.7},'
    '"provenance":"simulated"},"other_messages":[],"strategy":"ready_made","group_id":"%s","slice":"%s",'
    '"stakes":"low","tags":[],"stratum_weight":1.0,"missing_generators":[],"decided_by_people":false,'
    '"provenance":"simulated"}'
)
_LABEL = (
    '{"event_id":"%s","type":"LabelSubmitted","schema_version":1,"occurred_at":"%s","source":"benchmark",'
    '"subject":"%s","causation_id":null,"correlation_id":"%s","stage_version":"1","pair_id":"%s",'
    '"annotator":"%s","verdict":"%s","blind_verdict":null,"dimensions":{},"rationale":"It says why.",'
    '"clauses":["helpful-1"],"seconds":12.5,"sides":"%s","task_id":null,"round":"annotate","quotes":[],'
    '"needs_specialist":false,"error_category":null,"refinement":null,"provenance":"simulated"}'
)


@dataclass(slots=True)
class Told:
    """Hands out the records of a long time; the intake of a sink."""

    pairs: int
    #: The partition, which has every pair whose number leaves this rest.
    share: int
    #: How many of its pairs were proposed.
    at: int = 0
    began_at: int = 0
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    began_s: float = field(default_factory=time.perf_counter)
    told_s: float = 0.0

    @property
    def whole(self) -> int:
        """Return how many pairs there are in the partition."""
        return len(range(self.share, self.pairs, SINKS))

    async def poll(self) -> Sequence[LogRecord]:
        """Return the next batch."""
        if self.at >= self.whole:
            self.stop.set()
            return ()
        first, self.at = self.at, min(self.whole, self.at + PAIRS_A_BATCH)
        steps = range(first * SINKS + self.share, self.at * SINKS, SINKS)
        return [record for step in steps for record in records_of(step)]

    async def commit(self, positions: Mapping[Position, int]) -> None:
        """Say how far it is, now and then."""
        now_s = time.perf_counter()
        if positions and not self.share and now_s - self.told_s > 10.0:
            self.told_s = now_s
            a_pair = PEOPLE_A_PAIR * SINKS
            rate = (self.at - self.began_at) * a_pair / (now_s - self.began_s)
            print(
                f"{self.at * a_pair:>12,} labels  {rate:8,.0f} labels/s  sinks {resident_mb():.0f} MB",
                file=sys.stderr,
                flush=True,
            )

    async def close(self) -> None:
        """Nothing to leave."""


class Nowhere:
    """Takes the events that tell of figures, and counts them."""

    def __init__(self) -> None:
        self.events = 0

    async def append(self, records: Sequence[OutRecord]) -> None:
        """Count them."""
        self.events += len(records)

    async def close(self) -> None:
        """Nothing to leave."""


def records_of(step: int) -> Iterator[LogRecord]:
    """Yield the records of a step: a pair proposed, and one label of each of three pairs."""
    moment = moment_of(step)
    yield proposal(step, moment, slice_of(step))
    for place in range(PEOPLE_A_PAIR):
        pair = step - place * LAG
        if pair >= 0:
            yield label(step, place, pair, moment, slice_of(pair))


def moment_of(step: int) -> datetime:
    """Return when a step happens: within the working hours."""
    worked_ms = step * PEOPLE_A_PAIR * 60_000 // LABELS_A_MINUTE
    day, within_ms = divmod(worked_ms, HOURS_A_DAY * 3_600_000)
    return BEGIN + timedelta(days=day, milliseconds=within_ms)


def slice_of(pair: int) -> str:
    """Return the slice of a pair: every hour of the day has its own slices."""
    hour = pair * PEOPLE_A_PAIR // (60 * LABELS_A_MINUTE) % HOURS_A_DAY
    return f"slice-{hour * AT_A_TIME + pair % AT_A_TIME:03}"


def proposal(pair: int, moment: datetime, slice_name: str) -> LogRecord:
    """Return the record of a proposal."""
    name, prompt = f"pair-{pair:09}", f"prompt-{pair:09}"
    said = _PAIR % (_id(2 * pair), _instant(moment), name, name, name, prompt, prompt, slice_name)
    return _record(TOPICS[0], pair, pair // SINKS, moment, name, said)


def label(step: int, place: int, pair: int, moment: datetime, slice_name: str) -> LogRecord:
    """Return the record of a label: four of five say what is right of the pair."""
    number, name = step * PEOPLE_A_PAIR + place, f"pair-{pair:09}"
    dice = number * _SPREAD >> 40
    said = pair * 7 % 5 if dice % 5 else dice // 5 % 5
    who = f"{slice_name}-{(pair * 5 + place * 2) % TEAM}"
    sides = "ab" if dice & 1 else "ba"
    text = _LABEL % (_id(2 * number + 1), _instant(moment), name, name, name, who, _SAID[said], sides)
    return _record(TOPICS[1], pair, step // SINKS * PEOPLE_A_PAIR + place, moment, name, text)


def _record(topic: str, pair: int, offset: int, moment: datetime, key: str, value: str) -> LogRecord:
    return LogRecord(
        topic=topic,
        partition=pair % SINKS,
        offset=offset,
        timestamp_ms=round(moment.timestamp() * 1000),
        key=key.encode(),
        value=value.encode(),
        headers=(("content-type", b"application/json"),),
    )


def _id(number: int) -> str:
    digits = f"{(number + 1) * _SPREAD & _WHOLE:032x}"
    return f"{digits[:8]}-{digits[8:12]}-5{digits[13:16]}-8{digits[17:20]}-{digits[20:]}"


def _instant(moment: datetime) -> str:
    return moment.isoformat().removesuffix("+00:00") + "Z"


def resident_mb() -> float:
    """Return the memory of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


async def filled(dsn: str, labels: int) -> None:
    """Tell the sink what it has not been told yet."""
    pairs = labels // PEOPLE_A_PAIR
    connection = await connect(dsn)
    await upgrade(connection)
    await connection.close()
    async with pool_of(dsn, size=3 * SINKS) as pool:
        writer, sinks, intakes = Nowhere(), list[Sink](), list[Told]()
        for share in range(SINKS):
            claims = Claims(pool)
            standing = await claims.claim([(topic, share) for topic in TOPICS])
            done = standing[TOPICS[0], share]
            intakes.append(Told(pairs, share, at=done, began_at=done))
            sinks.append(Sink(pool=pool, claims=claims, intake=intakes[-1], writer=writer))
        spare_the_collector()  # as the process does
        began_s, cpu_s = time.perf_counter(), time.process_time()
        await asyncio.gather(*(sink.run(told.stop) for sink, told in zip(sinks, intakes, strict=True)))
        took_s, cpu_s = time.perf_counter() - began_s, time.process_time() - cpu_s
    new = sum(told.at - told.began_at for told in intakes) * PEOPLE_A_PAIR
    received = sum(sink.tally.received for sink in sinks)
    if new:
        print(
            f"{new:,} labels of {new // PEOPLE_A_PAIR:,} pairs in {took_s:.0f} s: {new / took_s:,.0f} "
            f"labels/s, {received / took_s:,.0f} records/s; CPU of {SINKS} sinks "
            f"{1e6 * cpu_s / received:.0f} us a record; {writer.events:,} events of figures; memory at most "
            f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB"
        )


async def told_sizes(connection: asyncpg.Connection) -> None:
    """Print how large the tables are."""
    print(f"{'table':<20} {'rows':>14} {'MB':>9} {'with indexes':>13}")
    for table in TABLES.split(", "):
        rows = await connection.fetchval(
            "select sum(reltuples)::bigint from pg_class c where c.relkind = 'r' and (c.oid = $1::regclass "
            "or c.oid in (select inhrelid from pg_inherits where inhparent = $1::regclass))",
            table,
        )
        sizes = await connection.fetchrow(
            "select sum(pg_table_size(relid)) as own, sum(pg_total_relation_size(relid)) as whole "
            "from unnest($1::regclass || array(select inhrelid from pg_inherits where inhparent = $1)) "
            "as t (relid)",
            table,
        )
        assert sizes is not None
        print(f"{table:<20} {rows:>14,} {sizes['own'] / 2**20:>9,.0f} {sizes['whole'] / 2**20:>13,.0f}")
    whole = await connection.fetchval("select pg_database_size(current_database())")
    print(f"database: {whole / 2**30:.1f} GB")


async def run(dsn: str, labels: int, rounds: int) -> None:
    """Fill, say sizes, ask the page."""
    await filled(dsn, labels)
    connection = await connect(dsn)
    began_s = time.perf_counter()
    await connection.execute("vacuum analyze")
    print(f"vacuum analyze: {time.perf_counter() - began_s:.0f} s", file=sys.stderr)
    await told_sizes(connection)
    await connection.close()
    async with pool_of(dsn, size=3) as pool:
        await measure_page(pool, rounds)


def main() -> None:
    """Read the options and run."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--labels", type=int, default=10_000_000)
    options.add_argument("--folder", default="", help="of the database, which is kept; else a folder for now")
    options.add_argument("--rounds", type=int, default=40, help="how often each query is asked")
    chosen = options.parse_args()
    kept = nullcontext(chosen.folder) if chosen.folder else TemporaryDirectory()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner, kept as folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        server = LocalPostgres(Path(folder) / "postgres")
        try:
            runner.run(run(server.start(), chosen.labels, chosen.rounds))
        finally:
            server.stop()


if __name__ == "__main__":
    main()
