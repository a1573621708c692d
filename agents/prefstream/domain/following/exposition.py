"""What Prometheus is shown: a bounded number of slices, never people or pairs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from prefstream.domain.following.figures import SliceFigure, figures_of, volume_of
from prefstream.domain.measures import FUNNEL, Unit
from prefstream.schemas.metrics import MetricsUpdated

#: The slice under which counts of slices that are not shown are summed.
OTHERS: Final = "(others)"
#: Name and meaning of the metric for each unit.
METRICS: Final[Mapping[Unit, tuple[str, str]]] = {
    "coefficient": ("prefstream_slice_agreement", "Agreement beyond chance, as a coefficient."),
    "share": ("prefstream_slice_ratio", "A share between 0 and 1, as agreement with the judges."),
    "usd": ("prefstream_slice_cost_usd", "Money, in US dollars."),
    "seconds": ("prefstream_slice_seconds", "A time, in seconds."),
    "events": ("prefstream_slice_events", "What happened in the window, by step of the funnel."),
}
LABELS: Final = ("slice", "window", "statistic", "subject")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One number for Prometheus."""

    name: str
    meaning: str
    labels: tuple[str, ...]
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposition:
    """What is shown, and how many slices are not."""

    samples: Sequence[Sample]
    left_out: int


def exposition(events: Iterable[MetricsUpdated], *, most_slices: int) -> Exposition:
    """Return the numbers of the slices with most volume; of the others, counts summed.

    Undefined figures have no sample. A figure is shown by the metric of its unit, its limits beside it
    as `..._low` and `..._high`, what it is over as `..._units`.

    Args:
        events: The latest figures of each slice and window.
        most_slices: Slices that are shown; volume is that of all time.
    """
    found = list(events)
    volumes = {event.slice: volume_of(event) for event in found if event.window == "all"}
    slices = sorted({event.slice for event in found}, key=lambda name: (-volumes.get(name, 0), name))
    kept = set(slices[:most_slices])
    samples = [
        sample
        for event in found
        if event.slice in kept
        for figure in figures_of(event)
        for sample in _samples(figure)
    ]
    others = _summed(event for event in found if event.slice not in kept)
    return Exposition(samples=[*samples, *others], left_out=len(slices) - len(kept))


def _samples(figure: SliceFigure) -> Iterable[Sample]:
    measure = figure.measure
    if measure is None or (measure.name == "cohen_kappa" and figure.subject):
        return
    name, meaning = METRICS[measure.unit]
    labels = (figure.slice, figure.window, _step(figure.statistic), figure.subject)
    said = {"": figure.value, "_low": figure.low, "_high": figure.high}
    for suffix, value in said.items():
        if value is not None:
            yield Sample(name=name + suffix, meaning=meaning + _OF[suffix], labels=labels, value=value)
    if measure.unit != "events":
        yield Sample(name=f"{name}_units", meaning=meaning + _OF["_units"], labels=labels, value=figure.n)


def _summed(events: Iterable[MetricsUpdated]) -> list[Sample]:
    sums: dict[tuple[str, str], float] = {}
    for event in events:
        for figure in figures_of(event):
            if figure.statistic.startswith(FUNNEL) and figure.value is not None:
                place = (event.window, _step(figure.statistic))
                sums[place] = sums.get(place, 0.0) + figure.value
    name, meaning = METRICS["events"]
    return [
        Sample(name=name, meaning=meaning, labels=(OTHERS, window, step, ""), value=value)
        for (window, step), value in sorted(sums.items())
    ]


def _step(statistic: str) -> str:
    return statistic.removeprefix(FUNNEL)


_OF: Final = {"": "", "_low": " Its lower limit.", "_high": " Its upper limit.", "_units": " Over how many."}
