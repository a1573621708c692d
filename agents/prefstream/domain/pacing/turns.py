"""Whose turn it is: purposes take turns, and within a purpose who came first goes first."""

from collections import OrderedDict, deque
from typing import Generic, TypeVar

T = TypeVar("T")


class Turns(Generic[T]):
    """Who waits, by purpose; a purpose with many does not keep one with few waiting.

    >>> turns = Turns[str]()
    >>> for one in ("j1", "j2", "j3"):
    ...     turns.add("judging", one)
    >>> turns.add("drafting", "d1")
    >>> [turns.pop() for _ in range(len(turns))]
    ['j1', 'd1', 'j2', 'j3']
    """

    def __init__(self) -> None:
        """Begin with nobody."""
        self._waiting: OrderedDict[str, deque[T]] = OrderedDict()
        self._count = 0

    def __len__(self) -> int:
        """Return how many wait."""
        return self._count

    def add(self, purpose: str, one: T) -> None:
        """Let one wait."""
        self._waiting.setdefault(purpose, deque()).append(one)
        self._count += 1

    def first(self) -> T:
        """Return whose turn it is; somebody must be waiting."""
        return next(iter(self._waiting.values()))[0]

    def pop(self) -> T:
        """Take out whose turn it is, and make it the next purpose's."""
        purpose, line = self._waiting.popitem(last=False)
        one = line.popleft()
        if line:
            self._waiting[purpose] = line
        self._count -= 1
        return one
