"""Leases on budgets: parts of what may be spent, handed to one process at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import asyncpg

from prefstream.adapters.postgres.connection import Connection
from prefstream.domain.cost import Holding, Lease, exhausted, grant, recovered

#: Holder of what was spent before anybody leased from the budget.
BEFORE = "before"
_OPEN = """
insert into budgets (budget, limit_nanousd, started_ms) values ($1, $2, $3)
on conflict (budget) do update set limit_nanousd = excluded.limit_nanousd returning started_ms
"""
_LEASES = """
select holder, granted_nanousd, spent_nanousd, ended, expires_at < clock_timestamp() as expired
from budget_leases where budget = $1
"""
_KEEP = """
insert into budget_leases (budget, holder, granted_nanousd, spent_nanousd, ended, expires_at)
values ($1, $2, $3, $4, $5, clock_timestamp() + make_interval(secs => $6))
on conflict (budget, holder) do update set granted_nanousd = excluded.granted_nanousd,
  spent_nanousd = excluded.spent_nanousd, ended = excluded.ended, expires_at = excluded.expires_at
"""
_RENEW = """
update budget_leases set granted_nanousd = $3, spent_nanousd = $4, ended = $5,
  expires_at = clock_timestamp() + make_interval(secs => $6)
where budget = $1 and holder = $2 and not ended returning 1
"""
_REFUSED = """
update budgets set refused_calls = refused_calls + $2, refused_at_ms = $3, refused_reason = $4,
  refused_detail = $5
where budget = $1
"""
_JOURNALLED = "select coalesce(sum(cost_nanousd), 0)::bigint from journal where at_ms >= $1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """An amount that all processes together may spend in a day or a run."""

    name: str
    limit_nanousd: int
    #: Where it begins: what the journal has from then on counts as spent.
    started_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Leased:
    """What came of asking for more."""

    #: What is granted beyond what was; 0: there is not enough left.
    more: int
    #: There will be no room for the call either once everything under way has come back.
    exhausted: bool = False
    #: What is spent, as far as it was told.
    spent: int = 0
    #: The lease had ended, as if its process were gone; it must begin anew under another name.
    lost: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusals:
    """Calls that were not admitted since it was last told."""

    calls: int
    at_ms: int
    reason: str
    detail: str


class BudgetLeases:
    """The leases of one holder; each change of a budget locks its row, so they come one after another."""

    def __init__(self, pool: asyncpg.Pool, *, lasts_s: float) -> None:
        self._pool = pool
        self._lasts_s = lasts_s

    async def more(self, budget: Budget, holder: str, lease: Lease, *, need: int, want: int) -> Leased:
        """Lease more from a budget, and renew the lease; leases of processes that are gone end first."""
        async with self._pool.acquire() as connection, connection.transaction():
            started_ms = await connection.fetchval(
                _OPEN, budget.name, budget.limit_nanousd, budget.started_ms
            )
            holdings = await self._holdings(connection, budget.name, started_ms)
            mine = holdings.pop(holder, None)
            if mine is not None and mine.ended:
                return Leased(more=0, lost=True)
            others = list(holdings.values())
            all_of_them = [*others, Holding(granted=lease.granted, spent=lease.spent)]
            more = grant(budget.limit_nanousd, all_of_them, need=need, want=want)
            await connection.execute(
                _KEEP, budget.name, holder, lease.granted + more, lease.spent, False, self._lasts_s
            )
            return Leased(
                more=more,
                exhausted=exhausted(budget.limit_nanousd, all_of_them, need=need),
                spent=sum(holding.spent for holding in all_of_them),
            )

    async def renew(self, budget: str, holder: str, lease: Lease, *, ended: bool = False) -> bool:
        """Tell how a lease stands and let it last on; `False`: it had ended."""
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute("select from budgets where budget = $1 for update", budget)
            renewed = await connection.fetchval(
                _RENEW, budget, holder, lease.granted, lease.spent, ended, self._lasts_s
            )
            return renewed is not None

    async def refused(self, budget: Budget, refusals: Refusals) -> None:
        """Note calls that were not admitted, for whoever asks what holds things up."""
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.fetchval(_OPEN, budget.name, budget.limit_nanousd, budget.started_ms)
            await connection.execute(
                _REFUSED, budget.name, refusals.calls, refusals.at_ms, refusals.reason, refusals.detail
            )

    async def _holdings(self, connection: Connection, budget: str, started_ms: int) -> dict[str, Holding]:
        """Return the leases of a budget by holder, those that expired ended and put right."""
        rows = await connection.fetch(_LEASES, budget)
        if not rows:
            return {BEFORE: await self._spent_before(connection, budget, started_ms)}
        holdings = {row["holder"]: _holding(row) for row in rows}
        gone = [row["holder"] for row in rows if row["expired"] and not row["ended"]]
        return await self._ended(connection, budget, started_ms, holdings, gone) if gone else holdings

    async def _spent_before(self, connection: Connection, budget: str, started_ms: int) -> Holding:
        spent = await connection.fetchval(_JOURNALLED, started_ms)
        await connection.execute(_KEEP, budget, BEFORE, spent, spent, True, 0.0)
        return Holding(granted=spent, spent=spent, ended=True)

    async def _ended(
        self,
        connection: Connection,
        budget: str,
        started_ms: int,
        holdings: Mapping[str, Holding],
        gone: Sequence[str],
    ) -> dict[str, Holding]:
        journalled = await connection.fetchval(_JOURNALLED, started_ms)
        after = dict(holdings)
        for holder in gone:
            others = [holding for name, holding in after.items() if name != holder]
            after[holder] = end = recovered(after[holder], others, journalled=journalled)
            await connection.execute(_KEEP, budget, holder, end.granted, end.spent, True, 0.0)
        return after


def _holding(row: asyncpg.Record) -> Holding:
    return Holding(granted=row["granted_nanousd"], spent=row["spent_nanousd"], ended=row["ended"])


def renamed(lease: Lease) -> Lease:
    """Return what is left of a lease that had ended: the calls under way, which nothing is granted for."""
    return replace(lease, granted=0, spent=0)
