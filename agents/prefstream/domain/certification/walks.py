"""Walks: fixed-sequence testing down the thresholds of one slice."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from prefstream.domain.certification.betting import betting_tail
from prefstream.domain.certification.candidates import candidates
from prefstream.domain.certification.evidence import Evidence, Floats
from prefstream.domain.certification.tails import binomial_tail, fewest_too_many, hypergeometric_tail
from prefstream.domain.certification.terms import Terms

Counts = np.ndarray[Any, np.dtype[np.intp]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One threshold, and the p-value of "accepted pairs are wrong more often than the bound"."""

    threshold: float
    #: Share of all pairs that it accepts.
    coverage: float
    #: Audited pairs that it accepts, and those of them that a person disagrees with.
    n_accepted: int
    errors: int
    p_value: float


def steps(evidence: Evidence, terms: Terms) -> tuple[Step, ...]:
    """Return the steps of a slice in the order in which they are to be walked.

    Steps that accept no audited pair are left out: nothing could be learnt from them.
    """
    best = evidence.best
    thresholds = np.array(terms.anytime or candidates(best, n_labels=evidence.n_labels))
    accepted = counts_above(best, thresholds)
    labelled = counts_above(best[evidence.audited], thresholds)
    errors = errors_above(evidence.at(np.flatnonzero(evidence.audited)), thresholds)
    counts = zip(thresholds.tolist(), accepted.tolist(), labelled.tolist(), errors.tolist(), strict=True)
    # Thresholds that accept the same audited pairs ask the same question twice; the laxest stands for them.
    by_count = {count: (threshold, n, count, wrong) for threshold, n, count, wrong in counts if count}
    return tuple(_step(*by_count[count], evidence.n_pairs, terms) for count in sorted(by_count))


def counts_above(best: Floats, thresholds: Floats) -> Counts:
    """Return how many pairs each threshold accepts."""
    ranked = np.sort(best)
    return len(ranked) - np.searchsorted(ranked, thresholds, side="left")


def errors_above(audited: Evidence, thresholds: Floats) -> Counts:
    """Return how many of the pairs that each threshold accepts are wrong; all of them are audited."""
    if audited.n_judges == 1:
        return counts_above(audited.best[audited.wrong[:, 0]], thresholds)
    best = audited.best
    found = [int((audited.mistaken(one) & (best >= one)).sum()) for one in thresholds]
    return np.array(found, dtype=np.intp)


def _step(threshold: float, accepted: int, labelled: int, errors: int, n_pairs: int, terms: Terms) -> Step:
    return Step(
        threshold=threshold,
        coverage=accepted / n_pairs,
        n_accepted=labelled,
        errors=errors,
        p_value=_p_value(errors, labelled, accepted, terms),
    )


def _p_value(errors: int, drawn: int, population: int, terms: Terms) -> float:
    if terms.anytime:
        return betting_tail(errors, drawn, terms.alpha)
    if terms.population == "stream":
        return binomial_tail(errors, drawn, terms.alpha)
    too_many = fewest_too_many(population, terms.alpha)
    return 0.0 if too_many > population else hypergeometric_tail(errors, drawn, population, too_many)


def passed(walk: Sequence[Step], level: float) -> int:
    """Return how many steps are passed before the first that is not.

    Testing in an order fixed beforehand and stopping at the first failure keeps the probability of
    any false pass at the level, however many steps there are (Maurer, Hothorn and Lehmacher 1995): a
    false pass needs the first false hypothesis in the order to pass.
    """
    for place, step in enumerate(walk):
        if step.p_value > level:
            return place
    return len(walk)
