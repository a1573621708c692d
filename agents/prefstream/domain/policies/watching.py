"""Watching the policies in force: from the audit sample to the alarm that revokes one."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from prefstream.domain.monitoring import ARL, Drift, Outcome, alarms
from prefstream.domain.policies.book import PolicyBook
from prefstream.domain.policies.proposal import Sample, drifted, order_of
from prefstream.domain.policies.sample import AuditedPair
from prefstream.schemas.policies import Policy

#: The stream of a bound over all slices together.
ALL = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspicion:
    """A policy in force whose accepted pairs do not keep its promise any more."""

    policy_id: str
    #: `None`: all slices of a pooled bound together.
    slice: str | None
    #: The label that raised the alarm, and when it was given.
    raised_by: AuditedPair
    #: The first pair after the estimated change.
    since: AuditedPair
    #: Audited accepted pairs from the change to the alarm, and how many of them people contradicted.
    outcomes: int
    errors: int
    evidence: float

    @property
    def suspect_since(self) -> datetime:
        """Return from which route on accepted pairs are suspect."""
        return self.since.routed_at


def suspicion(sample: Sample, *, book: PolicyBook, arl: float = ARL) -> Suspicion | None:
    """Return why the policy in force must be revoked, or that nothing speaks against it.

    A stream runs on over policies that follow each other for one judge and constitution, so that a new
    certificate does not forget what was seen; it begins anew after an alarm. Policies that were chosen
    by hand promise nothing, so there is nothing they could break.

    Args:
        sample: The audit sample of the judge and constitution that the policy in force is for.
        book: All policies.
        arl: Mean number of audited accepted pairs of a slice until a false alarm, at least.
    """
    active = book.active
    if active is None or active.policy is None or active.policy.certificate is None:
        return None
    watched = _watched(sample, book)
    outcomes = [
        Outcome(stream=_stream(policy, one), alpha=policy.alpha, agrees=one.agrees, id=one.label_id)
        for one, policy in watched
    ]
    by_label = {one.label_id: one for one, _ in watched}
    raised = alarms(outcomes, arl=arl)
    return _suspicion(active.policy_id, raised[0], by_label) if raised else None


def _watched(sample: Sample, book: PolicyBook) -> list[tuple[AuditedPair, Policy]]:
    """Return the accepted pairs since the last alarm with the policies that accepted them, by label."""
    until = drifted(book, sample.judge_id, sample.constitution_id)
    found = []
    for one in _by_label(sample.pairs):
        entry = book.entries.get(one.policy_id)
        policy = entry.policy if entry else None
        spoilt = max(until.get(None, 0), until.get(one.slice, 0))
        certified = policy is not None and policy.certificate is not None
        if policy is not None and certified and one.accepted and order_of(book, one.policy_id) > spoilt:
            found.append((one, policy))
    return found


def _by_label(pairs: Iterable[AuditedPair]) -> list[AuditedPair]:
    return sorted(pairs, key=lambda one: (one.labelled_at, one.label_id))


def _stream(policy: Policy, pair: AuditedPair) -> str:
    return ALL if policy.certificate and policy.certificate.pooled else pair.slice


def _suspicion(policy_id: str, drift: Drift, by_label: dict[str, AuditedPair]) -> Suspicion:
    return Suspicion(
        policy_id=policy_id,
        slice=None if drift.stream == ALL else drift.stream,
        raised_by=by_label[drift.raised_by],
        since=by_label[drift.since],
        outcomes=drift.outcomes,
        errors=drift.errors,
        evidence=drift.evidence,
    )
