"""Rules: which figure of a slice asks somebody to act, at which bound, and what is asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256
from typing import Literal

import orjson

from prefstream.domain.monitoring import ARL
from prefstream.schemas.errors import BadInput
from prefstream.schemas.metrics import Window

Severity = Literal["notice", "warning", "critical"]
#: How a rule looks. "daily": at the first figure of each day, and at none between, so that the number of
#: looks does not grow with the number of events. "evidence": at every outcome, by a monitor that may look
#: always. "every": at every figure, for what is counted and not estimated. "gauge": by the clock.
Look = Literal["daily", "evidence", "every", "gauge"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """A bound, and what is asked for beyond it."""

    bound: float
    severity: Severity
    action: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule; its alerts are told apart by rule, slice and window."""

    name: str
    title: str
    #: The figure as `prefstream.domain.measures` names it, or the gauge.
    statistic: str
    look: Look
    side: Literal["below", "above"]
    #: From the mildest on; a rule without a level never raises.
    levels: tuple[Level, ...]
    #: How far back beyond the mildest bound the figure must come before the alert clears.
    clear_margin: float = 0.0
    window: Window = "7d"
    #: Which number of the figure is held against the bounds: bounds that are kept with certainty read "low".
    reads: Literal["low", "value"] = "value"
    #: Units below which nobody looks; of "evidence", outcomes that must speak for a recovery.
    min_n: int = 1
    #: Each subject by itself, the worst one speaks; else the figure of all together.
    each_subject: bool = False
    #: Days for which the figure may be undefined while the slice goes on; `None`: for ever.
    undefined_days: float | None = None
    #: Shares and coefficients are said with their band.
    banded: bool = False

    @property
    def runbook(self) -> str:
        """Return the page that says what to look at and what to do."""
        return f"docs/runbooks/{self.name.replace('_', '-')}.md"

    def beyond(self, reading: float) -> int:
        """Return how many levels a reading is beyond; exactly at a bound it is not beyond it."""
        return sum(
            reading < one.bound if self.side == "below" else reading > one.bound for one in self.levels
        )

    def back(self, reading: float) -> bool:
        """Return whether a reading is far enough back that an alert clears."""
        mildest = self.levels[0].bound
        if self.side == "below":
            return reading >= round(mildest + self.clear_margin, 12)
        return reading <= round(mildest - self.clear_margin, 12)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The rules of a deployment."""

    every: tuple[Rule, ...]
    #: Mean number of outcomes of a slice until a false alarm of a rule that weighs evidence, at least.
    arl: float = ARL
    #: What all daily looks at a slice may spend on chance; `None`: bounds are read as they are.
    spend: float | None = None
    #: What the rules are, as a hash: alerts say under which rules they were raised.
    id: str = field(init=False)

    def __post_init__(self) -> None:
        content = orjson.dumps([[asdict(one) for one in self.every], self.arl, self.spend])
        object.__setattr__(self, "id", f"rules@{sha256(content).hexdigest()[:12]}")

    def named(self, name: str) -> Rule:
        """Return a rule.

        Raises:
            BadInput: There is none of this name.
        """
        for one in self.every:
            if one.name == name:
                return one
        known = ", ".join(one.name for one in self.every)
        raise BadInput(f"there is no alert rule {name!r}; there are {known}")

    def thresholds(self, statistic: str) -> Mapping[Severity, float]:
        """Return the bounds of a figure by how grave it is to be beyond them; none for figures without."""
        return {
            level.severity: level.bound
            for one in self.every
            if one.statistic == statistic
            for level in one.levels
        }

    def looking(self, *looks: Look) -> Sequence[Rule]:
        """Return the rules that look so and have something to raise."""
        return [one for one in self.every if one.look in looks and one.levels]


def rules_of(
    defaults: Sequence[Rule],
    *,
    bounds: Mapping[str, Sequence[float]] | None = None,
    min_n: Mapping[str, int] | None = None,
    off: Sequence[str] = (),
    arl: float = ARL,
    spend: float | None = None,
) -> Rules:
    """Return the rules with the bounds of a deployment.

    Args:
        defaults: The rules there are.
        bounds: Other bounds, by rule, as many as the rule has levels, from the mildest on.
        min_n: Other least numbers of units, by rule.
        off: Rules that never raise.
        arl: Mean number of outcomes until a false alarm, at least.
        spend: What may be spent on chance by all daily looks at a slice together.

    Raises:
        BadInput: There is no such rule, or its bounds are not as many as its levels or not in order.
    """
    known = Rules(every=tuple(defaults), arl=arl)
    for name in (*(bounds or {}), *(min_n or {}), *off):
        known.named(name)
    changed = [
        _with_bounds(
            replace(rule, min_n=(min_n or {}).get(rule.name, rule.min_n)), (bounds or {}).get(rule.name)
        )
        for rule in defaults
    ]
    every = [replace(rule, levels=()) if rule.name in off else rule for rule in changed]
    return Rules(every=tuple(every), arl=arl, spend=spend)


def _with_bounds(rule: Rule, bounds: Sequence[float] | None) -> Rule:
    if bounds is None:
        # Some rules have no bound that would suit everybody.
        kept = tuple(level for level in rule.levels if level.bound == level.bound)
        return replace(rule, levels=kept)
    if len(bounds) != len(rule.levels):
        raise BadInput(
            f"the alert rule {rule.name} takes {len(rule.levels)} bounds, from the mildest on, "
            f"not {len(bounds)}: {list(bounds)}"
        )
    if list(bounds) != sorted(bounds, reverse=rule.side == "below"):
        raise BadInput(f"the bounds of the alert rule {rule.name} go from the mildest on, not {list(bounds)}")
    if rule.look == "evidence" and not all(0 < bound < 1 for bound in bounds):
        raise BadInput(f"the bounds of the alert rule {rule.name} lie between 0 and 1, not {list(bounds)}")
    levels = [replace(level, bound=bound) for level, bound in zip(rule.levels, bounds, strict=True)]
    return replace(rule, levels=tuple(levels))
