"""Money on a real server: budgets that several processes keep together, and costs that add up."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from structlog.testing import capture_logs

from prefstream.adapters.postgres.budgets import BudgetLeases
from prefstream.adapters.postgres.log import PostgresLog
from prefstream.adapters.settings import BudgetSettings
from prefstream.domain.cost import NANO, Price, PriceBook, PriceFile
from prefstream.schemas.calls import Answer, Call, Failure, Reply
from prefstream.schemas.errors import Unavailable
from prefstream.streams.budget_accounts import LEASE_S, Limit
from prefstream.streams.effects import JournalledEffects
from prefstream.streams.purse import SharedPurse, limits_of, opened_purse
from prefstream.streams.spending import budgets_now

pytestmark = pytest.mark.postgres

#: A dollar per million tokens in, ten out: a call with 100 tokens to write may cost a thousandth and a bit.
PRICE = Price(
    provider="anthropic",
    model="m",
    valid_from=date(2026, 1, 1),
    input=1_000_000,
    output=10_000_000,
    cache_write=1_250_000,
    cache_read=100_000,
    batch_permille=500,
)
BOOK = PriceBook(files=(PriceFile(digest="f" * 16, as_of=date(2026, 1, 1), prices=(PRICE,)),))
NOON = int(datetime(2026, 7, 1, 12, tzinfo=UTC).timestamp() * 1000)
DAY_MS = 86_400_000


def a_call(number: int, *, model: str = "m", max_tokens: int = 100) -> Call:
    messages = [{"role": "user", "content": f"question {number}"}]
    request = {"model": model, "max_tokens": max_tokens, "messages": messages}
    return Call(provider="anthropic", request=request)


def an_answer(*, output: int = 50, model: str = "m") -> Reply:
    usage = {"input_tokens": 10, "output_tokens": output, "cache_write_tokens": 0, "cache_read_tokens": 0}
    return Reply(content={"text": "yes", "model": model, "usage": usage}, at_ms=NOON)


@dataclass
class Vendor:
    """A provider that answers once it is let go, and counts."""

    output: int = 50
    calls: int = 0
    let_go: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, call: Call) -> Answer:
        self.calls += 1
        await self.let_go.wait()
        return an_answer(output=self.output)


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.ms = NOON

    def __call__(self) -> int:
        return self.ms

    def monotonic_s(self) -> float:
        return self.ms / 1000


def a_purse(
    log: PostgresLog,
    *limits: Limit,
    clock: Clock | None = None,
    lasts_s: float = LEASE_S,
    patience_s: float = 0.0,
) -> SharedPurse:
    at = clock or Clock()
    leases = BudgetLeases(log.pool, lasts_s=lasts_s)
    return SharedPurse(
        prices=BOOK,
        limits=limits,
        leases=leases,
        clock_ms=at,
        monotonic_s=at.monotonic_s,
        patience_s=patience_s,
    )


def a_day(nanousd: int) -> Limit:
    return Limit(kind="day", nanousd=nanousd)


async def spend(purse: SharedPurse, call: Call, reply: Reply | None = None) -> Failure | None:
    """Ask, and settle at once."""
    refused = await purse.admit(call)
    if refused is None:
        await purse.settled(call, purse.priced(call, reply or an_answer()))
    return refused


async def in_the_table(log: PostgresLog) -> int:
    return int(await log.pool.fetchval("select coalesce(sum(spent_nanousd), 0) from budget_leases"))


async def test_a_reply_says_what_it_cost_and_by_which_price(log: PostgresLog) -> None:
    purse = a_purse(log)
    priced = purse.priced(a_call(1), an_answer())
    batched = replace(an_answer(), content={**an_answer().content, "batched": True})

    assert priced.content["cost_nanousd"] == 10 * 1000 + 50 * 10_000
    assert priced.content["priced_by"] == {"file": "f" * 16, "valid_from": "2026-01-01", "model": "m"}
    assert purse.priced(a_call(1), batched).content["cost_nanousd"] == 255_000


async def test_without_a_price_the_cost_is_unknown_and_said_so_once_a_day(log: PostgresLog) -> None:
    purse = a_purse(log)
    with capture_logs() as lines:
        replies = [purse.priced(a_call(n, model="new"), an_answer(model="new")) for n in range(5)]
        tomorrow = replace(an_answer(model="new"), at_ms=NOON + DAY_MS)
        purse.priced(a_call(9, model="new"), tomorrow)

    assert {(reply.content["cost_nanousd"], reply.content["cost_unknown"]) for reply in replies} == {
        (None, "no_price")
    }
    assert [(line["event"], line["model"]) for line in lines] == [("price.missing", "new")] * 2


async def test_who_does_not_count_tokens_has_an_unknown_cost(log: PostgresLog) -> None:
    reply = Reply(content={"text": "yes", "model": "m", "usage": {"output_tokens": 3}}, at_ms=NOON)

    assert a_purse(log).priced(a_call(1), reply).content["cost_unknown"] == "no_usage"


async def test_without_a_budget_nothing_is_asked_of_the_database(log: PostgresLog) -> None:
    purse = a_purse(log)
    await log.close()

    assert await purse.admit(a_call(1)) is None


async def test_with_a_budget_a_model_without_a_price_waits(log: PostgresLog) -> None:
    purse = a_purse(log, a_day(NANO))

    refused = await purse.admit(a_call(1, model="new"))
    await purse.renew()

    assert refused is not None
    assert (refused.reason, refused.transient, refused.waiting) == ("no_price", True, True)
    assert "PREFSTREAM_BUDGET__PRICES" in refused.detail
    (seen,) = await budgets_now(log.pool, now_ms=NOON)
    assert (seen["holds_back"], seen["refused_reason"]) == (True, "no_price")


async def test_a_spent_budget_lets_calls_wait_and_the_next_day_goes_on(log: PostgresLog) -> None:
    clock = Clock()
    purse = a_purse(log, a_day(3_000_000), clock=clock)
    answers = [await spend(purse, a_call(number)) for number in range(20)]
    refused = [one for one in answers if one]

    assert 0 < len(refused) < 20
    assert {(one.reason, one.waiting, one.transient) for one in refused} == {("budget_day", True, True)}
    assert "2026-07-01" in refused[0].detail
    assert 0 < (refused[0].retry_after_s or 0) <= 300

    clock.ms += DAY_MS

    assert await spend(purse, a_call(100)) is None


async def test_pairs_wait_no_longer_than_until_midnight(log: PostgresLog) -> None:
    clock = Clock()
    clock.ms = NOON + DAY_MS // 2 - 45_000
    purse = a_purse(log, a_day(0), clock=clock)

    refused = await purse.admit(a_call(1))

    assert refused is not None
    assert refused.retry_after_s == 45


async def test_calls_that_hold_the_rest_make_others_wait_for_a_moment_only(log: PostgresLog) -> None:
    purse = a_purse(log, a_day(1_500_000))
    assert await purse.admit(a_call(1)) is None

    refused = await purse.admit(a_call(2))
    await purse.settled(a_call(1), None)

    assert refused is not None
    assert refused.retry_after_s == 15
    assert "under way" in refused.detail
    assert await purse.admit(a_call(2)) is None


async def test_a_call_waits_for_another_to_come_back_and_make_room(log: PostgresLog) -> None:
    purse = a_purse(log, a_day(2_100_000), patience_s=30)
    for number in (1, 2):
        assert await purse.admit(a_call(number)) is None
    waiting = [asyncio.create_task(purse.admit(a_call(number))) for number in (3, 4)]
    async with asyncio.timeout(20):
        while not await log.pool.fetchval("select count(*) from budget_leases where ended is false"):
            await asyncio.sleep(0.01)
        await purse.settled(a_call(1), None)
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        still = sum(not one.done() for one in waiting)
        await purse.settled(a_call(2), None)
        answers = await asyncio.gather(*waiting)

    assert still == 1
    assert answers == [None, None]


@pytest.mark.parametrize(("output", "patience_s"), [(10, 0.0), (100, 0.0), (50, 2.0)])
async def test_processes_together_never_spend_more_than_the_budget(
    log: PostgresLog, output: int, patience_s: float
) -> None:
    """Three processes, 150 calls each at once, a budget for about forty of them."""
    limit = 40 * 1_100_000
    vendor = Vendor(output=output)
    vendor.let_go.set()
    budgets = (a_day(limit), Limit(kind="run", nanousd=10 * limit))
    purses = [a_purse(log, *budgets, patience_s=patience_s) for _ in range(3)]
    effects = [
        JournalledEffects(
            pool=log.pool, providers={"anthropic": vendor}, in_flight=50, deadline_s=30, purse=purse
        )
        for purse in purses
    ]
    async with asyncio.timeout(60):
        answers = await asyncio.gather(
            *(one.answer(a_call(1000 * place + n)) for place, one in enumerate(effects) for n in range(150))
        )
        for purse in purses:
            await purse.close()

    spent = await log.pool.fetchval("select coalesce(sum(cost_nanousd), 0)::bigint from journal")
    replies = [one for one in answers if isinstance(one, Reply)]
    assert spent == sum(one.content["cost_nanousd"] for one in replies) <= limit
    assert len(replies) == vendor.calls >= 38, "the budget is used, not only kept"
    assert await in_the_table(log) == 2 * spent, "the day and the run have the same"
    assert {one.reason for one in answers if isinstance(one, Failure)} == {"budget_day"}


async def test_a_budget_takes_a_few_round_trips_for_thousands_of_calls(log: PostgresLog) -> None:
    purse = a_purse(log, a_day(100 * NANO))
    asked = 0

    class Counted(BudgetLeases):
        async def more(self, *arguments, **named):  # type: ignore[no-untyped-def]
            nonlocal asked
            asked += 1
            return await super().more(*arguments, **named)

    purse.leases = Counted(log.pool, lasts_s=LEASE_S)
    assert [one for one in [await purse.admit(a_call(n)) for n in range(3000)] if one] == []

    assert asked <= 3000 // 50


async def test_what_a_crashed_process_leased_comes_back_less_what_it_spent(log: PostgresLog) -> None:
    limit = 40 * 1_100_000
    crashed = a_purse(log, a_day(limit), lasts_s=0.05)
    vendor = Vendor()
    vendor.let_go.set()
    effects = JournalledEffects(
        pool=log.pool, providers={"anthropic": vendor}, in_flight=8, deadline_s=30, purse=crashed
    )
    for number in range(5):
        assert isinstance(await effects.answer(a_call(number)), Reply)
    told = await in_the_table(log)

    other = a_purse(log, a_day(limit))
    await expired(log)
    answers = [await spend(other, a_call(100 + number)) for number in range(100)]
    await other.close()

    journalled = await log.pool.fetchval("select sum(cost_nanousd)::bigint from journal")
    assert told == 0, "it crashed before it told"
    assert sum(one is None for one in answers) == (limit - journalled - 1_000_000) // 510_000 + 1
    assert await in_the_table(log) <= limit


async def expired(log: PostgresLog) -> None:
    async with asyncio.timeout(10):
        while await log.pool.fetchval(
            "select count(*) from budget_leases where not ended and expires_at > clock_timestamp()"
        ):
            await asyncio.sleep(0.01)


async def test_a_process_that_was_thought_gone_begins_anew_and_pays_for_what_was_under_way(
    log: PostgresLog,
) -> None:
    clock = Clock()
    slept = a_purse(log, a_day(NANO), clock=clock, lasts_s=0.0)
    assert await slept.admit(a_call(1)) is None
    other = a_purse(log, a_day(NANO))
    assert await spend(other, a_call(2)) is None

    clock.ms += int(LEASE_S * 1000) + 1
    assert await slept.admit(a_call(3)) is None
    for number in (1, 3):
        await slept.settled(a_call(number), slept.priced(a_call(number), an_answer()))
    await slept.close()
    await other.close()

    assert await in_the_table(log) == 3 * 510_000


async def test_what_was_spent_before_there_was_a_budget_counts(log: PostgresLog) -> None:
    vendor = Vendor()
    vendor.let_go.set()
    free = JournalledEffects(
        pool=log.pool, providers={"anthropic": vendor}, in_flight=8, deadline_s=30, purse=a_purse(log)
    )
    await free.answer(a_call(1))

    assert await a_purse(log, a_day(1_400_000)).admit(a_call(2)) is not None
    assert await a_purse(log, Limit(kind="run", nanousd=1_400_000)).admit(a_call(2)) is not None
    later = Clock()
    later.ms += 1
    new = a_purse(log, Limit(kind="run", nanousd=1_400_000, run="new"), clock=later)
    assert await new.admit(a_call(2)) is None


async def test_a_named_run_begins_at_nothing_and_is_found_again(log: PostgresLog) -> None:
    run = Limit(kind="run", nanousd=1_600_000, run="july")
    first = a_purse(log, run)
    assert await spend(first, a_call(1)) is None
    await first.close()

    again = await a_purse(log, run).admit(a_call(2))

    assert again is None
    third = a_purse(log, run)
    assert await spend(third, a_call(3)) is not None


async def test_a_call_without_a_reply_costs_nothing_and_one_of_unknown_cost_all_that_was_set_aside(
    log: PostgresLog,
) -> None:
    purse = a_purse(log, a_day(NANO))
    for number, reply in ((1, None), (2, Reply(content={"cost_nanousd": None}, at_ms=NOON))):
        assert await purse.admit(a_call(number)) is None
        await purse.settled(a_call(number), reply)
    await purse.close()

    assert 1_000_000 < await in_the_table(log) < 1_100_000


async def test_the_same_call_admitted_twice_is_settled_twice(log: PostgresLog) -> None:
    """A hedged request pays for both of its answers, and gives back what an answerless one set aside."""
    purse = a_purse(log, a_day(NANO))
    for _ in range(3):
        assert await purse.admit(a_call(1)) is None
    for reply in (an_answer(), an_answer(), None):
        await purse.settled(a_call(1), reply and purse.priced(a_call(1), reply))
    await purse.close()

    assert await in_the_table(log) == 2 * 510_000


async def test_an_answer_that_was_paid_for_before_a_restart_is_charged_to_today(log: PostgresLog) -> None:
    """The batch it was in was admitted by a process that is gone."""
    purse = a_purse(log, a_day(NANO))

    await purse.settled(a_call(1), purse.priced(a_call(1), an_answer()))
    await purse.settled(a_call(2), None)
    await purse.renew()
    await purse.settled(a_call(3), purse.priced(a_call(3), an_answer()))
    await purse.close()

    assert await in_the_table(log) == 2 * 510_000


async def test_without_the_database_no_call_is_admitted_beyond_the_lease(log: PostgresLog) -> None:
    purse = a_purse(log, a_day(NANO))
    await log.close()

    with pytest.raises(Unavailable, match="budgets"):
        await purse.admit(a_call(1))


async def test_a_lease_is_not_used_past_its_time(log: PostgresLog) -> None:
    """A process cut off from the database must not spend what others may have got meanwhile."""
    clock = Clock()
    purse = a_purse(log, a_day(NANO), clock=clock)
    assert await purse.admit(a_call(1)) is None
    await log.close()
    assert await purse.admit(a_call(2)) is None

    clock.ms += int(LEASE_S * 1000) + 1

    with pytest.raises(Unavailable):
        await purse.admit(a_call(3))


async def test_what_is_not_needed_goes_back_to_the_others(log: PostgresLog) -> None:
    limit = a_day(10 * 1_100_000)
    hoarder, other = a_purse(log, limit), a_purse(log, limit)
    assert await spend(hoarder, a_call(1)) is None
    await hoarder.renew()

    answers = [await other.admit(a_call(100 + number)) for number in range(9)]

    assert [one for one in answers if one] == []


async def test_status_tells_which_budget_holds_pairs_back(log: PostgresLog) -> None:
    purse = a_purse(log, a_day(1_500_000), Limit(kind="run", nanousd=NANO))
    await spend(purse, a_call(1))
    await spend(purse, a_call(2))
    await purse.renew()

    day, run = await budgets_now(log.pool, now_ms=NOON)

    assert (day["budget"], day["holds_back"], day["refused_calls"]) == ("day:2026-07-01", True, 1)
    assert (day["limit_nanousd"], day["spent_nanousd"]) == (1_500_000, 510_000)
    assert (run["budget"], run["holds_back"]) == ("run:", False)
    assert [one["budget"] for one in await budgets_now(log.pool, now_ms=NOON + DAY_MS)] == ["run:"]


async def test_settings_open_the_purse_and_close_it(log: PostgresLog) -> None:
    settings = BudgetSettings(day_usd=Decimal("2.5"), run_usd=Decimal(0), run="july")
    async with opened_purse(settings, log.pool) as purse:
        refused = await purse.admit(a_call(1, model="claude-haiku-4-5"))

    assert limits_of(settings) == (a_day(2_500_000_000), Limit(kind="run", nanousd=0, run="july"))
    assert refused is not None
    assert refused.reason == "budget_run"
    assert await log.pool.fetchval("select bool_and(ended) from budget_leases")
