"""How budgets stand: what `prefstream status` says of money."""

from collections.abc import Mapping
from typing import Any

import asyncpg

from prefstream.domain.cost import shown
from prefstream.streams.budget_accounts import HELD_S, SPENT_S, day_of

#: A budget holds pairs back as long as calls were refused this lately: what waits asks again in half of it.
_LATELY_MS = {"held": int(2 * HELD_S * 1000)}
_ELSE_MS = int(2 * SPENT_S * 1000)
_BUDGETS = """
select b.*, coalesce(sum(l.spent_nanousd), 0)::bigint as spent_nanousd,
  coalesce(sum(greatest(l.granted_nanousd - l.spent_nanousd, 0))
    filter (where not l.ended and l.expires_at >= clock_timestamp()), 0)::bigint as leased_nanousd
from budgets b left join budget_leases l using (budget)
where b.budget = $1 or b.budget like 'run:%' group by b.budget order by b.budget
"""


async def budgets_now(pool: asyncpg.Pool, *, now_ms: int) -> list[dict[str, Any]]:
    """Return how today's budget and those of runs stand, and whether they hold pairs back."""
    rows = await pool.fetch(_BUDGETS, f"day:{day_of(now_ms)}")
    return [_standing(dict(row), now_ms) for row in rows]


def told(budget: Mapping[str, Any]) -> str:
    """Return how a budget stands in one line."""
    spent, limit = shown(budget["spent_nanousd"]), shown(budget["limit_nanousd"])
    line = f"budget {budget['budget']}: {spent} of {limit} spent"
    if budget["leased_nanousd"]:
        line += f", {shown(budget['leased_nanousd'])} held by processes"
    if not budget["holds_back"]:
        return line
    refused = f"{budget['refused_calls']:,} calls refused so far"
    return f"{line}; it holds pairs back ({refused}): {budget['refused_detail']}"


def _standing(row: dict[str, Any], now_ms: int) -> dict[str, Any]:
    at_ms, lately_ms = row["refused_at_ms"], _LATELY_MS.get(row["refused_reason"], _ELSE_MS)
    return row | {"holds_back": at_ms is not None and now_ms - at_ms < lately_ms}
