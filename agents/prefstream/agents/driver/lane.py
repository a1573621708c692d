"""One partition of one topic as one stage reads it: positions, and what is in flight."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from prefstream.agents.stage import Answer, Call
from prefstream.agents.tasks import Result, Task
from prefstream.schemas.dead_letters import detour_of
from prefstream.schemas.errors import Undecodable
from prefstream.schemas.records import LogRecord


@dataclass(slots=True, kw_only=True, eq=False)
class Slot:
    """One record in flight."""

    task: Task | None = None
    #: The result, once there is one; outputs wait here for those of earlier records.
    result: Result | None = None
    pending: list[Call] = field(default_factory=list)
    answers: dict[str, Answer] = field(default_factory=dict)
    rounds: int = 0


@dataclass(slots=True, kw_only=True, eq=False)
class Lane:
    """A stage's reading of one partition."""

    records: Sequence[LogRecord]
    #: Records of retry topics are not taken before their time.
    delayed: bool
    #: The next record to take.
    position: int = 0
    #: Everything before it is acked: its outputs stand in the log.
    acked: int = 0
    #: Everything before it is committed: a crash does not bring it back.
    committed: int = 0
    slots: deque[Slot] = field(default_factory=deque)

    def due_ms(self) -> int | None:
        """Return from when the next record may be taken; `None` when there is none."""
        if self.position >= len(self.records):
            return None
        return _not_before_ms(self.records[self.position]) if self.delayed else 0

    def rewind(self, offset: int) -> int:
        """Go back to an offset, drop what is in flight and return how much that was."""
        dropped = len(self.slots)
        self.slots.clear()
        self.position = self.acked = offset
        self.committed = min(self.committed, offset)
        return dropped


def _not_before_ms(record: LogRecord) -> int:
    try:
        detour = detour_of(record)
    except Undecodable:
        return 0
    return detour.not_before_ms if detour else 0
