"""The relay: from the outbox to the log, in order, by one console at a time.

A record leaves the outbox in the transaction that began before it was appended and ends after that is
durable. Whatever is killed in between, the record is appended again with the same event id, and readers
drop the repeat; none is lost.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import asyncpg
import structlog
from prometheus_client import Counter, Gauge

from prefstream.adapters.log import LogWriter
from prefstream.adapters.postgres.connection import AWAY, Connection
from prefstream.adapters.postgres.console import outbox
from prefstream.console.parts import Parts
from prefstream.schemas.errors import Unavailable

log = structlog.get_logger(__name__)

#: Figures of the relay that works; a process whose relay stands by shows what it last knew.
WAITING = Gauge("prefstream_outbox_records", "Records that wait in the outbox.", registry=None)
AGE_S = Gauge("prefstream_outbox_age_seconds", "Since the first of them was due.", registry=None)
SAID = Counter("prefstream_relay_records", "Records passed on to the log.", registry=None)
#: Records that are appended together.
BATCH = 500
#: Key of the advisory lock that lets one relay work.
LOCK_KEY = 0x7072656672656C61
#: Seconds after which somebody who waits looks again, should nobody have said anything.
LOOK_AGAIN_S = 1.0
#: Shortest wait while the log is away, in seconds.
FIRST_WAIT_S = 0.25
#: Longest wait while the log is away, in seconds.
MOST_WAIT_S = 15.0


async def work(parts: Parts, stop: asyncio.Event) -> None:
    """Pass on what is due until `stop` is set, then what is due still."""
    async with _connection(parts.pool) as connection:
        if await _alone(connection, stop):
            await Relay(connection=connection, writer=parts.writer).run(stop)


class Relay:
    """Passes records on, on a connection of its own that holds the lock."""

    def __init__(self, *, connection: Connection, writer: LogWriter, batch: int = BATCH) -> None:
        self._connection = connection
        self._writer = writer
        self._batch = batch

    async def run(self, stop: asyncio.Event) -> None:
        """Pass on until `stop` is set; what is due then still goes out, if the log takes it."""
        woken = asyncio.Event()

        def heard(*_: object) -> None:
            woken.set()

        await self._connection.add_listener(outbox.CHANNEL, heard)
        stopping = asyncio.create_task(_then(stop, woken))
        try:
            while not stop.is_set():
                woken.clear()
                if not await self._patiently(stop):
                    await _within(woken, await self._pause_s())
            while await self.pass_on():
                continue
        finally:
            stopping.cancel()
            await self._no_longer(heard)

    async def pass_on(self) -> int:
        """Append one batch of what is due and let go of it; return how many that were.

        Raises:
            Unavailable: The log does not take them; they stay.
        """
        async with self._connection.transaction():
            due = await outbox.due(self._connection, limit=self._batch)
            if due.records:
                await self._writer.append(due.records)
                await outbox.said(self._connection, due.numbers)
                SAID.inc(len(due.records))
            return len(due.records)

    async def _patiently(self, stop: asyncio.Event) -> int:
        """Pass one batch on; while the log is away wait longer and longer, people go on meanwhile."""
        wait_s = FIRST_WAIT_S
        while not stop.is_set():
            try:
                return await self.pass_on()
            except Unavailable as error:
                log.warning("relay.log_away", error=str(error)[:300], again_in_s=wait_s)
            await _within(stop, wait_s)
            wait_s = min(2 * wait_s, MOST_WAIT_S)
        return 0

    async def _no_longer(self, heard: Callable[..., None]) -> None:
        """Stop listening; a lost connection forgets its listeners only when it is told to end."""
        with suppress(*AWAY):
            await self._connection.remove_listener(outbox.CHANNEL, heard)
        if self._connection.is_closed():
            self._connection.terminate()

    async def _pause_s(self) -> float:
        """Tell how much waits, and return for how long nothing of it is due."""
        depth = await outbox.depth(self._connection)
        WAITING.set(depth.records)
        AGE_S.set(max(depth.age_s, 0.0))
        return min(max(-depth.age_s, 0.0), LOOK_AGAIN_S) if depth.records else LOOK_AGAIN_S


@asynccontextmanager
async def _connection(pool: asyncpg.Pool) -> AsyncIterator[Connection]:
    """Borrow a connection and give it back without the lock."""
    async with pool.acquire() as connection:
        try:
            yield connection
        finally:
            with suppress(*AWAY):
                await connection.execute("select pg_advisory_unlock_all()")


async def _alone(connection: Connection, stop: asyncio.Event) -> bool:
    """Wait until no other relay works; return `False` when asked to stop before that."""
    while not stop.is_set():
        if await connection.fetchval("select pg_try_advisory_lock($1)", LOCK_KEY):
            return True
        await _within(stop, LOOK_AGAIN_S)
    return False


async def _then(first: asyncio.Event, second: asyncio.Event) -> None:
    await first.wait()
    second.set()


async def _within(event: asyncio.Event, seconds: float) -> None:
    """Wait for an event, but not longer."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
