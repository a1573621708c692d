"""Figures beside alpha from the same units: percent agreement and Fleiss' kappa."""

from collections.abc import Mapping
from fractions import Fraction
from math import fsum

from prefstream.domain.agreement.coincidences import Coincidences
from prefstream.domain.agreement.compositions import Compositions, UnitCounts, coincidences_of
from prefstream.domain.agreement.statistic import Statistic


def percent_agreement(state: UnitCounts) -> Statistic:
    """Return the share of pairs of ratings of the same unit that agree, 0 to 1.

    sum_u sum_c n_uc (n_uc - 1) / sum_u m_u (m_u - 1). A unit with many ratings has many pairs and weighs
    accordingly; nothing is taken off for chance. The limits are those of a ratio of two sums over units
    (Cochran, Sampling Techniques, 1977, chapter 6): pairs of one unit are not independent.

    Args:
        state: The units; compositions give 95 % limits, coincidences do not.

    >>> percent_agreement(Compositions.of([{"A": 2}, {"A": 1, "B": 1}])).value
    0.5
    """
    if missing := missing_in(state):
        return missing
    pairs = [(c == k, count) for (size, c, k), count in coincidences_of(state).cells.items() if size > 1]
    agreeing, n_pairs = sum(count for same, count in pairs if same), sum(count for _, count in pairs)
    value, n_units = agreeing / n_pairs, state.n_pairable_units
    squares = None
    if isinstance(state, Compositions):
        mean_pairs = n_pairs / n_units
        squares = fsum(
            units * ((_agreeing(composition) - value * size * (size - 1)) / mean_pairs) ** 2
            for composition, size, units in state.sized
        )
    return Statistic.over_units(value, squares, n_units=n_units, n_sampled=n_units, floor=0.0)


def fleiss_kappa(state: UnitCounts) -> Statistic:
    """Return Fleiss' kappa, defined where every unit has the same number of ratings.

    (P - P_e) / (1 - P_e), P = the mean over units of sum_c n_c (n_c - 1) / (m (m - 1)), P_e = sum_c p_c^2
    with p_c the share of ratings in c. Source: Fleiss 1971; the standard error is that of Gwet (2014) for
    units drawn from many, which holds where people do agree.

    Args:
        state: The units; compositions give 95 % limits, coincidences do not.

    >>> round(fleiss_kappa(Compositions.of([{"A": 2}, {"A": 1, "B": 1}, {"B": 2}])).value, 6)
    0.333333
    """
    if missing := missing_in(state):
        return missing
    counts = coincidences_of(state)
    n_units, sizes = counts.n_pairable_units, list(counts.units_by_size())
    if len(sizes) > 1:
        reason = (
            f"units have from {sizes[0]} to {sizes[-1]} ratings; Fleiss' kappa needs the same number in each"
        )
        return Statistic.undefined(reason, n_units=n_units)
    shares = {category: Fraction(n, counts.n_ratings) for (_, category), n in counts.marginals().items()}
    by_chance = sum((share**2 for share in shares.values()), Fraction(0))
    if by_chance == 1:
        return Statistic.undefined("chance agreement is 1: all ratings are alike", n_units=n_units)
    value = float((_mean_unit_agreement(counts) - by_chance) / (1 - by_chance))
    squares = None
    if isinstance(state, Compositions):
        commonness = {category: float(share) for category, share in shares.items()}
        squares = _fleiss_squares(state, commonness, float(by_chance), value)
    return Statistic.over_units(value, squares, n_units=n_units, n_sampled=n_units)


def missing_in(state: UnitCounts) -> Statistic | None:
    """Return the undefined figure of a state that nothing can be read from; `None` when it can."""
    reason = state.fault or (None if state.n_pairable_units else "no unit has two ratings")
    return Statistic.undefined(reason, n_units=state.n_pairable_units) if reason else None


def _agreeing(composition: tuple[tuple[str, int], ...]) -> int:
    return sum([count * (count - 1) for _, count in composition])


def _mean_unit_agreement(state: Coincidences) -> Fraction:
    agreeing: dict[int, int] = {}
    for (size, c, k), count in state.cells.items():
        if size > 1 and c == k:
            agreeing[size] = agreeing.get(size, 0) + count
    total = sum((Fraction(count, size * (size - 1)) for size, count in agreeing.items()), Fraction(0))
    return total / state.n_pairable_units


def _fleiss_squares(
    state: Compositions, commonness: Mapping[str, float], by_chance: float, value: float
) -> float:
    terms = []
    for composition, size, units in state.sized:
        agreeing = _agreeing(composition) / (size * (size - 1))
        at_chance = sum([count * commonness[category] for category, count in composition]) / size
        x = (agreeing - by_chance - 2 * (1 - value) * (at_chance - by_chance)) / (1 - by_chance)
        terms.append(units * (x - value) ** 2)
    return fsum(terms)
