"""The queue's order: exact, deterministic, and fair to the audit."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefstream.domain.escalation import Doubtful, Task, priority_of, served
from prefstream.domain.selection import Lesson, learn, sketch_of
from prefstream.schemas.selection import AUDIT_FIRST
from prefstream.schemas.values import Preference, Stakes

SKETCH = sketch_of("Name three rivers of France.", "The Loire.", "The Thames and the Rhine.")
PAIR = Doubtful(stakes=Stakes.LOW, p_a=0.9, label=Preference.A_BETTER, sketch=SKETCH, audit=False)
LESSON = Lesson(slice="s", sketch=SKETCH, p_a=0.9, judge_label=Preference.A_BETTER, label=Preference.B_BETTER)


def test_without_a_selection_the_judges_doubt_and_the_stakes_count() -> None:
    low, high = priority_of(PAIR), priority_of(replace(PAIR, stakes=Stakes.HIGH))
    assert (low.uncertainty, low.diversity, low.stakes, low.value) == (200, 1000, 1, 200_000)
    assert high.value == 4 * low.value


def test_no_verdict_is_as_doubtful_as_can_be() -> None:
    assert priority_of(replace(PAIR, p_a=None, label=None)).uncertainty == 1000
    assert priority_of(replace(PAIR, p_a=0.5, label=Preference.TIE)).uncertainty == 1000


def test_prompts_seen_often_count_less() -> None:
    selection = learn([LESSON] * 5)
    other = sketch_of("Write a haiku about compilers in the rain", "a", "b")
    same = priority_of(PAIR, selection=selection)
    new = priority_of(replace(PAIR, sketch=other), selection=selection)
    assert same.diversity < 200
    assert new.diversity > 900


def test_audited_pairs_go_first_and_are_equal_whatever_their_doubt() -> None:
    values = {
        priority_of(replace(PAIR, audit=True, p_a=p, label=label, stakes=stakes)).value
        for p, label, stakes in (
            (0.99, Preference.A_BETTER, Stakes.LOW),
            (0.5, Preference.TIE, Stakes.HIGH),
            (None, None, Stakes.MEDIUM),
        )
    }
    assert values == {AUDIT_FIRST}


@given(
    p_a=st.none() | st.floats(0, 1),
    label=st.none() | st.sampled_from(Preference),
    stakes=st.sampled_from(Stakes),
    lessons=st.integers(0, 3),
)
def test_a_priority_is_the_exact_product_and_below_every_audit(
    p_a: float | None, label: Preference | None, stakes: Stakes, lessons: int
) -> None:
    pair = Doubtful(stakes=stakes, p_a=p_a, label=label, sketch=SKETCH, audit=False)
    found = priority_of(pair, selection=learn([LESSON] * lessons))
    assert found.value == max(1, found.uncertainty) * max(1, found.diversity) * found.stakes
    assert 0 < found.value < AUDIT_FIRST
    assert found == priority_of(pair, selection=learn([LESSON] * lessons))


def a_task(pair_id: str, priority: int, labels: int = 1) -> Task:
    return Task(pair_id=pair_id, slice="s", round="annotate", priority=priority, labels=labels)


TASKS = [a_task("a", 5), a_task("b", 9, labels=3), a_task("c", 5), a_task("d", 1)]


@pytest.mark.parametrize(("minutes", "now"), [(0, ""), (2, ""), (3, "b"), (5, "bac"), (99, "bacd")])
def test_minutes_serve_the_queue_from_its_front_and_the_rest_waits(minutes: int, now: str) -> None:
    reach = served(reversed(TASKS), minutes=minutes, seconds_per_label=60)
    assert "".join(task.pair_id for task in reach.now) == now
    assert sorted((*reach.now, *reach.waiting), key=TASKS.index) == TASKS
    assert reach.seconds <= 60 * minutes


@given(st.integers(0, 20), st.permutations(TASKS))
def test_capacity_drops_nothing_and_order_of_arrival_does_not_matter(minutes: int, tasks: list[Task]) -> None:
    reach = served(tasks, minutes=minutes, seconds_per_label=60)
    assert sorted(task.pair_id for task in (*reach.now, *reach.waiting)) == ["a", "b", "c", "d"]
    assert reach == served(TASKS, minutes=minutes, seconds_per_label=60)
