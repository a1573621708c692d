"""Worlds: simulated people and all others, apart. What a simulation says teaches nothing about people.

A slice is told by people if anybody but simulations labelled in it; by simulations if nobody else did, so
that a demonstration shows what a deployment would.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Self

from prefstream.domain.reliability.ledgers import Ledger, SliceLedger
from prefstream.domain.reliability.sheets import CrowdLabel
from prefstream.domain.reliability.tables import SliceTables, tables_of
from prefstream.schemas.values import Provenance


@dataclass(frozen=True, slots=True, kw_only=True)
class Worlds:
    """The labels of all slices.

    >>> said = [CrowdLabel(item="p1", annotator="bot", label="A", slice="code")]
    >>> worlds = Worlds().after([(said[0], Provenance.SIMULATED)]).settled()
    >>> worlds.tables("code").provenance
    <Provenance.SIMULATED: 'simulated'>
    >>> said += [CrowdLabel(item="p1", annotator="ann", label="B", slice="code")]
    >>> worlds = worlds.after([(said[1], Provenance.REAL)]).settled()
    >>> sorted(worlds.tables("code").people)
    ['ann']
    """

    people: Ledger = field(default_factory=Ledger)
    simulations: Ledger = field(default_factory=Ledger)

    @property
    def slices(self) -> tuple[str, ...]:
        """Return the slices in which anybody said anything."""
        names = {*self.people.slices, *self.simulations.slices}
        return tuple(sorted(name for name in names if self.slice(name).items))

    def after(
        self,
        labels: Iterable[tuple[CrowdLabel, Provenance]],
        *,
        gold: Mapping[str, Mapping[str, str]] | None = None,
    ) -> Self:
        """Return the worlds with more labels, each with where it comes from, and known classes of items."""
        by_world: tuple[list[CrowdLabel], list[CrowdLabel]] = ([], [])
        for label, provenance in labels:
            by_world[provenance is Provenance.SIMULATED].append(label)
        return replace(
            self,
            people=self.people.after(by_world[False], gold=gold),
            simulations=self.simulations.after(by_world[True], gold=gold),
        )

    def settled(self, *, only_due: bool = False) -> Self:
        """Return the worlds with what changed estimated again."""
        return replace(
            self,
            people=self.people.settled(only_due=only_due),
            simulations=self.simulations.settled(only_due=only_due),
        )

    def slice(self, name: str) -> SliceLedger:
        """Return the labels that tell of a slice."""
        real = self.people.slices.get(name, SliceLedger())
        return real if real.items else self.simulations.slices.get(name, SliceLedger())

    def tables(self, name: str) -> SliceTables | None:
        """Return what is known of a slice's people, as of the last settlement."""
        real = name in self.people.slices and bool(self.people.slices[name].items)
        provenance = Provenance.REAL if real else Provenance.SIMULATED
        return tables_of(name, self.slice(name), provenance=provenance)
