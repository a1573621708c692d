"""The Merkle trees as they are stored: heads, leaves by place, the hashes of a proof, checkpoints."""

from collections.abc import AsyncIterator, Iterable
from datetime import datetime
from struct import Struct
from typing import NamedTuple
from uuid import UUID

import asyncpg

from prefstream.adapters.postgres.connection import Connection
from prefstream.adapters.postgres.projections.evidence import frontier_of
from prefstream.domain.evidence.merkle import HASH_BYTES, Frontier
from prefstream.domain.evidence.stored import Proof, Stretch, needed, proved

#: Topic and partition.
TreeName = tuple[str, int]
_ID_BYTES = 16
_OFFSET = Struct(">q")

_HEADS = "select topic, partition, size, frontier from evidence_heads order by topic, partition"
_RUN = """
select first_leaf, offsets, event_ids, leaves from evidence_runs
where topic = $1 and partition = $2 and first_offset <= $3 order by first_offset desc, first_leaf desc
"""
_RUNS = """
select first_leaf, offsets, event_ids, leaves from evidence_runs
where topic = $1 and partition = $2 and first_leaf < $4 and first_leaf >= coalesce(
  (select max(first_leaf) from evidence_runs where topic = $1 and partition = $2 and first_leaf <= $3), 0)
order by first_leaf
"""
_SUBTREES = """
select index, root from evidence_subtrees
where topic = $1 and partition = $2 and level = $3 and index >= $4 and index < $5 order by index
"""
_PLACE = "select topic, partition, log_offset from archive where event_id = $1"
_CHECKPOINT = "insert into evidence_checkpoints (at, root, note) values ($1, $2, $3) returning n"
_LAST = "select n, at, root, note from evidence_checkpoints order by n desc limit 1"
_CHECKPOINTS = "select n, at, root, note from evidence_checkpoints order by n"


class StoredLeaf(NamedTuple):
    """One leaf of a tree."""

    number: int
    offset: int
    event_id: UUID
    content_hash: bytes


class StoredCheckpoint(NamedTuple):
    """A checkpoint that was signed."""

    n: int
    at: datetime
    root: bytes
    note: str


async def heads(connection: Connection) -> dict[TreeName, Frontier]:
    """Return how far every tree has grown."""
    rows = await connection.fetch(_HEADS)
    return {(topic, partition): frontier_of(size, frontier) for topic, partition, size, frontier in rows}


async def leaf_of(connection: Connection, event_id: UUID) -> tuple[TreeName, StoredLeaf] | None:
    """Return the leaf of an archived event, and its tree; `None`: there is none.

    The connection is in a transaction. Nearly always the first run has it; only of a topic that was made
    anew several begin at that offset.
    """
    if (place := await connection.fetchrow(_PLACE, event_id)) is None:
        return None
    topic, partition, offset = place
    async for run in connection.cursor(_RUN, topic, partition, offset, prefetch=2):
        for leaf in _leaves(run):
            if leaf.event_id == event_id:
                return (topic, partition), leaf
    return None


async def leaves(connection: Connection, name: TreeName, first: int, end: int) -> AsyncIterator[StoredLeaf]:
    """Yield the leaves of a tree from `first` up to `end`; the connection is in a transaction."""
    async for run in connection.cursor(_RUNS, *name, first, end):
        for leaf in _leaves(run):
            if first <= leaf.number < end:
                yield leaf


async def hashes(connection: Connection, name: TreeName, proof: Proof) -> list[bytes]:
    """Return the hashes of a proof about a tree; the connection is in a transaction.

    Raises:
        KeyError: The tree lacks some of them.
    """
    stored: dict[tuple[int, int], bytes] = {}
    for stretch in needed(proof):
        stored.update(zip(stretch.places, await _stored(connection, name, stretch), strict=False))
    return proved(proof, stored)


async def keep_checkpoint(connection: Connection, at: datetime, root: bytes, note: str) -> int:
    """Keep a signed checkpoint and return its number."""
    return int(await connection.fetchval(_CHECKPOINT, at, root, note))


async def last_checkpoint(connection: Connection) -> StoredCheckpoint | None:
    """Return the newest checkpoint; `None`: nothing was signed yet."""
    row = await connection.fetchrow(_LAST)
    return StoredCheckpoint(*row) if row else None


async def checkpoints(connection: Connection) -> list[StoredCheckpoint]:
    """Return all checkpoints, oldest first."""
    return [StoredCheckpoint(*row) for row in await connection.fetch(_CHECKPOINTS)]


async def _stored(connection: Connection, name: TreeName, stretch: Stretch) -> list[bytes]:
    end = stretch.first + stretch.width
    if stretch.level == 0:
        return [leaf.content_hash async for leaf in leaves(connection, name, stretch.first, end)]
    rows = await connection.fetch(_SUBTREES, *name, stretch.level, stretch.first, end)
    return [root for _, root in rows]


def _leaves(run: asyncpg.Record) -> Iterable[StoredLeaf]:
    first, offsets, ids, contents = run
    for number, (offset,) in enumerate(_OFFSET.iter_unpack(offsets)):
        event_id = UUID(bytes=ids[number * _ID_BYTES : (number + 1) * _ID_BYTES])
        content = contents[number * HASH_BYTES : (number + 1) * HASH_BYTES]
        yield StoredLeaf(int(first) + number, offset, event_id, content)
