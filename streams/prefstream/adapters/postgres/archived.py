"""Records as the archive has them: the log's own coordinates, and bytes that were opened."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

import asyncpg

from prefstream.adapters.postgres.connection import Connection
from prefstream.adapters.postgres.log import unpacked
from prefstream.adapters.postgres.opening import opened
from prefstream.domain.erasure import is_sealed, key_ids
from prefstream.schemas.codec import ERASED
from prefstream.schemas.records import LogRecord

_BY_ID = """
select event_id, topic, partition, log_offset, ts, occurred_at, type, subject, key, value, headers, digest
from archive where event_id = any($1::uuid[])
"""
_SEALED = "select event_id, value from archive where event_id = any($1::uuid[]) and digest is not null"
_KEYS = """
select key_id from content_keys where key_id = any($1::bytea[])
union select key_id from erased_owners where key_id = any($1::bytea[])
"""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


class ArchivedRecord(NamedTuple):
    """One record of the archive."""

    event_id: UUID
    #: As it stood in the log; the value is absent where it was erased.
    record: LogRecord
    #: SHA-256 of the value as it was said; `None` for a tombstone.
    digest: bytes | None
    #: Whether the content was erased, so that its digest is all that is left.
    erased: bool
    #: What the archive's own columns say of it: when it happened, its type, its subject.
    told: tuple[datetime | None, str | None, str | None]


async def wrongly_closed(connection: Connection, ids: Sequence[UUID]) -> set[UUID]:
    """Return which of these records name a key that never was: their sealed bytes were changed."""
    rows = await connection.fetch(_SEALED, list(ids))
    named = {row["event_id"]: key_ids(row["value"]) for row in rows if is_sealed(row["value"])}
    wanted = {key_id for found in named.values() for key_id in found}
    known = {row["key_id"] for row in await connection.fetch(_KEYS, list(wanted))}
    return {event_id for event_id, found in named.items() if not found or not known.issuperset(found)}


async def archived(connection: Connection, ids: Sequence[UUID]) -> dict[UUID, ArchivedRecord]:
    """Return the archived records with these ids; what is not there is left out."""
    rows = await connection.fetch(_BY_ID, list(ids))
    # What has no digest is plain, whatever it begins with.
    sealed = [row["value"] if row["digest"] is not None else None for row in rows]
    plain = await opened(connection, sealed)
    return {row["event_id"]: _read(row, value) for row, value in zip(rows, plain, strict=True)}


def _read(row: asyncpg.Record, plain: bytes | None) -> ArchivedRecord:
    value, digest = row["value"], row["digest"]
    if digest is None and value is not None:
        digest = sha256(value).digest()
    elif digest is not None:
        value = plain
    erased = row["digest"] is not None and value == ERASED
    record = LogRecord(
        row["topic"],
        row["partition"],
        row["log_offset"],
        (row["ts"] - _EPOCH) // _MILLISECOND,
        row["key"],
        None if erased else value,
        unpacked(row["headers"]),
    )
    return ArchivedRecord(
        row["event_id"], record, digest, erased, (row["occurred_at"], row["type"], row["subject"])
    )
