"""Whose content an event holds."""

import pytest
from tests import factories as make

from prefstream.domain.erasure.owners import (
    CONTENT_TOPICS,
    erased_with,
    key_owner,
    owners_of,
    redacted,
    source_topic,
)
from prefstream.schemas.envelope import Event
from prefstream.schemas.labels import Quote
from prefstream.schemas.topics import CONTENT_ERASED, TOPIC_OF


def test_a_label_belongs_to_its_pair_and_to_who_gave_it() -> None:
    label = make.a_label_submitted(pair_id="p", annotator="ben")
    assert owners_of(label) == ("pair:p", "person:ben")


@pytest.mark.parametrize("event", make.one_of_each(), ids=lambda event: event.type)
def test_the_key_of_a_record_tells_the_first_owner_of_what_it_says(event: Event) -> None:
    owners = owners_of(event)
    told = key_owner(TOPIC_OF[type(event)].name, event.subject.encode())
    if owners and event.type != "QuarantineDecided":
        assert told == owners[0]


@pytest.mark.parametrize("event", make.one_of_each(), ids=lambda event: event.type)
def test_whatever_carries_words_belongs_to_somebody(event: Event) -> None:
    worded = {"messages", "rationale", "response_a", "votes", "checks", "response", "quotes"}
    if worded & set(type(event).model_fields):
        assert owners_of(event)
        assert TOPIC_OF[type(event)].name in CONTENT_TOPICS


def test_what_is_said_of_an_erasure_stays_readable() -> None:
    assert owners_of(make.a_content_erased()) == ()
    assert key_owner(CONTENT_ERASED.name, b"prompt-1") is None


def test_a_key_that_is_no_text_belongs_to_nobody() -> None:
    assert key_owner("pairs.judged.v1", b"\xff") is None
    assert key_owner("pairs.judged.v1", b"") is None


def test_a_pair_goes_with_its_prompt() -> None:
    assert erased_with(make.a_pair_proposed(prompt_id="q")) == "prompt:q"
    assert erased_with(make.a_task_proposed(prompt_id=None, correlation_id="t")) is None
    assert erased_with(make.a_label_submitted()) is None


def test_a_redacted_label_keeps_its_verdict_and_loses_its_words() -> None:
    label = make.a_label_submitted(rationale="secret", quotes=(Quote(response="a", text="secret"),))
    left = redacted(label)
    assert (left.verdict, left.rationale, left.quotes) == (label.verdict, "", ())
    assert redacted(make.a_label_withdrawn(reason="secret")).reason == ""


def test_the_topic_of_a_dead_letter_is_told_in_its_headers() -> None:
    record = make.a_record(make.a_pair_judged(), headers=(("ps_topic", b"pairs.proposed.v1"),))
    assert source_topic(record) == "pairs.proposed.v1"
