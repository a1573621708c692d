"""The journal on a real server: an answer that was had once is never paid for again."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import orjson
import pytest
from structlog.testing import capture_logs

from prefstream.adapters.postgres.journal import Unkeepable, record, record_all, recorded
from prefstream.adapters.postgres.log import PostgresLog
from prefstream.adapters.settings import LimitSettings
from prefstream.agents.stage import Answer, Call, Failure, Reply
from prefstream.schemas.calls import About
from prefstream.schemas.errors import Unavailable
from prefstream.streams.effects import JournalledEffects

pytestmark = pytest.mark.postgres

CALL = Call(provider="paid", request={"question": "which is better?"})


@dataclass
class Paid:
    """A provider that counts what it was paid for; every answer is another one."""

    failures: list[Failure] = field(default_factory=list)
    performed: int = 0
    meet: asyncio.Barrier | None = None
    at_once: int = 0
    most_at_once: int = 0
    pause: asyncio.Event | None = None
    content: Mapping[str, object] | None = None

    async def answer(self, call: Call) -> Answer:
        self.performed += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            if self.meet is not None:
                await self.meet.wait()
            if self.pause is not None:
                await self.pause.wait()
            await asyncio.sleep(0)
            number = self.performed
            content = self.content or {"answer": number}
            return self.failures.pop(0) if self.failures else Reply(content=content, at_ms=number)
        finally:
            self.at_once -= 1


def effects(
    log: PostgresLog, paid: Paid, *, in_flight: int = 8, deadline_s: float = 30.0, **others: Any
) -> JournalledEffects:
    return JournalledEffects(
        pool=log.pool, providers={"paid": paid}, in_flight=in_flight, deadline_s=deadline_s, **others
    )


@dataclass
class ToldPurse:
    """A purse that notes what it is told, in order."""

    left: int = 1000
    told: list[tuple[str, object]] = field(default_factory=list)

    async def admit(self, call: Call) -> Failure | None:
        self.told.append(("admit", call.request_id))
        self.left -= 1
        empty = Failure(reason="budget_day", detail="spent", transient=True, waiting=True, retry_after_s=60.0)
        return empty if self.left < 0 else None

    def priced(self, call: Call, reply: Reply) -> Reply:
        self.told.append(("priced", reply.content["answer"]))
        return replace(reply, content={**reply.content, "cost_nanousd": 7})

    async def settled(self, call: Call, reply: Reply | None) -> None:
        self.told.append(("settled", reply.content["cost_nanousd"] if reply else None))


async def test_a_redelivery_pays_nothing_and_gets_the_same_answer(log: PostgresLog) -> None:
    paid = Paid()
    first = await effects(log, paid).answer(CALL)

    again = [await effects(log, paid).answer(CALL) for _ in range(3)]

    assert paid.performed == 1
    assert again == [first] * 3


async def test_of_two_workers_that_asked_at_once_one_answer_holds(log: PostgresLog) -> None:
    paid = Paid(meet=asyncio.Barrier(2))
    async with asyncio.timeout(30):
        answers = await asyncio.gather(*(effects(log, paid).answer(CALL) for _ in range(2)))

    assert paid.performed == 2, "both had to be under way at once for this to be a race"
    assert answers[0] == answers[1]
    assert (await recorded(log.pool, [CALL.request_id]))[CALL.request_id] == answers[0]


async def test_a_worker_that_waited_for_another_takes_the_others_answer(log: PostgresLog) -> None:
    """The other's row is committed after this one's statement began, so its snapshot lacks it."""
    first, second = Reply(content={"answer": 1}, at_ms=1), Reply(content={"answer": 2}, at_ms=2)
    async with log.pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute(
            "insert into journal (request_id, provider, content, at_ms) values ($2, 'paid', $1, 1)",
            orjson.dumps(first.content),
            CALL.request_id,
        )
        waiting = asyncio.create_task(record(log.pool, CALL, second))
        async with asyncio.timeout(30):
            while not await log.pool.fetchval("select count(*) from pg_locks where not granted"):
                await asyncio.sleep(0.01)
        await transaction.commit()

    assert await waiting == first


async def test_recording_at_once_from_many_connections_keeps_one(log: PostgresLog) -> None:
    replies = [Reply(content={"answer": number}, at_ms=number) for number in range(8)]

    held = await asyncio.gather(*(record(log.pool, CALL, reply) for reply in replies))

    kept = (await recorded(log.pool, [CALL.request_id]))[CALL.request_id]
    assert [one for one in held if one != kept] == []


async def test_the_journal_tells_what_a_call_was_for_and_what_it_cost(log: PostgresLog) -> None:
    about = About(purpose="judging", subject="pair-1", slice="code", asked_by="anthropic:m")
    usage = {"input_tokens": 7, "output_tokens": 3, "cache_read_tokens": -1, "cache_write_tokens": "many"}
    content = {"model": "m-1", "usage": usage, "cost_nanousd": 12_000, "batched": True}

    await record(log.pool, replace(CALL, about=about), Reply(content=content, at_ms=1))

    row = await log.pool.fetchrow(
        "select model, purpose, subject, slice, asked_by, input_tokens, output_tokens, cache_read_tokens,"
        " cache_write_tokens, cost_nanousd, batched from journal"
    )
    assert row is not None
    assert tuple(row) == ("m-1", "judging", "pair-1", "code", "anthropic:m", 7, 3, 0, 0, 12_000, True)


async def test_a_failure_is_not_journalled(log: PostgresLog) -> None:
    paid = Paid(failures=[Failure(reason="overloaded", detail="529", transient=True)])

    assert isinstance(await effects(log, paid).answer(CALL), Failure)
    assert await effects(log, paid).answer(CALL) == Reply(content={"answer": 2}, at_ms=2)


async def test_what_costs_nothing_is_not_journalled(log: PostgresLog) -> None:
    paid = Paid()
    free = Call(provider="paid", request={"question": "free"}, journalled=False)

    await effects(log, paid).answer(free)
    await effects(log, paid).answer(free)

    assert paid.performed == 2
    assert await recorded(log.pool, [free.request_id]) == {}


async def test_no_more_calls_are_under_way_than_allowed(log: PostgresLog) -> None:
    paid = Paid()
    shared = effects(log, paid, in_flight=3)

    await asyncio.gather(*(shared.answer(Call(provider="paid", request={"n": n})) for n in range(20)))

    assert paid.performed == 20
    assert paid.most_at_once <= 3


async def test_a_call_past_its_deadline_may_be_tried_again(log: PostgresLog) -> None:
    paid = Paid(pause=asyncio.Event())

    answer = await effects(log, paid, deadline_s=0.05).answer(CALL)

    assert isinstance(answer, Failure)
    assert (answer.reason, answer.transient) == ("deadline", True)
    assert await recorded(log.pool, [CALL.request_id]) == {}


async def test_a_provider_that_is_not_set_is_a_failure_that_says_so(log: PostgresLog) -> None:
    answer = await effects(log, Paid()).answer(Call(provider="other", request={}))

    assert isinstance(answer, Failure)
    assert (answer.reason, answer.transient) == ("no_provider", False)


async def test_without_the_journal_nothing_is_asked(log: PostgresLog) -> None:
    paid = Paid()
    await log.close()

    with pytest.raises(Unavailable, match="journal"):
        await effects(log, paid).answer(CALL)

    assert paid.performed == 0


@pytest.mark.parametrize("content", [{"text": "cut off \ud83d"}, {"tool": {"input": {"n": 10**30}}}])
async def test_an_answer_that_cannot_be_kept_is_kept_as_unreadable_and_stops_nobody(
    log: PostgresLog, content: dict[str, object]
) -> None:
    """Models that are cut off say half an emoji; to raise here would end the process at every start."""
    paid = Paid(content=content)
    answers = [await effects(log, paid).answer(CALL) for _ in range(2)]

    assert isinstance(answers[0], Reply)
    assert answers[0].content["stop"] == "unreadable"
    assert "cannot be kept" in answers[0].content["why"]
    assert answers == [answers[0]] * 2
    assert paid.performed == 1


async def test_an_answer_that_cannot_be_read_is_the_same_for_a_redelivery(log: PostgresLog) -> None:
    """It came and may have been paid for; asked again under the same id it might be another one."""
    paid = Paid(failures=[Failure(reason="unreadable_answer", detail="no message", transient=True)])
    first = await effects(log, paid).answer(CALL)
    again = await effects(log, paid).answer(CALL)

    assert isinstance(first, Reply)
    assert (first.content["stop"], first.content["text"], first.content["tool"]) == ("unreadable", "", None)
    assert again == first
    assert paid.performed == 1


async def test_a_provider_that_raises_is_a_failure_and_shows_no_more_than_its_kind(log: PostgresLog) -> None:
    """What it says may quote the key it was given."""
    meet = asyncio.Barrier(2)
    await meet.abort()

    with capture_logs() as lines:
        answer = await effects(log, Paid(meet=meet)).answer(CALL)

    assert answer == Failure(reason="defect", detail="paid raised BrokenBarrierError", transient=True)
    assert [(line["event"], line["provider"]) for line in lines] == [("provider.failed", "paid")]
    assert await recorded(log.pool, [CALL.request_id]) == {}


async def test_calls_asked_at_once_in_one_process_share_one_answer(log: PostgresLog) -> None:
    paid = Paid()
    shared = effects(log, paid)

    answers = await asyncio.gather(*(shared.answer(CALL) for _ in range(20)))

    assert paid.performed == 1
    assert answers == [Reply(content={"answer": 1}, at_ms=1)] * 20


async def test_if_the_first_to_ask_gives_up_another_asks(log: PostgresLog) -> None:
    paid = Paid(pause=asyncio.Event())
    shared = effects(log, paid)
    assert paid.pause is not None
    first, second = (asyncio.create_task(shared.answer(CALL)) for _ in range(2))
    async with asyncio.timeout(30):
        while not paid.performed:
            await asyncio.sleep(0.001)
        first.cancel()
        paid.pause.set()
        answer = await second

    assert isinstance(answer, Reply)
    assert paid.performed == 2


async def test_many_answers_are_kept_in_few_statements(log: PostgresLog) -> None:
    statements: list[str] = []
    shared = effects(log, Paid(), in_flight=500)
    calls = [Call(provider="paid", request={"n": number}) for number in range(300)]
    real = log.pool.fetch

    async def counted(query: str, *arguments: object) -> Any:
        statements.append(query.split(maxsplit=1)[0])
        return await real(query, *arguments)

    shared.journal._pool = type("Counting", (), {"fetch": staticmethod(counted)})()
    answers = await asyncio.gather(*(shared.answer(call) for call in calls))

    kept = await recorded(log.pool, [call.request_id for call in calls])
    assert [kept[call.request_id] for call in calls] == answers
    assert len(statements) < 60


async def test_many_replies_are_recorded_in_one_go_and_those_that_were_first_hold(log: PostgresLog) -> None:
    calls = [Call(provider="paid", request={"n": number}) for number in range(4)]
    await record(log.pool, calls[2], Reply(content={"answer": "first"}, at_ms=1))
    pairs = [(call, Reply(content={"answer": number}, at_ms=2)) for number, call in enumerate(calls)]

    held = await record_all(log.pool, [*pairs, (calls[0], Reply(content={"answer": "again"}, at_ms=3))])

    assert [reply.content["answer"] for reply in held] == [0, 1, "first", 3, 0]


async def test_groups_that_overlap_in_another_order_do_not_stop_each_other(log: PostgresLog) -> None:
    calls = [Call(provider="paid", request={"n": number}) for number in range(200)]
    there = [(call, Reply(content={"by": "one"}, at_ms=1)) for call in calls]
    back = [(call, Reply(content={"by": "two"}, at_ms=1)) for call in reversed(calls)]
    async with asyncio.timeout(60):
        one, two = await asyncio.gather(record_all(log.pool, there), record_all(log.pool, back))

    assert one == list(reversed(two))


async def test_a_hostile_name_of_a_model_is_kept_without_what_cannot_be(log: PostgresLog) -> None:
    about = About(purpose="judging", subject="pair\0", slice="\ud83d", asked_by="judge")
    hostile = Reply(content={"model": "m\0" + "x" * 5000}, at_ms=1)

    await record(log.pool, replace(CALL, about=about), hostile)

    row = await log.pool.fetchrow("select model, subject, slice from journal")
    assert row is not None
    assert tuple(row) == ("m\N{REPLACEMENT CHARACTER}" + "x" * 198, "pair\N{REPLACEMENT CHARACTER}", "?")


async def test_one_answer_that_cannot_be_kept_does_not_take_others_with_it(log: PostgresLog) -> None:
    bad = Call(provider="bad", request={})
    shared = JournalledEffects(
        pool=log.pool,
        providers={"paid": Paid(), "bad": Paid(content={"text": "\ud83d"})},
        in_flight=8,
        deadline_s=30.0,
    )

    good, unkept = await asyncio.gather(shared.answer(CALL), shared.answer(bad))

    assert isinstance(good, Reply)
    assert isinstance(unkept, Reply)
    assert unkept.content["stop"] == "unreadable"
    with pytest.raises(Unkeepable):
        await record(log.pool, bad, Reply(content={"text": "\ud83d"}, at_ms=1))


async def test_the_purse_is_asked_before_and_told_after_and_a_known_answer_is_free(log: PostgresLog) -> None:
    purse = ToldPurse()
    shared = effects(log, Paid(), purse=purse)

    first = await shared.answer(CALL)
    again = await shared.answer(CALL)

    assert purse.told == [("admit", CALL.request_id), ("priced", 1), ("settled", 7)]
    assert first == again == Reply(content={"answer": 1, "cost_nanousd": 7}, at_ms=1)


async def test_an_empty_purse_keeps_the_call_waiting_and_nobody_is_asked(log: PostgresLog) -> None:
    paid = Paid()
    answer = await effects(log, paid, purse=ToldPurse(left=0)).answer(CALL)

    assert isinstance(answer, Failure)
    assert (answer.reason, answer.waiting, paid.performed) == ("budget_day", True, 0)


@pytest.mark.parametrize("how", ["failure", "cancelled", "no turn"])
async def test_what_was_set_aside_for_a_call_without_a_reply_is_given_back(
    log: PostgresLog, how: str
) -> None:
    purse, paid = ToldPurse(), Paid(pause=asyncio.Event())
    assert paid.pause is not None
    shared = effects(log, paid, purse=purse)
    if how == "failure":
        paid.failures.append(Failure(reason="server_error", detail="500", transient=True))
        paid.pause.set()
    if how == "no turn":
        shared.limits.stop()
    asking = asyncio.create_task(shared.answer(CALL))
    async with asyncio.timeout(30):
        while how == "cancelled" and not paid.performed:
            await asyncio.sleep(0.001)
        if how == "cancelled":
            asking.cancel()
        await asyncio.wait([asking])

    assert purse.told == [("admit", CALL.request_id), ("settled", None)]


async def test_an_answer_that_was_paid_is_kept_though_its_caller_has_gone(log: PostgresLog) -> None:
    purse = ToldPurse()
    shared = effects(log, Paid(), purse=purse)
    asking = asyncio.create_task(shared.answer(CALL))
    async with asyncio.timeout(30):
        while ("priced", 1) not in purse.told:
            await asyncio.sleep(0)
        asking.cancel()
        await asyncio.wait([asking])
        await shared.aclose()

    assert CALL.request_id in await recorded(log.pool, [CALL.request_id])
    assert purse.told[-1] == ("settled", 7)


@dataclass
class SlowFirst:
    """A provider whose first answer to the call waits until it is let go."""

    let_go: asyncio.Event = field(default_factory=asyncio.Event)
    asked: int = 0

    async def answer(self, call: Call) -> Answer:
        if call != CALL:
            return Reply(content={"answer": 0}, at_ms=1)
        self.asked += 1
        number = self.asked
        if number == 1:
            await self.let_go.wait()
        return Reply(content={"answer": number}, at_ms=number)


async def test_when_hedging_the_first_answer_wins_and_both_are_paid_and_kept(log: PostgresLog) -> None:
    slow, purse = SlowFirst(), ToldPurse()
    shared = JournalledEffects(
        pool=log.pool,
        providers={"paid": slow},
        in_flight=8,
        deadline_s=30.0,
        purse=purse,
        settings=LimitSettings(hedge=True),
    )
    for number in range(60):
        await shared.answer(Call(provider="paid", request={"n": number}))
    purse.told.clear()
    async with asyncio.timeout(30):
        answer = await shared.answer(CALL)
        slow.let_go.set()
        await shared.aclose()

    assert isinstance(answer, Reply)
    assert (answer.content["answer"], slow.asked) == (2, 2)
    ids = [CALL.request_id, f"{CALL.request_id}:hedge"]
    kept = await recorded(log.pool, ids)
    assert [kept[one].content["answer"] for one in ids] == [2, 1]
    assert [told for told, _ in purse.told].count("settled") == 2
    assert sum(1 for told, _ in purse.told if told == "admit") == 2


async def test_when_hedging_two_failures_are_one(log: PostgresLog) -> None:
    paid = Paid()
    shared = effects(log, paid, settings=LimitSettings(hedge=True))
    for number in range(60):
        await shared.answer(Call(provider="paid", request={"n": number}))
    down = Failure(reason="server_error", detail="500", transient=True)
    paid.failures, paid.meet = [down, down], asyncio.Barrier(2)
    async with asyncio.timeout(30):
        assert await shared.answer(CALL) == down


async def test_once_stopping_calls_under_way_end_and_no_other_begins(log: PostgresLog) -> None:
    paid, stop = Paid(pause=asyncio.Event()), asyncio.Event()
    assert paid.pause is not None
    shared = effects(log, paid)
    holding = asyncio.create_task(shared.stop_with(stop))
    begun = asyncio.create_task(shared.answer(CALL))
    async with asyncio.timeout(30):
        while not paid.performed:
            await asyncio.sleep(0.001)
        stop.set()
        await holding
        late = await shared.answer(Call(provider="paid", request={"late": True}))
        paid.pause.set()
        assert isinstance(await begun, Reply)

    assert isinstance(late, Failure)
    assert (late.reason, late.waiting) == ("stopping", True)
    assert paid.performed == 1
