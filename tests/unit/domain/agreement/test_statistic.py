import pytest
from scipy.stats import t  # type: ignore[import-untyped]

from prefstream.domain.agreement import Statistic
from prefstream.domain.agreement.statistic import student_975
from prefstream.schemas.errors import BadInput


def test_a_statistic_has_a_value_or_a_reason_and_not_both() -> None:
    with pytest.raises(BadInput, match="either a value or a reason"):
        Statistic(value=None, n_units=0)
    with pytest.raises(BadInput, match="either a value or a reason"):
        Statistic(value=0.5, reason="none", n_units=3)


def test_bounds_come_together_and_with_a_value() -> None:
    with pytest.raises(BadInput, match="bounds come together"):
        Statistic(value=0.5, low=0.1, n_units=3)
    with pytest.raises(BadInput, match="bounds come together"):
        Statistic(value=None, reason="none", low=0.1, high=0.2, n_units=3)


def test_limits_are_cut_at_the_ends_of_the_scale() -> None:
    wide = Statistic.with_variance(0.5, 4.0, n_units=3)

    assert (wide.low, wide.high) == (-1.0, 1.0)


def test_no_variation_gives_no_limits_but_a_reason() -> None:
    exact = Statistic.with_variance(1.0, 0.0, n_units=2)

    assert (exact.low, exact.high, exact.standard_error) == (None, None, 0.0)
    assert exact.bounds_reason is not None


def test_limits_over_units_need_two_units_and_their_squares() -> None:
    one = Statistic.over_units(0.5, 0.0, n_units=1, n_sampled=1)
    unknown = Statistic.over_units(0.5, None, n_units=9, n_sampled=9)

    assert one.bounds_reason == "there is one unit; bounds need at least two"
    assert "do not keep single units" in str(unknown.bounds_reason)


def test_limits_over_units_are_those_of_a_mean() -> None:
    mean = Statistic.over_units(0.0, 2.0, n_units=5, n_sampled=5)

    assert mean.standard_error == pytest.approx((2 / 20) ** 0.5)
    assert mean.high == pytest.approx((2 / 20) ** 0.5 * 2.7764451051977987)


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 10, 77, 149, 150, 151, 1000])
def test_the_point_of_student_is_that_of_scipy(freedom: int) -> None:
    assert student_975(freedom) == pytest.approx(t.ppf(0.975, freedom), rel=1e-11)
