"""Runs stages on Apache Kafka: an engine's batches as the work of a Faust agent.

State is saved before outputs are published and acknowledged; a stage answers a repeated event by
saying again what it said, so a crash in between repeats outputs and loses none.
"""

from collections.abc import Sequence

import asyncpg
import structlog

from prefstream.adapters.kafka.stages import RunStage
from prefstream.adapters.postgres.connection import AWAY, CLASH
from prefstream.adapters.postgres.states import save_states
from prefstream.schemas.errors import Unavailable
from prefstream.schemas.records import LogRecord, OutRecord
from prefstream.streams.engine import Engine, Prepared

log = structlog.get_logger(__name__)


class KafkaWork:
    """The work of one stage on runs of records."""

    def __init__(self, engine: Engine, pool: asyncpg.Pool) -> None:
        self._engine = engine
        self._pool = pool
        self._unacknowledged: dict[int, Prepared] = {}

    async def __call__(self, records: Sequence[LogRecord]) -> Sequence[OutRecord]:
        """Decide a run, save its states and return its outputs.

        Raises:
            Unavailable: The database went away; nothing of the run counts as done.
        """
        self._engine.received(len(records))
        prepared = await self._engine.prepare(records)
        while not await self._saved(prepared):
            log.info("stage.conflicted", stage=self._engine.stage.name)
            prepared = await self._engine.prepare(records)
        self._unacknowledged[id(prepared.outputs)] = prepared
        return prepared.outputs

    def acked(self, outputs: Sequence[OutRecord]) -> None:
        """Count a run as ended, now that its outputs are in the log and it is acknowledged."""
        self._engine.committed(self._unacknowledged.pop(id(outputs)))

    async def _saved(self, prepared: Prepared) -> bool:
        try:
            return await save_states(self._pool, self._engine.stage.name, prepared.states, prepared.versions)
        except CLASH:
            return False
        except AWAY as error:
            raise Unavailable(
                f"{self._engine.stage.name}: states cannot be saved, the database is away"
            ) from error


def run_stage(engine: Engine, pool: asyncpg.Pool, *, in_flight: int, run_length: int) -> RunStage:
    """Return the stage as the Faust shell carries it."""
    work = KafkaWork(engine, pool)
    return RunStage(
        name=engine.stage.name,
        topics=tuple(spec.name for spec in engine.stage.inputs),
        work=work,
        acked=work.acked,
        in_flight=in_flight,
        run_length=run_length,
        ordered=engine.stage.stateful,
    )
