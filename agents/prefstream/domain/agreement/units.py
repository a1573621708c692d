"""What the labels of one unit add to the minute buckets, as cells that add up.

A unit is a pair of responses that people label. Its contribution is a mapping from cell to integer;
a minute bucket is the sum of the cells of its minute, a window is a sum of minutes. When a label arrives,
is corrected or is withdrawn, `change` gives what to add to the buckets; the order of arrival cannot matter,
because a sum of changes always ends at `contributions` of the labels that stand.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple

from prefstream.domain.agreement.categories import nominal, ordinal
from prefstream.domain.agreement.compositions import composition_of, composition_text
from prefstream.domain.agreement.tally import without_zeros

Kind = Literal["pair", "nominal", "ordinal"]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitLabel:
    """One annotator's label of one unit."""

    annotator: str
    #: A verdict: one of the five points, `unsure` or `both_bad`.
    category: str
    #: Minutes since 1970 in event time.
    minute: int
    #: What decides which label of an annotator is the latest: event time in microseconds, then the
    #: event id. A minute holds too many labels to decide it.
    order: tuple[int, str]


class Cell(NamedTuple):
    """One count of one minute bucket, flat enough to be the key of a table row."""

    minute: int
    #: "pair": a pair table of two annotators, in verdicts. "nominal" and "ordinal": units by their
    #: composition, in the categories of that scale.
    kind: Kind
    #: Ratings of the unit on that scale; 2 for a pair table.
    unit_size: int
    #: The two annotators, in the order of their names; empty for units.
    annotator_i: str
    annotator_j: str
    #: What the first annotator said; for units their composition, such as "A:2 B".
    category_i: str
    #: What the second annotator said; empty for units.
    category_j: str


def contributions(labels: Iterable[UnitLabel]) -> dict[Cell, int]:
    """Return the cells of one unit.

    Only the latest label of an annotator counts, by `order`. A cell of a pair table sits in the later
    minute of its two labels; the unit's composition sits in the minute of the latest label that counts on
    its scale. `unsure` counts nowhere, `both_bad` everywhere but on the ordinal scale (see `categories`).

    >>> labels = [UnitLabel(annotator=name, category=verdict, minute=minute, order=(minute, name))
    ...           for name, verdict, minute in (("ann", "A>", 7), ("bob", "A>>", 9))]
    >>> for cell, count in contributions(labels).items():
    ...     print(count, *filter(None, cell))
    1 9 pair 2 ann bob A> A>>
    1 9 nominal 2 A:2
    1 9 ordinal 2 A> A>>

    Raises:
        BadInput: A category is not a verdict.
    """
    return change((), labels)


def change(before: Iterable[UnitLabel], after: Iterable[UnitLabel]) -> dict[Cell, int]:
    """Return what to add to the buckets when the labels of a unit change, without zeros.

    The work grows with the labels that changed times those that stand, not with all pairs of them.

    >>> label = UnitLabel(annotator="ann", category="=", minute=7, order=(7, "x"))
    >>> change([label], [label])
    {}
    """
    old, new = _standing(before), _standing(after)
    gone = [label for name, label in old.items() if (now := new.get(name)) is not label and now != label]
    come = [label for name, label in new.items() if (then := old.get(name)) is not label and then != label]
    if not gone and not come:
        return {}
    changed: dict[Cell, int] = {}
    if gone:
        _count_pairs(changed, gone, old, -1)
    if old:
        _count_unit(changed, old.values(), -1)
    if come:
        _count_pairs(changed, come, new, 1)
    if new:
        _count_unit(changed, new.values(), 1)
    # Only what was taken away and given back can have become zero.
    return without_zeros(changed) if old else changed


def _standing(labels: Iterable[UnitLabel]) -> dict[str, UnitLabel]:
    """Return the label of each annotator that counts: the latest, where it says something."""
    latest: dict[str, UnitLabel] = {}
    unsure = False
    for label in labels:
        unsure = unsure or nominal(label.category) is None
        other = latest.get(label.annotator)
        if other is None or _rank(label) > _rank(other):
            latest[label.annotator] = label
    if unsure:
        return {name: label for name, label in latest.items() if nominal(label.category) is not None}
    return latest


def _rank(label: UnitLabel) -> tuple[tuple[int, str], int, str]:
    # Two labels with one `order` are one event; should they differ all the same, any fixed choice
    # keeps the result independent of the order in which they came.
    return label.order, label.minute, label.category


def _count_pairs(
    cells: dict[Cell, int], some: Iterable[UnitLabel], standing: Mapping[str, UnitLabel], step: int
) -> None:
    """Count every pair of a unit's standing labels with at least one of some of them."""
    done: set[str] = set()
    for one in some:
        name, category, minute = one.annotator, one.category, one.minute
        done.add(name)
        for other, label in standing.items():
            if other in done:
                continue
            later = max(minute, label.minute)
            if name < other:
                cell = Cell(later, "pair", 2, name, other, category, label.category)
            else:
                cell = Cell(later, "pair", 2, other, name, label.category, category)
            cells[cell] = cells.get(cell, 0) + step


def _count_unit(cells: dict[Cell, int], standing: Collection[UnitLabel], step: int) -> None:
    """Count the composition of a unit on each scale."""
    verdicts = sorted([label.category for label in standing])
    said, size, points, placed = _compositions(tuple(verdicts))
    latest = max([label.minute for label in standing])
    cell = Cell(latest, "nominal", size, "", "", said, "")
    cells[cell] = cells.get(cell, 0) + step
    if not placed:
        return
    if placed < size:
        latest = max([label.minute for label in standing if ordinal(label.category) is not None])
    cell = Cell(latest, "ordinal", placed, "", "", points, "")
    cells[cell] = cells.get(cell, 0) + step


@lru_cache(maxsize=4096)
def _compositions(verdicts: tuple[str, ...]) -> tuple[str, int, str, int]:
    """Return the composition of a unit and its ratings, nominal and ordinal."""
    said = [category for verdict in verdicts if (category := nominal(verdict)) is not None]
    points = [point for verdict in verdicts if (point := ordinal(verdict)) is not None]
    texts = [composition_text(composition_of(Counter(categories))) for categories in (said, points)]
    return texts[0], len(said), texts[1], len(points)
