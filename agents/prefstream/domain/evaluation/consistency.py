"""How often a judge is right, agrees with itself under a swap, and prefers what stands first."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from prefstream.domain.evaluation.intervals import Share
from prefstream.domain.evaluation.readings import Judgement, Side

#: A pair on which people take a side, and what the judge made of it.
Compared = tuple[Side, Judgement]
Order = Literal["ab", "ba"]
NO_PAIR = "no pair has both a judgement and a side that people take"
NOT_BOTH = "no pair was read in both orders"
_FIRST: Mapping[Order, Side] = {"ab": "A", "ba": "B"}
_ORDERS: tuple[Order, ...] = ("ab", "ba")


@dataclass(frozen=True, slots=True, kw_only=True)
class Consistency:
    """Agreement with people and the judge's agreement with itself, over some pairs.

    A reading without a verdict is counted as one that does not agree, never as a tie: it stays in
    every denominator and is reported apart under `without_verdict`.
    """

    pairs: int
    #: Pairs whose pooled label is that of the people.
    agreement: Share
    #: Readings that are right, by the order in which the judge saw the responses.
    by_order: Mapping[Order, Share]
    #: Readings that are right, over all orders.
    readings: Share
    #: Of the pairs read in both orders: those right in both.
    both: Share
    #: Of the pairs read in both orders: those with the same verdict in both.
    same: Share
    #: Of those with the same verdict in both orders: those that are right.
    right_when_same: Share
    #: Readings for the response shown first, of all.
    first_of_all: Share
    #: Readings for the response shown first, of those for either.
    first_of_decisive: Share
    #: Readings without a verdict, by order, and pairs that have none in both orders.
    without_verdict: Mapping[Order, int]
    without_both: Share
    #: Pairs without a label of the judge, of all.
    no_label: Share


def consistency(compared: Sequence[Compared]) -> Consistency:
    """Return the figures over pairs on which people take a side.

    >>> from prefstream.domain.evaluation.readings import Reading, judgement_of
    >>> from prefstream.schemas.values import Provenance, Verdict, Vote
    >>> def judged(**verdicts):
    ...     return judgement_of([Reading(Vote(judge="j", provenance=Provenance.RECORDED, order=order,
    ...         variant="plain", raw=said, verdict=Verdict(said))) for order, said in verdicts.items()])
    >>> found = consistency([("A", judged(ab="A>", ba="A>")), ("B", judged(ab="A>", ba="B>"))])
    >>> found.readings.value, found.same.value, found.right_when_same.value
    (0.75, 0.5, 1.0)
    >>> found.first_of_decisive.value
    0.75
    """
    twice = [(side, *pair) for side, one in compared if (pair := _both_orders(one)) is not None]
    same = [(side, first) for side, first, second in twice if first is not None and first == second]
    right = sum(side == first for side, first in same)
    return Consistency(
        pairs=len(compared),
        agreement=Share.counted(
            sum(side == one.side for side, one in compared), len(compared), reason=NO_PAIR
        ),
        by_order={order: _by_order(compared, order) for order in _ORDERS},
        readings=Share.clustered(map(_right, compared), reason=NO_PAIR),
        both=Share.counted(right, len(twice), reason=NOT_BOTH),
        same=Share.counted(len(same), len(twice), reason=NOT_BOTH),
        right_when_same=Share.counted(right, len(same), reason="no pair has the same verdict in both orders"),
        first_of_all=Share.clustered((_first(one, of="all") for _, one in compared), reason=NO_PAIR),
        first_of_decisive=Share.clustered(
            (_first(one, of="decisive") for _, one in compared), reason="no reading prefers a response"
        ),
        without_verdict={order: sum(_absent(one, order) for _, one in compared) for order in _ORDERS},
        without_both=Share.counted(
            sum(first is None and second is None for _, first, second in twice), len(twice), reason=NOT_BOTH
        ),
        no_label=Share.counted(sum(one.side is None for _, one in compared), len(compared), reason=NO_PAIR),
    )


def unreadable_words(judgements: Iterator[Judgement] | Sequence[Judgement]) -> dict[str, int]:
    """Return what was said where no verdict could be read, with how often; "" is nothing at all."""
    words: Counter[str] = Counter()
    for one in judgements:
        words.update(reading.vote.raw or "" for reading in one.readings if reading.vote.verdict is None)
    return dict(words.most_common())


def _by_order(compared: Sequence[Compared], order: Order) -> Share:
    clusters = [
        (sum(side == said for said in one.sides(order)), len(one.sides(order))) for side, one in compared
    ]
    reason = f"no pair was read in the order {order}"
    if all(size <= 1 for _, size in clusters):
        return Share.counted(sum(hits for hits, _ in clusters), sum(n for _, n in clusters), reason=reason)
    return Share.clustered(clusters, reason=reason)


def _right(one: Compared) -> tuple[int, int]:
    side, judgement = one
    sides = [*judgement.sides("ab"), *judgement.sides("ba")]
    return sum(side == said for said in sides), len(sides)


def _first(one: Judgement, *, of: Literal["all", "decisive"]) -> tuple[int, int]:
    sides = [(said, _FIRST[order]) for order in _ORDERS for said in one.sides(order)]
    counted = sides if of == "all" else [(said, first) for said, first in sides if said in {"A", "B"}]
    return sum(said == first for said, first in counted), len(counted)


def _absent(one: Judgement, order: Order) -> int:
    return sum(side is None for side in one.sides(order))


def _both_orders(one: Judgement) -> tuple[Side | None, Side | None] | None:
    """Return what the judge says in each order; several variants of one order by their majority."""
    first, second = one.sides("ab"), one.sides("ba")
    if not first or not second:
        return None
    return _most(first), _most(second)


def _most(sides: Sequence[Side | None]) -> Side | None:
    if len(sides) == 1:
        return sides[0]
    (leader, most), *others = Counter(sides).most_common()
    return None if others and others[0][1] == most else leader
