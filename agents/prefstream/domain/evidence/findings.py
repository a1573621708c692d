"""What a check of archived records against their tree finds."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Literal

from prefstream.domain.evidence.leaves import leaf_content
from prefstream.domain.evidence.merkle import leaf_hash
from prefstream.schemas.codec import decode
from prefstream.schemas.errors import Undecodable
from prefstream.schemas.records import LogRecord

Kind = Literal["missing", "changed", "tree", "added"]
#: When it happened, its type, its subject.
Told = tuple[datetime | None, str | None, str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is not as it was."""

    kind: Kind
    #: Topic, partition and offset, or the tree.
    where: str
    what: str


def record_finding(
    record: LogRecord, *, digest: bytes | None, expected: bytes, told: Told, event_id: str
) -> Finding | None:
    """Return what is wrong with a record; `None`: it is what was archived.

    Args:
        record: As the archive has it; no value where it was erased.
        digest: The digest that the archive keeps beside it.
        expected: The leaf of its tree.
        told: What the archive's own columns say of it.
        event_id: Under which it is archived.
    """
    where = f"{record.topic}/{record.partition}@{record.offset}"
    if record.value is not None and sha256(record.value).digest() != digest:
        return Finding(kind="changed", where=where, what="its value is not the one it has the digest of")
    if leaf_hash(leaf_content(record, digest)) != expected:
        return Finding(kind="changed", where=where, what="its key, time, headers or digest were changed")
    if record.value is None or told[1] is None:
        return None
    try:
        event = decode(record.value)
    except Undecodable:
        return Finding(kind="changed", where=where, what="the archive says what no event says")
    if told != (event.occurred_at, event.type, event.subject) or event_id != event.event_id:
        return Finding(kind="changed", where=where, what="the archive's columns say otherwise than the event")
    return None
