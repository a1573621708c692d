"""Suspect pairs: accepted under a policy that was revoked, and not seen by a person since."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import asyncpg

from prefstream.adapters.log import Log
from prefstream.adapters.postgres.connection import Connection
from prefstream.agents.policies import reopened
from prefstream.agents.tasks import record_of
from prefstream.domain.policies import Entry, PolicyBook
from prefstream.schemas.codec import decode
from prefstream.schemas.errors import BadInput
from prefstream.schemas.policies import PolicyRevoked
from prefstream.schemas.routes import PairRouted

# The change may have begun under a policy that the revoked one superseded.
_SUSPECTS: Final = """
select pair_id, slice, policy_id, judge_label, confidence, routed_at, route_id::text
from pairs
where route = 'accept' and not audit and policy_id = any($1::text[])
  and ($2::text is null or slice = $2) and ($3::timestamptz is null or routed_at >= $3)
  and reopened_id is null
order by routed_at, pair_id
"""
_ROUTES: Final = "select value from archive where event_id = any($1::uuid[]) order by event_id"
#: Routes that are read and said at a time.
_BATCH: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """One pair that was accepted and may be wrong."""

    pair_id: str
    slice: str
    policy_id: str
    judge_label: str | None
    confidence: float | None
    routed_at: datetime
    route_id: str

    def document(self) -> dict[str, Any]:
        """Return it for machines."""
        return {
            "pair_id": self.pair_id,
            "slice": self.slice,
            "policy_id": self.policy_id,
            "judge_label": self.judge_label,
            "confidence": self.confidence,
            "routed_at": self.routed_at.isoformat(),
        }


def revocation_of(entry: Entry) -> PolicyRevoked:
    """Return the revocation of a policy.

    Raises:
        BadInput: It was not revoked, or was never in force.
    """
    revocation = entry.revocation
    if revocation is None:
        raise BadInput(
            f"{entry.policy_id} is {entry.status}, not revoked; nothing accepted under it is suspect"
        )
    if entry.order is None:
        raise BadInput(f"{entry.policy_id} was turned down before it was in force; nothing was accepted")
    return revocation


async def suspects_of(connection: Connection | asyncpg.Pool, entry: Entry, book: PolicyBook) -> list[Suspect]:
    """Return the accepted pairs that a policy's revocation makes suspect, in the order of their routes.

    Audited pairs are left out: people labelled them anyway.

    Raises:
        BadInput: The policy was not revoked.
    """
    revocation = revocation_of(entry)
    ids = _suspected_policies(entry, revocation, book)
    rows = await connection.fetch(_SUSPECTS, ids, revocation.slice, revocation.suspect_since)
    return [Suspect(**row) for row in rows]


async def sent_to_people(pool: asyncpg.Pool, log: Log, suspects: Sequence[Suspect], entry: Entry) -> int:
    """Ask people about suspect pairs and return how many routes were said; saying them again does no harm."""
    revocation = revocation_of(entry)
    writer = await log.writer()
    said = 0
    try:
        for start in range(0, len(suspects), _BATCH):
            ids = [one.route_id for one in suspects[start : start + _BATCH]]
            routes = [decode(row["value"]) for row in await pool.fetch(_ROUTES, ids)]
            news = [reopened(route, revocation) for route in routes if isinstance(route, PairRouted)]
            await writer.append([record_of(route) for route in news])
            said += len(news)
    finally:
        await writer.close()
    return said


def _suspected_policies(entry: Entry, revocation: PolicyRevoked, book: PolicyBook) -> list[str]:
    """Return the revoked policy and, where an alarm dates the change, those before it for the same judge."""
    if revocation.suspect_since is None or entry.policy is None:
        return [entry.policy_id]
    held_for = entry.policy.judge_id, entry.policy.constitution_id
    return [
        other.policy_id
        for other in book.entries.values()
        if other.policy is not None
        and (other.policy.judge_id, other.policy.constitution_id) == held_for
        and (other.order or 0) <= (entry.order or 0)
    ]
