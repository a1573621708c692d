"""The queue of people, and the pairs that they have decided, as the tables have them."""

from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg

from prefstream.adapters.postgres.opening import stream_opened
from prefstream.domain.escalation import Task
from prefstream.domain.selection import Lesson
from prefstream.schemas.codec import decode
from prefstream.schemas.errors import Undecodable
from prefstream.schemas.judgements import PairJudged
from prefstream.schemas.values import Preference

_QUEUE = """
select pair_id, slice, round, priority, needed - have as labels from tasks
where open and ($1::text is null or slice = $1) order by priority desc, pair_id, round
"""
#: Pairs decided by people, in the order of event time; what judges alone decided teaches nothing new.
_DECIDED = """
select a.value, p.slice, p.label from pairs p join archive a on a.event_id = p.judgement_id
where p.resolution_id is not null and p.method <> 'judge' and p.status <> 'disputed'
order by p.resolved_at, p.resolution_id
"""


async def open_tasks(pool: asyncpg.Pool, *, slice_name: str | None = None) -> Sequence[Task]:
    """Return the tasks that wait, those that go first at the front."""
    return [Task(**row) for row in await pool.fetch(_QUEUE, slice_name)]


async def lessons(pool: asyncpg.Pool) -> Sequence[Lesson]:
    """Return the pairs that people decided, oldest decision first."""
    found = []
    async with pool.acquire() as connection, connection.transaction():
        async for row in stream_opened(connection, _DECIDED, at_once=1000):
            lesson = _lesson(row)
            if lesson is not None:
                found.append(lesson)
    return found


def _lesson(row: Mapping[str, Any]) -> Lesson | None:
    try:
        judged = decode(row["value"])
    except Undecodable:
        return None
    if not isinstance(judged, PairJudged) or judged.sketch is None:
        return None
    return Lesson(
        slice=row["slice"] or judged.slice,
        sketch=judged.sketch,
        p_a=judged.p_a,
        judge_label=judged.label,
        label=Preference(row["label"]),
    )
