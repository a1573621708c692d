"""Spending: how far a lower bound may be below its threshold by chance alone, over many looks.

A lower bound wavers from look to look as the figure does. Of a slice whose lower bound is at its
threshold on average, every second look finds it below. Where that must not raise, each look k is allowed
to be wrong with probability d_k = d 6 / (pi^2 k^2) only; these add up to d however long one looks
(Bonferroni over an endless row of looks). The look then asks

    low + z(1 - d_k) (s + 1.96 |value| / n) < threshold,    s = (value - low) / 1.96,

so that a slice whose lower bound is on average at its threshold or above ever raises with probability d
at most, as far as the figure is normal with standard error s. The bound wavers more than the figure: the
lower the figure, the larger its standard error. For s^2 = (1 - value^2) / n, which is alpha of two even
categories and two labels, the bound moves by 1 + 1.96 value / (n s) for each step of the figure.
"""

from math import pi
from statistics import NormalDist

from prefstream.domain.agreement.statistic import Z_95

_NORMAL = NormalDist()


def allowed(*, spend: float, look: int) -> float:
    """Return the normal quantile of the probability that a look, counted from 1, may spend.

    >>> [round(allowed(spend=0.05, look=look), 2) for look in (1, 7, 30)]
    [1.88, 3.23, 3.98]
    """
    return _NORMAL.inv_cdf(1 - spend * 6 / (pi * look) ** 2)


def guarded(low: float, value: float, *, n: int, spend: float, look: int) -> float:
    """Return a lower bound with what chance may have taken from it added.

    >>> round(guarded(0.75, 0.80, n=500, spend=0.05, look=1), 3)
    0.804
    """
    wavers = (value - low) / Z_95 + Z_95 * abs(value) / n
    return low + allowed(spend=spend, look=look) * wavers
