"""The cost report: what was spent on what, what it bought, and what people alone would have cost."""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from prefstream.adapters.postgres.connection import pool_of
from prefstream.adapters.postgres.spending import By, Spending
from prefstream.adapters.prices import price_book
from prefstream.adapters.settings import Settings
from prefstream.domain.cost import People, PriceBook, Tokens, blend, nanousd_of, saved_nanousd
from prefstream.schemas.errors import BadInput
from prefstream.streams.places import find_places
from prefstream.streams.purse import PAID

DAY_MS = 86_400_000
_SUMMED = (
    "calls",
    "batched_calls",
    "calls_without_price",
    "input_tokens",
    "output_tokens",
    "cache_write_tokens",
    "cache_read_tokens",
)
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked about cost."""

    by: By = "day"
    days: int = 7
    #: Keys that are shown, those that cost most.
    most: int = 50
    human_usd_per_hour: Decimal | None = None
    human_minutes: Decimal | None = None


async def cost_report(settings: Settings, question: Question) -> dict[str, Any]:
    """Return what the deployment that the settings name has spent, in billionths of a dollar.

    Raises:
        BadInput: Wage or minutes are below zero, or the file of prices cannot be used.
        Unavailable: The database does not answer.
    """
    wage, label_ms = _people_cost(question)
    prices = price_book(settings.budget.prices)
    until_ms = time.time_ns() // 1_000_000 + 1
    since_ms = until_ms - question.days * DAY_MS
    async with pool_of(find_places(settings).dsn.get_secret_value(), size=2) as pool:
        spending = Spending(pool, since_ms=since_ms, until_ms=until_ms, providers=sorted(PAID))
        # Every day is shown, also of a long stretch.
        most = question.days + 1 if question.by == "day" else question.most
        groups = await spending.groups(question.by, most=most)
        kinds = await spending.kinds()
        wasted = await spending.wasted_nanousd()
        pairs, labels = await spending.pairs(), await spending.labels()
    return {
        "by": question.by,
        "days": question.days,
        "prices": [{"file": file.digest, "as_of": file.as_of} for file in prices.files],
        "most_groups": most,
        "groups": _rolled_up(groups),
        **_of_calls(prices, kinds),
        "wasted_on_rejected_nanousd": wasted,
        "pairs": pairs,
        "labels": labels,
        "per_usable_pair": _per_usable_pair(kinds, pairs, labels, wage, label_ms),
    }


def _of_calls(prices: PriceBook, kinds: Sequence[Row]) -> dict[str, Any]:
    total = summed(kinds)
    stood_in = [kind["cost_nanousd"] or 0 for kind in kinds if kind["model"].startswith("stand-in:")]
    return {
        "total": total,
        "cache_read_share": _cache_read_share(total),
        **_saved(prices, kinds),
        "without_price": _without_price(kinds),
        "stand_in_nanousd": sum(stood_in),
    }


def _per_usable_pair(
    kinds: Sequence[Row], pairs: Row, labels: Row, wage: int | None, label_ms: int | None
) -> dict[str, Any]:
    total = summed(kinds)
    people = People(
        labels=labels["labels"],
        timed_labels=labels["timed_labels"],
        timed_ms=labels["timed_ms"],
        pairs=labels["pairs"],
        nanousd_per_hour=wage,
        ms_per_label=label_ms,
    )
    found = blend(
        models_nanousd=total["cost_nanousd"] or 0,
        unpriced_calls=total["calls_without_price"],
        decided=pairs["decided"],
        usable=pairs["validated"],
        people=people,
    )
    return asdict(found)


def summed(rows: Iterable[Row]) -> dict[str, Any]:
    """Return the sums of rows; the cost is that of the calls whose cost is known, `None` if of none."""
    listed = list(rows)
    known = [row["cost_nanousd"] for row in listed if row["cost_nanousd"] is not None]
    sums: dict[str, Any] = {name: sum(row[name] for row in listed) for name in _SUMMED}
    return sums | {"cost_nanousd": sum(known) if known or not sums["calls"] else None}


def _rolled_up(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return one row per key, with the cost of each purpose in it."""
    by_key: dict[str, list[Row]] = {}
    for row in rows:
        by_key.setdefault(row["key"], []).append(row)
    return [
        {"key": key, **summed(some), "purposes": {one["purpose"]: one["cost_nanousd"] for one in some}}
        for key, some in by_key.items()
    ]


def _cache_read_share(total: Row) -> float | None:
    prompt = total["input_tokens"] + total["cache_write_tokens"] + total["cache_read_tokens"]
    return total["cache_read_tokens"] / prompt if prompt else None


def _saved(prices: PriceBook, kinds: Sequence[Row]) -> dict[str, int]:
    """Return what caching and batching saved, by the prices there are now."""
    cache = batch = 0
    for kind in kinds:
        # Prompts one by one are not known here; prices of long prompts stay out of it.
        found = prices.find(kind["provider"], kind["model"], day=date.fromisoformat(kind["day"]))
        if found is not None:
            saved = saved_nanousd(found.price, _tokens(kind), batched=kind["batched"])
            cache, batch = cache + saved[0], batch + saved[1]
    return {"saved_by_cache_nanousd": cache, "saved_by_batch_nanousd": batch}


def _tokens(row: Row) -> Tokens:
    return Tokens(
        input=row["input_tokens"],
        output=row["output_tokens"],
        cache_write=row["cache_write_tokens"],
        cache_read=row["cache_read_tokens"],
    )


def _without_price(kinds: Sequence[Row]) -> list[dict[str, Any]]:
    calls: dict[tuple[str, str], int] = {}
    for kind in kinds:
        if kind["calls_without_price"]:
            place = (kind["provider"], kind["model"])
            calls[place] = calls.get(place, 0) + kind["calls_without_price"]
    return [{"provider": name, "model": model, "calls": n} for (name, model), n in sorted(calls.items())]


def _people_cost(question: Question) -> tuple[int | None, int | None]:
    """Return what an hour costs, and the milliseconds of a label, as far as somebody says."""
    wage, minutes = question.human_usd_per_hour, question.human_minutes
    for name, value in (("--human-usd-per-hour", wage), ("--human-minutes", minutes)):
        if value is not None and not (value.is_finite() and 0 <= value <= 1_000_000):
            raise BadInput(f"{name} takes a number from 0 to 1,000,000, not {value}")
    return (
        None if wage is None else nanousd_of(wage),
        None if minutes is None else int(minutes * 60_000),
    )
