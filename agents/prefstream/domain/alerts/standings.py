"""Standings: where one rule stands in one slice, and the step that a reading takes it.

The machine knows three moves. A reading beyond a level raises, or escalates what is open. A reading far
enough back clears. Everything between changes nothing: an open alert does not get milder, it clears.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Literal

from prefstream.domain.alerts.rules import Rule

DAY_US = 24 * 3600 * 1_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a rule stands; all of it follows from the readings so far."""

    #: Levels that the open alert is beyond; 0: no alert is open.
    level: int = 0
    #: When the open alert was raised, in microseconds since 1970.
    since_us: int = 0
    #: Alerts raised so far, so that two in one minute have two names.
    turn: int = 0
    #: The day of the last look; -1: none yet. And how many looks there were, one a day.
    day: int = -1
    looks: int = 0
    #: Since when the figure is undefined; -1: it is defined.
    undefined_since_us: int = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """What a reading asks to be said."""

    kind: Literal["raised", "escalated", "cleared"]
    level: int
    since_us: int
    turn: int


def stepped(rule: Rule, standing: Standing, reading: float, *, at_us: int) -> tuple[Standing, Move | None]:
    """Return the standing after a reading, and what is to be said of it.

    >>> from prefstream.domain.alerts.catalog import AGREEMENT_RULES
    >>> rule, standing = AGREEMENT_RULES[0], Standing()
    >>> for low in (0.80, 0.79, 0.79, 0.74, 0.81, 0.82):
    ...     standing, move = stepped(rule, standing, low, at_us=0)
    ...     print(low, move.kind if move else "nothing")
    0.8 nothing
    0.79 raised
    0.79 nothing
    0.74 escalated
    0.81 nothing
    0.82 cleared
    """
    return moved(standing, rule.beyond(reading), back=rule.back(reading), at_us=at_us)


def moved(standing: Standing, level: int, *, back: bool, at_us: int) -> tuple[Standing, Move | None]:
    """Return the standing after it was found beyond so many levels.

    Args:
        standing: The standing before.
        level: Levels it is beyond.
        back: Whether it is far enough back that an alert clears.
        at_us: When, in microseconds since 1970.
    """
    if level > standing.level:
        if standing.level:
            after = replace(standing, level=level)
            return after, Move(kind="escalated", level=level, since_us=after.since_us, turn=after.turn)
        after = replace(standing, level=level, since_us=at_us, turn=standing.turn + 1)
        return after, Move(kind="raised", level=level, since_us=at_us, turn=after.turn)
    if standing.level and not level and back:
        move = Move(kind="cleared", level=standing.level, since_us=standing.since_us, turn=standing.turn)
        return replace(standing, level=0, since_us=0), move
    return standing, None


def due(standing: Standing, *, at_us: int) -> bool:
    """Return whether a daily look is due: none was taken on this day, or a later one, of event time."""
    return at_us // DAY_US > standing.day


def looked(standing: Standing, *, at_us: int) -> Standing:
    """Return the standing after the day's look."""
    return replace(standing, day=at_us // DAY_US, looks=standing.looks + 1)


def microseconds_of(moment: datetime) -> int:
    """Return the microseconds since 1970, exactly."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def instant_of(at_us: int) -> datetime:
    """Return the moment so many microseconds after 1970."""
    return _EPOCH + timedelta(microseconds=at_us)
