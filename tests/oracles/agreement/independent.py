"""The same figures from libraries that others wrote."""

from collections.abc import Mapping, Sequence
from math import nan
from typing import Literal

import krippendorff

Level = Literal["nominal", "ordinal", "interval"]
#: One unit: who said what.
Unit = Mapping[str, str]


def library_alpha(units: Sequence[Unit], level: Level, values: Mapping[str, float]) -> float:
    """Return alpha by the package krippendorff."""
    raters = sorted({rater for unit in units for rater in unit})
    table = [[values[unit[rater]] if rater in unit else nan for unit in units] for rater in raters]
    return float(krippendorff.alpha(reliability_data=table, level_of_measurement=level))
