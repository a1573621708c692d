"""Which sums a window is made of: days and hours where it can be, minutes at its ends, one for all time."""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Final, Literal, NamedTuple, TypeVar

from prefstream.domain.agreement.tally import without_zeros

Span = Literal["minute", "hour", "day", "all"]
HOUR: Final = 60
DAY: Final = 24 * HOUR
_LONGER: Final[Sequence[tuple[Span, int]]] = (("day", DAY), ("hour", HOUR))
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

    A week is at most 7 days, 46 hours and 118 minutes, and all time is one sum: what is read does not grow
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
    return tuple(_filled(max(0, until - length), until, _LONGER))


def _filled(since: int, until: int, longer: Sequence[tuple[Span, int]]) -> Iterator[Stretch]:
    """Yield whole days where they fit, whole hours at their ends, and minutes at the ends of those."""
    if not longer:
        if since < until:
            yield Stretch("minute", since, until)
        return
    (span, width), *shorter = longer
    first, last = -(-since // width) * width, until // width * width
    if last <= first:
        yield from _filled(since, until, shorter)
        return
    yield from _filled(since, first, shorter)
    yield Stretch(span, first, last)
    yield from _filled(last, until, shorter)


def rolled_up(minutes: Mapping[tuple[int, _Key], int]) -> dict[tuple[Span, int, _Key], int]:
    """Return what counts of minutes add to the sums of their hours, days and of all time.

    Zeros are left out.

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
