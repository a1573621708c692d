"""Disagreements: which clauses people cite on both sides of the same pair."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from prefstream.schemas.values import Verdict

_Side = Literal["a", "b", "neither"]
#: Pairs named with a cluster, for somebody to look at.
EXAMPLES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Cited:
    """What one label says, and which clauses it cites for it."""

    pair_id: str
    slice: str
    verdict: Verdict
    clauses: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """A clause that the labels of disputed pairs cite."""

    clause: str
    #: Pairs with a label that cites it.
    pairs: int
    #: Pairs in which it is cited for one response and for the other.
    both_sides: int
    #: Pairs in which it is cited for a response while others call both equal, both bad or cannot tell.
    one_side: int
    #: Both sides by slice, the most frequent first.
    slices: Mapping[str, int]
    #: Some of the pairs with both sides.
    examples: tuple[str, ...]

    @property
    def share(self) -> float:
        """Return in which share of its pairs it is cited on both sides."""
        return self.both_sides / self.pairs


def clusters(labels: Iterable[Cited]) -> tuple[Cluster, ...]:
    """Return the clauses of disputed pairs, those most often cited on both sides first.

    A clause that supports opposite answers on the same texts is read in two ways: it, rather than the
    people, may need work.

    >>> said = [Cited(pair_id="p1", slice="law", verdict=Verdict.A_BETTER, clauses=("sources",)),
    ...         Cited(pair_id="p1", slice="law", verdict=Verdict.B_BETTER, clauses=("sources", "tone"))]
    >>> [(one.clause, one.both_sides) for one in clusters(said)]
    [('sources', 1), ('tone', 0)]
    """
    by_pair: dict[str, list[Cited]] = defaultdict(list)
    for label in labels:
        by_pair[label.pair_id].append(label)
    sides: dict[str, dict[str, set[_Side]]] = defaultdict(dict)
    for pair_id in sorted(by_pair):
        for clause in {clause for label in by_pair[pair_id] for clause in label.clauses}:
            sides[clause][pair_id] = _sides(clause, by_pair[pair_id])
    slices = {label.pair_id: label.slice for said in by_pair.values() for label in said}
    found = [_cluster(clause, pairs, slices) for clause, pairs in sides.items()]
    return tuple(sorted(found, key=lambda one: (-one.both_sides, -one.pairs, one.clause)))


def _sides(clause: str, labels: Iterable[Cited]) -> set[_Side]:
    return {_side(label.verdict) for label in labels if clause in label.clauses}


def _side(verdict: Verdict) -> _Side:
    margin = verdict.preference.margin if verdict.preference else 0
    return "neither" if margin == 0 else "a" if margin > 0 else "b"


def _cluster(clause: str, pairs: Mapping[str, set[_Side]], slices: Mapping[str, str]) -> Cluster:
    both = [pair_id for pair_id, sides in pairs.items() if {"a", "b"} <= sides]
    counts: dict[str, int] = defaultdict(int)
    for pair_id in both:
        counts[slices[pair_id]] += 1
    return Cluster(
        clause=clause,
        pairs=len(pairs),
        both_sides=len(both),
        one_side=sum("neither" in sides and len(sides) == 2 for sides in pairs.values()),
        slices=dict(sorted(counts.items(), key=lambda item: (-item[1], item[0]))),
        examples=tuple(both[:EXAMPLES]),
    )
