"""What every statistic returns: a value with its bounds, or the reason why there is none."""

from dataclasses import dataclass
from functools import lru_cache
from math import cos, fsum, pi, sin, sqrt
from typing import Self

from prefstream.schemas.errors import BadInput

#: The 97.5 % point of the standard normal distribution: two-sided 95 % limits.
Z_95 = 1.959963984540054

#: The bounds of a statistic whose state does not keep single units.
BOUNDS_NEED_UNITS = "the counts do not keep single units; bounds need their compositions"
#: The bounds of what one unit says.
BOUNDS_NEED_TWO_UNITS = "there is one unit; bounds need at least two"
#: Degrees of freedom from which the expansion of Student's t is exact to 1e-11.
_MANY = 150
_HALVINGS = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistic:
    """One figure: undefined is `None` with a reason, never a made-up 0 or 1.

    >>> Statistic.undefined("no unit was rated by both", n_units=0)
    Statistic(value=None, low=None, high=None, standard_error=None, \
reason='no unit was rated by both', bounds_reason=None, n_units=0)
    """

    value: float | None
    #: 95 % limits; both or neither.
    low: float | None = None
    high: float | None = None
    standard_error: float | None = None
    #: Why there is no value; `None` exactly when there is one.
    reason: str | None = None
    #: Why there are no bounds although there is a value.
    bounds_reason: str | None = None
    #: Units that entered the figure.
    n_units: int

    def __post_init__(self) -> None:
        if (self.value is None) == (self.reason is None):
            raise BadInput(
                f"a statistic has either a value or a reason, not {self.value!r} and {self.reason!r}"
            )
        if (self.low is None) != (self.high is None) or (self.value is None and self.low is not None):
            raise BadInput(f"bounds come together and with a value, not {self.low!r} to {self.high!r}")

    @classmethod
    def undefined(cls, reason: str, *, n_units: int) -> Self:
        """Return the figure that could not be computed."""
        return cls(value=None, reason=reason, n_units=n_units)

    @classmethod
    def unbounded(cls, value: float, *, n_units: int, bounds_reason: str = BOUNDS_NEED_UNITS) -> Self:
        """Return a figure whose bounds are not known."""
        return cls(value=value, bounds_reason=bounds_reason, n_units=n_units)

    @classmethod
    def with_variance(
        cls, value: float, variance: float, *, n_units: int, floor: float = -1.0, reach: float = Z_95
    ) -> Self:
        """Return a figure with its large-sample 95 % limits, cut to [-1, 1].

        A standard error of zero gives no limits: it says that the sample shows no variation
        (two units that agree are enough), not that the figure is known exactly.

        Args:
            value: The figure.
            variance: Its variance.
            n_units: Units that entered it.
            floor: The least that the figure can be.
            reach: How many standard errors the limits are away.
        """
        error = sqrt(variance)
        if error == 0:
            reason = "the standard error is 0; large-sample limits need units that differ"
            return cls(value=value, standard_error=0.0, bounds_reason=reason, n_units=n_units)
        low, high = max(floor, value - reach * error), min(1.0, value + reach * error)
        return cls(value=value, low=low, high=high, standard_error=error, n_units=n_units)

    @classmethod
    def over_units(
        cls, value: float, squares: float | None, *, n_units: int, n_sampled: int, floor: float = -1.0
    ) -> Self:
        """Return a figure whose limits come from how units differ, by Student's t with n - 1.

        Args:
            value: The figure.
            squares: Sum over the n units of (x_u - value)^2, where the figure is near the mean of the
                x_u; `None` where the state does not keep units.
            n_units: Units that entered the figure.
            n_sampled: n, the units that the sum is over.
            floor: The least that the figure can be.
        """
        if squares is None:
            return cls.unbounded(value, n_units=n_units)
        if n_sampled < 2:
            return cls.unbounded(value, n_units=n_units, bounds_reason=BOUNDS_NEED_TWO_UNITS)
        variance = squares / (n_sampled * (n_sampled - 1))
        return cls.with_variance(
            value, variance, n_units=n_units, floor=floor, reach=student_975(n_sampled - 1)
        )


@lru_cache(maxsize=1024)
def student_975(freedom: int) -> float:
    """Return the 97.5 % point of Student's t, for two-sided 95 % limits.

    The distribution for whole degrees of freedom is a finite sum (Abramowitz and Stegun 26.7.3-4); for
    many, the point is an expansion around the normal one (26.7.5).

    >>> [round(student_975(freedom), 4) for freedom in (1, 2, 11, 349)]
    [12.7062, 4.3027, 2.201, 1.9668]
    """
    if freedom >= _MANY:
        return _expanded(freedom)
    low, high = 0.0, pi / 2
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if _within(middle, freedom) > 0.95 else (middle, high)
    return sqrt(freedom) * sin(low) / cos(low)


def _within(angle: float, freedom: int) -> float:
    """Return the probability of |t| < sqrt(freedom) tan(angle)."""
    even = freedom % 2 == 0
    term, terms = (1.0 if even else cos(angle)), []
    for k in range(1 if even else 2, freedom, 2):
        terms.append(term)
        term *= cos(angle) ** 2 * k / (k + 1)
    total = sin(angle) * fsum(terms)
    return total if even else 2 / pi * (angle + total)


def _expanded(freedom: int) -> float:
    z = Z_95
    steps = (
        z,
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return fsum(step / freedom**power for power, step in enumerate(steps))
