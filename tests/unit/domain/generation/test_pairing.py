"""Which two of the candidates make a pair."""

from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as some

from prefstream.domain.generation import Candidate, Draft, Draw, Mark, Pairing, cuts


def candidates(scores: Sequence[float | None], sources: Sequence[int] | None = None) -> list[Candidate]:
    placed = sources or range(len(scores))
    return [
        Candidate(
            draft=Draft(draw=Draw(source=source, number=place), text=str(place)),
            mark=None if score is None else Mark(score=score),
        )
        for place, (source, score) in enumerate(zip(placed, scores, strict=True))
    ]


def cut(pairings: Sequence[Pairing], found: Sequence[Candidate], most: int = 999) -> list[tuple[int, int]]:
    return [(one.first, one.second) for one in cuts(pairings, found, max_pairs=most, threshold=0.7)]


@pytest.mark.parametrize(
    ("pairing", "expected"),
    [
        ("best_vs_worst", [(1, 2)]),
        ("best_vs_median", [(1, 0)]),
        ("best_vs_rest", [(1, 2), (1, 4), (1, 0), (1, 3)]),
        ("adjacent", [(1, 3), (3, 0), (0, 4), (4, 2)]),
        ("accepted_vs_rejected", [(1, 2), (3, 2), (1, 4), (1, 0), (3, 4), (3, 0)]),
    ],
)
def test_scored_candidates_are_paired_better_first_and_widest_gap_first(
    pairing: Pairing, expected: list[tuple[int, int]]
) -> None:
    assert cut([pairing], candidates([0.5, 0.95, 0.1, 0.8, 0.4])) == expected


def test_unscored_neighbours_are_those_of_neighbouring_sources() -> None:
    assert cut(["adjacent"], candidates([None] * 4)) == [(0, 1), (1, 2), (2, 3)]


def test_two_ways_of_pairing_add_up_without_a_pair_twice() -> None:
    two = candidates([0.9, 0.1])
    four = candidates([0.9, 0.1, 0.4, 0.6])

    assert cut(["best_vs_worst", "best_vs_median"], two) == [(0, 1)]
    assert cut(["best_vs_worst", "best_vs_median"], four) == [(0, 1), (0, 2)]


def test_equal_scores_make_no_pair_where_scores_decide() -> None:
    same = candidates([0.5, 0.5, 0.5])

    assert cut(["best_vs_worst", "best_vs_rest", "best_vs_median", "adjacent"], same) == []
    assert len(cut(["all"], same)) == 3


def test_candidates_of_different_sources_are_paired_before_those_of_one() -> None:
    found = cut(["all"], candidates([None] * 4, sources=[0, 0, 1, 1]))

    assert set(found[:4]) == {(0, 2), (0, 3), (1, 2), (1, 3)}
    assert set(found[4:]) == {(0, 1), (2, 3)}


@given(count=some.integers(2, 16), most=some.integers(1, 120))
def test_all_pairs_are_all_there_once_and_a_cap_uses_every_candidate_alike(count: int, most: int) -> None:
    found = cut(["all"], candidates([None] * count))
    capped = cut(["all"], candidates([None] * count), most)
    uses = Counter(place for pair in capped for place in pair)

    assert sorted(found) == [(a, b) for a in range(count) for b in range(a + 1, count)]
    assert capped == found[:most]
    assert max(uses.values()) - min(uses[place] for place in range(count)) <= 2


def test_nothing_is_cut_from_fewer_than_two() -> None:
    ways: tuple[Pairing, ...] = ("all", "adjacent", "best_vs_rest", "best_vs_worst", "best_vs_median")
    for way in ways:
        assert cut([way], []) == cut([way], candidates([0.5])) == []
