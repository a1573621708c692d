"""Agreement of people as gates read it: with a lower limit even where nobody ever disagreed."""

from collections.abc import Sequence
from dataclasses import replace
from math import fsum, sqrt
from typing import Final

from prefstream.domain.agreement import (
    ORDINAL_CATEGORIES,
    Compositions,
    PairTable,
    Statistic,
    alpha_ordinal,
    cohen_kappa,
)
from prefstream.domain.agreement.statistic import Z_95
from prefstream.domain.evaluation.intervals import wilson

#: Pairs that two people must share for their kappa to count: of fewer, its standard error is a guess.
MIN_SHARED: Final = 10


def alpha(units: Compositions) -> Statistic:
    """Return Krippendorff's ordinal alpha of first-round labels.

    Where no unit disagrees, large-sample limits say nothing. The lower limit is then Wilson's for a share
    of 1, as if the units that may yet disagree did so as by chance.

    >>> found = alpha(Compositions.of([{"A>": 2}] * 6 + [{"B>": 2}] * 6))
    >>> found.value, round(found.low, 3)
    (1.0, 0.758)
    """
    return _bounded(alpha_ordinal(units, order=ORDINAL_CATEGORIES), units.n_pairable_units)


def mean_kappa(tables: Sequence[PairTable], *, labels_per_pair: int) -> Statistic:
    """Return the mean of the nominal kappas of every two people, each weighing as many pairs as they share.

    kappa = sum_t n_t k_t / sum_t n_t; of people who all label the same pairs it is Light's (1971). Tables
    depend on each other where a pair stands in several. A pair with m labels stands in m (m - 1) / 2, so by
    Cauchy and Schwarz the variance is at most that many times sum_t w_t^2 s_t^2, w_t = n_t / n; nor is the
    standard error more than sum_t w_t s_t. The smaller of both is taken. Two people who share fewer than
    10 pairs, or all of whose labels are alike, are passed over.

    Args:
        tables: How every two people labelled the same pairs, on the nominal scale.
        labels_per_pair: The most labels that any pair has.

    >>> table = PairTable.of([("A", "A")] * 9 + [("B", "B")] * 9 + [("A", "B")] * 2)
    >>> found = mean_kappa([table, table], labels_per_pair=2)
    >>> round(found.value, 2), round(found.standard_error, 3), found.n_units
    (0.8, 0.092, 40)
    """
    shared = [table for table in tables if table.n_units >= MIN_SHARED]
    if not shared:
        most = max((table.n_units for table in tables), default=0)
        return Statistic.undefined(
            f"no two people share {MIN_SHARED} pairs; at most {most}", n_units=sum(t.n_units for t in tables)
        )
    found = [one for one in map(_kappa, shared) if one.value is not None]
    n = sum(one.n_units for one in found)
    if not found:
        return Statistic.undefined("all labels are alike: chance agreement is 1", n_units=0)
    value = fsum(one.n_units * (one.value or 0.0) for one in found) / n
    errors = [one.n_units / n * (one.standard_error or 0.0) for one in found]
    times = max(1, labels_per_pair * (labels_per_pair - 1) // 2)
    error = min(fsum(errors), sqrt(times * fsum(one * one for one in errors)))
    return Statistic.with_variance(value, error * error, n_units=n)


def _kappa(table: PairTable) -> Statistic:
    return _bounded(cohen_kappa(table), table.n_units)


def _bounded(found: Statistic, n: int) -> Statistic:
    """Return a figure with the limits it has, or with Wilson's where all units agree."""
    if found.value != 1.0 or found.low is not None:
        return found
    low, _ = wilson(1.0, n)
    return replace(found, low=low, high=1.0, standard_error=(1 - low) / Z_95, bounds_reason=None)
