"""Calibration: whether what a judge is sure of is right as often as its confidence says."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import fsum

from prefstream.domain.evaluation.intervals import Share
from prefstream.schemas.errors import BadInput

BINS = 10
#: The confidence of a label, and whether people agree with it.
Scored = tuple[float, bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """Labels of about the same confidence."""

    low: float
    high: float
    mean_confidence: float
    agreement: Share


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """Expected calibration error in two ways of binning, and the Brier score."""

    n: int
    #: Mean confidence minus agreement; above 0 the judge is surer than it should be.
    overconfidence: float | None
    ece_equal_width: float | None
    ece_equal_mass: float | None
    brier: float | None
    equal_width: tuple[Bin, ...] = ()
    equal_mass: tuple[Bin, ...] = ()
    reason: str | None = None


def calibration(scored: Iterable[Scored], *, bins: int = BINS) -> Calibration:
    """Return how confidence and agreement go together.

    ECE = sum_b n_b / n |agreement_b - mean confidence_b| (Naeini et al. 2015; equal mass: Nixon et al.
    2019). Bins of equal mass never part labels of the same confidence, for a threshold cannot either,
    so there may be fewer than asked for. Brier = mean (confidence - [agrees])^2 (Brier 1950).

    Raises:
        BadInput: A confidence is no number from 0 to 1.

    >>> found = calibration([(0.75, True), (0.75, True), (0.75, False), (0.75, True)])
    >>> found.ece_equal_width, found.brier
    (0.0, 0.1875)
    """
    ordered = sorted(scored)
    if wrong := [confidence for confidence, _ in ordered if not 0 <= confidence <= 1]:
        raise BadInput(f"a confidence is a number from 0 to 1, not {wrong[0]}")
    if not ordered:
        reason = "no label of the judge has both a confidence and a side that people take"
        return Calibration(
            n=0, overconfidence=None, ece_equal_width=None, ece_equal_mass=None, brier=None, reason=reason
        )
    width = _binned(ordered, lambda one: min(int(one[0] * bins), bins - 1))
    mass = _bins(_equal_mass(ordered, bins))
    n = len(ordered)
    return Calibration(
        n=n,
        overconfidence=fsum(confidence - right for confidence, right in ordered) / n,
        ece_equal_width=_error(width, n),
        ece_equal_mass=_error(mass, n),
        brier=fsum((confidence - right) ** 2 for confidence, right in ordered) / n,
        equal_width=width,
        equal_mass=mass,
    )


def _binned(ordered: Sequence[Scored], key: Callable[[Scored], int]) -> tuple[Bin, ...]:
    return _bins([list(group) for _, group in groupby(ordered, key=key)])


def _bins(groups: Sequence[Sequence[Scored]]) -> tuple[Bin, ...]:
    return tuple(
        Bin(
            low=group[0][0],
            high=group[-1][0],
            mean_confidence=fsum(confidence for confidence, _ in group) / len(group),
            agreement=Share.counted(sum(right for _, right in group), len(group)),
        )
        for group in groups
    )


def _equal_mass(ordered: Sequence[Scored], bins: int) -> list[list[Scored]]:
    """Return bins that end at the limits between equal confidences nearest to equal shares."""
    groups: list[list[Scored]] = [[]]
    taken, share, n = 0, 1, len(ordered)
    for _, some in groupby(ordered, key=lambda one: one[0]):
        same = list(some)
        if groups[-1] and (2 * taken + len(same)) * bins > 2 * share * n:
            groups.append([])
            share = max(share, taken * bins // n) + 1
        groups[-1].extend(same)
        taken += len(same)
    return groups


def _error(bins: Sequence[Bin], n: int) -> float:
    return fsum(
        one.agreement.of / n * abs(one.agreement.hits / one.agreement.of - one.mean_confidence)
        for one in bins
    )
