"""Overviews: what waits for people, what they are at, and what they disagree about."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg
import orjson

from prefstream.domain.history import Cited
from prefstream.schemas.values import Verdict

_WAITING = """
select t.slice, t.round, count(*) as tasks, sum(t.needed - t.have)::bigint as labels,
  min(t.opened_at) as oldest, max(t.priority) as priority,
  coalesce(sum(l.held), 0)::bigint as leased
from tasks t left join lateral (
  select count(*) as held from leases l
  where l.pair_id = t.pair_id and l.round = t.round and l.ended_at is null and l.expires_at > now()
    and l.purpose = 'work'
) l on true
where t.open group by t.slice, t.round order by t.slice, t.round
"""
#: Reasons of the pairs that go first; counting those of all would read the whole table of pairs.
_REASONS = """
with first as (
  select pair_id from tasks where open and ($1::text is null or slice = $1)
  order by priority desc, pair_id limit $2
)
select r->>'code' as code, r->>'clause' as clause, count(*) as pairs
from first join pairs p using (pair_id), jsonb_array_elements(coalesce(p.reasons, '[]')) r
group by 1, 2 order by 3 desc, 1, 2 limit 50
"""
_FIRST = """
select t.pair_id, t.slice, t.round, t.priority, t.needed, t.have, t.opened_at
from tasks t where t.open and ($1::text is null or t.slice = $1) and ($2::text is null or t.round = $2)
order by t.priority desc, t.pair_id, t.round limit $3
"""
_DISPUTED = """
with disputed as (
  select distinct pair_id from tasks
  where round in ('review', 'adjudicate') and ($1::text is null or slice = $1)
  order by pair_id limit $2
)
select l.pair_id, coalesce(l.slice, '') as slice, l.verdict, l.clauses
from disputed join labels l using (pair_id) where l.withdrawn_at is null and jsonb_array_length(l.clauses) > 0
"""
_MINE = """
select round, count(*) as tasks from tasks where open and round = any($1) group by round
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What waits in one slice and round."""

    slice: str
    round: str
    tasks: int
    #: Labels that the tasks still need.
    labels: int
    #: When the oldest of them opened; `None`: not known.
    oldest: datetime | None
    priority: int
    #: Tasks that somebody has before them now.
    leased: int


async def waiting(pool: asyncpg.Pool) -> Sequence[Waiting]:
    """Return what waits, by slice and round."""
    return [Waiting(**row) for row in await pool.fetch(_WAITING)]


async def waiting_by_round(pool: asyncpg.Pool, rounds: Sequence[str]) -> dict[str, int]:
    """Return how many tasks of these rounds wait."""
    return {row["round"]: row["tasks"] for row in await pool.fetch(_MINE, list(rounds))}


async def reasons(pool: asyncpg.Pool, *, slice_name: str | None, most: int) -> Sequence[dict[str, Any]]:
    """Return why the pairs that go first were sent to people: code, clause and how many pairs."""
    return [dict(row) for row in await pool.fetch(_REASONS, slice_name, most)]


async def first_tasks(
    pool: asyncpg.Pool, *, slice_name: str | None, round_: str | None, most: int
) -> Sequence[dict[str, Any]]:
    """Return the tasks that go first."""
    return [dict(row) for row in await pool.fetch(_FIRST, slice_name, round_, most)]


async def disputed_labels(pool: asyncpg.Pool, *, slice_name: str | None, most_pairs: int) -> Sequence[Cited]:
    """Return the labels, with the clauses they cite, of pairs that people did not agree on."""
    return [
        Cited(
            pair_id=row["pair_id"],
            slice=row["slice"],
            verdict=Verdict(row["verdict"]),
            clauses=tuple(orjson.loads(row["clauses"])),
        )
        for row in await pool.fetch(_DISPUTED, slice_name, most_pairs)
    ]
