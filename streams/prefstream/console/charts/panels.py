"""Panels: lines with their bands over steps of time, and bars of how much there was."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from prefstream.console.charts.frames import Frame
from prefstream.domain.agreement import Statistic
from prefstream.domain.trends import BOUNDS, Band, Bounded, band_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A place on an axis."""

    at: float
    value: float
    #: "warning" or "critical" where it is a bound.
    bound: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dot:
    """A point of a line."""

    x: float
    y: float
    index: int
    band: Band


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line: paths of what is known, with gaps where nothing is."""

    path: str
    band: str
    dots: Sequence[Dot]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A bar of a count."""

    x: float
    y: float
    width: float
    height: float
    n: int
    index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """Lines in one frame, on one scale."""

    frame: Frame
    ticks: Sequence[Tick]
    bounds: Sequence[Tick]
    lines: Sequence[Line]


def panel(
    frame: Frame,
    statistic: str,
    lines: Iterable[Sequence[Statistic | None]],
    bounds: Bounded = BOUNDS,
) -> Panel:
    """Return a panel with lines on one scale.

    Args:
        frame: Where it is.
        statistic: Whose bounds are drawn, and whose first line's dots say how they stand to them.
        lines: The figures of each line, step by step.
        bounds: The bounds of the deployment.
    """
    levels = bounds[statistic].levels if statistic in bounds else ()
    return Panel(
        frame=frame,
        ticks=_ticks(frame),
        bounds=[
            Tick(at=frame.y(level), value=level, bound=name)
            for name, level in levels
            if frame.low <= level <= frame.high
        ],
        lines=[line(frame, statistic, figures, bounds) for figures in lines],
    )


def line(frame: Frame, statistic: str, figures: Sequence[Statistic | None], bounds: Bounded = BOUNDS) -> Line:
    """Return a line through figures."""
    known = [(index, figure) for index, figure in enumerate(figures) if figure and figure.value is not None]
    runs = _runs(known)
    return Line(
        path=" ".join(_path(frame, run) for run in runs),
        band=" ".join(_band(frame, part) for run in runs for part in _bounded(run)),
        dots=[
            Dot(
                x=frame.x(index),
                y=frame.y(_value(figure)),
                index=index,
                band=band_of(statistic, figure, bounds),
            )
            for index, figure in known
        ],
    )


def volume(frame: Frame, counts: Sequence[int], *, most: int | None = None) -> Sequence[Bar]:
    """Return bars of counts, none for nothing.

    Args:
        frame: Where they are.
        counts: The counts, step by step.
        most: The count of the longest bar; `None`: the greatest of them.
    """
    top = most or max([1, *counts])
    width = round(frame.step * 0.72, 2)
    bars = []
    for index, n in enumerate(counts):
        # What is there at all is seen.
        height = round(max(1.0, frame.height * min(n / top, 1.0)), 2)
        if n > 0:
            x = round(frame.x(index) - width / 2, 2)
            bars.append(
                Bar(x=x, y=round(frame.bottom - height, 2), width=width, height=height, n=n, index=index)
            )
    return bars


def _ticks(frame: Frame) -> Sequence[Tick]:
    middle = round((frame.low + frame.high) / 2, 2)
    return [Tick(at=frame.y(value), value=value) for value in (frame.low, middle, frame.high)]


def _runs(known: Sequence[tuple[int, Statistic]]) -> list[list[tuple[int, Statistic]]]:
    runs: list[list[tuple[int, Statistic]]] = []
    for index, figure in known:
        if runs and runs[-1][-1][0] == index - 1:
            runs[-1].append((index, figure))
        else:
            runs.append([(index, figure)])
    return runs


def _bounded(run: Sequence[tuple[int, Statistic]]) -> list[list[tuple[int, Statistic]]]:
    return _runs([(index, figure) for index, figure in run if figure.low is not None])


def _path(frame: Frame, run: Sequence[tuple[int, Statistic]]) -> str:
    return "M" + " L".join(f"{frame.x(index)} {frame.y(_value(figure))}" for index, figure in run)


def _band(frame: Frame, run: Sequence[tuple[int, Statistic]]) -> str:
    """Return the area between the limits; that of a single step is as wide as half a step."""
    half = frame.step / 4 if len(run) == 1 else 0.0
    edges = [(frame.x(index) + side, figure) for index, figure in run for side in {-half, half}]
    edges.sort(key=lambda edge: edge[0])
    upper = [f"{round(x, 2)} {frame.y(figure.high or 0.0)}" for x, figure in edges]
    lower = [f"{round(x, 2)} {frame.y(figure.low or 0.0)}" for x, figure in reversed(edges)]
    return "M" + " L".join([*upper, *lower]) + "Z"


def _value(figure: Statistic) -> float:
    assert figure.value is not None
    return figure.value
