"""What every statistic returns: a value with its bounds, or the reason why there is none."""

from dataclasses import dataclass
from math import sqrt
from typing import Self

from prefstream.schemas.errors import BadInput

#: The 97.5 % point of the standard normal distribution: two-sided 95 % limits.
Z_95 = 1.959963984540054

#: The bounds of a statistic whose state does not keep single units.
BOUNDS_NEED_UNITS = "the counts do not keep single units; bounds need a bootstrap over units"


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
    def with_variance(cls, value: float, variance: float, *, n_units: int) -> Self:
        """Return a figure with its large-sample 95 % limits, cut to [-1, 1].

        A standard error of zero gives no limits: it says that the sample shows no variation
        (two units that agree are enough), not that the figure is known exactly.
        """
        error = sqrt(variance)
        if error == 0:
            reason = "the standard error is 0; large-sample limits need units that differ"
            return cls(value=value, standard_error=0.0, bounds_reason=reason, n_units=n_units)
        low, high = max(-1.0, value - Z_95 * error), min(1.0, value + Z_95 * error)
        return cls(value=value, low=low, high=high, standard_error=error, n_units=n_units)
