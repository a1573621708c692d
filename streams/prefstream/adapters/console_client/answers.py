"""What the console answers, as values."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict


class _Answer(BaseModel):
    """Fields of a newer console are ignored; those we know must be there."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Turn(_Answer):
    """One turn of the conversation."""

    role: str
    content: str


class Candidate(_Answer):
    """A response as it is shown: its text, and no word of who wrote it."""

    text: str


class LeasedTask(_Answer):
    """A task that is this person's until the lease ends."""

    lease_id: str
    #: Goes back with every call about the lease; an older one is refused.
    fence: int
    expires_at: datetime
    #: Seconds between two heartbeats that keep the lease.
    heartbeat_s: float
    #: "pair", "ranking", "rating", "demonstration" or "safety".
    kind: str
    round: str
    slice: str
    task_id: str
    messages: tuple[Turn, ...]
    #: The two responses of a pair, on the sides on which they are shown.
    left: Candidate | None = None
    right: Candidate | None = None
    #: The candidates of other kinds, in the order in which they are shown.
    candidates: tuple[Candidate, ...] = ()
    draft: dict[str, Any] | None = None
    #: What others said, in rounds that decide about it.
    shown: dict[str, Any] | None = None


class Submitted(_Answer):
    """A label is taken: it is durable, and can be undone for a while."""

    submission_id: str
    undo_until: datetime


class Ingested(_Answer):
    """What became of the rows that were sent."""

    accepted: int
    refused: tuple[dict[str, Any], ...] = ()
