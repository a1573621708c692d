"""Bytes to events and back, upcasting what an older version wrote."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Union

import orjson
from pydantic import Discriminator, Tag, TypeAdapter, ValidationError

from prefstream.schemas.envelope import Event
from prefstream.schemas.errors import Erased, Undecodable
from prefstream.schemas.topics import EVENT_TYPES

#: Turns the JSON object of one version of an event into that of the next.
Upcaster = Callable[[dict[str, Any]], dict[str, Any]]
Upcasters = Mapping[tuple[str, int], Upcaster]

#: Upcasters in force, by event type and the version they read.
UPCASTERS: Upcasters = {}

#: Largest value written or read, in bytes: what a broker takes by default, less room for headers.
MAX_VALUE_BYTES = 900_000

#: What is kept, or read, in place of content that was erased.
ERASED = b"\x00"
_MEMBERS = tuple(Annotated[event, Tag(name)] for name, event in EVENT_TYPES.items())
_ANY_EVENT: TypeAdapter[Event] = TypeAdapter(Annotated[Union[_MEMBERS], Discriminator("type")])  # type: ignore[arg-type]  # noqa: UP007  (the union is made at run time)


def encode(event: Event) -> bytes:
    """Return the event as canonical JSON: declared field order, no blanks, UTF-8."""
    return event.__pydantic_serializer__.to_json(event)


def decode(value: bytes | None, *, upcasters: Upcasters = UPCASTERS) -> Event:
    """Return the event that these bytes say.

    Args:
        value: The record's value; `None` is a tombstone and no event.
        upcasters: How to read versions older than the present one.

    Raises:
        Undecodable: Not JSON, an unknown type or version, or fields that do not fit.
        Erased: The content was erased; nobody can read it any more.
    """
    if value is None:
        raise Undecodable("the record has no value (a tombstone), so there is no event to read")
    if len(value) > MAX_VALUE_BYTES:
        raise Undecodable(f"the value has {len(value)} bytes; the limit is {MAX_VALUE_BYTES}")
    try:
        event = _ANY_EVENT.validate_json(value)
    except ValidationError as error:
        if value == ERASED:
            raise Erased("the content of this event was erased; only its digest is left") from None
        return _decode_older(value, upcasters, error)
    if "schema_version" not in event.model_fields_set:
        raise Undecodable(f"{event.type} does not say its schema_version, so it cannot be read safely")
    return event


def _decode_older(value: bytes, upcasters: Upcasters, error: ValidationError) -> Event:
    document = _document(value)
    name, version = document.get("type"), document.get("schema_version")
    model = EVENT_TYPES.get(name) if isinstance(name, str) else None
    if model is None or not isinstance(name, str):
        raise Undecodable(f"unknown event type {name!r}") from error
    present = model.model_fields["schema_version"].default
    if version == present:
        raise Undecodable(f"{name} does not fit its schema: {_first(error)}") from error
    if not isinstance(version, int) or (name, version) not in upcasters:
        raise Undecodable(f"{name} has schema version {version!r}; this build reads {present}") from error
    return decode(_upcast(document, name, version, upcasters[name, version]), upcasters=upcasters)


def _upcast(document: dict[str, Any], name: str, version: int, upcaster: Upcaster) -> bytes:
    try:
        return orjson.dumps(upcaster(document) | {"schema_version": version + 1})
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        # What an upcaster stumbles over is a document that never fitted its own version.
        raise Undecodable(f"{name} version {version} does not fit its schema: {error!r}") from error


def _document(value: bytes) -> dict[str, Any]:
    try:
        document = orjson.loads(value)
    except orjson.JSONDecodeError as error:
        raise Undecodable(f"not JSON: {error}") from error
    if not isinstance(document, dict):
        raise Undecodable(f"the JSON is a {type(document).__name__}, not an object")
    return document


def _first(error: ValidationError) -> str:
    """Return the first finding in one line, naming the field but never quoting its content."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    where = ".".join(str(part) for part in first["loc"][1:]) or "the event"
    return f"{where}: {first['msg']}"
