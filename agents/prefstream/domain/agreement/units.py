"""What the labels of one unit add to the minute buckets, as cells that add up.

A unit is a pair of responses that people label. Its contribution is a mapping from cell to integer;
a minute bucket is the sum of the cells of its minute, a window is a sum of minutes. When a label arrives,
is corrected or is withdrawn, `change` gives what to add to the buckets; the order of arrival cannot matter,
because a sum of changes always ends at `contributions` of the labels that stand.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal, NamedTuple

from prefstream.domain.agreement.categories import nominal, ordinal
from prefstream.domain.agreement.coincidences import unit_contribution
from prefstream.domain.agreement.tally import difference

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
    #: "pair": a pair table of two annotators, in verdicts. "nominal" and "ordinal": coincidences, in
    #: the categories of that scale.
    kind: Kind
    #: Ratings of the unit on that scale; 2 for a pair table.
    unit_size: int
    #: The two annotators, in the order of their names; empty for coincidences.
    annotator_i: str
    annotator_j: str
    category_i: str
    category_j: str


def contributions(labels: Iterable[UnitLabel]) -> dict[Cell, int]:
    """Return the cells of one unit.

    Only the latest label of an annotator counts, by `order`. A cell of a pair table sits in the later
    minute of its two labels; coincidences sit in the minute of the latest label that counts on their
    scale. `unsure` counts nowhere, `both_bad` everywhere but on the ordinal scale (see `categories`).

    >>> labels = [UnitLabel(annotator=name, category=verdict, minute=minute, order=(minute, name))
    ...           for name, verdict, minute in (("ann", "A>", 7), ("bob", "A>>", 9))]
    >>> for cell, count in contributions(labels).items():
    ...     print(count, *cell)
    1 9 pair 2 ann bob A> A>>
    2 9 nominal 2   A A
    1 9 ordinal 2   A> A>>
    1 9 ordinal 2   A>> A>

    Raises:
        BadInput: A category is not a verdict.
    """
    standing = _standing(labels)
    cells = _pair_cells(standing)
    cells.update(_coincidence_cells(standing, "nominal", nominal))
    cells.update(_coincidence_cells(standing, "ordinal", ordinal))
    return cells


def change(before: Iterable[UnitLabel], after: Iterable[UnitLabel]) -> dict[Cell, int]:
    """Return what to add to the buckets when the labels of a unit change, without zeros.

    >>> label = UnitLabel(annotator="ann", category="=", minute=7, order=(7, "x"))
    >>> change([label], [label])
    {}
    """
    return difference(contributions(after), contributions(before))


def _standing(labels: Iterable[UnitLabel]) -> list[UnitLabel]:
    """Return the label of each annotator that counts, by the annotators' names."""
    latest: dict[str, UnitLabel] = {}
    for label in labels:
        other = latest.get(label.annotator)
        if other is None or _rank(label) > _rank(other):
            latest[label.annotator] = label
    return [latest[annotator] for annotator in sorted(latest)]


def _rank(label: UnitLabel) -> tuple[tuple[int, str], int, str]:
    # Two labels with one `order` are one event; should they differ all the same, any fixed choice
    # keeps the result independent of the order in which they came.
    return label.order, label.minute, label.category


def _pair_cells(standing: Sequence[UnitLabel]) -> dict[Cell, int]:
    rated = [label for label in standing if nominal(label.category) is not None]
    return {
        Cell(max(a.minute, b.minute), "pair", 2, a.annotator, b.annotator, a.category, b.category): 1
        for a, b in combinations(rated, 2)
    }


def _coincidence_cells(
    standing: Sequence[UnitLabel], kind: Kind, scale: Callable[[str], str | None]
) -> dict[Cell, int]:
    placed = [(label.minute, scale(label.category)) for label in standing]
    rated = [(minute, category) for minute, category in placed if category is not None]
    if not rated:
        return {}
    latest, _ = max(rated)
    counts = Counter(category for _, category in rated)
    return {
        Cell(latest, kind, size, "", "", first, second): count
        for (size, first, second), count in unit_contribution(counts).items()
    }
