"""The same figures from libraries that others wrote, and slowly from the printed definitions."""

from collections.abc import Mapping, Sequence
from itertools import permutations
from math import nan
from statistics import fmean
from typing import Literal

import krippendorff

Level = Literal["nominal", "ordinal", "interval"]
#: One unit: who said what.
Unit = Mapping[str, str]


def library_alpha(units: Sequence[Unit], level: Level, values: Mapping[str, float]) -> float:
    """Return alpha by the package krippendorff."""
    raters = sorted({rater for unit in units for rater in unit})
    table = [[values[unit[rater]] if rater in unit else nan for unit in units] for rater in raters]
    return float(krippendorff.alpha(reliability_data=table, level_of_measurement=level))


def slow_percent(units: Sequence[Unit]) -> float:
    """Return the share of ordered pairs of ratings of one unit that agree, pair by pair."""
    pairs = [a == b for unit in units for a, b in permutations(unit.values(), 2)]
    return fmean(pairs)


def slow_fleiss(units: Sequence[Unit]) -> float:
    """Return Fleiss' kappa as in his paper: the agreement of each unit, against shares of categories."""
    ratings = [rating for unit in units for rating in unit.values()]
    by_chance = sum((ratings.count(category) / len(ratings)) ** 2 for category in set(ratings))
    observed = fmean(fmean(a == b for a, b in permutations(unit.values(), 2)) for unit in units)
    return (observed - by_chance) / (1 - by_chance)


def slow_gwet(units: Sequence[Unit], near: Mapping[tuple[str, str], float]) -> float:
    """Return AC1 or AC2: the mean weight of pairs of ratings, against Gwet's chance.

    Args:
        units: Who said what.
        near: The weight of every two categories of the scale.
    """
    rated, paired = [unit for unit in units if unit], [unit for unit in units if len(unit) > 1]
    categories = sorted({category for category, _ in near})
    observed = fmean(fmean(near[pair] for pair in permutations(unit.values(), 2)) for unit in paired)
    shares = [fmean([*unit.values()].count(c) / len(unit) for unit in rated) for c in categories]
    size = len(categories)
    by_chance = sum(near.values()) / (size * (size - 1)) * sum(share * (1 - share) for share in shares)
    return (observed - by_chance) / (1 - by_chance)
