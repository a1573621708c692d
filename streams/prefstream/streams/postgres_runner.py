"""Runs one stage on the Postgres log: poll, decide, commit all at once.

Offsets, states and outputs of a batch stand or fall in one transaction, so a crash at any moment
leaves nothing half done. Outside effects happen before it and are journalled.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import asyncpg
import structlog

from prefstream.adapters.postgres.connection import AWAY, CLASH
from prefstream.adapters.postgres.log import Columns, PostgresLog, Wakeups, columns
from prefstream.adapters.postgres.states import CONFLICT, FENCED
from prefstream.schemas.errors import Fenced, Unavailable
from prefstream.schemas.records import LogRecord
from prefstream.streams.engine import Engine, Prepared
from prefstream.streams.intake import Position, PostgresIntake, group_positions

log = structlog.get_logger(__name__)

_COMMIT = f"select stage_commit({', '.join(f'${n}' for n in range(1, 17))})"
_NO_OUTPUTS: Columns = ([], [], [], [], [], [], [], [])


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
        intake = PostgresIntake(self._log, self._wakeups, positions=positions, limit=self._limit)
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
            reached = {(r.topic, r.partition): r.offset + 1 for r in batch.records}
            while not await self._committed(prepared, {at: positions[at] for at in reached}, reached):
                prepared = await self._engine.prepare(batch.records)
            positions.update(reached)
            self._engine.committed(prepared)

    async def _committed(
        self, prepared: Prepared, before: Mapping[Position, int], after: Mapping[Position, int]
    ) -> bool:
        """Commit and return `True`; `False` when states changed meanwhile and it must be decided anew."""
        outputs = columns(prepared.outputs, self._log.partitions) if prepared.outputs else _NO_OUTPUTS
        arguments = (
            self._engine.stage.name,
            [topic for topic, _ in before],
            [number for _, number in before],
            [*before.values()],
            [after[at] for at in before],
            [*prepared.states],
            [prepared.versions[key] for key in prepared.states],
            [*prepared.states.values()],
            *outputs,
        )
        try:
            await self._log.pool.execute(_COMMIT, *arguments)
        except CLASH:
            return False
        except asyncpg.PostgresError as error:
            return self._explained(error)
        return True

    def _explained(self, error: asyncpg.PostgresError) -> bool:
        if error.sqlstate == CONFLICT:
            log.info("stage.conflicted", stage=self._engine.stage.name)
            return False
        if error.sqlstate == FENCED:
            raise Fenced(f"another owner runs stage {self._engine.stage.name}: {error}") from error
        raise error
