"""The truth about a population, for who knows every label: what each threshold accepts and gets wrong."""

from dataclasses import dataclass, field

import numpy as np

from prefstream.domain.certification.evidence import NO_VERDICT, Evidence
from prefstream.domain.certification.walks import Counts, counts_above, errors_above


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Truth:
    """What each threshold accepts."""

    evidence: Evidence
    _known: dict[float, tuple[int, int]] = field(default_factory=dict)

    @property
    def n_pairs(self) -> int:
        """Pairs of the population."""
        return self.evidence.n_pairs

    def at(self, threshold: float | None) -> tuple[int, int]:
        """Return how many pairs the threshold accepts and how many of them are wrong."""
        if threshold is None:
            return 0, 0
        if threshold not in self._known:
            accepted = self.evidence.best >= threshold
            wrong = int((self.evidence.mistaken(threshold) & accepted).sum())
            self._known[threshold] = int(accepted.sum()), wrong
        return self._known[threshold]

    def oracle(self, alpha: float) -> float:
        """Return the largest share that some threshold accepts with a risk of at most alpha."""
        accepted, wrong = self._by_tie_group()
        within = accepted[wrong <= alpha * accepted + 1e-9]
        return float(within.max() / self.n_pairs) if len(within) else 0.0

    def _by_tie_group(self) -> tuple[Counts, Counts]:
        best = self.evidence.best
        groups = np.unique(best[best != NO_VERDICT])
        return counts_above(best, groups), errors_above(self.evidence, groups)


def truth_of(evidence: Evidence) -> Truth:
    """Return the truth about pairs that are all labelled."""
    return Truth(evidence=evidence)
