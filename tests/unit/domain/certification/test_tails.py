from itertools import product

import pytest
from scipy.stats import binom, hypergeom  # type: ignore[import-untyped]

from prefstream.domain.certification.betting import betting_tail
from prefstream.domain.certification.tails import binomial_tail, fewest_too_many, hypergeometric_tail


@pytest.mark.parametrize("rate", [0.001, 0.05, 0.1, 0.37, 0.9])
@pytest.mark.parametrize("drawn", [1, 7, 45, 200, 5000, 300_000])
def test_the_binomial_tail_is_that_of_scipy(drawn: int, rate: float) -> None:
    for share in (0.0, 0.2, 0.9, 1.0, 1.1):
        errors = min(drawn, int(share * rate * drawn))
        assert binomial_tail(errors, drawn, rate) == pytest.approx(
            binom.cdf(errors, drawn, rate), rel=1e-8, abs=1e-300
        )


@pytest.mark.parametrize("population", [1, 10, 419, 5000])
def test_the_hypergeometric_tail_is_that_of_scipy(population: int) -> None:
    for wrong_share, drawn_share, at in product((0.0, 0.1, 0.5, 1.0), (0.1, 0.5, 1.0), (0.0, 0.5, 1.0)):
        wrong, drawn = round(wrong_share * population), max(1, round(drawn_share * population))
        errors = int(at * wrong * drawn / population)
        expected = hypergeom.cdf(errors, population, wrong, drawn)
        assert hypergeometric_tail(errors, drawn, population, wrong) == pytest.approx(expected, abs=1e-9)


def test_too_many_wrong_is_the_first_count_above_the_rate() -> None:
    for population, percent in product(range(1, 400), (1, 5, 7, 10, 20, 29)):
        count = fewest_too_many(population, percent / 100)
        assert 100 * count > percent * population
        assert 100 * (count - 1) <= percent * population


def test_a_bettor_against_a_true_bound_is_not_expected_to_win() -> None:
    for rate, drawn in product((0.05, 0.1, 0.3), (1, 5, 40)):
        wealth = sum(binom.pmf(k, drawn, rate) / betting_tail(k, drawn, rate) for k in range(drawn + 1))
        # The wealth is capped from below at 1 by the p-value, so only what exceeds 1 counts.
        lost = sum(binom.pmf(k, drawn, rate) for k in range(drawn + 1) if betting_tail(k, drawn, rate) >= 1)
        assert wealth - lost <= 1 + 1e-9
