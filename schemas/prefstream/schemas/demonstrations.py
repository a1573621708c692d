"""Events about tasks other than pairs: ranking, rating, writing a response, labelling safety."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from prefstream.schemas.envelope import Event
from prefstream.schemas.ids import EventId, Identifier
from prefstream.schemas.values import Message, Provenance, Response, Slice, Stakes, Tag, Text

#: Most candidates that one task ranks: people lose sight of more, and each two of them become a pair.
MAX_CANDIDATES: Final = 9


class TaskKind(StrEnum):
    """What a person is asked to do."""

    RANKING = "ranking"
    RATING = "rating"
    DEMONSTRATION = "demonstration"
    SAFETY = "safety"


#: Fewest and most candidates of each kind.
_CANDIDATES: Mapping[TaskKind, tuple[int, int]] = {
    TaskKind.RANKING: (2, MAX_CANDIDATES),
    TaskKind.RATING: (1, 1),
    TaskKind.DEMONSTRATION: (0, 1),
    TaskKind.SAFETY: (0, 1),
}

Seconds = Annotated[float, Field(ge=0)]
#: The place of a candidate in its task, from 0.
Place = Annotated[int, Field(ge=0, lt=MAX_CANDIDATES)]
Rank = Annotated[int, Field(ge=1, le=MAX_CANDIDATES)]
#: 1 (bad) to 5 (ideal).
Rating = Annotated[int, Field(ge=1, le=5)]


class TaskProposed(Event):
    """People are asked for something other than a preference between two responses."""

    type: Literal["TaskProposed"] = "TaskProposed"
    schema_version: Literal[1] = 1
    task_id: Identifier
    kind: TaskKind
    messages: Annotated[tuple[Message, ...], Field(min_length=1)]
    #: Ranking: two to nine. Rating: one. Demonstration: none, or one to edit. Safety: none or one.
    candidates: Annotated[tuple[Response, ...], Field(max_length=MAX_CANDIDATES)] = ()
    slice: Slice
    stakes: Stakes = Stakes.LOW
    tags: tuple[Tag, ...] = ()
    #: People who are asked.
    overlap: Annotated[int, Field(ge=1, le=99)] = 1
    #: Higher goes first.
    priority: Annotated[int, Field(ge=-1_000_000_000, le=1_000_000_000)] = 0
    #: The prompt; `None`: it is known by its messages alone.
    prompt_id: Identifier | None = None
    #: The demonstration whose response is rated here; `None` for a response from elsewhere.
    rates: EventId | None = None
    provenance: Provenance = Provenance.REAL

    @model_validator(mode="after")
    def _has_its_candidates(self) -> Self:
        least, most = _CANDIDATES[self.kind]
        if not least <= len(self.candidates) <= most:
            wanted = f"{least}" if least == most else f"{least} to {most}"
            raise ValueError(f"a {self.kind} has {wanted} candidates, not {len(self.candidates)}")
        return self


class RankingSubmitted(Event):
    """A person ranked candidates."""

    type: Literal["RankingSubmitted"] = "RankingSubmitted"
    schema_version: Literal[1] = 1
    task_id: Identifier
    annotator: Identifier
    slice: Slice
    #: Rank of each candidate in the task's order, 1 is the best; equal ranks are ties.
    ranks: Annotated[tuple[Rank, ...], Field(min_length=2, max_length=MAX_CANDIDATES)]
    #: Candidates, by place, that are fit for nobody.
    unacceptable: tuple[Place, ...] = ()
    rationale: Text = ""
    clauses: tuple[Identifier, ...] = ()
    seconds: Seconds | None = None
    #: Places of the candidates in the order in which they were shown; empty: not known.
    shown: tuple[Place, ...] = ()
    provenance: Provenance = Provenance.REAL

    @model_validator(mode="after")
    def _speaks_of_its_candidates(self) -> Self:
        places = range(len(self.ranks))
        if self.shown and sorted(self.shown) != list(places):
            raise ValueError(f"shown names each of {len(self.ranks)} candidates once, by place from 0")
        if not set(self.unacceptable) <= set(places):
            raise ValueError(f"unacceptable names candidates by place, 0 to {len(self.ranks) - 1}")
        return self


class RatingSubmitted(Event):
    """A person rated one response."""

    type: Literal["RatingSubmitted"] = "RatingSubmitted"
    schema_version: Literal[1] = 1
    task_id: Identifier
    annotator: Identifier
    slice: Slice
    #: 1 (bad) to 5 (ideal), over all.
    overall: Rating
    dimensions: dict[str, Rating] = Field(default_factory=dict)
    rationale: Text = ""
    clauses: tuple[Identifier, ...] = ()
    seconds: Seconds | None = None
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
    #: The person says that the candidate is ideal as it is.
    unchanged: bool = False
    rationale: Text = ""
    clauses: tuple[Identifier, ...] = ()
    seconds: Seconds | None = None
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
    #: The list that the category is of; `None`: not said.
    taxonomy: Identifier | None = None
    rationale: Text = ""
    clauses: tuple[Identifier, ...] = ()
    seconds: Seconds | None = None
    provenance: Provenance = Provenance.REAL

    @model_validator(mode="after")
    def _is_as_grave_as_its_category(self) -> Self:
        if (self.category == "none") != (self.severity == 0):
            raise ValueError("severity is 0 where the category is none, and only there")
        return self
