"""Rankings of several candidates as preferences between each two of them."""

from collections.abc import Collection, Iterator, Sequence
from itertools import combinations
from math import ceil
from typing import NamedTuple

from prefstream.schemas.ids import derived_id
from prefstream.schemas.values import Verdict, preference_of


class Duel(NamedTuple):
    """Two candidates of a task as a pair; A and B are places in the task's order, from 0."""

    pair_id: str
    a: int
    b: int


def duels(task_id: str, count: int) -> Iterator[Duel]:
    """Yield a pair for each two of `count` candidates, the same whoever ranks them.

    Which of the two stands first is a coin that the pair's id tosses: lists of candidates often come
    in an order that says something, such as the strongest model first.

    >>> [(one.a, one.b) for one in duels("t1", 3)]
    [(1, 0), (2, 0), (1, 2)]
    """
    for one, other in combinations(range(count), 2):
        pair_id = derived_id("ranked", task_id, one, other)
        yield Duel(pair_id, one, other) if int(pair_id[0], 16) % 2 == 0 else Duel(pair_id, other, one)


def levels(ranks: Sequence[int]) -> tuple[int, ...]:
    """Return ranks without gaps: how many better ranks were given, plus one.

    >>> levels([1, 4, 4, 7])
    (1, 2, 2, 3)
    """
    given = {rank: level for level, rank in enumerate(sorted(set(ranks)), start=1)}
    return tuple(given[rank] for rank in ranks)


def verdict_of(ranks: Sequence[int], unacceptable: Collection[int], *, a: int, b: int) -> Verdict:
    """Return what a ranking says of two of its candidates.

    Equal ranks are a tie, two candidates that are fit for nobody are both bad. Otherwise the better
    rank wins: by much where the other one is fit for nobody, or where at least half of the way from
    the best of n candidates to the worst lies between them (n / 2 levels, at least two; gaps between
    ranks do not count); else by little.

    >>> [verdict_of([1, 2, 3, 4], [], a=0, b=b).value for b in (1, 2, 3)]
    ['A>', 'A>>', 'A>>']
    >>> verdict_of([1, 2], [1], a=1, b=0).value, verdict_of([1, 2], [0, 1], a=0, b=1).value
    ('B>>', 'both_bad')
    """
    bad_a, bad_b = a in unacceptable, b in unacceptable
    if bad_a and bad_b:
        return Verdict.BOTH_BAD
    heights = levels(ranks)
    distance = heights[b] - heights[a]
    if bad_a != bad_b:
        return Verdict.B_MUCH_BETTER if bad_a else Verdict.A_MUCH_BETTER
    if distance == 0:
        return Verdict.TIE
    size = 2 if abs(distance) >= max(2, ceil(len(ranks) / 2)) else 1
    return Verdict(preference_of(size if distance > 0 else -size).value)


def contradiction(ranks: Sequence[int], unacceptable: Collection[int]) -> tuple[int, int] | None:
    """Return two candidates of which the unfit one ranks as high as the fit one, or higher; else `None`.

    >>> contradiction([1, 2, 3], [0]), contradiction([1, 2, 3], [2])
    ((0, 1), None)
    """
    for bad in sorted(unacceptable):
        for good in range(len(ranks)):
            if good not in unacceptable and ranks[bad] <= ranks[good]:
                return bad, good
    return None


def drawn_order(count: int, *draw: str) -> tuple[int, ...]:
    """Return the order in which somebody is shown so many candidates: random, the same for a draw.

    >>> sorted(drawn_order(4, "lease-1")) == [0, 1, 2, 3]
    True
    >>> drawn_order(4, "lease-1") == drawn_order(4, "lease-1")
    True
    """
    return tuple(sorted(range(count), key=lambda place: derived_id("shown", *draw, place)))
