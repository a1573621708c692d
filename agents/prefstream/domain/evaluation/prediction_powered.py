"""PPI++: estimates from few labels by people and many by a judge."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import sqrt
from typing import Literal

import numpy as np
import numpy.typing as npt

from prefstream.domain.agreement.statistic import Z_95
from prefstream.domain.evaluation.bias import MIN_PAIRS, TOO_FEW
from prefstream.schemas.errors import BadInput

_Numbers = npt.NDArray[np.float64]
_NO_ERROR = 1e-12
NOBODY = "nobody labelled any of these pairs"


@dataclass(frozen=True, slots=True, kw_only=True)
class PoweredMean:
    """A mean with its 95 % limits."""

    value: float | None
    low: float | None = None
    high: float | None = None
    standard_error: float | None = None
    #: Why there are no limits although there is a value.
    bounds_reason: str | None = None
    #: How much the judge's labels count: 0 not at all, 1 fully.
    weight: float | None = None
    #: Which estimate this is; labels alone where the judge's would only have added noise.
    method: Literal["ppi++", "labels_alone"] = "labels_alone"
    labelled: int
    unlabelled: int
    reason: str | None = None


def powered_mean(labels: Sequence[float], guesses: Sequence[float], others: Sequence[float]) -> PoweredMean:
    """Return the better of PPI++ and the mean of the labels alone, by their standard errors.

    PPI++ with a tuned weight is no worse in the limit; in small samples the weight is itself
    estimated and can hurt, and then the labels alone are returned, and said to be.
    With fewer than 30 labels there are no limits, for they would be those of a large sample.

    Args:
        labels: What people say, as numbers.
        guesses: What the judge says of the same pairs.
        others: What the judge says of pairs that nobody labelled, drawn like those.

    Raises:
        BadInput: Labels and guesses are not of one length, or something is not a finite number.

    >>> powered_mean([1, 0, 1, 1], [0.9, 0.2, 0.8, 0.9], [0.9, 0.1, 0.8] * 9).method
    'ppi++'
    >>> powered_mean([], [], [0.9]).reason
    'nobody labelled any of these pairs'
    """
    y, f, rest = _numbers(labels), _numbers(guesses), _numbers(others)
    if len(y) != len(f):
        raise BadInput(f"there are {len(y)} labels and {len(f)} guesses; every label needs its guess")
    if not len(y):
        return PoweredMean(value=None, reason=NOBODY, labelled=0, unlabelled=len(rest))
    alone = _mean(y, f, rest, 0.0)
    if not len(rest):
        return _guarded(alone)
    powered = ppi_mean(labels, guesses, others)
    return _guarded(powered if (powered.standard_error or 0) <= (alone.standard_error or 0) else alone)


def ppi_mean(
    labels: Sequence[float], guesses: Sequence[float], others: Sequence[float], *, weight: float | None = None
) -> PoweredMean:
    """Return the PPI++ estimate of a mean as the paper's own library computes it.

    theta = mean(lambda F_other) + mean(Y - lambda F), with variance var(lambda F_other) / N +
    var(Y - lambda F) / n. The tuned lambda is cov(Y, F) / ((1 + n / N) var(F)), the variance of all
    guesses together, cut to [0, 1]. Source: Angelopoulos, Duchi and Zrnic 2023, arXiv:2311.01453.

    Args:
        labels: What people say.
        guesses: What the judge says of the same pairs.
        others: What the judge says of pairs that nobody labelled; at least one.
        weight: Lambda; tuned if not given.

    >>> found = ppi_mean([1, 0, 1, 1], [0.9, 0.2, 0.8, 0.9], [0.9, 0.1, 0.8] * 9)
    >>> round(found.value, 4), round(found.weight, 4)
    (0.6639, 0.8607)
    """
    y, f, rest = _numbers(labels), _numbers(guesses), _numbers(others)
    return _mean(y, f, rest, _tuned(y, f, rest) if weight is None else weight)


def _guarded(found: PoweredMean) -> PoweredMean:
    """Return the estimate without limits where large-sample limits would claim too much."""
    if found.labelled < MIN_PAIRS:
        return replace(found, low=None, high=None, bounds_reason=TOO_FEW)
    if (found.standard_error or 0) < _NO_ERROR:
        return replace(found, low=None, high=None, bounds_reason="the labels show no variation")
    return found


def _tuned(y: _Numbers, f: _Numbers, rest: _Numbers) -> float:
    together = np.concatenate([f, rest])
    variance = float(together.var(ddof=1))
    if variance == 0:
        return 0.0
    covariance = float(((y - y.mean()) * (f - f.mean())).mean())
    return min(1.0, max(0.0, covariance / ((1 + len(y) / len(rest)) * variance)))


def _mean(y: _Numbers, f: _Numbers, rest: _Numbers, weight: float) -> PoweredMean:
    value, variance = float((y - weight * f).mean()), float((y - weight * f).var()) / len(y)
    if len(rest):
        value += float((weight * rest).mean())
        variance += float((weight * rest).var()) / len(rest)
    error = sqrt(variance)
    return PoweredMean(
        value=value,
        low=value - Z_95 * error,
        high=value + Z_95 * error,
        standard_error=error,
        weight=weight,
        method="ppi++" if weight else "labels_alone",
        labelled=len(y),
        unlabelled=len(rest),
    )


def _numbers(values: Sequence[float]) -> _Numbers:
    numbers = np.asarray(values, dtype=np.float64).reshape(-1)
    if not np.isfinite(numbers).all():
        raise BadInput("labels and guesses are finite numbers; one of them is not")
    return numbers
