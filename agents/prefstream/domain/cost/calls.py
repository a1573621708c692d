"""What a call costs: by what was billed afterwards, by an estimate before."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from prefstream.domain.cost.prices import Price

#: No provider bills more tokens for one call; what is larger is no count.
_MOST = 2**40
_PICO_PER_NANO = 1000
#: Bytes of UTF-8 per token of a prompt, about: English has four letters to the token, and of the
#: scripts whose letters take three bytes a token holds one or two.
_BYTES_PER_TOKEN = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """Tokens by the price they are billed at."""

    input: int = 0
    output: int = 0
    cache_write: int = 0
    cache_read: int = 0

    @property
    def prompt(self) -> int:
        """Return the tokens of the prompt, however they were billed."""
        return self.input + self.cache_write + self.cache_read


def tokens_in(content: Mapping[str, Any]) -> Tokens | None:
    """Return the tokens an answer says it is billed for; `None` where it does not say.

    A prompt without tokens does not exist: a server that counts none does not count.

    >>> tokens_in({"usage": {"input_tokens": 20, "output_tokens": 7}})
    Tokens(input=20, output=7, cache_write=0, cache_read=0)
    >>> tokens_in({"text": "hello"}) is None
    True
    """
    usage = content.get("usage")
    if not isinstance(usage, Mapping):
        return None
    tokens = Tokens(
        input=_count(usage.get("input_tokens")),
        output=_count(usage.get("output_tokens")),
        cache_write=_count(usage.get("cache_write_tokens")),
        cache_read=_count(usage.get("cache_read_tokens")),
    )
    return tokens if tokens.prompt else None


def cost_nanousd(price: Price, tokens: Tokens, *, batched: bool = False) -> int:
    """Return what a call costs: the exact sum, rounded up once to a billionth of a dollar.

    cost = (input * p_input + output * p_output + cache_write * p_write + cache_read * p_read) * batch factor

    >>> from datetime import date
    >>> price = Price(provider="p", model="m", valid_from=date(2026, 1, 1), input=3_000_000,
    ...     output=15_000_000, cache_write=3_750_000, cache_read=300_000, batch_permille=500)
    >>> cost_nanousd(price, Tokens(input=1000, output=100))
    4500000
    >>> cost_nanousd(price, Tokens(input=1000), batched=True)
    1500000
    """
    pico = (
        tokens.input * price.input
        + tokens.output * price.output
        + tokens.cache_write * price.cache_write
        + tokens.cache_read * price.cache_read
    )
    permille = price.batch_permille if batched else 1000
    return -(-pico * permille // (_PICO_PER_NANO * 1000))


def prompt_estimate(prompt_bytes: int) -> int:
    """Return about how many tokens a prompt of so many bytes has."""
    return -(-prompt_bytes // _BYTES_PER_TOKEN)


def estimate_nanousd(price: Price, *, prompt_tokens: int, max_tokens: int) -> int:
    """Return what a call may cost: the whole answer it may write, its prompt at the dearest input price."""
    dearest = max(price.input, price.cache_write, price.cache_read)
    pico = prompt_tokens * dearest + max_tokens * price.output
    return -(-pico // _PICO_PER_NANO)


def saved_nanousd(price: Price, tokens: Tokens, *, batched: bool) -> tuple[int, int]:
    """Return what the cache and the batch saved on these tokens.

    The cache saved what its reads would have cost as plain input, less what its writes cost beyond
    that; it can be below zero, where much was written and little read. The batch saved the rest of
    the full price.
    """
    cache = tokens.cache_read * (price.input - price.cache_read)
    cache -= tokens.cache_write * (price.cache_write - price.input)
    permille = price.batch_permille if batched else 1000
    full = cost_nanousd(price, tokens)
    return cache * permille // (_PICO_PER_NANO * 1000), full - cost_nanousd(price, tokens, batched=batched)


def _count(value: Any) -> int:
    counted = isinstance(value, int) and not isinstance(value, bool)
    return value if counted and 0 < value < _MOST else 0
