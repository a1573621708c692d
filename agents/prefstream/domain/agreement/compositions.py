"""The state that keeps its bounds: how many units have which composition of ratings, as integers.

A unit's composition is how many ratings it has in each category; who gave them does not matter to alpha,
AC1, Fleiss and percent agreement, nor to their standard errors or a bootstrap over units. Units with the
same composition are one count, so the state grows with the ways to fill a unit, not with units: four
categories and up to five ratings have 125 ways.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Self

from prefstream.domain.agreement.coincidences import CoincidenceKey, Coincidences, unit_contribution
from prefstream.domain.agreement.tally import summed
from prefstream.schemas.errors import BadInput

#: Categories with how many ratings each has, by name, none of them zero.
Composition = tuple[tuple[str, int], ...]


def composition_of(counts: Mapping[str, int]) -> Composition:
    """Return the composition of a unit.

    >>> composition_of({"B": 1, "A": 2, "=": 0})
    (('A', 2), ('B', 1))
    """
    return tuple(sorted((category, count) for category, count in counts.items() if count))


def composition_text(composition: Composition) -> str:
    """Return a composition as one short text, for categories without spaces and colons.

    >>> composition_text((("A", 2), ("B", 1)))
    'A:2 B'
    """
    return " ".join(category if count == 1 else f"{category}:{count}" for category, count in composition)


@lru_cache(maxsize=4096)
def composition_said(text: str) -> Composition:
    """Return the composition that a text says.

    >>> composition_said("A:2 B")
    (('A', 2), ('B', 1))

    Raises:
        BadInput: The text says no composition.
    """
    parts = [part.partition(":") for part in text.split()]
    try:
        return tuple((category, int(count) if colon else 1) for category, colon, count in parts)
    except ValueError:
        raise BadInput(f"{text!r} is no composition such as 'A:2 B'; count the units anew") from None


# Without slots: what several figures are read from is added up once.
@dataclass(frozen=True, kw_only=True)
class Compositions:
    """How many units have which composition; adds, takes back and merges.

    >>> state = Compositions().add({"A": 2, "B": 1}).add({"B": 2})
    >>> state.revert({"B": 2}) == Compositions.of([{"A": 2, "B": 1}])
    True
    """

    #: Never holds a zero, nor units without ratings.
    units: Mapping[Composition, int] = field(default_factory=dict)

    @classmethod
    def of(cls, units: Iterable[Mapping[str, int]]) -> Self:
        """Count the units, each given as how many ratings it has in each category."""
        return cls.sum({composition_of(unit): 1} for unit in units)

    @classmethod
    def sum(cls, tallies: Iterable[Mapping[Composition, int]]) -> Self:
        """Return the state of all the tallies together."""
        units = summed(tallies)
        units.pop((), None)
        return cls(units=units)

    def add(self, unit: Mapping[str, int]) -> Self:
        """Return the state with one more unit."""
        return self.sum([self.units, {composition_of(unit): 1}])

    def revert(self, unit: Mapping[str, int]) -> Self:
        """Return the state without a unit that was added before."""
        return self.sum([self.units, {composition_of(unit): -1}])

    def merge(self, other: "Compositions") -> Self:
        """Return both states together."""
        return self.sum([self.units, other.units])

    @cached_property
    def fault(self) -> str | None:
        """Say what is wrong with counts that no set of units can give; `None` when nothing is."""
        if any(count < 0 for count in self.units.values()):
            return "a count is negative: something was taken back twice"
        return None

    @cached_property
    def coincidences(self) -> Coincidences:
        """The coincidence counts of the same units."""
        cells: dict[CoincidenceKey, int] = {}
        for composition, units in self.units.items():
            for key, count in _contribution(composition):
                cells[key] = cells.get(key, 0) + units * count
        return Coincidences(cells=cells)

    @cached_property
    def sized(self) -> tuple[tuple[Composition, int, int], ...]:
        """Each composition with how many ratings it has, and how many units have it."""
        return tuple((composition, size_of(composition), units) for composition, units in self.units.items())

    @cached_property
    def n_units(self) -> int:
        """Units with at least one rating."""
        return sum(self.units.values())

    @cached_property
    def n_pairable_units(self) -> int:
        """Units with at least two ratings: those that can show agreement."""
        return sum([units for _, size, units in self.sized if size > 1])

    @cached_property
    def n_ratings(self) -> int:
        """Ratings, those of units with one rating included."""
        return sum([units * size for _, size, units in self.sized])


#: What the figures of all raters together are read from; only compositions give them bounds.
UnitCounts = Coincidences | Compositions


def size_of(composition: Composition) -> int:
    """Return how many ratings a unit of this composition has."""
    return sum([count for _, count in composition])


@lru_cache(maxsize=4096)
def _contribution(composition: Composition) -> tuple[tuple[CoincidenceKey, int], ...]:
    return tuple(unit_contribution(dict(composition)).items())


def coincidences_of(state: UnitCounts) -> Coincidences:
    """Return the coincidence counts of either state."""
    return state.coincidences if isinstance(state, Compositions) else state
