"""What calls cost, read from the journal beside pairs and labels."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import asyncpg

By = Literal["day", "slice", "judge", "model", "purpose", "pair"]

#: What the journal is grouped by; never text of a user's.
_KEYS: Mapping[By, str] = {
    "day": "to_char(to_timestamp(at_ms / 1000.0) at time zone 'UTC', 'YYYY-MM-DD')",
    "slice": "slice",
    "judge": "asked_by",
    "model": "model",
    "purpose": "purpose",
    "pair": "subject",
}
_SUMS = """
count(*) as calls, count(*) filter (where batched) as batched_calls,
count(*) filter (where cost_nanousd is null) as calls_without_price,
sum(input_tokens)::bigint as input_tokens, sum(output_tokens)::bigint as output_tokens,
sum(cache_write_tokens)::bigint as cache_write_tokens, sum(cache_read_tokens)::bigint as cache_read_tokens,
sum(cost_nanousd)::bigint as cost_nanousd
"""
_GROUPS = """
with grouped as (
  select {key} as key, purpose, {sums} from journal
  where at_ms >= $1 and at_ms < $2 and provider = any($3) group by 1, 2
), ranked as (
  select *, dense_rank() over (order by of_key desc nulls last, key) as place
  from (select *, sum(cost_nanousd) over (partition by key) as of_key from grouped) as summed
)
select * from ranked where place <= $4 order by place, purpose
"""
_KINDS = """
select provider, model, batched, {day} as day, {sums} from journal
where at_ms >= $1 and at_ms < $2 and provider = any($3) group by 1, 2, 3, 4 order by 1, 2, 4, 3
"""
# What was written for a prompt is wasted when every pair that came of it was rejected.
_WASTED = """
with spoilt as (
  select prompt_id from pairs where prompt_id is not null
  group by prompt_id having bool_and(coalesce(status, '') = 'rejected')
)
select coalesce(sum(cost_nanousd), 0)::bigint from journal j
where at_ms >= $1 and at_ms < $2 and provider = any($3) and (
  exists (select from pairs p where p.pair_id = j.subject and p.status = 'rejected')
  or exists (select from spoilt s where s.prompt_id = j.subject)
)
"""
_PAIRS = """
select count(*) filter (where status = 'validated') as validated,
  count(*) filter (where status in ('validated', 'rejected')) as decided
from pairs where verdict_at >= to_timestamp($1 / 1000.0) and verdict_at < to_timestamp($2 / 1000.0)
"""
_LABELS = """
select count(*) as labels, count(seconds) as timed_labels, count(distinct pair_id) as pairs,
  coalesce(sum(round(seconds * 1000)), 0)::bigint as timed_ms,
  count(*) filter (where provenance <> 'real') as not_by_people
from labels where occurred_at >= to_timestamp($1 / 1000.0) and occurred_at < to_timestamp($2 / 1000.0)
"""


class Spending:
    """What was spent on some providers in a stretch of time."""

    def __init__(self, pool: asyncpg.Pool, *, since_ms: int, until_ms: int, providers: Sequence[str]) -> None:
        self._pool = pool
        self._between = (since_ms, until_ms)
        self._providers = list(providers)

    async def groups(self, by: By, *, most: int) -> list[dict[str, Any]]:
        """Return tokens and cost by key and purpose, of the keys that cost most, the dearest first."""
        query = _GROUPS.format(key=_KEYS[by], sums=_SUMS)
        rows = await self._pool.fetch(query, *self._between, self._providers, most)
        return [dict(row) for row in rows]

    async def kinds(self) -> list[dict[str, Any]]:
        """Return tokens and cost by provider, model, day and whether they were batched."""
        query = _KINDS.format(day=_KEYS["day"], sums=_SUMS)
        return [dict(row) for row in await self._pool.fetch(query, *self._between, self._providers)]

    async def wasted_nanousd(self) -> int:
        """Return what was spent on pairs that were rejected."""
        return int(await self._pool.fetchval(_WASTED, *self._between, self._providers))

    async def pairs(self) -> dict[str, int]:
        """Return how many pairs were validated, and how many validated or rejected."""
        return dict(await self._pool.fetchrow(_PAIRS, *self._between) or {})

    async def labels(self) -> dict[str, int]:
        """Return how many labels were given, on how many pairs, and how long they took."""
        return dict(await self._pool.fetchrow(_LABELS, *self._between) or {})
