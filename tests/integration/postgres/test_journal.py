"""The journal on a real server: an answer that was had once is never paid for again."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import orjson
import pytest
from structlog.testing import capture_logs

from prefstream.adapters.postgres.journal import record, recorded
from prefstream.adapters.postgres.log import PostgresLog
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
    log: PostgresLog, paid: Paid, *, in_flight: int = 8, deadline_s: float = 30.0
) -> JournalledEffects:
    return JournalledEffects(
        pool=log.pool, providers={"paid": paid}, in_flight=in_flight, deadline_s=deadline_s
    )


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
async def test_an_answer_that_cannot_be_kept_may_be_asked_for_again_and_stops_nobody(
    log: PostgresLog, content: dict[str, object]
) -> None:
    """Models that are cut off say half an emoji; to raise here would end the process at every start."""
    answer = await effects(log, Paid(content=content)).answer(CALL)

    assert isinstance(answer, Failure)
    assert (answer.reason, answer.transient) == ("unreadable_answer", True)
    assert "paid" in answer.detail
    assert await recorded(log.pool, [CALL.request_id]) == {}


async def test_a_provider_that_raises_is_a_failure_and_shows_no_more_than_its_kind(log: PostgresLog) -> None:
    """What it says may quote the key it was given."""
    meet = asyncio.Barrier(2)
    await meet.abort()

    with capture_logs() as lines:
        answer = await effects(log, Paid(meet=meet)).answer(CALL)

    assert answer == Failure(reason="defect", detail="paid raised BrokenBarrierError", transient=True)
    assert [(line["event"], line["provider"]) for line in lines] == [("provider.failed", "paid")]
    assert await recorded(log.pool, [CALL.request_id]) == {}
