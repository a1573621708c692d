"""Records: bytes as a log holds them and as a stage hands them over."""

from dataclasses import dataclass, field
from typing import NamedTuple

from prefstream.schemas.envelope import Event

Headers = tuple[tuple[str, bytes], ...]


class LogRecord(NamedTuple):
    """One record as it stands in a log, with its coordinates (a tuple: there are very many of them)."""

    topic: str
    partition: int
    offset: int
    #: Milliseconds since 1970 (UTC) at which the log took the record.
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: Headers = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OutRecord:
    """One record to append to a log; the log chooses the partition from the key."""

    topic: str
    key: bytes
    value: bytes
    headers: Headers = ()
    #: Milliseconds since 1970 (UTC); `None` lets the log stamp it.
    timestamp_ms: int | None = None
    #: The event that the value says, where the record was made of one: who hands the record on in
    #: the same process need not read it again.
    event: Event | None = field(default=None, compare=False, repr=False)
