"""Scorecards: a week of all slices beside the week before, with what is not known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from math import sqrt
from typing import Final

from prefstream.domain.agreement.statistic import Statistic
from prefstream.domain.trends.series import Counted, Name, Point, figures_in
from prefstream.domain.trends.weeks import Week

_LENGTHS: Final = {"1h": timedelta(hours=1), "24h": timedelta(days=1), "7d": timedelta(days=7)}
_BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)
#: Longer than any log; windows of all time reach back to the beginning.
_EVER: Final = timedelta(days=36_600)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A figure now less the same figure before."""

    value: float
    low: float | None
    high: float | None

    @property
    def beyond_chance(self) -> bool:
        """Whether its 95 % limits leave zero out."""
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """An alert as the scorecard tells it."""

    alert_id: str
    slice: str
    window_name: str | None
    statistic: str
    severity: str
    action: str
    detail: str
    runbook: str | None
    raised_at: datetime
    cleared_at: datetime | None
    #: Who has it in hand and what they say of it; nobody: somebody at the command line.
    taken_by: str | None = None
    taken_why: str | None = None
    taken_at: datetime | None = None
    silenced: bool = False

    @property
    def behind(self) -> tuple[datetime, datetime] | None:
        """The stretch of the window that the alert spoke of; `None` where it is of no slice."""
        if not self.slice:
            return None
        until = self.raised_at.replace(second=0, microsecond=0) + timedelta(minutes=1)
        return max(until - _LENGTHS.get(self.window_name or "", _EVER), _BEGINNING), until

    @property
    def runbook_name(self) -> str:
        """The name of the runbook, which alerts give as a file of the documentation; empty: none."""
        return (self.runbook or "").rpartition("/")[2].removesuffix(".md")

    def as_of(self, until: datetime) -> "Alert":
        """Return the alert as it stood at an instant: what came later is not told."""
        cleared = self.cleared_at if self.cleared_at is not None and self.cleared_at < until else None
        if self.taken_at is not None and self.taken_at < until:
            return replace(self, cleared_at=cleared, silenced=False)
        return replace(self, cleared_at=cleared, silenced=False, taken_by=None, taken_why=None, taken_at=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceCard:
    """One slice in its week and the week before; the empty name is all slices together."""

    slice: str
    now: Mapping[Name, Statistic]
    before: Mapping[Name, Statistic]

    def change(self, statistic: str, subject: str = "") -> Change | None:
        """Return how much a figure has changed; `None` where one of the two is not known."""
        now, before = self.now.get((statistic, subject)), self.before.get((statistic, subject))
        return changed(now, before) if now and before else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scorecard:
    """A week."""

    week: Week
    total: SliceCard
    #: By name.
    slices: Sequence[SliceCard]
    #: All slices together, day by day.
    days: Sequence[Point]
    alerts: Sequence[Alert]

    @property
    def not_known(self) -> Sequence[tuple[str, Name, str]]:
        """Return the figures without a value: slice, name and why."""
        return [
            (card.slice, name, figure.reason or "")
            for card in (self.total, *self.slices)
            for name, figure in card.now.items()
            if figure.value is None
        ]


def changed(now: Statistic, before: Statistic) -> Change | None:
    """Return the change of a figure between two weeks, with limits from those of both.

    The limits are those of a difference of two independent estimates by the method of variance
    estimates recovery: low = d - sqrt((a - l_a)^2 + (u_b - b)^2), high = d + sqrt((u_a - a)^2 + (b - l_b)^2)
    (Newcombe 1998 for shares; Zou and Donner 2008). Weeks share no pair, so they are independent.

    >>> week = Statistic(value=0.8, low=0.7, high=0.9, n_units=50)
    >>> last = Statistic(value=0.6, low=0.5, high=0.7, n_units=50)
    >>> change = changed(week, last)
    >>> round(change.value, 3), round(change.low, 3), round(change.high, 3), change.beyond_chance
    (0.2, 0.059, 0.341, True)
    """
    if now.value is None or before.value is None:
        return None
    value = now.value - before.value
    if now.low is None or now.high is None or before.low is None or before.high is None:
        return Change(value=value, low=None, high=None)
    down = sqrt((now.value - now.low) ** 2 + (before.high - before.value) ** 2)
    up = sqrt((now.high - now.value) ** 2 + (before.value - before.low) ** 2)
    return Change(value=value, low=value - down, high=value + up)


def scorecard(
    week: Week,
    now: Mapping[str, Counted],
    before: Mapping[str, Counted],
    days: Sequence[Point],
    alerts: Sequence[Alert],
) -> Scorecard:
    """Return the scorecard of a week.

    Args:
        week: The week.
        now: What was counted in it, by slice.
        before: What was counted in the week before.
        days: All slices together, day by day.
        alerts: Alerts raised, open or cleared in the week.
    """
    cards = [
        _card(name, now.get(name, Counted()), before.get(name, Counted())) for name in sorted({*now, *before})
    ]
    total = _card("", _together(now), _together(before))
    return Scorecard(week=week, total=total, slices=cards, days=days, alerts=alerts)


def _card(name: str, now: Counted, before: Counted) -> SliceCard:
    return SliceCard(slice=name, now=figures_in(now), before=figures_in(before))


def _together(counted: Mapping[str, Counted]) -> Counted:
    whole = Counted()
    for name in sorted(counted):
        whole = whole.merge(counted[name])
    return whole
