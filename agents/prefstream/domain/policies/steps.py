"""The calibrator's next step: what the audit sample asks for, in view of what was decided before."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from prefstream.domain.monitoring import ARL
from prefstream.domain.policies.book import PolicyBook
from prefstream.domain.policies.proposal import (
    Calibration,
    Certifier,
    Sample,
    audit_only,
    certified_entries,
    labels_looked_at,
    proposal,
)
from prefstream.domain.policies.sample import AuditedPair
from prefstream.domain.policies.watching import Suspicion, suspicion
from prefstream.schemas.policies import Policy, PolicyPublished


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """When a policy is proposed and by whom it is put in force."""

    calibration: Calibration = field(default_factory=Calibration)
    #: Audit labels, come or withdrawn, after which the thresholds are found again.
    min_labels: int = 50
    activate: Literal["automatic", "approval"] = "approval"
    arl: float = ARL


@dataclass(frozen=True, slots=True, kw_only=True)
class Revoke:
    """Take the policy in force back."""

    suspicion: Suspicion


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """Say that a policy was superseded: another is in force, or proposed, in its place."""

    policy_id: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Propose:
    """Propose a policy."""

    policy: Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Activate:
    """Put a proposed policy in force by rule."""

    policy: Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """Put a policy in force that accepts nothing, so that audit labels come."""

    policy: Policy


Step = Revoke | End | Propose | Activate | Audit


def next_step(
    pairs: Sequence[AuditedPair], *, book: PolicyBook, rules: Rules, certifier: Certifier
) -> Step | None:
    """Return the next step; after it was taken, the book is another and there may be one more.

    Each step is one event that matters, so that whoever dies between two goes on at the next. An alarm
    goes before all else. Then thresholds are found anew where enough labels have come, or at once after
    an alarm: the slices that did not drift need not wait for the one that did.

    Args:
        pairs: The audit sample of all judges and constitutions.
        book: All policies.
        rules: When to propose and how to activate.
        certifier: Finds thresholds.
    """
    doubt = _doubt(pairs, book, rules)
    if doubt is not None:
        return Revoke(suspicion=doubt)
    if (left := _left_over(book)) is not None:
        return left
    if rules.calibration.audit_share > 0:
        sample = newest_sample(pairs)
        if sample is not None and _due(sample, book, rules):
            calibration = rules.calibration
            return Propose(policy=proposal(sample, calibration=calibration, book=book, certifier=certifier))
        waiting = _waiting(sample, book) if sample else None
        if waiting is not None and rules.activate == "automatic":
            return Activate(policy=waiting)
        if book.active is None:
            return Audit(policy=audit_only(rules.calibration, book=book))
    return None


def wanted(book: PolicyBook, rules: Rules) -> bool:
    """Return whether a step could depend on the sample: something is to be certified, or watched."""
    policy = book.active.policy if book.active else None
    return rules.calibration.audit_share > 0 or (policy is not None and policy.certificate is not None)


def samples(pairs: Sequence[AuditedPair]) -> dict[tuple[str, str], Sample]:
    """Return the sample of each judge under each constitution."""
    parts: dict[tuple[str, str], list[AuditedPair]] = {}
    for one in pairs:
        parts.setdefault((one.judge_id, one.constitution_id), []).append(one)
    return {
        key: Sample(judge_id=key[0], constitution_id=key[1], pairs=tuple(some)) for key, some in parts.items()
    }


def newest_sample(pairs: Sequence[AuditedPair]) -> Sample | None:
    """Return the sample of the judge and constitution that the latest routed pair was judged by."""
    latest = max(pairs, key=lambda one: (one.routed_at, one.pair_id), default=None)
    return None if latest is None else samples(pairs)[latest.judge_id, latest.constitution_id]


def _doubt(pairs: Sequence[AuditedPair], book: PolicyBook, rules: Rules) -> Suspicion | None:
    policy = book.active.policy if book.active else None
    if policy is None or policy.judge_id is None or policy.constitution_id is None:
        return None
    sample = samples(pairs).get((policy.judge_id, policy.constitution_id))
    return suspicion(sample, book=book, arl=rules.arl) if sample else None


def _left_over(book: PolicyBook) -> End | None:
    """Return a policy whose end was not said: a compacted log would bring it back.

    Of the proposals only the newest waits.
    """
    for entry in book.proposed[:-1]:
        return End(policy_id=entry.policy_id, by=book.proposed[-1].policy_id)
    for entry in book.entries.values():
        if entry.status == "superseded" and isinstance(entry.events[-1], PolicyPublished):
            successor = min(
                (other for other in book.entries.values() if (other.order or 0) > (entry.order or 0)),
                key=lambda other: other.order or 0,
            )
            return End(policy_id=entry.policy_id, by=successor.policy_id)
    return None


def _waiting(sample: Sample, book: PolicyBook) -> Policy | None:
    """Return the proposal that waits, if it is for the judge and constitution of the day."""
    for entry in book.proposed:
        policy = entry.policy
        if policy is None or policy.judge_id != sample.judge_id:
            continue
        if policy.constitution_id == sample.constitution_id:
            return policy
    return None


def _due(sample: Sample, book: PolicyBook, rules: Rules) -> bool:
    # What was withdrawn since carries a certificate no more.
    if abs(len(sample.pairs) - labels_looked_at(book, sample)) >= rules.min_labels:
        return True
    last = max(certified_entries(book, sample), key=lambda one: one.look, default=None)
    return last is not None and last.entry.alarmed
