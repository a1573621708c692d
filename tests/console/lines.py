"""Clients of the live feed for tests: server-sent events read line by line over real HTTP."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
import httpx2
import orjson

from prefstream.adapters.postgres.watching import announce
from prefstream.domain.following import Watched
from prefstream.schemas.metrics import Measurement, MetricsUpdated, Window
from tests import factories as make

PATIENCE_S = 20.0


@dataclass(frozen=True, slots=True)
class Told:
    """One server-sent event."""

    event_id: str
    kind: str
    data: dict[str, Any]

    @property
    def value(self) -> float:
        """Return the first figure of an event of figures."""
        return float(self.data["measurements"][0]["value"])


@dataclass(slots=True)
class Stream:
    """An open stream of server-sent events."""

    lines: AsyncIterator[str]

    async def next(self, count: int = 1) -> list[Told]:
        """Return the next events."""
        found: list[Told] = []
        async with asyncio.timeout(PATIENCE_S):
            while len(found) < count:
                found.append(await self._one())
        return found

    async def until(self, enough: Callable[[Told], bool]) -> list[Told]:
        """Return events up to the first of which this holds."""
        found: list[Told] = []
        async with asyncio.timeout(PATIENCE_S):
            while not found or not enough(found[-1]):
                found.append(await self._one())
        return found

    async def silence(self) -> None:
        """Wait until the line says that it stands and nothing else."""
        async with asyncio.timeout(PATIENCE_S):
            line = await anext(self.lines)
            while line != ": ping":
                assert not line or line.startswith("retry"), line
                line = await anext(self.lines)

    async def end(self) -> None:
        """Wait until the server ends the stream."""
        async with asyncio.timeout(PATIENCE_S):
            async for _ in self.lines:
                continue

    async def _one(self) -> Told:
        fields: dict[str, str] = {}
        async for line in self.lines:
            if not line and "data" in fields:
                return Told(fields["id"], fields["event"], orjson.loads(fields["data"]))
            name, _, value = line.partition(": ")
            if name:
                fields[name] = value
        raise AssertionError("the stream ended")


@asynccontextmanager
async def open_stream(
    client: httpx2.AsyncClient, *, after: str | None = None, **wishes: Any
) -> AsyncIterator[Stream]:
    """Open the live stream, going on after an id."""
    headers = {"Last-Event-ID": after} if after else {}
    async with client.stream("GET", "/api/v1/live", params=wishes, headers=headers) as answer:
        assert answer.status_code == 200, await answer.aread()
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield Stream(aiter(answer.aiter_lines()))


def figures(
    slice_name: str, value: float, *, window: Window = "24h", statistics: Sequence[str] = ("alpha_nominal",)
) -> MetricsUpdated:
    """Return figures of a slice."""
    some = tuple(Measurement(statistic=name, value=value, n=10) for name in statistics)
    return make.a_metrics_updated(slice=slice_name, window=window, measurements=some)


async def show(pool: asyncpg.Pool, *events: Watched) -> None:
    """Announce events as the sink does."""
    async with pool.acquire() as connection, connection.transaction():
        await announce(connection, events)
