"""Bounds by a bootstrap over units: draw as many units, again and again, and see how the figures spread."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from prefstream.domain.agreement.coincidences import Coincidences
from prefstream.domain.agreement.compositions import Compositions
from prefstream.domain.agreement.statistic import BOUNDS_NEED_TWO_UNITS, Statistic
from prefstream.schemas.errors import BadInput

#: A figure of all raters together.
Figure = Callable[[Coincidences], Statistic]
#: Share of draws in which a figure must be defined for its bounds to mean anything.
_ENOUGH = 0.95
_TAIL = 0.025


def bootstrap(
    state: Compositions, figures: Mapping[str, Figure], *, draws: int, seed: int
) -> dict[str, Statistic]:
    """Return the figures with percentile limits from draws of whole units with replacement.

    The units of a state are counts of compositions, so a draw is one multinomial of these counts and the
    result does not depend on the order of units. The same seed gives the same limits. Source: Efron and
    Tibshirani, An Introduction to the Bootstrap (1993), chapter 13; over units, since the ratings of one
    unit are not independent.

    Args:
        state: The units.
        figures: What to compute from each draw.
        draws: How many.
        seed: What the draws come from.

    Raises:
        BadInput: There are too few draws for 95 % limits.

    >>> state = Compositions.of([{"A": 2}] * 40 + [{"A": 1, "B": 1}] * 20 + [{"B": 2}] * 40)
    >>> from prefstream.domain.agreement.krippendorff import alpha_nominal
    >>> alpha = bootstrap(state, {"alpha": alpha_nominal}, draws=500, seed=1)["alpha"]
    >>> alpha.low < alpha.value < alpha.high
    True
    """
    if draws < 1 / _TAIL:
        raise BadInput(f"{draws} draws cannot show 95 % limits; take at least {1 / _TAIL:.0f}, better 1000")
    counts = state.coincidences
    whole = {name: figure(counts) for name, figure in figures.items()}
    if state.fault or state.n_units < 2:
        return {name: _without(figure, BOUNDS_NEED_TWO_UNITS) for name, figure in whole.items()}
    values: dict[str, list[float]] = {name: [] for name in figures}
    for drawn in _drawn(state, draws, seed):
        for name, figure in figures.items():
            if whole[name].value is not None and (value := figure(drawn).value) is not None:
                values[name].append(value)
    return {name: _limited(figure, values[name], draws) for name, figure in whole.items()}


def _drawn(state: Compositions, draws: int, seed: int) -> Iterator[Coincidences]:
    import numpy as np

    compositions = sorted(state.units)
    shares = np.array([state.units[one] for one in compositions], dtype=np.float64) / state.n_units
    picked = np.random.Generator(np.random.PCG64(seed)).multinomial(state.n_units, shares, size=draws)
    for row in picked:
        units = {one: int(n) for one, n in zip(compositions, row, strict=True) if n}
        yield Compositions(units=units).coincidences


def _limited(figure: Statistic, values: list[float], draws: int) -> Statistic:
    if figure.value is None:
        return figure
    if len(values) < _ENOUGH * draws:
        reason = f"the figure is undefined in {draws - len(values)} of {draws} draws of units"
        return _without(figure, reason)
    import numpy as np

    low, high = (float(limit) for limit in np.quantile(values, [_TAIL, 1 - _TAIL]))
    if low == high:
        return _without(figure, "all draws of units are alike; limits need units that differ")
    return replace(figure, low=low, high=high, bounds_reason=None)


def _without(figure: Statistic, reason: str) -> Statistic:
    return figure if figure.value is None else replace(figure, bounds_reason=reason)
