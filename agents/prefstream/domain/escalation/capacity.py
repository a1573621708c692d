"""Capacity: how far the minutes that people have go.

Capacity orders, it never decides: a pair that must go to people waits until they have time. It is not
dropped, and no judge's label takes the place of theirs.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A pair that waits for labels."""

    pair_id: str
    slice: str
    round: str
    priority: int
    #: Labels still to come.
    labels: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """Which tasks the minutes reach, and which wait."""

    now: Sequence[Task]
    waiting: Sequence[Task]
    #: What the tasks that are reached take.
    seconds: int


def served(tasks: Iterable[Task], *, minutes: int, seconds_per_label: int) -> Capacity:
    """Return which tasks are served, in the order of the queue, until the next one does not fit.

    A smaller task further back does not overtake: else a large one might wait for ever.

    Args:
        tasks: All that wait, each once; their order does not matter.
        minutes: What people have.
        seconds_per_label: What a label takes.
    """
    queue = sorted(tasks, key=lambda task: (-task.priority, task.pair_id, task.round))
    left = 60 * minutes
    for place, task in enumerate(queue):
        cost = task.labels * seconds_per_label
        if cost > left:
            return Capacity(now=queue[:place], waiting=queue[place:], seconds=60 * minutes - left)
        left -= cost
    return Capacity(now=queue, waiting=[], seconds=60 * minutes - left)
