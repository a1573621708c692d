"""Events about prompts: submitted, curated or set aside."""

from typing import Annotated, Literal

from pydantic import Field

from prefstream.schemas.envelope import Event, Share
from prefstream.schemas.ids import Identifier
from prefstream.schemas.values import Message, Provenance, Slice, Stakes, Tag


class PromptSubmitted(Event):
    """A prompt came in from outside."""

    type: Literal["PromptSubmitted"] = "PromptSubmitted"
    schema_version: Literal[1] = 1
    prompt_id: Identifier
    messages: Annotated[tuple[Message, ...], Field(min_length=1)]
    #: The slice the submitter declares; curation may overrule it by a rule.
    slice: Slice | None = None
    tags: tuple[Tag, ...] = ()
    provenance: Provenance = Provenance.REAL


class PromptCurated(Event):
    """A prompt was given its slice, stakes and policy tags and goes on to generation."""

    type: Literal["PromptCurated"] = "PromptCurated"
    schema_version: Literal[1] = 1
    prompt_id: Identifier
    messages: Annotated[tuple[Message, ...], Field(min_length=1)]
    slice: Slice
    stakes: Stakes
    tags: tuple[Tag, ...] = ()
    #: Inverse of the probability with which this prompt was kept, so that rates stay unbiased.
    stratum_weight: Annotated[float, Field(gt=0)] = 1.0
    constitution_id: Identifier
    provenance: Provenance = Provenance.REAL
    #: The language of the last user message (ISO 639-1), or `und` where it cannot be told.
    language: Identifier | None = None
    #: The sampling plan under which it was drawn.
    sampling_plan_id: Identifier | None = None
    #: The classifier whose word on slice or stakes was taken; `None`: rules, submitter or default.
    classifier_id: Identifier | None = None


class PromptSetAside(Event):
    """A prompt will not be used, and why."""

    type: Literal["PromptSetAside"] = "PromptSetAside"
    schema_version: Literal[1] = 1
    prompt_id: Identifier
    slice: Slice
    reason: Identifier
    #: The curation rule, clause of the constitution or protected set that decided it.
    clause: Identifier | None = None
    detail: str = ""
    constitution_id: Identifier
    #: The sampling plan under which it was not drawn.
    sampling_plan_id: Identifier | None = None
    #: With which probability that plan would have kept it.
    keep_probability: Share | None = None
