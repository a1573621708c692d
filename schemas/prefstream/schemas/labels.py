"""Events about people's labels: submitted, resolved, disputed."""

from typing import Annotated, Literal

from pydantic import Field

from prefstream.schemas.envelope import Event, Share
from prefstream.schemas.ids import EventId, Identifier
from prefstream.schemas.values import Preference, Provenance, Slice, Text, Verdict

Round = Literal["annotate", "review", "adjudicate"]


class LabelSubmitted(Event):
    """A person labelled a pair."""

    type: Literal["LabelSubmitted"] = "LabelSubmitted"
    schema_version: Literal[1] = 1
    pair_id: Identifier
    annotator: Identifier
    verdict: Verdict
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
    provenance: Provenance = Provenance.REAL


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
    #: "judge", "consensus", "majority" or "adjudication".
    method: Identifier
    evidence: tuple[EventId, ...]
    provenance: Provenance = Provenance.REAL


class LabelDisputed(Event):
    """People do not agree; the pair needs the next round."""

    type: Literal["LabelDisputed"] = "LabelDisputed"
    schema_version: Literal[1] = 1
    pair_id: Identifier
    slice: Slice
    reason: Identifier
    next_round: Round
    evidence: tuple[EventId, ...]
    provenance: Provenance = Provenance.REAL
