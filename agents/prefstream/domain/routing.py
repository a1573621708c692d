"""Routing: accept the judge or ask people, with every reason named."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

from prefstream.domain.escalation.rules import Judged, house_reason, rule_reasons
from prefstream.schemas.constitutions import Constitution
from prefstream.schemas.policies import Policy
from prefstream.schemas.routes import Reason, ReasonCode
from prefstream.schemas.values import Preference, Stakes


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What routing needs to know of a judged pair."""

    pair_id: str
    slice: str
    stakes: Stakes
    tags: tuple[str, ...]
    flags: tuple[str, ...]
    label: Preference | None
    confidence: float | None
    judge_id: str
    constitution_id: str
    #: Clauses that a critic finds a response to violate.
    violated: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The route of a pair and why."""

    route: Literal["accept", "escalate"]
    audit: bool
    reasons: tuple[Reason, ...]
    threshold: float | None
    propensity: float


def decide(case: Case, *, policy: Policy | None, constitution: Constitution) -> Decision:
    """Decide one pair.

    The audit coin is tossed for every pair, whatever its route. Any reason to escalate escalates;
    a pair is accepted only at or above a threshold certified for its slice.
    """
    audit = policy is not None and coin(case.pair_id, policy.audit_seed) < policy.audit_share
    threshold, by_policy = _by_policy(case, policy)
    against = list(rule_reasons(_judged(case), constitution))
    if by_policy.code is not ReasonCode.AT_OR_ABOVE_THRESHOLD:
        against.append(by_policy)
    reasons = tuple(against) if against else (by_policy,)
    if audit:
        reasons += (house_reason(ReasonCode.AUDIT, "the audit coin fell on heads"),)
    return Decision(
        route="escalate" if against else "accept",
        audit=audit,
        reasons=reasons,
        threshold=threshold,
        propensity=policy.audit_share if policy else 0.0,
    )


def coin(pair_id: str, seed: str) -> float:
    """Return the pair's audit coin, uniform in [0, 1) and fixed by pair and seed.

    >>> coin("p1", "s") == coin("p1", "s")
    True
    """
    digest = sha256(f"{len(seed)}:{seed}:{pair_id}".encode()).digest()
    return (int.from_bytes(digest[:8]) >> 11) / 2**53


def _by_policy(case: Case, policy: Policy | None) -> tuple[float | None, Reason]:
    if policy is None:
        return None, house_reason(ReasonCode.NO_POLICY, "no policy is in force")
    if policy.judge_id not in (None, case.judge_id):
        return None, house_reason(
            ReasonCode.POLICY_NOT_APPLICABLE, "the policy was certified for another judge"
        )
    if policy.constitution_id not in (None, case.constitution_id):
        return None, house_reason(
            ReasonCode.POLICY_NOT_APPLICABLE, "the policy was certified for another constitution"
        )
    stated = policy.slices.get(case.slice)
    if stated is None or stated.threshold is None:
        return None, house_reason(ReasonCode.NOT_CERTIFIED, f"nothing is certified for slice {case.slice}")
    return stated.threshold, _by_threshold(case, stated.threshold)


def _by_threshold(case: Case, threshold: float) -> Reason:
    if case.confidence is None:
        return house_reason(ReasonCode.BELOW_THRESHOLD, "there is no confidence to compare")
    above = case.confidence >= threshold
    code = ReasonCode.AT_OR_ABOVE_THRESHOLD if above else ReasonCode.BELOW_THRESHOLD
    return house_reason(code, f"confidence {case.confidence:.6g}, threshold {threshold:.6g}")


def _judged(case: Case) -> Judged:
    return Judged(
        slice=case.slice,
        stakes=case.stakes,
        tags=case.tags,
        flags=case.flags,
        label=case.label,
        violated=case.violated,
    )
