"""Releases: the plan a dataset is cut by, and what is said of it, immutable and identified by content."""

from typing import Annotated, Literal

from pydantic import Field

from prefstream.schemas.envelope import Event, Instant, Share, Value, content_hash
from prefstream.schemas.ids import Identifier
from prefstream.schemas.values import Provenance, Slice

FormatName = Literal[
    "preference",
    "preference_implicit",
    "preference_conversational",
    "unpaired",
    "reward",
    "ranking",
    "sft",
    "prompts",
    "safety",
]
Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=0)]


class GateLimits(Value):
    """The limits a release must keep; `None` switches a gate off."""

    #: Lower bound of Krippendorff's alpha among people, per slice.
    alpha: float | None = 0.75
    #: Lower bound of Cohen's kappa among people, per slice.
    kappa: float | None = 0.75
    #: Lower bound of the judge's agreement with people on the audit sample, per slice.
    judge_agreement: Share | None = 0.8
    #: Share of labels of people that express a preference, per slice.
    informativeness: Share | None = 0.6
    #: Share of pairs whose label cites a clause, per slice.
    trace_coverage: Share | None = 0.9
    gold_accuracy: Share | None = 0.95
    #: Pairs that every slice named in the plan's targets must have, as a share of its target.
    slice_coverage: Share | None = 0.9
    #: Largest population stability index of the slices' shares against the last release.
    prompt_drift: Positive | None = 0.25
    #: Largest excess of the share in which the longer response wins over the people's own.
    length_bias: Share | None = 0.1
    #: Largest distance from one half of the share in which the response A wins.
    position_bias: Share | None = 0.1
    #: Largest share of pairs by origin, e.g. {"judge": 0.95}; keys are methods or strategies.
    origin_share: dict[Identifier, Share] = Field(default_factory=dict)
    #: Audited pairs that every slice with accepted pairs must have at least.
    audit_sample: Count | None = 30
    #: Largest share of a slice's labels by people that one annotator gave.
    annotator_share: Share | None = 0.5
    #: Largest share of ties among a slice's pairs, where the plan keeps ties.
    tie_share: Share | None = 0.4
    #: Different annotators that a slice labelled by people must have at least.
    annotators: Count | None = 2
    #: Least share of labels for each declared group of annotators, e.g. {"region:eu": 0.2}.
    annotator_groups: dict[Identifier, Share] = Field(default_factory=dict)
    #: Oldest label, in days before the newest.
    age_days: Positive | None = 365.0
    #: Largest share of pairs in which a refusal is preferred, per slice.
    refusals_preferred: Share | None = 0.5


class Splits(Value):
    """How prompts are divided; what stands in one group of prompts stands in one split."""

    train: Share = 0.9
    validation: Share = 0.05
    test: Share = 0.05
    #: Decides, together with a group of prompts, where the group goes.
    seed: str = ""
    #: Prompts at least this similar (Jaccard, of runs of five characters) stand in one group; `None`: only
    #: those that say the same.
    near_duplicate: Share | None = 0.8


class ReleasePlan(Value):
    """What a release takes and how it is written."""

    name: Identifier
    version: Annotated[str, Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z.+-]{0,63}$")] = "1"
    title: str = ""
    #: Two or three sentences for the card.
    description: str = ""
    licence: str = "other"
    languages: tuple[str, ...] = ()
    formats: Annotated[tuple[FormatName, ...], Field(min_length=1)] = ("preference",)
    files: Literal["jsonl", "parquet"] = "parquet"
    #: Rows of one file at most.
    shard_rows: Annotated[int, Field(ge=1)] = 100_000
    #: Slices to take; none named: all.
    slices: tuple[Slice, ...] = ()
    #: Pairs wanted per slice; the gate of coverage reads it. It takes nothing away.
    targets: dict[Slice, Count] = Field(default_factory=dict)
    splits: Splits = Field(default_factory=Splits)
    #: What becomes of ties: left out, or kept where a format has a place for them.
    ties: Literal["drop", "keep"] = "drop"
    #: Origins that may enter; simulated and offline ones never do unless named here.
    provenance: tuple[Provenance, ...] = (Provenance.REAL, Provenance.RECORDED)
    #: Constitutions whose labels may enter; none named: any.
    constitutions: tuple[Identifier, ...] = ()
    #: Least confidence of a label that rests on the judge alone.
    confidence: Share = 0.0
    #: Pairs of one group of prompts at most; 0: no limit.
    pairs_per_prompt: Count = 0
    #: Least margin of a pair whose better response counts as a demonstration; none: only what people wrote.
    demonstration_margin: Annotated[int, Field(ge=1, le=2)] | None = None
    limits: GateLimits = Field(default_factory=GateLimits)
    #: The release that this one follows: what has drifted is measured against it. Its folder stands beside.
    previous: Identifier | None = None
    #: Groups that annotators declared to belong to, by annotator, e.g. {"ann": ("region:eu",)}. The plan is
    #: published with the release: name annotators by ids that tell nothing.
    annotator_groups: dict[Identifier, tuple[Identifier, ...]] = Field(default_factory=dict)

    @property
    def id(self) -> Identifier:
        """Return the identity: the name and the first 16 hex digits of the content's SHA-256."""
        return f"{self.name}#{content_hash(self)[:16]}"


class GateResult(Value):
    """What one gate found, of the whole release or of one slice."""

    gate: Identifier
    #: `None`: of the whole release.
    slice: Slice | None = None
    passed: bool
    #: The figure, its bounds where it has any, and the limit; `None`: not defined, and the reason why.
    value: float | None = None
    low: float | None = None
    high: float | None = None
    limit: float | None = None
    n: int = 0
    reason: str = ""
    #: By how much it fails, and what would fix it, in words; empty where it passes.
    shortfall: str = ""
    remedy: str = ""


class GateOverride(Value):
    """A failing gate that somebody answers for."""

    gate: Identifier
    slice: Slice | None = None
    #: Who lets it pass (a QA lead or an administrator) and why.
    by: Identifier
    reason: Annotated[str, Field(min_length=1, max_length=2000)]


class ReleaseCut(Event):
    """A release was written."""

    type: Literal["ReleaseCut"] = "ReleaseCut"
    schema_version: Literal[1] = 1
    #: The name, the version, and the hash of all its files.
    release_id: Identifier
    plan_id: Identifier
    plan: ReleasePlan
    #: Next offset by topic and partition, "TOPIC/PARTITION": what lies below was read.
    position: dict[str, Count]
    rows: dict[str, Count]
    pairs: Count
    #: SHA-256 by path.
    files: dict[str, str]
    gates: tuple[GateResult, ...]
    overrides: tuple[GateOverride, ...] = ()
    by: Identifier


class ReleaseWithdrawn(Event):
    """A release must not be used any more; its files stay verifiable."""

    type: Literal["ReleaseWithdrawn"] = "ReleaseWithdrawn"
    schema_version: Literal[1] = 1
    release_id: Identifier
    reason: Annotated[str, Field(min_length=1, max_length=2000)]
    by: Identifier


class ContentErased(Event):
    """A prompt's or a person's content can no longer be read: its keys are destroyed."""

    type: Literal["ContentErased"] = "ContentErased"
    schema_version: Literal[1] = 1
    what: Literal["prompt", "person"]
    #: Id of the prompt or the person.
    id: Identifier
    #: Pairs whose texts went with it.
    pairs: tuple[Identifier, ...] = ()
    #: Releases that hold some of it.
    releases: tuple[Identifier, ...] = ()
    reason: str
    by: Identifier
    at: Instant
