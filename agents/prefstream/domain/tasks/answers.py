"""Answers: what a person says of a pair, checked against the constitution in force."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Annotated, Any, Final

from pydantic import ConfigDict, Field

from prefstream.domain.tasks.lending import INFORMED, Lease, counted_seconds
from prefstream.domain.tasks.mirrors import mirrored, mirrored_quotes
from prefstream.schemas.constitutions import Constitution
from prefstream.schemas.envelope import Value
from prefstream.schemas.ids import EventId, Identifier, derived_id
from prefstream.schemas.labels import LabelSubmitted, Quote, Refinement
from prefstream.schemas.values import Provenance, Verdict

#: Who says what people answer here.
SOURCE: Final = "console"
#: What may have gone wrong in the labels before, for whoever decides after them.
ERROR_CATEGORIES: Final[Mapping[str, str]] = {
    "clause_missed": "a clause that decides the case was not considered",
    "clause_misread": "a clause was read otherwise than it is meant",
    "wrong_priority": "clauses were weighed against their order",
    "facts_wrong": "what a response claims was taken for true, or for false, wrongly",
    "text_missed": "part of the prompt or of a response was overlooked",
    "length_or_style": "length or style was taken for substance",
    "judge_followed": "a judge's or another person's verdict was followed without a reason",
    "careless": "there is no sign of reading",
    "constitution_gap": "the constitution says nothing, or not enough, about the case",
    "contested": "people may well differ here; nothing went wrong",
}


class PairAnswer(Value):
    """What a person says of a pair, with the sides as they were shown: "A" is the left one."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", allow_inf_nan=False)

    verdict: Verdict
    #: In review: what was chosen before the person saw what others had said.
    blind_verdict: Verdict | None = None
    #: Ratings, 1 to 5, on the constitution's dimensions.
    dimensions: Annotated[dict[str, Annotated[int, Field(ge=1, le=5)]], Field(max_length=50)] = Field(
        default_factory=dict
    )
    rationale: Annotated[str, Field(max_length=20_000)] = ""
    clauses: Annotated[tuple[Identifier, ...], Field(max_length=50)] = ()
    quotes: Annotated[tuple[Quote, ...], Field(max_length=50)] = ()
    needs_specialist: bool = False
    #: See `ERROR_CATEGORIES`; only where a person saw what others had said.
    error_category: Identifier | None = None
    refinement: Refinement | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Why an answer cannot be taken."""

    kind: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What stands around an answer."""

    lease: Lease
    submission_id: EventId
    submitted_at: datetime
    #: Seconds as the page measured them.
    said_s: float | None
    simulated: bool


def submission_id_of(lease_id: str, before: int) -> EventId:
    """Return the id of the next answer to a lease, of which so many were taken back before.

    >>> submission_id_of("b1946ac9-2492-4d23-8b1b-7d1c1c0a0c11", 0)
    '50231d52-3b64-53e1-8a3d-737cc06642d7'
    """
    return derived_id(SOURCE, lease_id, before)


def answer_hash(canonical: bytes) -> bytes:
    """Return what tells two answers apart."""
    return sha256(canonical).digest()


def faults_of(answer: PairAnswer, lease: Lease, constitution: Constitution | None) -> Iterator[Fault]:
    """Yield what is wrong with an answer beyond its shape; nothing, if it can be taken."""
    clauses = frozenset(one.id for one in constitution.principles) if constitution else frozenset()
    cited = [*answer.clauses, *(quote.clause for quote in answer.quotes if quote.clause is not None)]
    for clause in dict.fromkeys(cited):
        if clause not in clauses:
            yield Fault(kind="unknown_clause", detail=f"the constitution in force has no clause {clause!r}")
    dimensions = constitution.dimensions if constitution else {}
    for name in answer.dimensions:
        if name not in dimensions:
            detail = f"the constitution in force has no dimension {name!r}"
            yield Fault(kind="unknown_dimension", detail=detail)
    if lease.round != "review" and answer.blind_verdict is not None:
        detail = "a verdict given before seeing what others said belongs to review"
        yield Fault(kind="not_in_this_round", detail=detail)
    if lease.round not in INFORMED and (answer.error_category or answer.refinement):
        detail = "error categories and refinements belong to review and adjudication"
        yield Fault(kind="not_in_this_round", detail=detail)
    elif answer.error_category is not None and answer.error_category not in ERROR_CATEGORIES:
        known = ", ".join(ERROR_CATEGORIES)
        yield Fault(kind="unknown_error_category", detail=f"the error categories are: {known}")


def label_of(answer: PairAnswer, given: Given, *, constitution_id: str | None = None) -> LabelSubmitted:
    """Return the label that an answer is, with the sides of the pair and the rubric that was shown."""
    lease = given.lease
    return LabelSubmitted(
        event_id=given.submission_id,
        occurred_at=given.submitted_at,
        source=SOURCE,
        subject=lease.pair_id,
        correlation_id=lease.pair_id,
        pair_id=lease.pair_id,
        annotator=lease.person_id,
        verdict=mirrored(answer.verdict, lease.sides),
        blind_verdict=None if answer.blind_verdict is None else mirrored(answer.blind_verdict, lease.sides),
        dimensions=answer.dimensions,
        rationale=answer.rationale,
        clauses=answer.clauses,
        seconds=counted_seconds(given.said_s, shown_at=lease.shown_at, submitted_at=given.submitted_at),
        sides=lease.sides,
        task_id=lease.lease_id,
        round=lease.pair_round,
        quotes=mirrored_quotes(answer.quotes, lease.sides),
        needs_specialist=answer.needs_specialist,
        error_category=answer.error_category,
        refinement=answer.refinement,
        constitution_id=constitution_id,
        provenance=Provenance.SIMULATED if given.simulated else Provenance.REAL,
    )


def storable(value: Any) -> bool:
    r"""Return whether every text in a JSON value can be stored: none has a NUL, which no text has.

    >>> storable({"rationale": "fine"}), storable({"quotes": [{"text": "\0"}]})
    (True, False)
    """
    match value:
        case str():
            return "\0" not in value
        case Mapping():
            return all(storable(key) and storable(one) for key, one in value.items())
        case list() | tuple():
            return all(storable(one) for one in value)
        case _:
            return True
