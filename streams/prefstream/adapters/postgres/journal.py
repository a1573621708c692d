"""The journal of outside effects: what was answered is written before it is used.

Reads and writes of many calls go together in one statement each: a commit that waits for the disk
takes milliseconds, and thousands of answers a second share it.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg
import orjson

from prefstream.adapters.postgres.connection import CLASH, Connection
from prefstream.adapters.postgres.grouping import Grouped
from prefstream.schemas.calls import Call, Reply
from prefstream.schemas.errors import BadInput

_TOKENS = ("input_tokens", "output_tokens", "cache_write_tokens", "cache_read_tokens")
_COLUMNS: Mapping[str, str] = {
    "request_id": "text",
    "provider": "text",
    "content": "bytea",
    "at_ms": "bigint",
    "model": "text",
    "purpose": "text",
    "subject": "text",
    "slice": "text",
    "asked_by": "text",
    "input_tokens": "bigint",
    "output_tokens": "bigint",
    "cache_write_tokens": "bigint",
    "cache_read_tokens": "bigint",
    "cost_nanousd": "bigint",
    "batched": "boolean",
}
# The update changes nothing: it makes the database wait for and return a row that another worker
# commits meanwhile, which the snapshot of a second read in this statement would not have. A row that
# is new (no xmax) need not be sent back.
_RECORD = f"""
insert into journal as kept ({", ".join(_COLUMNS)})
select * from unnest({", ".join(f"${at}::{kind}[]" for at, kind in enumerate(_COLUMNS.values(), 1))})
on conflict (request_id) do update set provider = kept.provider
returning request_id, at_ms, case when xmax::text = '0' then null else content end as content
"""  # noqa: S608  names of our own
#: Longest name of a model that is kept; who serves it says what it is.
MAX_NAME = 200
_BIGINT = 2**63
#: Tries of a statement that a database ends because of another.
_TRIES = 5


class Unkeepable(BadInput):
    """This answer cannot be kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One answer on its way into the journal: its values in the order of the columns."""

    row: tuple[Any, ...]

    @property
    def request_id(self) -> str:
        """Return what it answers."""
        return str(self.row[0])

    @property
    def reply(self) -> Reply:
        """Return the answer as it will be read back."""
        return Reply(content=orjson.loads(self.row[2]), at_ms=self.row[3])


def entry_of(call: Call, reply: Reply, *, request_id: str = "") -> Entry:
    """Return what is kept of an answer.

    Args:
        call: What was asked.
        reply: What was answered.
        request_id: Under which id to keep it, where that is not the call's.

    Raises:
        Unkeepable: The content is no JSON: half an emoji where a model was cut off, an endless number.
    """
    content, about = reply.content, call.about
    try:
        kept = orjson.dumps(dict(content))
    except orjson.JSONEncodeError as error:
        raise Unkeepable(f"the answer cannot be kept: {error}") from error
    texts = (
        str(content.get("model") or call.request.get("model") or "")[:MAX_NAME],
        about.purpose,
        about.subject,
        about.slice,
        about.asked_by,
    )
    return Entry(
        row=(
            request_id or call.request_id,
            _text(call.provider),
            kept,
            reply.at_ms,
            *(_text(text) for text in texts),
            *_tokens(content),
            _count(content.get("cost_nanousd")),
            content.get("batched") is True,
        )
    )


async def recorded(pool: asyncpg.Pool, request_ids: Collection[str]) -> Mapping[str, Reply]:
    """Return the recorded replies among these requests."""
    rows = await pool.fetch(
        "select request_id, content, at_ms from journal where request_id = any($1)", list(request_ids)
    )
    return {
        row["request_id"]: Reply(content=orjson.loads(row["content"]), at_ms=row["at_ms"]) for row in rows
    }


async def record(pool: asyncpg.Pool, call: Call, reply: Reply) -> Reply:
    """Record a reply and return the one that holds: the first, if two workers asked at once.

    Raises:
        Unkeepable: The content is no JSON.
    """
    return (await record_all(pool, [(call, reply)]))[0]


async def record_all(pool: asyncpg.Pool | Connection, answered: Sequence[tuple[Call, Reply]]) -> list[Reply]:
    """Record replies in one statement and return, in their order, those that hold.

    Raises:
        Unkeepable: The content of one is no JSON; nothing is recorded.
    """
    return await _write(pool, [entry_of(call, reply) for call, reply in answered])


class Journal:
    """The journal for many calls at once."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        """Take the connections to write over."""
        self._pool = pool
        self._reads = Grouped[str, Reply | None](self._read)
        self._writes = Grouped[Entry, Reply](self._written)

    async def read(self, request_id: str) -> Reply | None:
        """Return the recorded reply to a request; `None` where there is none."""
        return await self._reads.ask(request_id)

    async def write(self, entry: Entry) -> Reply:
        """Record a reply and return the one that holds, when it is durable."""
        return await self._writes.ask(entry)

    async def done(self) -> None:
        """Return when everything that was to be written is."""
        await asyncio.gather(self._reads.done(), self._writes.done())

    async def _read(self, request_ids: Sequence[str]) -> Sequence[Reply | None]:
        known = await recorded(self._pool, set(request_ids))
        return [known.get(request_id) for request_id in request_ids]

    async def _written(self, entries: Sequence[Entry]) -> Sequence[Reply]:
        return await _write(self._pool, entries)


async def _write(pool: asyncpg.Pool | Connection, entries: Sequence[Entry]) -> list[Reply]:
    """Write entries in one statement.

    In the order of their ids, so that two processes with the same ones wait for each other but never
    in a circle.
    """
    first = {entry.request_id: entry for entry in reversed(entries)}
    rows = [first[request_id].row for request_id in sorted(first)]
    columns = [list(column) for column in zip(*rows, strict=True)]
    for attempt in range(1, _TRIES + 1):
        try:
            kept = await pool.fetch(_RECORD, *columns)
            break
        except CLASH:
            if attempt == _TRIES:
                raise
    before = {
        row["request_id"]: Reply(content=orjson.loads(row["content"]), at_ms=row["at_ms"])
        for row in kept
        if row["content"] is not None
    }
    return [before.get(entry.request_id) or first[entry.request_id].reply for entry in entries]


def _tokens(content: Mapping[str, Any]) -> list[int]:
    """Return the tokens the provider says it billed; what is no count is none."""
    usage = content.get("usage")
    told = usage if isinstance(usage, Mapping) else {}
    return [_count(told.get(name)) or 0 for name in _TOKENS]


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and 0 <= value < _BIGINT else None


def _text(said: str) -> str:
    r"""Return a text that the database can keep: without NUL, without half characters.

    >>> _text("a\x00b") == "a\N{REPLACEMENT CHARACTER}b", _text("half \ud83d")
    (True, 'half ?')
    """
    return said.replace("\0", "\N{REPLACEMENT CHARACTER}").encode(errors="replace").decode()
