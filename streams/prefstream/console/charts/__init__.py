"""Charts as geometry: where lines, bands, bars and ticks are; templates draw them as SVG."""

from prefstream.console.charts.frames import Frame, range_of
from prefstream.console.charts.intervals import Interval, Intervals, intervals
from prefstream.console.charts.panels import Bar, Dot, Line, Panel, Tick, line, panel, volume
from prefstream.console.charts.times import time_ticks

__all__ = [
    "Bar",
    "Dot",
    "Frame",
    "Interval",
    "Intervals",
    "Line",
    "Panel",
    "Tick",
    "intervals",
    "line",
    "panel",
    "range_of",
    "time_ticks",
    "volume",
]
