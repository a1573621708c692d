"""From the archive to deliveries: what endpoints are told, each once, in one transaction with its place.

The sink moves its offsets in the transaction that archives, so that below them the archive has no holes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg
import orjson

from prefstream.adapters.postgres.connection import Connection
from prefstream.adapters.postgres.opening import fetch_opened, stream_opened
from prefstream.domain.exchange.webhook_messages import Message, messages_of
from prefstream.schemas import topics
from prefstream.schemas.codec import decode
from prefstream.schemas.errors import Undecodable

_Row = Mapping[str, Any]
#: The topics that are told of; the index of the archive names the same.
TOPICS = (
    topics.LABELS_SUBMITTED.name,
    topics.LABELS_RESOLVED.name,
    topics.PAIRS_VALIDATED.name,
    topics.PAIRS_REJECTED.name,
    topics.POLICIES_PUBLISHED.name,
    topics.ANNOTATORS_ASSESSED.name,
    topics.DEMONSTRATIONS_SUBMITTED.name,
)
# Written out, for only then does the planner see that the partial index serves.
_NAMED = ", ".join(f"'{name}'" for name in TOPICS)

_BEGIN = f"""
insert into webhook_positions (topic, partition, next_offset)
select topic, partition, 0 from sink_offsets where topic in ({_NAMED}) on conflict do nothing
"""  # noqa: S608  names of ours
#: Whoever fills, and whoever adds an endpoint, does so alone: else one could begin behind the other's back.
HOLD = "select pg_advisory_xact_lock(hashtextextended('prefstream.webhooks', 7))"
_COLUMNS = """
a.topic, a.partition, a.log_offset, a.value, coalesce(p.slice, t.slice) as slice,
coalesce(t.have >= t.needed, false) as completes
"""
_JOINED = """
left join pairs p on a.topic in ('labels.submitted.v1', 'labels.resolved.v1') and p.pair_id = a.subject
left join tasks t on a.topic = 'demonstrations.submitted.v1' and t.pair_id = a.subject
"""
_NEW = f"""
with bounds as (
  select w.topic, w.partition, w.next_offset as first, s.next_offset as beyond
  from webhook_positions w join sink_offsets s using (topic, partition) where w.next_offset < s.next_offset
), found as (
  select r.*, b.beyond from bounds b cross join lateral (
    select a.topic, a.partition, a.log_offset, a.subject, a.value from archive a
    where a.topic in ({_NAMED}) and a.topic = b.topic and a.partition = b.partition
      and a.log_offset >= b.first and a.log_offset < b.beyond
    order by a.log_offset limit $1
  ) r
)
select {_COLUMNS} from found a {_JOINED} order by a.topic, a.partition, a.log_offset
"""  # noqa: S608
_BOUNDS = f"select topic, partition, next_offset from sink_offsets where topic in ({_NAMED})"  # noqa: S608
_MOVE = """
update webhook_positions w set next_offset = u.o
from unnest($1::text[], $2::int[], $3::bigint[]) as u (t, p, o) where w.topic = u.t and w.partition = u.p
"""
_ENDPOINTS = "select endpoint_id, types, slices, starts from webhook_endpoints"
_INSERT = """
insert into webhook_deliveries (endpoint_id, message_id, type, slice, body, occurred_at)
select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bytea[], $6::timestamptz[])
on conflict (endpoint_id, message_id) do nothing
"""
_STRETCH = f"""
select {_COLUMNS} from archive a {_JOINED}
where a.topic in ({_NAMED}) and a.ts >= $1 and a.ts < $2 order by a.ts, a.topic, a.partition, a.log_offset
"""  # noqa: S608
_AGAIN = _INSERT.replace(
    "do nothing",
    "do update set state = 'pending', attempts = 0, due_at = now(), ended_at = null, last_error = ''",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Listener:
    endpoint_id: str
    types: frozenset[str]
    slices: frozenset[str]
    starts: Mapping[str, int]

    def wants(self, message: Message) -> bool:
        """Return whether it is told; what has no slice, or none that is known yet, all are told."""
        if self.types and message.type.value not in self.types:
            return False
        return not self.slices or message.slice is None or message.slice in self.slices

    def hears(self, row: _Row) -> bool:
        """Return whether a record came after the endpoint was made."""
        return bool(row["log_offset"] >= self.starts.get(f"{row['topic']}/{row['partition']}", 0))


async def fill(pool: asyncpg.Pool, *, limit: int = 500) -> tuple[int, bool]:
    """Make the deliveries of what the sink archived since; several may call this at once.

    Args:
        pool: The database.
        limit: Most records of a partition that are read at once.

    Returns:
        How many deliveries were made, and whether there is more to read.
    """
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(HOLD)
        await connection.execute(_BEGIN)
        return await _filled(connection, limit)


async def replay(connection: Connection, endpoint_id: str, *, since: datetime, until: datetime) -> int:
    """Send all that the log took in a stretch of time again, under the same ids, and return how many."""
    listeners = [one for one in await _listeners(connection) if one.endpoint_id == endpoint_id]
    count = 0
    async for row in stream_opened(connection, _STRETCH, since, until):
        count += await _write(connection, _AGAIN, _wanted(listeners, row))
    return count


async def _filled(connection: Connection, limit: int) -> tuple[int, bool]:
    before = {(topic, number): offset for topic, number, offset in await connection.fetch(_BOUNDS)}
    listeners = await _listeners(connection)
    rows = await fetch_opened(connection, _NEW, limit) if listeners else []
    wanted = [one for row in rows for one in _wanted(_hearing(listeners, row), row)]
    count = await _write(connection, _INSERT, wanted)
    positions, more = _positions(before, rows, limit)
    if positions:
        topics_, numbers = zip(*positions, strict=True)
        await connection.execute(_MOVE, list(topics_), list(numbers), list(positions.values()))
    return count, more


def _positions(
    before: Mapping[tuple[str, int], int], rows: Sequence[_Row], limit: int
) -> tuple[dict[tuple[str, int], int], bool]:
    """Return where to go on, and whether there is more.

    What was read may reach beyond the offsets seen before it: those are the lower bound for partitions
    without records (repeats are not archived), what was read is it for the others.
    """
    counts: dict[tuple[str, int], int] = {}
    last: dict[tuple[str, int], int] = {}
    for row in rows:
        place = row["topic"], row["partition"]
        counts[place] = counts.get(place, 0) + 1
        last[place] = row["log_offset"] + 1
    full = {place for place, count in counts.items() if count >= limit}
    reached = {place: max(last.get(place, 0), offset) for place, offset in before.items()}
    return reached | {place: last[place] for place in full}, bool(full)


async def _listeners(connection: Connection) -> list[_Listener]:
    return [
        _Listener(
            endpoint_id=row["endpoint_id"],
            types=frozenset(row["types"]),
            slices=frozenset(row["slices"]),
            starts=orjson.loads(row["starts"]),
        )
        for row in await connection.fetch(_ENDPOINTS)
    ]


def _hearing(listeners: Sequence[_Listener], row: _Row) -> list[_Listener]:
    return [one for one in listeners if one.hears(row)]


def _wanted(listeners: Sequence[_Listener], row: _Row) -> list[tuple[str, Message]]:
    if not listeners:
        return []
    try:
        event = decode(row["value"])
    except Undecodable:
        return []
    messages = messages_of(event, slice_name=row["slice"], completes=row["completes"])
    return [(one.endpoint_id, message) for message in messages for one in listeners if one.wants(message)]


async def _write(connection: Connection, statement: str, wanted: Sequence[tuple[str, Message]]) -> int:
    if not wanted:
        return 0
    columns: list[list[Any]] = [
        [endpoint_id for endpoint_id, _ in wanted],
        [message.message_id for _, message in wanted],
        [message.type.value for _, message in wanted],
        [message.slice for _, message in wanted],
        [message.body for _, message in wanted],
        [message.occurred_at for _, message in wanted],
    ]
    said = await connection.execute(statement, *columns)
    return int(said.split()[-1])
