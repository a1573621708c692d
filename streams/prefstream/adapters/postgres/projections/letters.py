"""Dead letters as rows: those the stages wrote to their topic and those of the sink itself."""

from collections.abc import Sequence
from typing import Any

from prefstream.adapters.postgres.connection import Connection
from prefstream.adapters.postgres.log import packed
from prefstream.adapters.postgres.projections.reading import STAGE_TOPICS, Entry, instant_of
from prefstream.schemas.dead_letters import Detour, detour_of, original_headers
from prefstream.schemas.errors import Undecodable
from prefstream.schemas.records import LogRecord
from prefstream.schemas.topics import DEAD_LETTERS

SINK = "sink"
#: Reason of a letter whose record was erased.
ERASED_LETTER = "erased"
Letter = tuple[Any, ...]

# The last try of a record says most; equal ones are the same letter come twice.
_WRITE = """
insert into dead_letters as d
  (stage, topic, partition, log_offset, reason, detail, attempt, key, value, headers, at)
select * from unnest($1::text[], $2::text[], $3::int[], $4::bigint[], $5::text[], $6::text[], $7::int[],
                     $8::bytea[], $9::bytea[], $10::bytea[], $11::timestamptz[])
on conflict (stage, topic, partition, log_offset) do update
set reason = excluded.reason, detail = excluded.detail, attempt = excluded.attempt, key = excluded.key,
    value = excluded.value, headers = excluded.headers, at = excluded.at
where (excluded.attempt, excluded.reason, excluded.detail) > (d.attempt, d.reason, d.detail)
"""


async def write_letters(connection: Connection, letters: Sequence[Letter]) -> None:
    """Write dead letters; of several about the same record by the same stage the last try stays."""
    if not letters:
        return
    # By record, then attempt: of one record the last is kept, and rows are locked in one order.
    ordered = sorted(letters, key=lambda one: (one[:4], one[6], one[4:6]))
    last = {letter[:4]: letter for letter in ordered}
    await connection.execute(_WRITE, *map(list, zip(*last.values(), strict=True)))


def letter_of(entry: Entry) -> Letter | None:
    """Return the dead letter that a record brings or is, or `None` when there is nothing to complain of."""
    record = entry.record
    if entry.fault is not None:
        # Where a stage reads the topic, the letter is that stage's to write.
        known = record.topic in STAGE_TOPICS
        return None if known else own_letter(record, "undecodable", entry.fault)
    if record.topic != DEAD_LETTERS.name:
        return None
    try:
        detour = detour_of(record)
    except Undecodable as error:
        return own_letter(record, "undecodable", str(error))
    if detour is None:
        return own_letter(record, "undecodable", "a dead letter without the ps_* headers that tell its story")
    return _letter(record, detour)


def wordless(letter: Letter) -> Letter:
    """Return a letter without the record and without what was said of it."""
    return (*letter[:4], ERASED_LETTER, "", letter[6], letter[7], None, *letter[9:])


def own_letter(record: LogRecord, reason: str, detail: str) -> Letter:
    """Return the sink's own complaint about a record."""
    detour = Detour(
        stage=SINK,
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        reason=reason,
        detail=detail,
        attempt=1,
    )
    return _letter(record, detour)


def _letter(record: LogRecord, detour: Detour) -> Letter:
    return (
        detour.stage,
        detour.topic,
        detour.partition,
        detour.offset,
        detour.reason,
        detour.detail,
        detour.attempt,
        record.key,
        record.value,
        packed(original_headers(record.headers)),
        instant_of(record),
    )
