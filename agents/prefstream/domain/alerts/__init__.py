"""Alerts: rules over figures and gauges, and the standings that say when to raise, escalate and clear."""

from prefstream.domain.alerts.bands import BANDS, Band, band_of
from prefstream.domain.alerts.catalog import DEFAULTS
from prefstream.domain.alerts.events import alert_id, event_of
from prefstream.domain.alerts.evidence import Evidence
from prefstream.domain.alerts.gauges import ALL, Place, Reading, gauged
from prefstream.domain.alerts.rules import Level, Rule, Rules, rules_of
from prefstream.domain.alerts.standings import Move, Standing, instant_of, microseconds_of, moved, stepped
from prefstream.domain.alerts.watch import UNDEFINED, Signal, SliceWatch, Weighed, watched

__all__ = [
    "ALL",
    "BANDS",
    "DEFAULTS",
    "UNDEFINED",
    "Band",
    "Evidence",
    "Level",
    "Move",
    "Place",
    "Reading",
    "Rule",
    "Rules",
    "Signal",
    "SliceWatch",
    "Standing",
    "Weighed",
    "alert_id",
    "band_of",
    "event_of",
    "gauged",
    "instant_of",
    "microseconds_of",
    "moved",
    "rules_of",
    "stepped",
    "watched",
]
