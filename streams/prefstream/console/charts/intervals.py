"""Intervals beside each other: one row a slice, now and before, with the bounds across all."""

from collections.abc import Sequence
from dataclasses import dataclass

from prefstream.console.charts.frames import Frame, range_of
from prefstream.console.charts.panels import Tick
from prefstream.domain.agreement import Statistic
from prefstream.domain.trends import BOUNDS, Band, Bounded, band_of

_ROW, _TOP, _NAMES, _WIDTH, _RIGHT = 24.0, 22.0, 190.0, 720.0, 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A row."""

    name: str
    y: float
    figure: Statistic | None
    band: Band
    x: float | None
    low: float | None
    high: float | None
    #: Where it was before.
    before: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Intervals:
    """Rows in one frame, on one scale."""

    width: float
    height: float
    frame: Frame
    ticks: Sequence[Tick]
    bounds: Sequence[Tick]
    rows: Sequence[Interval]


def intervals(
    statistic: str,
    rows: Sequence[tuple[str, Statistic | None, Statistic | None]],
    bounds: Bounded = BOUNDS,
) -> Intervals:
    """Return rows of a figure now and before.

    Args:
        statistic: Whose bounds are drawn.
        rows: Name, figure now and figure before.
        bounds: The bounds of the deployment.
    """
    low, high = range_of(one for _, now, before in rows for one in (now, before))
    frame = Frame(
        left=_NAMES,
        top=_TOP,
        width=_WIDTH - _NAMES - _RIGHT,
        height=_ROW * max(1, len(rows)),
        low=low,
        high=high,
    )
    levels = bounds[statistic].levels if statistic in bounds else ()
    tenths = range(round(low * 10), round(high * 10) + 1, 2)
    return Intervals(
        width=_WIDTH,
        height=frame.bottom + 6,
        frame=frame,
        ticks=[Tick(at=frame.across(tenth / 10), value=tenth / 10) for tenth in tenths],
        bounds=[Tick(at=frame.across(level), value=level, bound=name) for name, level in levels],
        rows=[_row(frame, index, row, band_of(statistic, row[1], bounds)) for index, row in enumerate(rows)],
    )


def _row(
    frame: Frame, index: int, row: tuple[str, Statistic | None, Statistic | None], band: Band
) -> Interval:
    name, now, before = row

    def across(value: float | None) -> float | None:
        return None if value is None else frame.across(value)

    return Interval(
        name=name,
        y=frame.top + (index + 0.5) * _ROW,
        figure=now,
        band=band,
        x=across(now.value if now else None),
        low=across(now.low if now else None),
        high=across(now.high if now else None),
        before=across(before.value if before else None),
    )
