"""One record on its way through a stage: done, retry or dead, never lost."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from tests.factories import (
    NOON_MS,
    a_constitution,
    a_pair_judged,
    a_pair_proposed,
    a_pair_routed,
    a_record,
    a_vote,
)

from prefstream.agents.routing import Routing
from prefstream.agents.stage import Answer, Call, Configuration, Given, Needs, Outcome, Refusal, Reply, Retry
from prefstream.agents.tasks import (
    MAX_ATTEMPTS,
    MAX_LETTER_BYTES,
    MAX_RETRY_S,
    TRUNCATED,
    Result,
    Task,
    concluded,
    failed,
    missing,
    opened,
    record_of,
)
from prefstream.schemas.cloudevents import headers_of
from prefstream.schemas.codec import MAX_VALUE_BYTES, decode, encode
from prefstream.schemas.dead_letters import Detour, detour_of, detoured
from prefstream.schemas.envelope import Event
from prefstream.schemas.records import LogRecord, OutRecord

GIVEN = Given(configuration=Configuration(constitution=a_constitution()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Deciding(Routing):
    """A stage that answers what it is told to answer."""

    outcome: Outcome = field(default_factory=Outcome)
    asks: Needs = field(default_factory=Needs)

    def needs(self, event: Event, given: Given) -> Needs:
        return self.asks

    def handle(self, event: Event, given: Given) -> Outcome:
        return self.outcome


def the_task(record: LogRecord) -> Task:
    task = opened(Routing(), record)
    assert isinstance(task, Task)
    return task


def the_result(outcome: Outcome, record: LogRecord, *, now_ms: int = NOON_MS) -> Result:
    return concluded(Deciding(outcome=outcome), the_task(record), GIVEN, now_ms=now_ms)


def as_logged(out: OutRecord, *, offset: int = 5) -> LogRecord:
    return LogRecord(
        topic=out.topic,
        partition=1,
        offset=offset,
        timestamp_ms=NOON_MS,
        key=out.key,
        value=out.value,
        headers=out.headers,
    )


def the_detour(outputs: Sequence[OutRecord]) -> Detour:
    (out,) = outputs
    detour = detour_of(as_logged(out))
    assert detour is not None
    return detour


def test_a_record_opens_as_the_event_it_says_at_its_first_attempt() -> None:
    event = a_pair_judged()
    task = the_task(a_record(event))
    assert (task.event, task.attempt) == (event, 1)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (b"no event", "not JSON"),
        (b"[]", "not an object"),
        (None, "no value"),
        (b'{"type":"Unheard"}', "unknown event type 'Unheard'"),
    ],
)
def test_bytes_that_are_no_event_become_a_dead_letter_with_bytes_and_coordinates(
    value: bytes | None, told: str
) -> None:
    record = a_record(value=value, partition=2, offset=41)
    result = opened(Routing(), record)
    assert isinstance(result, Result)
    assert result.outcome == "dead"
    (out,) = result.outputs
    assert (out.topic, out.key, out.value) == ("dead-letters.v1", record.key, record.value or b"")
    detour = the_detour(result.outputs)
    assert (detour.stage, detour.topic, detour.partition, detour.offset) == ("routing", record.topic, 2, 41)
    assert detour.reason == "undecodable"
    assert told in detour.detail


def test_headers_of_ours_that_do_not_fit_are_a_dead_letter() -> None:
    result = opened(Routing(), a_record(headers=(("ps_stage", b"judging"),)))
    assert isinstance(result, Result)
    assert the_detour(result.outputs).topic == "pairs.proposed.v1"


def test_what_was_given_is_not_missing() -> None:
    call = Call(provider="p", request={"n": 1})
    stage = Deciding(asks=Needs(keys=frozenset({"a", "b"}), calls=(call,)))
    task = the_task(a_record())
    answers: dict[str, Answer] = {call.request_id: Reply(content={}, at_ms=0)}
    assert missing(stage, task, GIVEN) == stage.asks
    partly = Given(configuration=GIVEN.configuration, states={"a": None})
    assert missing(stage, task, partly).keys == frozenset({"b"})
    fully = Given(configuration=GIVEN.configuration, states={"a": None, "b": b""}, answers=answers)
    assert missing(stage, task, fully) == Needs()


def test_outputs_are_the_events_on_their_topics_with_state_and_the_causes_trace() -> None:
    record = a_record(a_pair_judged())
    routed = a_pair_routed()
    result = the_result(Outcome(events=(routed,), states={"k": b"v"}), record)
    (out,) = result.outputs
    assert (result.outcome, result.states) == ("done", {"k": b"v"})
    assert (out.topic, out.key) == ("pairs.routed.v1", routed.pair_id.encode())
    assert decode(out.value) == routed
    trace = dict(record.headers)["traceparent"]
    assert dict(out.headers)["traceparent"][:35] == trace[:35]
    assert out.headers == headers_of(routed, traceparent=trace.decode())


def test_an_event_that_says_nothing_is_done_without_outputs() -> None:
    assert the_result(Outcome(), a_record()) == Result(outcome="done")


def test_a_refusal_is_a_dead_letter_with_its_reason() -> None:
    result = the_result(Outcome(detour=Refusal(reason="wrong_key", detail="401")), a_record())
    detour = the_detour(result.outputs)
    assert (result.outcome, detour.reason, detour.detail, detour.attempt) == ("dead", "wrong_key", "401", 1)
    assert detour.not_before_ms == 0


@pytest.mark.parametrize(
    ("attempt", "after_s", "wait_s"),
    [(1, 0.0, 2), (2, 0.0, 4), (3, 60.0, 60), (7, 1.0, 128), (1, MAX_RETRY_S * 2, MAX_RETRY_S * 2)],
)
def test_a_retry_waits_twice_as_long_each_time_or_as_long_as_the_provider_says(
    attempt: int, after_s: float, wait_s: float
) -> None:
    record = a_record(a_pair_judged())
    if attempt > 1:
        told = Detour(
            stage="routing",
            topic=record.topic,
            partition=0,
            offset=0,
            reason="r",
            detail="",
            attempt=attempt - 1,
        )
        record = as_logged(detoured(record, told, topic="routing.retry.v1"))
    result = the_result(Outcome(detour=Retry(reason="r", detail="d", after_s=after_s)), record)
    detour = the_detour(result.outputs)
    assert (result.outcome, result.outputs[0].topic) == ("retry", "routing.retry.v1")
    assert (detour.attempt, detour.not_before_ms) == (attempt, NOON_MS + wait_s * 1000)
    assert (detour.topic, detour.partition, detour.offset) == ("pairs.judged.v1", 0, 0)
    assert decode(result.outputs[0].value) == a_pair_judged()


def test_after_the_last_attempt_a_record_is_dead_and_still_knows_where_it_came_from() -> None:
    record = a_record(a_pair_judged(), partition=3, offset=77)
    for attempt in range(1, MAX_ATTEMPTS + 1):
        result = the_result(Outcome(detour=Retry(reason="overloaded", detail="529", after_s=0)), record)
        assert result.outcome == ("dead" if attempt == MAX_ATTEMPTS else "retry")
        record = as_logged(result.outputs[0], offset=attempt)
    detour = detour_of(record)
    assert detour is not None
    assert (detour.reason, detour.detail, detour.attempt) == (
        "attempts_exhausted",
        "overloaded: 529",
        MAX_ATTEMPTS,
    )
    assert (detour.topic, detour.partition, detour.offset) == ("pairs.judged.v1", 3, 77)


def test_waiting_for_money_or_a_batch_is_no_attempt_however_long_it_takes() -> None:
    record = a_record(a_pair_judged(), partition=3, offset=77)
    waits = Outcome(detour=Retry(reason="budget", detail="spent", after_s=30, waiting=True))
    for offset in range(3 * MAX_ATTEMPTS):
        result = the_result(waits, record)
        detour = the_detour(result.outputs)
        assert (result.outcome, detour.attempt, detour.not_before_ms) == ("retry", 0, NOON_MS + 30_000)
        record = as_logged(result.outputs[0], offset=offset)
    assert (detour.topic, detour.partition, detour.offset) == ("pairs.judged.v1", 3, 77)


def test_a_stage_that_raised_is_a_dead_letter_with_the_cause_cut_short() -> None:
    task = the_task(a_record())
    detour = the_detour(failed(Routing(), task, ValueError("x" * 5000)).outputs)
    assert detour.reason == "defect"
    assert detour.detail.startswith("ValueError: xxx")
    assert len(detour.detail) == 2000


def test_an_output_too_large_for_a_topic_makes_the_record_a_dead_letter() -> None:
    huge = a_pair_judged(votes=tuple(a_vote(rationale="x" * 1_000_000) for _ in range(9)))
    with pytest.raises(ValueError, match="is the limit"):
        record_of(huge)
    detour = the_detour(the_result(Outcome(events=(huge,)), a_record()).outputs)
    assert detour.reason == "too_large"
    assert str(MAX_VALUE_BYTES) in detour.detail


def test_a_record_of_an_event_is_its_bytes_under_its_subject() -> None:
    event = a_pair_proposed()
    out = record_of(event)
    assert (out.topic, out.key, out.value) == ("pairs.proposed.v1", b"pair-1", encode(event))


def test_a_dead_letter_of_more_than_a_broker_takes_is_cut_and_says_so() -> None:
    huge = a_record(a_pair_proposed())._replace(value=b"[" * (MAX_LETTER_BYTES + 7))

    result = opened(Deciding(), huge)

    assert isinstance(result, Result)
    letter = detour_of(huge._replace(headers=result.outputs[0].headers))
    assert letter is not None
    assert letter.reason == f"undecodable{TRUNCATED}"
    assert f"first {MAX_LETTER_BYTES} of {MAX_LETTER_BYTES + 7} bytes" in letter.detail
    assert len(result.outputs[0].value) == MAX_LETTER_BYTES
