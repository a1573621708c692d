"""Krippendorff's alpha: any number of raters, missing ratings, nominal to interval.

Source: Krippendorff, Content Analysis (2004), chapter 11; "Computing Krippendorff's
Alpha-Reliability" (2011).

    alpha = 1 - D_o / D_e = 1 - (n - 1) sum o_ck d_ck / sum n_c n_k d_ck

with o_ck = sum over units of n_uc (n_uk - [c = k]) / (m_u - 1), n_c = sum_k o_ck, n = sum n_c and d the
squared difference of the metric. Units with one rating are in none of the sums.
"""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from math import lcm

from prefstream.domain.agreement.coincidences import Coincidences
from prefstream.domain.agreement.statistic import Statistic
from prefstream.schemas.errors import BadInput

#: Squared difference of two categories, up to a common factor; the factor cancels in alpha.
Metric = Callable[[str, str], int | Fraction]


def alpha_nominal(state: Coincidences) -> Statistic:
    """Return alpha where categories are only equal or not: d_ck = [c != k].

    >>> round(alpha_nominal(Coincidences.of([{"A": 2}, {"A": 1, "B": 1}, {"B": 2}])).value, 6)
    0.444444
    """
    return _alpha(state, lambda _: lambda first, second: int(first != second))


def alpha_ordinal(state: Coincidences, *, order: Sequence[str]) -> Statistic:
    """Return alpha where categories have an order.

    d_ck = (sum_{g=c..k} n_g - (n_c + n_k) / 2)^2, over the ratings n_g of units with two or more.

    The distance of two categories is the number of ratings between them, so it depends on the data.
    The squared difference of ranks, which passes for "ordinal" in much sample code, is another figure.

    Args:
        state: The coincidence counts.
        order: The categories from end to end; those without ratings change nothing.

    Raises:
        BadInput: A rated category is not in the order, or is there twice.

    >>> state = Coincidences.of([{"1": 2}, {"1": 1, "2": 1}, {"3": 2}])
    >>> round(alpha_ordinal(state, order=["1", "2", "3"]).value, 6)
    0.777778
    """
    _require(state, order)
    places = {category: place for place, category in enumerate(order)}

    def metric(marginals: Mapping[str, int]) -> Metric:
        # Ratings below a category, doubled, plus its own: the difference of two of these is twice
        # the sum in the formula.
        mid: dict[str, int] = {}
        below = 0
        for category in sorted(marginals, key=places.__getitem__):
            mid[category] = 2 * below + marginals[category]
            below += marginals[category]
        return lambda first, second: (mid[first] - mid[second]) ** 2

    return _alpha(state, metric)


def alpha_interval(state: Coincidences, *, values: Mapping[str, float | Fraction]) -> Statistic:
    """Return alpha where categories are numbers: d_ck = (c - k)^2.

    Args:
        state: The coincidence counts.
        values: The number of each category.

    Raises:
        BadInput: A rated category has no number, or it is not finite.

    >>> state = Coincidences.of([{"1": 2}, {"1": 1, "2": 1}, {"3": 2}])
    >>> round(alpha_interval(state, values={"1": 1, "2": 2, "3": 3}).value, 6)
    0.827586
    """
    _require(state, list(values))
    try:
        exact = {category: Fraction(value) for category, value in values.items()}
    except (ValueError, OverflowError) as error:
        raise BadInput(f"the value of a category is not a finite number: {dict(values)}") from error
    # A common denominator cancels in alpha, and integers are much faster than fractions.
    scale = lcm(*(value.denominator for value in exact.values()))
    whole = {category: int(value * scale) for category, value in exact.items()}
    return _alpha(state, lambda _: lambda first, second: (whole[first] - whole[second]) ** 2)


def _require(state: Coincidences, known: Sequence[str]) -> None:
    if len(set(known)) != len(known):
        raise BadInput(f"{list(known)} names a category twice; name each once")
    unknown = sorted({category for _, category, _ in state.cells} - set(known))
    if unknown:
        raise BadInput(
            f"categories {unknown} have ratings but no place among {list(known)}; leave them out or add them"
        )


def _alpha(state: Coincidences, metric: Callable[[Mapping[str, int]], Metric]) -> Statistic:
    n_units = state.n_pairable_units
    if state.fault:
        return Statistic.undefined(state.fault, n_units=n_units)
    if not n_units:
        return Statistic.undefined("no unit has two ratings", n_units=0)
    marginals: dict[str, int] = {}
    for (size, category), count in state.marginals().items():
        if size > 1:
            marginals[category] = marginals.get(category, 0) + count
    squared = metric(marginals)
    expected = sum(n_c * n_k * squared(c, k) for c, n_c in marginals.items() for k, n_k in marginals.items())
    if not expected:
        return Statistic.undefined("no disagreement is expected: all ratings are alike", n_units=n_units)
    common = lcm(*(size - 1 for size, _, _ in state.cells if size > 1))
    observed = sum(
        count * (common // (size - 1)) * squared(c, k)
        for (size, c, k), count in state.cells.items()
        if size > 1
    )
    n_ratings = sum(marginals.values())
    value = (common * expected - (n_ratings - 1) * observed) / (common * expected)
    return Statistic.unbounded(float(value), n_units=n_units)
