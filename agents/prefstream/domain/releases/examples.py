"""What a release knows of one pair: its texts, its label, and everything the label rests on.

Folded from the pair's events alone, so that two cuts at the same position are the same.
"""

from dataclasses import dataclass
from datetime import datetime

from prefstream.schemas.pairs import CheckResult
from prefstream.schemas.values import Message, Preference, Provenance, Response, Slice, Stakes, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonLabel:
    """One label that a person gave and nobody withdrew."""

    event_id: str
    annotator: str
    #: "annotate", "review" or "adjudicate".
    round: str
    #: What the person said before seeing other labels, where that is known; what they said otherwise.
    verdict: Verdict
    clauses: tuple[str, ...]
    has_rationale: bool
    seconds: float | None
    occurred_at: datetime
    provenance: Provenance


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One resolved and validated pair."""

    pair_id: str
    prompt_id: str
    #: Pairs cut from the same candidates share it; no split parts a group.
    group_id: str
    slice: Slice
    stakes: Stakes
    tags: tuple[str, ...]
    strategy: str
    messages: tuple[Message, ...]
    response_a: Response
    response_b: Response
    label: Preference
    soft_label: float | None
    #: "judge", "consensus", "majority", "posterior" or "adjudication".
    method: str
    #: The judge's label and calibrated confidence; `None`: no judge gave one.
    judge_label: Preference | None
    confidence: float | None
    judge_id: str | None
    #: The constitution that judged it, and those in force for the labels of people.
    constitution_id: str | None
    policy_id: str | None
    #: Whether the coin asked for a person's label whatever the judge said.
    audit: bool
    #: Probability with which a person was asked.
    propensity: float | None
    #: Clauses that the judge's votes or people's labels cite.
    clauses: tuple[str, ...]
    labels: tuple[PersonLabel, ...]
    checks: tuple[CheckResult, ...]
    #: One over the probability with which sampling kept the prompt.
    stratum_weight: float
    #: What the pair cost at judges, in billionths of a US dollar.
    cost_nanousd: int
    proposed_at: datetime
    resolved_at: datetime
    provenance: Provenance
    #: Ids of the events it is folded from, in the order of the chain.
    evidence: tuple[str, ...]
    #: Whether the judge's label would have stood by the route: only the audit coin could ask a person.
    accepted: bool = False

    @property
    def margin(self) -> int:
        """Return the signed margin of the label, +2 (A much better) to -2 (B much better)."""
        return self.label.margin
