"""Gwet's AC1 and AC2, which stand when nearly all ratings are in one category.

    AC = (p_a - p_e) / (1 - p_e)

p_a is the mean over units with two or more ratings of sum_kl w_kl r_k (r_l - [k = l]) / (m (m - 1)),
p_e = T / (q (q - 1)) sum_k pi_k (1 - pi_k), T = sum_kl w_kl, and pi_k the mean over all units, those with one
rating included, of r_k / m. AC1 has w_kl = [k = l]. Source: Gwet, Handbook of Inter-Rater Reliability (2014),
whose standard error is used, with units drawn from many; his tables are reproduced by irrCAC and here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import comb, fsum
from typing import Literal

from prefstream.domain.agreement.coincidences import Coincidences
from prefstream.domain.agreement.compositions import Composition, Compositions, UnitCounts, coincidences_of
from prefstream.domain.agreement.raw import missing_in
from prefstream.domain.agreement.statistic import Statistic
from prefstream.schemas.errors import BadInput

#: How near misses count in AC2.
GwetWeights = Literal["linear", "quadratic", "ordinal"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scale:
    """The weights of agreement as integers; full agreement weighs `top`."""

    #: Categories, used or not.
    size: int
    top: int
    #: By the two categories; one that is missing weighs nothing.
    weights: Mapping[tuple[str, str], int]

    @property
    def total(self) -> Fraction:
        """T, the sum of all weights."""
        return Fraction(sum(self.weights.values()), self.top)

    def agreeing(self, composition: Composition) -> int:
        """Return the weighted agreement of a unit's ratings, each with every other."""
        if len(self.weights) == self.size:  # only ratings that are equal
            return sum([count * (count - 1) for _, count in composition])
        return sum(
            count * (other - (first == second)) * self.weights.get((first, second), 0)
            for first, count in composition
            for second, other in composition
        )


def gwet_ac1(state: UnitCounts, *, n_categories: int | None = None) -> Statistic:
    """Return Gwet's AC1.

    Args:
        state: The units; compositions give 95 % limits, coincidences do not.
        n_categories: q, where the scale has categories that nobody used; else those that were used.

    Raises:
        BadInput: More categories were used than `n_categories`.

    >>> paradox = [{"+": 2}] * 118 + [{"+": 1, "-": 1}] * 7
    >>> ac1 = gwet_ac1(Compositions.of(paradox))
    >>> [round(x, 5) for x in (ac1.value, ac1.low, ac1.high)]
    [0.94078, 0.89514, 0.98641]
    """
    counts = coincidences_of(state)
    used = sorted({category for _, category, _ in counts.cells})
    if n_categories is not None and n_categories < len(used):
        raise BadInput(
            f"{len(used)} categories have ratings but n_categories is {n_categories}; it counts them all"
        )
    size = n_categories or len(used)
    weights = {(category, category): 1 for category in [*used, *map(str, range(size - len(used)))]}
    return _coefficient(state, counts, _Scale(size=size, top=1, weights=weights))


def gwet_ac2(state: UnitCounts, *, order: Sequence[str], weights: GwetWeights = "quadratic") -> Statistic:
    """Return Gwet's AC2, in which near misses count for something.

    w_kl is 1 - d / (q - 1) (linear), 1 - d^2 / (q - 1)^2 (quadratic) or 1 - C(d + 1, 2) / C(q, 2)
    (ordinal), d being how many places k and l are apart. The ordinal weights are not those of alpha.

    Args:
        state: The units; compositions give 95 % limits, coincidences do not.
        order: All categories of the scale from end to end.
        weights: How near misses count.

    Raises:
        BadInput: A rated category is not in the order, or is there twice.

    >>> units = [{"1": 2}, {"1": 1, "2": 1}, {"3": 2}]
    >>> round(gwet_ac2(Compositions.of(units), order="123").value, 6)
    0.785714
    """
    counts = coincidences_of(state)
    if len(set(order)) != len(order):
        raise BadInput(f"{list(order)} names a category twice; name each once")
    unknown = sorted({category for _, category, _ in counts.cells} - set(order))
    if unknown:
        raise BadInput(
            f"categories {unknown} have ratings but no place among {list(order)}; leave them out or add them"
        )
    top = max(1, _loss(len(order) - 1, weights))
    near = {
        (first, second): top - _loss(abs(i - j), weights)
        for i, first in enumerate(order)
        for j, second in enumerate(order)
    }
    return _coefficient(state, counts, _Scale(size=len(order), top=top, weights=near))


def _loss(distance: int, weights: GwetWeights) -> int:
    if weights == "ordinal":
        return comb(distance + 1, 2)
    return distance if weights == "linear" else distance**2


def _coefficient(state: UnitCounts, counts: Coincidences, scale: _Scale) -> Statistic:
    if missing := missing_in(state):
        return missing
    n_units, n_pairable = counts.n_units, counts.n_pairable_units
    if scale.size == 1:
        return Statistic.undefined(
            "all ratings are in one category and no other is known", n_units=n_pairable
        )
    prevalences = _prevalences(counts)
    factor = scale.total / (scale.size * (scale.size - 1))
    by_chance = factor * sum((p * (1 - p) for p in prevalences.values()), Fraction(0))
    observed = _observed(counts, scale) / n_pairable
    value = float((observed - by_chance) / (1 - by_chance))
    squares = None
    if isinstance(state, Compositions):
        rarity = {category: float(factor * (1 - p)) for category, p in prevalences.items()}
        squares = _squares(state, scale, rarity, float(by_chance), value)
    return Statistic.over_units(value, squares, n_units=n_pairable, n_sampled=n_units)


def _prevalences(counts: Coincidences) -> dict[str, Fraction]:
    shares: dict[str, Fraction] = {}
    for (size, category), count in counts.marginals().items():
        shares[category] = shares.get(category, Fraction(0)) + Fraction(count, size)
    return {category: share / counts.n_units for category, share in shares.items()}


def _observed(counts: Coincidences, scale: _Scale) -> Fraction:
    """Return the sum over units of their weighted agreement."""
    by_size: dict[int, int] = {}
    for (size, first, second), count in counts.cells.items():
        if size > 1:
            by_size[size] = by_size.get(size, 0) + count * scale.weights.get((first, second), 0)
    total = sum((Fraction(count, size * (size - 1)) for size, count in by_size.items()), Fraction(0))
    return total / scale.top


def _squares(
    state: Compositions, scale: _Scale, rarity: Mapping[str, float], by_chance: float, value: float
) -> float:
    """Return the sum over units of (x_u - AC)^2, Gwet's formula for its variance."""
    share_pairable, room = state.n_pairable_units / state.n_units, 1 - by_chance
    terms = []
    for composition, size, units in state.sized:
        at_chance = sum([count * rarity[category] for category, count in composition]) / size
        x = -2 * (1 - value) * (at_chance - by_chance) / room
        if size > 1:
            agreeing = scale.agreeing(composition)
            x += (agreeing / (scale.top * size * (size - 1)) - by_chance) / room / share_pairable
        terms.append(units * (x - value) ** 2)
    return fsum(terms)
