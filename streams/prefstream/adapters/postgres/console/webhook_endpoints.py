"""Endpoints of webhooks and their secrets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from prefstream.adapters.postgres.connection import Connection
from prefstream.adapters.postgres.console.webhook_filling import HOLD

_ALL = """
select e.endpoint_id, e.url, e.description, e.types, e.slices, e.state, e.state_why, e.created_at,
  (select count(*) from webhook_deliveries d where d.endpoint_id = e.endpoint_id and d.state = 'pending')
    as pending,
  (select count(*) from webhook_deliveries d where d.endpoint_id = e.endpoint_id and d.state = 'failed')
    as failed,
  (select count(*) from webhook_secrets s where s.endpoint_id = e.endpoint_id
     and (s.expires_at is null or s.expires_at > now())) as secrets
from webhook_endpoints e where $1::text is null or e.endpoint_id = $1 order by e.created_at, e.endpoint_id
"""
# Where the sink stands now: what comes after it is told.
_INSERT = """
insert into webhook_endpoints (endpoint_id, url, description, types, slices, starts, created_by)
select $1, $2, $3, $4, $5,
  (select coalesce(jsonb_object_agg(topic || '/' || partition, next_offset), '{}') from sink_offsets), $6
on conflict (endpoint_id) do nothing
"""
_SECRETS = """
select endpoint_id, secret from webhook_secrets
where endpoint_id = any($1) and (expires_at is null or expires_at > now())
order by expires_at is null desc, created_at desc
"""
#: Secrets of one endpoint that sign at once: their signatures must fit into a header.
MOST_SECRETS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A receiver of webhooks."""

    endpoint_id: str
    url: str
    description: str
    #: Empty: all.
    types: Sequence[str]
    #: Empty: all.
    slices: Sequence[str]
    state: str
    state_why: str
    created_at: datetime
    pending: int
    failed: int
    #: How many sign now.
    secrets: int


async def endpoints(source: Connection | asyncpg.Pool, endpoint_id: str | None = None) -> Sequence[Endpoint]:
    """Return the endpoints, or the one named."""
    return [Endpoint(**row) for row in await source.fetch(_ALL, endpoint_id)]


async def active(source: Connection | asyncpg.Pool) -> Sequence[str]:
    """Return the ids of the endpoints that are sent to."""
    rows = await source.fetch("select endpoint_id from webhook_endpoints where state = 'active'")
    return [row["endpoint_id"] for row in rows]


async def add(
    connection: Connection,
    *,
    endpoint_id: str,
    url: str,
    description: str,
    types: Sequence[str],
    slices: Sequence[str],
    created_by: str | None,
) -> None:
    """Add an endpoint, in a transaction of the caller; it is told of what the sink archives from now on."""
    await connection.execute(HOLD)
    await connection.execute(_INSERT, endpoint_id, url, description, list(types), list(slices), created_by)


async def change(connection: Connection, endpoint_id: str, changes: Mapping[str, object]) -> bool:
    """Change an endpoint and return whether there is one."""
    names = ("url", "description", "types", "slices", "state", "state_why")
    chosen = [name for name in names if name in changes]
    sets = ", ".join(f"{name} = ${place}" for place, name in enumerate(chosen, start=2))
    said = await connection.execute(
        f"update webhook_endpoints set {sets} where endpoint_id = $1",  # noqa: S608  names of ours
        endpoint_id,
        *[changes[name] for name in chosen],
    )
    return bool(said != "UPDATE 0")


async def remove(connection: Connection, endpoint_id: str) -> bool:
    """Remove an endpoint with its secrets and deliveries, and return whether there was one."""
    said = await connection.execute("delete from webhook_endpoints where endpoint_id = $1", endpoint_id)
    return bool(said != "DELETE 0")


async def disable(connection: Connection | asyncpg.Pool, endpoint_id: str, why: str) -> None:
    """Send no more to an endpoint; what waits for it stays."""
    await connection.execute(
        "update webhook_endpoints set state = 'disabled', state_why = $2 where endpoint_id = $1",
        endpoint_id,
        why,
    )


async def new_secret(
    connection: Connection, endpoint_id: str, *, secret_id: str, secret: str, overlap_s: float
) -> None:
    """Let a new secret sign; those before it sign beside it for a time."""
    await connection.execute(
        "update webhook_secrets set expires_at = least(expires_at, now() + make_interval(secs => $2))"
        " where endpoint_id = $1",
        endpoint_id,
        overlap_s,
    )
    await connection.execute(
        "insert into webhook_secrets (secret_id, endpoint_id, secret) values ($1, $2, $3)",
        secret_id,
        endpoint_id,
        secret,
    )
    await connection.execute("delete from webhook_secrets where expires_at <= now()")


async def signing_secrets(
    source: Connection | asyncpg.Pool, endpoint_ids: Sequence[str]
) -> Mapping[str, Sequence[str]]:
    """Return the secrets that sign for each of these endpoints, the present one first."""
    found: dict[str, list[str]] = {}
    for endpoint_id, secret in await source.fetch(_SECRETS, list(endpoint_ids)):
        found.setdefault(endpoint_id, []).append(secret)
    return {endpoint_id: secrets[:MOST_SECRETS] for endpoint_id, secrets in found.items()}
