"""Runs stages that follow each other on the Postgres log: decided in turn, committed together.

What one stage says and a later one reads is handed on in memory, at the coordinates the log will
give it. The commit makes sure of these: where somebody else appended meanwhile it is refused, and
everything is decided again from the log alone.
"""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from zlib import crc32

from prefstream.adapters.postgres.connection import AWAY
from prefstream.adapters.postgres.log import PostgresLog, Wakeups, kept_headers
from prefstream.agents.tasks import Task
from prefstream.schemas.errors import Fenced, Unavailable
from prefstream.schemas.records import LogRecord, OutRecord
from prefstream.streams.engine import Engine
from prefstream.streams.intake import GATHER_S, Position, PostgresIntake, group_positions, positions_of
from prefstream.streams.postgres_commit import Commit, Work
from prefstream.streams.remembered_states import RememberedStates


@dataclass(slots=True)
class _Cycle:
    """What is read and decided on the way to one commit."""

    records: Sequence[LogRecord]
    #: Where each partition stands after what was read and handed on.
    reached: dict[Position, int]
    #: Where a partition must end, before anything that was handed on of it.
    starts: dict[Position, int] = field(default_factory=dict)
    handed_on: dict[str, list[LogRecord | Task]] = field(default_factory=lambda: defaultdict(list))
    works: list[tuple[Engine, Work]] = field(default_factory=list)

    @property
    def commit(self) -> Commit:
        """Return all of it as one commit."""
        return Commit(works=[work for _, work in self.works], starts=self.starts)


class PostgresChainRunner:
    """Stages as the only owner of their consumer groups, each listed after those it reads from."""

    def __init__(
        self, postgres_log: PostgresLog, wakeups: Wakeups, engines: Sequence[Engine], *, limit: int
    ) -> None:
        self._log = postgres_log
        self._wakeups = wakeups
        self._remembered = RememberedStates(engines[0].states)
        self._engines = [replace(engine, states=self._remembered) for engine in engines]
        self._limit = limit
        self._reader = {
            spec.name: place for place, engine in enumerate(engines) for spec in engine.stage.inputs
        }
        self._positions: dict[Position, int] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set and what was begun is committed.

        Raises:
            Unavailable: The database went away; nothing of what was under way was written.
            Fenced: Another owner moved a group's offsets.
        """
        try:
            await self._find_positions()
            async with asyncio.TaskGroup() as group:
                await self._work(group, stop)
        except* (Unavailable, Fenced) as errors:
            raise errors.exceptions[0] from errors
        except* AWAY as errors:
            names = ", ".join(engine.stage.name for engine in self._engines)
            raise Unavailable(f"{names}: the database went away") from errors

    async def _find_positions(self) -> None:
        for engine in self._engines:
            topics = [spec.name for spec in engine.stage.inputs]
            places = [(topic, number) for topic in topics for number in range(self._log.partitions[topic])]
            self._positions |= await group_positions(self._log.pool, engine.stage.name, places)

    async def _work(self, group: asyncio.TaskGroup, stop: asyncio.Event) -> None:
        """Read and decide ahead while a commit is under way; what it did not bear out is read again."""
        intake = PostgresIntake(
            self._log, self._wakeups, positions=self._positions, limit=self._limit, gather_s=GATHER_S
        )
        under_way: tuple[_Cycle, asyncio.Task[bool]] | None = None
        while not stop.is_set():
            records = await intake.poll()
            cycle = await self._decided(records, hand_on=True) if records else None
            if under_way and not await under_way[1]:
                await self._again(under_way[0])
                intake.go_to(self._positions)
                under_way = None
                continue
            under_way = None
            if cycle:
                self._foresee(cycle)
                intake.go_to(cycle.reached)
                under_way = cycle, group.create_task(self._committed(cycle))
        if under_way and not await under_way[1]:
            await self._again(under_way[0])

    def _foresee(self, cycle: _Cycle) -> None:
        """Take a cycle for committed, before it is."""
        self._positions.update(cycle.reached)
        for engine, work in cycle.works:
            self._remembered.saved(engine.stage.name, work.prepared)

    async def _committed(self, cycle: _Cycle) -> bool:
        if not await cycle.commit.done(self._log):
            return False
        for engine, work in cycle.works:
            engine.received(work.count)
            engine.committed(work.prepared)
        return True

    async def _again(self, refused: _Cycle) -> None:
        """Decide a refused cycle anew, from the log and the states alone, until it is committed."""
        while True:
            self._remembered.forget()
            for _, work in refused.works:
                self._positions.update(work.before)
            cycle = await self._decided(refused.records, hand_on=False)
            if await self._committed(cycle):
                self._foresee(cycle)
                return

    async def _decided(self, records: Sequence[LogRecord], *, hand_on: bool) -> _Cycle:
        cycle = _Cycle(records=records, reached=positions_of(records))
        read: dict[int, list[LogRecord | Task]] = defaultdict(list)
        for record in records:
            read[self._reader[record.topic]].append(record)
        for place, engine in enumerate(self._engines):
            batch = read[place] + cycle.handed_on[engine.stage.name]
            if batch:
                await self._decide(cycle, place, batch, full=self._full(records), hand_on=hand_on)
        return cycle

    async def _decide(
        self,
        cycle: _Cycle,
        place: int,
        batch: Sequence[LogRecord | Task],
        *,
        full: set[Position],
        hand_on: bool,
    ) -> None:
        engine = self._engines[place]
        prepared = await engine.prepare(batch)
        topics = {spec.name for spec in engine.stage.inputs}
        after = {at: offset for at, offset in cycle.reached.items() if at[0] in topics}
        before = {at: self._positions[at] for at in after}
        work = Work(stage=engine.stage.name, before=before, after=after, prepared=prepared, count=len(batch))
        cycle.works.append((engine, work))
        for out in prepared.outputs if hand_on else ():
            if self._reader.get(out.topic, -1) > place and out.event is not None:
                self._hand_on(cycle, out, full)

    def _hand_on(self, cycle: _Cycle, out: OutRecord, full: set[Position]) -> None:
        """Give a record to the stage that reads it, unless that has more to read before."""
        at = (out.topic, crc32(out.key) % self._log.partitions[out.topic])
        if at in full:
            return
        offset = cycle.reached.get(at, self._positions[at])
        cycle.starts.setdefault(at, offset)
        cycle.reached[at] = offset + 1
        cycle.handed_on[self._engines[self._reader[out.topic]].stage.name].append(_task(out, at, offset))

    def _full(self, records: Sequence[LogRecord]) -> set[Position]:
        """Return the partitions of which as much was read as is read at once: there may be more."""
        counts: dict[Position, int] = defaultdict(int)
        for record in records:
            counts[record.topic, record.partition] += 1
        return {at for at, count in counts.items() if count >= self._limit}


def _task(out: OutRecord, at: Position, offset: int) -> Task:
    assert out.event is not None
    record = LogRecord(
        topic=at[0],
        partition=at[1],
        offset=offset,
        timestamp_ms=out.timestamp_ms or 0,
        key=out.key,
        value=out.value,
        headers=kept_headers(out.headers),
    )
    return Task(record=record, event=out.event, attempt=1)
