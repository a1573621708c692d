"""A crowd of people on real consoles, each a process of its own, that may be killed meanwhile.

Used by the chaos test and by `benchmarks/console_queue.py`.
"""

import asyncio
import os
import random
import secrets
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from orjson import loads

from prefstream.adapters.local.ports import any_free
from prefstream.adapters.local.postgres import LocalPostgres
from prefstream.adapters.postgres.connection import connect, pool_of
from prefstream.adapters.postgres.console import people, tokens
from prefstream.adapters.postgres.log import PostgresLog
from prefstream.adapters.postgres.migrations import upgrade
from prefstream.console.credentials import TOKEN_PREFIX, hash_of
from prefstream.domain.people import Role
from tests.console.working import Work

PARTITIONS = 4
_PREFSTREAM = (sys.executable, "-m", "prefstream.cli")
#: What a request may end in when the other side was killed.
_LOST = (aiohttp.ClientError, TimeoutError, ConnectionError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What happens."""

    people: int = 64
    tasks: int = 2000
    needed: int = 2
    seconds: float = 20.0
    #: Mean of an exponential time between showing a pair and answering.
    think_s: float = 0.0
    consoles: int = 2
    #: Consoles killed; with any, PostgreSQL is killed once as well.
    kills: int = 0
    #: Share of answers that are taken back at once and given again.
    undone: float = 0.0
    #: Share of tasks that are left lying about until their lease ends.
    left: float = 0.0
    lease_s: float = 900.0
    undo_s: float = 1.0
    seed: int = 1


@dataclass(slots=True, kw_only=True)
class Figures:
    """What came of it."""

    seconds: float
    #: Milliseconds per kind of request that was answered.
    times_ms: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    #: Submissions that were acknowledged and not taken back.
    standing: set[str] = field(default_factory=set)
    taken_back: set[str] = field(default_factory=set)
    problems: Counter[str] = field(default_factory=Counter)
    lost_requests: int = 0
    #: Answers whose fate nobody told until the end.
    untold: list[str] = field(default_factory=list)
    checks: dict[str, int] = field(default_factory=dict)

    @property
    def acknowledged(self) -> int:
        """Return how many answers stand."""
        return len(self.standing)

    @property
    def answers_per_s(self) -> float:
        """Return the rate of answers."""
        return self.acknowledged / self.seconds

    def quantile(self, name: str, share: float) -> float:
        """Return a quantile of the milliseconds of a kind of request."""
        times = sorted(self.times_ms[name])
        return times[min(int(share * len(times)), len(times) - 1)] if times else float("nan")

    @property
    def document(self) -> dict[str, Any]:
        """Return the figures as plain values."""
        quantiles = {
            name: {"n": len(times)} | {f"p{p}": round(self.quantile(name, p / 100), 2) for p in (50, 95, 99)}
            for name, times in self.times_ms.items()
        }
        return {
            "ms": quantiles,
            "answers_per_s": round(self.answers_per_s, 1),
            "acknowledged": self.acknowledged,
            "taken_back": len(self.taken_back),
            "lost_requests": self.lost_requests,
            "problems": dict(self.problems),
            "untold": len(self.untold),
            "checks": self.checks,
        }


async def crowd(plan: Plan, folder: Path) -> Figures:
    """Let people work, kill what is to be killed, and check what is left."""
    postgres = LocalPostgres(folder / "postgres")
    dsn = postgres.start()
    try:
        await _prepared(dsn, plan)
        held = await _people(dsn, plan)
        async with _processes(folder, dsn, plan) as keeper:
            figures = await _worked(plan, keeper, postgres, held)
            await _drained(dsn, keeper)
            figures.checks = await _checked(dsn, figures, plan)
        return figures
    finally:
        postgres.stop()


async def _prepared(dsn: str, plan: Plan) -> None:
    connection = await connect(dsn)
    await upgrade(connection)
    await connection.close()
    log = await PostgresLog.open(dsn, partitions=PARTITIONS)
    await log.ensure_topics(partitions=PARTITIONS, replication=1)
    work = Work(log.pool, log)
    await work.constitution()
    for first in range(0, plan.tasks, 2000):
        await work.pairs(min(2000, plan.tasks - first), needed=plan.needed, priority=1 + first % 7)
    # The sink goes on where this one has read.
    await log.pool.executemany(
        "insert into sink_offsets (topic, partition, next_offset, epoch) values ($1, $2, $3, 0)"
        " on conflict (topic, partition) do update set next_offset = excluded.next_offset",
        [(topic, number, offset) for (topic, number), offset in work.positions.items()],
    )
    await log.pool.execute("analyze tasks, pairs, archive")
    await log.close()


async def _people(dsn: str, plan: Plan) -> Mapping[str, str]:
    """Make the people and return their tokens."""
    made = {f"person-{number:03}": TOKEN_PREFIX + secrets.token_urlsafe(32) for number in range(plan.people)}
    async with pool_of(dsn) as pool, pool.acquire() as connection, connection.transaction():
        for person_id, token in made.items():
            person = people.NewPerson(
                person_id=person_id, name=person_id, role=Role.ANNOTATOR, simulated=True
            )
            await people.add(connection, person)
            await tokens.issue(
                connection,
                token_hash=hash_of(token),
                token_id=secrets.token_hex(8),
                person_id=person_id,
                name="crowd",
                expires_at=None,
            )
    return made


@dataclass(slots=True, kw_only=True)
class _Keeper:
    """Processes that are started again when they have ended."""

    environment: Mapping[str, str]
    commands: Mapping[str, Mapping[str, str]]
    addresses: list[str]
    log: Path
    running: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    def tend(self) -> None:
        """Start what does not run."""
        for name, more in self.commands.items():
            child = self.running.get(name)
            if child is None or child.poll() is not None:
                with self.log.open("ab") as said:
                    self.running[name] = subprocess.Popen(
                        [*_PREFSTREAM, "run", name.partition("-")[0]],
                        env={**os.environ, **self.environment, **more},
                        stdout=said,
                        stderr=said,
                    )

    def kill(self, name: str) -> None:
        """Kill -9 a process, whatever it is doing."""
        child = self.running[name]
        child.send_signal(signal.SIGKILL)
        child.wait()

    def stop(self) -> None:
        """End all of them."""
        for child in self.running.values():
            child.terminate()
        for child in self.running.values():
            try:
                child.wait(20)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


@asynccontextmanager
async def _processes(folder: Path, dsn: str, plan: Plan) -> AsyncIterator[_Keeper]:
    ports = [any_free() for _ in range(plan.consoles)]
    prefix = "PREFSTREAM_"
    environment = {
        "FOLDER": str(folder),
        "POSTGRES__DSN": dsn,
        "LOG": "postgres",
        "PARTITIONS": str(PARTITIONS),
        "LOG_LEVEL": "warning",
        "CONSOLE__SECRET_KEY": "the key of a crowd",
        "CONSOLE__REQUESTS_PER_MIN": "10000000",
        "CONSOLE__LEASE_S": str(plan.lease_s),
        "CONSOLE__UNDO_S": str(plan.undo_s),
        "QUALITY__GOLD_SHARE": "0",
        "QUALITY__CALIBRATION_SIZE": "0",
    }
    keeper = _Keeper(
        environment={prefix + name: value for name, value in environment.items()},
        commands={f"console-{port}": {"PREFSTREAM_CONSOLE__PORT": str(port)} for port in ports}
        | {"sink": {}},
        addresses=[f"http://127.0.0.1:{port}" for port in ports],
        log=folder / "processes.log",
    )
    keeper.tend()
    try:
        await _answering(keeper)
        yield keeper
    finally:
        keeper.stop()


async def _answering(keeper: _Keeper) -> None:
    async with aiohttp.ClientSession() as session, asyncio.timeout(60):
        for address in keeper.addresses:
            while True:
                with suppress(*_LOST):
                    async with session.get(f"{address}/readyz") as answer:
                        if answer.status == 200:
                            break
                await asyncio.sleep(0.1)


async def _worked(plan: Plan, keeper: _Keeper, postgres: LocalPostgres, held: Mapping[str, str]) -> Figures:
    figures = Figures(seconds=plan.seconds)
    until = time.monotonic() + plan.seconds
    chance = random.Random(plan.seed)
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0), timeout=aiohttp.ClientTimeout(total=20)
    ) as session:
        somebody = [
            _Person(
                session=session,
                addresses=keeper.addresses,
                headers={"Authorization": f"Bearer {token}"},
                plan=plan,
                figures=figures,
                chance=random.Random(chance.random()),
                place=number,
            )
            for number, token in enumerate(held.values())
        ]
        killing = asyncio.create_task(_killed(plan, keeper, postgres, chance))
        await asyncio.gather(*(one.work(until) for one in somebody), killing)
    return figures


async def _killed(plan: Plan, keeper: _Keeper, postgres: LocalPostgres, chance: random.Random) -> None:
    """Kill consoles now and then, and in the middle PostgreSQL."""
    for number in range(plan.kills):
        await asyncio.sleep(plan.seconds / (plan.kills + 1) * chance.uniform(0.7, 1.1))
        keeper.kill(chance.choice([name for name in keeper.running if name.startswith("console")]))
        if number == plan.kills // 2:
            postgres.kill()
            postgres.start()
        keeper.tend()
    tending_until = time.monotonic() + (10 if plan.kills else 0)
    while time.monotonic() < tending_until:
        keeper.tend()
        await asyncio.sleep(0.5)


@dataclass(slots=True, kw_only=True)
class _Person:
    """Takes task after task and gives up on none."""

    session: aiohttp.ClientSession
    addresses: list[str]
    headers: Mapping[str, str]
    plan: Plan
    figures: Figures
    chance: random.Random
    place: int

    async def work(self, until: float) -> None:
        while time.monotonic() < until:
            status, leased = await self._asked("next", "POST", "/api/v1/tasks/next", {})
            if status != 200:
                self.figures.problems[f"next {status} {_kind(leased)}"] += status != 204
                await asyncio.sleep(0.05)
                continue
            if self.chance.random() < self.plan.left:
                await asyncio.sleep(2 * self.plan.lease_s * self.chance.random())
            await self._answered(leased)

    async def _answered(self, leased: dict[str, Any]) -> None:
        path = f"/api/v1/leases/{leased['lease_id']}"
        await self._asked("shown", "POST", f"{path}/shown", {"fence": leased["fence"]})
        if self.plan.think_s:
            await asyncio.sleep(self.chance.expovariate(1 / self.plan.think_s))
        answer = {
            "verdict": self.chance.choice(["A>>", "A>", "=", "B>", "B>>"]),
            "rationale": leased["lease_id"],
        }
        body = {"fence": leased["fence"], "seconds": 1.0, "answer": answer}
        status, said = await self._asked("submit", "POST", f"{path}/submit", body)
        if status != 200:
            self.figures.problems[f"submit {status} {_kind(said)}"] += 1
            if status == 0:
                self.figures.untold.append(leased["lease_id"])
            return
        self.figures.standing.add(said["submission_id"])
        if self.chance.random() < self.plan.undone:
            await self._taken_back(said["submission_id"])

    async def _taken_back(self, submission_id: str) -> None:
        status, leased = await self._asked("undo", "POST", f"/api/v1/submissions/{submission_id}/undo", None)
        if status == 200:
            self.figures.standing.discard(submission_id)
            self.figures.taken_back.add(submission_id)
            await self._answered(leased)
        else:
            self.figures.problems[f"undo {status} {_kind(leased)}"] += 1

    async def _asked(self, name: str, method: str, path: str, body: Any) -> tuple[int, dict[str, Any]]:
        """Ask until somebody answers: a request that was lost is said again, word by word."""
        give_up = time.monotonic() + 60
        while time.monotonic() < give_up:
            began = time.perf_counter()
            url = self.addresses[self.place % len(self.addresses)] + path
            try:
                async with self.session.request(method, url, json=body, headers=self.headers) as answer:
                    said = await answer.read()
                    if answer.status not in {429, 500, 502, 503}:
                        self.figures.times_ms[name].append(1000 * (time.perf_counter() - began))
                        return answer.status, loads(said) if said else {}
                    self.figures.problems[f"{name} {answer.status}"] += 1
            except _LOST:
                self.figures.lost_requests += 1
            self.place += 1
            await asyncio.sleep(0.1)
        return 0, {}


def _kind(said: Mapping[str, Any]) -> str:
    return str(said.get("type", "")).removeprefix("urn:prefstream:problem:")


async def _drained(dsn: str, keeper: _Keeper) -> None:
    """Wait until what was answered is in the log and what the log says is in the tables."""
    async with pool_of(dsn, size=2) as pool, asyncio.timeout(90):
        log = PostgresLog(pool, partitions=PARTITIONS)
        while True:
            keeper.tend()
            waiting = await pool.fetchval("select count(*) from outbox")
            lag = sum((await log.lags()).get("sink", {}).values())
            if not waiting and not lag:
                return
            await asyncio.sleep(0.2)


_OVERLENT = """
select count(*) from leases l join tasks t using (pair_id, round) where l.purpose = 'work' and t.needed < (
  select count(*) from leases o
  where o.pair_id = l.pair_id and o.round = l.round and o.leased_at <= l.leased_at
    and (o.ending = 'submitted' or o.ended_at is null or o.ended_at > l.leased_at))
"""
_OVERFULL = """
select count(*) from tasks t where t.needed <
  (select count(*) from submissions s
   where s.pair_id = t.pair_id and s.round = t.round and s.undone_at is null)
  + (select count(*) from leases l where l.pair_id = t.pair_id and l.round = t.round and l.ended_at is null)
"""
_TWICE = """
select count(*) from (
  select from submissions where undone_at is null group by pair_id, person_id having count(*) > 1
) as twice
"""


async def _checked(dsn: str, figures: Figures, plan: Plan) -> dict[str, int]:
    """Count what must not be, and what may be (`repeats`: appended again after a crash, same id)."""
    async with pool_of(dsn, size=2) as pool:
        log = PostgresLog(pool, partitions=PARTITIONS)
        records = [record async for record in log.snapshot("labels.submitted.v1")]
        said = [loads(record.value or b"{}") for record in records]
        ids = Counter(one["event_id"] for one in said)
        bytes_of: dict[str, set[bytes]] = defaultdict(set)
        for one, record in zip(said, records, strict=True):
            bytes_of[one["event_id"]].add(record.value or b"")
        kept = {
            str(row[0])
            for row in await pool.fetch("select submission_id from submissions where undone_at is null")
        }
        labels = {str(row[0]) for row in await pool.fetch("select event_id from labels")}
        return {
            "tasks lent more often than wanted": await pool.fetchval(_OVERLENT),
            "tasks with more answers and leases than wanted": await pool.fetchval(_OVERFULL),
            "people twice on a pair": await pool.fetchval(_TWICE),
            "acknowledged and not in the log": len(figures.standing - ids.keys()),
            "taken back and in the log": len(figures.taken_back & ids.keys()),
            "in the log and not kept": len(ids.keys() - kept),
            "kept and not in the log": len(kept - ids.keys()),
            "kept and not acknowledged": len(kept - figures.standing),
            "in the log with two contents": sum(len(values) > 1 for values in bytes_of.values()),
            "in the log and no label": len(ids.keys() ^ labels),
            "answers nobody told the fate of": len(figures.untold),
            "repeats in the log": sum(ids.values()) - len(ids),
        }
