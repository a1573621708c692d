"""A stage's work on Kafka: counted as received when taken, as ended only when acknowledged."""

from collections.abc import Sequence
from typing import cast

import asyncpg
import pytest
from tests.unit.streams.scripted import Answers, Asking, a_submission, an_engine

from prefstream.agents.stage import Answer, Call, Given, Outcome, Reply, Retry
from prefstream.schemas.envelope import Event
from prefstream.schemas.errors import Unavailable
from prefstream.schemas.records import LogRecord
from prefstream.schemas.topics import DEAD_LETTERS, JUDGING_RETRY, PROMPTS_CURATED
from prefstream.streams.engine import Engine
from prefstream.streams.kafka_runner import KafkaWork, run_stage

#: A stage without state saves none, so the pool is never used.
NO_POOL = cast("asyncpg.Pool", None)


def work_of(engine: Engine) -> KafkaWork:
    return KafkaWork(engine, NO_POOL)


def a_run(first: int, count: int) -> Sequence[LogRecord]:
    return [a_submission(number) for number in range(first, first + count)]


async def test_a_run_is_in_flight_until_it_is_acknowledged() -> None:
    engine = an_engine(Asking())
    work = work_of(engine)

    outputs = await work(a_run(0, 5))
    before = (engine.tally.received, engine.tally.done, engine.tally.in_flight)
    work.acked(outputs)

    assert before == (5, 0, 5)
    assert (engine.tally.done, engine.tally.in_flight, engine.tally.outputs) == (5, 0, 5)


async def test_runs_are_counted_apart_in_whatever_order_they_are_acknowledged() -> None:
    engine = an_engine(Asking())
    work = work_of(engine)
    runs = [await work(a_run(start, count)) for start, count in ((0, 3), (3, 4), (7, 2))]

    ended = []
    for place in (1, 2, 0):
        work.acked(runs[place])
        ended.append(engine.tally.done)

    assert ended == [4, 6, 9]
    assert engine.tally.in_flight == 0


async def test_runs_without_outputs_are_told_apart_too() -> None:
    """Empty outputs of two runs may be equal; the run that is acknowledged is the one that is counted."""
    engine = an_engine(Asking(says=lambda event, given: Outcome()))
    work = work_of(engine)
    first, second = await work(a_run(0, 3)), await work(a_run(3, 1))

    work.acked(second)
    assert engine.tally.done == 1
    work.acked(first)
    assert engine.tally.done == 4


async def test_a_run_that_an_absent_server_stopped_says_nothing_and_stays_in_flight() -> None:
    class Away(Answers):
        async def answer(self, call: Call) -> Answer:
            raise Unavailable("the journal cannot be reached")

    def asks(event: Event, given: Given) -> Sequence[Call]:
        return [Call(provider="paid", request={"of": event.subject})]

    engine = an_engine(Asking(asks=asks), Away(lambda call: Reply(content={}, at_ms=0)))

    with pytest.raises(Unavailable, match="journal"):
        await work_of(engine)(a_run(0, 3))

    assert (engine.tally.received, engine.tally.in_flight) == (3, 3)


async def test_every_fate_leaves_in_the_order_of_the_run() -> None:
    def says(event: Event, given: Given) -> Outcome:
        if event.subject == "prompt-1":
            return Outcome(detour=Retry(reason="overloaded", detail="529", after_s=1.0))
        if event.subject == "prompt-2":
            raise ZeroDivisionError("a defect")
        return Asking().says(event, given)

    engine = an_engine(Asking(says=says))
    work = work_of(engine)
    outputs = await work(a_run(0, 4))
    work.acked(outputs)

    assert [out.topic for out in outputs] == [
        PROMPTS_CURATED.name,
        JUDGING_RETRY.name,
        DEAD_LETTERS.name,
        PROMPTS_CURATED.name,
    ]
    tally = engine.tally
    assert (tally.done, tally.retry, tally.dead, tally.in_flight) == (2, 1, 1, 0)


def test_the_shell_gets_what_the_stage_says_of_itself() -> None:
    stage = run_stage(an_engine(Asking()), NO_POOL, in_flight=3, run_length=7)

    assert (stage.name, stage.topics, stage.ordered) == ("judging", ("prompts.submitted.v1",), False)
    assert (stage.in_flight, stage.run_length) == (3, 7)
