"""Prices: what a token costs with which provider and model, from which day on.

A price per token is kept in trillionths of a dollar (pico-USD): a list price of 1 USD per million
tokens is 1,000,000 of them, so every list price of up to six decimals is a whole number.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from functools import lru_cache

#: What a stand-in puts before the name of the model it stands for.
_STAND_IN = "stand-in:"
_WILD = frozenset("*?[]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What one token costs, by kind, in pico-USD."""

    provider: str
    #: Name of the model; `*` and `?` stand for any characters.
    model: str
    #: First day (UTC) on which it holds.
    valid_from: date
    input: int
    output: int
    cache_write: int
    cache_read: int
    #: Thousandths of the price that a call in a batch costs.
    batch_permille: int = 1000
    #: It holds for calls whose prompt has more tokens than this.
    over_prompt_tokens: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceFile:
    """The prices of one file."""

    #: First 16 hexadecimal digits of the file's SHA-256.
    digest: str
    #: The day on which somebody compared it with the providers' lists.
    as_of: date
    prices: tuple[Price, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A price and the file it is from."""

    price: Price
    #: Digest of the file.
    file: str

    @property
    def source(self) -> dict[str, str]:
        """Return where the price is from, as it is recorded beside a cost."""
        return {
            "file": self.file,
            "valid_from": self.price.valid_from.isoformat(),
            "model": self.price.model,
        }


# Compared by identity: a book is read once, and what it finds is remembered.
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PriceBook:
    """Files of prices; the first that knows a model decides."""

    files: tuple[PriceFile, ...]

    def find(self, provider: str, model: str, *, day: date, prompt_tokens: int = 0) -> Found | None:
        """Return the price of a model on a day; `None` where no file has one.

        Of several that match, the one that names the model most closely holds, then the one for the
        longest prompts that are not longer than this one, then the latest.
        """
        fitting = _fitting(self, provider, model.removeprefix(_STAND_IN), day)
        return next((one for one in fitting if _takes(one.price, prompt_tokens)), None)


@lru_cache(maxsize=4096)
def _fitting(book: PriceBook, provider: str, model: str, day: date) -> tuple[Found, ...]:
    """Return the prices of a model on a day, best first, from the first file that has any."""
    for file in book.files:
        fitting = [
            price
            for price in file.prices
            if price.provider == provider and price.valid_from <= day and fnmatchcase(model, price.model)
        ]
        if fitting:
            ranked = sorted(fitting, key=_rank, reverse=True)
            return tuple(Found(price=price, file=file.digest) for price in ranked)
    return ()


def price_for(
    book: PriceBook, provider: str, models: Sequence[str], *, day: date, prompt_tokens: int
) -> Found | None:
    """Return the price of the first of these models that has one.

    Args:
        book: The prices.
        provider: Who answered.
        models: The model that answered, then the one that was asked for: a server may call it otherwise.
        day: The day of the call.
        prompt_tokens: Tokens of the prompt, cached ones included.
    """
    found = (book.find(provider, model, day=day, prompt_tokens=prompt_tokens) for model in models if model)
    return next((one for one in found if one is not None), None)


def _takes(price: Price, prompt_tokens: int) -> bool:
    return price.over_prompt_tokens == 0 or prompt_tokens > price.over_prompt_tokens


def _rank(price: Price) -> tuple[int, int, date]:
    literal = sum(character not in _WILD for character in price.model)
    return literal, price.over_prompt_tokens, price.valid_from
