"""Even splits: the exact test behind side bias and behind changes of mind."""

from math import comb


def split_p_value(first: int, second: int) -> float:
    """Return P(a split so uneven or more | each falls either way with probability 1/2), two-sided.

    The smaller count is Binomial(first + second, 1/2); both tails are alike, so p = 2 P(X <= smaller), at
    most 1. With labels on the left and on the right it is the test of side bias for one look at a person
    (the detectors of `habits` may be looked at all the time); with answers lost and gained it is
    McNemar's test in its exact form (McNemar, Psychometrika 12, 1947).

    >>> split_p_value(9, 1)
    0.021484375
    >>> split_p_value(0, 0)
    1.0
    """
    total = first + second
    tail = sum(comb(total, k) for k in range(min(first, second) + 1))
    return min(1.0, 2 * tail / (1 << total))
