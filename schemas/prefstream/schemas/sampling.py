"""Sampling plans: which share of each slice's prompts is used, immutable and identified by content."""

from typing import Annotated, Literal

from pydantic import Field

from prefstream.schemas.envelope import Event, Share, Value, content_hash
from prefstream.schemas.ids import Identifier
from prefstream.schemas.values import Slice

Count = Annotated[int, Field(ge=0)]


class SamplingPlan(Value):
    """With which probability a prompt of each slice is kept."""

    name: Identifier
    #: Decides, together with a prompt's id, whether the prompt is drawn.
    seed: str = ""
    keep: dict[Slice, Share] = Field(default_factory=dict)
    #: The probability for slices that are not named.
    keep_others: Share = 1.0
    #: The shares it was reckoned for, for the record.
    targets: dict[Slice, Share] = Field(default_factory=dict)
    #: The arrivals it was reckoned from, for the record.
    arrivals: dict[Slice, Count] = Field(default_factory=dict)

    @property
    def id(self) -> Identifier:
        """Return the identity: the name and the first 16 hex digits of the content's SHA-256."""
        return f"{self.name}#{content_hash(self)[:16]}"

    def probability(self, slice_name: Slice) -> float:
        """Return with which probability a prompt of this slice is kept."""
        return self.keep.get(slice_name, self.keep_others)


class SamplingPlanPublished(Event):
    """A sampling plan is in force from now on; it supersedes the one before."""

    type: Literal["SamplingPlanPublished"] = "SamplingPlanPublished"
    schema_version: Literal[1] = 1
    plan_id: Identifier
    plan: SamplingPlan


class SamplingPlanRevoked(Event):
    """No sampling plan is in force any more: every prompt is kept."""

    type: Literal["SamplingPlanRevoked"] = "SamplingPlanRevoked"
    schema_version: Literal[1] = 1
    plan_id: Identifier
    reason: str
