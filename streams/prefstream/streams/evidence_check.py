"""The check of archived records against the leaves of their tree."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from prefstream.adapters.postgres import evidence
from prefstream.adapters.postgres.archived import ArchivedRecord, archived, wrongly_closed
from prefstream.adapters.postgres.connection import Connection
from prefstream.adapters.postgres.evidence import StoredLeaf, TreeName
from prefstream.domain.evidence.findings import Finding, record_finding
from prefstream.domain.evidence.merkle import Frontier
from prefstream.schemas.errors import PrefstreamError

_AT_ONCE = 2000
_ARCHIVED = "select count(*) from archive where topic = $1 and partition = $2"


@dataclass(slots=True, kw_only=True)
class Progress:
    """How far a check is."""

    total: int
    tell: Callable[["Progress"], None]
    done: int = 0
    found: int = 0


async def checked_tree(
    connection: Connection,
    name: TreeName,
    head: Frontier,
    *,
    first: int,
    end: int | None,
    progress: Progress,
) -> list[Finding]:
    """Return what is wrong with a tree and the records under it, within a range of offsets.

    Args:
        connection: In a transaction, so that the tree does not grow meanwhile.
        name: Topic and partition.
        head: The tree as it stands.
        first: The first offset whose record is looked at.
        end: The offset at which looking ends; `None`: at the last.
        progress: Is told how far it is.
    """
    grown, findings = Frontier(), []
    batch: list[StoredLeaf] = []
    async for leaf in evidence.leaves(connection, name, 0, head.size):
        grown = grown.grown([leaf.content_hash])[0]
        if first <= leaf.offset and (end is None or leaf.offset < end):
            batch.append(leaf)
        if len(batch) == _AT_ONCE:
            findings += await _checked(connection, name, batch, progress)
            batch = []
    findings += await _checked(connection, name, batch, progress)
    where = f"{name[0]}/{name[1]}"
    if grown != head:
        findings.append(
            Finding(kind="tree", where=where, what="its leaves do not give the root that is kept")
        )
    count = await connection.fetchval(_ARCHIVED, *name) if first == 0 and end is None else head.size
    if count > head.size:
        what = f"the archive holds {count - head.size} records more than the log was seen to say"
        findings.append(Finding(kind="added", where=where, what=what))
    return findings


async def _checked(
    connection: Connection, name: TreeName, leaves: Sequence[StoredLeaf], progress: Progress
) -> list[Finding]:
    rows = await _rows(connection, [leaf.event_id for leaf in leaves])
    erased = [event_id for event_id, row in rows.items() if row is not None and row.erased]
    for event_id in await wrongly_closed(connection, erased):
        rows[event_id] = None
    found = [_finding(name, leaf, rows) for leaf in leaves]
    findings = [one for one in found if one is not None]
    progress.done += len(leaves)
    progress.found += len(findings)
    progress.tell(progress)
    return findings


async def _rows(connection: Connection, ids: Sequence[UUID]) -> dict[UUID, ArchivedRecord | None]:
    """Return the records by id; `None` for one whose sealed value does not open."""
    try:
        return {**await archived(connection, ids)}
    except PrefstreamError:
        if len(ids) == 1:
            return {ids[0]: None}
    middle = len(ids) // 2
    return {**await _rows(connection, ids[:middle]), **await _rows(connection, ids[middle:])}


def _finding(name: TreeName, leaf: StoredLeaf, rows: Mapping[UUID, ArchivedRecord | None]) -> Finding | None:
    where = f"{name[0]}/{name[1]}@{leaf.offset}"
    if leaf.event_id not in rows:
        return Finding(
            kind="missing", where=where, what=f"the event {leaf.event_id} is gone from the archive"
        )
    if (row := rows[leaf.event_id]) is None:
        return Finding(kind="changed", where=where, what="its sealed value does not open")
    if (row.record.topic, row.record.partition, row.record.offset) != (*name, leaf.offset):
        return Finding(kind="changed", where=where, what="the archive has it at another place")
    return record_finding(
        row.record,
        digest=row.digest,
        expected=leaf.content_hash,
        told=row.told,
        event_id=str(leaf.event_id),
    )
