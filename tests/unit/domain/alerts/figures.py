"""Figures of a slice for tests of alerts."""

from collections.abc import Sequence
from typing import Any

from prefstream.domain.alerts import DEFAULTS, Rules, Signal, SliceWatch, rules_of, watched
from prefstream.schemas.metrics import Measurement, Window

HOUR_US = 3600 * 1_000_000
DAY_US = 24 * HOUR_US
RULES = rules_of(DEFAULTS)


def alpha(low: float | None, *, n: int = 500, value: float | None = None) -> Measurement:
    if low is None:
        return Measurement(statistic="alpha_nominal", value=None, reason="no unit has two ratings", n=0)
    middle = low + 0.05 if value is None else value
    return Measurement(statistic="alpha_nominal", value=middle, low=low, high=min(1.0, middle + 0.05), n=n)


def kappa(pair: str, low: float, *, n: int = 500) -> Measurement:
    return Measurement(statistic=f"cohen_kappa:{pair}", value=low + 0.05, low=low, high=low + 0.1, n=n)


def share(statistic: str, right: int, n: int) -> Measurement:
    if not n:
        return Measurement(statistic=statistic, value=None, reason="nothing was counted", n=0)
    return Measurement(statistic=statistic, value=right / n, low=0.0, high=1.0, n=n)


class Watching:
    """A slice under watch."""

    def __init__(self, rules: Rules = RULES) -> None:
        self.rules, self.watch = rules, SliceWatch()

    def sees(self, *figures: Measurement, at_us: int, window: Window = "7d") -> Sequence[Signal]:
        self.watch, said = watched(self.rules, self.watch, window=window, as_of_us=at_us, figures=figures)
        return said

    def kinds(self, *figures: Measurement, **where: Any) -> list[tuple[str, str, str]]:
        return [(one.name, one.move.kind, one.level.severity) for one in self.sees(*figures, **where)]
