"""Steps: the equal stretches of time that a line through a window has its points at."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from prefstream.schemas.metrics import Window

HOUR: Final = 60
DAY: Final = 24 * HOUR
#: Minutes of a window and of each of its steps; that of all time follows from how long that is.
_LENGTHS: Final[Mapping[Window, tuple[int, int]]] = {
    "1h": (HOUR, 5),
    "24h": (DAY, HOUR),
    "7d": (7 * DAY, 6 * HOUR),
}
#: Lengths of a step of all time, in days: the first with which the line stays short.
_DAYS: Final = (1, 2, 7, 14, 28, 91, 364)
#: Points of a line through all time at most, and at least, so that one day is no single point.
_MOST, _LEAST = 45, 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """Stretches of minutes, one after the other."""

    #: The first minute of the first step.
    since: int
    #: Minutes of each step.
    length: int
    count: int

    @property
    def until(self) -> int:
        """The first minute after the last step."""
        return self.since + self.count * self.length

    @property
    def span(self) -> Literal["minute", "hour", "day"]:
        """The sums that a step is made of."""
        if self.length % DAY == 0:
            return "day"
        return "minute" if self.length % HOUR else "hour"

    def reaching_back(self, more: int) -> "Steps":
        """Return the same steps with as many more before them, but none before 1970.

        >>> Steps(since=120, length=60, count=2).reaching_back(9)
        Steps(since=0, length=60, count=4)
        """
        before = min(more, self.since // self.length)
        return Steps(since=self.since - before * self.length, length=self.length, count=self.count + before)

    def starts(self) -> range:
        """Return the first minute of each step."""
        return range(self.since, self.until, self.length)


def steps_of(window: Window, *, until: int, oldest: int | None = None) -> Steps:
    """Return the steps of a window whose last step holds the minute before `until`.

    Steps begin at whole multiples of their length, so that a point stays the same point while time
    passes, and the last step may not be over yet.

    Args:
        window: The window.
        until: The first minute that no longer counts.
        oldest: The first minute of which anything is known, for the window of all time.

    >>> steps_of("24h", until=100 * 60 + 5)
    Steps(since=4620, length=60, count=24)
    >>> steps_of("all", until=50 * 1440, oldest=0).length // 1440
    2
    """
    if window == "all":
        return _of_all_time(until, oldest)
    whole, length = _LENGTHS[window]
    return _ending(until, length, whole // length)


def _of_all_time(until: int, oldest: int | None) -> Steps:
    known = max(until - (until if oldest is None else oldest), 1)
    length = next((days * DAY for days in _DAYS if known < (_MOST - 1) * days * DAY), _DAYS[-1] * DAY)
    count = -(-known // length) + 1
    return _ending(until, length, min(max(count, _LEAST), _MOST))


def _ending(until: int, length: int, count: int) -> Steps:
    end = -(-until // length) * length
    count = max(1, min(count, end // length))
    return Steps(since=end - count * length, length=length, count=count)
