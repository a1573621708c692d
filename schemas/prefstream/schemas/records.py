"""Records: bytes as a log holds them and as a stage hands them over."""

from dataclasses import dataclass

Headers = tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRecord:
    """One record as it stands in a log, with its coordinates."""

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
