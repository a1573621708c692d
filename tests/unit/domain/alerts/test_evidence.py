"""Monitors that look after every outcome: how often they raise where nothing changes."""

import random

from hypothesis import given
from hypothesis import strategies as st

from prefstream.domain.alerts import Evidence
from prefstream.domain.monitoring import Detector


def looked_at_always(chance: random.Random, *, bound: float, share: float, outcomes: int) -> int | None:
    evidence, right = Evidence.begin(), 0
    for seen in range(1, outcomes + 1):
        right += chance.random() < share
        evidence = evidence.after(right=right, wrong=seen - right, bound=bound)
        if evidence.alarm:
            return seen
    return None


def test_steady_shares_at_their_bound_raise_no_more_often_than_is_promised() -> None:
    """400 streams of 500 outcomes: 500 / 40,000 of them, five, may raise on average."""
    chance = random.Random(20)

    alarms = [looked_at_always(chance, bound=0.9, share=0.9, outcomes=500) for _ in range(400)]

    assert sum(one is not None for one in alarms) <= 5


def test_a_share_that_fell_by_a_tenth_is_found_within_three_hundred_outcomes() -> None:
    chance = random.Random(21)

    found = [looked_at_always(chance, bound=0.95, share=0.85, outcomes=2000) for _ in range(50)]

    assert all(one is not None for one in found)
    assert sorted(one or 0 for one in found)[25] < 300


@given(st.lists(st.booleans(), max_size=200))
def test_a_look_after_every_outcome_is_the_detector_of_accepted_pairs(agreed: list[bool]) -> None:
    detector, evidence, right = Detector.begin(alpha=0.1), Evidence.begin(), 0
    for seen, one in enumerate(agreed, start=1):
        right += one
        detector = detector.after(agrees=one)
        evidence = evidence.after(right=right, wrong=seen - right, bound=0.9)
        assert evidence.alarm == (detector.alarm is not None)
        if evidence.alarm:
            return


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), max_size=20))
def test_counts_that_go_down_never_add_evidence(counts: list[tuple[int, int]]) -> None:
    evidence = Evidence.begin()
    for right, wrong in counts:
        after = evidence.after(right=right, wrong=wrong, bound=0.8)
        if right <= evidence.right and wrong <= evidence.wrong:
            assert after == evidence
        evidence = after
