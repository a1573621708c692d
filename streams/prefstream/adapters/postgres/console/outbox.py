"""The outbox: records that were decided together with rows and still have to reach the log."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from prefstream.adapters.postgres.connection import Connection
from prefstream.adapters.postgres.log import packed, unpacked
from prefstream.schemas.ids import EventId
from prefstream.schemas.records import OutRecord

#: Wakes relays; what they are told is only that there is something.
CHANNEL = "prefstream_outbox"

#: Event ids, topics, keys, values and headers.
Columns = tuple[list[EventId], list[str], list[bytes], list[bytes], list[bytes]]

_PUT = """
insert into outbox (event_id, topic, key, value, headers, not_before)
select e, t, k, v, h, coalesce($6, now())
from unnest($1::uuid[], $2::text[], $3::bytea[], $4::bytea[], $5::bytea[]) as u (e, t, k, v, h)
"""
#: What is being said is passed over: the relay holds it only when it is too late anyway.
_TAKE_BACK = """
delete from outbox where n in (
  select n from outbox where submission_id = $1 for update skip locked
)
"""
#: The lock keeps what is being said from being taken back.
_DUE = """
select n, topic, key, value, headers from outbox where not_before <= clock_timestamp()
order by n limit $1 for update
"""
_SAID = "delete from outbox where n = any($1::bigint[])"
_DEPTH = """
select count(*) as records,
  coalesce(extract(epoch from clock_timestamp() - min(not_before)), 0)::double precision as age_s from outbox
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """Records whose time has come, in the order in which they were decided; their rows are locked."""

    numbers: Sequence[int]
    records: Sequence[OutRecord]


@dataclass(frozen=True, slots=True, kw_only=True)
class Depth:
    """How much waits in the outbox."""

    records: int
    #: Seconds since the first of them was due; negative while it is held back.
    age_s: float


async def put(
    connection: Connection,
    records: Sequence[tuple[EventId, OutRecord]],
    *,
    not_before: datetime | None = None,
) -> None:
    """Put records in, within the transaction that decides them.

    Args:
        connection: In that transaction.
        records: Each with the id of its event.
        not_before: Held back until then; `None`: not held back.
    """
    if not records:
        return
    await connection.execute(_PUT, *columns(records), not_before)
    if not_before is None:
        await wake(connection)


def columns(records: Sequence[tuple[EventId, OutRecord]]) -> Columns:
    """Return ids, topics, keys, values and headers as the statements take them."""
    return (
        [event_id for event_id, _ in records],
        [record.topic for _, record in records],
        [record.key for _, record in records],
        [record.value for _, record in records],
        [packed(record.headers) or b"[]" for _, record in records],
    )


async def wake(connection: Connection) -> None:
    """Tell relays, once the transaction is over, that something is due."""
    await connection.execute("select pg_notify($1, '')", CHANNEL)


async def take_back(connection: Connection, submission_id: str) -> int:
    """Take back what says a submission and return how many records that were; not those being said."""
    said: str = await connection.execute(_TAKE_BACK, submission_id)
    return int(said.rpartition(" ")[2])


async def due(connection: Connection, *, limit: int) -> Due:
    """Return records whose time has come, and lock them for the transaction."""
    rows = await connection.fetch(_DUE, limit)
    return Due(
        numbers=[row["n"] for row in rows],
        records=[
            OutRecord(
                topic=row["topic"], key=row["key"], value=row["value"], headers=unpacked(row["headers"])
            )
            for row in rows
        ],
    )


async def said(connection: Connection, numbers: Sequence[int]) -> None:
    """Let go of records that are in the log."""
    await connection.execute(_SAID, list(numbers))


async def depth(source: Connection | asyncpg.Pool) -> Depth:
    """Return how much waits."""
    row = await source.fetchrow(_DEPTH)
    assert row is not None
    return Depth(**row)
