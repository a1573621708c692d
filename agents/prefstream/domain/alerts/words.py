"""What an alert says in a sentence."""

from prefstream.domain.alerts.bands import band_of
from prefstream.domain.alerts.rules import Level, Rule
from prefstream.schemas.metrics import Measurement


def finding(rule: Rule, level: Level, figure: Measurement) -> str:
    """Return what was found, with the numbers.

    >>> from prefstream.domain.alerts.catalog import AGREEMENT_RULES
    >>> rule = AGREEMENT_RULES[0]
    >>> figure = Measurement(statistic="alpha_nominal", value=0.78, low=0.71, high=0.85, n=240)
    >>> print(finding(rule, rule.levels[1], figure))
    the lower bound 0.71 of alpha_nominal 0.78 is below 0.75 (240 in window 7d); band substantial: Use the \
labels with review; look at the disputed pairs of the week.
    """
    what = f"{figure.statistic} {_said(figure.value)}"
    if rule.reads == "low":
        what = f"the lower bound {_said(figure.low)} of {what}"
    said = f"{what} is {rule.side} {_said(level.bound)} ({figure.n} in window {rule.window})"
    if rule.look == "evidence":
        said = f"{figure.statistic} is {rule.side} {_said(level.bound)} of late ({figure.n} in all)"
    if rule.banded and figure.value is not None:
        band = band_of(figure.value)
        said += f"; band {band.name}: {band.action}"
    return said


def clearing(rule: Rule, figure: Measurement) -> str:
    """Return what is known now that an alert is over."""
    number = figure.low if rule.reads == "low" else figure.value
    bound = "lower bound of " if rule.reads == "low" else ""
    return f"{bound}{figure.statistic} is {_said(number)} now ({figure.n} in window {rule.window})"


def undefined_for(rule: Rule, figure: Measurement) -> str:
    """Return that a figure has been undefined for too long."""
    days = rule.undefined_days or 0
    why = figure.reason or "no reason given"
    return f"{figure.statistic} has been undefined for more than {days:g} days: {why}"


def _said(number: float | None) -> str:
    return "unknown" if number is None else f"{number:.3g}"
