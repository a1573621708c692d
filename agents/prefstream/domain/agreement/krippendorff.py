"""Krippendorff's alpha: any number of raters, missing ratings, nominal to interval.

Source: Krippendorff, Content Analysis (2004), chapter 11; "Computing Krippendorff's
Alpha-Reliability" (2011).

    alpha = 1 - D_o / D_e = 1 - (n - 1) sum o_ck d_ck / sum n_c n_k d_ck

with o_ck = sum over units of n_uc (n_uk - [c = k]) / (m_u - 1), n_c = sum_k o_ck, n = sum n_c and d the
squared difference of the metric. Units with one rating are in none of the sums.

The standard error is that of a smooth function of sums over units: with O = sum_u o_u,
E = sum n_c n_k d_ck and alpha near 1 - n O / E, a unit's share in it is

    -(m_u O + n (o_u + dO_u)) / E + n O dE_u / E^2

where dO_u and dE_u say how O and E move with the unit through the distances and the marginals. Gwet's
handbook (2014), whose figures irrCAC prints, takes O / E (m_u / m - 1) off, m being the mean of m_u; so does
this. His distances do not move; those of the true ordinal alpha do.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import fsum, lcm

from prefstream.domain.agreement.coincidences import Coincidences
from prefstream.domain.agreement.compositions import Composition, Compositions, UnitCounts, coincidences_of
from prefstream.domain.agreement.raw import missing_in
from prefstream.domain.agreement.statistic import Statistic
from prefstream.schemas.errors import BadInput

#: Where each category stands, from how many ratings each has; `None` where they have no places.
Places = Mapping[str, int] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Metric:
    """Squared differences of categories, up to a common factor; the factor cancels in alpha."""

    places: Places = None
    #: The categories from end to end, where units move the places: those of `_mid_ranks`.
    ascending: Sequence[str] = ()

    def squared(self, first: str, second: str) -> int:
        """Return d_ck."""
        if self.places is None:
            return int(first != second)
        return (self.places[first] - self.places[second]) ** 2


def alpha_nominal(state: UnitCounts) -> Statistic:
    """Return alpha where categories are only equal or not: d_ck = [c != k].

    >>> round(alpha_nominal(Coincidences.of([{"A": 2}, {"A": 1, "B": 1}, {"B": 2}])).value, 6)
    0.444444
    """
    return _alpha(state, lambda _: _Metric())


def alpha_ordinal(state: UnitCounts, *, order: Sequence[str]) -> Statistic:
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

    return _alpha(
        state, lambda marginals: _ordinal_metric(marginals, sorted(marginals, key=places.__getitem__))
    )


def alpha_interval(state: UnitCounts, *, values: Mapping[str, float | Fraction]) -> Statistic:
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
    return _alpha(state, lambda _: _Metric(places=whole))


def _require(state: UnitCounts, known: Sequence[str]) -> None:
    if len(set(known)) != len(known):
        raise BadInput(f"{list(known)} names a category twice; name each once")
    unknown = sorted({category for _, category, _ in coincidences_of(state).cells} - set(known))
    if unknown:
        raise BadInput(
            f"categories {unknown} have ratings but no place among {list(known)}; leave them out or add them"
        )


def _ordinal_metric(marginals: Mapping[str, int], ascending: Sequence[str]) -> _Metric:
    return _Metric(places=_mid_ranks(marginals, ascending), ascending=ascending)


def _mid_ranks(counts: Mapping[str, int], ascending: Sequence[str]) -> dict[str, int]:
    """Return the ratings below each category, doubled, plus its own.

    The difference of two of these is twice the sum in the formula.
    """
    ranks: dict[str, int] = {}
    below = 0
    for category in ascending:
        own = counts.get(category, 0)
        ranks[category] = 2 * below + own
        below += own
    return ranks


def _alpha(state: UnitCounts, metric_of: Callable[[Mapping[str, int]], _Metric]) -> Statistic:
    if missing := missing_in(state):
        return missing
    counts = coincidences_of(state)
    n_units = counts.n_pairable_units
    marginals: dict[str, int] = {}
    for (size, category), count in counts.marginals().items():
        if size > 1:
            marginals[category] = marginals.get(category, 0) + count
    metric = metric_of(marginals)
    expected = sum(
        [n_c * n_k * metric.squared(c, k) for c, n_c in marginals.items() for k, n_k in marginals.items()]
    )
    if not expected:
        return Statistic.undefined("no disagreement is expected: all ratings are alike", n_units=n_units)
    joint = _Joint.of(counts, marginals)
    observed = sum([count * metric.squared(c, k) for (c, k), count in joint.cells.items()])
    denominator = joint.common * expected
    value = (denominator - (sum(marginals.values()) - 1) * observed) / denominator
    squares = _squares(state, joint, metric, observed, expected) if isinstance(state, Compositions) else None
    return Statistic.over_units(value, squares, n_units=n_units, n_sampled=n_units)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Joint:
    """The coincidences of all unit sizes together."""

    #: What they are multiplied by to be integers.
    common: int
    cells: Mapping[tuple[str, str], int]
    marginals: Mapping[str, int]

    @classmethod
    def of(cls, counts: Coincidences, marginals: Mapping[str, int]) -> "_Joint":
        """Divide by m - 1 and add up."""
        common = lcm(*(size - 1 for size, _, _ in counts.cells if size > 1))
        cells: dict[tuple[str, str], int] = {}
        for (size, c, k), count in counts.cells.items():
            if size > 1:
                cells[c, k] = cells.get((c, k), 0) + count * (common // (size - 1))
        return cls(common=common, cells=cells, marginals=marginals)


def _squares(state: Compositions, joint: _Joint, metric: _Metric, observed: int, expected: int) -> float:
    """Return the sum over units of the square of n_units times a unit's share in alpha."""
    n_ratings = sum(joint.marginals.values())
    squared = {c: {k: metric.squared(c, k) for k in joint.marginals} for c in joint.marginals}
    pull_observed, pull_expected = (_per_rating(pull, metric.ascending) for pull in _pulls(joint, metric))
    around = {
        c: 2 * sum([n_k * far[k] for k, n_k in joint.marginals.items()]) + pull_expected.get(c, 0)
        for c, far in squared.items()
    }
    scale, n_units, terms = joint.common * expected**2, state.n_pairable_units, []
    for composition, size, units in state.sized:
        if size < 2:
            continue
        own = _disagreement(composition, squared) * (joint.common // (size - 1))
        rise = 0
        for category, count in composition:
            own += count * pull_observed.get(category, 0)
            rise += count * around[category]
        share = n_ratings * observed * rise - (size * observed + n_ratings * own) * expected
        gwet = observed * expected * (size * n_units - n_ratings)
        terms.append(units * ((n_units * n_ratings * share - gwet) / (scale * n_ratings)) ** 2)
    return fsum(terms)


def _disagreement(composition: Composition, squared: Mapping[str, Mapping[str, int]]) -> int:
    total = 0
    for place, (c, n_c) in enumerate(composition):
        for k, n_k in composition[:place]:
            total += n_c * n_k * squared[c][k]
    return 2 * total


def _per_rating(pull: Mapping[str, int], ascending: Sequence[str]) -> dict[str, int]:
    """Return the pull of one rating in each category: on its own place once, on all higher ones twice."""
    pulls, above = {}, 0
    for category in reversed(ascending):
        pulls[category] = pull[category] + 2 * above
        above += pull[category]
    return pulls


def _pulls(joint: _Joint, metric: _Metric) -> tuple[dict[str, int], dict[str, int]]:
    """Return how O and E change as the place of each category moves by one."""
    places, marginals = metric.places, joint.marginals
    if not metric.ascending or places is None:
        return {}, {}
    observed = {
        c: 4 * sum(joint.cells.get((c, k), 0) * (places[c] - places[k]) for k in marginals) for c in marginals
    }
    expected = {
        c: 4 * n_c * sum(n_k * (places[c] - places[k]) for k, n_k in marginals.items())
        for c, n_c in marginals.items()
    }
    return observed, expected
