"""Figures beside alpha from the same counts: percent agreement, Gwet's AC1, Fleiss' kappa."""

from fractions import Fraction

from prefstream.domain.agreement.coincidences import Coincidences
from prefstream.domain.agreement.statistic import Statistic
from prefstream.schemas.errors import BadInput


def percent_agreement(state: Coincidences) -> Statistic:
    """Return the share of pairs of ratings of the same unit that agree, 0 to 1.

    sum_u sum_c n_uc (n_uc - 1) / sum_u m_u (m_u - 1). A unit with many ratings has many pairs and weighs
    accordingly; nothing is taken off for chance.

    >>> percent_agreement(Coincidences.of([{"A": 2}, {"A": 1, "B": 1}])).value
    0.5
    """
    missing = _missing(state)
    if missing:
        return missing
    pairs = [(c == k, count) for (size, c, k), count in state.cells.items() if size > 1]
    agreeing = sum(count for same, count in pairs if same)
    return Statistic.unbounded(agreeing / sum(count for _, count in pairs), n_units=state.n_pairable_units)


def gwet_ac1(state: Coincidences, *, n_categories: int | None = None) -> Statistic:
    """Return Gwet's AC1, which stands when nearly all ratings are in one category.

    AC1 = (p_a - p_e) / (1 - p_e), p_a = the mean over units with two or more ratings of
    sum_c r_c (r_c - 1) / (m (m - 1)), p_e = sum_k pi_k (1 - pi_k) / (q - 1), pi_k = the mean over all units,
    those with one rating included, of r_k / m. Source: Gwet, Handbook of Inter-Rater Reliability (2014);
    his tables are reproduced by irrCAC and here.

    Args:
        state: The coincidence counts.
        n_categories: q, where the scale has categories that nobody used; else those that were used.

    Raises:
        BadInput: More categories were used than `n_categories`.

    >>> paradox = [{"+": 2}] * 118 + [{"+": 1, "-": 1}] * 7
    >>> round(gwet_ac1(Coincidences.of(paradox)).value, 5)
    0.94078
    """
    missing = _missing(state)
    if missing:
        return missing
    n_used = len({category for _, category, _ in state.cells})
    if n_categories is not None and n_categories < n_used:
        raise BadInput(
            f"{n_used} categories have ratings but n_categories is {n_categories}; it counts them all"
        )
    q = n_categories or n_used
    if q == 1:
        reason = "all ratings are in one category and no other is known"
        return Statistic.undefined(reason, n_units=state.n_pairable_units)
    by_chance = sum((p * (1 - p) for p in _prevalences(state).values()), Fraction(0)) / (q - 1)
    value = (_mean_unit_agreement(state) - by_chance) / (1 - by_chance)
    return Statistic.unbounded(float(value), n_units=state.n_pairable_units)


def fleiss_kappa(state: Coincidences) -> Statistic:
    """Return Fleiss' kappa, defined where every unit has the same number of ratings.

    (P - P_e) / (1 - P_e), P = the mean over units of sum_c n_c (n_c - 1) / (m (m - 1)), P_e = sum_c p_c^2
    with p_c the share of ratings in c. Source: Fleiss 1971.

    >>> round(fleiss_kappa(Coincidences.of([{"A": 2}, {"A": 1, "B": 1}, {"B": 2}])).value, 6)
    0.333333
    """
    missing = _missing(state)
    if missing:
        return missing
    n_units, sizes = state.n_pairable_units, list(state.units_by_size())
    if len(sizes) > 1:
        reason = (
            f"units have from {sizes[0]} to {sizes[-1]} ratings; Fleiss' kappa needs the same number in each"
        )
        return Statistic.undefined(reason, n_units=n_units)
    n_ratings = state.n_ratings
    by_chance = sum((Fraction(count, n_ratings) ** 2 for count in state.marginals().values()), Fraction(0))
    if by_chance == 1:
        return Statistic.undefined("chance agreement is 1: all ratings are alike", n_units=n_units)
    value = (_mean_unit_agreement(state) - by_chance) / (1 - by_chance)
    return Statistic.unbounded(float(value), n_units=n_units)


def _missing(state: Coincidences) -> Statistic | None:
    reason = state.fault or (None if state.n_pairable_units else "no unit has two ratings")
    return Statistic.undefined(reason, n_units=state.n_pairable_units) if reason else None


def _prevalences(state: Coincidences) -> dict[str, Fraction]:
    shares: dict[str, Fraction] = {}
    for (size, category), count in state.marginals().items():
        shares[category] = shares.get(category, Fraction(0)) + Fraction(count, size)
    return {category: share / state.n_units for category, share in shares.items()}


def _mean_unit_agreement(state: Coincidences) -> Fraction:
    agreeing: dict[int, int] = {}
    for (size, c, k), count in state.cells.items():
        if size > 1 and c == k:
            agreeing[size] = agreeing.get(size, 0) + count
    total = sum((Fraction(count, size * (size - 1)) for size, count in agreeing.items()), Fraction(0))
    return total / state.n_pairable_units
