"""A window counted anew from the labels that stand, by its definition, with none of the code that rolls."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations

from prefstream.domain.agreement import Compositions, PairTable, UnitLabel, Window

NOMINAL = {"A>>": "A", "A>": "A", "=": "=", "B>": "B", "B>>": "B", "both_bad": "both_bad"}
PLACED = ("A>>", "A>", "=", "B>", "B>>")


def recounted(units: Iterable[Sequence[UnitLabel]], *, since: int | None, until: int | None) -> Window:
    """Return the window of the minutes from `since` to before `until`, of the labels of each unit."""

    def inside(minute: int) -> bool:
        return (since is None or minute >= since) and (until is None or minute < until)

    couples: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    scales: dict[str, list[Counter[str]]] = {"nominal": [], "ordinal": []}
    for labels in units:
        spoke = sorted(standing(labels).items())
        for (first, one), (second, other) in combinations(spoke, 2):
            if inside(max(one.minute, other.minute)):
                couples[first, second].append((one.category, other.category))
        placed = [label for _, label in spoke if label.category in PLACED]
        if spoke and inside(max(label.minute for _, label in spoke)):
            scales["nominal"].append(Counter(NOMINAL[label.category] for _, label in spoke))
        if placed and inside(max(label.minute for label in placed)):
            scales["ordinal"].append(Counter(label.category for label in placed))
    return Window(
        pairs={names: PairTable.of(said) for names, said in couples.items()},
        nominal=Compositions.of(scales["nominal"]),
        ordinal=Compositions.of(scales["ordinal"]),
    )


def standing(labels: Iterable[UnitLabel]) -> Mapping[str, UnitLabel]:
    """Return the last label of each annotator, of those who are not unsure."""
    last: dict[str, UnitLabel] = {}
    for label in sorted(labels, key=lambda one: one.order):
        last[label.annotator] = label
    return {name: label for name, label in last.items() if label.category != "unsure"}
