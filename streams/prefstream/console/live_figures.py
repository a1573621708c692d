"""Figures of slices and alerts for Prometheus, from what the live feed knows."""

import time
from collections.abc import Iterable, Iterator, Sequence

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from prefstream.console.live_feed import Feed
from prefstream.domain.following import State, resolved
from prefstream.domain.following.exposition import LABELS, Sample, exposition
from prefstream.schemas.codec import decode
from prefstream.schemas.metrics import AlertRaised, MetricsUpdated


class LiveFigures(Collector):
    """Shows the latest figures; events are read once, however often somebody scrapes."""

    def __init__(self, feed: Feed, *, most_slices: int) -> None:
        self._feed = feed
        self._most_slices = most_slices
        self._read: dict[tuple[str, ...], tuple[int, object]] = {}

    def collect(self) -> Iterator[Metric]:
        """Return the metrics as of now."""
        events = [self._event(state) for state in self._feed.latest]
        found = exposition(
            (one for one in events if isinstance(one, MetricsUpdated)), most_slices=self._most_slices
        )
        yield from _families(found.samples)
        yield _alerts(one for one in events if isinstance(one, AlertRaised))
        yield _one("prefstream_slices_left_out", "Slices whose figures are not shown.", found.left_out)
        yield _one("prefstream_live_clients", "Clients that watch this process.", self._feed.clients)
        if self._feed.looked_at_s is not None:
            age_s = time.monotonic() - self._feed.looked_at_s
            yield _one("prefstream_live_look_age_seconds", "Since the database was read for changes.", age_s)

    def _event(self, state: State) -> object:
        version, event = self._read.get(state.key, (0, None))
        if version != state.version:
            event = decode(state.event)
            self._read[state.key] = (state.version, event)
        return event


def _families(samples: Sequence[Sample]) -> Iterator[Metric]:
    families: dict[str, GaugeMetricFamily] = {}
    for sample in samples:
        family = families.get(sample.name)
        if family is None:
            family = families[sample.name] = GaugeMetricFamily(sample.name, sample.meaning, labels=LABELS)
        family.add_metric(sample.labels, sample.value)
    yield from families.values()


def _alerts(raised: Iterable[AlertRaised]) -> Metric:
    counts: dict[tuple[str, str, str], int] = {}
    for one in raised:
        place = (one.slice, resolved(one.statistic)[0], str(one.severity))
        counts[place] = counts.get(place, 0) + 1
    family = GaugeMetricFamily(
        "prefstream_alerts", "Alerts that are open.", labels=["slice", "statistic", "severity"]
    )
    for place, count in sorted(counts.items()):
        family.add_metric(place, count)
    return family


def _one(name: str, meaning: str, value: float) -> Metric:
    return GaugeMetricFamily(name, meaning, value=value)
