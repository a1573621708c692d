"""Events about tasks other than pairs: ranking, rating, writing a response, labelling safety."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from prefstream.schemas.envelope import Event
from prefstream.schemas.ids import Identifier
from prefstream.schemas.values import Message, Provenance, Response, Slice, Stakes, Tag, Text


class TaskKind(StrEnum):
    """What a person is asked to do."""

    RANKING = "ranking"
    RATING = "rating"
    DEMONSTRATION = "demonstration"
    SAFETY = "safety"


class TaskProposed(Event):
    """People are asked for something other than a preference between two responses."""

    type: Literal["TaskProposed"] = "TaskProposed"
    schema_version: Literal[1] = 1
    task_id: Identifier
    kind: TaskKind
    messages: Annotated[tuple[Message, ...], Field(min_length=1)]
    #: Ranking: two or more. Rating: one. Demonstration: none, or one to edit. Safety: none or one.
    candidates: Annotated[tuple[Response, ...], Field(max_length=26)] = ()
    slice: Slice
    stakes: Stakes = Stakes.LOW
    tags: tuple[Tag, ...] = ()
    #: People who are asked.
    overlap: Annotated[int, Field(ge=1, le=99)] = 1
    #: Higher goes first.
    priority: int = 0
    provenance: Provenance = Provenance.REAL


class RankingSubmitted(Event):
    """A person ranked candidates."""

    type: Literal["RankingSubmitted"] = "RankingSubmitted"
    schema_version: Literal[1] = 1
    task_id: Identifier
    annotator: Identifier
    slice: Slice
    #: Rank of each candidate in the task's order, 1 is the best; equal ranks are ties.
    ranks: Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=2)]
    #: Candidates, by place, that are fit for nobody.
    unacceptable: tuple[int, ...] = ()
    rationale: Text = ""
    clauses: tuple[Identifier, ...] = ()
    seconds: Annotated[float, Field(ge=0)] | None = None
    #: Places of the candidates in the order in which they were shown.
    shown: tuple[int, ...] = ()
    provenance: Provenance = Provenance.REAL


class RatingSubmitted(Event):
    """A person rated one response."""

    type: Literal["RatingSubmitted"] = "RatingSubmitted"
    schema_version: Literal[1] = 1
    task_id: Identifier
    annotator: Identifier
    slice: Slice
    #: 1 (bad) to 5 (ideal), over all.
    overall: Annotated[int, Field(ge=1, le=5)]
    dimensions: dict[str, Annotated[int, Field(ge=1, le=5)]] = Field(default_factory=dict)
    rationale: Text = ""
    clauses: tuple[Identifier, ...] = ()
    seconds: Annotated[float, Field(ge=0)] | None = None
    provenance: Provenance = Provenance.REAL


class DemonstrationSubmitted(Event):
    """A person wrote, or edited, the ideal response."""

    type: Literal["DemonstrationSubmitted"] = "DemonstrationSubmitted"
    schema_version: Literal[1] = 1
    task_id: Identifier
    annotator: Identifier
    slice: Slice
    response: Annotated[str, Field(min_length=1, max_length=900_000)]
    #: Whether it began as the candidate of the task.
    edited: bool = False
    rationale: Text = ""
    clauses: tuple[Identifier, ...] = ()
    seconds: Annotated[float, Field(ge=0)] | None = None
    provenance: Provenance = Provenance.REAL


class SafetyLabelSubmitted(Event):
    """A person said whether a prompt, or the response to it, does harm, of what kind and how grave."""

    type: Literal["SafetyLabelSubmitted"] = "SafetyLabelSubmitted"
    schema_version: Literal[1] = 1
    task_id: Identifier
    annotator: Identifier
    slice: Slice
    #: "none" where there is no harm.
    category: Identifier
    #: 0 (none) to 4 (gravest).
    severity: Annotated[int, Field(ge=0, le=4)]
    #: What the response does, where there is one.
    response: Literal["complies", "partly", "refuses", "not_applicable"] = "not_applicable"
    rationale: Text = ""
    clauses: tuple[Identifier, ...] = ()
    seconds: Annotated[float, Field(ge=0)] | None = None
    provenance: Provenance = Provenance.REAL
