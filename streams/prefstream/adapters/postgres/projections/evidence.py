"""The Merkle trees over the archive, grown in the transaction that archives."""

from collections.abc import Iterable, Mapping, Sequence
from struct import Struct
from typing import NamedTuple

from prefstream.adapters.postgres.connection import Connection
from prefstream.domain.evidence.merkle import HASH_BYTES, Frontier

_HEADS = """
select topic, partition, size, frontier from evidence_heads
where (topic, partition) in (select * from unnest($1::text[], $2::int[])) order by topic, partition for update
"""
_BEGIN = """
insert into evidence_heads (topic, partition, size, frontier)
select t, p, 0, '' from unnest($1::text[], $2::int[]) as u (t, p) order by t, p on conflict do nothing
"""
_GROW = """
with heads as (
  update evidence_heads h set size = u.size, frontier = u.frontier
  from unnest($1::text[], $2::int[], $3::bigint[], $4::bytea[]) as u (topic, partition, size, frontier)
  where h.topic = u.topic and h.partition = u.partition
)
insert into evidence_runs (topic, partition, first_leaf, first_offset, offsets, event_ids, leaves)
select * from unnest($1::text[], $2::int[], $5::bigint[], $6::bigint[], $7::bytea[], $8::bytea[], $9::bytea[])
"""
_KEEP = """
insert into evidence_subtrees (topic, partition, level, index, root)
select * from unnest($1::text[], $2::int[], $3::int[], $4::bigint[], $5::bytea[])
"""
_OFFSET = Struct(">q").pack

#: Topic and partition.
TreeName = tuple[str, int]


class Leaf(NamedTuple):
    """One archived record, as its tree takes it in."""

    offset: int
    event_id: bytes
    content_hash: bytes


async def grow(connection: Connection, leaves: Mapping[TreeName, Sequence[Leaf]]) -> None:
    """Append what was archived to the trees.

    Args:
        connection: In the transaction that archived it; whoever grows the same tree waits for its end.
        leaves: By topic and partition, in the order of their offsets.
    """
    if not leaves:
        return
    heads = await _heads(connection, [*leaves])
    rows, kept = [], []
    for name, found in leaves.items():
        before = heads[name]
        after, subtrees = before.grown(leaf.content_hash for leaf in found)
        kept += [(*name, *subtree) for subtree in subtrees]
        rows.append((*name, after.size, b"".join(after.roots), before.size, found[0].offset, *_joined(found)))
    await connection.execute(_GROW, *map(list, zip(*rows, strict=True)))
    if kept:
        await connection.execute(_KEEP, *map(list, zip(*kept, strict=True)))


async def _heads(connection: Connection, names: Sequence[TreeName]) -> dict[TreeName, Frontier]:
    """Return how far the trees have grown, and keep others from growing them."""
    topics, partitions = [topic for topic, _ in names], [partition for _, partition in names]
    found = await connection.fetch(_HEADS, topics, partitions)
    if len(found) < len(names):
        await connection.execute(_BEGIN, topics, partitions)
        found = await connection.fetch(_HEADS, topics, partitions)
    return {(topic, partition): frontier_of(size, frontier) for topic, partition, size, frontier in found}


def frontier_of(size: int, joined: bytes) -> Frontier:
    """Return the frontier that a row of `evidence_heads` says."""
    return Frontier(size, tuple(joined[at : at + HASH_BYTES] for at in range(0, len(joined), HASH_BYTES)))


def _joined(leaves: Iterable[Leaf]) -> tuple[bytes, bytes, bytes]:
    offsets, ids, hashes = zip(*leaves, strict=True)
    return b"".join(map(_OFFSET, offsets)), b"".join(ids), b"".join(hashes)
