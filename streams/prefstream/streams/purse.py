"""The purse: what calls cost, and budgets that all processes together keep."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import asyncpg
import orjson
import structlog

from prefstream.adapters.postgres.budgets import BudgetLeases
from prefstream.adapters.postgres.connection import AWAY
from prefstream.adapters.prices import price_book
from prefstream.adapters.settings import BudgetSettings
from prefstream.domain.cost import (
    Found,
    PriceBook,
    Tokens,
    cost_nanousd,
    estimate_nanousd,
    nanousd_of,
    price_for,
    prompt_estimate,
    tokens_in,
)
from prefstream.schemas.calls import Call, Failure, Reply
from prefstream.schemas.errors import Unavailable
from prefstream.streams.budget_accounts import LEASE_S, PATIENCE_S, Account, Limit, Refused, day_of

log = structlog.get_logger(__name__)

#: Providers that send bills; what the others say is free.
PAID = frozenset({"anthropic", "openai"})
#: Seconds between two looks at how leases stand.
RENEW_S = 2.0
#: Seconds after which a pair that waits for a price asks again.
NO_PRICE_S = 300.0


def now_ms() -> int:
    """Return the present in milliseconds since 1970."""
    return time.time_ns() // 1_000_000


@dataclass(slots=True, kw_only=True, eq=False)
class SharedPurse:
    """Prices calls, and admits them as long as every budget has room.

    What is set aside for a call is charged to the budgets of the moment it was admitted in.
    """

    prices: PriceBook
    limits: Sequence[Limit] = ()
    leases: BudgetLeases | None = None
    clock_ms: Callable[[], int] = now_ms
    monotonic_s: Callable[[], float] = time.monotonic
    #: Seconds for which a call waits for others to come back and make room.
    patience_s: float = PATIENCE_S
    _accounts: dict[str, Account] = field(init=False, default_factory=dict)
    #: By request: what was set aside, and with whom; one entry for each time it was admitted.
    _held: dict[str, list[tuple[int, Sequence[Account]]]] = field(init=False, default_factory=dict)
    _warned: set[tuple[date, str, str]] = field(init=False, default_factory=set)

    async def admit(self, call: Call) -> Failure | None:
        """Set money aside for a call; a failure that waits where a budget has none left.

        Raises:
            Unavailable: The budgets cannot be read.
        """
        if call.provider not in PAID or not self.limits or self.leases is None:
            return None
        at_ms = self.clock_ms()
        accounts = self._accounts_at(at_ms)
        prompt = prompt_estimate(len(orjson.dumps(_prompt(call))))
        found = price_for(self.prices, call.provider, [_asked(call)], day=day_of(at_ms), prompt_tokens=prompt)
        if found is None:
            self._warn(call.provider, _asked(call), at_ms)
            return _without_price(call, accounts, at_ms)
        need = estimate_nanousd(
            found.price, prompt_tokens=prompt, max_tokens=int(call.request.get("max_tokens") or 0)
        )
        try:
            refused = await _taken(accounts, need, at_ms)
        except AWAY as error:
            raise Unavailable(f"the budgets cannot be read: {error or type(error).__name__}") from error
        if refused is not None:
            return refused.failure()
        self._held.setdefault(call.request_id, []).append((need, accounts))
        return None

    def priced(self, call: Call, reply: Reply) -> Reply:
        """Return the reply with what it cost in `cost_nanousd`, or why that is not known."""
        if call.provider not in PAID:
            return reply
        return replace(reply, content={**reply.content, **self._cost(call, reply)})

    async def settled(self, call: Call, reply: Reply | None) -> None:
        """Replace what was set aside by what the call cost; without a reply it cost nothing.

        A reply whose cost is not known is charged with all that was set aside. One for which nothing is
        set aside here, e.g. of a batch that was sent before a restart, is charged as it comes.
        """
        known = reply.content.get("cost_nanousd") if reply else 0
        held = self._held.get(call.request_id)
        if not held:
            if isinstance(known, int) and known and self.leases is not None:
                for account in self._accounts_at(self.clock_ms()):
                    account.settle(0, known)
            return
        need, accounts = held.pop()
        if not held:
            del self._held[call.request_id]
        for account in accounts:
            account.settle(need, known if isinstance(known, int) else need)

    async def kept(self) -> None:
        """Renew the leases now and then, until cancelled."""
        while True:
            await asyncio.sleep(RENEW_S)
            await self.renew()

    async def renew(self) -> None:
        """Tell how the leases stand, and give back what is not needed."""
        today = {limit.key(self.clock_ms()) for limit in self.limits}
        for name, account in list(self._accounts.items()):
            try:
                await account.renew()
                if name not in today and account.idle:
                    await account.close()
                    del self._accounts[name]
            except (*AWAY, asyncpg.PostgresError) as error:
                log.warning("budget.not_renewed", budget=name, kind=type(error).__name__)

    async def close(self) -> None:
        """Give the leases back; a process that cannot is as one that is gone."""
        for name, account in list(self._accounts.items()):
            try:
                await account.close()
            except (*AWAY, asyncpg.PostgresError) as error:
                log.warning("budget.not_returned", budget=name, kind=type(error).__name__)

    def _accounts_at(self, at_ms: int) -> Sequence[Account]:
        assert self.leases is not None
        for limit in self.limits:
            if (name := limit.key(at_ms)) not in self._accounts:
                self._accounts[name] = Account(
                    budget=limit.budget(at_ms),
                    leases=self.leases,
                    monotonic_s=self.monotonic_s,
                    patience_s=self.patience_s,
                )
        return [self._accounts[limit.key(at_ms)] for limit in self.limits]

    def _cost(self, call: Call, reply: Reply) -> dict[str, Any]:
        answered = str(reply.content.get("model") or "")
        tokens = tokens_in(reply.content)
        if tokens is None:
            return {"cost_nanousd": None, "cost_unknown": "no_usage"}
        found = self._price(call, answered, tokens, reply.at_ms)
        if found is None:
            self._warn(call.provider, answered or _asked(call), reply.at_ms)
            return {"cost_nanousd": None, "cost_unknown": "no_price"}
        batched = bool(reply.content.get("batched"))
        cost = cost_nanousd(found.price, tokens, batched=batched)
        return {"cost_nanousd": cost, "priced_by": found.source}

    def _price(self, call: Call, answered: str, tokens: Tokens, at_ms: int) -> Found | None:
        names = (answered, _asked(call))
        day = day_of(at_ms)
        return price_for(self.prices, call.provider, names, day=day, prompt_tokens=tokens.prompt)

    def _warn(self, provider: str, model: str, at_ms: int) -> None:
        """Say once a day that a model has no price."""
        told = (day_of(at_ms), provider, model)
        if told not in self._warned:
            self._warned = {one for one in self._warned if one[0] == told[0]} | {told}
            log.warning(
                "price.missing", provider=provider, model=model[:200], fix="PREFSTREAM_BUDGET__PRICES"
            )


def limits_of(settings: BudgetSettings) -> tuple[Limit, ...]:
    """Return the budgets that are set."""
    limits = []
    if settings.day_usd is not None:
        limits.append(Limit(kind="day", nanousd=nanousd_of(settings.day_usd)))
    if settings.run_usd is not None:
        limits.append(Limit(kind="run", nanousd=nanousd_of(settings.run_usd), run=settings.run))
    return tuple(limits)


@asynccontextmanager
async def opened_purse(settings: BudgetSettings, pool: asyncpg.Pool) -> AsyncIterator[SharedPurse]:
    """Open the purse that the settings describe, for as long as the block lasts.

    Raises:
        BadInput: The file of prices cannot be used.
    """
    leases = BudgetLeases(pool, lasts_s=LEASE_S)
    purse = SharedPurse(prices=price_book(settings.prices), limits=limits_of(settings), leases=leases)
    renewing = asyncio.create_task(purse.kept())
    try:
        yield purse
    finally:
        renewing.cancel()
        await asyncio.gather(renewing, return_exceptions=True)
        await purse.close()


def _prompt(call: Call) -> Any:
    return [call.request.get(name) for name in ("system", "messages", "tools")]


def _asked(call: Call) -> str:
    return str(call.request.get("model") or "")


async def _taken(accounts: Sequence[Account], need: int, at_ms: int) -> Refused | None:
    """Set an amount aside with every account, or with none."""
    for place, account in enumerate(accounts):
        try:
            refused = await account.take(need, at_ms)
        except BaseException:
            _given_back(accounts[:place], need)
            raise
        if refused is not None:
            _given_back(accounts[:place], need)
            return refused
    return None


def _given_back(accounts: Sequence[Account], need: int) -> None:
    for account in accounts:
        account.settle(need, 0)


def _without_price(call: Call, accounts: Sequence[Account], at_ms: int) -> Failure:
    detail = (
        f"{call.provider} model {_asked(call)} has no price, so no budget can hold; "
        "name its price in the file of PREFSTREAM_BUDGET__PRICES, or set no budget"
    )
    for account in accounts:
        account.note_refusal("no_price", detail, at_ms)
    return Failure(reason="no_price", detail=detail, transient=True, retry_after_s=NO_PRICE_S, waiting=True)
