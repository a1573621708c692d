"""Sparse integer counts: a mapping from key to a count that is not zero.

Integers make a sum independent of its order, so that late, repeated and taken-back events
cannot leave a trace in the last digits. Counts may be negative while deltas are under way.
"""

from collections.abc import Hashable, Iterable, Mapping
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)


def summed(tallies: Iterable[Mapping[Key, int]]) -> dict[Key, int]:
    """Return the sum of the tallies without its zeros.

    >>> summed([{"a": 1, "b": 2}, {"b": -2}])
    {'a': 1}
    """
    total: dict[Key, int] = {}
    for tally in tallies:
        for key, count in tally.items():
            total[key] = total.get(key, 0) + count
    return without_zeros(total)


def difference(after: Mapping[Key, int], before: Mapping[Key, int]) -> dict[Key, int]:
    """Return what has to be added to `before` to get `after`, without zeros.

    >>> difference({"a": 1, "b": 2}, {"b": 2, "c": 1})
    {'a': 1, 'c': -1}
    """
    change = dict(after)
    for key, count in before.items():
        change[key] = change.get(key, 0) - count
    return without_zeros(change)


def without_zeros(tally: Mapping[Key, int]) -> dict[Key, int]:
    """Return the tally without the keys whose count is zero."""
    return {key: count for key, count in tally.items() if count}
