"""The Postgres log: topics and partitions as tables, for one machine without a broker."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from zlib import crc32

import asyncpg
import orjson

from prefstream.adapters.postgres.connection import AWAY, open_pool
from prefstream.schemas.errors import Unavailable
from prefstream.schemas.records import Headers, LogRecord, OutRecord
from prefstream.schemas.topics import TOPICS

CHANNEL = "prefstream_log"
Position = tuple[str, int]

_POLL = """
select r.topic, r.partition, r.log_offset, r.ts_ms, r.key, r.value, r.headers
from unnest($1::text[], $2::int[], $3::bigint[]) as p (topic, partition, log_offset)
cross join lateral (
  select * from log_records l
  where l.topic = p.topic and l.partition = p.partition and l.log_offset >= p.log_offset
  order by l.log_offset limit $4
) r
"""
_APPEND = "select log_append($1, $2, $3, $4, $5, $6, $7, $8)"
_LAGS = """
select o.grp, o.topic, sum(greatest(h.next_offset - o.next_offset, 0))::bigint as lag
from log_offsets o join log_heads h using (topic, partition) group by 1, 2
union all
select 'sink', s.topic, sum(greatest(h.next_offset - s.next_offset, 0))::bigint
from sink_offsets s join log_heads h using (topic, partition) group by 2
"""
_TRIM = """
delete from log_records where ctid = any(array(
  select ctid from log_records
  where topic = $1 and partition = $2 and log_offset < $3 and ts_ms < $4 order by log_offset limit $5))
"""

#: Nearly every record has a trace context and nothing else: that one is packed without a parser.
_TRACE_BEGIN, _TRACE_END, _TRACE_LENGTH = b'[["traceparent","', b'"]]', 55
_TRACE_ALONE = len(_TRACE_BEGIN) + _TRACE_LENGTH + len(_TRACE_END)
#: What `log_append` takes: topics, partitions and counts of the heads; then of each record its
#: head, its place there, key, value and headers.
Columns = tuple[
    list[str], list[int], list[int], list[int], list[int], list[bytes], list[bytes], list[bytes | None]
]


def columns(records: Sequence[OutRecord], partitions: Mapping[str, int]) -> Columns:
    """Return the columns that `log_append` takes."""
    heads: dict[Position, int] = {}
    counts: list[int] = []
    of_record, places = [], []
    for record in records:
        at = (record.topic, crc32(record.key) % partitions[record.topic])
        head = heads.setdefault(at, len(heads))
        if head == len(counts):
            counts.append(0)
        of_record.append(head + 1)
        places.append(counts[head])
        counts[head] += 1
    return (
        [topic for topic, _ in heads],
        [number for _, number in heads],
        counts,
        of_record,
        places,
        [record.key for record in records],
        [record.value for record in records],
        [packed(kept_headers(record.headers)) for record in records],
    )


def kept_headers(headers: Headers) -> Headers:
    """Return the headers that the value does not say itself.

    The CloudEvents headers are a copy of the envelope for readers of other makes; this log has
    none, and the copy would be a third of what is written.
    """
    return tuple(
        header for header in headers if not header[0].startswith("ce_") and header[0] != "content-type"
    )


def packed(headers: Headers) -> bytes | None:
    r"""Return headers as one value: JSON pairs, bytes as Latin-1 so that any byte survives.

    >>> unpacked(packed((("a", b"\xff"),)))
    (('a', b'\xff'),)
    >>> unpacked(packed((("traceparent", b"00-" + b"0" * 52),)))[0][0]
    'traceparent'
    """
    if len(headers) == 1 and headers[0][0] == "traceparent":
        value = headers[0][1]
        if len(value) == _TRACE_LENGTH and _plain(value):
            return _TRACE_BEGIN + value + _TRACE_END
    return orjson.dumps([(name, value.decode("latin-1")) for name, value in headers]) if headers else None


def unpacked(stored: bytes | None) -> Headers:
    """Return the headers that `packed` packed."""
    if stored is None:
        return ()
    if len(stored) == _TRACE_ALONE and stored.startswith(_TRACE_BEGIN):
        value = stored[len(_TRACE_BEGIN) : -len(_TRACE_END)]
        if _plain(value):  # else other headers that happen to be as long
            return (("traceparent", value),)
    return tuple((name, value.encode("latin-1")) for name, value in orjson.loads(stored))


def _plain(value: bytes) -> bool:
    """Return whether JSON shows these bytes as they are."""
    return value.replace(b"-", b"").isalnum()


def log_record(row: asyncpg.Record) -> LogRecord:
    """Return a stored row as a record."""
    topic, partition, offset, timestamp_ms, key, value, headers = row
    return LogRecord(topic, partition, offset, timestamp_ms, key, value, unpacked(headers))


async def poll(
    connection: asyncpg.Connection | asyncpg.Pool, positions: Mapping[Position, int], *, limit: int
) -> list[LogRecord]:
    """Return up to `limit` records of each partition from its position on, in order per partition."""
    rows = await connection.fetch(
        _POLL,
        [topic for topic, _ in positions],
        [number for _, number in positions],
        [*positions.values()],
        limit,
    )
    return [log_record(row) for row in rows]


class Wakeups:
    """One listening connection of a process that tells who waits for which topic."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection
        self._waiting: list[tuple[frozenset[str], asyncio.Event]] = []

    @classmethod
    async def listen(cls, connection: asyncpg.Connection) -> "Wakeups":
        """Begin to listen on a connection of its own."""
        wakeups = cls(connection)
        await connection.add_listener(CHANNEL, wakeups._heard)
        return wakeups

    def event_for(self, topics: Sequence[str]) -> asyncio.Event:
        """Return an event that is set whenever one of the topics has news."""
        event = asyncio.Event()
        self._waiting.append((frozenset(topics), event))
        return event

    def on_loss(self, told: Callable[[], None]) -> None:
        """Call `told` when the connection is lost: silence would look like an idle log."""
        self._connection.add_termination_listener(lambda _: told())

    def _heard(self, _connection: object, _pid: int, _channel: str, topic: object) -> None:
        for topics, event in self._waiting:
            if topic in topics:
                event.set()


class PostgresWriter:
    """Appends to the Postgres log."""

    def __init__(self, pool: asyncpg.Pool, partitions: Mapping[str, int]) -> None:
        self._pool = pool
        self._partitions = partitions

    async def append(self, records: Sequence[OutRecord]) -> None:
        """Append records in order; returns when they are committed.

        Raises:
            Unavailable: The database does not take them.
        """
        if not records:
            return
        try:
            await self._pool.execute(_APPEND, *columns(records, self._partitions))
        except AWAY as error:
            raise Unavailable(
                f"the Postgres log does not take records: {error or type(error).__name__}"
            ) from error

    async def close(self) -> None:
        """Do nothing: the pool belongs to the log."""


class PostgresLog:
    """The log in a database, which `prefstream db upgrade` has prepared."""

    def __init__(self, pool: asyncpg.Pool, *, partitions: int) -> None:
        self.pool = pool
        self.partitions = {spec.name: spec.partitions or partitions for spec in TOPICS}

    @classmethod
    async def open(cls, dsn: str, *, partitions: int) -> "PostgresLog":
        """Open the log; the number of partitions is that of its topics, once they exist."""
        pool = await open_pool(dsn)
        log = cls(pool, partitions=partitions)
        await log._learn_partitions()
        return log

    async def writer(self) -> PostgresWriter:
        """Return a writer."""
        return PostgresWriter(self.pool, self.partitions)

    async def ensure_topics(self, *, partitions: int, replication: int) -> Sequence[str]:  # noqa: ARG002
        """Create the heads of missing topics; existing topics keep their number of partitions."""
        wanted = [(spec.name, n) for spec in TOPICS for n in range(spec.partitions or partitions)]
        known = {row["topic"] for row in await self.pool.fetch("select distinct topic from log_heads")}
        fresh = [(topic, number) for topic, number in wanted if topic not in known]
        await self.pool.executemany("insert into log_heads values ($1, $2, 0) on conflict do nothing", fresh)
        await self._learn_partitions()
        return sorted({topic for topic, _ in fresh})

    async def snapshot(self, topic: str) -> AsyncIterator[LogRecord]:
        """Read a topic from its beginning to its end as of now."""
        rows = await self.pool.fetch("select partition, next_offset from log_heads where topic = $1", topic)
        ends = {(topic, row["partition"]): row["next_offset"] for row in rows}
        positions = dict.fromkeys(ends, 0)
        while positions:
            records = await poll(self.pool, positions, limit=1000)
            for record in records:
                if record.offset < ends[record.topic, record.partition]:
                    yield record
            positions = _beyond(positions, records, ends)

    async def follow(self, topic: str) -> AsyncIterator[LogRecord]:
        """Read a topic from its beginning and go on for ever."""
        positions = dict.fromkeys(((topic, n) for n in range(self.partitions[topic])), 0)
        while True:
            records = await poll(self.pool, positions, limit=1000)
            for record in records:
                positions[record.topic, record.partition] = record.offset + 1
                yield record
            if not records:
                await asyncio.sleep(0.2)

    async def lags(self) -> dict[str, dict[str, int]]:
        """Return, per group and topic, how many records are not yet processed."""
        found: dict[str, dict[str, int]] = {}
        for group, topic, lag in await self.pool.fetch(_LAGS):
            found.setdefault(group, {})[topic] = lag
        return found

    async def trim(
        self, readers: Mapping[str, Sequence[str]], *, older_than_ms: int, batch: int = 5000
    ) -> int:
        """Delete what every reader has read and is older than the given time; return how many.

        Args:
            readers: Per topic that may be trimmed, the groups that read it, the sink included.
            older_than_ms: Milliseconds since 1970.
            batch: Rows per transaction, so that no lock is held for long.
        """
        deleted = 0
        for topic, groups in readers.items():
            for number in range(self.partitions[topic]):
                floor = await self._floor(topic, number, groups)
                while floor and (count := await self._trim_once(topic, number, floor, older_than_ms, batch)):
                    deleted += count
        return deleted

    async def close(self) -> None:
        """Close the pool."""
        await self.pool.close()

    async def _learn_partitions(self) -> None:
        rows = await self.pool.fetch("select topic, count(*) as n from log_heads group by topic")
        self.partitions.update({row["topic"]: row["n"] for row in rows})

    async def _floor(self, topic: str, number: int, groups: Sequence[str]) -> int:
        rows = await self.pool.fetch(
            "select next_offset from log_offsets where topic = $1 and partition = $2 and grp = any($3)"
            " union all select next_offset from sink_offsets where topic = $1 and partition = $2",
            topic,
            number,
            list(groups),
        )
        expected = len(groups) if "sink" in groups else len(groups) + 1
        return min(row["next_offset"] for row in rows) if len(rows) == expected else 0

    async def _trim_once(self, topic: str, number: int, floor: int, older_than_ms: int, batch: int) -> int:
        said = await self.pool.execute(_TRIM, topic, number, floor, older_than_ms, batch)
        return int(said.split()[-1])


def _beyond(
    positions: Mapping[Position, int], records: Sequence[LogRecord], ends: Mapping[Position, int]
) -> dict[Position, int]:
    """Return the positions still short of their ends after these records."""
    reached = dict.fromkeys(positions, -1) | {(r.topic, r.partition): r.offset + 1 for r in records}
    return {at: offset for at, offset in reached.items() if 0 <= offset < ends[at]}
