"""Records as the archive keeps them, and the events they say."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from struct import Struct
from typing import NamedTuple

from prefstream.adapters.postgres.log import packed
from prefstream.adapters.postgres.projections.copying import (
    EPOCH_SHIFT_US,
    NULL,
    microseconds,
    text_field,
    uuid_bytes,
)
from prefstream.domain.erasure.owners import CONTENT_TOPICS, OWNER_RULES, key_owner, owners_of, source_topic
from prefstream.schemas import topics
from prefstream.schemas.codec import ERASED, decode
from prefstream.schemas.envelope import Event
from prefstream.schemas.errors import Undecodable
from prefstream.schemas.ids import derived_id
from prefstream.schemas.records import LogRecord

#: Columns of the archive, in the order of `archive_row`.
ARCHIVE_COLUMNS = (
    "event_id",
    "topic",
    "partition",
    "log_offset",
    "ts",
    "occurred_at",
    "type",
    "subject",
    "key",
    "value",
    "headers",
    "digest",
)
#: Topics whose values are events; the others hold records of others, as original bytes.
EVENT_TOPICS = frozenset(spec.name for spec in topics.TOPICS if spec.events)
#: Topics that hold records of others.
RAW_TOPICS = frozenset(spec.name for spec in topics.RAW)
#: Topics that a stage reads: what cannot be decoded there is that stage's dead letter, not ours.
STAGE_TOPICS = frozenset(
    spec.name
    for spec in (
        topics.PROMPTS_SUBMITTED,
        topics.PROMPTS_CURATED,
        topics.PAIRS_PROPOSED,
        topics.PAIRS_JUDGED,
        topics.PAIRS_ROUTED,
        topics.LABELS_SUBMITTED,
        topics.LABELS_RESOLVED,
        topics.GOLD_CHOSEN,
        topics.TASKS_PROPOSED,
        topics.DEMONSTRATIONS_SUBMITTED,
    )
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BEGIN = Struct(">hi16s").pack
_COORDINATES = Struct(">iiiqiq").pack
_INSTANT = Struct(">iq").pack
_LENGTH = Struct(">i").pack
_DIGEST = _LENGTH(32)
_TOPIC_FIELDS = {spec.name: text_field(spec.name) for spec in topics.TOPICS}
_TYPE_FIELDS = {name: text_field(name) for name in topics.EVENT_TYPES}


class Entry(NamedTuple):
    """One record on its way into the archive (a tuple, for there are tens of thousands a second)."""

    record: LogRecord
    #: The 16 bytes of the id it is archived under.
    event_id: bytes
    #: What it says; `None` for original bytes and for what cannot be decoded.
    event: Event | None
    #: When it happened, in microseconds since 1970; 0 without an event.
    at_us: int
    #: Why it cannot be decoded, where it should be.
    fault: str | None


def entry_of(record: LogRecord) -> Entry:
    """Return the record with the event it says, or under an id from its coordinates without one."""
    if record.topic not in EVENT_TOPICS:
        return unread_entry(record)
    try:
        event = decode(record.value)
    except Undecodable as error:
        return unread_entry(record, fault=str(error))
    return Entry(record, uuid_bytes(event.event_id), event, microseconds(event.occurred_at), None)


def unread_entry(record: LogRecord, *, fault: str | None = None) -> Entry:
    """Return the record as original bytes, whatever it says."""
    event_id = derived_id("sink", record.topic, record.partition, record.offset)
    return Entry(record, uuid_bytes(event_id), None, 0, fault)


def entry_owners(entry: Entry) -> tuple[str, ...]:
    """Return whose content a record holds: by what it says, else by its key and its first topic."""
    record, _, event, _, _ = entry
    if event is not None:
        rule = OWNER_RULES.get(type(event))
        return () if rule is None else rule(event)
    if record.topic not in CONTENT_TOPICS:
        return ()
    if record.topic not in EVENT_TOPICS:
        with suppress(Undecodable):
            return owners_of(decode(record.value))
    owner = key_owner(source_topic(record), record.key)
    return () if owner is None else (owner,)


def archive_row(entry: Entry, value: bytes | None, digest: bytes | None) -> bytes:
    """Return the entry as a row for COPY, with the value as it is kept and the digest of what it was."""
    record, event_id, event, at_us, _ = entry
    if event is None:
        said = NULL * 3
    else:
        occurred_at = _INSTANT(8, at_us - EPOCH_SHIFT_US)
        said = occurred_at + _TYPE_FIELDS[event.type] + text_field(event.subject)
    key = record.key
    # Headers of a detour tell what went wrong, perhaps in words of what was erased.
    headers = None if value is ERASED and record.topic in RAW_TOPICS else packed(record.headers)
    return b"".join(
        (
            _BEGIN(len(ARCHIVE_COLUMNS), 16, event_id),
            _TOPIC_FIELDS.get(record.topic) or text_field(record.topic),
            _COORDINATES(
                4, record.partition, 8, record.offset, 8, record.timestamp_ms * 1000 - EPOCH_SHIFT_US
            ),
            said,
            NULL if key is None else _LENGTH(len(key)) + key,
            NULL if value is None else _LENGTH(len(value)),
            value or b"",
            NULL if headers is None else _LENGTH(len(headers)) + headers,
            NULL if digest is None else _DIGEST + digest,
        )
    )


def instant_of(record: LogRecord) -> datetime:
    """Return when the log took the record."""
    return _EPOCH + timedelta(milliseconds=record.timestamp_ms)
