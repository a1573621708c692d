"""A stage with state that makes calls: asked side by side, concluded in order, saved before it is said."""

import asyncio
from collections.abc import Callable

from tests.factories import NOON_MS, a_record
from tests.unit.streams.scripted import (
    Answers,
    Counting,
    KeptStates,
    MemoryIntake,
    MemoryWriter,
    a_submission,
    an_engine,
    curated,
)

from prefstream.adapters.postgres.states import StoredState
from prefstream.agents.stage import Answer, Call, Failure, Given, Needs, Outcome, Reply, Retry
from prefstream.schemas.codec import decode
from prefstream.schemas.dead_letters import Detour, detoured
from prefstream.schemas.envelope import Event
from prefstream.schemas.records import LogRecord
from prefstream.streams.engine import Engine, Prepared
from prefstream.streams.retries import RetryLoop

REPLY = Reply(content={"ok": True}, at_ms=0)


class Naming(Counting):
    """Asks for a name unless one is known for the event's key, and remembers the first it is told."""

    def needs(self, event: Event, given: Given) -> Needs:
        key = frozenset({event.subject})
        if event.subject not in given.states or given.states[event.subject]:
            return Needs(keys=key)
        return Needs(keys=key, calls=(self.call(event),))

    def handle(self, event: Event, given: Given) -> Outcome:
        known = given.states[event.subject]
        if known:
            return Outcome(events=[curated(event, note=known.decode())])
        answer = given.answers[self.call(event).request_id]
        if isinstance(answer, Failure):
            return Outcome(detour=Retry(reason=answer.reason, detail=answer.detail, after_s=0))
        name = f"named-by-{event.event_id}"
        return Outcome(events=[curated(event, note=name)], states={event.subject: name.encode()})

    def call(self, event: Event) -> Call:
        return Call(provider="scripted", request={"about": event.subject})


def names(prepared: Prepared) -> list[str]:
    return [decode(out.value).model_dump()["slice"] for out in prepared.outputs]


def an_asking_engine(reply: Callable[[Call], Answer] = lambda _: REPLY) -> tuple[Engine, Answers]:
    answers = Answers(reply)
    return an_engine(Naming(), answers), answers


async def test_the_first_of_a_key_decides_for_those_after_it_and_each_call_is_made_once() -> None:
    engine, answers = an_asking_engine()
    records = [a_submission(n, key="ab"[n % 2]) for n in range(6)]

    prepared = await engine.prepare(records)

    ids = [decode(record.value).event_id for record in records]
    assert names(prepared) == [f"named-by-{ids[n % 2]}" for n in range(6)]
    assert len(answers.asked) == 2, "who asks the same asks once"
    assert set(prepared.states) == {"a", "b"}


async def test_calls_of_a_batch_are_under_way_together() -> None:
    everybody = asyncio.Barrier(4)

    class Meeting(Answers):
        async def answer(self, call: Call) -> Answer:
            await asyncio.wait_for(everybody.wait(), 20)
            return REPLY

    engine = an_engine(Naming(), Meeting(lambda _: REPLY))
    prepared = await engine.prepare([a_submission(n) for n in range(4)])

    assert prepared.done == 4


async def test_nobody_is_asked_about_what_is_known() -> None:
    engine, answers = an_asking_engine()
    engine.states = KeptStates({"a": StoredState(value=b"known", version=3)})

    prepared = await engine.prepare([a_submission(0, key="a")])

    assert (names(prepared), prepared.states, answers.asked) == (["known"], {}, [])


async def test_a_failure_puts_off_its_own_record_and_leaves_no_state() -> None:
    def reply(call: Call) -> Answer:
        bad = call.request["about"] == "prompt-1"
        return Failure(reason="overloaded", detail="529", transient=True) if bad else REPLY

    engine, _ = an_asking_engine(reply)
    prepared = await engine.prepare([a_submission(n) for n in range(3)])

    assert (prepared.done, prepared.retry) == (2, 1)
    assert set(prepared.states) == {"prompt-0", "prompt-2"}
    assert prepared.outputs[1].topic == "counting.retry.v1"


def a_waiting(record: LogRecord, offset: int) -> LogRecord:
    told = Detour(
        stage="counting",
        topic=record.topic,
        partition=0,
        offset=record.offset,
        reason="overloaded",
        detail="529",
        attempt=1,
        not_before_ms=0,
    )
    out = detoured(record, told, topic="counting.retry.v1")
    return a_record(
        topic=out.topic, key=out.key, value=out.value, headers=out.headers, offset=offset, partition=0
    )


async def test_a_retry_saves_its_states_before_it_says_anything_and_decides_anew_after_a_conflict() -> None:
    engine, _ = an_asking_engine()
    states = KeptStates()
    engine.states = states
    stop, writer = asyncio.Event(), MemoryWriter()
    intake = MemoryIntake([[a_waiting(a_submission(0, key="a"), 0)]], stop)
    saved: list[Prepared] = []

    async def save(prepared: Prepared) -> bool:
        assert writer.appended == [], "nothing is said before it is saved"
        if not saved:
            # Somebody else was first meanwhile.
            states.kept["a"] = StoredState(value=b"somebody", version=1)
        saved.append(prepared)
        return len(saved) > 1

    loop = RetryLoop(engine=engine, intake=intake, writer=writer, saved=save, clock_ms=lambda: NOON_MS)
    await asyncio.wait_for(loop.run(stop), 20)

    assert [decode(out.value).model_dump()["slice"] for out in writer.appended] == ["somebody"]
    assert [bool(prepared.states) for prepared in saved] == [True, False]
    assert (engine.tally.received, engine.tally.done) == (1, 1)
    assert intake.positions == {("counting.retry.v1", 0): 1}
