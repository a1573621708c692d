"""How much may be asked per minute: a bucket that fills at a steady rate and is emptied by calls."""

from dataclasses import dataclass, field

#: Seconds of its rate that a full bucket holds: what may come at once after a silence.
BURST_S = 5.0


@dataclass(slots=True, kw_only=True)
class Bucket:
    """A token bucket with reservation by estimate and settlement by use.

    A call takes what it is thought to need; when it is known what it used, the difference goes back
    or is owed. What is owed makes later calls wait, so over time no more is used than allowed.

    >>> bucket = Bucket(per_minute=600)
    >>> bucket.capacity
    50.0
    >>> bucket.take(50, now_s=0.0)
    >>> bucket.wait_s(10, now_s=0.0), bucket.wait_s(10, now_s=1.0)
    (1.0, 0.0)
    >>> bucket.settle(reserved=50, used=20)
    >>> bucket.wait_s(10, now_s=0.0)
    0.0
    """

    per_minute: float
    level: float = field(init=False)
    filled_at_s: float = 0.0

    def __post_init__(self) -> None:
        self.level = self.capacity

    @property
    def capacity(self) -> float:
        """Return what the full bucket holds; at least one, or nothing could ever be taken."""
        return max(1.0, self.per_minute / 60 * BURST_S)

    def wait_s(self, amount: float, *, now_s: float) -> float:
        """Return the seconds until so much may be taken; for more than it holds, until it is full."""
        self._fill(now_s)
        return max(0.0, (min(amount, self.capacity) - self.level) / (self.per_minute / 60))

    def take(self, amount: float, *, now_s: float) -> None:
        """Take so much, and owe what is not there."""
        self._fill(now_s)
        self.level -= amount

    def settle(self, *, reserved: float, used: float) -> None:
        """Give back what was taken in vain, or owe what was used beyond it."""
        self.level = min(self.capacity, self.level + reserved - used)

    def _fill(self, now_s: float) -> None:
        if now_s > self.filled_at_s:
            gained = (now_s - self.filled_at_s) * self.per_minute / 60
            self.level, self.filled_at_s = min(self.capacity, self.level + gained), now_s
