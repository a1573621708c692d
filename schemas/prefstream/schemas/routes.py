"""Events of routing: who decides the label, and why."""

from enum import StrEnum
from typing import Literal

from pydantic import Field

from prefstream.schemas.envelope import Event, Finite, Share, Value
from prefstream.schemas.ids import EventId, Identifier
from prefstream.schemas.policies import OverlapPolicy
from prefstream.schemas.selection import Priority
from prefstream.schemas.values import Preference, Provenance, Slice, Stakes


class ReasonCode(StrEnum):
    """Why a pair was sent where it was sent."""

    NO_POLICY = "no_policy"
    NOT_CERTIFIED = "not_certified"
    POLICY_NOT_APPLICABLE = "policy_not_applicable"
    BELOW_THRESHOLD = "below_threshold"
    AT_OR_ABOVE_THRESHOLD = "at_or_above_threshold"
    NO_VERDICT = "no_verdict"
    MANDATORY = "mandatory"
    INJECTION_SUSPECTED = "injection_suspected"
    JUDGE_MISSING = "judge_missing"
    JUDGES_DISAGREE = "judges_disagree"
    AUDIT = "audit"
    SUSPECT = "suspect"
    #: People rank the candidates that the pair is cut from; no judge is asked.
    RANKED = "ranked"


#: Reasons that escalate whatever the confidence. A certificate holds for the pairs that none of these
#: sends to people, so that it must be made of audited pairs without them.
RULES = frozenset(
    (
        ReasonCode.NO_VERDICT,
        ReasonCode.MANDATORY,
        ReasonCode.INJECTION_SUSPECTED,
        ReasonCode.JUDGE_MISSING,
        ReasonCode.JUDGES_DISAGREE,
        ReasonCode.RANKED,
    )
)


class Reason(Value):
    """One reason for a route; an escalation names the clause that caused it."""

    code: ReasonCode
    clause: Identifier
    detail: str = ""


class PairRouted(Event):
    """The pair's judgement is accepted, or people are asked; audited pairs are always labelled."""

    type: Literal["PairRouted"] = "PairRouted"
    schema_version: Literal[1] = 1
    pair_id: Identifier
    prompt_id: Identifier
    slice: Slice
    stakes: Stakes
    route: Literal["accept", "escalate"]
    #: The audit coin: heads means a person labels the pair whatever the route.
    audit: bool
    reasons: tuple[Reason, ...] = Field(min_length=1)
    policy_id: Identifier | None
    #: The policy's threshold; `None` where nothing is certified.
    threshold: Finite | None
    #: Probability with which a pair like this is audited.
    propensity: Share
    judge_label: Preference | None
    p_a: Share | None
    confidence: Share | None
    judge_id: Identifier
    #: Labels by people needed before the pair can be resolved.
    overlap: int = Field(ge=1, le=99)
    #: How to go on from there until people's labels are sure; `None`: `overlap` labels are enough.
    overlap_rule: OverlapPolicy | None = None
    provenance: Provenance = Provenance.REAL
    #: The constitution whose triggers were looked at; a pair may have been judged under an earlier one.
    constitution_id: Identifier | None = None
    #: The constitution under which the judge decided; `None`: not said.
    judged_under: Identifier | None = None
    #: Its place in the queue; `None` where people are not asked.
    priority: Priority | None = None
    #: The accepting route that this one takes back: people are asked after all.
    revises: EventId | None = None
