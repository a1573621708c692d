"""Scorecards: a week of all slices, read, put together, and written as one file."""

from functools import partial
from importlib.resources import files
from typing import Any, Final

import asyncpg

from prefstream.adapters.postgres.connection import Connection
from prefstream.adapters.postgres.console import live as reading
from prefstream.adapters.postgres.console.live_alerts import alerts_between
from prefstream.adapters.settings import Settings
from prefstream.console.charts import Frame, Intervals, intervals, volume
from prefstream.console.pages.page import environment
from prefstream.domain.alerts import DEFAULTS, rules_of
from prefstream.domain.measures import CATALOG
from prefstream.domain.trends import (
    BOUNDS,
    Bounded,
    Counted,
    Scorecard,
    SliceCard,
    Steps,
    Week,
    band_of,
    bounds_of,
    points,
    scorecard,
)
from prefstream.domain.trends.series import Name

_DAY: Final = 1440
#: Alerts told, and slices drawn; tables have every slice.
_ALERTS, _DRAWN = 200, 40
_SHEETS: Final = ("console.css", "live.css", "scorecard.css")
AGREEMENT: Final = "alpha_nominal"
JUDGES: Final = "judge_agreement_audited"
#: The figures at the top, and the columns of the table of slices.
HEADLINES: Final[tuple[Name, ...]] = (
    (AGREEMENT, ""),
    (JUDGES, ""),
    ("gold_accuracy", ""),
    ("informativeness", ""),
    ("trace_coverage", ""),
    ("escalation_share", ""),
    ("cost_per_usable_pair_usd", ""),
    ("time_to_label_s", "p50"),
)
COLUMNS: Final[tuple[Name, ...]] = (
    (AGREEMENT, ""),
    (JUDGES, ""),
    ("judge_agreement_all", ""),
    ("informativeness", ""),
    ("trace_coverage", ""),
    ("escalation_share", ""),
    ("cost_per_usable_pair_usd", ""),
)
FUNNEL: Final = ("proposed", "accepted", "escalated", "labels", "resolved", "validated", "rejected")


async def scorecard_of(source: Connection | asyncpg.Pool, week: Week) -> Scorecard:
    """Return the scorecard of a week, from what the database counts in it and in the week before."""
    names = await reading.slices(source)
    now = await reading.counted(source, names, _days(week))
    before = await reading.counted(source, names, _days(week.before))
    alerts = await alerts_between(source, week.since, week.until, most=_ALERTS)
    by_day: dict[int, Counted] = {}
    for found in now.values():
        for day, counted in found.items():
            by_day[day] = by_day.get(day, Counted()).merge(counted)
    return scorecard(week, _weekly(now), _weekly(before), points(_days(week), by_day), alerts)


def bounded(settings: Settings) -> Bounded:
    """Return the bounds of a deployment."""
    return bounds_of(rules_of(DEFAULTS, bounds=settings.alerts.bounds, off=settings.alerts.off))


def shown(card: Scorecard, bounds: Bounded = BOUNDS) -> dict[str, Any]:
    """Return what templates are given to show a scorecard."""
    worst = sorted(card.slices, key=_lowest)
    frame = Frame(left=4, top=24, width=712, height=96, count=7)
    return {
        "card": card,
        "measures": CATALOG,
        "headlines": HEADLINES,
        "columns": COLUMNS,
        "funnel": FUNNEL,
        "agreement": _rows(worst, AGREEMENT, bounds),
        "judges": _rows(worst, JUDGES, bounds),
        "not_drawn": max(0, len(worst) - _DRAWN),
        "day_bars": volume(frame, [point.labels for point in card.days]),
        "day_frame": frame,
        "not_known": _not_known(card),
        "bands": partial(band_of, bounds=bounds),
    }


def scorecard_file(card: Scorecard, language: str = "en", bounds: Bounded = BOUNDS) -> str:
    """Return a scorecard as one HTML document that needs nothing else."""
    style = "\n".join(
        (files("prefstream.console") / "static" / name).read_text(encoding="utf-8") for name in _SHEETS
    )
    template = environment(language).get_template("scorecard_file.html")
    return template.render(shown(card, bounds) | {"style": style, "in_console": False})


def _days(week: Week) -> Steps:
    return Steps(since=week.minutes[0], length=_DAY, count=7)


def _weekly(found: Any) -> dict[str, Counted]:
    """Return the sum of the days of each slice that counted anything."""
    whole: dict[str, Counted] = {}
    for name, days in found.items():
        for day in sorted(days):
            whole[name] = whole.get(name, Counted()).merge(days[day])
    return whole


def _rows(cards: list[SliceCard], statistic: str, bounds: Bounded) -> Intervals:
    name = (statistic, "")
    rows = [(one.slice, one.now.get(name), one.before.get(name)) for one in cards[:_DRAWN]]
    return intervals(statistic, rows, bounds)


def _lowest(card: SliceCard) -> tuple[float, str]:
    figure = card.now.get((AGREEMENT, ""))
    if figure is None or figure.value is None:
        return 9.0, card.slice
    return (figure.value if figure.low is None else figure.low), card.slice


def _not_known(card: Scorecard) -> list[tuple[Name, str, list[str]]]:
    """Return what is not known and why, with the slices of which that holds; the whole week first."""
    grouped: dict[tuple[Name, str], list[str]] = {}
    for slice_name, name, reason in card.not_known:
        grouped.setdefault((name, reason), []).append(slice_name)
    return [(name, reason, names) for (name, reason), names in grouped.items()]
