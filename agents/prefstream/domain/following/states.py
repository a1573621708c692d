"""The latest state of everything that is watched, in the order in which it changed."""

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from prefstream.domain.following.cursors import Cursor

#: "metrics" or "alert"; the slice or the alert; the window, empty for alerts.
Key = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """The latest event about one thing."""

    key: Key
    version: int
    #: The event as bytes of JSON.
    event: bytes
    #: Whether it tells only that something is over; who begins anew need not hear of it.
    over: bool = False


@dataclass(slots=True)
class Latest:
    """Keeps of everything the latest state alone: who is slow gets that, and nothing queues up.

    Memory grows with slices, windows and alerts, not with changes or with those who watch.
    """

    cursor: Cursor = field(default_factory=lambda: Cursor(epoch=0, version=0))
    _states: OrderedDict[Key, State] = field(default_factory=OrderedDict)

    def take(self, epoch: int, states: Iterable[State]) -> bool:
        """Take in what changed, the first change first; return whether anything did.

        A new epoch forgets what was there: its versions say nothing any more.
        """
        before = self.cursor
        if epoch != self.cursor.epoch:
            self._states.clear()
            self.cursor = Cursor(epoch=epoch, version=0)
        for state in states:
            if state.version > self.cursor.version:
                self._states[state.key] = state
                self._states.move_to_end(state.key)
                self.cursor = Cursor(epoch=epoch, version=state.version)
        return self.cursor != before

    def knows(self, cursor: Cursor) -> bool:
        """Return whether a cursor is one of ours: of this epoch, and not of its future."""
        return cursor.epoch == self.cursor.epoch and cursor.version <= self.cursor.version

    def since(self, version: int) -> list[State]:
        """Return what changed since a version, in order; it costs as much as there is to return.

        Since version 0 that is all there is, without what is over.
        """
        found = []
        for state in reversed(self._states.values()):
            if state.version <= version:
                break
            if version or not state.over:
                found.append(state)
        found.reverse()
        return found

    def __iter__(self) -> Iterator[State]:
        """Go through everything there is."""
        return iter(list(self._states.values()))

    def __len__(self) -> int:
        """Return how many things are watched."""
        return len(self._states)
