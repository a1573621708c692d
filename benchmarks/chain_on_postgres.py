"""The whole chain on the Postgres log: latency at a steady rate, and how fast a burst drains.

    .venv/bin/python benchmarks/chain_on_postgres.py [--rate 2000] [--seconds 20] [--burst 20000]

Ready-made pairs of about a kilobyte, a recorded judge, a policy that accepts: each pair is proposed,
judged, routed, resolved and validated by the three processes of `prefstream up`, and the sink writes all
five events. Latency is from the instant the pair was due to the commit of the transaction that made its
row validated, read from the server's own commit times. The baseline is the append alone: the same records
into the same log.
"""

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import asyncpg

from prefstream.adapters.local.postgres import LocalPostgres
from prefstream.adapters.postgres.log import PostgresLog
from prefstream.adapters.postgres.verdicts import RecordedVerdicts
from prefstream.adapters.settings import Settings
from prefstream.agents.tasks import record_of
from prefstream.schemas.ids import derived_id
from prefstream.schemas.pairs import PairProposed
from prefstream.schemas.policies import Policy, SlicePolicy
from prefstream.schemas.records import OutRecord
from prefstream.schemas.values import Message, Provenance, Response, Verdict, Vote
from prefstream.streams.machine import Machine, prepare
from prefstream.streams.status import drained
from prefstream.streams.supervisor import Supervisor

SLICES = [f"slice-{number}" for number in range(5)]
POLICY = Policy(name="accept-all", slices={name: SlicePolicy(threshold=0.0) for name in SLICES})
JUDGE = "bench"
TICK_S = 0.01
#: Words of no account, so that a response is as long as responses are.
FILLER = (
    "The tide turns twice a day, for the moon pulls at the water of every sea. Where a coast is steep the "
    "rise is small; in a narrow bay it can lift boats higher than houses. Fishermen once kept tables by "
    "memory, harbour towns rang bells, and sailors waited for hours to cross a bar of sand. Nowadays gauges "
    "report each minute, yet storms still surprise people who live near low ground."
)


def pair(run: str, number: int, now: datetime) -> OutRecord:
    """Return one pair of about a kilobyte."""
    pair_id = f"{run}-{number}"
    filler = FILLER
    event = PairProposed(
        event_id=derived_id("bench", pair_id),
        occurred_at=now,
        source="bench",
        subject=pair_id,
        correlation_id=pair_id,
        pair_id=pair_id,
        prompt_id=pair_id,
        messages=(Message(role="user", content=f"Question {pair_id}?"),),
        response_a=Response(text=f"A {pair_id} {filler}", model="a"),
        response_b=Response(text=f"B {pair_id} {filler}", model="b"),
        strategy="ready_made",
        group_id=pair_id,
        slice=SLICES[number % len(SLICES)],
    )
    return record_of(event)


async def record_verdicts(pool: asyncpg.Pool, run: str, count: int) -> None:
    """Let the recorded judge know every pair."""
    store = RecordedVerdicts(pool)
    vote = Vote(
        judge=JUDGE,
        provenance=Provenance.RECORDED,
        order="ab",
        variant="plain",
        raw="A",
        verdict=Verdict.A_BETTER,
    )
    for start in range(0, count, 2000):
        numbers = range(start, min(start + 2000, count))
        await store.put_all({(JUDGE, f"{run}-{number}"): (vote,) for number in numbers})


async def steadily(log: PostgresLog, run: str, rate: int, seconds: float) -> dict[str, float]:
    """Append pairs when they are due, whatever the chain does; return when each was due."""
    writer = await log.writer()
    due: dict[str, float] = {}
    # Made ahead, so that the load costs the machine no more than it must.
    now = datetime.now(UTC)
    records = [pair(run, number, now) for number in range(int(rate * seconds) + rate)]
    start = time.time()
    sent = 0
    while (elapsed := time.time() - start) < seconds:
        upto = int(elapsed * rate)
        if upto > sent:
            await writer.append(records[sent:upto])
            due.update({f"{run}-{number}": start + number / rate for number in range(sent, upto)})
            sent = upto
        await asyncio.sleep(max(0.0, TICK_S - (time.time() - start - elapsed)))
    return due


async def validated_at(pool: asyncpg.Pool, run: str) -> dict[str, float]:
    """Return, by the server's commit times, when each pair's row last changed, all of them validated."""
    rows = await pool.fetch(
        "select pair_id, status, extract(epoch from pg_xact_commit_timestamp(xmin))::float8 as at"
        " from pairs where pair_id like $1",
        f"{run}-%",
    )
    wrong = [row["pair_id"] for row in rows if row["status"] != "validated"]
    assert not wrong, f"{len(wrong)} pairs are not validated"
    return {row["pair_id"]: row["at"] for row in rows}


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that this share of the values does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


async def measure(settings: Settings, arguments: argparse.Namespace, dsn: str) -> dict[str, object]:
    """Run steady and burst loads against a deployment that is up."""
    log = await PostgresLog.open(dsn, partitions=settings.partitions)
    results: dict[str, object] = {}
    for repeat in range(arguments.repeats):
        run = f"steady{repeat}"
        await record_verdicts(log.pool, run, int(arguments.rate * arguments.seconds) + arguments.rate)
        spent = cpu_s()
        due = await steadily(log, run, arguments.rate, arguments.seconds)
        await drained(settings, 120)
        cpu = cpu_us(spent, len(due))
        at = await validated_at(log.pool, run)
        late = [(at[name] - moment) * 1000 for name, moment in due.items()]
        results[run] = {
            "pairs_per_s": round(len(due) / arguments.seconds),
            "p50_ms": round(statistics.median(late), 1),
            "p99_ms": round(percentile(late, 0.99), 1),
            "max_ms": round(max(late), 1),
            "cpu_us_per_pair": cpu,
        }
        results[f"{run}_hops"] = await hops(log.pool, run)
        print(run, results[run], results[f"{run}_hops"], flush=True)
    for repeat in range(arguments.repeats):
        results[f"burst{repeat}"] = await burst(log, settings, f"burst{repeat}", arguments.burst)
        print(f"burst{repeat}", results[f"burst{repeat}"], flush=True)
    results["trimmed"] = await trimmed(log)
    await log.close()
    return results


async def hops(pool: asyncpg.Pool, run: str) -> dict[str, tuple[float, float]]:
    """Return the median milliseconds from the proposal to each later event, in the log and in its row."""
    rows = await pool.fetch(
        "select b.type, percentile_cont(0.5) within group ("
        "   order by extract(epoch from b.ts - a.ts) * 1000) as log_ms,"
        " percentile_cont(0.5) within group ("
        "   order by extract(epoch from pg_xact_commit_timestamp(b.xmin) - a.ts) * 1000) as row_ms"
        " from archive a join archive b on b.subject = a.subject"
        " where a.type = 'PairProposed' and a.subject like $1 group by b.type",
        f"{run}-%",
    )
    return {row["type"]: (round(row["log_ms"], 1), round(row["row_ms"], 1)) for row in rows}


async def burst(log: PostgresLog, settings: Settings, run: str, count: int) -> dict[str, object]:
    """Append everything at once and measure until the last pair is validated."""
    await record_verdicts(log.pool, run, count)
    now = datetime.now(UTC)
    records = [pair(run, number, now) for number in range(count)]
    writer = await log.writer()
    start, spent = time.time(), cpu_s()
    for chunk in range(0, count, 500):
        await writer.append(records[chunk : chunk + 500])
    appended = time.time()
    await drained(settings, 300)
    at = await validated_at(log.pool, run)
    assert len(at) == count
    return {
        "pairs": count,
        "append_alone_per_s": round(count / (appended - start)),
        "drained_pairs_per_s": round(count / (max(at.values()) - start)),
        "drained_events_per_s": round(5 * count / (max(at.values()) - start)),
        "cpu_us_per_pair": cpu_us(spent, count),
    }


def cpu_us(before: Mapping[str, float], count: int) -> dict[str, int]:
    """Return the CPU microseconds a pair that each process spent since."""
    return {name: round((after - before.get(name, 0.0)) / count * 1e6) for name, after in cpu_s().items()}


def cpu_s() -> dict[str, float]:
    """Return the CPU seconds spent so far by each process of the chain and by all of the database's."""
    spent: dict[str, float] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            fields = (folder / "stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        name = "postgres" if command.startswith("postgres: prefstream postgres ") else ""
        name = command.split(" run ")[1].strip() if "prefstream.cli run " in command else name
        if name:
            ticks = int(fields[11]) + int(fields[12])
            spent[name] = spent.get(name, 0.0) + ticks / os.sysconf("SC_CLK_TCK")
    return spent


async def trimmed(log: PostgresLog) -> dict[str, int]:
    """Return how many records the log was ever given, and how many it still holds."""
    row = await log.pool.fetchrow(
        "select (select sum(next_offset) from log_heads)::bigint as appended,"
        " (select count(*) from log_records) as held"
    )
    return dict(row) if row else {}


def main() -> None:
    """Start a database and the processes, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=int, default=2000)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--burst", type=int, default=20_000)
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--partitions", type=int, default=4)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="prefstream-bench-") as folder:
        server = LocalPostgres(Path(folder) / "postgres", settings={"track_commit_timestamp": "on"})
        dsn = server.start()
        environment = {
            "PREFSTREAM_POSTGRES__DSN": dsn,
            "PREFSTREAM_LOG": "postgres",
            "PREFSTREAM_JUDGE__PANEL": json.dumps([f"recorded:{JUDGE}"]),
            "PREFSTREAM_PARTITIONS": str(arguments.partitions),
            "PREFSTREAM_KEEP_S": "5",
        }
        os.environ.update(environment)
        settings = Settings(folder=Path(folder))
        with Machine(settings, tell=print) as machine:
            asyncio.run(prepare(machine.start(), settings, tell=print, policy=POLICY))
            supervisor = Supervisor(Path(folder), environment=environment)
            supervisor.start()
            try:
                supervisor.wait_ready()
                json.dump(asyncio.run(measure(settings, arguments, dsn)), sys.stdout, indent=1)
            finally:
                supervisor.stop()
                server.stop()


if __name__ == "__main__":
    main()
