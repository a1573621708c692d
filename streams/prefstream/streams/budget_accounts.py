"""Accounts: what this process holds of a budget, and where it asks for more."""

import asyncio
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Literal

from prefstream.adapters.postgres.budgets import Budget, BudgetLeases, Refusals, renamed
from prefstream.domain.cost import Lease, shown
from prefstream.schemas.calls import Failure

#: Seconds that a lease lasts without being renewed; a crashed process holds it up for this long.
LEASE_S = 30.0
#: Calls for which a process leases at once, where so much is left.
CALLS_AHEAD = 64
#: Seconds after which a pair asks again: while the budget is spent, and while calls under way hold the rest.
SPENT_S = 300.0
HELD_S = 15.0
#: Seconds for which a call waits for others of this process to come back and make room.
PATIENCE_S = 5.0
#: Seconds for which a refusal holds for every call that needs as much.
REMEMBERED_S = 1.0

Kind = Literal["day", "run"]


def day_of(at_ms: int) -> date:
    """Return the UTC day of a moment."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).date()


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """What may be spent per day, or per run."""

    kind: Kind
    nanousd: int
    #: Name of the run.
    run: str = ""

    def key(self, at_ms: int) -> str:
        """Return the name of the budget at a moment."""
        return f"day:{day_of(at_ms)}" if self.kind == "day" else f"run:{self.run}"

    def budget(self, at_ms: int) -> Budget:
        """Return the budget at a moment: a day begins at midnight UTC, a named run when it is first used.

        The run without a name goes on since the first call that is in the journal.
        """
        midnight = datetime.combine(day_of(at_ms), datetime.min.time(), UTC)
        started_ms = int(midnight.timestamp() * 1000) if self.kind == "day" else at_ms if self.run else 0
        return Budget(name=self.key(at_ms), limit_nanousd=self.nanousd, started_ms=started_ms)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A call was not admitted."""

    reason: str
    detail: str
    again_s: float
    #: There will be room once calls that are under way have come back.
    held: bool

    def failure(self) -> Failure:
        """Return the failure that lets the pair wait."""
        return Failure(
            reason=self.reason, detail=self.detail, transient=True, retry_after_s=self.again_s, waiting=True
        )


@dataclass(slots=True, kw_only=True, eq=False)
class Account:
    """What this process holds of one budget."""

    budget: Budget
    leases: BudgetLeases
    monotonic_s: Callable[[], float] = time.monotonic
    patience_s: float = PATIENCE_S
    lease: Lease = field(init=False, default_factory=Lease)
    _holder: str = field(init=False, default_factory=lambda: secrets.token_hex(8))
    _lock: asyncio.Lock = field(init=False, default_factory=asyncio.Lock)
    #: Set when a call has come back; whoever waits for the next one takes another.
    _back: asyncio.Event = field(init=False, default_factory=asyncio.Event)
    #: Sum of what callers wait for.
    _wanted: int = field(init=False, default=0)
    #: Until when the lease surely stands.
    _until_s: float = field(init=False, default=float("-inf"))
    _refused: tuple[float, int, Refused] | None = field(init=False, default=None)
    _refusals: Refusals | None = field(init=False, default=None)

    @property
    def idle(self) -> bool:
        """Whether no call is under way."""
        return self.lease.reserved == 0 and self._wanted == 0

    async def take(self, need: int, at_ms: int) -> Refused | None:
        """Set an amount aside for a call, leasing more where it takes that."""
        # Whoever comes while others wait for more waits behind them.
        if self._wanted == 0 and self._has(need):
            self.lease = self.lease.reserve(need)
            return None
        self._wanted += need
        try:
            refused = await self._taken_in_time(need, at_ms)
        finally:
            self._wanted -= need
        if refused is not None:
            self.note_refusal("held" if refused.held else "spent", refused.detail, at_ms)
        return refused

    def settle(self, need: int, cost: int) -> None:
        """Replace what was set aside by what the call cost."""
        self.lease = self.lease.settle(need, cost)
        self._back.set()
        self._back = asyncio.Event()

    def note_refusal(self, reason: str, detail: str, at_ms: int) -> None:
        """Remember that a call was not admitted, to be told with the next renewal."""
        before = self._refusals.calls if self._refusals else 0
        self._refusals = Refusals(calls=before + 1, at_ms=at_ms, reason=reason, detail=detail[:500])

    async def renew(self) -> None:
        """Tell what is spent, keep the lease for as long again, and give back what is not needed."""
        async with self._lock:
            await self._begin_if_charged()
            if self._stands:
                # Before the round trip: what is granted may shrink only while nobody takes from it.
                self.lease = self.lease.trim(self.lease.reserved)
                await self._renewed(ended=False)
            await self._tell_refusals()

    async def close(self) -> None:
        """Give everything back."""
        async with self._lock:
            await self._begin_if_charged()
            if self._stands:
                self.lease = self.lease.trim(0)
                await self._renewed(ended=True)
                self._until_s = float("-inf")
            await self._tell_refusals()

    @property
    def _stands(self) -> bool:
        return self._until_s > float("-inf")

    async def _begin_if_charged(self) -> None:
        """Make a lease known from which only was spent: by calls that came back, admitted by nobody here."""
        if not self._stands and self.lease.spent:
            before_s = self.monotonic_s()
            await self.leases.more(self.budget, self._holder, self.lease, need=0, want=0)
            self._until_s = before_s + LEASE_S

    def _has(self, need: int) -> bool:
        return self.lease.free >= need and self.monotonic_s() < self._until_s

    async def _taken_in_time(self, need: int, at_ms: int) -> Refused | None:
        """Set an amount aside, if need be once calls of this process have come back."""
        until_s = asyncio.get_running_loop().time() + self.patience_s
        while True:
            back = self._back
            async with self._lock:
                refused = await self._taken(need, at_ms)
            left_s = until_s - asyncio.get_running_loop().time()
            if refused is None or not refused.held or not self.lease.reserved or left_s <= 0:
                return refused
            try:
                await asyncio.wait_for(back.wait(), left_s)
            except TimeoutError:
                return refused

    async def _taken(self, need: int, at_ms: int) -> Refused | None:
        while not self._has(need):
            refused = self._known_refusal(need) or await self._lease_more(need, at_ms)
            if refused is not None:
                return refused
        self.lease = self.lease.reserve(need)
        return None

    async def _lease_more(self, need: int, at_ms: int) -> Refused | None:
        # Calls may have cost more than was set aside for them; that is made up for first.
        short = max(0, need - self.lease.free)
        want = max(self._wanted, CALLS_AHEAD * need) - self.lease.free
        before_s = self.monotonic_s()
        leased = await self.leases.more(self.budget, self._holder, self.lease, need=short, want=want)
        if leased.lost:
            self._begin_anew()
            return await self._lease_more(need, at_ms)
        self._until_s = before_s + LEASE_S
        self.lease = self.lease.extend(leased.more)
        if leased.more >= short:
            return None
        refused = self._refusal(need, leased.spent, at_ms, exhausted=leased.exhausted)
        self._refused = (self.monotonic_s() + REMEMBERED_S, need, refused)
        return refused

    async def _renewed(self, *, ended: bool) -> None:
        before_s = self.monotonic_s()
        if await self.leases.renew(self.budget.name, self._holder, self.lease, ended=ended):
            self._until_s = before_s + LEASE_S
        else:
            self._begin_anew()

    def _begin_anew(self) -> None:
        """Take another name: to the others this process was gone, and what it held has been dealt with."""
        self._holder, self.lease = secrets.token_hex(8), renamed(self.lease)
        self._until_s = float("-inf")

    def _known_refusal(self, need: int) -> Refused | None:
        if self._refused is None:
            return None
        until_s, refused_need, refused = self._refused
        return refused if self.monotonic_s() < until_s and need >= refused_need else None

    async def _tell_refusals(self) -> None:
        if self._refusals is not None:
            told, self._refusals = self._refusals, None
            await self.leases.refused(self.budget, told)

    def _refusal(self, need: int, spent: int, at_ms: int, *, exhausted: bool) -> Refused:
        kind, _, name = self.budget.name.partition(":")
        what = (
            f"the budget of {name} (UTC)" if kind == "day" else f"the budget of run {name or 'without name'}"
        )
        limit = shown(self.budget.limit_nanousd)
        detail = f"{what} is {limit}, {shown(spent)} is spent; the call may cost {shown(need)}"
        again_s = HELD_S
        if exhausted:
            midnight = datetime.combine(day_of(at_ms) + timedelta(days=1), datetime.min.time(), UTC)
            until_day_s = midnight.timestamp() - at_ms / 1000
            again_s = min(SPENT_S, until_day_s) if kind == "day" else SPENT_S
        else:
            detail += "; calls under way hold the rest"
        return Refused(reason=f"budget_{kind}", detail=detail, again_s=again_s, held=not exhausted)
