"""Bytes to events and back: whatever is written can be read, and what cannot is named."""

from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from tests.factories import (
    a_label_submitted,
    a_pair_judged,
    a_pair_proposed,
    a_response,
    an_alert_cleared,
    one_of_each,
)
from tests.strategies import instances

from prefstream.schemas.codec import MAX_VALUE_BYTES, Upcasters, decode, encode
from prefstream.schemas.envelope import Event
from prefstream.schemas.errors import Undecodable
from prefstream.schemas.topics import EVENT_TYPES


def document_of(event: Event, **changes: Any) -> dict[str, Any]:
    document: dict[str, Any] = orjson.loads(encode(event))
    return document | changes


def said(event: Event, **changes: Any) -> bytes:
    return orjson.dumps(document_of(event, **changes))


@pytest.mark.parametrize("model", EVENT_TYPES.values(), ids=EVENT_TYPES)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_every_event_comes_back_as_it_was_written(model: type[Event], data: st.DataObject) -> None:
    event = data.draw(instances(model))
    assert decode(encode(event)) == event
    assert encode(decode(encode(event))) == encode(event)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_random_bytes_are_undecodable_and_nothing_else(value: bytes) -> None:
    with pytest.raises(Undecodable):
        decode(value)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_damaged_event_is_read_or_undecodable_and_nothing_else(data: st.DataObject) -> None:
    value = bytearray(encode(data.draw(st.sampled_from(one_of_each()))))
    for _ in range(data.draw(st.integers(1, 4))):
        value[data.draw(st.integers(0, len(value) - 1))] = data.draw(st.integers(0, 255))
    try:
        event = decode(bytes(value))
    except Undecodable:
        return
    assert decode(encode(event)) == event


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"\xff\xfe\x00", "not JSON"),
        (b"\xef\xbb\xbf{}", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"null", "not an object"),
        (b"[1]", "not an object"),
        (b"{}", "unknown event type None"),
        (b'{"type":["PairJudged"]}', "unknown event type"),
        (b'{"type":"PairInvented","schema_version":1}', "unknown event type 'PairInvented'"),
        (None, "tombstone"),
    ],
)
def test_undecodable_bytes_say_what_is_wrong(value: bytes | None, says: str) -> None:
    with pytest.raises(Undecodable, match=says):
        decode(value)


@pytest.mark.parametrize("version", [2, 0, -1, "1", None, 1.5, [1], {}])
def test_an_unknown_schema_version_is_undecodable(version: object) -> None:
    with pytest.raises(Undecodable, match="schema version"):
        decode(said(a_pair_proposed(), schema_version=version))


def test_an_event_that_does_not_say_its_version_is_undecodable() -> None:
    document = document_of(a_pair_proposed())
    del document["schema_version"]
    with pytest.raises(Undecodable, match="does not say its schema_version"):
        decode(orjson.dumps(document))


@pytest.mark.parametrize(
    ("field", "content"),
    [
        ("event_id", "not-a-uuid"),
        ("event_id", "6F1C9A52-6C7E-5A9B-9D43-0F4B7A1F2C11"),
        ("occurred_at", 1_700_000_000),
        ("occurred_at", "2026-03-01T12:00:00"),
        ("occurred_at", "0001-01-01T00:00:00+05:00"),
        ("occurred_at", "9999-12-31T23:59:59-05:00"),
        ("subject", ""),
        ("subject", " blank"),
        ("subject", "x" * 257),
        ("messages", []),
        ("messages", "hello"),
        ("response_a", {"text": True, "model": "m"}),
        ("response_a", {"text": 1, "model": "m"}),
        ("response_a", {"text": None, "model": "m"}),
        ("stakes", "enormous"),
        ("stratum_weight", 0),
        ("stratum_weight", "1"),
        ("tags", {"a": 1}),
    ],
)
def test_a_field_of_the_wrong_type_is_named(field: str, content: object) -> None:
    with pytest.raises(Undecodable, match=rf"PairProposed does not fit its schema: {field}"):
        decode(said(a_pair_proposed(), **{field: content}))


def test_the_message_never_quotes_what_the_field_held() -> None:
    with pytest.raises(Undecodable) as caught:
        decode(said(a_pair_proposed(), stakes="a secret of the user"))
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"-Infinity", b"1e999", b"9" * 5000])
def test_numbers_that_json_cannot_say_are_undecodable(number: bytes) -> None:
    value = encode(a_label_submitted(seconds=77.25)).replace(b"77.25", number)
    with pytest.raises(Undecodable):
        decode(value)


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_no_event_can_hold_a_number_that_would_not_come_back(number: float) -> None:
    with pytest.raises(ValidationError):
        a_pair_proposed(stratum_weight=number)
    with pytest.raises(ValidationError):
        a_response(parameters={"temperature": number})


def test_a_value_over_the_limit_is_undecodable() -> None:
    with pytest.raises(Undecodable, match=str(MAX_VALUE_BYTES)):
        decode(b" " * (MAX_VALUE_BYTES + 1))


def test_a_value_of_exactly_the_limit_is_read() -> None:
    room = MAX_VALUE_BYTES - len(encode(a_pair_proposed(response_a=a_response(""))))
    event = a_pair_proposed(response_a=a_response("x" * room))
    assert len(encode(event)) == MAX_VALUE_BYTES
    assert decode(encode(event)) == event


@pytest.mark.parametrize("depth", [500, 5_000, 100_000])
def test_deep_nesting_is_undecodable(depth: int) -> None:
    deep = b',"extra":' + b"[" * depth + b"]" * depth + b"}"
    with pytest.raises(Undecodable):
        decode(encode(a_pair_proposed())[:-1] + deep)


def test_fields_of_a_newer_writer_are_ignored() -> None:
    event = a_pair_proposed()
    assert decode(said(event, mood="sunny")) == event


def test_a_lone_surrogate_is_undecodable() -> None:
    value = encode(a_pair_proposed(response_a=a_response("HERE"))).replace(b"HERE", b"\\ud800")
    with pytest.raises(Undecodable):
        decode(value)


def from_version_minus_one(document: dict[str, Any]) -> dict[str, Any]:
    return document | {"alert": document["name"]}


def from_version_zero(document: dict[str, Any]) -> dict[str, Any]:
    return document | {"alert_id": document["alert"].strip()}


CHAIN: Upcasters = {("AlertCleared", -1): from_version_minus_one, ("AlertCleared", 0): from_version_zero}


def old_alert(version: int, **fields: object) -> bytes:
    document = document_of(an_alert_cleared(), schema_version=version)
    del document["alert_id"]
    return orjson.dumps(document | fields)


def test_an_older_version_is_read_through_its_upcasters() -> None:
    present = an_alert_cleared(alert_id="a1")
    assert decode(old_alert(0, alert="a1 "), upcasters=CHAIN) == present
    assert decode(old_alert(-1, name="a1"), upcasters=CHAIN) == present


def test_a_gap_in_the_chain_is_undecodable() -> None:
    gap = {("AlertCleared", -1): from_version_minus_one}
    with pytest.raises(Undecodable, match="schema version 0"):
        decode(old_alert(-1, name="a1"), upcasters=gap)


@pytest.mark.parametrize("fields", [{}, {"alert": 7}, {"alert": None}])
def test_an_older_document_that_its_upcaster_cannot_read_is_undecodable(fields: dict[str, object]) -> None:
    with pytest.raises(Undecodable, match="AlertCleared version 0 does not fit"):
        decode(old_alert(0, **fields), upcasters=CHAIN)


def test_an_upcast_document_must_fit_the_present_schema() -> None:
    with pytest.raises(Undecodable, match="alert_id"):
        decode(old_alert(0, alert=""), upcasters=CHAIN)


def test_the_encoding_is_compact_and_in_declared_order() -> None:
    value = encode(a_pair_judged())
    assert value.startswith(b'{"event_id":')
    assert list(orjson.loads(value)) == list(type(a_pair_judged()).model_fields)
