"""A ledger: labels as they come in, and estimates that equal a replay of all of them exactly.

What is kept is the labels that stand. `after` adds labels and touches nothing but their slices;
`settled` estimates the slices that changed, always from the votes on, never from an earlier estimate.
So a settled ledger depends on the set of labels alone: one label at a time, in batches, late, repeated or
all at once, the fingerprints are the same. Tables are counted per annotator and slice, which makes slices
independent of each other: the others are not estimated again.

Between two settlements a posterior is read from the present labels of the item and the tables of the last
one. `due` settles when a twentieth of the labels is new, so that n labels cost O(n) sweeps in all.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

from prefstream.domain.agreement.categories import NOMINAL_CATEGORIES
from prefstream.domain.reliability.dawid_skene import Prior, Schedule
from prefstream.domain.reliability.estimates import Estimate, Posterior, of_sheet
from prefstream.domain.reliability.sheets import CrowdLabel, Sheet, standing

#: A slice is estimated again when at least so many labels are new, and this part of all.
DUE_LABELS = 20
DUE_PART = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceLedger:
    """The labels of one slice."""

    #: The labels that stand of each item, by annotator and occasion.
    items: Mapping[str, tuple[CrowdLabel, ...]] = field(default_factory=dict)
    gold: Mapping[str, str] = field(default_factory=dict)
    #: Labels that stand, whether they count or not.
    size: int = 0
    #: As of the last settlement; `None` where there was none, or no label counts.
    estimate: Estimate | None = None
    #: Labels and gold items that changed since.
    changes: int = 0

    @property
    def due(self) -> bool:
        """Return whether enough has changed to estimate again."""
        return self.changes >= max(DUE_LABELS, self.size // DUE_PART)

    def after(self, labels: Iterable[CrowdLabel], gold: Mapping[str, str]) -> Self:
        """Return the slice with more labels and gold items."""
        by_item: dict[str, list[CrowdLabel]] = {}
        for label in labels:
            by_item.setdefault(label.item, []).append(label)
        touched = {item: _standing(self.items.get(item, ()), some) for item, some in by_item.items()}
        changes, growth = 0, 0
        for item, stands in touched.items():
            before = self.items.get(item, ())
            growth += len(stands) - len(before)
            changes += sum(label not in before for label in stands)
        changes += sum(self.gold.get(item) != label for item, label in gold.items())
        if not changes:
            return self
        return replace(
            self,
            items={**self.items, **touched},
            gold={**self.gold, **gold},
            size=self.size + growth,
            changes=self.changes + changes,
        )

    def said_of(self, item: str) -> list[tuple[str, str]]:
        """Return who says what of an item."""
        return [
            (label.annotator, label.label) for label in self.items.get(item, ()) if label.label is not None
        ]

    def settled(self, *, classes: Sequence[str], prior: Prior, schedule: Schedule) -> Self:
        """Return the slice with its labels estimated anew."""
        counting = [one for some in self.items.values() for one in some if one.label is not None]
        sheet = Sheet.of_columns(
            [one.item for one in counting],
            [one.annotator for one in counting],
            [one.label for one in counting if one.label is not None],
            classes=classes,
            gold=self.gold,
        )
        estimate = of_sheet(sheet, prior=prior, schedule=schedule) if counting else None
        return replace(self, estimate=estimate, changes=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """All slices.

    >>> labels = [CrowdLabel(item=f"p{n}", annotator=who, label=said, slice="code")
    ...           for n, who, said in ((1, "ann", "A"), (1, "bob", "A"), (2, "ann", "B"), (2, "bob", "A"))]
    >>> live = Ledger()
    >>> for label in labels:
    ...     live = live.after([label]).settled()
    >>> live.fingerprints == Ledger().after(reversed(labels)).settled().fingerprints
    True
    """

    slices: Mapping[str, SliceLedger] = field(default_factory=dict)
    classes: tuple[str, ...] = NOMINAL_CATEGORIES
    prior: Prior = field(default_factory=Prior)
    schedule: Schedule = field(default_factory=Schedule)

    @property
    def fingerprints(self) -> dict[str, str]:
        """Return the fingerprint of each slice's estimate, by slice."""
        return {
            name: one.estimate.fingerprint
            for name, one in sorted(self.slices.items())
            if one.estimate is not None
        }

    def after(
        self, labels: Iterable[CrowdLabel], *, gold: Mapping[str, Mapping[str, str]] | None = None
    ) -> Self:
        """Return the ledger with more labels; estimates stay as they are.

        Args:
            labels: New, repeated, corrected or withdrawn ones (`label=None`). An item stays in its slice.
            gold: By slice, the known class of items; a new one replaces an old one, whatever their times.
        """
        by_slice: dict[str, list[CrowdLabel]] = {name: [] for name in gold or {}}
        for label in labels:
            by_slice.setdefault(label.slice, []).append(label)
        changed = {
            name: self.slices.get(name, SliceLedger()).after(some, (gold or {}).get(name, {}))
            for name, some in by_slice.items()
        }
        return replace(self, slices={**self.slices, **changed})

    def settled(self, *, only_due: bool = False) -> Self:
        """Return the ledger with the slices that changed estimated again.

        Args:
            only_due: Leave those be in which little has changed.
        """
        renewed = {
            name: one.settled(classes=self.classes, prior=self.prior, schedule=self.schedule)
            for name, one in self.slices.items()
            if one.changes and (one.due or not only_due)
        }
        return replace(self, slices={**self.slices, **renewed})

    def posterior(self, slice_name: str, item: str) -> Posterior | None:
        """Return how likely each class is by the present labels and the last tables of the slice.

        `None` where the slice has no estimate yet. A gold item is what it is known to be.
        """
        one = self.slices.get(slice_name)
        if one is None or one.estimate is None:
            return None
        if item in one.gold:
            return {name: float(name == one.gold[item]) for name in one.estimate.sheet.classes}
        return one.estimate.posterior_of(one.said_of(item))


def _standing(before: Iterable[CrowdLabel], labels: Iterable[CrowdLabel]) -> tuple[CrowdLabel, ...]:
    return tuple(standing([*before, *labels]).values())
