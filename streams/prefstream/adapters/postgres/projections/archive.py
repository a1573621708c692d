"""The archive: every record once, by event id; the first stays."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

import asyncpg

from prefstream.adapters.postgres.connection import Connection
from prefstream.adapters.postgres.erasure_late import erase_late
from prefstream.adapters.postgres.keys import ALONE, Keys, Ring, Unprepared, destroy
from prefstream.adapters.postgres.opening import opened
from prefstream.adapters.postgres.projections.changes import Changes
from prefstream.adapters.postgres.projections.copying import copy_rows
from prefstream.adapters.postgres.projections.evidence import Leaf, TreeName, grow
from prefstream.adapters.postgres.projections.letters import Letter, letter_of, own_letter, wordless
from prefstream.adapters.postgres.projections.reading import (
    ARCHIVE_COLUMNS,
    EVENT_TOPICS,
    Entry,
    archive_row,
    entry_of,
    entry_owners,
)
from prefstream.domain.erasure.owners import CONTENT_TOPICS, PERSON_TOPICS, prior_owners, redacted
from prefstream.domain.evidence.leaves import leaf_content
from prefstream.domain.evidence.merkle import leaf_hash
from prefstream.schemas.codec import ERASED, decode
from prefstream.schemas.errors import Undecodable
from prefstream.schemas.records import LogRecord

_KNOWN = "select uuid_send(event_id), key, value, digest from archive where event_id = any($1::uuid[])"

#: Records that must be read before it is known whose content they hold.
_READ_EARLY = PERSON_TOPICS | (CONTENT_TOPICS - EVENT_TOPICS)
#: An entry whose id was there before, with the key and value of the first.
_Repeat = tuple[Entry, bytes | None, bytes | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Archival:
    """What became of a batch in the archive."""

    archived: int
    #: What the events that were not there before change.
    changes: Changes
    letters: Sequence[Letter]
    duplicates: int
    conflicts: int
    undecodable: int


async def archive(connection: Connection, records: Sequence[LogRecord], keys: Keys | None = None) -> Archival:
    """Archive the records whose ids are new and say what they change and what the others are.

    Records are copied straight into the table while the rest is still being decoded, for repeats
    are rare. Where the copy meets one, it is undone and goes again without what is there already.

    Args:
        connection: In the caller's transaction.
        records: The records.
        keys: Under which content is sealed; `None`: it is kept as it is.
    """
    early = [entry_of(record) if record.topic in _READ_EARLY else None for record in records]
    owners = prior_owners(records)
    owners.update(owner for entry in early if entry is not None for owner in entry_owners(entry))
    reading = _Reading(None if keys is None else await keys.prepared(connection, owners))
    entries = (entry or entry_of(record) for entry, record in zip(early, records, strict=True))
    try:
        await _copy(connection, reading.rows(entries))
    except (asyncpg.UniqueViolationError, Unprepared):
        return await _archive_unknown(connection, records, keys)
    await reading.follow(connection)
    await grow(connection, reading.leaves)
    return reading.archival([])


async def copy_entry(connection: Connection, entry: Entry, keys: Keys | None = None) -> bool:
    """Archive one entry and return whether it says content that was not erased; one that is there stays."""
    ring = None if keys is None else await keys.prepared(connection, entry_owners(entry))
    reading = _Reading(ring)
    rows = list(reading.rows([entry]))
    if not await connection.fetch(_KNOWN, [UUID(bytes=entry.event_id)]):
        await _copy(connection, rows)
        await grow(connection, reading.leaves)
    return not reading.erased


class _Reading:
    """One pass over a batch; events are let go of at once, to spare the garbage collector."""

    def __init__(self, ring: Ring | None) -> None:
        self.changes = Changes()
        self.ring = ring
        #: Ids of entries whose content was erased before it came.
        self.erased: set[bytes] = set()
        #: The record of the first entry of each id.
        self.firsts: dict[bytes, LogRecord] = {}
        self.repeats: list[_Repeat] = []
        self.eventless: list[Entry] = []
        #: What the trees of evidence gain.
        self.leaves: dict[TreeName, list[Leaf]] = {}

    def rows(self, entries: Iterable[Entry]) -> Iterator[bytes]:
        """Take in the entries and yield the rows of the first ones."""
        firsts, ring = self.firsts, self.ring
        for entry in entries:
            record, event_id, event, at_us, _ = entry
            first = firsts.setdefault(event_id, record)
            if first is not record:
                self.repeats.append((entry, first.key, ERASED if event_id in self.erased else first.value))
                continue
            value, digest = record.value, None
            if ring is not None and value is not None:
                value, digest = ring.sealed(entry_owners(entry), event_id, value, event)
                if value is ERASED:
                    self.erased.add(event_id)
            if event is None:
                self.eventless.append(entry)
            else:
                taken_us = record.timestamp_ms * 1000
                said = redacted(event) if value is ERASED else event
                self.changes.take(said, at_us, event_id, taken_us=taken_us, offset=record.offset)
            self._take_leaf(record, event_id, digest)
            yield archive_row(entry, value, digest)

    def _take_leaf(self, record: LogRecord, event_id: bytes, digest: bytes | None) -> None:
        if digest is None and record.value is not None:
            digest = sha256(record.value).digest()
        leaf = Leaf(record.offset, event_id, leaf_hash(leaf_content(record, digest)))
        self.leaves.setdefault((record.topic, record.partition), []).append(leaf)

    async def follow(self, connection: Connection) -> None:
        """Erase copies that stages made of what was erased, and pairs that turned out to be."""
        if self.ring is None or not self.ring.late:
            return
        await erase_late(connection, self.ring.late)
        if self.ring.gone:
            await connection.execute(ALONE)
            await destroy(connection, self.ring.gone)

    def _letter(self, entry: Entry) -> Letter | None:
        """Return the dead letter of an entry, without its words where those were erased."""
        letter = letter_of(entry)
        return letter if letter is None or entry.event_id not in self.erased else wordless(letter)

    def archival(self, earlier: Sequence[_Repeat]) -> Archival:
        """Say what became of the batch, given those entries that earlier batches brought already."""
        letters = [letter for entry in self.eventless if (letter := self._letter(entry)) is not None]
        repeats = [*earlier, *self.repeats]
        conflicts = [entry for entry, key, value in repeats if not _same(entry, key, value)]
        return Archival(
            archived=len(self.firsts),
            changes=self.changes,
            letters=[*letters, *map(_conflict, conflicts)],
            duplicates=len(repeats) - len(conflicts),
            conflicts=len(conflicts),
            undecodable=sum(entry.fault is not None for entry in self.eventless),
        )


async def _archive_unknown(
    connection: Connection, records: Sequence[LogRecord], keys: Keys | None
) -> Archival:
    fresh: Collection[Entry] = [entry_of(record) for record in records]
    owners = {owner for entry in fresh for owner in entry_owners(entry)}
    ring = None if keys is None else await keys.prepared(connection, owners)
    earlier: list[_Repeat] = []
    while True:
        # Each round sees at least the committed id that the one before stumbled over.
        ids = [UUID(bytes=event_id) for event_id in {entry.event_id for entry in fresh}]
        known = await _known(connection, ids)
        earlier += [(entry, *known[entry.event_id]) for entry in fresh if entry.event_id in known]
        fresh = [entry for entry in fresh if entry.event_id not in known]
        reading = _Reading(ring)
        try:
            await _copy(connection, reading.rows(fresh))
        except asyncpg.UniqueViolationError:
            continue
        await reading.follow(connection)
        await grow(connection, reading.leaves)
        return reading.archival(earlier)


async def _known(
    connection: Connection, ids: Sequence[UUID]
) -> dict[bytes, tuple[bytes | None, bytes | None]]:
    """Return the keys and plain values of what is archived already, by id."""
    rows = await connection.fetch(_KNOWN, ids)
    # Plain bytes that nobody could decode may begin like sealed ones.
    sealed = [value if digest is not None else None for _, _, value, digest in rows]
    return {
        event_id: (key, value if digest is None else plain)
        for (event_id, key, value, digest), plain in zip(rows, await opened(connection, sealed), strict=True)
    }


async def _copy(connection: Connection, rows: Iterable[bytes]) -> None:
    async with connection.transaction():
        await copy_rows(connection, "archive", ARCHIVE_COLUMNS, rows)


def _conflict(entry: Entry) -> Letter:
    detail = f"event {UUID(bytes=entry.event_id)} was archived before with another content; the first stays"
    return own_letter(entry.record, "conflict", detail)


def _same(entry: Entry, key: bytes | None, value: bytes | None) -> bool:
    """Return whether a repeat says what the first said; the hour and the name of the file may differ."""
    if value == ERASED:
        # It cannot be compared any more, and a dead letter would bring it back.
        return True
    if entry.event is None:
        return (key, value) == (entry.record.key, entry.record.value)
    if value == entry.record.value:
        return True
    try:
        first = decode(value)
    except Undecodable:
        return False
    told_otherwise = {"occurred_at": entry.event.occurred_at, "source": entry.event.source}
    return first.model_copy(update=told_otherwise) == entry.event
