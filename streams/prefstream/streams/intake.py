"""Intakes: records in, positions out, for the loops that keep their own place in a log."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol

import asyncpg

from prefstream.adapters.kafka.reader import RunReader
from prefstream.adapters.postgres.log import PostgresLog, Wakeups, poll
from prefstream.schemas.records import LogRecord

Position = tuple[str, int]
#: How long a poll waits for news before it looks again by itself.
IDLE_S = 0.5
#: Seconds a stage gathers records for: at a thousand a second, small batches cost twice as much.
GATHER_S = 0.03


class Intake(Protocol):
    """Whoever hands out records in order per partition."""

    async def poll(self) -> Sequence[LogRecord]:
        """Return the next records, or none after a short wait."""
        ...

    async def commit(self, positions: Mapping[Position, int]) -> None:
        """Tell how far everything before these offsets is dealt with."""
        ...

    async def close(self) -> None:
        """Leave."""
        ...


class PostgresIntake:
    """Records of some topics of the Postgres log, from given positions on."""

    def __init__(
        self,
        log: PostgresLog,
        wakeups: Wakeups,
        *,
        positions: Mapping[Position, int],
        limit: int,
        gather_s: float = 0.0,
        committed: Callable[[Mapping[Position, int]], Awaitable[None]] | None = None,
    ) -> None:
        """Begin at these positions.

        Args:
            log: Where to read.
            wakeups: Who tells of news.
            positions: Where to go on in each partition.
            limit: Records of a partition that one poll takes.
            gather_s: Seconds between polls while records come in dribs and drabs: what a batch costs
                beside its records is paid once for all that came meanwhile.
            committed: Who keeps the offsets, if not the reader itself.
        """
        self._log = log
        self._positions = dict(positions)
        self._limit = limit
        self._gather_s = gather_s
        self._not_before_s = 0.0
        self._committed = committed
        self._news = wakeups.event_for([topic for topic, _ in positions])

    async def poll(self) -> Sequence[LogRecord]:
        """Return the next records, or none after a short wait."""
        self._news.clear()  # before reading, so that news while reading is not missed
        records = await self._gathered()
        if not records:
            try:
                await asyncio.wait_for(self._news.wait(), IDLE_S)
            except TimeoutError:
                return ()
            records = await self._gathered()
        for record in records:
            self._positions[record.topic, record.partition] = record.offset + 1
        return records

    async def _gathered(self) -> Sequence[LogRecord]:
        """Read, once enough time has passed since the last reading that was not full."""
        clock_s = asyncio.get_running_loop().time
        if (wait_s := self._not_before_s - clock_s()) > 0:
            await asyncio.sleep(wait_s)
        records = await poll(self._log.pool, self._positions, limit=self._limit)
        if 0 < len(records) < self._limit:
            self._not_before_s = clock_s() + self._gather_s
        return records

    def go_to(self, positions: Mapping[Position, int]) -> None:
        """Go on from these offsets instead."""
        self._positions.update(positions)

    async def commit(self, positions: Mapping[Position, int]) -> None:
        """Tell the owner of the offsets, if these are not kept elsewhere."""
        if self._committed is not None:
            await self._committed(positions)

    async def close(self) -> None:
        """Do nothing: the pool belongs to the log."""


class KafkaIntake:
    """Records of a consumer group's partitions."""

    def __init__(self, reader: RunReader, *, limit: int) -> None:
        self._reader = reader
        self._limit = limit

    async def poll(self) -> Sequence[LogRecord]:
        """Return the next records, or none after a short wait."""
        runs = await self._reader.poll(max_records=self._limit, timeout_s=IDLE_S)
        return [record for run in runs.values() for record in run]

    async def commit(self, positions: Mapping[Position, int]) -> None:
        """Commit the group's offsets."""
        await self._reader.commit(dict(positions))

    async def close(self) -> None:
        """Leave the group."""
        await self._reader.close()


async def group_lock(connection: asyncpg.Connection, group: str, *, stop: asyncio.Event) -> bool:
    """Wait until this connection is the one owner of a group; return whether it is before `stop`.

    The lock is the connection's: a process that dies loses it at once and a waiting one goes on.
    """
    while not stop.is_set():
        if await connection.fetchval("select pg_try_advisory_lock(hashtextextended($1, 7))", group):
            return True
        try:
            await asyncio.wait_for(stop.wait(), IDLE_S)
        except TimeoutError:
            continue
    return False


async def group_positions(pool: asyncpg.Pool, group: str, places: Sequence[Position]) -> dict[Position, int]:
    """Return where a group stands in each of these partitions, the beginning where it is new."""
    await pool.executemany(
        "insert into log_offsets values ($1, $2, $3, 0) on conflict do nothing",
        [(group, topic, number) for topic, number in places],
    )
    rows = await pool.fetch("select topic, partition, next_offset from log_offsets where grp = $1", group)
    known = {(row["topic"], row["partition"]): row["next_offset"] for row in rows}
    return {place: known[place] for place in places}


def positions_of(records: Sequence[LogRecord]) -> dict[Position, int]:
    """Return, per partition, the offset after the last of these records."""
    return {(record.topic, record.partition): record.offset + 1 for record in records}
