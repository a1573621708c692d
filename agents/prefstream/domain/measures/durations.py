"""Durations as counts in steps that grow: they add up, and quantiles come from them within a tenth."""

from bisect import bisect_right
from collections.abc import Mapping
from math import ceil, sqrt
from typing import Final

from prefstream.domain.agreement.statistic import Z_95, Statistic

#: Each step is a fifth longer than the one before.
GROWTH: Final = 1.2
#: Where the steps begin, in seconds: the first holds what takes less than one, the last is years long.
EDGES_S: Final = (0.0, *(GROWTH**power for power in range(109)))


def step_of(seconds: float) -> int:
    """Return the step a duration falls into; what seems to end before it began takes no time.

    >>> step_of(-3), step_of(0.5), step_of(1), step_of(60)
    (0, 0, 1, 23)
    """
    return max(0, bisect_right(EDGES_S, seconds) - 1)


def quantile(steps: Mapping[int, int], share: float, *, reason: str) -> Statistic:
    """Return a quantile of counted durations.

    The value is the geometric middle of the step that holds the duration of rank ceil(q n), so within
    10 % of it; below a second it is half a second. The limits are the outer edges of the steps that hold
    the ranks q n -+ 1.96 sqrt(n q (1 - q)) (order statistics, Conover 1999, 3.2).

    Args:
        steps: How many durations fall into each step.
        share: q, e.g. 0.5 for the median.
        reason: Why there is none where nothing was counted.

    >>> spread = quantile({step_of(50): 90, step_of(5000): 10}, 0.5, reason="none")
    >>> round(spread.value, 1), round(spread.low, 1), round(spread.high, 1)
    (50.4, 46.0, 55.2)
    """
    n = sum(steps.values())
    if not n:
        return Statistic.undefined(reason, n_units=0)
    reach = Z_95 * sqrt(n * share * (1 - share))
    low = _step_at(steps, ceil(share * n - reach))
    high = _step_at(steps, ceil(share * n + reach))
    return Statistic(
        value=_middle(_step_at(steps, ceil(share * n))), low=EDGES_S[low], high=_end(high), n_units=n
    )


def _step_at(steps: Mapping[int, int], rank: int) -> int:
    """Return the step that holds the duration of this rank, counted from 1; ranks beyond are cut."""
    passed = 0
    for step in sorted(steps):
        passed += steps[step]
        if passed >= rank and steps[step]:
            return step
    return max(steps)


def _middle(step: int) -> float:
    return sqrt(EDGES_S[step] * _end(step)) if step else 0.5


def _end(step: int) -> float:
    return EDGES_S[step + 1] if step + 1 < len(EDGES_S) else EDGES_S[step] * GROWTH
