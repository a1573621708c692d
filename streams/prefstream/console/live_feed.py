"""The live feed: one reader of the database per process, and everybody who watches beside it."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import asyncpg

from prefstream.adapters.postgres.connection import AWAY
from prefstream.adapters.postgres.watching import CHANNEL, changed_since
from prefstream.domain.following import Cursor, Latest, Wishes
from prefstream.schemas.errors import Unavailable

if TYPE_CHECKING:
    from prefstream.console.parts import Parts

#: Seconds after which the reader looks again, should nobody have said anything.
LOOK_AGAIN_S = 1.0
#: Messages that a client is handed at once; what changes meanwhile comes as it is then.
MOST_AT_ONCE = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What one client is told."""

    #: "metrics", "alert", or "reset": forget what you have, all there is comes now.
    kind: str
    cursor: Cursor
    data: bytes


@dataclass(slots=True, eq=False)
class Feed:
    """The latest state of everything, and who waits for a change of it."""

    #: Seconds of silence after which a client is told that the line stands.
    keep_alive_s: float = 15.0
    #: Seconds after which a line ends; who comes back shows anew who they are and goes on where they were.
    longest_s: float = 300.0
    latest: Latest = field(default_factory=Latest)
    clients: int = 0
    #: When the database was last read, on the clock that never goes back.
    looked_at_s: float | None = None
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _closed: bool = False

    @property
    def ready(self) -> bool:
        """Return whether the database was read at least once."""
        return self.latest.cursor.epoch > 0

    @property
    def closed(self) -> bool:
        """Return whether the process ends."""
        return self._closed

    async def look(self, pool: asyncpg.Pool) -> None:
        """Take in what changed in the database, and tell everybody."""
        more = True
        while more:
            cursor = self.latest.cursor
            changed = await changed_since(pool, cursor.epoch, cursor.version)
            if self.latest.take(changed.epoch, changed.states):
                self._wake()
            more = changed.more
        self.looked_at_s = time.monotonic()

    def close(self) -> None:
        """End all lines; they would keep the process from ending."""
        self._closed = True
        self._wake()

    async def wait(self, cursor: Cursor | None, seconds: float) -> None:
        """Wait for a change after a cursor, but not longer than this."""
        if self._closed or (self.ready and cursor != self.latest.cursor):
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._changed.wait()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


@dataclass(slots=True, eq=False)
class Line:
    """One client's way through the changes; it holds a place in them and no copy of any."""

    feed: Feed
    wishes: Wishes
    #: The last it has seen; `None` before it has seen anything.
    cursor: Cursor | None = None

    async def batches(self) -> AsyncIterator[Sequence[Message]]:
        """Go through what it is told, the oldest first; nothing at all now and then, to keep the line up."""
        clock = asyncio.get_running_loop().time
        until_s = clock() + self.feed.longest_s
        self.feed.clients += 1
        try:
            while not self.feed.closed and (left_s := until_s - clock()) > 0:
                await self.feed.wait(self.cursor, min(left_s, self.feed.keep_alive_s))
                yield self._due()
        finally:
            self.feed.clients -= 1

    def _due(self) -> Sequence[Message]:
        """Return the next messages, if there are any, and move on past them."""
        if not self.feed.ready:
            return ()
        latest, found = self.feed.latest, list[Message]()
        cursor = self.cursor
        if cursor is None or not latest.knows(cursor):
            cursor = Cursor(epoch=latest.cursor.epoch, version=0)
            if self.cursor is not None:
                found.append(Message(kind="reset", cursor=cursor, data=b"{}"))
        states = latest.since(cursor.version)
        for state in states[:MOST_AT_ONCE]:
            cursor = Cursor(epoch=cursor.epoch, version=state.version)
            data = self.wishes.shows(state)
            if data is not None:
                found.append(Message(kind=state.key[0], cursor=cursor, data=data))
        self.cursor = latest.cursor if len(states) <= MOST_AT_ONCE else cursor
        return found


async def follow(parts: "Parts", stop: asyncio.Event) -> None:
    """Read what changes until `stop` is set.

    Raises:
        Unavailable: The connection was lost; whoever watches stays and is told what it missed.
    """
    async with _heard(parts.pool, stop) as (connection, woken):
        while not stop.is_set():
            woken.clear()
            await parts.feed.look(parts.pool)
            if connection.is_closed():
                raise Unavailable("the connection that hears of changes was lost")
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_AGAIN_S):
                    await woken.wait()


@asynccontextmanager
async def _heard(
    pool: asyncpg.Pool, stop: asyncio.Event
) -> AsyncIterator[tuple[asyncpg.pool.PoolConnectionProxy, asyncio.Event]]:
    """Hear of changes, of the loss of the connection and of the end for as long as the block lasts."""
    woken = asyncio.Event()

    def wake(*_: object) -> None:
        woken.set()

    async def ended() -> None:
        await stop.wait()
        woken.set()

    async with pool.acquire() as connection:
        await connection.add_listener(CHANNEL, wake)
        connection.add_termination_listener(wake)
        ending = asyncio.create_task(ended())
        try:
            yield connection, woken
        finally:
            ending.cancel()
            with suppress(*AWAY):
                connection.remove_termination_listener(wake)
                await connection.remove_listener(CHANNEL, wake)
            if connection.is_closed():
                connection.terminate()
