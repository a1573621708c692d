"""Bounds: where a figure becomes a warning, as lines in charts and colours of figures."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from prefstream.domain.agreement.statistic import Statistic
from prefstream.domain.alerts import DEFAULTS, Rules, rules_of
from prefstream.domain.measures import CATALOG

#: How a figure stands to its bounds; "unsure": its interval reaches over a bound.
Band = Literal["good", "unsure", "warning", "critical", "unknown", "unbounded"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """The least that a figure should be; what has neither bound is not in any `Bounded`."""

    warning: float | None = None
    critical: float | None = None

    @property
    def levels(self) -> tuple[tuple[str, float], ...]:
        """Return the bounds there are, by name."""
        named = (("warning", self.warning), ("critical", self.critical))
        return tuple((name, level) for name, level in named if level is not None)


#: Bounds by statistic.
Bounded = Mapping[str, Bounds]


def bounds_of(rules: Rules) -> Bounded:
    """Return the bounds under which rules raise alerts, of figures of which more is better.

    >>> bounds_of(rules_of(DEFAULTS))["alpha_nominal"]
    Bounds(warning=0.8, critical=0.75)
    """
    found = {name: rules.thresholds(name) for name, one in CATALOG.items() if one.higher_is_better}
    bounds = {
        name: Bounds(warning=levels.get("warning"), critical=levels.get("critical"))
        for name, levels in found.items()
    }
    # Alpha is alpha: what holds of the nominal one is what one wants of the ordinal one.
    bounds["alpha_ordinal"] = (
        bounds["alpha_ordinal"] if bounds["alpha_ordinal"].levels else bounds["alpha_nominal"]
    )
    return {name: one for name, one in bounds.items() if one.levels}


#: The bounds of a deployment that sets none.
BOUNDS: Final[Bounded] = bounds_of(rules_of(DEFAULTS))


def band_of(name: str, figure: Statistic | None, bounds: Bounded = BOUNDS) -> Band:
    """Return how a figure stands to its bounds: by its value, "unsure" where its lower limit crosses.

    >>> band_of("alpha_nominal", Statistic(value=0.84, low=0.79, high=0.89, n_units=50))
    'unsure'
    >>> band_of("alpha_nominal", Statistic.undefined("no unit has two ratings", n_units=0))
    'unknown'
    """
    if figure is None or figure.value is None:
        return "unknown"
    if name not in bounds:
        return "unbounded"
    crossed = [level for level, bound in bounds[name].levels if figure.value < bound]
    if crossed:
        return "critical" if "critical" in crossed else "warning"
    highest = max(bound for _, bound in bounds[name].levels)
    return "unsure" if figure.low is not None and figure.low < highest else "good"
