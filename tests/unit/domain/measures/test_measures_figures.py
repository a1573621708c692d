"""Sums add, take back and merge; figures read from them are bounded, or null with a reason."""

from collections import Counter
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest  # type: ignore[import-untyped]

from prefstream.domain.agreement import Statistic
from prefstream.domain.measures import (
    CATALOG,
    Count,
    Sums,
    figures,
    measure_named,
    quantile,
    share_of,
    step_of,
)
from prefstream.domain.measures.durations import EDGES_S
from prefstream.schemas.errors import BadInput

KEYS = [("gold", "right"), ("gold", "wrong"), ("funnel", "accepted"), ("wait", "3"), ("usable", "validated")]
COUNTS = st.dictionaries(st.sampled_from(KEYS), st.integers(0, 9))


def of(counts: dict[Count, int]) -> dict[tuple[str, str], Statistic]:
    return {(name, subject): figure for name, subject, figure in figures(Sums().add(counts))}


@given(COUNTS, COUNTS)
def test_what_is_added_and_taken_back_leaves_no_trace(
    first: dict[Count, int], second: dict[Count, int]
) -> None:
    assert Sums().add(first).add(second).revert(first) == Sums().add(second)


@given(COUNTS, COUNTS)
def test_merging_is_adding_in_any_order(first: dict[Count, int], second: dict[Count, int]) -> None:
    one, other = Sums().add(first), Sums().add(second)

    assert one.merge(other) == other.merge(one) == Sums().add(first).add(second)


def test_every_figure_is_in_the_catalog() -> None:
    names = {name for name, _ in of({})} | {"queue_age_s"}

    assert names <= set(CATALOG)
    assert {name for name in CATALOG if CATALOG[name].family != "people"} <= names


def test_without_counts_everything_but_counts_is_null_with_a_reason() -> None:
    for (name, subject), figure in of({}).items():
        if name.startswith("funnel:"):
            assert figure.value == 0.0
        else:
            assert figure.value is None, (name, subject)
            assert figure.reason


@given(st.integers(0, 200), st.integers(0, 200))
def test_shares_have_the_limits_of_wilson(hits: int, misses: int) -> None:
    share = share_of(hits, misses, reason="nothing")

    if hits + misses == 0:
        assert share.reason == "nothing"
    else:
        low, high = binomtest(hits, hits + misses).proportion_ci(method="wilson")
        assert share.low == pytest.approx(low, abs=1e-10)
        assert share.high == pytest.approx(high, abs=1e-10)


def test_the_audited_figure_holds_at_every_look_and_says_beside_it_what_one_look_gives() -> None:
    found = of({("judge_audited", "agree"): 45, ("judge_audited", "differ"): 5})

    always, once = found["judge_agreement_audited", ""], found["judge_agreement_audited", "wilson"]
    assert always.value == once.value == 0.9
    assert always.low < once.low < once.high < always.high  # type: ignore[operator]  # both are bounded


def test_audited_and_all_are_two_figures() -> None:
    found = of({("judge_all", "agree"): 1, ("judge_all", "differ"): 3, ("judge_audited", "agree"): 1})

    assert found["judge_agreement_all", ""].value == 0.25
    assert found["judge_agreement_audited", ""].value == 1.0
    assert CATALOG["judge_agreement_all"].biased


def test_a_call_without_a_price_leaves_the_cost_unknown() -> None:
    counts: dict[Count, int] = {("judging", "nanousd"): 4_000_000, ("generation", "nanousd"): 2_000_000}
    usable: dict[Count, int] = {("usable", "validated"): 3}

    assert of(counts | usable)["cost_per_usable_pair_usd", ""].value == pytest.approx(0.002)
    assert of(counts)["cost_per_usable_pair_usd", ""].reason == "no pair was validated"
    unpriced = of(counts | usable | {("generation", "unpriced_calls"): 1})["cost_per_usable_pair_usd", ""]
    assert unpriced.value is None


def test_audits_are_a_share_of_what_was_routed() -> None:
    found = of({("funnel", "accepted"): 6, ("funnel", "escalated"): 2, ("funnel", "audited"): 2})

    assert found["escalation_share", ""].value == 0.25
    assert found["audit_share", ""].value == 0.25


@given(st.lists(st.floats(0, 1e8), min_size=1, max_size=60), st.sampled_from([0.5, 0.9]))
def test_a_quantile_is_within_a_tenth_of_the_true_one(durations: list[float], share: float) -> None:
    figure = quantile(Counter(map(step_of, durations)), share, reason="none")

    true = sorted(durations)[ceil(share * len(durations)) - 1]
    assert figure.value is not None
    assert figure.low is not None
    assert figure.high is not None
    assert figure.low <= true <= figure.high
    assert abs(figure.value - true) <= max(0.5, 0.1 * true)


@given(st.floats(-1e9, 1e12))
def test_every_duration_has_a_step(seconds: float) -> None:
    step = step_of(seconds)

    assert 0 <= step < len(EDGES_S)
    assert seconds < 1 or EDGES_S[step] <= seconds


def test_a_measure_is_found_by_what_events_call_it() -> None:
    assert measure_named("cohen_kappa:ann|bob").name == "cohen_kappa"
    assert measure_named("funnel:labels").unit == "events"
    with pytest.raises(BadInput, match="no measure 'charm'"):
        measure_named("charm")
