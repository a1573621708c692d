"""Headers are CloudEvents 1.0 in Kafka's binary mode, as the reference library reads them."""

import re

import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary, to_binary
from cloudevents.core.formats.json import JSONFormat
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.factories import a_pair_judged, a_pair_proposed, one_of_each
from tests.strategies import instances

from prefstream.schemas.cloudevents import headers_of, traceparent_in
from prefstream.schemas.codec import encode
from prefstream.schemas.envelope import Event
from prefstream.schemas.ids import derived_id
from prefstream.schemas.pairs import PairProposed

W3C = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.mark.parametrize("event", one_of_each(), ids=lambda event: event.type)
def test_the_reference_library_reads_the_envelope_from_the_headers(event: Event) -> None:
    message = KafkaMessage(headers=dict(headers_of(event)), key=None, value=encode(event))
    read = from_binary(message, JSONFormat())
    assert read.get_id() == event.event_id
    assert read.get_source() == event.source
    assert read.get_type() == f"prefstream.{event.type}.v1"
    assert read.get_specversion() == "1.0"
    assert read.get_time() == event.occurred_at
    assert read.get_subject() == event.subject
    assert read.get_datacontenttype() == "application/json"
    assert read.get_extension("correlationid") == event.correlation_id
    assert read.get_data() == event.model_dump(mode="json")


@pytest.mark.parametrize("event", one_of_each(), ids=lambda event: event.type)
def test_the_reference_library_writes_the_same_headers(event: Event) -> None:
    ours = dict(headers_of(event))
    read = from_binary(KafkaMessage(headers=ours, key=None, value=encode(event)), JSONFormat())
    theirs = to_binary(read, JSONFormat()).headers
    assert theirs == {name: value for name, value in ours.items() if name != "traceparent"}


def test_the_cause_is_told_only_where_there_is_one() -> None:
    cause = derived_id("cause")
    assert dict(headers_of(a_pair_judged(causation_id=cause)))["ce_causationid"] == cause.encode()
    assert "ce_causationid" not in dict(headers_of(a_pair_judged()))


@settings(max_examples=100, deadline=None)
@given(instances(PairProposed))
def test_headers_of_any_event_are_well_formed(event: PairProposed) -> None:
    headers = headers_of(event)
    names = [name for name, _ in headers]
    assert len(set(names)) == len(names)
    assert all(value.decode() for _, value in headers)
    assert dict(headers)["ce_time"].endswith(b"Z")
    found = traceparent_in(headers)
    assert found
    assert W3C.fullmatch(found)


def test_the_trace_id_is_carried_on_and_the_span_is_the_events_own() -> None:
    event = a_pair_proposed()
    carried = traceparent_in(headers_of(event, traceparent=PARENT))
    assert carried
    assert carried[3:35] == PARENT[3:35]
    assert carried[36:52] != PARENT[36:52]


def test_events_of_one_pair_share_a_trace_and_a_repeat_repeats_the_headers() -> None:
    proposed, judged = (
        traceparent_in(headers_of(a_pair_proposed())),
        traceparent_in(headers_of(a_pair_judged())),
    )
    assert proposed
    assert judged
    assert proposed[:35] == judged[:35]
    assert proposed != judged
    assert headers_of(a_pair_proposed()) == headers_of(a_pair_proposed())


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"x" * 55,
        b" " * 55,
        PARENT.upper().encode(),
        PARENT.encode() + b"\n",
        b"ff" + PARENT.encode()[2:],
        b"00-" + b"0" * 32 + PARENT.encode()[35:],
        b"\xff" * 55,
    ],
)
def test_a_trace_context_that_is_not_well_formed_is_not_carried(value: bytes) -> None:
    assert traceparent_in((("traceparent", value),)) is None


def test_a_record_without_trace_context_has_none() -> None:
    assert traceparent_in((("other", PARENT.encode()),)) is None


@given(st.binary(max_size=60))
def test_any_header_value_can_be_looked_at(value: bytes) -> None:
    assert traceparent_in((("traceparent", value),)) in (None, value.decode(errors="replace"))
