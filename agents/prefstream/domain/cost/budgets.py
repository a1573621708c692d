"""Budgets: how several processes spend from one amount without asking each other for every call.

A process leases a part of the budget, reserves an estimate from its lease before a call, and replaces
it by the cost after. What may be spent is never leased twice, so all processes together spend at most

    limit + sum over the calls of max(0, cost - estimate)

and of that sum only the calls in flight matter: what a call cost beyond its estimate counts as spent
from its settlement on, and the next lease is smaller by it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Self

#: A lease takes at most this part of what is left, so that the last of it goes round.
_PART_OF_REST = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """What one process may spend from one budget, in billionths of a dollar."""

    granted: int = 0
    #: Cost of the calls that came back.
    spent: int = 0
    #: Estimates of the calls under way.
    reserved: int = 0

    @property
    def free(self) -> int:
        """Return what the next call may use; below zero where calls cost more than was set aside."""
        return self.granted - self.spent - self.reserved

    def reserve(self, amount: int) -> Self:
        """Return the lease with an amount set aside for a call."""
        return replace(self, reserved=self.reserved + amount)

    def settle(self, amount: int, cost: int) -> Self:
        """Return the lease after a call for which `amount` was set aside and which cost `cost`."""
        return replace(self, reserved=self.reserved - amount, spent=self.spent + cost)

    def extend(self, amount: int) -> Self:
        """Return the lease with more granted."""
        return replace(self, granted=self.granted + amount)

    def trim(self, spare: int) -> Self:
        """Return the lease without what is free beyond `spare`, for others to use."""
        return replace(self, granted=self.granted - max(0, self.free - spare))


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """A lease as the others see it."""

    granted: int
    spent: int
    #: Its process is gone, or gave it back; nothing is spent from it any more.
    ended: bool = False

    @property
    def committed(self) -> int:
        """Return what it takes from the budget."""
        return self.spent if self.ended else max(self.granted, self.spent)


def remaining(limit: int, holdings: Iterable[Holding]) -> int:
    """Return what is neither spent nor leased.

    >>> remaining(100, [Holding(granted=30, spent=5), Holding(granted=50, spent=10, ended=True)])
    60
    """
    return max(0, limit - sum(holding.committed for holding in holdings))


def grant(limit: int, holdings: Iterable[Holding], *, need: int, want: int) -> int:
    """Return how much more to lease: what is needed, and of what is wanted a part of the rest.

    >>> grant(100, [Holding(granted=60, spent=0)], need=3, want=50), grant(100, [], need=101, want=101)
    (10, 0)
    """
    left = remaining(limit, holdings)
    return max(need, min(want, left // _PART_OF_REST)) if need <= left else 0


def exhausted(limit: int, holdings: Iterable[Holding], *, need: int) -> bool:
    """Return whether there is no room for a call even once all that is under way has come back."""
    return limit - sum(holding.spent for holding in holdings) < need


def recovered(holding: Holding, others: Iterable[Holding], *, journalled: int) -> Holding:
    """Return the lease of a process that is gone, with what it spent as far as the journal knows.

    It may have spent more than it last told; what is in the journal and nobody told of is put down to
    it. Others may not have told of their latest calls yet: then too much is put down, never too little.

    >>> gone = Holding(granted=100, spent=20)
    >>> recovered(gone, [Holding(granted=50, spent=30)], journalled=65)
    Holding(granted=100, spent=35, ended=True)
    """
    untold = journalled - holding.spent - sum(other.spent for other in others)
    return replace(holding, spent=holding.spent + max(0, untold), ended=True)
