"""Retries and dead letters: the original bytes, with what happened told in headers.

The value, key and headers of the record are kept as they were; names that begin with `ps_` are
ours and are taken off again when the record goes back.
"""

from dataclasses import dataclass

from prefstream.schemas.errors import Undecodable
from prefstream.schemas.records import Headers, LogRecord, OutRecord

_PREFIX = "ps_"
#: When the record was first written, in milliseconds since 1970.
_WRITTEN = f"{_PREFIX}timestamp_ms"


@dataclass(frozen=True, slots=True, kw_only=True)
class Detour:
    """Why a record left its way, and where it came from."""

    stage: str
    #: Coordinates of the record in its own topic.
    topic: str
    partition: int
    offset: int
    #: "undecodable", "too_large", "permanent", "attempts_exhausted", "conflict", "provider_down", ...
    reason: str
    detail: str
    #: How often the stage has tried, this time included.
    attempt: int
    #: Milliseconds since 1970 before which it must not be tried again; 0 for dead letters.
    not_before_ms: int = 0


def detour_of(record: LogRecord) -> Detour | None:
    """Return the detour that a record's headers tell of, or `None` for a record on its way.

    Raises:
        Undecodable: The headers begin to tell of one but do not fit.
    """
    told = {name[len(_PREFIX) :]: value for name, value in record.headers if name.startswith(_PREFIX)}
    if not told:
        return None
    try:
        return Detour(
            stage=told["stage"].decode(),
            topic=told["topic"].decode(),
            partition=int(told["partition"]),
            offset=int(told["offset"]),
            reason=told["reason"].decode(),
            detail=told["detail"].decode(),
            attempt=int(told["attempt"]),
            not_before_ms=int(told["not_before_ms"]),
        )
    except (KeyError, ValueError) as error:
        raise Undecodable(f"the {_PREFIX}* headers of a detoured record do not fit: {error!r}") from error


def original_headers(headers: Headers) -> Headers:
    """Return the headers the record had before its detour."""
    return tuple((name, value) for name, value in headers if not name.startswith(_PREFIX))


def detoured(record: LogRecord, detour: Detour, *, topic: str) -> OutRecord:
    """Return the record as it goes to a retry topic or to the dead letters.

    It carries the time of its detour, its own being told beside the coordinates: a log that counts
    retention from a record's time would drop an old one before it is tried again.
    """
    told = tuple(
        (f"{_PREFIX}{name}", str(getattr(detour, name)).encode(errors="backslashreplace"))
        for name in detour.__slots__
    )
    written = dict(record.headers).get(_WRITTEN, str(record.timestamp_ms).encode())
    return OutRecord(
        topic=topic,
        key=record.key or b"",
        value=record.value or b"",
        headers=(*original_headers(record.headers), *told, (_WRITTEN, written)),
    )


def redriven(record: LogRecord) -> OutRecord:
    """Return a dead letter as it goes back to the topic it came from now, the event id unchanged.

    Raises:
        Undecodable: The record does not say where it came from.
    """
    detour = detour_of(record)
    if detour is None:
        raise Undecodable(
            f"{record.topic}/{record.partition}@{record.offset} does not say where it came from"
        )
    return OutRecord(
        topic=detour.topic,
        key=record.key or b"",
        value=record.value or b"",
        headers=original_headers(record.headers),
    )
