"""Pairing: which two of the candidates make a pair, the most telling first."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from prefstream.domain.generation.draws import Candidate

Pairing = Literal[
    "all",
    "adjacent",
    "best_vs_rest",
    "best_vs_worst",
    "best_vs_median",
    "accepted_vs_rejected",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """Two candidates that make a pair, by their places."""

    first: int
    second: int
    #: The first has the higher score; which side it stands on is then left to chance.
    ranked: bool = False


def needs_scores(pairing: Pairing) -> bool:
    """Return whether a way of pairing cannot do without scores."""
    return pairing not in ("all", "adjacent")


def cuts(
    pairings: Sequence[Pairing], candidates: Sequence[Candidate], *, max_pairs: int, threshold: float
) -> tuple[Cut, ...]:
    """Return the pairs that are cut from candidates; no two candidates make more than one.

    Args:
        pairings: How candidates become pairs; what an earlier way cuts comes first.
        candidates: The candidates, all of them different and in the order of their sources.
        max_pairs: Most pairs.
        threshold: From which score on a candidate is accepted.
    """
    hand = _Hand(candidates=tuple(candidates), threshold=threshold)
    found: dict[frozenset[int], Cut] = {}
    for pairing in pairings:
        for cut in _CUTTERS[pairing](hand):
            found.setdefault(frozenset((cut.first, cut.second)), cut)
    return tuple(found.values())[:max_pairs]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Hand:
    candidates: tuple[Candidate, ...]
    threshold: float

    @property
    def scored(self) -> bool:
        return bool(self.candidates) and all(one.score is not None for one in self.candidates)

    def score(self, place: int) -> float:
        score = self.candidates[place].score
        return 0.0 if score is None else score

    @property
    def ranking(self) -> list[int]:
        """Return the places, the best first; of equal scores the earlier source."""
        return sorted(range(len(self.candidates)), key=lambda place: (-self.score(place), place))

    def cut(self, better: int, worse: int) -> list[Cut]:
        """Return the pair, or nothing when the scores tell no difference."""
        differ = self.score(better) > self.score(worse)
        return [Cut(first=better, second=worse, ranked=True)] if differ else []


def _all(hand: _Hand) -> list[Cut]:
    """Return every two: those of different sources first, each candidate about as often as any other."""
    count = len(hand.candidates)
    source = [one.draft.draw.source for one in hand.candidates]
    turns = [(place, (place + step) % count) for step in range(1, count // 2 + 1) for place in range(count)]
    pairs = list(dict.fromkeys((min(pair), max(pair)) for pair in turns))
    pairs.sort(key=lambda pair: source[pair[0]] == source[pair[1]])
    return [Cut(first=a, second=b) for a, b in pairs]


def _adjacent(hand: _Hand) -> list[Cut]:
    """Return neighbours: by score where there are scores, else by source."""
    if hand.scored:
        ranking = hand.ranking
        return [cut for a, b in pairwise(ranking) for cut in hand.cut(a, b)]
    return [Cut(first=place, second=place + 1) for place in range(len(hand.candidates) - 1)]


def _best_vs_rest(hand: _Hand) -> list[Cut]:
    """Return the best against every other, the widest gap first."""
    best, *others = hand.ranking or [0]
    return [cut for other in reversed(others) for cut in hand.cut(best, other)]


def _best_vs_worst(hand: _Hand) -> list[Cut]:
    return _best_vs_rest(hand)[:1]


def _best_vs_median(hand: _Hand) -> list[Cut]:
    """Return the best against the middle one, the lower of the two where the count is even."""
    ranking = hand.ranking
    return hand.cut(ranking[0], ranking[len(ranking) // 2]) if ranking else []


def _accepted_vs_rejected(hand: _Hand) -> list[Cut]:
    """Return every accepted candidate against every rejected one, the widest gap first."""
    ranking = hand.ranking
    accepted = [place for place in ranking if hand.score(place) >= hand.threshold]
    rejected = ranking[len(accepted) :]
    pairs = [(a, b) for a in accepted for b in rejected]
    pairs.sort(key=lambda pair: hand.score(pair[1]) - hand.score(pair[0]))
    return [Cut(first=a, second=b, ranked=True) for a, b in pairs]


_CUTTERS: Mapping[Pairing, Callable[[_Hand], list[Cut]]] = {
    "all": _all,
    "adjacent": _adjacent,
    "best_vs_rest": _best_vs_rest,
    "best_vs_worst": _best_vs_worst,
    "best_vs_median": _best_vs_median,
    "accepted_vs_rejected": _accepted_vs_rejected,
}
