from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss

from prefstream.domain.evaluation import calibration
from prefstream.schemas.errors import BadInput

scored = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=80)


def test_a_judge_that_is_right_as_often_as_it_says_has_no_error() -> None:
    found = calibration([(0.75, n % 4 != 0) for n in range(40)])
    assert (found.ece_equal_width, found.ece_equal_mass, found.overconfidence) == (0.0, 0.0, 0.0)


def test_a_judge_that_is_always_sure_and_half_right_is_off_by_a_half() -> None:
    found = calibration([(1.0, n % 2 == 0) for n in range(40)])
    assert (found.ece_equal_width, found.brier, found.overconfidence) == (0.5, 0.5, 0.5)


def test_equal_mass_bins_are_even_where_confidences_differ() -> None:
    found = calibration([(n / 100, True) for n in range(100)])
    assert [one.agreement.of for one in found.equal_mass] == [10] * 10


@given(scored)
def test_bins_of_equal_mass_never_part_equal_confidences(some: list[tuple[float, bool]]) -> None:
    bins = calibration(some).equal_mass
    assert len(bins) <= 10
    assert sum(one.agreement.of for one in bins) == len(some)
    assert all(left.high < right.low for left, right in pairwise(bins))


def test_a_small_group_of_doubtful_labels_keeps_its_own_bin() -> None:
    found = calibration([(0.2, False)] * 8 + [(0.8, True)] * 92)
    assert [one.agreement.of for one in found.equal_mass] == [8, 92]


@given(scored)
def test_brier_is_that_of_scikit_learn(some: list[tuple[float, bool]]) -> None:
    expected = brier_score_loss(
        [right for _, right in some], [confidence for confidence, _ in some], pos_label=1
    )
    assert calibration(some).brier == pytest.approx(expected)


@given(scored)
def test_the_error_is_at_least_the_overconfidence(some: list[tuple[float, bool]]) -> None:
    found = calibration(some)
    assert found.ece_equal_width is not None
    assert found.overconfidence is not None
    assert abs(found.overconfidence) - 1e-9 <= found.ece_equal_width <= 1


def test_nothing_to_score_is_a_reason() -> None:
    assert calibration([]).ece_equal_width is None
    assert calibration([]).reason is not None


@pytest.mark.parametrize("confidence", [-0.1, 1.1, float("nan"), float("inf")])
def test_what_is_no_confidence_is_refused(confidence: float) -> None:
    with pytest.raises(BadInput, match="from 0 to 1"):
        calibration([(0.5, True), (confidence, True)])
