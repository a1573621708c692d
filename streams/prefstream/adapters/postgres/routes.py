"""What stands behind a pair's route: its events, and the configuration they name, from the archive."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import asyncpg

from prefstream.adapters.postgres.opening import fetch_opened
from prefstream.schemas.codec import decode
from prefstream.schemas.constitutions import Constitution, ConstitutionPublished
from prefstream.schemas.envelope import Event
from prefstream.schemas.errors import Undecodable
from prefstream.schemas.judgements import JudgementFailed, PairJudged
from prefstream.schemas.policies import Policy, PolicyPublished, PolicyRevoked
from prefstream.schemas.routes import PairRouted
from prefstream.schemas.topics import CONSTITUTIONS_PUBLISHED, POLICIES_PUBLISHED

E = TypeVar("E", bound=Event)

_PAIR = """
select pair_id, status, judgement_id, route_id, reopened_at, reopened_reason,
  case when status <> 'disputed' then label end as label,
  case when status <> 'disputed' then method end as method
from pairs where pair_id = $1
"""
_EVENT = "select value from archive where event_id = $1"
_NAMED = "select value from archive where topic = $1 and subject = $2 order by occurred_at, event_id"


@dataclass(frozen=True, slots=True, kw_only=True)
class Routed:
    """A pair, its judgement and its route, as far as they have come."""

    pair_id: str
    status: str
    #: The pair's label now and how it was found; `None` before there is one.
    label: str | None
    method: str | None
    judgement: PairJudged | JudgementFailed | None
    route: PairRouted | None
    #: When and why its acceptance was taken back; `None`: it was not.
    reopened_at: datetime | None = None
    reopened_reason: str | None = None


async def routed_pair(pool: asyncpg.Pool, pair_id: str) -> Routed | None:
    """Return what became of a pair up to its route; `None` for a pair nobody knows."""
    row = await pool.fetchrow(_PAIR, pair_id)
    if row is None:
        return None
    route = _one(await fetch_opened(pool, _EVENT, row["route_id"]), PairRouted)
    # The judgement that the route rests on; a later one may stand in the pair's row.
    judgement_id = route.causation_id if route else row["judgement_id"]
    judged = await fetch_opened(pool, _EVENT, judgement_id)
    return Routed(
        pair_id=row["pair_id"],
        status=row["status"] or "labelled",
        label=row["label"],
        method=row["method"],
        judgement=_one(judged, PairJudged) or _one(judged, JudgementFailed),
        route=route,
        reopened_at=row["reopened_at"],
        reopened_reason=row["reopened_reason"],
    )


async def policy_named(pool: asyncpg.Pool, policy_id: str) -> tuple[Policy | None, PolicyRevoked | None]:
    """Return a policy that was published, and its revocation if it was revoked."""
    rows = await fetch_opened(pool, _NAMED, POLICIES_PUBLISHED.name, policy_id)
    published, revoked = _one(rows, PolicyPublished), _one(rows, PolicyRevoked)
    return (published.policy if published else None), revoked


async def constitution_named(pool: asyncpg.Pool, constitution_id: str) -> Constitution | None:
    """Return a constitution that was published."""
    rows = await fetch_opened(pool, _NAMED, CONSTITUTIONS_PUBLISHED.name, constitution_id)
    published = _one(rows, ConstitutionPublished)
    return published.constitution if published else None


def _one(rows: Sequence[Mapping[str, Any]], kind: type[E]) -> E | None:
    """Return the latest event of a kind."""
    found: E | None = None
    for row in rows:
        try:
            event = decode(row["value"])
        except Undecodable:
            continue
        found = event if isinstance(event, kind) else found
    return found
