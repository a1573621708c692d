"""Which sums a window is made of: whole hours where it can be, minutes at its ends, one for all time."""

from collections.abc import Hashable, Mapping
from typing import Final, Literal, NamedTuple, TypeVar

from prefstream.domain.agreement.tally import without_zeros

Span = Literal["minute", "hour", "day", "all"]
HOUR: Final = 60
DAY: Final = 24 * HOUR
#: Where the one sum of all time stands.
EVER: Final = 0

_Key = TypeVar("_Key", bound=Hashable)


class Stretch(NamedTuple):
    """Sums of one span from one minute to before another."""

    span: Span
    since: int
    until: int


def stretches(length: int | None, until: int) -> tuple[Stretch, ...]:
    """Return the stretches that make up a window, none of which overlap.

    A week is at most 168 hours and 120 minutes, and all time is one sum: what is read does not grow
    with history.

    Args:
        length: Minutes of the window; `None` is all there is, what is ahead included.
        until: The first minute that no longer counts.

    >>> stretches(180, 250)
    (Stretch(span='minute', since=70, until=120), Stretch(span='hour', since=120, until=240), \
Stretch(span='minute', since=240, until=250))
    """
    if length is None:
        return (Stretch("all", EVER, EVER + 1),)
    since = max(0, until - length)
    first, last = -(-since // HOUR) * HOUR, until // HOUR * HOUR
    if last <= first:
        return (Stretch("minute", since, until),)
    parts = (Stretch("minute", since, first), Stretch("hour", first, last), Stretch("minute", last, until))
    return tuple(part for part in parts if part.since < part.until)


def rolled_up(minutes: Mapping[tuple[int, _Key], int]) -> dict[tuple[Span, int, _Key], int]:
    """Return what counts of minutes add to the sums of their hours, days and of all time.

    No window reads days; they are for curves over months. Zeros are left out.

    >>> rolled_up({(59, "x"): 1, (60, "x"): 2})
    {('hour', 0, 'x'): 1, ('day', 0, 'x'): 3, ('all', 0, 'x'): 3, ('hour', 60, 'x'): 2}
    """
    sums: dict[tuple[Span, int, _Key], int] = {}
    for (minute, key), n in minutes.items():
        places: tuple[tuple[Span, int, _Key], ...] = (
            ("hour", minute - minute % HOUR, key),
            ("day", minute - minute % DAY, key),
            ("all", EVER, key),
        )
        for place in places:
            sums[place] = sums.get(place, 0) + n
    return without_zeros(sums)
