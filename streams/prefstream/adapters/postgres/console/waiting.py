"""What waits for people: open tasks by slice and round, and what of them is lent out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from prefstream.adapters.postgres.connection import Connection

_WAITING = """
with counted as (
  select slice, round, count(*) as tasks, sum(needed - have)::bigint as labels, min(opened_at) as oldest,
    max(priority) as priority
  from tasks where open group by 1, 2
), lent as (
  select slice, round, count(*) as leases from leases
  where ended_at is null and purpose = 'work' group by 1, 2
), given as (
  select s.slice, s.round, count(*) as answers from outbox o
  join submissions s on s.submission_id = o.submission_id where s.purpose = 'work' group by 1, 2
)
select slice, round, coalesce(tasks, 0) as tasks, coalesce(labels, 0) as labels, oldest, priority,
  coalesce(leases, 0) as leases, coalesce(answers, 0) as answers
from counted full join lent using (slice, round) full join given using (slice, round) order by 1, 2
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Tasks of one slice and round."""

    slice: str
    round: str
    #: Open tasks, and the labels that they still want.
    tasks: int
    labels: int
    #: When the oldest of them was asked for, in event time.
    oldest: datetime | None
    priority: int | None
    #: Lent out now.
    leases: int
    #: Answered, and on the way to the log.
    answers: int


async def waiting(source: Connection | asyncpg.Pool) -> Sequence[Waiting]:
    """Return what waits, by slice and round."""
    return [Waiting(**row) for row in await source.fetch(_WAITING)]
