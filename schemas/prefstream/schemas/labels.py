"""Events about people's labels: submitted, resolved, disputed."""

from typing import Annotated, Literal

from pydantic import Field

from prefstream.schemas.envelope import Event, Share, Value
from prefstream.schemas.ids import EventId, Identifier
from prefstream.schemas.values import Preference, Provenance, Slice, Text, Verdict

Round = Literal["annotate", "review", "adjudicate"]


class Quote(Value):
    """A passage that a person points at."""

    response: Literal["a", "b"]
    text: Annotated[str, Field(min_length=1, max_length=2000)]
    #: The clause it speaks for or against; `None`: not said.
    clause: Identifier | None = None


class Refinement(Value):
    """A proposal to word the constitution better, made where a case showed a gap."""

    #: The clause it is about; a new one where the constitution has none of that name.
    clause: Identifier
    kind: Literal["rule", "exemplar", "counter_example"]
    #: The rule as it should read, or why the example belongs to the clause.
    text: Annotated[str, Field(min_length=1, max_length=10_000)]


class LabelSubmitted(Event):
    """A person labelled a pair."""

    type: Literal["LabelSubmitted"] = "LabelSubmitted"
    schema_version: Literal[1] = 1
    pair_id: Identifier
    annotator: Identifier
    verdict: Verdict
    #: What the person had chosen in review before seeing what others said, mapped back like `verdict`;
    #: `None`: they saw it from the start, or it is another round.
    blind_verdict: Verdict | None = None
    #: Ratings on the constitution's dimensions, e.g. {"helpfulness": 4}.
    dimensions: dict[str, int] = Field(default_factory=dict)
    rationale: Text = ""
    clauses: tuple[Identifier, ...] = ()
    #: Seconds from showing the pair to submitting the label.
    seconds: Annotated[float, Field(ge=0)] | None = None
    #: Sides as shown: "ab" means A stood on the left. `verdict` is already mapped back.
    sides: Literal["ab", "ba"] = "ab"
    task_id: Identifier | None = None
    round: Round = "annotate"
    quotes: tuple[Quote, ...] = ()
    #: The person thinks that somebody with more knowledge of the matter should decide.
    needs_specialist: bool = False
    #: What an adjudicator found to have gone wrong in the labels before; `None`: not said.
    error_category: Identifier | None = None
    refinement: Refinement | None = None
    #: The constitution whose rubric the person saw; `None`: not known.
    constitution_id: Identifier | None = None
    provenance: Provenance = Provenance.REAL


class LabelWithdrawn(Event):
    """A label does not count any more; it stays where it was said, and what rested on it is revised."""

    type: Literal["LabelWithdrawn"] = "LabelWithdrawn"
    schema_version: Literal[1] = 1
    pair_id: Identifier
    #: The label's event.
    label_id: EventId
    annotator: Identifier
    reason: str
    #: Who withdrew it: a person, or "rule".
    by: Identifier
    provenance: Provenance = Provenance.REAL


class Ground(Value):
    """One label that a resolution rests on, by a person or by the judge."""

    #: The person's label, or the route that accepted the judge's.
    event_id: EventId
    #: The annotator or the judge.
    by: Identifier
    #: The constitution it was given under; `None`: not known.
    constitution_id: Identifier | None = None
    #: How its rationale speaks against its verdict; empty where it does not.
    contradiction: str = ""


class LabelResolved(Event):
    """The pair has its label."""

    type: Literal["LabelResolved"] = "LabelResolved"
    schema_version: Literal[1] = 1
    pair_id: Identifier
    slice: Slice
    label: Preference
    margin: Annotated[int, Field(ge=-2, le=2)]
    #: Share of the evidence that prefers A, a tie counting half.
    soft_label: Share | None
    #: "judge", "consensus", "majority", "posterior" or "adjudication".
    method: Identifier
    evidence: tuple[EventId, ...]
    #: What is known of each label that it rests on.
    grounds: tuple[Ground, ...] = ()
    #: What was known of people, where it decided that their labels are enough.
    reliability_id: Identifier | None = None
    provenance: Provenance = Provenance.REAL


class LabelDisputed(Event):
    """The pair needs more labels, and what was resolved before does not stand any more.

    The reason says why: "no_majority", "no_preference", "needs_specialist", "not_sure" (people agree too
    little for what is known of them) or "label_withdrawn".
    """

    type: Literal["LabelDisputed"] = "LabelDisputed"
    schema_version: Literal[1] = 1
    pair_id: Identifier
    slice: Slice
    reason: Identifier
    next_round: Round
    evidence: tuple[EventId, ...]
    #: Different people whose labels of that round are needed, those that stand counted in; `None`: one more.
    needed: Annotated[int, Field(ge=0)] | None = None
    #: What was known of people, where it decided that their labels are not enough.
    reliability_id: Identifier | None = None
    provenance: Provenance = Provenance.REAL
