"""One commit on the Postgres log: what one or more stages decided, all of it or nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import asyncpg
import structlog

from prefstream.adapters.postgres.connection import CLASH
from prefstream.adapters.postgres.log import Columns, PostgresLog, columns
from prefstream.adapters.postgres.states import CONFLICT, FENCED
from prefstream.schemas.errors import Fenced
from prefstream.schemas.records import OutRecord
from prefstream.streams.engine import Prepared
from prefstream.streams.intake import Position

log = structlog.get_logger(__name__)

_COMMIT = f"select stage_commit({', '.join(f'${n}' for n in range(1, 19))})"
_NO_OUTPUTS: Columns = ([], [], [], [], [], [], [], [])


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What one stage read and decided."""

    stage: str
    #: Where its group stood, and where it stands after this, per partition that moved.
    before: Mapping[Position, int]
    after: Mapping[Position, int]
    prepared: Prepared
    #: Records it was given.
    count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """Work that stands or falls together."""

    works: Sequence[Work]
    #: Where a partition must end before the outputs come, where they were handed on already.
    starts: Mapping[Position, int] = field(default_factory=dict)

    async def done(self, log_: PostgresLog) -> bool:
        """Commit and return `True`; `False` when it must be decided anew.

        Raises:
            Fenced: Another owner moved a group's offsets.
        """
        outputs = [out for work in self.works for out in work.prepared.outputs]
        try:
            await log_.pool.execute(
                _COMMIT, *self._offsets(), *self._states(), *self._outputs(outputs, log_.partitions)
            )
        except CLASH:
            return False
        except asyncpg.PostgresError as error:
            return self._explained(error)
        return True

    def _offsets(self) -> tuple[list[str], list[str], list[int], list[int], list[int]]:
        moves = [
            (work.stage, at, work.before[at], work.after[at]) for work in self.works for at in work.after
        ]
        return (
            [stage for stage, *_ in moves],
            [topic for _, (topic, _), *_ in moves],
            [number for _, (_, number), *_ in moves],
            [before for *_, before, _ in moves],
            [after for *_, after in moves],
        )

    def _states(self) -> tuple[list[str], list[str], list[int], list[bytes]]:
        return (
            [work.stage for work in self.works for _ in work.prepared.states],
            [key for work in self.works for key in work.prepared.states],
            [work.prepared.versions[key] for work in self.works for key in work.prepared.states],
            [value for work in self.works for value in work.prepared.states.values()],
        )

    def _outputs(
        self, outputs: Sequence[OutRecord], partitions: Mapping[str, int]
    ) -> tuple[list[int] | list[str] | list[bytes] | list[int | None] | list[bytes | None] | None, ...]:
        told = columns(outputs, partitions) if outputs else _NO_OUTPUTS
        if not self.starts:
            return (*told, None)
        return (*told, [self.starts.get(at) for at in zip(told[0], told[1], strict=True)])

    def _explained(self, error: asyncpg.PostgresError) -> bool:
        stages = ", ".join(work.stage for work in self.works)
        if error.sqlstate == CONFLICT:
            log.info("stage.conflicted", stages=stages)
            return False
        if error.sqlstate == FENCED:
            raise Fenced(f"another owner runs one of the stages {stages}: {error}") from error
        raise error
