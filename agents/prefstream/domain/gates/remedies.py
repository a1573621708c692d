"""How much more work lets a gate pass: numbers, not advice.

Each function answers "how many more"; `None` says that no number of them would do.
"""

from math import ceil
from typing import Final

from prefstream.domain.agreement.statistic import Z_95
from prefstream.domain.evaluation.intervals import always

_MOST: Final = 1 << 24
#: How many times the units there are somebody may be asked for.
_FOLD: Final = 100
#: Guards against 0.95 * 100 being a hair more than 95.
_HAIR: Final = 1e-9


def units_for_bound(value: float, low: float, limit: float, n: int) -> int | None:
    """Return how many more units bring a lower limit up, should the figure stay as it is.

    A limit lies as far below as one over the square root of the units: n' = n ((v - low) / (v - limit))^2.
    More than a hundred times as many are no remedy: the figure itself must rise.

    >>> units_for_bound(0.85, 0.71, 0.75, 100), units_for_bound(0.75, 0.71, 0.75, 100)
    (96, None)
    """
    if value <= limit:
        return None
    more = max(1, ceil(n * ((value - low) / (value - limit)) ** 2 - n - _HAIR))
    return more if more <= _FOLD * n else None


def units_without_evidence(limit: float) -> int:
    """Return how many units show a limit where all of them agree: Wilson's n / (n + z^2) of a share of 1.

    >>> units_without_evidence(0.75), units_without_evidence(0.0)
    (12, 2)
    """
    return 2 if limit <= 0 else max(2, ceil(Z_95 * Z_95 * limit / (1 - limit))) if limit < 1 else _MOST


def trials_for_bound(hits: int, of: int, limit: float) -> int | None:
    """Return how many more trials bring the limit that holds at every look up, should the share stay.

    >>> trials_for_bound(27, 30, 0.8), trials_for_bound(24, 30, 0.8)
    (137, None)
    """
    share = hits / of
    if share <= limit:
        return None
    few, many = of, 2 * of
    while always(round(share * many), many)[0] < limit:
        few, many = many, 2 * many
        if many > _MOST:
            return None
    while many - few > 1:
        middle = (few + many) // 2
        enough = always(round(share * middle), middle)[0] >= limit
        few, many = (few, middle) if enough else (middle, many)
    return many - of


def hits_to_reach(hits: int, of: int, limit: float) -> int | None:
    """Return how many more trials that are all hits bring a share up to a limit.

    >>> hits_to_reach(50, 100, 0.6), hits_to_reach(95, 100, 1.0)
    (25, None)
    """
    return None if limit >= 1 else max(0, ceil((limit * of - hits) / (1 - limit) - _HAIR))


def hits_among(hits: int, of: int, limit: float) -> int:
    """Return how many misses must become hits for a share to reach a limit.

    >>> hits_among(50, 100, 0.6)
    10
    """
    return max(0, ceil(limit * of - hits - _HAIR))


def others_to_dilute(hits: int, of: int, limit: float) -> int | None:
    """Return how many more trials without a hit bring a share down to a limit.

    >>> others_to_dilute(60, 100, 0.5), others_to_dilute(1, 9, 0.0)
    (20, None)
    """
    return None if limit <= 0 else max(0, ceil(hits / limit - of - _HAIR))


def hits_to_drop(hits: int, of: int, limit: float) -> int:
    """Return how many hits must be left out for a share to come down to a limit.

    >>> hits_to_drop(60, 100, 0.5), hits_to_drop(9, 9, 1.0)
    (20, 0)
    """
    return 0 if limit >= 1 else max(0, ceil((hits - limit * of) / (1 - limit) - _HAIR))
