"""Where a pair stands, as the tables have it."""

from dataclasses import dataclass
from datetime import datetime

import asyncpg

_ROW = """
select status, judge_label, confidence, route, label, soft_label, method, resolved_at
from pairs where pair_id = $1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class PairRow:
    """Where a pair stands; `None` is what has not happened yet."""

    status: str | None = None
    judge_label: str | None = None
    confidence: float | None = None
    route: str | None = None
    label: str | None = None
    soft_label: float | None = None
    method: str | None = None
    resolved_at: datetime | None = None


async def pair_row(pool: asyncpg.Pool, pair_id: str) -> PairRow | None:
    """Return where a pair stands; `None` if nothing is known of it."""
    row = await pool.fetchrow(_ROW, pair_id)
    return PairRow(**dict(row)) if row else None
