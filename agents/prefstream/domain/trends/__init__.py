"""Trends: figures over time as points, and a week as a scorecard."""

from prefstream.domain.trends.bounds import BOUNDS, Band, Bounded, Bounds, band_of, bounds_of
from prefstream.domain.trends.scorecards import (
    Alert,
    Change,
    Scorecard,
    SliceCard,
    changed,
    scorecard,
)
from prefstream.domain.trends.series import AMONG_PEOPLE, Counted, Point, figures_in, points
from prefstream.domain.trends.steps import Steps, steps_of
from prefstream.domain.trends.weeks import Week, week_named

__all__ = [
    "AMONG_PEOPLE",
    "BOUNDS",
    "Alert",
    "Band",
    "Bounded",
    "Bounds",
    "Change",
    "Counted",
    "Point",
    "Scorecard",
    "SliceCard",
    "Steps",
    "Week",
    "band_of",
    "bounds_of",
    "changed",
    "figures_in",
    "points",
    "scorecard",
    "steps_of",
    "week_named",
]
