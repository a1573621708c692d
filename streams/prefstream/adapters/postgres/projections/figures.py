"""Figures as they are stored and said; the same counts give the same, so what stands still is kept."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Final, NamedTuple

from prefstream.domain.agreement import Cell, Statistic, figures, kappas, window
from prefstream.domain.agreement.units import Kind
from prefstream.domain.measures import Sums
from prefstream.domain.measures import figures as measured
from prefstream.schemas.ids import derived_id
from prefstream.schemas.metrics import Measurement

#: Value, limits, standard error, the reason why there is none, and units: columns of `slice_metrics`.
Numbers = tuple[float | None, float | None, float | None, float | None, str | None, int]
OF_PEOPLE: Final = "cohen_kappa"
#: Longest name of a statistic in an event.
_NAME_LIMIT: Final = 256
#: Windows whose figures are kept, so that 250 slices stay.
_KEPT: Final = 1000


class Said(NamedTuple):
    """A figure as a row and as a part of an event."""

    statistic: str
    subject: str
    numbers: Numbers
    measurement: Measurement
    #: The measurement as JSON.
    text: bytes


@lru_cache(maxsize=_KEPT)
def of_units(counts: frozenset[tuple[Kind, str, str, int]]) -> tuple[Said, ...]:
    """Return the figures of all people together, from counts of units by their two categories."""
    cells = ((Cell(0, kind, 0, "", "", first, second), n) for kind, first, second, n in counts)
    return tuple(said_of(name, "", figure) for name, figure in figures(window(cells)).items())


@lru_cache(maxsize=_KEPT)
def of_work(counts: frozenset[tuple[str, str, int]]) -> tuple[Said, ...]:
    """Return the figures of a slice's work, from its counts by measure and key."""
    sums = Sums(counts={(measure, key): n for measure, key, n in counts})
    return tuple(said_of(*figure) for figure in measured(sums))


def of_people(cells: Iterable[tuple[Cell, int]]) -> list[Said]:
    """Return the kappa of every two people."""
    return [
        said_of(OF_PEOPLE, f"{first}|{second}", figure)
        for (first, second), figure in kappas(window(cells)).items()
    ]


def said_of(statistic: str, subject: str, figure: Statistic) -> Said:
    """Return a figure as it is stored and said."""
    name = f"{statistic}:{subject}" if subject else statistic
    if len(name) > _NAME_LIMIT:
        name = f"{statistic}:{derived_id(subject)}"
    value, low, high, reason, n = figure.value, figure.low, figure.high, figure.reason, figure.n_units
    measurement = Measurement(statistic=name, value=value, low=low, high=high, reason=reason, n=n)
    numbers = (value, low, high, figure.standard_error, reason, n)
    return Said(statistic, subject, numbers, measurement, measurement.model_dump_json().encode())
