"""A reliability plot in characters."""

from collections.abc import Mapping, Sequence
from typing import Any

_WIDTH, _HEIGHT = 51, 16
_LABEL = 5


def reliability_lines(bins: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the lines of a plot: agreement over confidence, limits as bars, the diagonal as dots.

    Args:
        bins: Bins as the document of a scorecard has them.

    >>> shown = reliability_lines([{"mean_confidence": 0.5,
    ...                             "agreement": {"value": 0.5, "low": 0.4, "high": 0.6, "of": 9}}])
    >>> len(shown), "●" in "".join(shown)
    (20, True)
    """
    grid = [[" "] * _WIDTH for _ in range(_HEIGHT + 1)]
    for column in range(_WIDTH):
        grid[_row(column / (_WIDTH - 1))][column] = "·"
    for one in bins:
        column, share = _column(one["mean_confidence"]), one["agreement"]
        for row in range(_row(share["high"]), _row(share["low"]) + 1):
            grid[row][column] = "│"
    # Points last: the limits of a neighbour must not cover them.
    for one in bins:
        grid[_row(one["agreement"]["value"])][_column(one["mean_confidence"])] = "●"
    lines = [f"{_tick(row)} ┤{''.join(cells).rstrip()}" for row, cells in enumerate(grid)]
    return ["agreement with people", *lines, *_axis()]


def _axis() -> list[str]:
    ticks = "".join(f"{share / 10:<{_WIDTH // 5}.1f}" for share in range(0, 11, 2))
    return [" " * _LABEL + " └" + "─" * _WIDTH, " " * (_LABEL + 2) + ticks.rstrip() + "  confidence"]


def _tick(row: int) -> str:
    share = 1 - row / _HEIGHT
    return f"{share:>{_LABEL}.2f}" if row % 4 == 0 else " " * _LABEL


def _row(share: float) -> int:
    return round((1 - share) * _HEIGHT)


def _column(share: float) -> int:
    return round(share * (_WIDTH - 1))
