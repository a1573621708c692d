"""Rankings become preferences between each two candidates."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefstream.domain.demonstrations import contradiction, drawn_order, duels, levels, verdict_of

Rankings = st.integers(2, 9).flatmap(lambda n: st.lists(st.integers(1, 9), min_size=n, max_size=n))


@pytest.mark.parametrize("count", range(2, 10))
def test_each_two_candidates_meet_once(count: int) -> None:
    found = list(duels("t", count))
    assert {frozenset((one.a, one.b)) for one in found} == {
        frozenset(two) for two in combinations(range(count), 2)
    }
    assert len({one.pair_id for one in found}) == len(found) == count * (count - 1) // 2


def test_which_candidate_stands_first_is_a_fair_coin() -> None:
    ahead = [one.a < one.b for n in range(500) for one in duels(f"task {n}", 3)]
    assert 0.45 < sum(ahead) / len(ahead) < 0.55


def test_pairs_of_two_tasks_are_different_pairs() -> None:
    assert not {one.pair_id for one in duels("t", 9)} & {one.pair_id for one in duels("u", 9)}


@pytest.mark.parametrize(
    ("ranks", "unacceptable", "wanted"),
    [
        ((1, 2), (), "A>"),
        ((2, 1), (), "B>"),
        ((1, 1), (), "="),
        ((1, 9), (), "A>"),
        ((1, 2), (1,), "A>>"),
        ((2, 1), (0,), "B>>"),
        ((1, 2), (0, 1), "both_bad"),
        ((1, 1), (0, 1), "both_bad"),
        ((1, 3, 2), (), "A>>"),
        ((1, 2, 3, 4, 5, 6), (), "A>"),
        ((1, 4, 2, 3, 5, 6), (), "A>>"),
    ],
)
def test_a_ranking_says_who_is_better_and_by_how_much(
    ranks: tuple[int, ...], unacceptable: tuple[int, ...], wanted: str
) -> None:
    assert verdict_of(ranks, unacceptable, a=0, b=1).value == wanted


@given(Rankings)
def test_gaps_between_ranks_say_nothing(ranks: list[int]) -> None:
    for a, b in combinations(range(len(ranks)), 2):
        assert verdict_of(ranks, (), a=a, b=b) is verdict_of(levels(ranks), (), a=a, b=b)


@given(Rankings)
def test_the_other_way_round_is_the_same_preference(ranks: list[int]) -> None:
    for a, b in combinations(range(len(ranks)), 2):
        one = verdict_of(ranks, (), a=a, b=b).preference
        other = verdict_of(ranks, (), a=b, b=a).preference
        assert one is not None
        assert other is one.swapped


@given(Rankings)
def test_preferences_of_one_ranking_never_run_in_a_circle(ranks: list[int]) -> None:
    def margin(a: int, b: int) -> int:
        preference = verdict_of(ranks, (), a=a, b=b).preference
        assert preference is not None
        return preference.margin

    for a, b, c in combinations(range(len(ranks)), 3):
        assert not (margin(a, b) > 0 and margin(b, c) > 0 and margin(a, c) <= 0)


def test_an_unfit_candidate_above_a_fit_one_is_a_contradiction() -> None:
    assert contradiction((1, 2, 3), (1,)) == (1, 2)
    assert contradiction((1, 1), (0,)) == (0, 1)
    assert contradiction((1, 2, 2), (1, 2)) is None
    assert contradiction((1, 1), (0, 1)) is None


def test_every_place_is_shown_first_about_as_often() -> None:
    firsts = [drawn_order(4, f"lease {n}")[0] for n in range(2000)]
    assert all(400 < firsts.count(place) < 600 for place in range(4))
