from collections.abc import Callable, Iterator
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prefstream.domain.reliability import Bounds, Habits, Work, habits_of, most_false_alarms
from prefstream.domain.reliability.habits import BREAK_DUE_S, PAUSE_S
from prefstream.schemas.errors import BadInput
from prefstream.schemas.values import Verdict

SIDES = (Verdict.A_MUCH_BETTER, Verdict.A_BETTER, Verdict.B_BETTER, Verdict.B_MUCH_BETTER)


def working(
    seed: int, labels: int, change: Callable[[Work, Random, int], Work] = lambda work, _chance, _n: work
) -> Iterator[Work]:
    """Yield the labels of a person who works well, each as changed."""
    chance, at_s = Random(seed), 0.0
    for n in range(labels):
        characters = chance.randrange(200, 6000)
        seconds = (300 + characters) * 0.06 * chance.lognormvariate(0.0, 0.4)
        at_s += seconds + (PAUSE_S if n % 40 == 39 else 2.0)
        shown = chance.choice(SIDES) if chance.random() < 0.3 else None
        verdict = Verdict.TIE if chance.random() < 0.15 else chance.choice(SIDES)
        follows = shown is not None and chance.random() < 0.8
        work = Work(
            id=f"e{n}",
            at_s=at_s,
            verdict=shown if follows and shown is not None else verdict,
            sides=chance.choice(("ab", "ba")),
            seconds=seconds,
            characters=characters,
            shown=shown,
        )
        yield change(work, chance, n)


def test_people_who_work_well_are_seldom_suspected() -> None:
    labels, people = 500, 60
    suspected = sum(bool(habits_of(working(seed, labels)).findings) for seed in range(people))
    # The stated bound, plus three standard errors.
    bound = most_false_alarms(labels)
    assert suspected / people <= bound + 3 * (bound * (1 - bound) / people) ** 0.5


def test_who_becomes_much_quicker_is_found_soon() -> None:
    def hurried(work: Work, chance: Random, n: int) -> Work:
        return work if n < 200 or work.seconds is None else replace(work, seconds=work.seconds * 0.25)

    found = habits_of(working(1, 260, hurried)).findings
    assert found[0].kind == "speed_up"
    assert 195 <= int(found[0].since[1:]) <= 205
    assert int(found[0].raised_by[1:]) <= 225


def test_a_long_text_answered_at_once_is_hasty_and_a_short_one_is_not() -> None:
    def at_once(work: Work, chance: Random, n: int) -> Work:
        return replace(work, seconds=5.0)

    kinds = {one.kind for one in habits_of(working(2, 60, at_once)).findings}
    assert "hasty" in kinds
    short = [
        Work(id=f"e{n}", at_s=9.0 * n, verdict=Verdict.TIE, seconds=5.0, characters=100) for n in range(20)
    ]
    assert "hasty" not in {one.kind for one in habits_of(short).findings}


@pytest.mark.parametrize("side", ["left", "right"])
def test_who_always_takes_one_side_is_found(side: str) -> None:
    def sided(work: Work, chance: Random, n: int) -> Work:
        first = (work.sides == "ab") == (side == "left")
        return replace(work, verdict=Verdict.A_BETTER if first else Verdict.B_BETTER, shown=None)

    found = habits_of(working(3, 60, sided)).findings
    assert found[0].kind == side
    assert found[0].shown == found[0].labels <= 30
    assert {one.kind for one in found} == {side, "same_side"}


def test_who_takes_turns_between_the_sides_is_found() -> None:
    def turning(work: Work, chance: Random, n: int) -> Work:
        first = (work.sides == "ab") == (n % 2 == 0)
        return replace(work, verdict=Verdict.A_BETTER if first else Verdict.B_BETTER, shown=None)

    assert {one.kind for one in habits_of(working(4, 60, turning)).findings} == {"other_side"}


def test_who_favours_a_side_is_found_though_not_at_once() -> None:
    def leaning(work: Work, chance: Random, n: int) -> Work:
        first = (work.sides == "ab") == (chance.random() < 0.75)
        return replace(work, verdict=Verdict.A_BETTER if first else Verdict.B_BETTER, shown=None)

    found = habits_of(working(5, 400, leaning)).findings
    assert "left" in {one.kind for one in found}


def test_who_repeats_what_is_shown_is_found_soonest_where_it_is_wrong() -> None:
    def obeying(work: Work, chance: Random, n: int) -> Work:
        shown = chance.choice(SIDES)
        return replace(work, shown=shown, verdict=shown, shown_wrong=chance.random() < 0.2)

    found = {one.kind: one for one in habits_of(working(6, 400, obeying)).findings}
    assert {"follows", "follows_wrong"} <= set(found)
    assert found["follows_wrong"].labels < found["follows"].labels


def test_who_never_decides_is_found() -> None:
    def undecided(work: Work, chance: Random, n: int) -> Work:
        return replace(
            work, verdict=chance.choice((Verdict.TIE, Verdict.UNSURE, Verdict.BOTH_BAD)), shown=None
        )

    assert habits_of(working(7, 60, undecided)).findings[0].kind == "undecided"


def test_who_tires_is_found_and_a_pause_begins_anew() -> None:
    def tiring(work: Work, chance: Random, n: int) -> Work:
        slow = n >= 100 and work.seconds is not None
        return replace(work, seconds=(work.seconds or 0.0) * (4 if slow else 1), at_s=60.0 * n)

    assert "slow_down" in {one.kind for one in habits_of(working(8, 160, tiring)).findings}

    def rested(work: Work, chance: Random, n: int) -> Work:
        # As slow, but no task takes 2,000 s: what is left of them is a pause.
        return replace(tiring(work, chance, n), at_s=(2000.0 + PAUSE_S) * n)

    assert "slow_down" not in {one.kind for one in habits_of(working(8, 160, rested)).findings}


def test_a_break_is_due_by_the_clock_until_one_is_taken() -> None:
    habits = Habits()
    for n in range(60):
        habits = habits.after(Work(id=f"e{n}", at_s=60.0 * n, verdict=SIDES[n % 4]))
        assert habits.break_due == (60.0 * n >= BREAK_DUE_S)
    rested = habits.after(Work(id="e60", at_s=60.0 * 59 + PAUSE_S, verdict=Verdict.TIE))
    assert not rested.break_due
    assert rested.worked_s == 0.0


def test_a_long_task_is_no_pause() -> None:
    habits = Habits()
    for n in range(10):
        habits = habits.after(Work(id=f"e{n}", at_s=600.0 * n, verdict=Verdict.TIE, seconds=590.0))
    assert habits.worked_s == 5400.0


def test_a_habit_that_goes_on_is_found_again() -> None:
    works = [Work(id=f"e{n}", at_s=30.0 * n, verdict=Verdict.A_BETTER) for n in range(100)]
    assert [one.kind for one in habits_of(works).findings].count("left") == 4


WORKS = st.lists(
    st.builds(
        Work,
        id=st.integers(0, 200).map(str),
        at_s=st.integers(0, 5000).map(float),
        verdict=st.sampled_from(list(Verdict)),
        sides=st.sampled_from(["ab", "ba"]),
        seconds=st.none() | st.floats(0.5, 500.0),
        characters=st.integers(0, 10_000),
        shown=st.none() | st.sampled_from(list(Verdict)),
        shown_wrong=st.booleans(),
    ),
    max_size=120,
    unique_by=lambda work: work.id,
)


@settings(max_examples=40)
@given(WORKS, st.randoms(use_true_random=False))
def test_habits_are_the_same_in_any_order_and_with_repetitions(works: list[Work], chance: Random) -> None:
    step_by_step = Habits()
    for work in sorted(works, key=lambda work: (work.at_s, work.id)):
        step_by_step = step_by_step.after(work)
    shuffled = works + works[:10]
    chance.shuffle(shuffled)
    assert habits_of(shuffled) == step_by_step


@settings(max_examples=40)
@given(WORKS)
def test_changing_the_sides_over_changes_nothing_but_left_and_right(works: list[Work]) -> None:
    def mirrored(work: Work) -> Work:
        return replace(work, sides="ba" if work.sides == "ab" else "ab")

    swapped = {"left": "right", "right": "left"}
    before = [
        (swapped.get(one.kind, one.kind), one.since, one.raised_by) for one in habits_of(works).findings
    ]
    after = [(one.kind, one.since, one.raised_by) for one in habits_of(map(mirrored, works)).findings]
    assert sorted(before) == sorted(after)


def test_a_bound_that_bounds_nothing_is_refused() -> None:
    with pytest.raises(BadInput, match="undecided"):
        Bounds(undecided=1.0)
