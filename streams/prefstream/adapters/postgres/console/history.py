"""Histories: every event of a pair, from the archive."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from prefstream.adapters.postgres.opening import fetch_opened
from prefstream.schemas.codec import decode
from prefstream.schemas.constitutions import ConstitutionPublished
from prefstream.schemas.envelope import Event
from prefstream.schemas.errors import Erased, Undecodable

# The list of topics is that of the index, word for word: it is only used for the same.
_EVENTS = """
select event_id::text, type, occurred_at, value from archive
where subject = $1 and topic in (
  'pairs.proposed.v1', 'pairs.judged.v1', 'pairs.routed.v1', 'labels.submitted.v1', 'labels.resolved.v1',
  'pairs.validated.v1', 'pairs.rejected.v1'
)
order by occurred_at, event_id limit 1000
"""
_LEASED = """
select exists (
  select from leases where pair_id = $1 and person_id = $2 and ended_at is null and expires_at > now()
)
"""
_PUBLISHED = """
select value from archive where topic = 'constitutions.published.v1' order by log_offset
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What the archive has of a pair."""

    events: Sequence[Event]
    #: Ids of events whose bytes cannot be read any more.
    unread: Sequence[str] = ()
    #: Types and times of events whose content was erased.
    erased: Sequence[tuple[str, datetime]] = ()


async def history_of(pool: asyncpg.Pool, pair_id: str) -> History:
    """Return the events of a pair."""
    events, unread, erased = [], [], []
    for row in await fetch_opened(pool, _EVENTS, pair_id):
        try:
            events.append(decode(row["value"]))
        except Erased:
            erased.append((row["type"], row["occurred_at"]))
        except Undecodable:
            unread.append(row["event_id"])
    return History(events=events, unread=unread, erased=erased)


async def at_work_on(pool: asyncpg.Pool, pair_id: str, *, person_id: str) -> bool:
    """Return whether a person has the pair before them just now; whoever labels it must not look."""
    return bool(await pool.fetchval(_LEASED, pair_id, person_id))


async def published_constitutions(pool: asyncpg.Pool) -> Sequence[ConstitutionPublished]:
    """Return the versions of the constitution, oldest first; what cannot be read is left out."""
    found = []
    for row in await pool.fetch(_PUBLISHED):
        try:
            event = decode(row["value"])
        except Undecodable:
            continue
        if isinstance(event, ConstitutionPublished):
            found.append(event)
    return found
