"""Measures of a slice's work: integer counts of events and pairs that add, take back and merge."""

from prefstream.domain.measures.catalog import CATALOG, FUNNEL, Family, Measure, Unit, measure_named
from prefstream.domain.measures.counts import (
    Contrast,
    Count,
    PairState,
    contrast,
    of_gold,
    of_label,
    of_pair,
    of_votes,
)
from prefstream.domain.measures.durations import quantile, step_of
from prefstream.domain.measures.spans import Span, Stretch, rolled_up, stretches
from prefstream.domain.measures.sums import Figure, Sums, figures, share_of

__all__ = [
    "CATALOG",
    "FUNNEL",
    "Contrast",
    "Count",
    "Family",
    "Figure",
    "Measure",
    "PairState",
    "Span",
    "Stretch",
    "Sums",
    "Unit",
    "contrast",
    "figures",
    "measure_named",
    "of_gold",
    "of_label",
    "of_pair",
    "of_votes",
    "quantile",
    "rolled_up",
    "share_of",
    "step_of",
    "stretches",
]
