"""From a label in the log to the number in an open client: how long it takes at a steady rate.

    .venv/bin/python benchmarks/label_to_page.py                      # 1,000 labels/s, 20 slices, 20 s
    .venv/bin/python benchmarks/label_to_page.py --rate 200 --clients 50

A PostgreSQL, the sink and a console (processes of their own) share this machine with what submits labels
and with the clients. A label counts as seen when its slice's count of labels, as server-sent events tell it,
has reached it. What comes before the log is not in it: the console holds a label for as long as it may be
taken back.
"""

import argparse
import asyncio
import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import httpx2
from tests import factories as make

from prefstream.adapters.live_stream import told_by
from prefstream.adapters.local.ports import any_free
from prefstream.adapters.local.postgres import LocalPostgres
from prefstream.adapters.log import LogWriter
from prefstream.adapters.postgres.connection import connect, pool_of
from prefstream.adapters.postgres.console import people, tokens
from prefstream.adapters.postgres.log import PostgresLog
from prefstream.adapters.postgres.migrations import upgrade
from prefstream.agents.tasks import record_of
from prefstream.console.credentials import TOKEN_PREFIX, hash_of
from prefstream.domain.people import Role
from prefstream.schemas.codec import decode
from prefstream.schemas.envelope import Event
from prefstream.schemas.ids import derived_id
from prefstream.schemas.metrics import MetricsUpdated

_PREFSTREAM = (sys.executable, "-m", "prefstream.cli")
_PARTITIONS = 4
_TICK_S = 0.02
#: Seconds at the beginning that the figures leave out: processes that have just started are slow once.
_WARM_UP_S = 3.0
_PATIENCE_S = 60.0


@dataclass(slots=True)
class Seen:
    """When labels were submitted, and how long each took to be seen."""

    submitted_s: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    seen: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    took_s: list[float] = field(default_factory=list)
    #: Those of labels that came after the processes had warmed up.
    warm_s: list[float] = field(default_factory=list)
    warm_from_s: float = 0.0

    def take(self, event: MetricsUpdated) -> None:
        """Take in a slice's count."""
        count = next((int(m.value or 0) for m in event.measurements if m.statistic == "funnel:labels"), 0)
        now_s = time.monotonic()
        due = self.submitted_s[event.slice][self.seen[event.slice] : count]
        self.took_s += [now_s - one for one in due]
        self.warm_s += [now_s - one for one in due if one >= self.warm_from_s]
        self.seen[event.slice] = max(count, self.seen[event.slice])

    def quantile(self, share: float) -> float:
        """Return a quantile of the times, in seconds."""
        return sorted(self.warm_s)[min(len(self.warm_s) - 1, int(share * len(self.warm_s)))]


def main() -> None:
    """Run it and print the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rate", type=int, default=1000, help="labels a second")
    parser.add_argument("--slices", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--clients", type=int, default=1)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(measured(Path(folder), chosen))
    print(json.dumps(found))


async def measured(folder: Path, chosen: argparse.Namespace) -> Mapping[str, float]:
    """Submit labels and watch them come."""
    postgres, seen = LocalPostgres(folder / "postgres"), [Seen() for _ in range(chosen.clients)]
    dsn = postgres.start()
    try:
        token = await _prepared(dsn)
        async with _processes(folder, dsn) as base_url:
            log = await PostgresLog.open(dsn, partitions=_PARTITIONS)
            writer = await log.writer()
            watching = [asyncio.create_task(_watch(base_url, token, one)) for one in seen]
            try:
                submitted = await _submit(writer, seen, chosen)
                await _all_seen(seen, submitted)
            finally:
                for task in watching:
                    task.cancel()
                await asyncio.gather(*watching, return_exceptions=True)
                await log.close()
    finally:
        postgres.stop()
    first = seen[0]
    worst = max(one.quantile(0.99) for one in seen)
    return {
        "labels": submitted,
        "labels_per_s": round(submitted / (_WARM_UP_S + chosen.seconds)),
        "clients": chosen.clients,
        "p50_s": round(first.quantile(0.5), 3),
        "p95_s": round(first.quantile(0.95), 3),
        "p99_s": round(first.quantile(0.99), 3),
        "p99_of_the_slowest_client_s": round(worst, 3),
        "most_s": round(max(first.warm_s), 3),
        "most_while_warming_up_s": round(max(first.took_s), 3),
    }


async def _submit(writer: LogWriter, seen: list[Seen], chosen: argparse.Namespace) -> int:
    """Submit labels at the rate, two people on each pair, and note when."""
    began_s, done, total = time.monotonic(), 0, int(chosen.rate * (_WARM_UP_S + chosen.seconds))
    for one in seen:
        one.warm_from_s = began_s + _WARM_UP_S
    while done < total:
        due = min(total, int((time.monotonic() - began_s) * chosen.rate) + 1)
        events: list[Event] = []
        now_s = time.monotonic()
        for number in range(done, due):
            pair = number // 2
            name = f"slice-{pair % chosen.slices:03}"
            events += [_pair(pair, name)] if number % 2 == 0 else []
            events.append(_label(number, pair, name))
            for one in seen:
                one.submitted_s[name].append(now_s)
        await writer.append([record_of(event) for event in events])
        done = due
        await asyncio.sleep(_TICK_S)
    return done


def _pair(pair: int, name: str) -> Event:
    return make.a_pair_proposed(
        pair_id=f"pair-{pair}", slice=name, occurred_at=datetime.now(UTC), event_id=derived_id("p", str(pair))
    )


def _label(number: int, pair: int, name: str) -> Event:
    return make.a_label_submitted(
        pair_id=f"pair-{pair}",
        slice=name,
        annotator=f"ann-{number % 2}",
        occurred_at=datetime.now(UTC),
        event_id=derived_id("l", str(number)),
    )


async def _watch(base_url: str, token: str, seen: Seen) -> None:
    wishes = {"window": ["all"], "statistic": ["funnel:labels"]}
    async for told in told_by(base_url, token, wishes):
        event = decode(told.data)
        if isinstance(event, MetricsUpdated):
            seen.take(event)


async def _all_seen(seen: list[Seen], count: int) -> None:
    async with asyncio.timeout(_PATIENCE_S):
        while any(len(one.took_s) < count for one in seen):
            await asyncio.sleep(_TICK_S)


async def _prepared(dsn: str) -> str:
    """Prepare the database and return the token of somebody who may read."""
    connection = await connect(dsn)
    await upgrade(connection)
    await connection.close()
    log = await PostgresLog.open(dsn, partitions=_PARTITIONS)
    await log.ensure_topics(partitions=_PARTITIONS, replication=1)
    await log.close()
    token = TOKEN_PREFIX + secrets.token_urlsafe(32)
    async with pool_of(dsn) as pool, pool.acquire() as lent, lent.transaction():
        await people.add(lent, people.NewPerson(person_id="watcher", name="w", role=Role.VIEWER))
        await tokens.issue(
            lent,
            token_hash=hash_of(token),
            token_id=secrets.token_hex(8),
            person_id="watcher",
            name="benchmark",
            expires_at=None,
        )
    return token


@asynccontextmanager
async def _processes(folder: Path, dsn: str) -> AsyncIterator[str]:
    """Run the sink and a console for as long as the block lasts; give the console's address."""
    port = any_free()
    settings = {
        "FOLDER": str(folder),
        "POSTGRES__DSN": dsn,
        "LOG": "postgres",
        "PARTITIONS": str(_PARTITIONS),
        "LOG_LEVEL": "warning",
        "CONSOLE__PORT": str(port),
        "CONSOLE__SECRET_KEY": "the key of a benchmark",
        "CONSOLE__REQUESTS_PER_MIN": "10000000",
    }
    bare = {name: value for name, value in os.environ.items() if not name.startswith("PREFSTREAM_")}
    environment = bare | {f"PREFSTREAM_{name}": value for name, value in settings.items()}
    with (folder / "processes.log").open("wb") as out:
        running = [
            subprocess.Popen([*_PREFSTREAM, "run", name], env=environment, stdout=out, stderr=out)
            for name in ("sink", "console")
        ]
        try:
            base_url = f"http://127.0.0.1:{port}"
            await _answers(base_url)
            yield base_url
        finally:
            for child in running:
                child.terminate()
            for child in running:
                child.wait(timeout=60)


async def _answers(base_url: str) -> None:
    async with httpx2.AsyncClient(trust_env=False) as client, asyncio.timeout(_PATIENCE_S):
        while True:
            try:
                if (await client.get(f"{base_url}/readyz")).status_code == httpx2.codes.OK:
                    return
            except httpx2.HTTPError:
                await asyncio.sleep(_TICK_S)


if __name__ == "__main__":
    main()
