"""When to ask a second time: once an answer takes longer than nearly all others did."""

from dataclasses import dataclass, field

#: Latencies remembered, and how many there must be before anything is said about them.
MEMORY = 256
ENOUGH = 50
SHARE = 0.95


@dataclass(slots=True, kw_only=True)
class Latencies:
    """The latest latencies of a model, and the point that 95 % of them stay under.

    >>> latencies = Latencies()
    >>> for number in range(100):
    ...     latencies.add(number / 100)
    >>> latencies.slow_s()
    0.95
    """

    _seconds: list[float] = field(default_factory=list)
    _next: int = 0
    _slow_s: float | None = None
    _stale: int = 0

    def add(self, seconds: float) -> None:
        """Remember one, and forget the oldest where there are too many."""
        if len(self._seconds) < MEMORY:
            self._seconds.append(seconds)
        else:
            self._seconds[self._next] = seconds
            self._next = (self._next + 1) % MEMORY
        self._stale += 1

    def slow_s(self) -> float | None:
        """Return the 95th percentile (nearest rank), at most 25 latencies old; `None` before 50 are known."""
        if len(self._seconds) < ENOUGH:
            return None
        if self._slow_s is None or self._stale >= ENOUGH // 2:
            self._slow_s, self._stale = sorted(self._seconds)[int(len(self._seconds) * SHARE)], 0
        return self._slow_s


def hedge_after_s(latencies: Latencies, *, hedging: bool, deadline_s: float) -> float | None:
    """Return when to send a second request; `None` never: it is off, or nothing is known, or it is too late.

    >>> hedge_after_s(Latencies(), hedging=True, deadline_s=40.0) is None
    True
    """
    slow_s = latencies.slow_s() if hedging else None
    return slow_s if slow_s is not None and slow_s < deadline_s else None
