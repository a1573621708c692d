"""Sampling: plans reach their targets, draws are fixed, and weighted counts are unbiased."""

import math
from collections.abc import Mapping

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from prefstream.domain.curation.sampling import draw, expected, planned, position
from prefstream.schemas.errors import BadInput
from prefstream.schemas.sampling import SamplingPlan

SLICES = ("code", "law", "math", "tone")
COUNTS = st.dictionaries(st.sampled_from(SLICES), st.integers(1, 10**6), min_size=1)


def a_plan(targets: Mapping[str, float], arrivals: Mapping[str, int]) -> SamplingPlan:
    return planned(name="p", seed="s", targets=targets, arrivals=arrivals)


@given(COUNTS, st.lists(st.integers(1, 100), min_size=4, max_size=4))
def test_kept_prompts_have_the_target_shares_and_one_slice_is_kept_whole(
    arrivals: dict[str, int], weights: list[int]
) -> None:
    total = sum(weights[: len(arrivals)])
    targets = {name: weight / total for name, weight in zip(sorted(arrivals), weights, strict=False)}

    plan = a_plan(targets, arrivals)
    kept = expected(plan, arrivals)

    assert all(0 < plan.probability(name) <= 1 for name in arrivals)
    assert max(plan.probability(name) for name in arrivals) == pytest.approx(1.0)
    for name, target in targets.items():
        assert kept[name] / sum(kept.values()) == pytest.approx(target)


@given(COUNTS, st.floats(0.01, 0.99))
def test_what_the_targets_leave_over_goes_to_the_others_in_proportion(
    arrivals: dict[str, int], share: float
) -> None:
    assume("code" in arrivals and len(arrivals) > 1)
    plan = a_plan({"code": share}, arrivals)
    kept = expected(plan, arrivals)

    assert set(plan.keep) == {"code"}
    assert kept["code"] / sum(kept.values()) == pytest.approx(share)


def test_a_slice_with_a_target_that_never_came_is_kept_whole_and_does_not_hold_up_the_others() -> None:
    plan = a_plan({"code": 0.5, "law": 0.5}, {"code": 10})
    assert (plan.probability("law"), plan.probability("code"), plan.probability("tone")) == (1.0, 1.0, 0.0)


def test_a_slice_whose_target_is_nothing_is_not_kept() -> None:
    plan = a_plan({"code": 1.0, "law": 0.0}, {"code": 10, "law": 5, "tone": 5})
    assert [plan.probability(name) for name in ("code", "law", "tone")] == [1.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("targets", "arrivals", "message"),
    [
        ({}, {"code": 1}, "no target is given"),
        ({"code": 1.2}, {"code": 1}, "between 0 and 1"),
        ({"code": -0.1, "law": 0.5}, {"code": 1}, "between 0 and 1"),
        ({"code": math.nan}, {"code": 1}, "between 0 and 1"),
        ({"code": 0.6, "law": 0.6}, {"code": 1}, "add up to 1.2"),
        ({"code": 0.0}, {"code": 1}, "more than 0"),
        ({"law": 1.0}, {"code": 1}, "no prompt has arrived in law"),
    ],
)
def test_targets_that_make_no_sense_are_refused(
    targets: dict[str, float], arrivals: dict[str, int], message: str
) -> None:
    with pytest.raises(BadInput, match=message):
        a_plan(targets, arrivals)


@given(st.text(max_size=20), st.text(max_size=8), st.floats(0, 1), st.floats(0, 1))
def test_a_higher_probability_keeps_all_that_a_lower_one_kept(
    prompt_id: str, seed: str, one: float, other: float
) -> None:
    low, high = sorted((one, other))
    kept = [
        draw(SamplingPlan(name="p", seed=seed, keep_others=p), prompt_id=prompt_id, slice_name="any").kept
        for p in (low, high)
    ]
    assert kept in ([False, False], [False, True], [True, True])
    assert 0 <= position(prompt_id, seed) < 1


def test_everything_is_kept_at_one_and_nothing_at_zero() -> None:
    for prompt_id in map(str, range(200)):
        assert draw(SamplingPlan(name="p"), prompt_id=prompt_id, slice_name="any").kept
        assert not draw(SamplingPlan(name="p", keep_others=0.0), prompt_id=prompt_id, slice_name="any").kept


def test_seed_and_id_are_not_run_together() -> None:
    assert position("b", "a") != position("", "ab")


def test_weighted_counts_are_unbiased_over_seeds() -> None:
    """Horvitz-Thompson: over many seeds their mean meets the truth within its standard error.

    The variance of one estimate is sum(n_s (1 - p_s) / p_s), so the test can also see whether the
    draws of different prompts are independent of each other.
    """
    arrivals = {"code": 300, "law": 60, "math": 150}
    keep = {"code": 0.1, "law": 0.5, "math": 0.25}
    seeds = 600
    prompts = [(name, f"{name}-{number}") for name, count in arrivals.items() for number in range(count)]
    sums = dict.fromkeys(arrivals, 0.0)
    squares = dict.fromkeys(arrivals, 0.0)
    for seed in range(seeds):
        plan = SamplingPlan(name="p", seed=str(seed), keep=keep)
        drawn = [(name, draw(plan, prompt_id=prompt_id, slice_name=name)) for name, prompt_id in prompts]
        for name, count in arrivals.items():
            estimate = sum(one.weight for of, one in drawn if of == name and one.kept)
            sums[name] += estimate
            squares[name] += (estimate - count) ** 2

    for name, count in arrivals.items():
        variance = count * (1 - keep[name]) / keep[name]
        error = math.sqrt(variance / seeds)
        assert abs(sums[name] / seeds - count) < 3.5 * error, name
        # The variance of a variance's estimate is about 2 / seeds of its square.
        assert squares[name] / seeds == pytest.approx(variance, rel=3.5 * math.sqrt(2 / seeds)), name
