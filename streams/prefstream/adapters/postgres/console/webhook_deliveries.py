"""Deliveries of webhooks: those that are due, what came of them, and the list of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from prefstream.adapters.postgres.connection import Connection
from prefstream.domain.exchange.webhook_messages import Message
from prefstream.domain.exchange.webhook_retries import Answer, Verdict

# Each endpoint has so many places of its own: a slow one holds up nobody else. A try that never says
# how it ended, for its process was killed, is due again when its time is up.
_CLAIM = """
with due as (
  select d.delivery_id from webhook_endpoints e
  join unnest($1::text[], $2::int[]) as u (endpoint_id, room) on u.endpoint_id = e.endpoint_id
  cross join lateral (
    select delivery_id from webhook_deliveries
    where endpoint_id = e.endpoint_id and state = 'pending' and due_at <= $3
    order by due_at, delivery_id limit u.room for update skip locked
  ) d where e.state = 'active' and u.room > 0
)
update webhook_deliveries w set attempts = w.attempts + 1, due_at = $3 + make_interval(secs => $4)
from due, webhook_endpoints e where w.delivery_id = due.delivery_id and e.endpoint_id = w.endpoint_id
returning w.delivery_id, w.endpoint_id, w.message_id, w.type, w.body, w.attempts, e.url
"""
# Only the latest try may say how it ended: one that was given up for lost has been taken over.
_SETTLE = """
update webhook_deliveries set state = $3::text, due_at = coalesce($4::timestamptz, due_at),
  last_status = $5, last_error = $6,
  ended_at = case when $3::text = 'pending' then null else $7::timestamptz end
where delivery_id = $1 and attempts = $2 and state = 'pending'
"""
_LIST = """
select delivery_id, endpoint_id, message_id, type, slice, state, attempts, occurred_at, made_at, due_at,
  last_status, last_error, ended_at
from webhook_deliveries
where ($1::text is null or endpoint_id = $1) and ($2::text is null or state = $2)
  and ($3::bigint is null or delivery_id < $3)
order by delivery_id desc limit $4
"""
_RETRY = """
update webhook_deliveries set state = 'pending', attempts = 0, due_at = now(), ended_at = null
where endpoint_id = $1 and state = 'failed'
"""
_ADD = """
insert into webhook_deliveries (endpoint_id, message_id, type, slice, body, occurred_at)
values ($1, $2, $3, $4, $5, $6) on conflict (endpoint_id, message_id) do nothing
"""
_SWEEP = """
delete from webhook_deliveries where delivery_id in (
  select delivery_id from webhook_deliveries where state = 'delivered' and ended_at < $1 limit 5000
)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A delivery that is to be tried now."""

    delivery_id: int
    endpoint_id: str
    message_id: str
    type: str
    body: bytes
    #: Tries, this one included.
    attempts: int
    url: str


async def claim(
    pool: asyncpg.Pool, room: Mapping[str, int], *, now: datetime, lost_after_s: float
) -> Sequence[Due]:
    """Take deliveries that are due.

    Args:
        pool: The database.
        room: Per endpoint, how many may be under way besides.
        now: The time.
        lost_after_s: Seconds after which a try that said nothing is given up for lost.
    """
    rows = await pool.fetch(_CLAIM, list(room), list(room.values()), now, lost_after_s)
    return [Due(**row) for row in rows]


async def settle(pool: asyncpg.Pool, due: Due, answer: Answer, verdict: Verdict, *, now: datetime) -> bool:
    """Note what came of a try, and return whether it was still the latest."""
    said = await pool.execute(
        _SETTLE,
        due.delivery_id,
        due.attempts,
        verdict.state,
        verdict.due_at,
        answer.status,
        answer.error,
        now,
    )
    return bool(said != "UPDATE 0")


async def listed(
    source: Connection | asyncpg.Pool,
    *,
    endpoint_id: str | None = None,
    state: str | None = None,
    before: int | None = None,
    limit: int = 100,
) -> Sequence[dict[str, Any]]:
    """Return deliveries, the latest first."""
    return [dict(row) for row in await source.fetch(_LIST, endpoint_id, state, before, limit)]


async def retry_failed(connection: Connection, endpoint_id: str) -> int:
    """Try those that failed again, from the beginning of the schedule, and return how many."""
    return int((await connection.execute(_RETRY, endpoint_id)).split()[-1])


async def add(connection: Connection, endpoint_id: str, message: Message) -> None:
    """Add one delivery by hand."""
    await connection.execute(
        _ADD,
        endpoint_id,
        message.message_id,
        message.type.value,
        message.slice,
        message.body,
        message.occurred_at,
    )


async def sweep(pool: asyncpg.Pool, *, before: datetime) -> int:
    """Forget deliveries that arrived before then, at most 5000 at once, and return how many."""
    return int((await pool.execute(_SWEEP, before)).split()[-1])
