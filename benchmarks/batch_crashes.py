"""A batch of many pairs, its process killed at every phase: nothing lost, nothing paid twice.

    .venv/bin/python benchmarks/batch_crashes.py [--pairs 10000]

Real processes: a PostgreSQL of our own, the stand-in of the vendor, and `prefstream run llm-worker` in
batch mode, which is killed with SIGKILL in each phase of one and the same batch and started again. The
stand-in counts what it was paid for; the log and the journal say what became of it.
"""

import argparse
import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg

from prefstream.adapters.local.postgres import LocalPostgres
from prefstream.adapters.postgres.log import PostgresLog
from prefstream.adapters.postgres.migrations import upgrade
from prefstream.agents.tasks import record_of
from prefstream.schemas.ids import derived_id
from prefstream.schemas.pairs import PairProposed
from prefstream.schemas.records import OutRecord
from prefstream.schemas.values import Message, Response

COMMAND = (sys.executable, "-m", "prefstream.cli")
PARTITIONS = 4
#: Seconds the stand-in waits before it makes a batch, and once more before it says so.
LATENCY_S = 2.0


def pair(number: int) -> OutRecord:
    """Return one pair of about a kilobyte."""
    pair_id = f"pair-{number:06}"
    filler = f"{number:08d} " * 40
    event = PairProposed(
        event_id=derived_id("bench", pair_id),
        occurred_at=datetime.now(UTC),
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
        slice="bench",
    )
    return record_of(event)


@dataclass
class Scene:
    """What runs, and what has been seen."""

    folder: Path
    dsn: str
    url: str
    pairs: int
    connection: asyncpg.Connection
    worker: subprocess.Popen[bytes] | None = None
    largest_mb: float = 0.0
    seen: list[str] = field(default_factory=list)

    @property
    def calls(self) -> int:
        """Return how many calls the pairs take: each is read in both orders."""
        return 2 * self.pairs

    def start(self) -> None:
        """Start the worker, in batch mode."""
        environment = dict(os.environ) | {
            "PREFSTREAM_FOLDER": str(self.folder / "data"),
            "PREFSTREAM_POSTGRES__DSN": self.dsn,
            "PREFSTREAM_PARTITIONS": str(PARTITIONS),
            "PREFSTREAM_JUDGE__PANEL": '["anthropic:bench"]',
            "PREFSTREAM_JUDGE__BATCH": "true",
            "PREFSTREAM_JUDGE__ANTHROPIC_API_KEY": "sk-bench",
            "PREFSTREAM_JUDGE__ANTHROPIC_BASE_URL": self.url,
            "PREFSTREAM_BATCH__SIZE": str(self.calls),
            "PREFSTREAM_BATCH__INTERVAL_S": "60",
            "PREFSTREAM_BATCH__POLL_S": "1",
            "PREFSTREAM_BATCH__DEADLINE_S": "30",
        }
        said = (self.folder / "worker.log").open("ab")
        self.worker = subprocess.Popen(
            [*COMMAND, "run", "llm-worker"], env=environment, stdout=said, stderr=said
        )

    def kill(self) -> None:
        """Kill the worker, whatever it is doing."""
        assert self.worker is not None
        self.worker.send_signal(signal.SIGKILL)
        self.worker.wait()

    def paid(self) -> dict[str, Any]:
        """Return what the stand-in counts."""
        with urllib.request.urlopen(f"{self.url}/_stand_in/counts", timeout=30) as answer:
            told: dict[str, Any] = json.load(answer)
        return told

    async def number(self, query: str) -> int:
        """Return one number from the database."""
        return int(await self.connection.fetchval(query) or 0)

    async def until(self, condition: Callable[[], Awaitable[bool]], *, deadline_s: float = 600.0) -> None:
        """Wait for a condition; a worker that ended by itself is started again."""
        end = time.monotonic() + deadline_s
        while not await condition():
            if time.monotonic() > end:
                raise TimeoutError(f"after {self.seen}; see {self.folder}/worker.log")
            if self.worker is not None and self.worker.poll() is not None:
                self.start()
            self._measure()
            await asyncio.sleep(0.005)

    def _measure(self) -> None:
        assert self.worker is not None
        try:
            pages = int(Path(f"/proc/{self.worker.pid}/statm").read_text().split()[1])
        except (OSError, IndexError):
            return
        self.largest_mb = max(self.largest_mb, pages * os.sysconf("SC_PAGE_SIZE") / 1e6)


async def queueing(scene: Scene) -> bool:
    """Tell whether some calls are queued and some are not."""
    return 0.2 < await scene.number("select count(*) from batch_calls") / scene.calls < 0.8


async def before_asking(scene: Scene) -> bool:
    """Tell whether the batch has its row and the vendor has not heard of it."""
    claimed = await scene.number("select count(*) from batches where state = 'creating'")
    return bool(claimed) and scene.paid()["batches"] == 0


async def before_noting(scene: Scene) -> bool:
    """Tell whether the vendor has the batch and has not said so yet."""
    return bool(scene.paid()["batches"]) and not await scene.number(
        "select count(*) from batches where vendor_id is not null"
    )


async def under_way(scene: Scene) -> bool:
    """Tell whether the vendor's id is known and no answer is."""
    known = await scene.number(
        "select count(*) from batches where vendor_id is not null and state = 'under_way'"
    )
    return bool(known) and not await scene.number("select count(*) from journal")


async def between_results(scene: Scene) -> bool:
    """Tell whether a part of the answers is in the journal."""
    return 0.2 < await scene.number("select count(*) from journal") / scene.calls < 0.8


async def all_are_in(scene: Scene) -> bool:
    """Tell whether all answers are in the journal."""
    return await scene.number("select count(*) from journal") == scene.calls


async def while_used(scene: Scene) -> bool:
    """Tell whether a part of the pairs is judged."""
    judged = "select count(*) from log_records where topic = 'pairs.judged.v1'"
    return 0.2 < await scene.number(judged) / scene.pairs < 0.8


PHASES: tuple[Callable[[Scene], Awaitable[bool]], ...] = (
    queueing,
    before_asking,
    before_noting,
    under_way,
    between_results,
    all_are_in,
    while_used,
)


async def crashed(scene: Scene) -> None:
    """Kill the worker once in every phase, in the order in which they come."""
    for phase in PHASES:
        began = time.monotonic()
        await scene.until(lambda phase=phase: phase(scene))  # type: ignore[misc]
        scene.kill()
        scene.seen.append(phase.__name__)
        journal = await scene.number("select count(*) from journal")
        after = f"after {time.monotonic() - began:6.1f} s, {journal} answers in the journal"
        sys.stdout.write(f"killed {phase.__name__:<16} {after}\n")
        sys.stdout.flush()
        scene.start()


async def finished(scene: Scene) -> None:
    """Wait until every pair is judged."""
    judged = "select count(distinct key) from log_records where topic = 'pairs.judged.v1'"

    async def done() -> bool:
        await asyncio.sleep(0.5)
        return await scene.number(judged) == scene.pairs

    await scene.until(done, deadline_s=600.0)


async def told(scene: Scene) -> dict[str, Any]:
    """Return what became of everything."""
    rows = await scene.connection.fetch("select value from log_records where topic = 'pairs.judged.v1'")
    events = [json.loads(row["value"]) for row in rows]
    first = {event["event_id"]: event for event in events}
    paid = scene.paid()
    return {
        "pairs": scene.pairs,
        "calls": scene.calls,
        "journalled": await scene.number("select count(*) from journal where batched"),
        "paid": paid["paid"],
        "paid_more_than_once": paid["paid_more_than_once"],
        "batches_at_the_vendor": paid["batches"],
        "batches_of_ours": {
            row["state"]: row["n"]
            for row in await scene.connection.fetch("select state, count(*) as n from batches group by state")
        },
        "judged_pairs": len({event["pair_id"] for event in first.values()}),
        "judged_events_said_again": len(events) - len(first),
        "votes_per_pair": dict(Counter(len(event["votes"]) for event in first.values())),
        "provenance": dict(Counter(event["provenance"] for event in first.values())),
        "dead_letters": await scene.number(
            "select count(*) from log_records where topic = 'dead-letters.v1'"
        ),
        "worker_mb": round(scene.largest_mb),
    }


def stood_in() -> tuple[subprocess.Popen[str], str]:
    """Start the stand-in and return it with its address."""
    options = ("--latency-ms", str(LATENCY_S * 1000), "--batch-seconds", "15", "--json")
    child = subprocess.Popen([*COMMAND, "dev", "llm-server", *options], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    return child, json.loads(child.stdout.readline())["url"]


async def measured(folder: Path, dsn: str, pairs: int, url: str) -> dict[str, Any]:
    """Run it all and return what became of it."""
    connection = await asyncpg.connect(dsn)
    await upgrade(connection)
    log = await PostgresLog.open(dsn, partitions=PARTITIONS)
    await log.ensure_topics(partitions=PARTITIONS, replication=1)
    writer = await log.writer()
    for start in range(0, pairs, 1000):
        await writer.append([pair(number) for number in range(start, min(start + 1000, pairs))])
    await log.close()
    scene = Scene(folder=folder, dsn=dsn, url=url, pairs=pairs, connection=connection)
    began = time.monotonic()
    scene.start()
    try:
        await crashed(scene)
        await finished(scene)
        return await told(scene) | {"seconds": round(time.monotonic() - began), "killed": scene.seen}
    finally:
        scene.kill()
        await connection.close()


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pairs", type=int, default=10_000)
    parser.add_argument("--folder", type=Path, help="where to keep what the worker said")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = given.folder or Path(made)
        server = LocalPostgres(folder / "postgres")
        child, url = stood_in()
        try:
            result = asyncio.run(measured(folder, server.start(), given.pairs, url))
        finally:
            child.terminate()
            child.wait()
            server.stop()
    sys.stdout.write(json.dumps(result, indent=2) + "\n")
    good = result["journalled"] == result["paid"] == result["calls"] and not result["paid_more_than_once"]
    sys.exit(0 if good and result["judged_pairs"] == result["pairs"] and not result["dead_letters"] else 1)


if __name__ == "__main__":
    main()
