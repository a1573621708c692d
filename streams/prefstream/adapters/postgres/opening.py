"""The archive's content, opened for whoever reads it.

Keys are looked up each time and never remembered: what is erased can be read nowhere from that moment on.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

import asyncpg

from prefstream.adapters.postgres.connection import Connection
from prefstream.adapters.sealing import unwrapped, wrapping_key
from prefstream.domain.erasure import is_sealed, key_ids, unsealed

Source = Connection | asyncpg.Pool
_BY_ID: Final = "select key_id, key, wrapped from content_keys where key_id = any($1::bytea[])"


async def opened(source: Source, values: Sequence[bytes | None]) -> list[bytes | None]:
    """Return the plain bytes of values of the archive; `ERASED` for those that were erased."""
    wanted = {
        key_id for value in values if value is not None and is_sealed(value) for key_id in key_ids(value)
    }
    if not wanted:
        return list(values)
    rows = await source.fetch(_BY_ID, list(wanted))
    master = wrapping_key() if any(row["wrapped"] for row in rows) else None
    keys = {
        row["key_id"]: unwrapped(row["key_id"], row["key"], master) if row["wrapped"] else row["key"]
        for row in rows
    }
    return [unsealed(value, keys) if value is not None and is_sealed(value) else value for value in values]


async def opened_one(source: Source, value: bytes | None) -> bytes | None:
    """Return the plain bytes of one value of the archive."""
    return (await opened(source, [value]))[0] if is_sealed(value) else value


async def fetch_opened(
    source: Source,
    query: str,
    *arguments: Any,
    columns: Sequence[str] = ("value",),
    timeout: float | None = None,  # noqa: ASYNC109  the database's own
) -> list[dict[str, Any]]:
    """Return the rows of a query with some columns of the archive's values opened."""
    return await _opened_rows(source, await source.fetch(query, *arguments, timeout=timeout), columns)


async def stream_opened(
    connection: Connection,
    query: str,
    *arguments: Any,
    columns: Sequence[str] = ("value",),
    at_once: int = 500,
) -> AsyncIterator[dict[str, Any]]:
    """Yield the rows of a query with some columns opened; the connection is in a transaction."""
    cursor = await connection.cursor(query, *arguments)
    while rows := await cursor.fetch(at_once):
        for row in await _opened_rows(connection, rows, columns):
            yield row


async def _opened_rows(
    source: Source, rows: Sequence[asyncpg.Record], columns: Sequence[str]
) -> list[dict[str, Any]]:
    found = [dict(row) for row in rows]
    values = await opened(source, [row[name] for row in found for name in columns])
    places = [(row, name) for row in found for name in columns]
    for (row, name), value in zip(places, values, strict=True):
        row[name] = value
    return found
