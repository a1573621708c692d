"""What becomes of a delivery after a try: the schedule of Standard Webhooks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

#: Seconds before each try, counted from the one before.
SCHEDULE_S: Sequence[float] = (
    0,
    5,
    5 * 60,
    30 * 60,
    2 * 3600,
    5 * 3600,
    10 * 3600,
    14 * 3600,
    20 * 3600,
    24 * 3600,
)
#: A wait is longer by up to this share of it, so that what failed together does not come back together.
JITTER = 0.2
#: A receiver cannot ask us to wait longer than this.
MOST_RETRY_AFTER_S = 24 * 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of one try."""

    #: `None`: no answer came at all.
    status: int | None
    error: str = ""
    #: Seconds the receiver asks us to wait.
    retry_after_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What follows from it."""

    state: Literal["delivered", "pending", "failed"]
    #: When it is tried again, where it is.
    due_at: datetime | None = None
    #: Whether the receiver wants nothing any more.
    disables: bool = False


def verdict_on(answer: Answer, *, attempts: int, now: datetime, chance: float) -> Verdict:
    """Return what becomes of a delivery.

    Args:
        answer: What came of the latest try.
        attempts: How many tries there were, that one included.
        now: The time.
        chance: A number from 0 to 1 for the jitter.
    """
    status = answer.status
    if status is not None and 200 <= status < 300:
        return Verdict(state="delivered")
    if status == 410:
        return Verdict(state="failed", disables=True)
    if attempts >= len(SCHEDULE_S):
        return Verdict(state="failed")
    wait_s = SCHEDULE_S[attempts] * (1 + JITTER * chance)
    asked_s = min(answer.retry_after_s or 0.0, MOST_RETRY_AFTER_S)
    return Verdict(state="pending", due_at=now + timedelta(seconds=max(wait_s, asked_s)))
