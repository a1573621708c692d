"""Retries: records wait until they are due, then go through their stage again.

Records become due in another order than they came; the place kept in the log is that of the
first one not yet dealt with, so a crash repeats some and loses none.
"""

import asyncio
import heapq
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from prefstream.adapters.log import LogWriter
from prefstream.schemas.dead_letters import detour_of
from prefstream.schemas.errors import Undecodable
from prefstream.schemas.records import LogRecord
from prefstream.streams.engine import Engine
from prefstream.streams.intake import Intake, Position

#: Records held in memory while they wait; more stay in the log.
MAX_WAITING = 10_000
#: Records tried at once.
BATCH = 64


@dataclass(slots=True)
class WaitingRoom:
    """Who waits, until when, and how far the log is dealt with. Pure: time is an argument."""

    _due: list[tuple[int, int, LogRecord]] = field(default_factory=list)
    _open: dict[Position, set[int]] = field(default_factory=lambda: defaultdict(set))
    _seen: dict[Position, int] = field(default_factory=dict)
    _arrivals: int = 0

    def __len__(self) -> int:
        return len(self._due)

    def admit(self, record: LogRecord) -> None:
        """Let a record wait until it is due; one that does not say when is due at once."""
        at = (record.topic, record.partition)
        self._open[at].add(record.offset)
        self._seen[at] = record.offset
        self._arrivals += 1
        heapq.heappush(self._due, (due_ms(record), self._arrivals, record))

    def due(self, now_ms: int, *, limit: int) -> list[LogRecord]:
        """Return up to `limit` records whose time has come, the longest due first."""
        found: list[LogRecord] = []
        while self._due and self._due[0][0] <= now_ms and len(found) < limit:
            found.append(heapq.heappop(self._due)[2])
        return found

    def settled(self, records: Sequence[LogRecord]) -> dict[Position, int]:
        """Take records as dealt with and return how far each partition is dealt with."""
        for record in records:
            self._open[record.topic, record.partition].discard(record.offset)
        return {at: min(self._open[at], default=self._seen[at] + 1) for at in self._seen}


def due_ms(record: LogRecord) -> int:
    """Return when a retried record is due, in milliseconds since 1970."""
    try:
        detour = detour_of(record)
    except Undecodable:
        return 0
    return detour.not_before_ms if detour else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryLoop:
    """Tries the retries of one stage again when they are due."""

    engine: Engine
    intake: Intake
    writer: LogWriter
    clock_ms: Callable[[], int] = lambda: int(time.time() * 1000)
    wait: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set."""
        room = WaitingRoom()
        while not stop.is_set():
            if len(room) < MAX_WAITING:
                for record in await self.intake.poll():
                    room.admit(record)
            else:
                await self.wait(0.1)
            if records := room.due(self.clock_ms(), limit=BATCH):
                await self._again(records)
                await self.intake.commit(room.settled(records))

    async def _again(self, records: Sequence[LogRecord]) -> None:
        self.engine.received(len(records))
        prepared = await self.engine.prepare(records)
        await self.writer.append(prepared.outputs)
        self.engine.committed(prepared)
