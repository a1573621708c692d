"""Routing policies: immutable, and identified by their content."""

from typing import Annotated, Literal

from pydantic import Field

from prefstream.schemas.envelope import Event, Finite, Share, Value, content_hash
from prefstream.schemas.ids import Identifier
from prefstream.schemas.values import Slice


class SlicePolicy(Value):
    """What the policy says of one slice."""

    #: Accept at this confidence or above; `None` means that nothing is certified: escalate.
    threshold: Finite | None


class Policy(Value):
    """Who may decide a pair, per slice, and the audit coin."""

    name: Identifier
    slices: dict[Slice, SlicePolicy] = Field(default_factory=dict)
    #: The judge (panel, prompt, pooling) this was certified for; `None` holds for any judge.
    judge_id: Identifier | None = None
    #: The constitution this was certified for; `None` holds for any.
    constitution_id: Identifier | None = None
    #: Bound on the disagreement with people among accepted pairs.
    alpha: Annotated[float, Field(gt=0, lt=1)] = 0.1
    #: Probability with which the bound may fail.
    delta: Annotated[float, Field(gt=0, lt=1)] = 0.1
    audit_share: Share = 0.0
    audit_seed: str = ""
    #: Labels by people for an escalated or audited pair.
    overlap: Annotated[int, Field(ge=1, le=99)] = 1

    @property
    def id(self) -> Identifier:
        """Return the identity: the name and the first 16 hex digits of the content's SHA-256."""
        return f"{self.name}#{content_hash(self)[:16]}"


class PolicyPublished(Event):
    """A policy is in force from now on; it supersedes the one before."""

    type: Literal["PolicyPublished"] = "PolicyPublished"
    schema_version: Literal[1] = 1
    policy_id: Identifier
    policy: Policy


class PolicyRevoked(Event):
    """No policy is in force any more: everything escalates."""

    type: Literal["PolicyRevoked"] = "PolicyRevoked"
    schema_version: Literal[1] = 1
    policy_id: Identifier
    reason: str
