"""One record on its way through one stage, from bytes to bytes, without I/O.

Every record ends in exactly one of: done (with any number of outputs), retry, or dead.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from prefstream.agents.stage import Call, Given, Needs, Outcome, Refusal, Retry, Stage
from prefstream.schemas.cloudevents import headers_of, traceparent_in
from prefstream.schemas.codec import MAX_VALUE_BYTES, decode, encode
from prefstream.schemas.dead_letters import Detour, detour_of, detoured
from prefstream.schemas.envelope import Event
from prefstream.schemas.errors import Undecodable
from prefstream.schemas.records import Headers, LogRecord, OutRecord
from prefstream.schemas.topics import DEAD_LETTERS, TOPIC_OF

#: After this many tries a record becomes a dead letter.
MAX_ATTEMPTS = 8
#: A dead letter carries at most this much of the original bytes, so that any broker takes it.
MAX_LETTER_BYTES = 950_000
#: What the reason of a dead letter ends in when it carries less than all of them.
TRUNCATED = ":truncated"
#: Retries wait for 2 s, 4 s, 8 s ... up to this long, unless the provider says when.
MAX_RETRY_S = 900.0


#: Least seconds for which a record waits that waits for money or for a batch.
MIN_WAIT_S = 1.0


class HeadersOf(Protocol):
    """Whoever makes the headers of an event's record."""

    def __call__(self, event: Event, *, traceparent: str | None = None) -> Headers:
        """Return the headers."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A record and the event it says."""

    record: LogRecord
    event: Event
    #: How often the stage has tried, this time included.
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of one record."""

    outcome: Literal["done", "retry", "dead"]
    outputs: Sequence[OutRecord] = ()
    states: Mapping[str, bytes] = field(default_factory=dict)


def opened(stage: Stage, record: LogRecord) -> Task | Result:
    """Return the task of a record, or its dead letter when the bytes are no event we know."""
    try:
        detour = detour_of(record)
        event = decode(record.value)
    except Undecodable as error:
        return _dead(stage, record, reason="undecodable", detail=str(error), attempt=1)
    return Task(record=record, event=event, attempt=detour.attempt + 1 if detour else 1)


def missing(stage: Stage, task: Task, given: Given) -> Needs:
    """Return what the stage needs for this task and was not given yet."""
    needs = stage.needs(task.event, given)
    # One by one: subtracting the keys of a dict would walk all the states of the batch.
    keys = frozenset(key for key in needs.keys if key not in given.states)
    calls: tuple[Call, ...] = tuple(c for c in needs.calls if c.request_id not in given.answers)
    return Needs(keys=keys, calls=calls)


def concluded(
    stage: Stage, task: Task, given: Given, *, now_ms: int, headers: HeadersOf = headers_of
) -> Result:
    """Return what becomes of the task once nothing is missing.

    Args:
        stage: The stage that decides.
        task: The task.
        given: All it needs.
        now_ms: The present, only to say when a retry is due.
        headers: Makes the headers of its events.
    """
    outcome = stage.handle(task.event, given)
    if outcome.detour is not None:
        return _detour(stage, task, outcome.detour, now_ms)
    try:
        return Result(
            outcome="done", outputs=outputs_of(task.record, outcome, headers), states=outcome.states
        )
    except ValueError as error:
        return _dead(stage, task.record, reason="too_large", detail=str(error), attempt=task.attempt)


def failed(stage: Stage, task: Task, error: Exception) -> Result:
    """Return the dead letter of a task whose stage raised: a defect of ours, kept with its cause."""
    detail = f"{type(error).__name__}: {error}"
    return _dead(stage, task.record, reason="defect", detail=detail, attempt=task.attempt)


def outputs_of(record: LogRecord, outcome: Outcome, headers: HeadersOf = headers_of) -> tuple[OutRecord, ...]:
    """Return the records that say the outcome's events."""
    if not outcome.events:
        return ()
    traceparent = traceparent_in(record.headers)
    return tuple([record_of(event, traceparent=traceparent, headers=headers) for event in outcome.events])


def record_of(event: Event, *, traceparent: str | None = None, headers: HeadersOf = headers_of) -> OutRecord:
    """Return the record that says an event.

    Raises:
        ValueError: The event is larger than a topic takes.
    """
    value = encode(event)
    if len(value) > MAX_VALUE_BYTES:
        raise ValueError(
            f"{event.type} {event.event_id} has {len(value)} bytes; {MAX_VALUE_BYTES} is the limit"
        )
    return OutRecord(
        topic=TOPIC_OF[type(event)].name,
        key=event.subject.encode(),
        value=value,
        headers=headers(event, traceparent=traceparent),
        event=event,
    )


def retry_topic(stage_name: str) -> str:
    """Return the topic that holds a stage's retries."""
    return f"{stage_name}.retry.v1"


def _detour(stage: Stage, task: Task, detour: Retry | Refusal, now_ms: int) -> Result:
    if isinstance(detour, Refusal):
        return _dead(stage, task.record, reason=detour.reason, detail=detour.detail, attempt=task.attempt)
    if detour.waiting:
        return _waiting(stage, task, detour, now_ms)
    if task.attempt >= MAX_ATTEMPTS:
        detail = f"{detour.reason}: {detour.detail}"
        return _dead(stage, task.record, reason="attempts_exhausted", detail=detail, attempt=task.attempt)
    wait_s = max(detour.after_s, min(2.0**task.attempt, MAX_RETRY_S))
    told = _told(stage, task.record, detour.reason, detour.detail, task.attempt, now_ms + int(wait_s * 1000))
    out = detoured(task.record, told, topic=retry_topic(stage.name))
    return Result(outcome="retry", outputs=(out,))


def _waiting(stage: Stage, task: Task, detour: Retry, now_ms: int) -> Result:
    """Send the record to wait; the tries it has had stay as they were."""
    due_ms = now_ms + int(max(detour.after_s, MIN_WAIT_S) * 1000)
    told = _told(stage, task.record, detour.reason, detour.detail, task.attempt - 1, due_ms)
    return Result(outcome="retry", outputs=(detoured(task.record, told, topic=retry_topic(stage.name)),))


def _dead(stage: Stage, record: LogRecord, *, reason: str, detail: str, attempt: int) -> Result:
    size = len(record.value or b"")
    if size > MAX_LETTER_BYTES:
        # A compressed batch of a foreign producer can bring in more than a broker takes back.
        reason = f"{reason}{TRUNCATED}"
        detail = (
            f"{detail}; this letter has the first {MAX_LETTER_BYTES} of {size} bytes, the archive has all"
        )
        record = record._replace(value=(record.value or b"")[:MAX_LETTER_BYTES])
    told = _told(stage, record, reason, detail, attempt, 0)
    return Result(outcome="dead", outputs=(detoured(record, told, topic=DEAD_LETTERS.name),))


def _told(
    stage: Stage, record: LogRecord, reason: str, detail: str, attempt: int, not_before_ms: int
) -> Detour:
    try:
        before = detour_of(record)
    except Undecodable:
        before = None
    return Detour(
        stage=stage.name,
        topic=before.topic if before else record.topic,
        partition=before.partition if before else record.partition,
        offset=before.offset if before else record.offset,
        reason=reason,
        detail=detail[:2000],
        attempt=attempt,
        not_before_ms=not_before_ms,
    )
