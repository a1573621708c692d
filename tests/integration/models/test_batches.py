"""Message batches against the stand-in and a real database: every answer is had once, whatever crashes."""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from prefstream.adapters.models.anthropic_batches import AnthropicBatches, Result, VendorBatch
from prefstream.adapters.postgres.batches import Batches, Settlement, enqueue
from prefstream.adapters.postgres.journal import recorded
from prefstream.adapters.postgres.migrations import upgrade
from prefstream.adapters.stand_in.options import Options
from prefstream.adapters.stand_in.server import running
from prefstream.adapters.stand_in.state import StandIn
from prefstream.schemas.calls import About, Call, Failure, Reply
from prefstream.streams.batch_loop import BatchLoop, BatchPace
from prefstream.streams.batching import IN_BATCH, BatchArrivals, BatchedModel
from prefstream.streams.effects import JournalledEffects

pytestmark = pytest.mark.postgres

KEY = "sk-test-77aa"
PACE = BatchPace(size=10_000, interval_s=0.0, poll_s=0.01, grace_s=0.0)
TOOL = {
    "name": "record_verdict",
    "description": "Record it.",
    "input_schema": {"type": "object", "properties": {"verdict": {"enum": ["A>", "B>"]}}},
}
CRASHES = ("before asking", "before the answer is noted", "under way", "while recording", "between results")


class Crash(Exception):
    """The process is gone from one moment to the next."""


def calls(count: int) -> list[Call]:
    return [a_call(number) for number in range(count)]


async def together(asked: Sequence[Call]) -> AsyncIterator[Sequence[Call]]:
    yield asked


def a_call(number: int, **changes: Any) -> Call:
    request = {
        "model": "m-1",
        "max_tokens": 500,
        "system": "You judge.",
        "messages": [{"role": "user", "content": f"Pair {number // 2}, order {number % 2}"}],
        "tools": [TOOL],
        "tool": "record_verdict",
    }
    about = About(purpose="judging", subject=f"pair-{number // 2}", slice="code", asked_by="judge")
    return Call(provider="anthropic", request=request | changes, about=about)


@dataclass
class Scene:
    """A database, a stand-in, and processes that come and go."""

    pool: asyncpg.Pool
    stand_in: StandIn
    dsn: str
    clock_ms: int = 0
    connections: list[asyncpg.Connection] = field(default_factory=list)
    vendors: list[AnthropicBatches] = field(default_factory=list)

    async def process(
        self,
        *,
        vendor: type[AnthropicBatches] = AnthropicBatches,
        batches: type[Batches] = Batches,
        **more: Any,
    ) -> BatchLoop:
        """Start a process: what it does not find in the database it does not know."""
        connection = await asyncpg.connect(self.dsn)
        self.connections.append(connection)
        talk = vendor(api_key=KEY, base_url=self.stand_in.url, timeout_s=20.0)
        self.vendors.append(talk)
        return BatchLoop(batches=batches(connection), vendor=talk, **{"pace": PACE, **more})

    async def until_answered(self, loop: BatchLoop, asked: Sequence[Call]) -> None:
        async with asyncio.timeout(60):
            while len(await recorded(self.pool, [call.request_id for call in asked])) < len(asked):
                await loop.step()
                await asyncio.sleep(0.01)

    async def states(self) -> dict[str, int]:
        rows = await self.pool.fetch("select state, count(*) as n from batch_calls group by state")
        return {row["state"]: row["n"] for row in rows}

    def counts(self) -> dict[str, Any]:
        return self.stand_in.counts.told(every=False)


@pytest_asyncio.fixture
async def scene(postgres_dsn: str, request: pytest.FixtureRequest) -> AsyncIterator[Scene]:
    """Give a scene; its stand-in behaves as the test's parameter says."""
    options: Options = getattr(request, "param", Options(batch_s=0.05))
    connection = await asyncpg.connect(postgres_dsn)
    await upgrade(connection)
    await connection.close()
    pool = await asyncpg.create_pool(postgres_dsn, min_size=1, max_size=4)
    async with running(options) as stand_in:
        made = Scene(pool=pool, stand_in=stand_in, dsn=postgres_dsn)
        yield made
        for vendor in made.vendors:
            await vendor.aclose()
        for one in made.connections:
            one.terminate()
    pool.terminate()


async def test_every_queued_call_is_answered_once_and_marked_as_batched(scene: Scene) -> None:
    asked = calls(20)
    await enqueue(scene.pool, asked, now_ms=0)
    await enqueue(scene.pool, asked, now_ms=0)

    await scene.until_answered(await scene.process(), asked)

    told = await recorded(scene.pool, [call.request_id for call in asked])
    assert {reply.content["batched"] for reply in told.values()} == {True}
    assert {reply.content["tool"]["input"]["verdict"] for reply in told.values()} == {"A>", "B>"}
    assert {reply.content.get("stand_in") for reply in told.values()} == {True}
    assert scene.counts()["paid"] == scene.counts()["distinct"] == 20
    rows = await scene.pool.fetch("select distinct subject, purpose, slice, asked_by, batched from journal")
    assert ("pair-3", "judging", "code", "judge", True) in [tuple(row) for row in rows]


class DiesBeforeAsking(AnthropicBatches):
    async def create(self, calls: AsyncIterable[Sequence[Call]]) -> VendorBatch | Failure:
        raise Crash


class DiesBeforeTheAnswerIsNoted(AnthropicBatches):
    async def create(self, calls: AsyncIterable[Sequence[Call]]) -> VendorBatch | Failure:
        await super().create(calls)
        raise Crash


class DiesUnderWay(AnthropicBatches):
    async def batch(self, vendor_id: str) -> VendorBatch | Failure:
        raise Crash


class DiesBetweenResults(AnthropicBatches):
    async def results(
        self, vendor_id: str, take: Callable[[Sequence[Result]], Awaitable[bool]]
    ) -> Failure | None:
        async def die_after(results: Sequence[Result]) -> bool:
            await take(results)
            raise Crash

        return await super().results(vendor_id, die_after)


class DiesWhileRecording(Batches):
    async def settle(self, settlement: Settlement) -> None:
        async with self._connection.transaction():
            await super().settle(settlement)
            raise Crash


DYING: dict[str, dict[str, Any]] = {
    "before asking": {"vendor": DiesBeforeAsking},
    "before the answer is noted": {"vendor": DiesBeforeTheAnswerIsNoted},
    "under way": {"vendor": DiesUnderWay},
    "between results": {"vendor": DiesBetweenResults},
    "while recording": {"batches": DiesWhileRecording},
}


@pytest.mark.parametrize("moment", CRASHES)
async def test_a_crash_at_any_moment_loses_nothing_and_pays_nothing_twice(scene: Scene, moment: str) -> None:
    asked = calls(500)
    await enqueue(scene.pool, asked, now_ms=0)
    with pytest.raises(Crash):
        await scene.until_answered(await scene.process(**DYING[moment]), asked)

    await scene.until_answered(await scene.process(), asked)

    assert scene.counts()["paid"] == scene.counts()["distinct"] == 500
    assert await scene.pool.fetchval("select count(*) from journal") == 500
    assert await scene.states() == {"answered": 500}
    batches = await scene.pool.fetch("select state from batches where vendor_id is not null")
    assert len(batches) == len(scene.stand_in.batches) == 1


async def test_one_crash_after_another_is_survived_too(scene: Scene) -> None:
    asked = calls(60)
    await enqueue(scene.pool, asked, now_ms=0)
    for moment in CRASHES:
        with pytest.raises(Crash):
            await scene.until_answered(await scene.process(**DYING[moment]), asked)

    # The last of them left nothing undone but the note that all was done.
    await scene.until_answered(await scene.process(), asked)

    assert scene.counts()["paid"] == scene.counts()["distinct"] == 60


async def test_a_batch_of_somebody_else_of_the_same_size_is_not_taken_for_ours(scene: Scene) -> None:
    asked = calls(8)
    await enqueue(scene.pool, asked, now_ms=0)
    with pytest.raises(Crash):
        await scene.until_answered(await scene.process(vendor=DiesBeforeAsking), asked)
    other = await scene.process()
    foreign = await other.vendor.create(together([a_call(100 + number) for number in range(8)]))
    assert isinstance(foreign, VendorBatch)

    await scene.until_answered(other, asked)

    adopted = await scene.pool.fetch("select vendor_id from batches where vendor_id is not null")
    assert foreign.vendor_id not in [row["vendor_id"] for row in adopted]
    assert scene.counts()["paid_more_than_once"] == 0


async def test_a_batch_is_not_looked_for_before_the_list_must_show_it(scene: Scene) -> None:
    asked = calls(4)
    await enqueue(scene.pool, asked, now_ms=0)
    with pytest.raises(Crash):
        await scene.until_answered(await scene.process(vendor=DiesBeforeAsking), asked)
    patient = BatchPace(size=10, interval_s=0.0, poll_s=0.01, grace_s=3600.0)

    await (await scene.process(pace=patient)).step()

    assert await scene.states() == {"sent": 4}
    assert scene.stand_in.batches == {}


@pytest.mark.parametrize(
    "scene", [Options(batch_s=0.01, batch_error_rate=0.3, batch_expiry_rate=0.3)], indirect=True
)
async def test_what_errs_or_expires_is_sent_again_and_given_up_after_three_times(scene: Scene) -> None:
    asked = calls(100)
    await enqueue(scene.pool, asked, now_ms=0)
    loop = await scene.process()
    async with asyncio.timeout(60):
        while set(await scene.states()) & {"queued", "sent"}:
            await loop.step()

    states = await scene.states()
    assert states["answered"] + states["failed"] == 100
    assert 5 <= states["failed"] <= 40, "0.6 of them fail each time, three times"
    assert await scene.pool.fetchval("select max(tries) from batch_calls") == 3
    assert scene.counts()["paid_more_than_once"] == 0
    told = [one for one in await enqueue(scene.pool, asked, now_ms=0) if one is not None]
    assert len(told) == states["failed"]
    assert {(one.reason, one.transient) for one in told} == {("batch_failed", False)}


async def test_a_request_that_the_vendor_cannot_read_is_not_sent_again(scene: Scene) -> None:
    bad = a_call(1, messages=[])
    await enqueue(scene.pool, [bad, a_call(2)], now_ms=0)
    await scene.until_answered(await scene.process(), [a_call(2)])

    assert await scene.states() == {"answered": 1, "failed": 1}
    (told,) = await enqueue(scene.pool, [bad], now_ms=0)
    assert told is not None
    assert "at least one" in told.detail


@pytest.mark.parametrize("scene", [Options(batch_s=0.01, key="another")], indirect=True)
async def test_calls_wait_while_the_vendor_takes_no_batch(scene: Scene) -> None:
    await enqueue(scene.pool, calls(5), now_ms=0)
    loop = await scene.process()

    await loop.step()
    await loop.step()

    assert await scene.states() == {"queued": 5}
    assert await scene.pool.fetchval("select max(tries) from batch_calls") == 0
    assert await scene.pool.fetchval("select count(*) from batches") == 1, "it asked once and then paused"


@pytest.mark.parametrize("scene", [Options(batch_s=0.01, error_rate=0.5, faults=("cut_off",))], indirect=True)
async def test_answers_that_break_off_are_taken_up_again(scene: Scene) -> None:
    asked = calls(600)
    await enqueue(scene.pool, asked, now_ms=0)

    await scene.until_answered(await scene.process(), asked)

    assert scene.counts()["faults"].get("cut_off", 0) >= 1
    assert scene.counts()["paid_more_than_once"] == 0


async def test_a_batch_holds_no_more_calls_than_set(scene: Scene) -> None:
    asked = calls(25)
    await enqueue(scene.pool, asked, now_ms=0)
    pace = BatchPace(size=10, interval_s=0.0, poll_s=0.01, grace_s=0.0)

    await scene.until_answered(await scene.process(pace=pace), asked)

    assert sorted(len(batch.lines) for batch in scene.stand_in.batches.values()) == [5, 10, 10]


async def test_a_few_calls_wait_for_others_until_it_is_time(scene: Scene) -> None:
    await enqueue(scene.pool, calls(3), now_ms=1_000)
    pace = BatchPace(size=10, interval_s=60.0, poll_s=0.01, grace_s=0.0)
    now = [50_000]
    loop = await scene.process(pace=pace, clock_ms=lambda: now[0])

    await loop.step()
    assert await scene.states() == {"queued": 3}
    now[0] = 61_000
    await loop.step()

    assert await scene.states() == {"sent": 3}


async def test_who_looked_at_the_journal_too_early_does_not_queue_an_answered_call_again(
    scene: Scene,
) -> None:
    asked = calls(2)
    await enqueue(scene.pool, asked, now_ms=0)
    loop = await scene.process()
    await scene.until_answered(loop, asked)

    assert await enqueue(scene.pool, asked, now_ms=0) == [None, None]

    assert await scene.states() == {"answered": 2}


@dataclass
class Purse:
    """A purse with room for so many calls."""

    room: int
    kept: list[str] = field(default_factory=list)
    given_back: list[str] = field(default_factory=list)

    async def admit(self, call: Call) -> Failure | None:
        if self.room == 0:
            return Failure(reason="budget", detail="all spent", transient=True, waiting=True)
        self.room -= 1
        return None

    def priced(self, call: Call, reply: Reply) -> Reply:
        return Reply(content={**reply.content, "cost_nanousd": 500}, at_ms=reply.at_ms)

    async def settled(self, call: Call, reply: Reply | None) -> None:
        (self.kept if reply else self.given_back).append(call.request_id)


async def test_only_what_there_is_money_for_is_sent_and_each_answer_has_its_price(scene: Scene) -> None:
    asked = calls(6)
    await enqueue(scene.pool, asked, now_ms=0)
    purse = Purse(room=4)
    loop = await scene.process(purse=purse)
    async with asyncio.timeout(30):
        while len(purse.kept) < 4:
            await loop.step()

    assert await scene.states() == {"answered": 4, "queued": 2}
    assert await scene.pool.fetchval("select sum(cost_nanousd) from journal") == 2000
    assert purse.given_back == []


async def test_a_record_waits_for_its_batch_and_then_finds_its_answers(scene: Scene) -> None:
    effects = JournalledEffects(
        pool=scene.pool, providers={"anthropic": BatchedModel(scene.pool)}, in_flight=8, deadline_s=20.0
    )
    arrivals = BatchArrivals(scene.pool)
    asked = calls(4)
    before = await arrivals.progress()

    first = [await effects.answer(call) for call in asked]
    waiting = await arrivals.arrived({"pair-0", "pair-1"})
    await scene.until_answered(await scene.process(), asked)
    after = await arrivals.arrived({"pair-0", "pair-1"})
    second = [await effects.answer(call) for call in asked]

    assert {(one.reason, one.waiting) for one in first if isinstance(one, Failure)} == {(IN_BATCH, True)}
    assert not waiting
    assert after == {"pair-0", "pair-1"}
    assert await arrivals.progress() != before
    assert all(isinstance(one, Reply) for one in second)


async def test_half_a_character_in_an_answer_costs_that_character_only(scene: Scene) -> None:
    vendor = AnthropicBatches(api_key=KEY, base_url=scene.stand_in.url)
    scene.vendors.append(vendor)
    made = await vendor.create(together([a_call(1, tools=[], tool="")]))
    assert isinstance(made, VendorBatch)
    batch = scene.stand_in.batches[made.vendor_id]
    batch.lines = [batch.lines[0].replace(b"Stand-in answer", rb"cut \ud83d here")]
    found: list[Result] = []

    async def take(results: Sequence[Result]) -> bool:
        found.extend(results)
        return True

    async with asyncio.timeout(20):
        while await vendor.results(made.vendor_id, take) is not None:
            await asyncio.sleep(0.01)

    (answer,) = [result.answer for result in found]
    assert isinstance(answer, Reply)
    assert "cut \N{REPLACEMENT CHARACTER} here" in answer.content["text"]
