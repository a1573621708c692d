"""Keys of requests: a repeat is answered as the first was, and says the same instant."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import asyncpg

from prefstream.adapters.postgres.connection import Connection
from prefstream.schemas.errors import Unavailable

#: One statement claims a key that is new or was given up; whoever is heard of keeps it.
_CLAIM = """
insert into idempotency_keys as k (person_id, key) values ($1, $2)
on conflict (person_id, key) do update set alive_at = now()
where k.status is null and (k.alive_at is null or k.alive_at < now() - make_interval(secs => $3))
returning created_at
"""
_KNOWN = (
    "select request_hash, status, answer, created_at from idempotency_keys where person_id = $1 and key = $2"
)
_SWEEP = "delete from idempotency_keys where created_at < now() - interval '1 day'"
#: Seconds without a sign of life after which a request counts as given up.
GIVEN_UP_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What is known of a key."""

    #: "mine": answer the request; "answered": compare and repeat; "running": somebody answers it now.
    standing: Literal["mine", "answered", "running"]
    #: When the key was first used.
    at: datetime
    request_hash: bytes | None = None
    status: int = 0
    answer: bytes = b""


async def claim(pool: asyncpg.Pool, person_id: str, key: str) -> Claim:
    """Claim a key, or return what it was answered."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(_SWEEP)
        at = await connection.fetchval(_CLAIM, person_id, key, GIVEN_UP_S)
        if at is not None:
            return Claim(standing="mine", at=at)
        row = await connection.fetchrow(_KNOWN, person_id, key)
    if row is None:  # swept away in this very moment
        raise Unavailable("the key has just expired; send the request again")
    if row["status"] is None:
        return Claim(standing="running", at=row["created_at"])
    return Claim(
        standing="answered",
        at=row["created_at"],
        request_hash=row["request_hash"],
        status=row["status"],
        answer=row["answer"],
    )


async def alive(pool: asyncpg.Pool, person_id: str, key: str) -> None:
    """Say that the request is still being answered."""
    await pool.execute(
        "update idempotency_keys set alive_at = now() where person_id = $1 and key = $2", person_id, key
    )


async def answered(
    connection: Connection, person_id: str, key: str, request_hash: bytes, status: int, answer: bytes
) -> None:
    """Keep the answer."""
    await connection.execute(
        "update idempotency_keys set request_hash = $3, status = $4, answer = $5 "
        "where person_id = $1 and key = $2",
        person_id,
        key,
        request_hash,
        status,
        answer,
    )


async def give_up(pool: asyncpg.Pool, person_id: str, key: str) -> None:
    """Let the next request with this key go on at once."""
    await pool.execute(
        "update idempotency_keys set alive_at = null where person_id = $1 and key = $2 and status is null",
        person_id,
        key,
    )
