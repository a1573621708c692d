"""Proposals: from the audit sample to a policy that carries its evidence. No clock, no chance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from prefstream.domain.policies.book import Entry, PolicyBook
from prefstream.domain.policies.sample import AuditedPair, sample_hash
from prefstream.schemas.policies import (
    CalibrationWindow,
    Certificate,
    OverlapPolicy,
    Policy,
    SliceCertificate,
    SlicePolicy,
)
from prefstream.schemas.values import Provenance

_WEAKEST = (Provenance.SIMULATED, Provenance.OFFLINE, Provenance.RECORDED, Provenance.REAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """What is to be promised and how policies look; part of every policy's identity."""

    name: str = "certified"
    alpha: float = 0.1
    delta: float = 0.1
    pooled: bool = False
    audit_share: float = 0.0
    audit_seed: str = ""
    overlap: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The audit sample of one judge under one constitution."""

    judge_id: str
    constitution_id: str
    pairs: tuple[AuditedPair, ...] = ()

    @property
    def calibrating(self) -> tuple[AuditedPair, ...]:
        """Return the pairs that only their confidence could keep from being accepted."""
        return tuple(one for one in self.pairs if one.eligible)


class Certifier(Protocol):
    """Whoever certifies thresholds on a sample."""

    @property
    def method(self) -> str:
        """Return the name of the method."""
        ...

    def certify(
        self, slices: Mapping[str, Sequence[AuditedPair]], *, alpha: float, delta: float, pooled: bool
    ) -> Mapping[str, tuple[float | None, SliceCertificate]]:
        """Return threshold and evidence of each slice; of a pooled bound the same for all."""
        ...


def proposal(sample: Sample, *, calibration: Calibration, book: PolicyBook, certifier: Certifier) -> Policy:
    """Return the policy that a sample speaks for.

    A slice whose accepted pairs drifted counts only pairs that were routed after the policy of that
    time was revoked: the clean window.

    Every look at one judge under one constitution may spend delta / (k (k + 1)) at the k-th look, which
    sums to delta over all looks: however often the calibrator looks, the bound fails with probability
    delta at most. The slices share what a look may spend.
    """
    clean = clean_sample(sample, book=book)
    look = looks(book, sample) + 1
    spent = calibration.delta / (look * (look + 1))
    slices = by_slice(clean)
    found = certifier.certify(slices, alpha=calibration.alpha, delta=spent, pooled=calibration.pooled)
    accepting = any(threshold is not None for threshold, _ in found.values())
    together = next((one for _, one in found.values()), None) if calibration.pooled else None
    return Policy(
        name=calibration.name,
        slices={
            name: SlicePolicy(threshold=threshold, certificate=None if together else certificate)
            for name, (threshold, certificate) in sorted(found.items())
        },
        judge_id=sample.judge_id,
        constitution_id=sample.constitution_id,
        alpha=calibration.alpha,
        delta=calibration.delta,
        # Where nothing is certified all pairs go to people, so that auditing all of them costs nothing.
        audit_share=calibration.audit_share if accepting else 1.0,
        audit_seed=calibration.audit_seed,
        overlap=calibration.overlap,
        overlaps=overlaps_of(book),
        certificate=Certificate(
            method=certifier.method,
            pooled=calibration.pooled,
            window=window_of(sample.pairs),
            look=look,
            spent=spent,
            together=together,
        ),
    )


def audit_only(calibration: Calibration, *, book: PolicyBook) -> Policy:
    """Return a policy that accepts nothing and audits every pair: all go to people anyway.

    Its name has its number, so that pairs routed before and after an alarm can be told apart.
    """
    number = 1 + max((entry.order or 0 for entry in book.entries.values()), default=0)
    return Policy(
        name=f"{calibration.name}-audit-{number}",
        alpha=calibration.alpha,
        delta=calibration.delta,
        audit_share=1.0,
        audit_seed=calibration.audit_seed,
        overlap=calibration.overlap,
        overlaps=overlaps_of(book),
    )


def overlaps_of(book: PolicyBook) -> dict[str, OverlapPolicy]:
    """Return how the policy that was put in force last asks people until they are sure.

    Thresholds are found anew again and again; what a person decided of people stays as it is.
    """
    published = [entry for entry in book.entries.values() if entry.order is not None]
    last = max(published, key=lambda entry: entry.order or 0, default=None)
    return dict(last.policy.overlaps) if last and last.policy else {}


def clean_sample(sample: Sample, *, book: PolicyBook) -> tuple[AuditedPair, ...]:
    """Return the calibrating pairs, those left out that a drift of their slice may have spoilt."""
    until = drifted(book, sample.judge_id, sample.constitution_id)
    everywhere = until.get(None, 0)
    return tuple(
        one
        for one in sample.calibrating
        if order_of(book, one.policy_id) > max(everywhere, until.get(one.slice, 0))
    )


def drifted(book: PolicyBook, judge_id: str, constitution_id: str) -> Mapping[str | None, int]:
    """Return, per slice that drifted, the place of the last policy revoked for it; `None` is all slices.

    Whoever revokes a policy by hand distrusts all that was accepted under it.
    """
    until: dict[str | None, int] = {}
    for entry in book.entries.values():
        policy = entry.policy
        held_for = None if policy is None else (policy.judge_id, policy.constitution_id)
        if held_for in ((judge_id, constitution_id), (None, None)):
            for slice_name, order in entry.revocations:
                until[slice_name] = max(until.get(slice_name, 0), order)
    return until


def order_of(book: PolicyBook, policy_id: str) -> int:
    """Return the place of a policy among those that were in force; 0 where the book knows nothing."""
    entry = book.entries.get(policy_id)
    return (entry.order or 0) if entry else 0


def looks(book: PolicyBook, sample: Sample) -> int:
    """Return how often this judge under this constitution was looked at."""
    return max((one.look for one in certified_entries(book, sample)), default=0)


def labels_looked_at(book: PolicyBook, sample: Sample) -> int:
    """Return how many labels the last look saw."""
    last = max(certified_entries(book, sample), key=lambda one: one.look, default=None)
    return last.certificate.window.labels if last else 0


class Certified(NamedTuple):
    """A policy of one judge under one constitution that carries a certificate."""

    look: int
    entry: Entry
    certificate: Certificate


def certified_entries(book: PolicyBook, sample: Sample) -> list[Certified]:
    """Return the certified policies of this judge under this constitution."""
    return [
        Certified(policy.certificate.look, entry, policy.certificate)
        for entry in book.entries.values()
        if (policy := entry.policy) is not None
        and policy.certificate is not None
        and (policy.judge_id, policy.constitution_id) == (sample.judge_id, sample.constitution_id)
    ]


def by_slice(pairs: Sequence[AuditedPair]) -> dict[str, list[AuditedPair]]:
    """Return the pairs of each slice."""
    slices: dict[str, list[AuditedPair]] = {}
    for one in pairs:
        slices.setdefault(one.slice, []).append(one)
    return slices


def window_of(pairs: Sequence[AuditedPair]) -> CalibrationWindow:
    """Return which labels these are."""
    if not pairs:
        return CalibrationWindow(sample_hash=sample_hash(()))
    moments = [one.labelled_at for one in pairs]
    return CalibrationWindow(
        since=min(moments),
        until=max(moments),
        labels=len(pairs),
        sample_hash=sample_hash(pairs),
        provenance=min((one.provenance for one in pairs), key=_WEAKEST.index),
    )
