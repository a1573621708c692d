"""Length bias: how much more often than people a judge prefers the longer response."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import fsum, sqrt

from prefstream.domain.agreement.statistic import Statistic
from prefstream.domain.evaluation.intervals import Share
from prefstream.domain.evaluation.readings import Side

#: Pairs from which on large-sample limits are given.
MIN_PAIRS = 30
TOO_FEW = f"large-sample limits need at least {MIN_PAIRS} pairs"
#: Lengths of both responses, what people prefer, what the judge prefers.
Choice = tuple[tuple[int, int], Side | None, Side | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class LengthBias:
    """How often each prefers the longer response, and by how much the judge does more often."""

    #: Of the pairs of unequal length on which people prefer one.
    people: Share
    #: Of the pairs of unequal length on which the judge prefers one.
    judge: Share
    #: Judge minus people; above 0 the judge likes length more than people do.
    bias: Statistic


def length_bias(choices: Iterable[Choice]) -> LengthBias:
    """Return the length bias relative to people, over pairs that both were given.

    With d_i = [prefers one], l_i = [prefers the longer] and r = sum l / sum d for judge (J) and people
    (H): bias = r_J - r_H. It is a difference of two ratios over the same pairs, whose variance is that
    of the linearised values (l_Ji - r_J d_Ji) / mean d_J, minus the same for H (delta method). With
    fewer than 30 pairs there are no limits.

    >>> def found(*choices): return length_bias([((9, 5), people, judge) for people, judge in choices])
    >>> found(("A", "A"), ("B", "A"), ("A", "A"), ("B", "B")).bias.value
    0.25
    """
    unequal = [(lengths, people, judge) for lengths, people, judge in choices if lengths[0] != lengths[1]]
    longer = ["A" if lengths[0] > lengths[1] else "B" for lengths, _, _ in unequal]
    people = _preferences([one for _, one, _ in unequal], longer)
    judge = _preferences([one for _, _, one in unequal], longer)
    return LengthBias(people=_share(people), judge=_share(judge), bias=_difference(judge, people))


def _preferences(sides: Sequence[Side | None], longer: Sequence[str]) -> list[tuple[int, int]]:
    """Return for each pair whether the longer is preferred, and whether either is."""
    return [(int(side == long), int(side in {"A", "B"})) for side, long in zip(sides, longer, strict=True)]


def _share(preferences: Sequence[tuple[int, int]]) -> Share:
    hits, of = sum(one for one, _ in preferences), sum(one for _, one in preferences)
    return Share.counted(hits, of, reason="no pair of unequal length on which either response is preferred")


def _difference(judge: Sequence[tuple[int, int]], people: Sequence[tuple[int, int]]) -> Statistic:
    n = len(judge)
    ratios = [_share(judge).value, _share(people).value]
    if ratios[0] is None or ratios[1] is None:
        return Statistic.undefined("judge or people prefer no response of unequal length", n_units=n)
    value = ratios[0] - ratios[1]
    if n < MIN_PAIRS:
        return Statistic.unbounded(value, n_units=n, bounds_reason=TOO_FEW)
    moved = [ours - theirs for ours, theirs in zip(_moved(judge), _moved(people), strict=True)]
    variance = fsum(one * one for one in moved) / (n - 1) / n
    if sqrt(variance) < 1e-12:
        return Statistic.unbounded(value, n_units=n, bounds_reason="judge and people choose alike throughout")
    return Statistic.with_variance(value, variance, n_units=n)


def _moved(preferences: Sequence[tuple[int, int]]) -> list[float]:
    hits, of = sum(one for one, _ in preferences), sum(one for _, one in preferences)
    return [(longer - hits / of * either) * len(preferences) / of for longer, either in preferences]
