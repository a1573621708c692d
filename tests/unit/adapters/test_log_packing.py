"""Records as the Postgres log packs them: headers of any bytes, each record at its place."""

from zlib import crc32

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.factories import a_pair_proposed

from prefstream.adapters.postgres.log import columns, packed, unpacked
from prefstream.schemas.cloudevents import headers_of, trace_headers
from prefstream.schemas.records import Headers, OutRecord

PARTITIONS = {"one": 1, "three": 3, "eight": 8}
TRACE = trace_headers(a_pair_proposed())[0][1]

names = st.sampled_from(["traceparent", "a", "", "ü"]) | st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=5
)
headers_of_any_bytes = st.lists(st.tuples(names, st.binary(max_size=60)), max_size=4).map(tuple)
out_records = st.builds(
    OutRecord,
    topic=st.sampled_from([*PARTITIONS]),
    key=st.binary(max_size=3),
    value=st.binary(max_size=5),
    headers=headers_of_any_bytes,
)


@given(headers_of_any_bytes)
@example((("traceparent", TRACE),))
@example((("traceparent", b"\xff" * 55),))
@example((("traceparent", b'"' * 55),))
def test_headers_come_back_as_they_were(headers: Headers) -> None:
    assert unpacked(packed(headers)) == headers


@pytest.mark.parametrize(
    "headers",
    [
        (("traceparent", b"a" * 53 + b"\xe9"),),
        (("traceparent", b"a" * 53 + b'"'),),
        (("traceparent", b"a" * 53 + b"\n"),),
        (("traceparent", b"a" * 40), ("b", b"c" * 6)),
    ],
    ids=["not ASCII", "a quote", "a control character", "another header"],
)
def test_what_only_looks_as_long_as_a_lone_trace_comes_back_as_it_was(headers: Headers) -> None:
    stored, lone = packed(headers), packed((("traceparent", TRACE),))
    assert stored is not None
    assert lone is not None
    assert len(stored) == len(lone), "the case is about equal lengths"

    assert unpacked(stored) == headers


def test_no_headers_take_no_room() -> None:
    assert packed(()) is None
    assert unpacked(None) == ()


@given(st.lists(out_records, max_size=40))
def test_each_record_has_a_place_of_its_own_in_the_partition_of_its_key(records: list[OutRecord]) -> None:
    topics, partitions, counts, heads, places, keys, values, _ = columns(records, PARTITIONS)

    at = list(zip(topics, partitions, strict=True))
    assert len(set(at)) == len(at) == len(counts)
    assert (keys, values) == ([record.key for record in records], [record.value for record in records])
    of_head: dict[int, list[int]] = {head: [] for head in range(1, len(at) + 1)}
    for record, head, place in zip(records, heads, places, strict=True):
        assert at[head - 1] == (record.topic, crc32(record.key) % PARTITIONS[record.topic])
        of_head[head].append(place)
    assert [of_head[head + 1] for head in range(len(at))] == [list(range(count)) for count in counts]


def test_copies_of_the_envelope_are_left_out_and_the_rest_is_kept() -> None:
    event = a_pair_proposed()
    own = (("ps_stage", b"judging"), ("x", b"\xff"))
    record = OutRecord(topic="one", key=b"k", value=b"v", headers=headers_of(event) + own)

    stored = columns([record], PARTITIONS)[7][0]

    assert unpacked(stored) == trace_headers(event) + own
