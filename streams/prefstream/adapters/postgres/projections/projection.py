"""The projection of a batch of records into rows, inside the caller's transaction."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import asyncpg

from prefstream.adapters.postgres.connection import Connection
from prefstream.adapters.postgres.keys import Keys
from prefstream.adapters.postgres.projections.alerts import project_alerts
from prefstream.adapters.postgres.projections.archive import Archival, archive, copy_entry
from prefstream.adapters.postgres.projections.buckets import add_cells, add_counts
from prefstream.adapters.postgres.projections.changes import Bucket, Changes
from prefstream.adapters.postgres.projections.kinds import project_kinds
from prefstream.adapters.postgres.projections.letters import own_letter, write_letters
from prefstream.adapters.postgres.projections.measures import measured, pair_states
from prefstream.adapters.postgres.projections.reading import unread_entry
from prefstream.adapters.postgres.projections.releases import project_releases
from prefstream.adapters.postgres.projections.rows import (
    DISPUTED,
    PAIRS,
    PROMPTS,
    PROPOSED,
    REOPENED,
    RESOLVED,
    ROUTED,
)
from prefstream.adapters.postgres.projections.units import UNIT_COLUMNS, Unit, UnitChanges, project_units
from prefstream.domain.agreement.tally import summed
from prefstream.schemas.records import LogRecord

# Most pairs are labelled by the judge alone; only the others come back.
_UPSERT_PAIRS = (
    f"with upserted as ({PAIRS.upsert} returning {UNIT_COLUMNS})\n"
    "select * from upserted "
    "where labels > 0 or labels_needed > 0 or reviews_needed > 0 or adjudications_needed > 0"
)
_UPSERT_PROMPTS = PROMPTS.upsert
#: Groups of a pair that bear on its labels or tasks.
_BEARING = frozenset((PROPOSED, ROUTED, DISPUTED, RESOLVED, REOPENED))
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Projected:
    """What became of a batch."""

    #: Rows added to the archive.
    archived: int
    #: Records left out because their event was archived before.
    duplicates: int
    #: Records with the id of an archived event and another content; dead letters now.
    conflicts: int
    #: Records on the topics of events that are no event; dead letters of the stage that reads them.
    undecodable: int
    #: Dead letters written, the sink's own among them.
    dead_letters: int
    #: Slices whose figures changed.
    slices: frozenset[str]
    #: The latest event time among what is new; `None` without any.
    latest: datetime | None


async def project(
    connection: Connection, records: Sequence[LogRecord], keys: Keys | None = None
) -> Projected:
    """Write what the records say: all of it, or nothing when this raises.

    The rows depend on which events came, not on their order, repetition or division into batches.

    Args:
        connection: In a transaction at READ COMMITTED, opened by `connection.transaction()`, in which
            the caller moves the offsets of these records too (first, for that is the fence).
        records: Of any topics of the contract; those of one partition in order.
        keys: Under which the archive seals content; `None`: it keeps it as it is.

    Raises:
        asyncpg.DataError: A value does not fit its column, e.g. a text with a NUL. Roll back and try
            the halves; the one record that is left is for `set_aside`.
    """
    archival = await archive(connection, records, keys)
    await write_letters(connection, archival.letters)
    slices = await _write(connection, archival.changes)
    return _told(archival, slices)


async def set_aside(
    connection: Connection, record: LogRecord, *, reason: str, detail: str, keys: Keys | None = None
) -> None:
    """Archive a record that cannot be projected as original bytes, and write its dead letter.

    Args:
        connection: In the caller's transaction, as for `project`.
        record: The record.
        reason: Why, in a word, e.g. "unstorable".
        detail: Why, in a sentence.
        keys: Under which the archive seals content; `None`: it keeps it as it is.
    """
    readable = await copy_entry(connection, unread_entry(record), keys)
    told = record if readable else record._replace(value=None)
    await write_letters(connection, [own_letter(told, reason, detail)])


async def _write(connection: Connection, changes: Changes) -> frozenset[str]:
    if changes.prompts:
        await PROMPTS.stage(connection, changes.prompts)
        await connection.execute(_UPSERT_PROMPTS)
    await project_kinds(connection, changes.asked, changes.answers)
    await project_alerts(connection, changes.alerts)
    await project_releases(connection, changes.releases)
    added = await _write_pairs(connection, changes)
    counts = summed((changes.funnel, added.labels)), summed((changes.measures, added.measures))
    await add_cells(connection, added.cells)
    await add_counts(connection, *counts)
    return frozenset(
        [
            *(slice_name for (slice_name, _), n in added.cells.items() if n),
            *(slice_name for some in counts for slice_name, *_ in some),
        ]
    )


async def _write_pairs(connection: Connection, changes: Changes) -> UnitChanges:
    if not changes.pairs:
        return UnitChanges(cells={}, labels={}, measures={})
    await PAIRS.stage(connection, changes.pairs)
    rows, counts = await _upserted(connection, len(changes.pairs))
    units = _concerned(changes, [Unit(**row) for row in rows])
    added = await project_units(connection, units, changes.labels, changes.withdrawals)
    return replace(added, measures=summed((counts, added.measures)))


async def _upserted(connection: Connection, n_pairs: int) -> tuple[list[asyncpg.Record], dict[Bucket, int]]:
    """Write the staged pairs; return those that people have to do with, and what the pairs add to measures.

    How the pairs stood is read without their locks: that of a new pair is had only by writing it. Where
    another sink wrote one of them in between, its revision tells, and what was written is undone and goes
    again; by then the other has ended.
    """
    while True:
        before = await pair_states(connection)
        attempt = connection.transaction()
        await attempt.start()
        rows = await connection.fetch(_UPSERT_PAIRS)
        after = await pair_states(connection)
        if after.revision == before.revision + n_pairs:
            await attempt.commit()
            return rows, measured(before, after)
        await attempt.rollback()


def _concerned(changes: Changes, units: Collection[Unit]) -> list[Unit]:
    return [
        unit
        for unit in units
        if unit.pair_id in changes.labels
        or unit.pair_id in changes.withdrawals
        or not _BEARING.isdisjoint(changes.pairs[unit.pair_id].groups)
    ]


def _told(archival: Archival, slices: frozenset[str]) -> Projected:
    latest_us = archival.changes.latest_us
    return Projected(
        archived=archival.archived,
        duplicates=archival.duplicates,
        conflicts=archival.conflicts,
        undecodable=archival.undecodable,
        dead_letters=len(archival.letters),
        slices=slices,
        latest=None if latest_us < 0 else _EPOCH + timedelta(microseconds=latest_us),
    )
