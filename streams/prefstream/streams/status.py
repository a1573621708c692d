"""How far everything is: counts per stage, lags, dead letters, rows."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any

import asyncpg

from prefstream.adapters.log import Log
from prefstream.adapters.postgres.connection import pool_of
from prefstream.adapters.settings import Settings
from prefstream.schemas.errors import Unavailable
from prefstream.streams.places import find_places, open_log
from prefstream.streams.spending import budgets_now

_COUNTS = """
select
  (select count(*) from prompts) as prompts,
  (select count(*) from prompts where status = 'set_aside') as prompts_set_aside,
  (select count(*) from pairs where proposed_id is not null) as pairs,
  (select count(*) from pairs where judgement_id is not null) as judged,
  (select count(*) from pairs where route = 'accept') as accepted,
  (select count(*) from pairs where route = 'escalate') as escalated,
  (select count(*) from pairs where audit) as audited,
  (select count(*) from labels where withdrawn_at is null) as human_labels,
  (select count(*) from pairs where resolution_id is not null and status <> 'disputed') as resolved,
  (select count(*) from pairs where status = 'disputed') as disputed,
  (select count(*) from pairs where status = 'validated') as validated,
  (select count(*) from pairs where status = 'quarantined') as quarantined,
  (select count(*) from pairs where status = 'rejected') as rejected,
  (select count(*) from tasks where open) as open_tasks,
  (select count(*) from dead_letters) as dead_letters,
  (select count(*) from archive) as archived
"""
_SLICES = """
select slice, count(*) as pairs, count(*) filter (where route = 'accept') as accepted,
  count(*) filter (where route = 'escalate') as escalated,
  count(*) filter (where status = 'validated') as validated,
  count(*) filter (where status = 'rejected') as rejected
from pairs where slice is not null group by slice order by slice
"""
_AGREEMENT = """
select slice, statistic, subject, value, low, high, reason, n from slice_metrics
where window_name = 'all' order by slice, statistic, subject
"""


#: Slices whose figures are older than what they are read from.
_STALE = """
select (select count(*) from slices_to_refresh) + (select count(*) from people_to_refresh)
"""


async def counts(pool: asyncpg.Pool) -> dict[str, int]:
    """Return how many of each thing there are."""
    row = await pool.fetchrow(_COUNTS)
    return dict(row) if row else {}


async def slices(pool: asyncpg.Pool) -> list[dict[str, Any]]:
    """Return the pairs of each slice by route and verdict."""
    return [dict(row) for row in await pool.fetch(_SLICES)]


async def agreement(pool: asyncpg.Pool) -> list[dict[str, Any]]:
    """Return the figures of agreement of each slice over all time."""
    return [dict(row) for row in await pool.fetch(_AGREEMENT)]


async def overview(settings: Settings) -> dict[str, Any]:
    """Return counts, lags and slices of the deployment that the settings name.

    Raises:
        Unavailable: Log or database does not answer.
    """
    places = find_places(settings)
    async with (
        pool_of(places.dsn.get_secret_value(), size=2) as pool,
        open_log(places, partitions=settings.partitions) as log,
    ):
        lags = await log.lags()
        return {
            "log": places.log,
            "rows": await counts(pool),
            "lag": {group: sum(topics.values()) for group, topics in sorted(lags.items())},
            "slices": await slices(pool),
            "agreement": await agreement(pool),
            "budgets": await budgets_now(pool, now_ms=time.time_ns() // 1_000_000),
        }


async def drained(settings: Settings, timeout_s: float) -> None:
    """Wait until the chain has dealt with everything that is in the log.

    Raises:
        Unavailable: It has not after this long; the message says what is left.
    """
    places = find_places(settings)
    async with (
        pool_of(places.dsn.get_secret_value(), size=2) as pool,
        open_log(places, partitions=settings.partitions) as log,
    ):
        until = asyncio.get_running_loop().time() + timeout_s
        while left := await _left(log, pool):
            if asyncio.get_running_loop().time() > until:
                raise Unavailable(f"after {timeout_s:.0f} s the chain has still to read: {dict(left)}")
            await asyncio.sleep(0.2)


async def _left(log: Log, pool: asyncpg.Pool) -> Mapping[str, int]:
    """Return the groups that lag, or that moved while we looked.

    A record is said before its cause counts as read, so whatever is under way shows as lag
    somewhere; it can only hide by moving between two looks, and then the sink has moved too.
    """
    before = await _sunk(pool)
    for _ in range(2):
        lags = {group: sum(topics.values()) for group, topics in (await log.lags()).items()}
        if left := {group: lag for group, lag in lags.items() if lag}:
            return left
    moved = await _sunk(pool) - before
    stale = await pool.fetchval(_STALE)
    return {"sink": moved + stale} if moved + stale else {}


async def _sunk(pool: asyncpg.Pool) -> int:
    return int(await pool.fetchval("select coalesce(sum(next_offset), 0) from sink_offsets"))
