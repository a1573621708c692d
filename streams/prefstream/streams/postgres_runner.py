"""Runs one stage on the Postgres log: poll, decide, commit all at once.

Offsets, states and outputs of a batch stand or fall in one transaction, so a crash at any moment
leaves nothing half done. Outside effects happen before it and are journalled.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from prefstream.adapters.postgres.connection import AWAY
from prefstream.adapters.postgres.log import PostgresLog, Wakeups
from prefstream.schemas.errors import Fenced, Unavailable
from prefstream.schemas.records import LogRecord
from prefstream.streams.engine import Engine, Prepared
from prefstream.streams.intake import GATHER_S, Position, PostgresIntake, group_positions, positions_of
from prefstream.streams.postgres_commit import Commit, Work


@dataclass(slots=True)
class _Batch:
    records: Sequence[LogRecord]
    #: Decided ahead of its turn; `None` for a stage with state, which must wait for its turn.
    ahead: asyncio.Task[Prepared] | None


class PostgresStageRunner:
    """One stage, as the only owner of its consumer group."""

    def __init__(
        self, postgres_log: PostgresLog, wakeups: Wakeups, engine: Engine, *, limit: int, in_flight: int
    ) -> None:
        self._log = postgres_log
        self._wakeups = wakeups
        self._engine = engine
        self._limit = limit
        self._batches: asyncio.Queue[_Batch | None] = asyncio.Queue(maxsize=in_flight)

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set and what was begun is committed.

        Raises:
            Unavailable: The database went away; nothing of the batches under way was written.
            Fenced: Another owner moved the group's offsets.
        """
        topics = [spec.name for spec in self._engine.stage.inputs]
        places = [(topic, number) for topic in topics for number in range(self._log.partitions[topic])]
        try:
            positions = await group_positions(self._log.pool, self._engine.stage.name, places)
            async with asyncio.TaskGroup() as group:
                group.create_task(self._take(dict(positions), stop))
                group.create_task(self._commit_in_order(dict(positions)))
        except* (Unavailable, Fenced) as errors:
            raise errors.exceptions[0] from errors
        except* AWAY as errors:
            raise Unavailable(f"{self._engine.stage.name}: the database went away") from errors

    async def _take(self, positions: Mapping[Position, int], stop: asyncio.Event) -> None:
        intake = PostgresIntake(
            self._log, self._wakeups, positions=positions, limit=self._limit, gather_s=GATHER_S
        )
        while not stop.is_set():
            records = await intake.poll()
            if records:
                self._engine.received(len(records))
                decide_ahead = not self._engine.stage.stateful
                ahead = asyncio.create_task(self._engine.prepare(records)) if decide_ahead else None
                await self._batches.put(_Batch(records, ahead))
        await self._batches.put(None)

    async def _commit_in_order(self, positions: dict[Position, int]) -> None:
        while (batch := await self._batches.get()) is not None:
            prepared = await (batch.ahead or self._engine.prepare(batch.records))
            reached = positions_of(batch.records)
            while not await self._commit(prepared, positions, reached).done(self._log):
                prepared = await self._engine.prepare(batch.records)
            positions.update(reached)
            self._engine.committed(prepared)

    def _commit(
        self, prepared: Prepared, positions: Mapping[Position, int], reached: Mapping[Position, int]
    ) -> Commit:
        before = {at: positions[at] for at in reached}
        work = Work(stage=self._engine.stage.name, before=before, after=reached, prepared=prepared)
        return Commit(works=(work,))
