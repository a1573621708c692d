"""Tokens of the API: only their hashes are kept."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import asyncpg

from prefstream.adapters.postgres.connection import Connection

#: One statement finds the person and notes the use, at most once a minute.
_FOUND = """
with found as (
  select t.token_hash, t.last_used_at, p.person_id, p.name, p.role, p.simulated, p.language
  from api_tokens t join people p using (person_id)
  where t.token_hash = $1 and t.revoked_at is null and (t.expires_at is null or t.expires_at > now())
    and p.disabled_at is null
), used as (
  update api_tokens t set last_used_at = now() from found f
  where t.token_hash = f.token_hash
    and (f.last_used_at is null or f.last_used_at < now() - interval '1 minute')
)
select person_id, name, role, simulated, language from found
"""
_LIST = """
select token_id, person_id, name, created_at, expires_at, last_used_at, revoked_at
from api_tokens where person_id = $1 order by created_at, token_id
"""


async def issue(
    connection: Connection,
    *,
    token_hash: bytes,
    token_id: str,
    person_id: str,
    name: str,
    expires_at: datetime | None,
) -> None:
    """Keep the hash of a new token."""
    await connection.execute(
        "insert into api_tokens (token_hash, token_id, person_id, name, expires_at) "
        "values ($1, $2, $3, $4, $5)",
        token_hash,
        token_id,
        person_id,
        name,
        expires_at,
    )


async def holder(pool: asyncpg.Pool, token_hash: bytes) -> asyncpg.Record | None:
    """Return whose token this is, if it is good, and note that it was used."""
    return await pool.fetchrow(_FOUND, token_hash)


async def tokens_of(source: Connection | asyncpg.Pool, person_id: str) -> Sequence[dict[str, Any]]:
    """Return what is known of a person's tokens."""
    return [dict(row) for row in await source.fetch(_LIST, person_id)]


async def revoke(connection: Connection, *, person_id: str, token_id: str) -> bool:
    """Take a token back; return whether there was such a one that was good."""
    said: str = await connection.execute(
        "update api_tokens set revoked_at = now() "
        "where person_id = $1 and token_id = $2 and revoked_at is null",
        person_id,
        token_id,
    )
    return said.endswith(" 1")
