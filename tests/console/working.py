"""Work for a console under test: pairs that wait for people, projected by the real sink."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import asyncpg
import httpx2
from orjson import loads

from prefstream.adapters.log import LogWriter
from prefstream.adapters.postgres.log import PostgresLog, poll
from prefstream.adapters.postgres.projections import project
from prefstream.agents.tasks import record_of
from prefstream.schemas.constitutions import Constitution
from prefstream.schemas.envelope import Event
from prefstream.schemas.records import LogRecord
from prefstream.schemas.selection import Priority
from tests import factories as make
from tests.console.running import Somebody

VERDICT: dict[str, Any] = {"verdict": "A>"}
#: What makes a person of a role.
People = Callable[..., Awaitable[Somebody]]


@dataclass(slots=True)
class Work:
    """Puts work into the log and projects what the log says."""

    pool: asyncpg.Pool
    log: PostgresLog
    #: How far the log is projected.
    positions: dict[tuple[str, int], int] = field(default_factory=dict)
    _pairs: int = 0

    async def say(self, *events: Event) -> None:
        """Put events into the log and project them."""
        writer: LogWriter = await self.log.writer()
        await writer.append([record_of(event) for event in events])
        await self.project()

    async def project(self) -> list[LogRecord]:
        """Project what the log says beyond the last time, as the sink does, and return it."""
        for topic, partitions in self.log.partitions.items():
            for number in range(partitions):
                self.positions.setdefault((topic, number), 0)
        records = await poll(self.pool, self.positions, limit=100_000)
        for record in records:
            self.positions[record.topic, record.partition] = record.offset + 1
        if records:
            async with self.pool.acquire() as connection, connection.transaction():
                await project(connection, records)
        return records

    async def constitution(self, **changes: Any) -> Constitution:
        """Put a constitution in force."""
        constitution = make.a_constitution(**changes)
        await self.say(make.a_constitution_published(constitution=constitution))
        return constitution

    async def pairs(
        self,
        count: int = 1,
        *,
        needed: int = 1,
        slice_name: str = "arithmetic",
        priority: int = 0,
        minutes: int = 0,
    ) -> list[str]:
        """Let so many pairs wait for people; `minutes` says how much later than noon they were asked for."""
        names = [f"pair-{self._pairs + place:05}" for place in range(count)]
        self._pairs += count
        at = make.NOON + timedelta(minutes=minutes)
        await self.say(*(self._proposed(name, slice_name) for name in names))
        await self.say(
            *(
                make.a_pair_routed(
                    pair_id=name,
                    slice=slice_name,
                    overlap=needed,
                    occurred_at=at,
                    priority=Priority(value=priority, uncertainty=0, diversity=0, stakes=1)
                    if priority
                    else None,
                )
                for name in names
            )
        )
        return names

    async def dispute(self, pair_id: str, *, round_name: str = "review") -> None:
        """Let people decide again about a pair."""
        await self.say(make.a_label_disputed(pair_id=pair_id, next_round=round_name, slice="arithmetic"))

    async def in_log(self, topic: str = "labels.submitted.v1") -> list[LogRecord]:
        """Return what a topic of the log says."""
        return [record async for record in self.log.snapshot(topic)]

    def _proposed(self, name: str, slice_name: str) -> Event:
        return make.a_pair_proposed(
            pair_id=name,
            slice=slice_name,
            response_a=make.a_response(f"A of {name}", model="model-1"),
            response_b=make.a_response(f"B of {name}", model="model-2"),
        )


async def next_task(client: httpx2.AsyncClient, **wanted: Any) -> dict[str, Any]:
    """Lease a task; there must be one."""
    answer = await client.post("/api/v1/tasks/next", json=wanted)
    assert answer.status_code == 200, (answer.status_code, answer.text)
    leased: dict[str, Any] = answer.json()
    return leased


async def nothing_to_do(client: httpx2.AsyncClient, **wanted: Any) -> bool:
    """Return whether there is nothing to do."""
    answer = await client.post("/api/v1/tasks/next", json=wanted)
    assert answer.status_code in {200, 204}, answer.text
    return answer.status_code == 204


async def submit(
    client: httpx2.AsyncClient, leased: dict[str, Any], answer: dict[str, Any] = VERDICT, **changes: Any
) -> httpx2.Response:
    """Submit an answer and return what was said to it."""
    body = {"fence": leased["fence"], "seconds": 12.5, "answer": answer} | changes
    return await client.post(f"/api/v1/leases/{leased['lease_id']}/submit", json=body)


async def said_of(client: httpx2.AsyncClient, leased: dict[str, Any], what: str) -> httpx2.Response:
    """Say something about a lease: shown, heartbeat or release."""
    return await client.post(f"/api/v1/leases/{leased['lease_id']}/{what}", json={"fence": leased["fence"]})


def kind_of(answer: httpx2.Response) -> str:
    """Return the kind of a problem."""
    said: str = answer.json()["type"]
    return said.removeprefix("urn:prefstream:problem:")


def events_of(records: Sequence[LogRecord], kind: str = "LabelSubmitted") -> list[dict[str, Any]]:
    """Return what the records of one kind of event say."""
    said = [loads(record.value or b"{}") for record in records]
    return [one for one in said if one["type"] == kind]


async def outbox_of(pool: asyncpg.Pool, kind: str = "LabelSubmitted") -> list[dict[str, Any]]:
    """Return what the events of a kind in the outbox say, in their order."""
    rows = await pool.fetch("select value from outbox order by n")
    return [said for row in rows if (said := loads(row["value"]))["type"] == kind]


async def until(condition: Callable[[], Awaitable[bool]], deadline_s: float = 20.0) -> None:
    """Wait until a condition comes true."""
    async with asyncio.timeout(deadline_s):
        while not await condition():
            await asyncio.sleep(0.02)
