"""Turns: how often somebody may ask, by the generic cell rate algorithm (ITU-T I.371).

Of each key one number is kept, the instant at which it would have used up all it has asked for if it
asked evenly. Keys that nobody has asked with for a while leave first, so that memory is bounded
however many there are.
"""

from collections import OrderedDict
from collections.abc import Hashable

#: Keys that are remembered at most.
MOST_KEYS = 50_000


class Turns:
    """Lets each key have so many turns a minute, all at once or spread.

    >>> turns = Turns(per_min=2)
    >>> [turns.wait_s("me", now_s) for now_s in (0.0, 1.0, 2.0)]
    [0.0, 0.0, 28.0]
    >>> turns.wait_s("you", 2.0), turns.wait_s("me", 30.0)
    (0.0, 0.0)
    """

    def __init__(self, *, per_min: int, most_keys: int = MOST_KEYS) -> None:
        self._interval_s = 60.0 / per_min
        self._most_keys = most_keys
        self._until_s: OrderedDict[Hashable, float] = OrderedDict()

    def wait_s(self, key: Hashable, now_s: float) -> float:
        """Take a turn; return 0, or the seconds to wait if there is none and none was taken."""
        until_s = max(self._until_s.get(key, now_s), now_s) + self._interval_s
        # A turn of the minute that is just over must not be refused for the rounding of its sums.
        if (early_s := until_s - now_s - 60.0) > 1e-6:
            return early_s
        self._until_s[key] = until_s
        self._until_s.move_to_end(key)
        if len(self._until_s) > self._most_keys:
            self._until_s.popitem(last=False)
        return 0.0

    def spent(self, key: Hashable, now_s: float) -> float:
        """Return the seconds until the key has a turn, without taking one."""
        return max(0.0, self._until_s.get(key, now_s) + self._interval_s - now_s - 60.0)
