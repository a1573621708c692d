"""Routing policies: immutable, identified by their content, and certified by evidence they carry."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from prefstream.schemas.envelope import Event, Finite, Instant, Share, Value, content_hash
from prefstream.schemas.ids import EventId, Identifier
from prefstream.schemas.values import Provenance, Slice


class WalkedThreshold(Value):
    """One step of the walk that found a threshold."""

    #: Accepted at this confidence or above.
    threshold: Finite
    accepted: int = Field(ge=0)
    #: Accepted pairs on which the person and the judge differ.
    errors: int = Field(ge=0)
    p_value: Share


class SliceCertificate(Value):
    """The evidence for what a policy says of one slice; the last step that passed gives the threshold."""

    #: Audited pairs of the slice that the walk looked at.
    labels: int = Field(ge=0)
    accepted: int = Field(ge=0)
    errors: int = Field(ge=0)
    p_value: Share | None
    #: The level each step had to reach.
    level: Share
    #: Share of the slice that is accepted, as far as the sample can tell.
    coverage: Share
    #: How many more audited pairs would do at this rate of errors; `None` where none would.
    needed: int | None = None
    #: Why nothing is certified; empty where something is.
    reason: str = ""
    walked: tuple[WalkedThreshold, ...] = ()


class CalibrationWindow(Value):
    """Which audit labels a certificate rests on."""

    #: Times of the first and the newest label; `None` without any.
    since: Instant | None = None
    until: Instant | None = None
    labels: int = Field(default=0, ge=0)
    #: SHA-256 of the pairs and labels, sorted: the same sample has the same.
    sample_hash: str = ""
    #: The least real of the labels and verdicts.
    provenance: Provenance = Provenance.REAL


class Certificate(Value):
    """How the thresholds of a policy were found; the evidence of each slice stands with its threshold."""

    method: Identifier
    #: One bound over all slices together; nothing is promised of any of them by itself.
    pooled: bool = False
    window: CalibrationWindow
    #: The how-manieth look at this judge under this constitution it is.
    look: int = Field(default=1, ge=1)
    #: What this look may spend of the policy's delta: all looks together spend no more than it.
    spent: Share
    #: The evidence of a pooled certificate.
    together: SliceCertificate | None = None


class SlicePolicy(Value):
    """What the policy says of one slice."""

    #: Accept at this confidence or above; `None` means that nothing is certified: escalate.
    threshold: Finite | None
    certificate: SliceCertificate | None = None


class OverlapPolicy(Value):
    """Of how many people a slice asks a label: until what they say is sure, within a fewest and a most."""

    fewest: Annotated[int, Field(ge=1, le=99)] = 2
    most: Annotated[int, Field(ge=1, le=99)] = 5
    #: The posterior of the most likely class that is enough.
    sure: Annotated[float, Field(gt=0.5, lt=1)] = 0.95

    @model_validator(mode="after")
    def _fewest_are_no_more_than_most(self) -> Self:
        if self.fewest > self.most:
            raise ValueError(f"the fewest labels ({self.fewest}) are more than the most ({self.most})")
        return self


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
    #: Slices that stop asking people once their labels are sure, instead of at `overlap`.
    overlaps: dict[Slice, OverlapPolicy] = Field(default_factory=dict)
    #: How the thresholds were found; `None`: they were chosen by hand and promise nothing.
    certificate: Certificate | None = None

    @property
    def id(self) -> Identifier:
        """Return the identity: the name and the first 16 hex digits of the content's SHA-256."""
        return f"{self.name}#{content_hash(self)[:16]}"


class PolicyProposed(Event):
    """A policy that evidence speaks for; it is in force only once it is published."""

    type: Literal["PolicyProposed"] = "PolicyProposed"
    schema_version: Literal[1] = 1
    policy_id: Identifier
    policy: Policy


class PolicyPublished(Event):
    """A policy is in force from now on; it supersedes the one before."""

    type: Literal["PolicyPublished"] = "PolicyPublished"
    schema_version: Literal[1] = 1
    policy_id: Identifier
    policy: Policy
    #: Who put it in force: a person's name, "rule" for the calibrator; empty: not said.
    by: str = ""


class PolicySuperseded(Event):
    """Another policy took the place of this one, which was in force or proposed."""

    type: Literal["PolicySuperseded"] = "PolicySuperseded"
    schema_version: Literal[1] = 1
    policy_id: Identifier
    superseded_by: Identifier


class PolicyRevoked(Event):
    """This policy is not in force any more, and where no other is, everything escalates."""

    type: Literal["PolicyRevoked"] = "PolicyRevoked"
    schema_version: Literal[1] = 1
    policy_id: Identifier
    reason: str
    #: The slice whose accepted pairs drifted; `None`: another reason, or all slices together.
    slice: Slice | None = None
    #: From when on accepted pairs are suspect, in event time of their routes.
    suspect_since: Instant | None = None
    #: The label that raised the alarm; `None`: a person revoked it.
    alarm_id: EventId | None = None
