from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefstream.domain.certification import budget_curve, evidence
from prefstream.schemas.errors import BadInput

pairs = st.lists(
    st.tuples(st.one_of(st.none(), st.sampled_from([0.5, 0.7, 0.9])), st.booleans()), min_size=1, max_size=80
)


@given(pairs)
def test_no_routing_beats_who_knows_every_error(rows: list[tuple[float | None, bool]]) -> None:
    curve = budget_curve(evidence([one for one, _ in rows], [wrong for _, wrong in rows]))
    for point in curve.points:
        assert point.routed <= point.oracle + 1e-9
        assert point.random <= point.oracle + 1e-9
    assert curve.points[0].routed == pytest.approx(curve.points[0].random)
    assert curve.points[-1].routed == pytest.approx(1.0)


@given(pairs)
def test_more_people_never_make_it_worse(rows: list[tuple[float | None, bool]]) -> None:
    curve = budget_curve(evidence([one for one, _ in rows], [wrong for _, wrong in rows]))
    routed = [point.routed for point in curve.points]
    assert all(later >= earlier - 1e-9 for earlier, later in pairwise(routed))


def test_within_a_tie_group_it_is_a_matter_of_chance_who_goes_to_people() -> None:
    curve = budget_curve(evidence([0.7] * 10, [place < 4 for place in range(10)]))
    assert [point.routed for point in curve.points] == pytest.approx([point.random for point in curve.points])
    assert curve.gain_over_random == pytest.approx(0.0)
    assert curve.worse_than_random == 0.0


def test_confidence_that_misleads_is_worse_than_chance() -> None:
    curve = budget_curve(evidence([0.9] * 5 + [0.5] * 5, [True] * 5 + [False] * 5))
    assert curve.gain_over_random < 0
    assert curve.worse_than_random > 0.9
    assert curve.people_for(0.6) == pytest.approx(0.6)


def test_pairs_without_a_verdict_go_to_people_first() -> None:
    curve = budget_curve(evidence([None, 0.9, 0.8, 0.7], [False, False, False, False]))
    assert curve.points[0].routed == 0.75
    assert curve.points[25].routed == 1.0


def test_a_curve_needs_labels() -> None:
    with pytest.raises(BadInput, match="budget curve"):
        budget_curve(evidence([0.9], [False], [False]))
