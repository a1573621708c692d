"""Gauges: what is read off the clock and the database now, and what it asks to be said.

Unlike figures they do not follow from the log, so whoever reads them writes down what was decided before
it is said; said again it is the same event.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from prefstream.domain.alerts.rules import Rules
from prefstream.domain.alerts.standings import Standing, stepped
from prefstream.domain.alerts.watch import Signal
from prefstream.schemas.metrics import Measurement

#: Where something is not about one slice.
ALL = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a gauge shows for a slice."""

    rule: str
    slice: str
    value: float
    #: What it means, in a sentence.
    detail: str
    #: How many things it counts or comes from.
    n: int = 1


#: A rule in a slice.
Place = tuple[str, str]


def gauged(
    rules: Rules, standings: Mapping[Place, Standing], readings: Iterable[Reading], *, at_us: int
) -> tuple[dict[Place, Standing], Sequence[tuple[str, Signal]]]:
    """Return the standings that changed, and by slice what is to be said.

    An open alert whose gauge shows nothing any more, as when a queue is empty, clears.

    Args:
        rules: The rules.
        standings: What is known, by rule and slice.
        readings: What the gauges show now.
        at_us: Now, in microseconds since 1970.
    """
    known = {rule.name: rule for rule in rules.looking("gauge")}
    shown = {(one.rule, one.slice): one for one in readings if one.rule in known}
    gone = {place for place, standing in standings.items() if standing.level and place not in shown}
    shown |= {place: _nothing(place) for place in gone if place[0] in known}
    changed: dict[Place, Standing] = {}
    said: list[tuple[str, Signal]] = []
    for place, reading in sorted(shown.items()):
        rule, before = known[place[0]], standings.get(place, Standing())
        after, move = stepped(rule, before, reading.value, at_us=at_us)
        if after != before:
            changed[place] = after
        if move is not None:
            figure = Measurement(statistic=rule.statistic, value=reading.value, n=reading.n)
            level = rule.levels[move.level - 1]
            signal = Signal(
                name=rule.name, rule=rule, move=move, level=level, detail=reading.detail, figure=figure
            )
            said.append((reading.slice, signal))
    return changed, said


def _nothing(place: Place) -> Reading:
    return Reading(rule=place[0], slice=place[1], value=0.0, detail="it shows nothing any more", n=0)
