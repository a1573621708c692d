"""The same figures from libraries that others wrote, and slowly from the printed definitions."""

from collections.abc import Mapping, Sequence
from itertools import permutations
from math import nan
from statistics import fmean
from typing import Literal

import krippendorff
import numpy as np
from statsmodels.stats import inter_rater  # type: ignore[import-untyped]

Level = Literal["nominal", "ordinal", "interval"]
#: One unit: who said what.
Unit = Mapping[str, str]


def library_alpha(units: Sequence[Unit], level: Level, values: Mapping[str, float]) -> float:
    """Return alpha by the package krippendorff."""
    raters = sorted({rater for unit in units for rater in unit})
    table = [[values[unit[rater]] if rater in unit else nan for unit in units] for rater in raters]
    return float(krippendorff.alpha(reliability_data=table, level_of_measurement=level))


def library_fleiss(units: Sequence[Unit]) -> float:
    """Return Fleiss' kappa by statsmodels."""
    ratings = [[*unit.values()] for unit in units]
    categories = sorted({rating for unit in ratings for rating in unit})
    return float(
        inter_rater.fleiss_kappa([[unit.count(category) for category in categories] for unit in ratings])
    )


def library_kappa(
    said: Sequence[tuple[str, str]], order: Sequence[str], weights: str | None
) -> tuple[float, float]:
    """Return Cohen's kappa and its variance by statsmodels."""
    table = [[said.count((row, column)) for column in order] for row in order]
    with np.errstate(all="ignore"):
        found = inter_rater.cohens_kappa(table, wt=weights)
    return float(found.kappa), float(found.var_kappa)


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
