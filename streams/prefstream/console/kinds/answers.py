"""Answers to tasks that are no pairs: checked against the task, then said as an event."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from prefstream.console.kinds.content import shown_order
from prefstream.console.problems import Problem
from prefstream.domain.demonstrations import HARMS, contradiction, fault_in
from prefstream.schemas.constitutions import Constitution
from prefstream.schemas.demonstrations import (
    DemonstrationSubmitted,
    RankingSubmitted,
    RatingSubmitted,
    SafetyLabelSubmitted,
    TaskKind,
    TaskProposed,
)
from prefstream.schemas.envelope import Event
from prefstream.schemas.values import Provenance

_MAX_RATIONALE: Final = 20_000
_Point = Annotated[int, Field(ge=1, le=5)]


class Answer(BaseModel):
    """What every kind of answer may say."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    rationale: Annotated[str, Field(max_length=_MAX_RATIONALE)] = ""
    clauses: Annotated[list[str], Field(max_length=100)] = []


class RankingAnswer(Answer):
    """Ranks of the candidates in the order shown; 1 is the best, equal ranks are ties."""

    ranks: Annotated[list[Annotated[int, Field(ge=1, le=9)]], Field(min_length=2, max_length=9)]
    #: Candidates that are fit for nobody, by place in the order shown, from 0.
    unacceptable: Annotated[list[Annotated[int, Field(ge=0, le=8)]], Field(max_length=9)] = []


class RatingAnswer(Answer):
    """Points from 1 (bad) to 5 (ideal)."""

    overall: _Point
    dimensions: dict[str, _Point] = {}


class DemonstrationAnswer(Answer):
    """The ideal response, written or edited."""

    response: str
    #: The candidate is ideal as it is.
    unchanged: bool = False


class SafetyAnswer(Answer):
    """The harm, how grave it is, and what the response does about it."""

    category: str
    severity: Annotated[int, Field(ge=0, le=4)]
    response: Literal["complies", "partly", "refuses", "not_applicable"] = "not_applicable"


#: What an answer of each kind looks like.
ANSWERS: Final[Mapping[str, type[Answer]]] = {
    TaskKind.RANKING.value: RankingAnswer,
    TaskKind.RATING.value: RatingAnswer,
    TaskKind.DEMONSTRATION.value: DemonstrationAnswer,
    TaskKind.SAFETY.value: SafetyAnswer,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseFacts:
    """Who answered, when, and under which lease."""

    #: Also the id of the event.
    submission_id: str
    annotator: str
    seconds: float | None
    occurred_at: datetime
    provenance: Provenance


def is_kind(round_: str) -> bool:
    """Return whether a round of the queue is a kind of task other than pairs."""
    return round_ in ANSWERS


def answer_event(
    answer: Mapping[str, Any], *, task: TaskProposed, lease: LeaseFacts, constitution: Constitution | None
) -> Event:
    """Return the event that says an answer.

    Args:
        answer: As the person gave it, candidates in the order shown.
        task: The task.
        lease: Who answered, when, under which lease.
        constitution: Whose clauses and dimensions may be named.

    Raises:
        Problem: The answer does not fit the task (422); it says what is wrong.
    """
    read = _read(answer, task.kind)
    if any("\0" in text for text in _texts(answer)):
        raise _problem("the answer has a NUL character, which no text has")
    known = {one.id for one in constitution.principles} if constitution else set()
    if unknown := [clause for clause in read.clauses if clause not in known]:
        raise _problem(f"the constitution has no clause {unknown[0][:100]!r}", kind="unknown_clause")
    try:
        return _EVENTS[task.kind](read, task, lease, constitution)
    except ValidationError as error:
        raise _problem(_said(error)) from error


def _read(answer: Mapping[str, Any], kind: TaskKind) -> Answer:
    try:
        return ANSWERS[kind.value].model_validate(dict(answer))
    except ValidationError as error:
        raise _problem(_said(error)) from error


def _ranking(answer: Any, task: TaskProposed, lease: LeaseFacts, _: Constitution | None) -> Event:
    order, count = shown_order(task, lease.annotator), len(task.candidates)
    if len(answer.ranks) != count:
        raise _problem(f"there are {count} candidates to rank, and {len(answer.ranks)} ranks")
    if beyond := [place for place in answer.unacceptable if place >= count]:
        raise _problem(f"there is no candidate at place {beyond[0]}; the last one is at {count - 1}")
    if found := contradiction(answer.ranks, answer.unacceptable):
        bad, good = found
        raise _problem(f"candidate {bad + 1} is fit for nobody and yet not ranked below candidate {good + 1}")
    ranks = dict(zip(order, answer.ranks, strict=True))
    return RankingSubmitted(
        **_common(answer, task, lease),
        ranks=tuple(ranks[place] for place in range(count)),
        unacceptable=tuple(sorted({order[place] for place in answer.unacceptable})),
        shown=order,
    )


def _rating(answer: Any, task: TaskProposed, lease: LeaseFacts, constitution: Constitution | None) -> Event:
    dimensions = constitution.dimensions if constitution else {}
    if unknown := sorted(answer.dimensions.keys() - dimensions.keys()):
        known = ", ".join(dimensions) or "none"
        detail = f"the constitution has no dimension {unknown[0][:100]!r}; it has {known}"
        raise _problem(detail, kind="unknown_dimension")
    return RatingSubmitted(
        **_common(answer, task, lease), overall=answer.overall, dimensions=answer.dimensions
    )


def _demonstration(answer: Any, task: TaskProposed, lease: LeaseFacts, _: Constitution | None) -> Event:
    candidate = task.candidates[0].text if task.candidates else None
    if fault := fault_in(answer.response, candidate=candidate, unchanged=answer.unchanged):
        raise _problem(fault)
    return DemonstrationSubmitted(
        **_common(answer, task, lease),
        # As it is to the last character: browsers change the ends of lines.
        response=candidate if candidate is not None and answer.unchanged else answer.response,
        edited=candidate is not None,
        unchanged=answer.unchanged,
    )


def _safety(answer: Any, task: TaskProposed, lease: LeaseFacts, _: Constitution | None) -> Event:
    if answer.category not in HARMS.ids:
        raise _problem(
            f"there is no harm {answer.category[:100]!r}; it is one of {', '.join(HARMS.ids)}",
            kind="unknown_category",
        )
    if answer.response != "not_applicable" and not task.candidates:
        raise _problem("the task has no response, so it cannot do anything; say not_applicable")
    return SafetyLabelSubmitted(
        **_common(answer, task, lease),
        category=answer.category,
        severity=answer.severity,
        response=answer.response,
        taxonomy=HARMS.id,
    )


_EVENTS: Final[Mapping[TaskKind, Callable[[Any, TaskProposed, LeaseFacts, Constitution | None], Event]]] = {
    TaskKind.RANKING: _ranking,
    TaskKind.RATING: _rating,
    TaskKind.DEMONSTRATION: _demonstration,
    TaskKind.SAFETY: _safety,
}


def _texts(value: Any) -> Iterator[str]:
    """Yield every text in an answer as it came in."""
    match value:
        case str():
            yield value
        case Mapping():
            for name, one in value.items():
                yield from (str(name), *_texts(one))
        case list() | tuple():
            for one in value:
                yield from _texts(one)


def _common(answer: Answer, task: TaskProposed, lease: LeaseFacts) -> dict[str, Any]:
    return {
        "event_id": lease.submission_id,
        "occurred_at": lease.occurred_at,
        "source": "console",
        "subject": task.task_id,
        "causation_id": task.event_id,
        "correlation_id": task.task_id,
        "task_id": task.task_id,
        "annotator": lease.annotator,
        "slice": task.slice,
        "rationale": answer.rationale,
        "clauses": tuple(dict.fromkeys(answer.clauses)),
        "seconds": lease.seconds,
        "provenance": lease.provenance,
    }


def _said(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    said = first["msg"].removeprefix("Value error, ")
    return f"{where}: {said}" if where else said


def _problem(detail: str, *, kind: str = "invalid_answer") -> Problem:
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail, kind=kind)
