"""The sink: every record into Postgres, with the offsets in the same transaction.

Where the sink stands is kept beside its rows. An epoch per partition fences a sink that was
replaced without noticing: its next batch moves nothing and it stops.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import asyncpg
import structlog

from prefstream.adapters.log import LogWriter
from prefstream.adapters.postgres.connection import AWAY, CLASH, Connection
from prefstream.adapters.postgres.keys import Keys
from prefstream.adapters.postgres.projections import Projected, Remembered, project, refresh, set_aside
from prefstream.adapters.postgres.watching import alerts_in, announce
from prefstream.adapters.sealing import wrapping_key
from prefstream.adapters.settings import Settings
from prefstream.agents.tasks import record_of
from prefstream.schemas.errors import Fenced, Unavailable
from prefstream.schemas.records import LogRecord
from prefstream.streams.engine import Tally
from prefstream.streams.intake import Intake, Position, positions_of

log = structlog.get_logger(__name__)

#: Seconds between two publications of a slice's figures, at least.
REFRESH_S = 0.25
#: How much longer than a refresh the pause after it is, so that figures never take most of the time.
_PAUSES = 2.0
# Kappas of every two people grow with the square of the people: they take at most a tenth of the time,
# so that where there are many people the other figures are not late.
_PEOPLE_REST = 9.0
# Slices where nothing happens roll on by the minute; whoever catches up passes many minutes in a second.
_PASSED_EVERY_S = 5.0
_NOTHING = Projected(
    archived=0, duplicates=0, conflicts=0, undecodable=0, dead_letters=0, slices=frozenset(), latest=None
)
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_CLAIM = """
insert into sink_offsets as s (topic, partition, next_offset, epoch)
select t, p, 0, 1 from unnest($1::text[], $2::int[]) as u (t, p) order by t, p
on conflict (topic, partition) do update set epoch = s.epoch + 1
returning topic, partition, next_offset, epoch
"""
_TOUCH = """
insert into slices_to_refresh as s (slice, latest) select unnest($1::text[]), $2
on conflict (slice) do update set latest = greatest(s.latest, excluded.latest)
"""
_TAKE = """
delete from slices_to_refresh where slice in (select slice from slices_to_refresh for update skip locked)
returning slice, latest
"""
_LEAVE_PEOPLE = "insert into people_to_refresh select unnest($1::text[]) on conflict do nothing"
_TAKE_PEOPLE = """
delete from people_to_refresh where slice in (select slice from people_to_refresh for update skip locked)
returning slice
"""
# Windows roll on while a slice is quiet: its figures are told anew when time has moved a minute past them.
_PASSED = "select slice from slice_refreshes where as_of <= $1::timestamptz - interval '1 minute'"
_MOVE = """
update sink_offsets o set next_offset = u.t_off
from unnest($1::text[], $2::int[], $3::bigint[], $4::bigint[], $5::bigint[]) as u (t, p, f_off, t_off, e)
where o.topic = u.t and o.partition = u.p and o.epoch = u.e and o.next_offset <= u.f_off
"""


@dataclass(slots=True)
class Claims:
    """The partitions this sink owns, and the epoch it owns each at."""

    pool: asyncpg.Pool
    epochs: dict[Position, int] = field(default_factory=dict)

    async def claim(self, places: Collection[Position]) -> dict[Position, int]:
        """Own these partitions from now on and return where to go on in each."""
        rows = await self.pool.fetch(_CLAIM, [topic for topic, _ in places], [number for _, number in places])
        self.epochs.update({(row["topic"], row["partition"]): row["epoch"] for row in rows})
        return {(row["topic"], row["partition"]): row["next_offset"] for row in rows}

    async def release(self, places: Collection[Position]) -> None:
        """Own these partitions no more."""
        for place in places:
            self.epochs.pop(place, None)

    async def move(self, connection: Connection, records: Sequence[LogRecord]) -> None:
        """Move the offsets past these records, within the caller's transaction.

        Raises:
            Fenced: Another sink has claimed one of the partitions.
        """
        first: dict[Position, int] = {}
        after: dict[Position, int] = {}
        for record in records:
            at = (record.topic, record.partition)
            first.setdefault(at, record.offset)
            after[at] = record.offset + 1
        places = sorted(first)
        moved = await connection.execute(
            _MOVE,
            [topic for topic, _ in places],
            [number for _, number in places],
            [first[at] for at in places],
            [after[at] for at in places],
            [self.epochs.get(at, -1) for at in places],
        )
        if moved != f"UPDATE {len(places)}":
            raise Fenced("another sink has taken over a partition; this batch was not written")


@dataclass(slots=True)
class Sink:
    """Writes what its intake hands out."""

    pool: asyncpg.Pool
    claims: Claims
    intake: Intake
    writer: LogWriter
    tally: Tally = field(default_factory=Tally)
    refresh_s: float = REFRESH_S
    #: Under which the archive seals content; `None`: it keeps it as it is.
    keys: Keys | None = None
    #: When the kappas of every two people are due again, on the clock of the loop.
    _people_due_s: float = 0.0
    #: When quiet slices are looked for again, on the same clock.
    _passed_due_s: float = 0.0
    _remembered: Remembered = field(default_factory=Remembered)

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set.

        Raises:
            Unavailable: The database or the log went away.
            Fenced: Another sink took over.
        """
        try:
            async with asyncio.TaskGroup() as group:
                done = asyncio.Event()
                group.create_task(self._write(stop, done))
                group.create_task(self._publish(done))
        except* (Unavailable, Fenced) as errors:
            raise errors.exceptions[0] from errors
        except* AWAY as errors:
            raise Unavailable("the sink lost its database") from errors

    async def _write(self, stop: asyncio.Event, done: asyncio.Event) -> None:
        try:
            while not stop.is_set():
                records = await self.intake.poll()
                if records:
                    self.tally.received += len(records)
                    await self._written(records)
                    await self.intake.commit(positions_of(records))
        finally:
            done.set()

    async def _written(self, records: Sequence[LogRecord]) -> None:
        """Write a batch; data the database refuses is narrowed down and set aside alone."""
        try:
            projected = await self._in_transaction(records, lambda c: project(c, records, self.keys))
        except CLASH:
            await self._written(records)
        except asyncpg.DataError as error:
            await self._narrowed(records, error)
        else:
            self.tally.done += len(records)
            self.tally.outputs += projected.archived

    async def _narrowed(self, records: Sequence[LogRecord], error: asyncpg.DataError) -> None:
        if len(records) > 1:
            half = len(records) // 2
            await self._written(records[:half])
            await self._written(records[half:])
            return
        log.warning("sink.set_aside", topic=records[0].topic, offset=records[0].offset, error=str(error))
        detail = f"{type(error).__name__}: {error}"
        await self._in_transaction(records, lambda c: _set_aside(c, records[0], detail, self.keys))
        self.tally.dead += 1

    async def _in_transaction(
        self, records: Sequence[LogRecord], write: Callable[[Connection], Awaitable[Projected | None]]
    ) -> Projected:
        async with self.pool.acquire() as connection, connection.transaction():
            await self.claims.move(connection, records)  # first: a fenced sink must not touch a row
            projected = await write(connection) or _NOTHING
            if projected.slices:
                await connection.execute(_TOUCH, sorted(projected.slices), projected.latest)
            await announce(connection, alerts_in(records))
        if self.keys is not None:
            self.keys.keep()
        return projected

    async def _publish(self, done: asyncio.Event) -> None:
        """Refresh and publish the figures of slices that changed, as often as that leaves time for rows."""
        clock, pause_s = asyncio.get_running_loop().time, self.refresh_s
        while not done.is_set():
            try:
                await asyncio.wait_for(done.wait(), pause_s)
            except TimeoutError:
                began_s = clock()
                await self._refreshed()
                pause_s = max(self.refresh_s, _PAUSES * (clock() - began_s))
        self._people_due_s = self._passed_due_s = 0.0
        await self._refreshed()

    async def _refreshed(self) -> None:
        """Refresh in one transaction; figures are said before it ends: saying them twice does no harm."""
        clock = asyncio.get_running_loop().time
        started = clock()
        async with self.pool.acquire() as connection, connection.transaction():
            rows = await connection.fetch(_TAKE)
            await connection.execute(_LEAVE_PEOPLE, [row["slice"] for row in rows])
            people = await connection.fetch(_TAKE_PEOPLE) if started >= self._people_due_s else []
            if not rows and not people:
                return
            known = await connection.fetchval("select max(as_of) from slice_refreshes")
            as_of = max([known or _BEGINNING, *(row["latest"] or _BEGINNING for row in rows)])
            passed = await connection.fetch(_PASSED, as_of) if started >= self._passed_due_s else []
            slices = {row["slice"] for row in (*rows, *people, *passed)}
            of_people = [row["slice"] for row in people]
            events = await refresh(connection, slices, as_of, people=of_people, remembered=self._remembered)
            await self.writer.append([record_of(event) for event in events])
            await announce(connection, events)
        if started >= self._passed_due_s:
            self._passed_due_s = started + _PASSED_EVERY_S
        if people:
            self._people_due_s = clock() + _PEOPLE_REST * (clock() - started)


def sealing_keys(settings: Settings) -> Keys:
    """Return the keys under which a sink seals, as the settings want it.

    Raises:
        BadInput: The file with the deployment's key cannot be read.
    """
    return Keys(sealing=settings.sealing, master=wrapping_key() if settings.sealing else None)


async def _set_aside(connection: Connection, record: LogRecord, detail: str, keys: Keys | None) -> None:
    await set_aside(connection, record, reason="data", detail=detail, keys=keys)
