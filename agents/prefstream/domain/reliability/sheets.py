"""A sheet: the standing labels of one slice as arrays of numbers, whatever order they came in."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from prefstream.schemas.errors import BadInput

#: Up to so many labels sums of posteriors stay exact in a float: 2^23 labels times 2^30 units.
MOST_LABELS = 1 << 23
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class CrowdLabel:
    """One person's label of one item."""

    item: str
    annotator: str
    #: `None`: nothing that counts, such as `unsure` or a label that was withdrawn. It still replaces.
    label: str | None
    slice: str = ""
    #: Which of several labels by one person of one item this is, where each is meant to count. Labels
    #: of the same occasion replace each other.
    occasion: str = ""
    #: What decides which label of an occasion is the latest: event time in microseconds, then the event id.
    order: tuple[int, str] = (0, "")

    @property
    def key(self) -> tuple[str, str, str]:
        """Return what labels that replace each other share."""
        return self.item, self.annotator, self.occasion

    @property
    def rank(self) -> tuple[tuple[int, str], str]:
        """Return what the latest label has most of."""
        # Two labels with one `order` are one event; should they differ all the same, any fixed choice
        # keeps the result independent of the order in which they came.
        return self.order, self.label or ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sheet:
    """Labels by number: items, annotators and classes are places in sorted tuples of names."""

    items: tuple[str, ...]
    annotators: tuple[str, ...]
    classes: tuple[str, ...]
    #: One entry a label, sorted by item: its annotator, and its class.
    annotator: Integers
    label: Integers
    #: Where the labels of each item begin; every item has at least one.
    begins: Integers
    #: The known class of each item, -1 where it is not known.
    gold: Integers

    @classmethod
    def of(
        cls,
        labels: Iterable[CrowdLabel],
        *,
        classes: Sequence[str] = (),
        gold: Mapping[str, str] | None = None,
    ) -> Self:
        """Return the sheet of labels of which the latest of each occasion counts.

        Args:
            labels: In any order, with any repetition.
            classes: Classes that exist even if nobody names them.
            gold: The known class of items.

        >>> sheet = Sheet.of([CrowdLabel(item="p", annotator="ann", label=label) for label in "AAB"])
        >>> sheet.items, sheet.classes, sheet.label.tolist()
        (('p',), ('B',), [0])
        """
        rows = [one for one in standing(labels).values() if one.label is not None]
        return cls.of_columns(
            [one.item for one in rows],
            [one.annotator for one in rows],
            [one.label for one in rows if one.label is not None],
            classes=classes,
            gold=gold,
        )

    @classmethod
    def of_columns(
        cls,
        items: Sequence[str],
        annotators: Sequence[str],
        labels: Sequence[str],
        *,
        classes: Sequence[str] = (),
        gold: Mapping[str, str] | None = None,
    ) -> Self:
        """Return the sheet of labels that all count, one place of the three columns each.

        Raises:
            BadInput: The columns are not equally long, or there are too many labels.
        """
        if not len(items) == len(annotators) == len(labels):
            raise BadInput(
                f"every label has an item and an annotator; there are {len(items)} items, "
                f"{len(annotators)} annotators and {len(labels)} labels"
            )
        if len(items) > MOST_LABELS:
            raise BadInput(f"{len(items):,} labels are too many for one slice; take {MOST_LABELS:,} at most")
        known = gold or {}
        item_names, item = _numbered(items)
        annotator_names, annotator = _numbered(annotators)
        mentioned = {known[name] for name in item_names if name in known}
        class_names, label = _numbered(labels, also=[*classes, *mentioned])
        place = {name: at for at, name in enumerate(class_names)}
        by_item = np.lexsort((label, annotator, item))
        return cls(
            items=item_names,
            annotators=annotator_names,
            classes=class_names,
            annotator=annotator[by_item],
            label=label[by_item],
            begins=np.searchsorted(item[by_item], np.arange(len(item_names))).astype(np.int64),
            gold=np.array([place[known[name]] if name in known else -1 for name in item_names], np.int64),
        )

    @property
    def sizes(self) -> Integers:
        """Return how many labels each item has."""
        return np.diff(self.begins, append=len(self.label))


def standing(labels: Iterable[CrowdLabel]) -> dict[tuple[str, str, str], CrowdLabel]:
    """Return the latest label of each occasion, by its key."""
    latest: dict[tuple[str, str, str], CrowdLabel] = {}
    for label in labels:
        key = label.key
        other = latest.get(key)
        if other is None or label.rank > other.rank:
            latest[key] = label
    return latest


def _numbered(column: Sequence[str], also: Iterable[str] = ()) -> tuple[tuple[str, ...], Integers]:
    """Return the sorted names of a column, and the place of each entry among them."""
    names = tuple(sorted({*column, *also}))
    place = {name: at for at, name in enumerate(names)}
    return names, np.fromiter((place[name] for name in column), np.int64, len(column))
