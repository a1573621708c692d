"""Certificates: what was proved of each slice, and with which numbers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from prefstream.domain.certification.needs import Need
from prefstream.domain.certification.terms import Terms
from prefstream.domain.certification.walks import Step

#: The name under which a pooled certificate speaks of all slices together.
ALL = "*"


class Refusal(StrEnum):
    """Why nothing is certified."""

    #: The audit share is 0: what people would say of accepted pairs cannot be known.
    NO_AUDIT_LABELS = "no_audit_labels"
    #: Too few labels to prove the bound even if the judge were never wrong.
    TOO_FEW_LABELS = "too_few_labels"
    #: Judge and people gave one answer throughout: nothing shows that the judge looks at the pairs.
    ONE_CLASS = "one_class"
    #: The judge gave no verdict on any audited pair.
    NO_VERDICTS = "no_verdicts"
    #: The labels do not prove the bound.
    NOT_PROVED = "not_proved"
    #: The slice was certified together with others only.
    POOLED_ONLY = "pooled_only"


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceCertificate:
    """What was proved of one slice."""

    #: Accept at this confidence or above; `None`: nothing is certified, everything escalates.
    threshold: float | None
    #: Share of all pairs that the threshold accepts, those without a verdict counted as not accepted.
    coverage: float
    #: Pairs, and those of them in the audit sample.
    n_pairs: int
    n_labels: int
    #: Audited pairs that the threshold accepts, and those of them that a person disagrees with.
    n_accepted: int
    errors: int
    #: The largest p-value on the way to the threshold, or the first one where none passed; `None` untested.
    p_value: float | None
    #: The error probability that this slice was allowed.
    level: float
    #: The steps walked: all that passed, and the first that did not.
    walked: tuple[Step, ...] = ()
    #: Why nothing is certified, as a code and for people.
    refusal: Refusal | None = None
    reason: str = ""
    #: What would be needed to certify; `None` where something is certified.
    need: Need | None = None

    @property
    def certified(self) -> bool:
        """Return whether anything is accepted."""
        return self.threshold is not None

    @property
    def risk(self) -> float | None:
        """Estimated risk of accepted pairs, from audit labels alone; `None` where it is unknown."""
        return self.errors / self.n_accepted if self.n_accepted else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """What was proved on which terms: with probability 1 - delta, all of it holds."""

    terms: Terms
    slices: Mapping[str, SliceCertificate] = field(default_factory=dict)
    #: All slices together, where one threshold was certified for them.
    pooled: SliceCertificate | None = None

    @property
    def coverage(self) -> float:
        """Share of all pairs that are accepted."""
        n_pairs = sum(one.n_pairs for one in self.slices.values())
        accepted = sum(one.coverage * one.n_pairs for one in self.slices.values())
        return accepted / n_pairs if n_pairs else 0.0
