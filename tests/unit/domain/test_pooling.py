"""Pooling votes: label, probability and confidence come from the votes alone."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.factories import a_vote

from prefstream.domain.pooling import NO_VERDICT, Pooled, opposed, pooled
from prefstream.schemas.values import Preference, Verdict


def the_pool(*verdicts: Verdict | None) -> Pooled:
    return pooled([a_vote(verdict=verdict) for verdict in verdicts])


@pytest.mark.parametrize(
    ("verdicts", "label", "p_a", "confidence"),
    [
        ((Verdict.A_BETTER,), "A>", 1.5 / 2, 1.5 / 2),
        ((Verdict.A_BETTER, Verdict.A_BETTER), "A>", 2.5 / 3, 2.5 / 3),
        ((Verdict.B_BETTER, Verdict.B_BETTER), "B>", 0.5 / 3, 2.5 / 3),
        ((Verdict.A_BETTER, Verdict.B_BETTER), "=", 0.5, 0.5 / 3),
        ((Verdict.TIE, Verdict.TIE), "=", 0.5, 2.5 / 3),
        ((Verdict.TIE, Verdict.A_BETTER), "A>", 2 / 3, 2 / 3),
        ((Verdict.A_BETTER, None), "A>", 1.5 / 2, 1.5 / 3),
        ((Verdict.A_BETTER, Verdict.UNSURE, Verdict.BOTH_BAD), "A>", 1.5 / 2, 1.5 / 4),
    ],
)
def test_credit_of_the_readable_votes_decides_and_unreadable_ones_lower_confidence(
    verdicts: tuple[Verdict | None, ...], label: str, p_a: float, confidence: float
) -> None:
    pool = the_pool(*verdicts)
    assert pool.label == label
    assert pool.p_a == pytest.approx(p_a)
    assert pool.confidence == pytest.approx(confidence)


@pytest.mark.parametrize("verdicts", [(), (None,), (Verdict.UNSURE, Verdict.BOTH_BAD, None)])
def test_votes_of_which_none_is_readable_are_no_verdict_and_never_a_tie(
    verdicts: tuple[Verdict | None, ...],
) -> None:
    assert the_pool(*verdicts) == NO_VERDICT


def test_the_label_is_much_better_when_half_of_its_own_votes_say_so() -> None:
    strong, plain = Verdict.A_MUCH_BETTER, Verdict.A_BETTER
    assert the_pool(strong, plain).label is Preference.A_MUCH_BETTER
    assert the_pool(strong, plain, plain).label is Preference.A_BETTER
    assert the_pool(Verdict.B_MUCH_BETTER, Verdict.B_MUCH_BETTER, strong).label is Preference.B_MUCH_BETTER
    assert the_pool(Verdict.B_BETTER, Verdict.B_BETTER, strong).label is Preference.B_BETTER


def test_a_stated_probability_is_the_votes_credit() -> None:
    pool = pooled([a_vote(verdict=Verdict.A_BETTER, p_a=0.7), a_vote(verdict=Verdict.A_BETTER, p_a=0.9)])
    assert pool.p_a == pytest.approx((1.6 + 0.5) / 3)
    assert pool.confidence == pytest.approx((1.6 + 0.5) / 3)


def test_probabilities_that_lean_against_the_verdicts_lead_to_the_other_side() -> None:
    pool = pooled([a_vote(verdict=Verdict.A_MUCH_BETTER, p_a=0.1)])
    assert pool.label is Preference.B_BETTER


@given(st.lists(st.sampled_from([None, *Verdict]), max_size=8))
def test_swapping_the_sides_swaps_label_and_probability(verdicts: list[Verdict | None]) -> None:
    def swapped(verdict: Verdict | None) -> Verdict | None:
        preference = verdict.preference if verdict else None
        return Verdict(preference.swapped.value) if preference else verdict

    there, back = the_pool(*verdicts), the_pool(*map(swapped, verdicts))
    assert back.label == (there.label.swapped if there.label else None)
    assert back.confidence == pytest.approx(there.confidence) if there.label else back.confidence is None
    if there.p_a is not None and back.p_a is not None:
        assert back.p_a == pytest.approx(1 - there.p_a)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8), st.randoms())
def test_the_order_of_stated_probabilities_says_nothing(stated: list[float], chance: Random) -> None:
    shuffled = list(stated)
    chance.shuffle(shuffled)
    there, back = (pooled([a_vote(p_a=p) for p in some]) for some in (stated, shuffled))
    assert there == back


@pytest.mark.parametrize(
    ("labels", "against"),
    [
        (("A>", "B>"), True),
        (("A>>", "=", "B>"), True),
        (("A>", "A>>"), False),
        (("A>", "=", None), False),
        ((), False),
    ],
)
def test_judges_are_opposed_when_two_of_them_name_different_sides(
    labels: tuple[str | None, ...], against: bool
) -> None:
    pools = [
        Pooled(label=Preference(label) if label else None, p_a=None, confidence=None) for label in labels
    ]
    assert opposed(pools) is against


@given(st.lists(st.sampled_from([None, *Verdict]), min_size=1, max_size=8), st.randoms())
def test_the_order_of_the_votes_says_nothing(verdicts: list[Verdict | None], chance: Random) -> None:
    shuffled = list(verdicts)
    chance.shuffle(shuffled)
    assert the_pool(*shuffled) == the_pool(*verdicts)
