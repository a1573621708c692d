"""Candidate thresholds: chosen from the confidences alone, never from a label."""

from collections.abc import Iterator
from math import ceil, sqrt

import numpy as np

from prefstream.domain.certification.evidence import NO_VERDICT, Floats

#: The walk begins where this share of the pairs is accepted, and takes steps of `STEP`.
START = 0.4
STEP = 0.025
#: Fewer accepted labels than this prove too little for a first step, whatever they say.
LEAST_ACCEPTED = 40
#: With more labels than this a smaller share proves as much: the first step shrinks with their root.
MANY_LABELS = 1000


def candidates(best: Floats, *, n_labels: int) -> tuple[float, ...]:
    """Return thresholds to try, from the strictest to the one that accepts every verdict.

    A grid of accepted shares, 40, 42.5, ... 100 %, beginning later where 40 % of the labels are fewer
    than `LEAST_ACCEPTED`, and earlier where there are more than `MANY_LABELS`; candidates that accept
    less than the first share are left out. At each share stands the pair with that rank; the candidate
    accepts what is *strictly above* it, so a tie group is never split. It is strict for a reason: given
    the value v at a rank and the number of pairs above it, those pairs are independent draws from all
    pairs above v, so that their errors are exactly binomial although v was read off the same sample. A
    threshold *at* v would let the choice of v show in its own tie group.

    Neither labels nor the bound nor the error probability enter, so certifying at another bound walks
    the same thresholds.

    Args:
        best: The confidence of every pair, audited or not; -inf where there is no verdict.
        n_labels: Pairs of the audit sample.

    >>> candidates(np.array([0.9] * 70 + [0.8] * 20 + [0.6] * 10), n_labels=100)
    (0.8000000000000002, 0.6000000000000001, 0.0)
    """
    if not len(best) or not n_labels:
        return ()
    ranked = np.sort(best)[::-1]
    first = _first_share(n_labels)
    values = np.array([ranked[rank] for rank in _ranks(len(ranked), first)])
    above = np.searchsorted(-ranked, -values, side="left")
    found = [_above(value) for value in values[above >= first * len(ranked) - 1].tolist()]
    if ranked[0] != NO_VERDICT:
        found.append(0.0)  # known beforehand: every pair with a verdict
    return tuple(dict.fromkeys(found))


def _first_share(n_labels: int) -> float:
    return min(1.0, max(START * min(1.0, sqrt(MANY_LABELS / n_labels)), LEAST_ACCEPTED / n_labels))


def _ranks(n_pairs: int, first: float) -> Iterator[int]:
    """Return the ranks, from 0, of the pairs just below each share."""
    grid = (STEP * i for i in range(1, round(1 / STEP) + 1))
    for share in (first, *(share for share in grid if share > first)):
        rank = ceil(share * n_pairs - 1e-9)
        if rank < n_pairs:
            yield rank


def _above(value: float) -> float:
    """Return the smallest threshold that a value does not reach."""
    return 0.0 if value == NO_VERDICT else float(np.nextafter(value, np.inf))
