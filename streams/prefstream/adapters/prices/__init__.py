"""Prices: the list that is shipped, and files of one's own."""

from prefstream.adapters.prices.files import load_prices, price_book, shipped_prices

__all__ = ["load_prices", "price_book", "shipped_prices"]
