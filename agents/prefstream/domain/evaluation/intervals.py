"""Shares with their intervals: for a look once, and for looking all the time."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import fsum, inf, lgamma, log, sqrt
from typing import Self

from prefstream.domain.agreement.statistic import Z_95

#: Error probability of the interval that holds at every look.
ALWAYS_DELTA = 0.05
_HALVINGS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A count out of a count, with two 95 % intervals; undefined is a reason, never a made-up 0.

    >>> share = Share.counted(9, 12)
    >>> share.value, round(share.low, 3), round(share.high, 3)
    (0.75, 0.468, 0.911)
    >>> Share.counted(0, 0, reason="nothing was compared").value is None
    True
    """

    hits: int
    of: int
    #: Wilson limits: for one look at a sample whose size was settled before.
    low: float | None = None
    high: float | None = None
    #: Limits that hold at every look at a growing sample together.
    always_low: float | None = None
    always_high: float | None = None
    #: Why there is no value; `None` exactly when there is one.
    reason: str | None = None

    @property
    def value(self) -> float | None:
        """Return the share."""
        return self.hits / self.of if self.of else None

    @classmethod
    def counted(cls, hits: int, of: int, *, reason: str = "nothing to count") -> Self:
        """Return the share of independent trials.

        Args:
            hits: Trials that count.
            of: All trials.
            reason: Why there is no share where there are no trials.
        """
        if not of:
            return cls(hits=0, of=0, reason=reason)
        low, high = wilson(hits / of, of)
        always_low, always_high = always(hits, of)
        return cls(hits=hits, of=of, low=low, high=high, always_low=always_low, always_high=always_high)

    @classmethod
    def clustered(cls, clusters: Iterable[tuple[int, int]], *, reason: str = "nothing to count") -> Self:
        """Return the share of trials that come in clusters, such as both readings of a pair.

        The Wilson limits use n / d trials, d = max(1, variance between clusters / binomial variance)
        being the design effect (Kish 1965): two readings of one pair are not two pairs. There is no
        interval for looking all the time.

        Args:
            clusters: Hits and trials of each cluster; those without trials are passed over.
            reason: Why there is no share where there are no trials.

        >>> pairs = Share.clustered([(2, 2), (0, 2)] * 20)
        >>> round(pairs.low, 2), round(Share.counted(40, 80).low, 2)
        (0.35, 0.39)
        """
        some = [(hits, of) for hits, of in clusters if of]
        hits, of = sum(one for one, _ in some), sum(one for _, one in some)
        if not of:
            return cls(hits=0, of=0, reason=reason)
        low, high = wilson(hits / of, of / _design_effect(some, hits / of, of))
        return cls(hits=hits, of=of, low=low, high=high)


def wilson(share: float, of: float) -> tuple[float, float]:
    """Return Wilson's 95 % limits of a share (Wilson 1927).

    (p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n)

    Args:
        share: Hits out of trials.
        of: The number of trials; a fraction where trials depend on each other.

    >>> [round(limit, 4) for limit in wilson(0.5, 10)]
    [0.2366, 0.7634]
    """
    spread = Z_95 * Z_95 / of
    centre = share + spread / 2
    reach = sqrt(spread * (share * (1 - share) + spread / 4))
    low, high = (centre - reach) / (1 + spread), (centre + reach) / (1 + spread)
    # Rounding must not push the limits of 0 and 1 past the share itself.
    return max(0.0, min(low, share)), min(1.0, max(high, share))


def always(hits: int, of: int, *, delta: float = ALWAYS_DELTA) -> tuple[float, float]:
    """Return limits that hold at all times at once: a confidence sequence for a share.

    All p with B(k + 1/2, n - k + 1/2) / B(1/2, 1/2) < p^k (1 - p)^(n - k) / delta. The ratio is a
    martingale under p, so by Ville's inequality it ever reaches 1/delta with probability at most
    delta (Robbins 1970, with a beta mixture). It depends on the counts only, not on their order.

    >>> [round(limit, 3) for limit in always(50, 100)]
    [0.338, 0.662]
    """
    mixture = _log_beta(hits + 0.5, of - hits + 0.5) - _log_beta(0.5, 0.5) + log(delta)

    def excluded(p: float) -> bool:
        return mixture >= _times_log(hits, p) + _times_log(of - hits, 1 - p)

    share = hits / of
    return _edge(excluded, share, 0.0), _edge(excluded, share, 1.0)


def _edge(excluded: Callable[[float], bool], inside: float, outside: float) -> float:
    """Return the limit between a share that is in the interval and an end that may not be."""
    if not excluded(outside):
        return outside
    for _ in range(_HALVINGS):
        middle = (inside + outside) / 2
        inside, outside = (inside, middle) if excluded(middle) else (middle, outside)
    return outside


def _design_effect(clusters: list[tuple[int, int]], share: float, of: int) -> float:
    binomial = share * (1 - share) * of
    if len(clusters) < 2 or binomial == 0:
        return 1.0
    # Exactly rounded, so that the order of pairs cannot show in the last digit.
    between = fsum((hits - share * size) ** 2 for hits, size in clusters)
    return max(1.0, between * len(clusters) / (len(clusters) - 1) / binomial)


def _log_beta(a: float, b: float) -> float:
    return lgamma(a) + lgamma(b) - lgamma(a + b)


def _times_log(count: int, p: float) -> float:
    if count == 0:
        return 0.0
    return count * log(p) if p > 0 else -inf
