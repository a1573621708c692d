"""Prices: which one holds for a model on a day."""

import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from prefstream.adapters.prices import load_prices, price_book, shipped_prices
from prefstream.domain.cost import PriceBook, price_for
from prefstream.schemas.errors import BadInput

OWN = """
as_of = 2026-11-01
[[price]]
provider = "openai"
models = ["llama-*"]
valid_from = 2026-01-01
input = 0
output = 0
[[price]]
provider = "anthropic"
models = ["claude-haiku-4-5"]
valid_from = 2026-01-01
input = 0.9
output = 4.5
cache_write = 1.125
cache_read = 0.09
batch = 0.5
"""
DAY = date(2026, 11, 21)


@pytest.fixture
def own(tmp_path: Path) -> Path:
    path = tmp_path / "prices.toml"
    path.write_text(OWN)
    return path


def input_price(book: PriceBook, model: str, *, day: date = DAY, prompt: int = 0) -> Decimal | None:
    found = book.find("anthropic", model, day=day, prompt_tokens=prompt)
    return None if found is None else Decimal(found.price.input) / 10**6


def test_the_shipped_list_says_how_old_it_is_and_where_it_is_from() -> None:
    shipped = shipped_prices()

    assert shipped.as_of >= date(2026, 11, 21)
    assert len(shipped.digest) == 16
    assert len(
        {(price.model, price.valid_from, price.over_prompt_tokens) for price in shipped.prices}
    ) == len(shipped.prices), "two prices that hold at once"


def test_cached_reads_cost_less_and_cached_writes_more_than_plain_input_in_the_shipped_list() -> None:
    for price in shipped_prices().prices:
        assert price.cache_read < price.input < price.cache_write < price.output
        assert price.batch_permille == 500


def test_a_dated_name_has_the_price_of_its_model() -> None:
    book = price_book(None)

    assert input_price(book, "claude-haiku-4-5-20251001") == input_price(book, "claude-haiku-4-5") == 1


def test_a_model_that_came_out_later_has_no_price_rather_than_that_of_its_elder() -> None:
    book = price_book(None)

    assert input_price(book, "claude-opus-5-9") is None
    assert input_price(book, "") is None


def test_a_price_holds_from_its_day_on() -> None:
    book = price_book(None)
    before = book.find("anthropic", "claude-sonnet-5-5", day=date(2026, 10, 6))
    after = book.find("anthropic", "claude-sonnet-5-5", day=date(2026, 10, 7))

    assert before is not None
    assert after is not None
    assert (before.price.cache_read, after.price.cache_read) == (200_000, 100_000)


def test_long_prompts_may_cost_more() -> None:
    book = price_book(None)

    assert input_price(book, "claude-haiku-5-5", prompt=100_000) == Decimal("0.1")
    assert input_price(book, "claude-haiku-5-5", prompt=100_001) == Decimal("0.5")


def test_a_stand_in_is_priced_as_the_model_it_stands_for() -> None:
    assert input_price(price_book(None), "stand-in:claude-opus-5") == 5


def test_prices_of_ones_own_go_before_the_shipped_ones_and_leave_the_others(own: Path) -> None:
    book = price_book(own)
    mine, llama = book.files[0], book.find("openai", "llama-3:8b", day=DAY)

    assert input_price(book, "claude-haiku-4-5") == Decimal("0.9")
    assert input_price(book, "claude-haiku-4-5", day=date(2025, 12, 31)) == 1, "mine held not yet"
    assert input_price(book, "claude-opus-5") == 5
    assert llama is not None
    assert (llama.price.input, llama.price.cache_read) == (0, 0)
    assert llama.source == {"file": mine.digest, "valid_from": "2026-01-01", "model": "llama-*"}


def test_the_model_that_answered_is_asked_about_first(own: Path) -> None:
    book = price_book(own)
    found = price_for(book, "anthropic", ["mystery", "claude-opus-5"], day=DAY, prompt_tokens=0)

    assert found is not None
    assert found.price.model == "claude-opus-5"
    assert price_for(book, "anthropic", ["mystery", ""], day=DAY, prompt_tokens=0) is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("as_of = ", "is not TOML"),
        ("as_of = 2026-01-01", "price: field required"),
        (OWN.replace("input = 0.9", "input = -1"), "price.1.input: "),
        (OWN.replace("input = 0.9", "input = 0.0000001"), "price.1.input: "),
        (OWN.replace("input = 0.9", "input = nan"), "price.1.input: "),
        (OWN.replace("batch = 0.5", "batch = 50"), "price.1.batch: "),
        (OWN.replace("batch =", "bach ="), "price.1.bach: "),
        ("", "as_of: field required"),
    ],
)
def test_a_broken_price_file_is_refused_by_name_and_place(own: Path, text: str, says: str) -> None:
    own.write_text(text, encoding="utf-8")

    with pytest.raises(BadInput, match=r"prices\.toml") as raised:
        load_prices(own)

    assert says in str(raised.value)


def test_a_price_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be read"):
        price_book(tmp_path / "none.toml")


def test_the_example_of_the_guide_is_a_price_file(tmp_path: Path) -> None:
    guide = (Path(__file__).parents[4] / "docs" / "howto" / "control-cost.md").read_text("utf-8")
    (example,) = re.findall(r"```toml\n(.*?)```", guide, flags=re.DOTALL)
    (tmp_path / "prices.toml").write_text(example, encoding="utf-8")

    (price,) = load_prices(tmp_path / "prices.toml").prices

    assert (price.model, price.input, price.batch_permille) == ("llama-4-*", 200_000, 500)
