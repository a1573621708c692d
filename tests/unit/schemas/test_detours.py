"""Retries and dead letters keep the record's bytes, and give them back when it is redriven."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.factories import a_record

from prefstream.schemas.dead_letters import Detour, detour_of, detoured, original_headers, redriven
from prefstream.schemas.errors import Undecodable
from prefstream.schemas.records import LogRecord, OutRecord
from prefstream.schemas.topics import DEAD_LETTERS, JUDGING_RETRY

REASON = Detour(
    stage="judging",
    topic="pairs.proposed.v1",
    partition=3,
    offset=41,
    reason="undecodable",
    detail="not JSON: unexpected end of data",
    attempt=1,
)
DETOURS = st.builds(
    Detour,
    stage=st.text(st.characters(exclude_categories=["Cs"])),
    topic=st.text(st.characters(exclude_categories=["Cs"])),
    partition=st.integers(0, 2**31 - 1),
    offset=st.integers(0, 2**63 - 1),
    reason=st.text(st.characters(exclude_categories=["Cs"])),
    detail=st.text(st.characters(exclude_categories=["Cs"])),
    attempt=st.integers(1, 99),
    not_before_ms=st.integers(0, 2**53),
)
HEADERS = st.lists(
    st.tuples(st.text().filter(lambda name: not name.startswith("ps_")), st.binary(max_size=20)), max_size=4
).map(tuple)


def logged(record: OutRecord) -> LogRecord:
    return LogRecord(
        topic=record.topic,
        partition=0,
        offset=7,
        timestamp_ms=record.timestamp_ms or 0,
        key=record.key,
        value=record.value,
        headers=record.headers,
    )


@given(DETOURS, st.binary(max_size=30), st.binary(max_size=60), HEADERS)
def test_any_record_comes_back_byte_for_byte(
    detour: Detour, key: bytes, value: bytes, headers: tuple[tuple[str, bytes], ...]
) -> None:
    record = a_record(key=key, value=value, headers=headers)
    letter = detoured(record, detour, topic=DEAD_LETTERS.name)
    assert (letter.topic, letter.key, letter.value) == (DEAD_LETTERS.name, key, value)
    assert detour_of(logged(letter)) == detour
    back = redriven(logged(letter))
    assert (back.topic, back.key, back.value, back.headers) == (detour.topic, key, value, headers)


def test_a_key_that_is_no_utf_8_is_kept() -> None:
    letter = detoured(a_record(key=b"\xff\x00\xfe", value=b"\x80"), REASON, topic=DEAD_LETTERS.name)
    assert redriven(logged(letter)).key == b"\xff\x00\xfe"
    assert redriven(logged(letter)).value == b"\x80"


def test_what_waits_or_goes_back_is_not_dropped_for_its_age() -> None:
    record = a_record(timestamp_ms=1_000)
    waiting = detoured(record, REASON, topic=JUDGING_RETRY.name)
    letter = detoured(logged(waiting), REASON, topic=DEAD_LETTERS.name)
    assert [one.timestamp_ms for one in (waiting, letter, redriven(logged(letter)))] == [None] * 3
    assert dict(letter.headers)["ps_timestamp_ms"] == b"1000", "when it was first written"


def test_a_redriven_record_tells_no_detour() -> None:
    record = a_record()
    back = redriven(logged(detoured(record, REASON, topic=DEAD_LETTERS.name)))
    assert back.headers == record.headers
    assert detour_of(logged(back)) is None


def test_a_second_detour_replaces_what_the_first_one_told() -> None:
    first = logged(detoured(a_record(), REASON, topic=JUDGING_RETRY.name))
    again = Detour(**{name: getattr(REASON, name) for name in REASON.__slots__} | {"attempt": 2})
    second = logged(detoured(first, again, topic=DEAD_LETTERS.name))
    assert detour_of(second) == again
    assert len([name for name, _ in second.headers if name == "ps_attempt"]) == 1
    assert redriven(second).headers == a_record().headers


def test_a_record_on_its_way_tells_no_detour() -> None:
    assert detour_of(a_record()) is None
    assert original_headers(a_record().headers) == a_record().headers


@pytest.mark.parametrize(
    "change",
    [("ps_partition", b"three"), ("ps_offset", b""), ("ps_attempt", b"\xff"), ("ps_stage", b"\xff")],
)
def test_headers_that_do_not_fit_are_undecodable(change: tuple[str, bytes]) -> None:
    letter = logged(detoured(a_record(), REASON, topic=DEAD_LETTERS.name))
    headers = tuple(change if name == change[0] else (name, value) for name, value in letter.headers)
    with pytest.raises(Undecodable, match="headers of a detoured record do not fit"):
        detour_of(a_record(headers=headers))


def test_a_detour_told_by_half_is_undecodable() -> None:
    with pytest.raises(Undecodable, match="topic"):
        detour_of(a_record(headers=(("ps_stage", b"judging"),)))


def test_a_record_that_does_not_say_where_it_came_from_cannot_be_redriven() -> None:
    with pytest.raises(Undecodable, match=r"pairs\.proposed\.v1/0@0 does not say where it came from"):
        redriven(a_record())


def test_a_detail_that_is_no_text_is_told_all_the_same() -> None:
    told = Detour(**{name: getattr(REASON, name) for name in REASON.__slots__} | {"detail": "\ud800"})
    letter = logged(detoured(a_record(), told, topic=DEAD_LETTERS.name))
    found = detour_of(letter)
    assert found
    assert found.detail == "\\ud800"
