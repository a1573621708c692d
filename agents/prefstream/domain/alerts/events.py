"""Alerts as events: ids follow from rule, slice, window and the minute of the crossing."""

from typing import Any

from prefstream.domain.alerts.standings import Move, instant_of
from prefstream.domain.alerts.watch import Signal
from prefstream.schemas.ids import EventId, derived_id
from prefstream.schemas.metrics import AlertCleared, AlertRaised, Window

SOURCE = "prefstream/alerting"
VERSION = "1"
_MINUTE_US = 60_000_000


def alert_id(name: str, slice_name: str, window: Window, move: Move) -> EventId:
    """Return the id of the alert that a move raises, escalates or clears."""
    return derived_id("alert", name, slice_name, window, move.since_us // _MINUTE_US, move.turn)


def event_of(
    signal: Signal, *, slice_name: str, window: Window, at_us: int, rules_id: str, cause: str | None = None
) -> AlertRaised | AlertCleared:
    """Return the event that says a signal.

    Args:
        signal: What is to be said.
        slice_name: The slice.
        window: The window.
        at_us: When, in microseconds since 1970.
        rules_id: The rules it was found under.
        cause: The event that caused it.
    """
    name = alert_id(signal.name, slice_name, window, signal.move)
    about: dict[str, Any] = {
        "alert_id": name,
        "slice": slice_name,
        "rule": signal.name,
        "window": window,
        "detail": signal.detail,
    }
    if signal.move.kind == "cleared":
        return AlertCleared(**_envelope(slice_name, at_us, cause, name, "cleared"), **about)
    figure = signal.figure
    return AlertRaised(
        **_envelope(slice_name, at_us, cause, name, f"raised {signal.move.level}"),
        **about,
        statistic=figure.statistic if figure else signal.rule.statistic,
        severity=signal.level.severity,
        action=signal.level.action,
        rules_id=rules_id,
        bound=signal.level.bound,
        value=figure.value if figure else None,
        low=figure.low if figure else None,
        high=figure.high if figure else None,
        n=figure.n if figure else None,
        annotators=signal.annotators,
        runbook=signal.rule.runbook,
    )


def _envelope(slice_name: str, at_us: int, cause: str | None, name: str, what: str) -> dict[str, Any]:
    return {
        "event_id": derived_id(SOURCE, name, what),
        "occurred_at": instant_of(at_us),
        "source": SOURCE,
        "subject": slice_name,
        "causation_id": cause,
        "correlation_id": slice_name,
        "stage_version": VERSION,
    }
