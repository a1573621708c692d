"""Dead letters as commands name, show and put them back."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.factories import a_pair_proposed, a_record

from prefstream.schemas.codec import decode
from prefstream.schemas.errors import BadInput
from prefstream.schemas.records import Headers
from prefstream.schemas.topics import TOPICS
from prefstream.streams.dead_letters import DeadLetter, _place

EVENT = a_pair_proposed()
RECORD = a_record(EVENT)
BYTES = st.binary(max_size=30)
HEADERS = st.lists(st.tuples(st.text(max_size=5), BYTES), max_size=3).map(tuple)


def a_letter(
    *,
    key: bytes | None = b"pair-1",
    value: bytes | None = RECORD.value,
    headers: Headers = RECORD.headers,
    partition: int = 3,
    offset: int = 42,
) -> DeadLetter:
    return DeadLetter(
        stage="judging",
        topic="pairs.proposed.v1",
        partition=partition,
        offset=offset,
        reason="defect",
        detail="ZeroDivisionError: division by zero",
        attempt=2,
        key=key,
        value=value,
        headers=headers,
    )


@given(st.sampled_from([spec.name for spec in TOPICS]), st.integers(0, 10**6), st.integers(0, 10**15))
def test_the_place_that_is_shown_can_be_given_back(topic: str, partition: int, offset: int) -> None:
    assert _place(f"{topic}/{partition}@{offset}") == (topic, partition, offset)


def test_a_letter_says_its_place_as_commands_take_it() -> None:
    assert _place(a_letter().where) == ("pairs.proposed.v1", 3, 42)


@pytest.mark.parametrize(
    "where",
    [
        "",
        "topic",
        "topic/0",
        "topic@0",
        "topic/0@",
        "topic/@0",
        "/0@0",
        "topic/a@0",
        "topic/0@b",
        "topic/-1@0",
        "topic/0@-1",
        "topic/0@1.5",
        "topic/0@1 ",
        "topic/²@1",
        "topic/0@²",
        "topic/0@99999999999999999999",
        "topic/4294967296@0",
        "topic/0@1\n",
    ],
)
def test_what_is_no_place_is_refused_with_how_to_write_one(where: str) -> None:
    with pytest.raises(BadInput, match="topic/partition@offset"):
        _place(where)


@given(st.none() | BYTES, st.none() | BYTES, HEADERS)
def test_any_letter_can_be_shown_as_json(key: bytes | None, value: bytes | None, headers: Headers) -> None:
    letter = a_letter(key=key, value=value, headers=headers)

    shown = json.loads(json.dumps(letter.document()))

    assert shown["where"] == letter.where
    assert {name: shown[name] for name in letter.summary()} == letter.summary()


@given(BYTES, BYTES, HEADERS)
def test_a_letter_goes_back_with_the_bytes_it_came_with(key: bytes, value: bytes, headers: Headers) -> None:
    record = a_letter(key=key, value=value, headers=headers).record()

    assert (record.topic, record.key, record.value, record.headers) == (
        "pairs.proposed.v1",
        key,
        value,
        headers,
    )


def test_an_event_that_goes_back_keeps_its_id() -> None:
    assert decode(a_letter().record().value).event_id == EVENT.event_id
