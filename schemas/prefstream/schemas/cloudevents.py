"""CloudEvents 1.0 in Kafka's binary mode, with W3C trace context beside it.

The headers are a copy of the envelope for readers that do not parse the value. The trace follows
the correlation id and the span the event id, so a replay writes the same headers.
"""

import re
from datetime import UTC, datetime

from prefstream.schemas.envelope import Event
from prefstream.schemas.ids import derived_id
from prefstream.schemas.records import Headers

CONTENT_TYPE = ("content-type", b"application/json")
SPEC_VERSION = ("ce_specversion", b"1.0")

#: Version 00 of W3C Trace Context; ids of zeros only are invalid.
_TRACEPARENT = re.compile(rb"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


def headers_of(event: Event, *, traceparent: str | None = None) -> Headers:
    """Return the binary-mode headers of an event.

    Args:
        event: The event that the record's value says.
        traceparent: Trace context of the cause; its trace id is carried on.
    """
    causation = () if event.causation_id is None else (("ce_causationid", event.causation_id.encode()),)
    return (
        CONTENT_TYPE,
        SPEC_VERSION,
        ("ce_id", event.event_id.encode()),
        ("ce_source", event.source.encode()),
        ("ce_type", f"prefstream.{event.type}.v{event.schema_version}".encode()),
        ("ce_time", _rfc3339(event.occurred_at).encode()),
        ("ce_subject", event.subject.encode()),
        ("ce_correlationid", event.correlation_id.encode()),
        *causation,
        ("traceparent", _traceparent(event, traceparent).encode()),
    )


def trace_headers(event: Event, *, traceparent: str | None = None) -> Headers:
    """Return the trace context alone, for a log whose readers all parse the value."""
    return (("traceparent", _traceparent(event, traceparent).encode()),)


def traceparent_in(headers: Headers) -> str | None:
    """Return the trace context among a record's headers, if it is well formed."""
    for name, value in headers:
        if name == "traceparent" and _TRACEPARENT.fullmatch(value):
            return value.decode()
    return None


def _rfc3339(moment: datetime) -> str:
    text = moment.isoformat()
    if not text.endswith("+00:00"):
        text = moment.astimezone(UTC).isoformat()
    return f"{text[:-6]}Z"


def _traceparent(event: Event, cause: str | None) -> str:
    trace = cause[3:35] if cause else derived_id("trace", event.correlation_id).replace("-", "")
    return f"00-{trace}-{event.event_id[:8]}{event.event_id[9:13]}{event.event_id[14:18]}-01"
