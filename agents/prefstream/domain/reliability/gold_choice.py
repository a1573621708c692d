"""Which task is a gold question, and which: drawn by hash, so that a replay draws the same.

Every turn tosses its own coin. A gold question every tenth task, or one in every ten, could be counted
out; after any history the next task is gold with the same probability, which nobody can make use of.

The pool rotates: in each ISO week one part of it is in use, drawn by hash of week and item. Within it
each person meets the items in an order of their own, none twice.
"""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from datetime import date
from hashlib import sha256

from prefstream.schemas.errors import BadInput

#: Share of tasks that are gold.
GOLD_SHARE = 0.1
#: Share of the pool in use in one week.
IN_USE = 0.5


def gold_turn(annotator: str, turn: int, *, seed: str, share: float = GOLD_SHARE) -> bool:
    """Return whether a person's task is a gold question.

    Args:
        annotator: Who is served.
        turn: Tasks served to them before, gold or not.
        seed: Secret of the installation; without it nobody can tell the turns.
        share: Share of tasks that are gold.

    >>> sum(gold_turn("ann", turn, seed="s") for turn in range(10_000))
    948

    Raises:
        BadInput: The share is none.
    """
    if not 0.0 <= share <= 1.0:
        raise BadInput(f"the share of gold questions is {share}; it must lie between 0 and 1")
    return place("gold-turn", seed, annotator, str(turn)) < share


def gold_item(
    pool: Iterable[str],
    annotator: str,
    *,
    answered: AbstractSet[str],
    week: str,
    seed: str,
    in_use: float = IN_USE,
) -> str | None:
    """Return the gold item a person meets next; `None` where none is left, and the task is a usual one.

    Args:
        pool: Gold items of the slice, in any order.
        annotator: Who is served.
        answered: Items, gold or not, that they have seen.
        week: See `week_of`.
        seed: Secret of the installation.
        in_use: Share of the pool in use in one week.

    >>> gold_item(["g1", "g2"], "ann", answered={"g1", "g2"}, week="2026-W47", seed="s") is None
    True
    """
    usable = [item for item in pool if place("gold-week", seed, week, item) < in_use and item not in answered]
    return min(usable, key=lambda item: (place("gold-item", seed, annotator, item), item), default=None)


def week_of(day: date) -> str:
    """Return the ISO week of a day.

    >>> week_of(date(2027, 1, 1))
    '2026-W53'
    """
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"


def place(*parts: str) -> float:
    """Return where a tuple of names falls in [0, 1), uniformly and independently for different tuples."""
    named = "|".join(f"{len(part)}:{part}" for part in parts)
    digest = sha256(named.encode(errors="surrogatepass")).digest()
    # 53 bits: every such number is a float below 1.
    return (int.from_bytes(digest[:8], "big") >> 11) / (1 << 53)
