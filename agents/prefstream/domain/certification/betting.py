"""Bets against the bound: evidence that may be looked at as often as one likes."""

from functools import lru_cache

import numpy as np

#: Error rates bet on, as shares of the bound.
_SHARES = np.arange(0.05, 1.0, 0.05)


@lru_cache(maxsize=1 << 16)
def betting_tail(errors: int, drawn: int, rate: float) -> float:
    """Return 1 over the wealth of a bettor against "the error rate is above `rate`", at most 1.

    The wealth is the mean over rates r below the bound of (r / rate)^errors ((1 - r) / (1 - rate))^(drawn
    - errors). While the true rate is at or above the bound it is a supermartingale that begins at 1, so
    by Ville's inequality it ever reaches 1 / delta with probability delta at most, at whatever moment one
    looks (Waudby-Smith and Ramdas 2024).

    >>> betting_tail(0, 0, 0.1), betting_tail(0, 60, 0.1) < 0.1, betting_tail(10, 60, 0.1)
    (1.0, True, 1.0)
    """
    bets = rate * _SHARES
    grown = errors * np.log(bets / rate) + (drawn - errors) * (np.log1p(-bets) - np.log1p(-rate))
    top = float(grown.max())
    log_wealth = top + float(np.log(np.exp(grown - top).mean()))
    return float(min(1.0, np.exp(-log_wealth)))
