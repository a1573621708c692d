"""Cost: prices, what calls cost, budgets, and what a usable pair costs in the end."""

from prefstream.domain.cost.blended import Amount, Blend, People, blend
from prefstream.domain.cost.budgets import Holding, Lease, exhausted, grant, recovered, remaining
from prefstream.domain.cost.calls import (
    Tokens,
    cost_nanousd,
    estimate_nanousd,
    prompt_estimate,
    saved_nanousd,
    tokens_in,
)
from prefstream.domain.cost.money import MOST_USD, NANO, nanousd_of, shown, usd_of
from prefstream.domain.cost.prices import Found, Price, PriceBook, PriceFile, price_for

__all__ = [
    "MOST_USD",
    "NANO",
    "Amount",
    "Blend",
    "Found",
    "Holding",
    "Lease",
    "People",
    "Price",
    "PriceBook",
    "PriceFile",
    "Tokens",
    "blend",
    "cost_nanousd",
    "estimate_nanousd",
    "exhausted",
    "grant",
    "nanousd_of",
    "price_for",
    "prompt_estimate",
    "recovered",
    "remaining",
    "saved_nanousd",
    "shown",
    "tokens_in",
    "usd_of",
]
