"""How often a stand-in may be asked."""

from dataclasses import dataclass

_MINUTE_S = 60.0


@dataclass(slots=True)
class RequestRate:
    """Requests in the present minute; time is an argument."""

    _began_s: float = 0.0
    _count: int = 0

    def wait_s(self, now_s: float, most: int) -> float:
        """Count a request and return how long it must wait; 0: not at all.

        >>> rate = RequestRate()
        >>> [rate.wait_s(second, 2) for second in (100.0, 101.0, 102.0, 160.0)]
        [0.0, 0.0, 58.0, 0.0]
        """
        if not most:
            return 0.0
        if now_s - self._began_s >= _MINUTE_S:
            self._began_s, self._count = now_s, 0
        self._count += 1
        return max(1.0, self._began_s + _MINUTE_S - now_s) if self._count > most else 0.0
