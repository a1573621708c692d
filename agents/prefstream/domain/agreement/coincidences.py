"""The state behind alpha, AC1, Fleiss and percent agreement: coincidence counts as integers.

A unit with m ratings, n_c of them in category c, contributes n_c (n_k - [c = k]) to the cell
(m, c, k). Krippendorff divides that by m - 1; keeping m in the key and dividing when the figure is read
leaves only integers to add, take back and merge.

A unit with one rating has no pair. It writes the single cell (1, c, c) = 1, which alpha, Fleiss and
percent agreement leave out of their sums; AC1 wants it (chance agreement by Gwet is over all units), and so
do the counts of units and ratings.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Self

from prefstream.domain.agreement.tally import summed

#: Ratings of the unit, and two categories.
CoincidenceKey = tuple[int, str, str]


def unit_contribution(counts: Mapping[str, int]) -> dict[CoincidenceKey, int]:
    """Return what one unit adds, from how many ratings it has in each category.

    >>> unit_contribution({"A": 2, "B": 1})
    {(3, 'A', 'A'): 2, (3, 'A', 'B'): 2, (3, 'B', 'A'): 2}
    >>> unit_contribution({"A": 1})
    {(1, 'A', 'A'): 1}
    """
    size = sum(counts.values())
    if size == 1:
        return {(1, category, category): 1 for category, count in counts.items() if count}
    cells = {
        (size, first, second): count * (other - (first == second))
        for first, count in counts.items()
        for second, other in counts.items()
    }
    return {key: count for key, count in cells.items() if count}


# Without slots: what several figures are read from is added up once.
@dataclass(frozen=True, kw_only=True)
class Coincidences:
    """The coincidence counts of any number of units; adds, takes back and merges.

    >>> state = Coincidences().add({"A": 2, "B": 1}).add({"B": 2})
    >>> state.revert({"B": 2}) == Coincidences.of([{"A": 2, "B": 1}])
    True
    """

    #: Never holds a zero.
    cells: Mapping[CoincidenceKey, int] = field(default_factory=dict)

    @classmethod
    def of(cls, units: Iterable[Mapping[str, int]]) -> Self:
        """Count the units, each given as how many ratings it has in each category."""
        return cls.sum(unit_contribution(unit) for unit in units)

    @classmethod
    def sum(cls, tallies: Iterable[Mapping[CoincidenceKey, int]]) -> Self:
        """Return the state of all the tallies together."""
        return cls(cells=summed(tallies))

    def add(self, unit: Mapping[str, int]) -> Self:
        """Return the state with one more unit."""
        return self.sum([self.cells, unit_contribution(unit)])

    def revert(self, unit: Mapping[str, int]) -> Self:
        """Return the state without a unit that was added before."""
        return self.sum([self.cells, {key: -count for key, count in unit_contribution(unit).items()}])

    def merge(self, other: "Coincidences") -> Self:
        """Return both states together."""
        return self.sum([self.cells, other.cells])

    @property
    def fault(self) -> str | None:
        """Say what is wrong with counts that no set of units can give; `None` when nothing is."""
        if any(count < 0 for count in self.cells.values()):
            return "a count is negative: something was taken back twice"
        if any(total % max(1, size - 1) for (size, _), total in self._row_sums.items()):
            return "the counts are not those of whole units: a part of a change is missing"
        return None

    def marginals(self) -> Mapping[tuple[int, str], int]:
        """Return how many ratings units of each size have in each category."""
        return self._marginals

    def units_by_size(self) -> Mapping[int, int]:
        """Return how many units have one rating, two ratings, and so on."""
        return self._units_by_size

    @property
    def n_units(self) -> int:
        """Units with at least one rating."""
        return sum(self._units_by_size.values())

    @property
    def n_pairable_units(self) -> int:
        """Units with at least two ratings: those that can show agreement."""
        return sum(count for size, count in self._units_by_size.items() if size > 1)

    @property
    def n_ratings(self) -> int:
        """Ratings, those of units with one rating included."""
        return sum(self._marginals.values())

    @cached_property
    def _marginals(self) -> Mapping[tuple[int, str], int]:
        return {(size, c): total // max(1, size - 1) for (size, c), total in self._row_sums.items()}

    @cached_property
    def _units_by_size(self) -> Mapping[int, int]:
        ratings: dict[int, int] = {}
        for (size, _), count in self._marginals.items():
            ratings[size] = ratings.get(size, 0) + count
        return {size: count // size for size, count in sorted(ratings.items())}

    @cached_property
    def _row_sums(self) -> Mapping[tuple[int, str], int]:
        totals: dict[tuple[int, str], int] = {}
        for (size, first, _), count in self.cells.items():
            totals[size, first] = totals.get((size, first), 0) + count
        return totals
