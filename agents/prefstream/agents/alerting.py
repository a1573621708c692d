"""Alerting: figures of slices become alerts, with what is asked for.

A stage like the others: what it says follows from the figures in the log and from its rules, so that a
restart or a replay says the same, and nothing is lost or said twice when a process dies.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import orjson

from prefstream.agents.stage import Given, Needs, Outcome
from prefstream.domain.alerts import (
    DEFAULTS,
    Evidence,
    Rules,
    SliceWatch,
    Standing,
    Weighed,
    event_of,
    microseconds_of,
    rules_of,
    watched,
)
from prefstream.schemas import topics
from prefstream.schemas.envelope import Event
from prefstream.schemas.metrics import MetricsUpdated
from prefstream.schemas.topics import TopicSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Alerting:
    """The stage from figures to alerts."""

    rules: Rules = field(default_factory=lambda: rules_of(DEFAULTS))
    name: str = "alerting"
    version: str = "1"
    inputs: tuple[TopicSpec, ...] = (topics.METRICS_UPDATED,)
    stateful: bool = True

    def needs(self, event: Event, given: Given) -> Needs:  # noqa: ARG002
        """Return the slice: what is known of it is the state."""
        keys = frozenset({event.slice}) if isinstance(event, MetricsUpdated) else frozenset[str]()
        return Needs(keys=keys, final=True)

    def handle(self, event: Event, given: Given) -> Outcome:
        """Return the alerts that the figures raise, escalate or clear."""
        if not isinstance(event, MetricsUpdated):
            return Outcome()
        before = read(given.states[event.slice])
        at_us = microseconds_of(event.as_of)
        after, signals = watched(
            self.rules, before, window=event.window, as_of_us=at_us, figures=event.measurements
        )
        said = [
            event_of(
                one,
                slice_name=event.slice,
                window=event.window,
                at_us=at_us,
                rules_id=self.rules.id,
                cause=event.event_id,
            )
            for one in signals
        ]
        return Outcome(events=said, states={} if after == before else {event.slice: written(after)})


def written(watch: SliceWatch) -> bytes:
    """Return a watch as the state of its slice."""
    weighed = {
        name: {
            "right": one.right,
            "wrong": one.wrong,
            "evidence": [[bound, asdict(found)] for bound, found in sorted(one.evidence.items())],
        }
        for name, one in watch.weighed.items()
    }
    standings = {name: asdict(one) for name, one in watch.standings.items()}
    return orjson.dumps(
        {"standings": standings, "weighed": weighed, "as_of_us": watch.as_of_us}, option=orjson.OPT_SORT_KEYS
    )


def read(state: bytes | None) -> SliceWatch:
    """Return the watch that a state says; nothing is known without one."""
    if state is None:
        return SliceWatch()
    said = orjson.loads(state)
    return SliceWatch(
        standings={name: Standing(**one) for name, one in said["standings"].items()},
        weighed={name: _weighed(one) for name, one in said["weighed"].items()},
        as_of_us=said["as_of_us"],
    )


def _weighed(said: Mapping[str, Any]) -> Weighed:
    evidence = {
        bound: Evidence(**{**found, "reached": tuple(found["reached"])}) for bound, found in said["evidence"]
    }
    return Weighed(evidence=evidence, right=said["right"], wrong=said["wrong"])
