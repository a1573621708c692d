"""Retries: records wait until they are due, then go through their stage again.

Records become due in another order than they came; the place kept in the log is that of the
first one not yet dealt with, so a crash repeats some and loses none. A record that waits for
answers from elsewhere becomes due as soon as they are in.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from prefstream.adapters.log import LogWriter
from prefstream.schemas.records import LogRecord, OutRecord
from prefstream.streams.engine import Engine, Prepared
from prefstream.streams.intake import Intake
from prefstream.streams.waiting_room import WaitingRoom, due_ms

__all__ = ["MAX_WAITING", "Arrivals", "RetryLoop", "WaitingRoom", "due_ms"]

#: Records, and bytes of them, held in memory while they wait; more stay in the log.
MAX_WAITING = 50_000
MAX_WAITING_BYTES = 256_000_000
#: Records tried at once.
BATCH = 64
#: Milliseconds between two looks at what has arrived, and between two turns of a full room.
LOOK_MS = 1000
TURN_MS = 1000


async def nothing_to_save(_prepared: Prepared) -> bool:
    """Save nothing: the stage has no state."""
    return True


class Arrivals(Protocol):
    """Whoever knows when the answers are in that records wait for."""

    @property
    def reason(self) -> str:
        """Return why the records wait that it knows of."""
        ...

    async def progress(self) -> int:
        """Return a number that moves on whenever answers are in."""
        ...

    async def arrived(self, keys: Collection[str]) -> Collection[str]:
        """Return those of these keys that no answer is still to come for."""
        ...


@dataclass(slots=True)
class _Looked:
    """When and how far the loop last looked at arrivals, and when a full room last had a turn."""

    at_ms: int = 0
    progress: int | None = None
    turned_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryLoop:
    """Tries the retries of one stage again when they are due."""

    engine: Engine
    intake: Intake
    writer: LogWriter
    #: Saves the states of a batch; `False` when somebody changed them meanwhile.
    saved: Callable[[Prepared], Awaitable[bool]] = nothing_to_save
    arrivals: Arrivals | None = None
    clock_ms: Callable[[], int] = lambda: int(time.time() * 1000)
    wait: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set."""
        room, looked = WaitingRoom(waits_for=self.arrivals.reason if self.arrivals else ""), _Looked()
        while not stop.is_set():
            if not _full(room):
                for record in await self.intake.poll():
                    room.admit(record)
            elif self.clock_ms() - looked.turned_ms >= TURN_MS:
                await self._turn(room)
                looked.turned_ms = self.clock_ms()
            else:
                await self.wait(0.1)
            await self._look(room, looked)
            if records := room.due(self.clock_ms(), limit=BATCH):
                await self._again(records)
                await self.intake.commit(room.settled(records))

    async def _turn(self, room: WaitingRoom) -> None:
        """Let those behind a full room in, and send as many of those due last to the end of the line.

        Else one that is due soon would stand in the log behind many that are not.
        """
        newcomers = await self.intake.poll()
        for record in newcomers:
            room.admit(record)
        if out := room.last_due(len(newcomers)):
            await self.writer.append([_as_it_is(record) for record in out])
            await self.intake.commit(room.settled(out))

    async def _look(self, room: WaitingRoom, looked: _Looked) -> None:
        """Make those due whose answers are in."""
        now_ms = self.clock_ms()
        if self.arrivals is None or now_ms - looked.at_ms < LOOK_MS:
            return
        looked.at_ms = now_ms
        # Read first: what arrives while we look moves it on and is seen the next time.
        progress = await self.arrivals.progress() if len(room) else looked.progress
        fresh = room.newly_expecting()
        keys = room.expecting() if progress != looked.progress else fresh
        looked.progress = progress
        if keys:
            room.hasten(await self.arrivals.arrived(keys), now_ms)

    async def _again(self, records: Sequence[LogRecord]) -> None:
        self.engine.received(len(records))
        prepared = await self.engine.prepare(records)
        while not await self.saved(prepared):
            prepared = await self.engine.prepare(records)
        await self.writer.append(prepared.outputs)
        self.engine.committed(prepared)


def _full(room: WaitingRoom) -> bool:
    return len(room) >= MAX_WAITING or room.size >= MAX_WAITING_BYTES


def _as_it_is(record: LogRecord) -> OutRecord:
    return OutRecord(
        topic=record.topic,
        key=record.key or b"",
        value=record.value or b"",
        headers=record.headers,
    )
