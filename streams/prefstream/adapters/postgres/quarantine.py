"""Pairs in quarantine, as the database has them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from prefstream.adapters.postgres.connection import Connection
from prefstream.adapters.postgres.opening import fetch_opened
from prefstream.schemas.codec import decode
from prefstream.schemas.errors import BadInput, Undecodable
from prefstream.schemas.pairs import PairRejected

_HELD: str = """
select p.pair_id, p.slice, p.resolved_at, p.verdict_id::text as verdict_id, a.value
from pairs p join archive a on a.event_id = p.verdict_id
where p.status = 'quarantined' and ($1::text is null or p.slice = $1)
  and ($2::text is null or p.rejection_reasons ? $2) and ($3::text[] is null or p.pair_id = any($3))
order by p.resolved_at, p.pair_id limit $4
"""
_STATUS = "select coalesce(status, 'unknown') from pairs where pair_id = $1"


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldPair:
    """One pair in quarantine, with what was found."""

    pair_id: str
    slice: str
    resolved_at: datetime
    verdict_id: str
    resolution_id: str
    #: Finding by check; empty where it was erased.
    findings: dict[str, str]


async def held_pairs(
    source: Connection | asyncpg.Pool,
    *,
    slice_name: str | None = None,
    check: str | None = None,
    pair_ids: Sequence[str] | None = None,
    most: int = 100,
) -> list[HeldPair]:
    """Return pairs in quarantine, those that wait longest first.

    Args:
        source: The database.
        slice_name: Only of this slice.
        check: Only with a finding of this check.
        pair_ids: Only these.
        most: Pairs at most.
    """
    rows = await fetch_opened(source, _HELD, slice_name, check, pair_ids, most)
    found = []
    for row in rows:
        verdict = _verdict(row["value"])
        if verdict is not None:
            found.append(
                HeldPair(
                    pair_id=row["pair_id"],
                    slice=row["slice"],
                    resolved_at=row["resolved_at"],
                    verdict_id=row["verdict_id"],
                    resolution_id=verdict.resolution_id,
                    findings={
                        check.check: check.finding
                        for check in verdict.checks
                        if not check.passed and check.severity == "quarantine" and check.released_by is None
                    },
                )
            )
    return found


async def held_pair(source: Connection | asyncpg.Pool, pair_id: str) -> HeldPair:
    """Return one pair in quarantine.

    Raises:
        BadInput: There is no such pair, or it is not in quarantine.
    """
    found = await held_pairs(source, pair_ids=[pair_id], most=1)
    if found:
        return found[0]
    status = await source.fetchval(_STATUS, pair_id)
    if status is None:
        raise BadInput(f"there is no pair {pair_id!r}; `prefstream quarantine list` names those that wait")
    raise BadInput(f"{pair_id} is not in quarantine, it is {status}; there is nothing to decide")


def _verdict(value: bytes) -> PairRejected | None:
    try:
        event = decode(value)
    except Undecodable:
        return None
    return event if isinstance(event, PairRejected) else None
