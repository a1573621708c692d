"""How calls are spread over time: evenly over a round, not all at its beginning."""

from dataclasses import dataclass

#: How much faster than the window's own rate calls may go: 1.2 as TCP's pacing has it, and twice as fast
#: while the window still doubles.
GAIN = 1.2
FIRST_GAIN = 2.0
#: Seconds of calls that may go at once: clocks and event loops are no finer.
TOLERANCE_S = 0.005
#: Weight of the newest latency in the mean; RFC 6298.
WEIGHT = 1 / 8


@dataclass(slots=True, kw_only=True)
class Pace:
    """Spreads a window of calls over the time that a call takes.

    Calls that start together are answered together, and then everything stands still until their
    answers are dealt with, again and again. A window of w calls that take l seconds each needs w / l
    starts a second; a little more than that is let go, evenly.

    >>> pace = Pace()
    >>> pace.wait_s(now_s=0.0)
    0.0
    >>> pace.answered(0.5)
    >>> for _ in range(13):
    ...     pace.went(window=1000, first=False, now_s=0.0)
    >>> round(pace.wait_s(now_s=0.0), 4), pace.wait_s(now_s=0.1)
    (0.0004, 0.0)
    """

    latency_s: float | None = None
    next_at_s: float = 0.0

    def answered(self, latency_s: float) -> None:
        """Learn how long a call took."""
        before = self.latency_s
        self.latency_s = latency_s if before is None else before + WEIGHT * (latency_s - before)

    def wait_s(self, *, now_s: float) -> float:
        """Return the seconds until the next call may go."""
        return max(0.0, self.next_at_s - TOLERANCE_S - now_s)

    def went(self, *, window: float, first: bool, now_s: float) -> None:
        """Take note that a call went.

        Args:
            window: Calls that may be under way.
            first: Whether the window still doubles.
            now_s: The present.
        """
        if self.latency_s is not None:
            rate = (FIRST_GAIN if first else GAIN) * window / max(self.latency_s, 1e-6)
            self.next_at_s = max(self.next_at_s, now_s) + 1 / rate
