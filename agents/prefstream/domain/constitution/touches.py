"""What an edit touches: labels and tasks that rest on changed clauses, and the cost of asking again."""

from collections.abc import Mapping
from dataclasses import dataclass

NANO = 1_000_000_000
NO_PRICE = "no judgement under this deployment was ever priced"
NO_TIME = "no label under this deployment says how long it took"


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """What was counted of the pairs judged or routed under the version that is edited."""

    #: Pairs judged under it.
    judged: int
    #: Of those, pairs with a vote, a route or a person's label that cites a changed clause.
    by_votes: int
    by_routes: int
    by_labels: int
    #: Pairs that any of the three touches.
    pairs: int
    #: Of those, pairs whose label is resolved.
    resolved: int
    #: Tasks open on those pairs.
    open_tasks: int
    #: Labels that people gave on those pairs.
    human_labels: int
    slices: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """What judging and labelling have cost so far."""

    #: Judgements with a known cost, and their sum in billionths of a US dollar.
    priced: int
    cost_nanousd: int
    #: Labels that say how long they took, and their sum.
    timed: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """What it takes to judge and label again; a figure that cannot be had is null with its reason."""

    pairs: int
    cost_usd: float | None
    cost_reason: str | None
    labels: int
    minutes: float | None
    minutes_reason: str | None


def again(extent: Extent, prices: Prices, *, prompt_changes: bool) -> Again:
    """Return what it takes to have everything that is touched judged and labelled again.

    Args:
        extent: What is touched.
        prices: What it has cost so far; the mean is taken.
        prompt_changes: Whether judges will be asked in other words: then every judged pair is judged
            again, cited or not.
    """
    pairs = extent.judged if prompt_changes else extent.pairs
    mean = prices.cost_nanousd / prices.priced / NANO if prices.priced else None
    minute = prices.seconds / prices.timed / 60 if prices.timed else None
    return Again(
        pairs=pairs,
        cost_usd=None if mean is None else pairs * mean,
        cost_reason=NO_PRICE if mean is None else None,
        labels=extent.human_labels,
        minutes=None if minute is None else extent.human_labels * minute,
        minutes_reason=NO_TIME if minute is None else None,
    )
