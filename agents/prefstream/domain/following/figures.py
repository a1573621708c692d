"""Figures one by one, taken out of the event that says all of a slice and window."""

from collections.abc import Iterator
from dataclasses import dataclass

from prefstream.domain.measures import CATALOG, FUNNEL, Measure
from prefstream.schemas.metrics import AlertCleared, AlertRaised, MetricsUpdated

#: What may be followed.
Watched = MetricsUpdated | AlertRaised | AlertCleared
#: Figures about two people by name: there are as many as people squared, and they are about people.
_OF_PEOPLE = frozenset({"cohen_kappa"})
#: How much came in, the first that there is.
_VOLUME = (f"{FUNNEL}proposed", f"{FUNNEL}labels", "alpha_nominal")


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceFigure:
    """One figure of a slice and window."""

    slice: str
    window: str
    statistic: str
    #: What of it, e.g. "people"; empty: all of it.
    subject: str
    value: float | None
    low: float | None
    high: float | None
    reason: str | None
    n: int

    @property
    def measure(self) -> Measure | None:
        """Return what the figure is; `None` for one that this version does not know."""
        return CATALOG.get(self.statistic)


def resolved(name: str) -> tuple[str, str]:
    """Return the statistic and the subject that a name in an event says.

    >>> resolved("trace_coverage:people"), resolved("funnel:judged")
    (('trace_coverage', 'people'), ('funnel:judged', ''))
    """
    if name in CATALOG:
        return name, ""
    statistic, _, subject = name.partition(":")
    return statistic, subject


def shown(event: Watched) -> Watched:
    """Return what everybody who watches may see of an event: no figures about people by name."""
    if not isinstance(event, MetricsUpdated):
        return event
    kept = tuple(one for one in event.measurements if not _names_people(one.statistic))
    return event.model_copy(update={"measurements": kept})


def figures_of(event: MetricsUpdated) -> Iterator[SliceFigure]:
    """Go through the figures of an event."""
    for one in event.measurements:
        statistic, subject = resolved(one.statistic)
        yield SliceFigure(
            slice=event.slice,
            window=event.window,
            statistic=statistic,
            subject=subject,
            value=one.value,
            low=one.low,
            high=one.high,
            reason=one.reason,
            n=one.n,
        )


def volume_of(event: MetricsUpdated) -> int:
    """Return how much came in within the window."""
    counts = {one.statistic: one.n if one.value is None else int(one.value) for one in event.measurements}
    units = {one.statistic: one.n for one in event.measurements}
    for name in _VOLUME:
        if name in counts:
            return counts[name] if name.startswith(FUNNEL) else units[name]
    return 0


def _names_people(name: str) -> bool:
    statistic, subject = resolved(name)
    return statistic in _OF_PEOPLE and subject != ""
