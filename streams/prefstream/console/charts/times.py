"""Ticks of time: as many as are read at a glance, at round hours, days and weeks."""

from collections.abc import Sequence
from datetime import UTC, datetime

from prefstream.domain.trends import Steps

_HOUR, _DAY = 60, 1440
#: Distances between ticks in minutes, each a round stretch of time.
_ROUND = (15, 30, _HOUR, 3 * _HOUR, 6 * _HOUR, 12 * _HOUR, _DAY, 2 * _DAY, 7 * _DAY, 14 * _DAY, 28 * _DAY)
_ROUND_LONG = tuple(days * _DAY for days in (91, 182, 364, 728))


def time_ticks(steps: Steps, *, most: int = 5) -> Sequence[tuple[int, datetime]]:
    """Return the steps that bear a tick, with when they begin.

    >>> [at.hour for _, at in time_ticks(Steps(since=0, length=60, count=24))]
    [0, 6, 12, 18]
    """
    whole = steps.until - steps.since
    apart = next((one for one in (*_ROUND, *_ROUND_LONG) if whole / one <= most), _ROUND_LONG[-1])
    apart = max(apart, steps.length)
    # Weeks begin on Monday; the first day of 1970 was a Thursday.
    shift = 4 * _DAY if apart % (7 * _DAY) == 0 else 0
    return [
        (index, datetime.fromtimestamp(since * 60, UTC))
        for index, since in enumerate(steps.starts())
        if (shift - since) % apart < steps.length
    ]
