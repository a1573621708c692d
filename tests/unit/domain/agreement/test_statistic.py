import pytest

from prefstream.domain.agreement import Statistic
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
