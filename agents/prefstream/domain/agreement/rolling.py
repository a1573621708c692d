"""Windows that roll with event time: one event costs the same whatever their number, length and history.

Windows that end now lie inside each other, so what is kept is the sum of each ring between two of them.
An event touches its minute and one ring; a window is read by adding up the rings inside it. When time goes
on, the minutes that cross an edge move from ring to ring, once for each edge.

Minutes are kept up to the longest window, older ones only in the sum of all there is, so the memory grows
with minutes and not with events.
"""

from collections.abc import Iterable, Mapping, Sequence

from prefstream.domain.agreement.units import Cell, Kind
from prefstream.domain.agreement.windows import Window, window
from prefstream.schemas.errors import BadInput

#: A cell without its minute.
_Key = tuple[Kind, int, str, str, str, str]
_Tally = dict[_Key, int]


class Rolling:
    """The windows of one slice, of given lengths and of all there is.

    >>> from prefstream.domain.agreement.units import UnitLabel, contributions
    >>> rolling = Rolling([60], until_minute=100)
    >>> for minute in (30, 99, 100):
    ...     said = UnitLabel(annotator="ann", category="A>", minute=minute, order=(minute, "x"))
    ...     rolling.add(contributions([said]))
    >>> rolling.window(60).nominal.n_units, rolling.window(None).nominal.n_units
    (1, 3)
    >>> rolling.roll(until_minute=101)
    >>> rolling.window(60).nominal.n_units
    2
    """

    def __init__(self, lengths: Sequence[int], *, until_minute: int) -> None:
        """Begin with nothing counted.

        Args:
            lengths: Minutes of each window but the one of all there is.
            until_minute: The first minute that is not over yet; windows end before it.

        Raises:
            BadInput: A length is not positive.
        """
        if any(length < 1 for length in lengths):
            raise BadInput(f"windows of {list(lengths)} minutes: a window has at least one minute")
        self._lengths = sorted(set(lengths))
        self._until = until_minute
        self._minutes: dict[int, _Tally] = {}
        # Every minute names the same few cells: one object of each halves the memory.
        self._keys: dict[_Key, _Key] = {}
        # The first ring holds what is ahead of time, the last what is older than every window.
        self._rings: list[_Tally] = [{} for _ in range(len(self._lengths) + 2)]

    def add(self, change: Mapping[Cell, int]) -> None:
        """Count a change, as `change` gives it, in every window that it lies in."""
        oldest = self._until - self._lengths[-1] if self._lengths else self._until
        for cell, count in change.items():
            minute, key = cell[0], self._keys.setdefault(cell[1:], cell[1:])
            if minute >= oldest:
                bucket = self._minutes.get(minute)
                if bucket is None:
                    bucket = self._minutes[minute] = {}
                _count(bucket, key, count)
                if not bucket:
                    del self._minutes[minute]
            _count(self._rings[self._ring(minute, self._until)], key, count)

    def roll(self, *, until_minute: int) -> None:
        """Let time go on; going back changes nothing."""
        if until_minute <= self._until:
            return
        before, self._until = self._until, until_minute
        for minute in self._crossing(before):
            old, new = self._ring(minute, before), self._ring(minute, until_minute)
            for key, count in self._minutes[minute].items():
                _count(self._rings[old], key, -count)
                _count(self._rings[new], key, count)
            if new == len(self._rings) - 1:
                del self._minutes[minute]

    def window(self, length: int | None) -> Window:
        """Return a window by its length in minutes; `None` is all there is, what is ahead included.

        Raises:
            BadInput: No window has this length.
        """
        if length is not None and length not in self._lengths:
            raise BadInput(f"there is no window of {length} minutes; there are {self._lengths}")
        rings = self._rings if length is None else self._rings[1 : self._lengths.index(length) + 2]
        return window((Cell(0, *key), count) for ring in rings for key, count in ring.items())

    @property
    def n_counts(self) -> int:
        """Counts that are kept, in minutes and rings."""
        return sum(map(len, self._minutes.values())) + sum(map(len, self._rings))

    def _ring(self, minute: int, until: int) -> int:
        if minute >= until:
            return 0
        for ring, length in enumerate(self._lengths, start=1):
            if minute >= until - length:
                return ring
        return len(self._lengths) + 1

    def _crossing(self, before: int) -> Iterable[int]:
        """Return the kept minutes that are in another ring now."""
        passed = self._until - before
        if passed * (len(self._lengths) + 1) >= len(self._minutes):
            crossing = [*self._minutes]
        else:
            edges = [0, *self._lengths]
            crossing = [minute for edge in edges for minute in range(before - edge, self._until - edge)]
        return [
            minute
            for minute in dict.fromkeys(crossing)
            if minute in self._minutes and self._ring(minute, before) != self._ring(minute, self._until)
        ]


def _count(tally: _Tally, key: _Key, count: int) -> None:
    total = tally.get(key, 0) + count
    if total:
        tally[key] = total
    else:
        tally.pop(key, None)
