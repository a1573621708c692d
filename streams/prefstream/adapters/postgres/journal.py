"""The journal of outside effects: what was answered is written before it is used."""

from collections.abc import Collection, Mapping
from typing import Any

import asyncpg
import orjson

from prefstream.schemas.calls import Call, Reply

_TOKENS = ("input_tokens", "output_tokens", "cache_write_tokens", "cache_read_tokens")
# The update changes nothing: it makes the database wait for and return a row that another worker
# commits meanwhile, which the snapshot of a second read in this statement would not have.
_RECORD = """
insert into journal as kept (
  request_id, provider, content, at_ms, model, purpose, subject, slice, asked_by,
  input_tokens, output_tokens, cache_write_tokens, cache_read_tokens, cost_nanousd, batched
) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
on conflict (request_id) do update set provider = kept.provider returning content, at_ms
"""


async def recorded(pool: asyncpg.Pool, request_ids: Collection[str]) -> Mapping[str, Reply]:
    """Return the recorded replies among these requests."""
    rows = await pool.fetch(
        "select request_id, content, at_ms from journal where request_id = any($1)", list(request_ids)
    )
    return {
        row["request_id"]: Reply(content=orjson.loads(row["content"]), at_ms=row["at_ms"]) for row in rows
    }


async def record(pool: asyncpg.Pool, call: Call, reply: Reply) -> Reply:
    """Record a reply and return the one that holds: the first, if two workers asked at once."""
    about = call.about
    row = await pool.fetchrow(
        _RECORD,
        call.request_id,
        call.provider,
        orjson.dumps(dict(reply.content)),
        reply.at_ms,
        str(reply.content.get("model") or call.request.get("model") or ""),
        about.purpose,
        about.subject,
        about.slice,
        about.asked_by,
        *_tokens(reply.content),
        reply.content.get("cost_nanousd"),
        bool(reply.content.get("batched")),
    )
    return Reply(content=orjson.loads(row["content"]), at_ms=row["at_ms"]) if row else reply


def _tokens(content: Mapping[str, Any]) -> list[int]:
    """Return the tokens the provider says it billed; what is no count is none."""
    usage = content.get("usage")
    told = usage if isinstance(usage, Mapping) else {}
    counts = [told.get(name) for name in _TOKENS]
    return [count if isinstance(count, int) and 0 <= count < 2**63 else 0 for count in counts]
