from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest  # type: ignore[import-untyped]

from prefstream.domain.evaluation import Share, always, wilson

counts = st.integers(1, 400).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of)))


@given(counts)
def test_wilson_limits_are_those_of_scipy(count: tuple[int, int]) -> None:
    hits, of = count
    expected = binomtest(hits, of).proportion_ci(method="wilson")
    assert wilson(hits / of, of) == pytest.approx((expected.low, expected.high), abs=1e-9)


@given(counts)
def test_both_intervals_hold_the_share_and_stay_in_0_to_1(count: tuple[int, int]) -> None:
    hits, of = count
    share = Share.counted(hits, of)
    assert share.value is not None
    for low, high in ((share.low, share.high), (share.always_low, share.always_high)):
        assert low is not None
        assert high is not None
        assert 0 <= low <= share.value <= high <= 1


@given(counts)
def test_looking_all_the_time_costs_width(count: tuple[int, int]) -> None:
    (low, high), (always_low, always_high) = wilson(count[0] / count[1], count[1]), always(*count)
    assert always_high - always_low >= high - low - 1e-9


def test_peeking_breaks_wilson_and_not_the_interval_for_always() -> None:
    chance, truth, looks = Random(5), 0.8, [round(10 * 1.25**n) for n in range(24)]
    missed = {"wilson": 0, "always": 0}
    for _ in range(200):
        trials = [chance.random() < truth for _ in range(looks[-1])]
        hits = [sum(trials[:look]) for look in looks]
        pairs = list(zip(hits, looks, strict=True))
        missed["wilson"] += any(not _holds(wilson(k / n, n), truth) for k, n in pairs)
        missed["always"] += any(not _holds(always(k, n), truth) for k, n in pairs)
    assert missed["always"] <= 0.05 * 200
    assert missed["wilson"] >= 0.15 * 200


def _holds(limits: tuple[float, float], truth: float) -> bool:
    return limits[0] <= truth <= limits[1]


def test_readings_of_one_pair_that_always_agree_count_as_one_pair() -> None:
    twice = Share.clustered([(2, 2)] * 30 + [(0, 2)] * 10)
    once = Share.counted(30, 40)
    assert twice.value == once.value
    assert (twice.low, twice.high) == pytest.approx((once.low, once.high), abs=5e-3)


def test_readings_that_balance_each_other_are_not_taken_for_certainty() -> None:
    share = Share.clustered([(1, 2)] * 5)
    assert (share.low, share.high) == pytest.approx(wilson(0.5, 10))


def test_nothing_counted_is_a_reason_and_no_share() -> None:
    share = Share.counted(0, 0, reason="no pair")
    assert (share.value, share.low, share.reason) == (None, None, "no pair")
    assert Share.clustered([(0, 0)], reason="no pair").reason == "no pair"
