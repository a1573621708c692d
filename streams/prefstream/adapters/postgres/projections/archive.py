"""The archive: every record once, by event id; the first stays."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from prefstream.adapters.postgres.connection import Connection
from prefstream.adapters.postgres.projections.changes import Changes
from prefstream.adapters.postgres.projections.copying import copy_rows
from prefstream.adapters.postgres.projections.letters import Letter, letter_of, own_letter
from prefstream.adapters.postgres.projections.reading import ARCHIVE_COLUMNS, Entry, archive_row, entry_of
from prefstream.schemas.codec import decode
from prefstream.schemas.errors import Undecodable
from prefstream.schemas.records import LogRecord

_KNOWN = "select uuid_send(event_id), key, value from archive where event_id = any($1::uuid[])"

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


async def archive(connection: Connection, records: Sequence[LogRecord]) -> Archival:
    """Archive the records whose ids are new and say what they change and what the others are.

    Records are copied straight into the table while the rest is still being decoded, for repeats
    are rare. Where the copy meets one, it is undone and goes again without what is there already.
    """
    reading = _Reading()
    try:
        await _copy(connection, reading.rows(map(entry_of, records)))
    except asyncpg.UniqueViolationError:
        return await _archive_unknown(connection, records)
    return reading.archival([])


async def copy_entry(connection: Connection, entry: Entry) -> None:
    """Archive one entry; one that is there already stays as it is."""
    if not await connection.fetch(_KNOWN, [UUID(bytes=entry.event_id)]):
        await _copy(connection, [archive_row(entry)])


class _Reading:
    """One pass over a batch; events are let go of at once, to spare the garbage collector."""

    def __init__(self) -> None:
        self.changes = Changes()
        #: The record of the first entry of each id.
        self.firsts: dict[bytes, LogRecord] = {}
        self.repeats: list[_Repeat] = []
        self.eventless: list[Entry] = []

    def rows(self, entries: Iterable[Entry]) -> Iterator[bytes]:
        """Take in the entries and yield the rows of the first ones."""
        firsts = self.firsts
        for entry in entries:
            record, event_id, event, at_us, _ = entry
            first = firsts.setdefault(event_id, record)
            if first is not record:
                self.repeats.append((entry, first.key, first.value))
                continue
            if event is None:
                self.eventless.append(entry)
            else:
                taken_us = record.timestamp_ms * 1000
                self.changes.take(event, at_us, event_id, taken_us=taken_us, offset=record.offset)
            yield archive_row(entry)

    def archival(self, earlier: Sequence[_Repeat]) -> Archival:
        """Say what became of the batch, given those entries that earlier batches brought already."""
        letters = [letter for entry in self.eventless if (letter := letter_of(entry)) is not None]
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


async def _archive_unknown(connection: Connection, records: Sequence[LogRecord]) -> Archival:
    fresh: Collection[Entry] = [entry_of(record) for record in records]
    earlier: list[_Repeat] = []
    while True:
        # Each round sees at least the committed id that the one before stumbled over.
        ids = [UUID(bytes=event_id) for event_id in {entry.event_id for entry in fresh}]
        known = {event_id: said for event_id, *said in await connection.fetch(_KNOWN, ids)}
        earlier += [(entry, *known[entry.event_id]) for entry in fresh if entry.event_id in known]
        fresh = [entry for entry in fresh if entry.event_id not in known]
        reading = _Reading()
        try:
            await _copy(connection, reading.rows(fresh))
        except asyncpg.UniqueViolationError:
            continue
        return reading.archival(earlier)


async def _copy(connection: Connection, rows: Iterable[bytes]) -> None:
    async with connection.transaction():
        await copy_rows(connection, "archive", ARCHIVE_COLUMNS, rows)


def _conflict(entry: Entry) -> Letter:
    detail = f"event {UUID(bytes=entry.event_id)} was archived before with another content; the first stays"
    return own_letter(entry.record, "conflict", detail)


def _same(entry: Entry, key: bytes | None, value: bytes | None) -> bool:
    """Return whether a repeat says what the first said; the hour and the name of the file may differ."""
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
