"""Frames: where a value goes in a picture."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import floor

from prefstream.domain.agreement import Statistic

#: Agreement above this shows little of itself in a range from nought.
_USUAL_LOW = 0.4


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A rectangle of a picture in which `count` steps stand beside each other."""

    left: float
    top: float
    width: float
    height: float
    count: int = 1
    low: float = 0.0
    high: float = 1.0

    @property
    def right(self) -> float:
        """Its right edge."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """Its lower edge."""
        return self.top + self.height

    @property
    def step(self) -> float:
        """The width of one step."""
        return self.width / self.count

    def x(self, index: float) -> float:
        """Return the middle of a step."""
        return round(self.left + (index + 0.5) * self.step, 2)

    def y(self, value: float) -> float:
        """Return the height of a value; one outside is drawn at the edge.

        >>> Frame(left=0, top=10, width=100, height=50, low=0.5, high=1.0).y(0.75)
        35.0
        """
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return round(self.bottom - share * self.height, 2)

    def across(self, value: float) -> float:
        """Return how far right a value is, for charts that lie on their side."""
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return round(self.left + share * self.width, 2)


def range_of(figures: Iterable[Statistic | None]) -> tuple[float, float]:
    """Return the range in which figures between -1 and 1 are compared: up to 1, down to the least of them.

    It is the same for all charts that stand beside each other, so that they can be compared.

    >>> range_of([Statistic(value=0.82, n_units=9)]), range_of([Statistic(value=-0.13, n_units=9)])
    ((0.4, 1.0), (-0.2, 1.0))
    """
    values = [one.value for one in figures if one is not None and one.value is not None]
    least = min([_USUAL_LOW, *values])
    # Fifths, so that the middle is a tenth and can be written as one.
    return max(-1.0, floor(round(least * 5, 9)) / 5), 1.0
