"""Bands: what people call a coefficient of agreement, and what to do in each of the five.

The names are those of Landis and Koch, "The measurement of observer agreement for categorical data",
Biometrics 33 (1977), 159-174. The authors call their borders arbitrary, and so they are: they are words
for a report. What is below 0 belongs to the lowest band here.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """One band of coefficients, from `low` up to the next band."""

    name: str
    low: float
    action: str


#: From the lowest on; the action texts say what to do with labels and people of such a slice.
BANDS: Final = (
    Band(
        name="slight",
        low=-1.0,
        action="Stop labelling this slice and keep its labels out of releases; rewrite its clauses.",
    ),
    Band(
        name="fair",
        low=0.20,
        action="Keep the slice's labels out of releases; go through disputed pairs with everybody.",
    ),
    Band(
        name="moderate",
        low=0.40,
        action="Let a second person see every pair; retrain on the clauses that disputes cite.",
    ),
    Band(
        name="substantial",
        low=0.60,
        action="Use the labels with review; look at the disputed pairs of the week.",
    ),
    Band(name="almost perfect", low=0.80, action="Go on; keep gold questions and audits as they are."),
)


def band_of(coefficient: float) -> Band:
    """Return the band of a coefficient; a border belongs to the band above it.

    >>> [band_of(value).name for value in (-0.3, 0.2, 0.59, 0.8, 1.0)]
    ['slight', 'fair', 'moderate', 'almost perfect', 'almost perfect']
    """
    for band, above in pairwise(BANDS):
        if coefficient < above.low:
            return band
    return BANDS[-1]
