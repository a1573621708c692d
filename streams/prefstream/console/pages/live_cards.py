"""Cards of the live page: a slice with its figures, its lines through time and how much there was."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from prefstream.console.charts import Bar, Frame, Panel, panel, range_of, time_ticks, volume
from prefstream.domain.agreement import Statistic
from prefstream.domain.measures.sums import share_of
from prefstream.domain.trends import BOUNDS, Band, Bounded, Point, Steps, band_of
from prefstream.domain.trends.series import Name

AUDITED: Final[Name] = ("judge_agreement_audited", "")
ALL: Final[Name] = ("judge_agreement_all", "")
FUNNEL: Final = ("proposed", "judged", "accepted", "escalated", "labels", "resolved", "validated", "rejected")
#: What the tiles of all slices together show, and what the cards ask for besides their lines.
SHARES: Final = (
    "escalation_share",
    "audit_share",
    "informativeness",
    "trace_coverage",
    "gold_accuracy",
    "judge_agreement_all",
)
COST: Final[Name] = ("cost_per_usable_pair_usd", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A step of a chart: what is told where one points at it, and the pairs behind it."""

    x: float
    width: float
    since: datetime
    until: datetime
    labels: int
    figures: Mapping[Name, Statistic]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scales:
    """The ranges of the two panels, the same in all charts of a page."""

    people: tuple[float, float]
    judges: tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """A chart of a slice."""

    width: float
    height: float
    people: Panel
    judges: Panel
    volume: Sequence[Bar]
    volume_frame: Frame
    ticks: Sequence[tuple[float, datetime]]
    columns: Sequence[Column]


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A slice as the page shows it."""

    slice: str
    figures: Mapping[Name, Statistic]
    band: Band
    drawing: Drawing | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Together:
    """All slices together: counts that add, and the shares that follow from them."""

    funnel: Mapping[str, int]
    figures: Mapping[str, Statistic]
    #: Slices by how they stand to the bounds of the statistic shown.
    bands: Mapping[Band, int]


def ranked(
    found: Mapping[str, Mapping[Name, Statistic]], statistic: str, order: str
) -> list[tuple[str, Mapping[Name, Statistic]]]:
    """Return the slices in an order: "worst" by the lower limit, "volume" by labels, or by name."""

    def key(item: tuple[str, Mapping[Name, Statistic]]) -> tuple[float, float, str]:
        name, figures = item
        if order == "volume":
            return -count_of(figures, "labels"), 0.0, name
        figure = figures.get((statistic, ""))
        if order == "name" or figure is None or figure.value is None:
            return (0.0 if order == "name" else 9.0), 0.0, name
        return (figure.value if figure.low is None else figure.low), figure.value, name

    return sorted(found.items(), key=key)


def count_of(figures: Mapping[Name, Statistic], step: str) -> int:
    """Return a count of the funnel; nothing counted is nought."""
    figure = figures.get((f"funnel:{step}", ""))
    return int(figure.value or 0) if figure else 0


def together(
    found: Mapping[str, Mapping[Name, Statistic]], statistic: str, bounds: Bounded = BOUNDS
) -> Together:
    """Return what can be said of all slices together: counts add, and shares are counts of counts."""
    bands: dict[Band, int] = {}
    for figures in found.values():
        band = band_of(statistic, figures.get((statistic, "")), bounds)
        bands[band] = bands.get(band, 0) + 1
    return Together(
        funnel={step: sum(count_of(figures, step) for figures in found.values()) for step in FUNNEL},
        figures={
            **{name: _share(found, name) for name in SHARES},
            AUDITED[0]: _share(found, AUDITED[0]),
            COST[0]: _cost(found),
        },
        bands=bands,
    )


def drawing(
    steps: Steps,
    points: Sequence[Point],
    statistic: str,
    *,
    scales: Scales,
    most: int,
    bounds: Bounded = BOUNDS,
    width: float = 340.0,
    height: float = 66.0,
) -> Drawing:
    """Return the chart of a slice.

    Args:
        steps: The steps.
        points: Its figures at each of them.
        statistic: What is drawn of people among themselves.
        scales: The ranges of all charts on the page.
        most: Labels of the longest bar on the page.
        bounds: The bounds of the deployment.
        width: Of the picture.
        height: Of each panel of lines.
    """
    left, right, top, gap, bars = 38.0, 8.0, 16.0, 22.0, 26.0
    frame = Frame(
        left=left,
        top=top,
        width=width - left - right,
        height=height,
        count=steps.count,
        low=scales.people[0],
        high=scales.people[1],
    )
    below = replace(frame, top=frame.bottom + gap, height=height, low=scales.judges[0], high=scales.judges[1])
    volumes = replace(below, top=below.bottom + gap, height=bars)
    return Drawing(
        width=width,
        height=volumes.bottom + 18,
        people=panel(frame, statistic, [_of(points, (statistic, ""))], bounds),
        judges=panel(below, AUDITED[0], [_of(points, AUDITED), _of(points, ALL)], bounds),
        volume=volume(volumes, [point.labels for point in points], most=most),
        volume_frame=volumes,
        ticks=[(frame.x(index), at) for index, at in time_ticks(steps, most=5 if width < 500 else 10)],
        columns=[_column(frame, index, point) for index, point in enumerate(points)],
    )


def scales_of(series: Mapping[str, Sequence[Point]], statistic: str) -> Scales:
    """Return the ranges that charts of several slices share."""
    every = [point.figures for points in series.values() for point in points]
    return Scales(
        people=range_of(figures.get((statistic, "")) for figures in every),
        judges=range_of(figures.get(name) for figures in every for name in (AUDITED, ALL)),
    )


def _of(points: Sequence[Point], name: Name) -> list[Statistic | None]:
    return [point.figures.get(name) for point in points]


def _column(frame: Frame, index: int, point: Point) -> Column:
    return Column(
        x=round(frame.left + index * frame.step, 2),
        width=round(frame.step, 2),
        since=datetime.fromtimestamp(point.since * 60, UTC),
        until=datetime.fromtimestamp(point.until * 60, UTC),
        labels=point.labels,
        figures=point.figures,
    )


def _share(found: Mapping[str, Mapping[Name, Statistic]], name: str) -> Statistic:
    hits, of, reasons = 0, 0, set()
    for figures in found.values():
        figure = figures.get((name, ""))
        if figure is not None and figure.value is not None:
            hits += round(figure.value * figure.n_units)
            of += figure.n_units
        elif figure is not None:
            reasons.add(figure.reason or "")
    return share_of(hits, of - hits, reason=min(reasons, default="nothing was counted"))


def _cost(found: Mapping[str, Mapping[Name, Statistic]]) -> Statistic:
    known = [figure for figures in found.values() if (figure := figures.get(COST))]
    priced = [figure for figure in known if figure.value is not None]
    usable = sum(figure.n_units for figure in priced)
    if any(figure.value is None and figure.n_units for figure in known) or not usable:
        reasons = {figure.reason or "" for figure in known if figure.value is None}
        return Statistic.undefined(min(reasons, default="no pair was validated"), n_units=usable)
    spent = sum((figure.value or 0.0) * figure.n_units for figure in priced)
    return Statistic.unbounded(spent / usable, n_units=usable, bounds_reason="it is a count, not an estimate")
