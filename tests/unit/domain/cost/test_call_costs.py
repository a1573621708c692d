"""What calls cost: exact sums of integers, rounded once."""

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefstream.domain.cost import (
    Price,
    Tokens,
    cost_nanousd,
    estimate_nanousd,
    nanousd_of,
    prompt_estimate,
    saved_nanousd,
    shown,
    tokens_in,
    usd_of,
)

counts = st.integers(0, 10**7)
pico = st.integers(0, 10**9)
tokens = st.builds(Tokens, input=counts, output=counts, cache_write=counts, cache_read=counts)
prices = st.builds(
    Price,
    provider=st.just("p"),
    model=st.just("m"),
    valid_from=st.just(date(2026, 1, 1)),
    input=pico,
    output=pico,
    cache_write=pico,
    cache_read=pico,
    batch_permille=st.integers(0, 1000),
)
SONNET = Price(
    provider="anthropic",
    model="claude-sonnet-4-6",
    valid_from=date(2026, 1, 1),
    input=3_000_000,
    output=15_000_000,
    cache_write=3_750_000,
    cache_read=300_000,
    batch_permille=500,
)


def test_a_call_costs_what_its_bill_says() -> None:
    """20 in, 7 out, 900 written at 3, 15 and 3.75 dollars a million: 0.00006 + 0.000105 + 0.003375."""
    cost = cost_nanousd(SONNET, Tokens(input=20, output=7, cache_write=900))

    assert cost == 3_540_000
    assert cost_nanousd(SONNET, Tokens(input=20, output=7, cache_write=900), batched=True) == 1_770_000


@given(price=prices, some=tokens, batched=st.booleans())
def test_the_cost_is_the_exact_sum_rounded_up_once(price: Price, some: Tokens, batched: bool) -> None:
    exact = Fraction(
        some.input * price.input
        + some.output * price.output
        + some.cache_write * price.cache_write
        + some.cache_read * price.cache_read,
        1000,
    ) * Fraction(price.batch_permille if batched else 1000, 1000)

    cost = cost_nanousd(price, some, batched=batched)

    assert isinstance(cost, int)
    assert exact <= cost < exact + 1


@given(price=prices, some=tokens, batched=st.booleans())
def test_no_call_costs_more_than_was_estimated_from_its_tokens(
    price: Price, some: Tokens, batched: bool
) -> None:
    estimate = estimate_nanousd(price, prompt_tokens=some.prompt, max_tokens=some.output)

    assert cost_nanousd(price, some, batched=batched) <= estimate


def test_a_prompt_has_about_a_token_for_four_bytes() -> None:
    assert [prompt_estimate(size) for size in (0, 1, 4, 5, 4000)] == [0, 1, 1, 2, 1000]


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"usage": None},
        {"usage": "many"},
        {"usage": {"output_tokens": 7}},
        {"usage": {"input_tokens": 0}},
        {"usage": {"input_tokens": True}},
        {"usage": {"input_tokens": -5}},
        {"usage": {"input_tokens": 2**60}},
        {"usage": {"input_tokens": 1.5}},
    ],
)
def test_who_counts_no_prompt_does_not_say_what_it_bills(content: dict[str, object]) -> None:
    assert tokens_in(content) is None


def test_a_bill_is_read_as_it_was_said() -> None:
    usage = {"input_tokens": 1, "output_tokens": 2, "cache_write_tokens": 3, "cache_read_tokens": 4, "x": 5}

    assert tokens_in({"usage": usage}) == Tokens(input=1, output=2, cache_write=3, cache_read=4)


def test_the_cache_saves_what_reads_would_have_cost_less_what_writes_cost_more() -> None:
    once = Tokens(cache_write=1000)
    often = Tokens(cache_write=1000, cache_read=9000)

    assert saved_nanousd(SONNET, once, batched=False) == (-750_000, 0)
    assert saved_nanousd(SONNET, often, batched=False) == (9 * 2_700_000 - 750_000, 0)


@given(price=prices, some=tokens)
def test_what_caching_saved_and_what_was_paid_make_the_uncached_price(price: Price, some: Tokens) -> None:
    plain = Tokens(input=some.prompt, output=some.output)
    saved, _ = saved_nanousd(price, some, batched=False)

    assert abs(cost_nanousd(price, some) + saved - cost_nanousd(price, plain)) <= 2


def test_batches_save_the_rest_of_the_full_price() -> None:
    assert saved_nanousd(SONNET, Tokens(input=1000), batched=True) == (0, 1_500_000)


@given(st.integers(-(10**18), 10**18))
def test_amounts_in_dollars_and_back_are_the_same(nanousd: int) -> None:
    assert nanousd_of(usd_of(nanousd)) == nanousd


def test_small_amounts_are_shown_as_small_and_unknown_ones_not_as_nothing() -> None:
    amounts = (0, 1, 1_500, 51_551_000, 10**9, 1_234_567_890_000, -2_000_000, None)

    assert [shown(one) for one in amounts] == [
        "$0.00",
        "$0.000000001",
        "$0.00000150",
        "$0.0516",
        "$1.00",
        "$1,234.57",
        "-$0.00200",
        "unknown",
    ]
