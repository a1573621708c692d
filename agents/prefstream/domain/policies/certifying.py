"""Certifying an audit sample by fixed-sequence testing, as the evidence a policy carries."""

from collections.abc import Mapping, Sequence

from prefstream.domain.certification.certificates import SliceCertificate as Proved
from prefstream.domain.certification.certification import certify
from prefstream.domain.certification.evidence import Evidence, evidence
from prefstream.domain.certification.terms import Terms
from prefstream.domain.policies.sample import AuditedPair, side_of
from prefstream.schemas.policies import SliceCertificate, WalkedThreshold


class FixedSequence:
    """Walks thresholds from the strictest down while they can be proved; see `domain.certification`."""

    method = "fixed_sequence"

    def certify(
        self, slices: Mapping[str, Sequence[AuditedPair]], *, alpha: float, delta: float, pooled: bool
    ) -> Mapping[str, tuple[float | None, SliceCertificate]]:
        """Return threshold and evidence of each slice; of a pooled bound the same for all."""
        if not slices:
            return {}
        terms = Terms(alpha=alpha, delta=delta, pooled=pooled)
        found = certify(
            {name: _evidence(pairs) for name, pairs in slices.items()},
            terms,
            one_class=[name for name, pairs in slices.items() if _one_class(pairs)],
        )
        proved = found.pooled
        told = None if proved is None else (proved.threshold, evidence_of(proved))
        return {name: told or (one.threshold, evidence_of(one)) for name, one in found.slices.items()}


def _evidence(pairs: Sequence[AuditedPair]) -> Evidence:
    # A judge that names no side has no confidence that could be relied on.
    confidence = [one.confidence if one.judge_label is not None else None for one in pairs]
    return evidence(confidence, [not one.agrees for one in pairs])


def _one_class(pairs: Sequence[AuditedPair]) -> bool:
    """Return whether judge and people gave one answer throughout: nothing shows that the judge can tell."""
    said = {side_of(preference) for one in pairs for preference in (one.judge_label, one.verdict.preference)}
    return len(said) == 1


def evidence_of(proved: Proved) -> SliceCertificate:
    """Return what was proved of a slice as a policy carries it."""
    return SliceCertificate(
        labels=proved.n_labels,
        accepted=proved.n_accepted,
        errors=proved.errors,
        p_value=proved.p_value,
        level=proved.level,
        coverage=proved.coverage,
        needed=proved.need.more_labels if proved.need else None,
        reason=proved.reason,
        walked=tuple(
            WalkedThreshold(
                threshold=step.threshold, accepted=step.n_accepted, errors=step.errors, p_value=step.p_value
            )
            for step in proved.walked
        ),
    )
