"""Remedies do what they say: so many more are enough, and one fewer is not."""

from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from prefstream.domain.agreement import Compositions
from prefstream.domain.evaluation.intervals import always, wilson
from prefstream.domain.gates import GATES
from prefstream.domain.gates.kappas import alpha
from prefstream.domain.gates.remedies import (
    hits_among,
    hits_to_drop,
    hits_to_reach,
    others_to_dilute,
    trials_for_bound,
    units_for_bound,
    units_without_evidence,
)
from prefstream.schemas.releases import GateLimits

DOCS = Path(__file__).parents[4] / "docs"
COUNTS = st.tuples(st.integers(0, 400), st.integers(0, 400)).filter(sum)
LIMITS = st.integers(1, 99).map(lambda percent: percent / 100)
HAIR = 1e-9


@given(COUNTS, LIMITS)
def test_so_many_hits_reach_a_share_and_one_fewer_does_not(counts: tuple[int, int], limit: float) -> None:
    hits, of = counts[0], sum(counts)
    more = hits_to_reach(hits, of, limit)

    assert more is not None
    assert (hits + more) / (of + more) >= limit - HAIR
    assert not more or (hits + more - 1) / (of + more - 1) < limit


@given(COUNTS, LIMITS)
def test_so_many_misses_that_become_hits_reach_a_share(counts: tuple[int, int], limit: float) -> None:
    hits, of = counts[0], sum(counts)
    mended = hits_among(hits, of, limit)

    assert (hits + mended) / of >= limit - HAIR
    assert not mended or (hits + mended - 1) / of < limit


@given(COUNTS, LIMITS)
def test_so_many_others_dilute_a_share_and_one_fewer_does_not(counts: tuple[int, int], limit: float) -> None:
    hits, of = counts[0], sum(counts)
    more = others_to_dilute(hits, of, limit)

    assert more is not None
    assert hits / (of + more) <= limit + HAIR
    assert not more or hits / (of + more - 1) > limit


@given(COUNTS, LIMITS)
def test_so_many_hits_left_out_bring_a_share_down(counts: tuple[int, int], limit: float) -> None:
    hits, of = counts[0], sum(counts)
    fewer = hits_to_drop(hits, of, limit)

    assert fewer <= hits
    assert hits - fewer <= limit * (of - fewer) + HAIR * of
    assert not fewer or (hits - fewer + 1) > limit * (of - fewer + 1)


@given(st.integers(10, 300), st.floats(0.5, 1.0), LIMITS)
def test_so_many_audits_bring_the_limit_up_should_the_share_stay(of: int, share: float, limit: float) -> None:
    hits = round(share * of)
    assume(hits and always(hits, of)[0] < limit)
    more = trials_for_bound(hits, of, limit)

    if hits / of <= limit:
        assert more is None
    else:
        assert more is not None
        assert always(round(hits / of * (of + more)), of + more)[0] >= limit


@given(LIMITS)
def test_so_many_units_without_a_disagreement_show_a_limit(limit: float) -> None:
    n = units_without_evidence(limit)

    assert wilson(1.0, n)[0] >= limit - HAIR
    assert n == 2 or wilson(1.0, n - 1)[0] < limit


@pytest.mark.parametrize(("agreeing", "differing", "limit"), [(45, 5, 0.7), (90, 12, 0.7), (30, 1, 0.85)])
def test_so_many_pairs_labelled_twice_bring_alpha_up(agreeing: int, differing: int, limit: float) -> None:
    def units(times: float) -> Compositions:
        alike = round(agreeing * times)
        split = [{"A>": 2}] * (alike // 2) + [{"B>": 2}] * (alike - alike // 2)
        return Compositions.of([*split, *[{"A>": 1, "B>": 1}] * round(differing * times)])

    found = alpha(units(1.0))
    assert found.value is not None and found.low is not None  # noqa: PT018  narrows both
    n = agreeing + differing
    more = units_for_bound(found.value, found.low, limit, n)

    assert found.low < limit
    assert more is not None
    # Whole pairs only: the share of those that differ is rounded.
    assert (alpha(units((n + more) / n)).low or 0.0) >= limit - 0.01


def test_every_gate_and_every_limit_is_explained() -> None:
    explained = (DOCS / "explanation" / "gates.md").read_text("utf-8")
    remedied = (DOCS / "howto" / "pass-the-gates.md").read_text("utf-8")

    for gate in GATES.values():
        assert f"| `{gate.id}` | `{gate.limit}` (" in explained
        assert gate.rule in explained
        assert f"`{gate.id}`" in remedied
    assert {gate.limit for gate in GATES.values()} == set(GateLimits.model_fields)


def test_a_judge_a_hair_above_its_limit_is_not_mended_by_any_number_of_audits() -> None:
    assert trials_for_bound(800_001, 1_000_000, 0.8) is None
