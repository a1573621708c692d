"""The journal of outside effects: what was answered is written before it is used."""

from collections.abc import Collection, Mapping

import asyncpg
import orjson

from prefstream.schemas.calls import Reply


async def recorded(pool: asyncpg.Pool, request_ids: Collection[str]) -> Mapping[str, Reply]:
    """Return the recorded replies among these requests."""
    rows = await pool.fetch(
        "select request_id, content, at_ms from journal where request_id = any($1)", list(request_ids)
    )
    return {
        row["request_id"]: Reply(content=orjson.loads(row["content"]), at_ms=row["at_ms"]) for row in rows
    }


async def record(pool: asyncpg.Pool, request_id: str, provider: str, reply: Reply) -> Reply:
    """Record a reply and return the one that holds: the first, if two workers asked at once."""
    # The update changes nothing: it makes the database wait for and return a row that another worker
    # commits meanwhile, which the snapshot of a second read in this statement would not have.
    row = await pool.fetchrow(
        "insert into journal as kept (request_id, provider, content, at_ms) values ($1, $2, $3, $4)"
        " on conflict (request_id) do update set provider = kept.provider returning content, at_ms",
        request_id,
        provider,
        orjson.dumps(dict(reply.content)),
        reply.at_ms,
    )
    return Reply(content=orjson.loads(row["content"]), at_ms=row["at_ms"]) if row else reply
