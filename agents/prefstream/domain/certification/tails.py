"""Exact tails: how likely so few errors would be if the true rate were the bound or worse."""

from functools import lru_cache
from math import floor, lgamma, log, log1p
from typing import Any

import numpy as np

#: The product of a bound and a count that is a whole number in truth must not fall below it.
_ROUNDING = 1e-9


@lru_cache(maxsize=1 << 16)
def binomial_tail(errors: int, drawn: int, rate: float) -> float:
    """Return P(X <= errors) for X ~ Binomial(drawn, rate).

    The p-value of "the error rate is above `rate`" for pairs drawn from a stream without end
    (Clopper and Pearson 1934). Summed in logarithms, so that no count is too large.

    >>> round(binomial_tail(0, 22, 0.1), 6)
    0.098477
    >>> binomial_tail(3, 3, 0.1)
    1.0
    """
    if errors >= drawn:
        return 1.0
    first = drawn * log1p(-rate)
    k = np.arange(errors, dtype=np.float64)
    steps = np.log((drawn - k) / (k + 1.0)) + (log(rate) - log1p(-rate))
    return _summed(first, steps)


@lru_cache(maxsize=1 << 16)
def hypergeometric_tail(errors: int, drawn: int, population: int, wrong: int) -> float:
    """Return P(X <= errors) for X wrong pairs among `drawn`, without return, of `population`.

    >>> round(hypergeometric_tail(0, 5, 10, 1), 6)
    0.5
    >>> hypergeometric_tail(0, 10, 10, 1)
    0.0
    """
    if errors >= min(drawn, wrong):
        return 1.0
    least = max(0, drawn - (population - wrong))
    if errors < least:
        return 0.0
    first = _choose(wrong, least) + _choose(population - wrong, drawn - least) - _choose(population, drawn)
    k = np.arange(least, errors, dtype=np.float64)
    steps = np.log(wrong - k) + np.log(drawn - k) - np.log(k + 1) - np.log(population - wrong - drawn + k + 1)
    return _summed(first, steps)


def fewest_too_many(population: int, rate: float) -> int:
    """Return the smallest number of wrong pairs whose share is above the rate.

    >>> fewest_too_many(10, 0.1), fewest_too_many(11, 0.1), fewest_too_many(100, 0.07)
    (2, 2, 8)
    """
    return floor(rate * population + _ROUNDING) + 1


def _summed(first: float, steps: np.ndarray[Any, np.dtype[np.float64]]) -> float:
    """Return the sum of terms of which the first and the ratios are given, all as logarithms."""
    terms = np.concatenate(([0.0], np.cumsum(steps))) + first
    top = float(terms.max())
    return min(1.0, float(np.exp(top) * np.exp(terms - top).sum()))


def _choose(n: int, k: int) -> float:
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)
