"""The engine: every record ends once, a defect stops nobody, an absent server says nothing."""

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.factories import a_record
from tests.unit.streams.scripted import (
    Answers,
    Asking,
    Counting,
    KeptStates,
    a_submission,
    an_engine,
    curated,
)

from prefstream.adapters.postgres.states import StoredState
from prefstream.agents.stage import Answer, Call, Failure, Given, Needs, Outcome, Refusal, Reply, Retry
from prefstream.schemas.codec import decode
from prefstream.schemas.dead_letters import detour_of
from prefstream.schemas.envelope import Event
from prefstream.schemas.errors import Unavailable
from prefstream.schemas.records import OutRecord
from prefstream.streams.engine import MAX_ROUNDS, Engine, Tally

REPLY = Reply(content={"ok": True}, at_ms=0)


def call_of(event: Event, round_number: int = 0, *, journalled: bool = True) -> Call:
    request = {"event": event.event_id, "round": round_number}
    return Call(provider="scripted", request=request, journalled=journalled)


def reasons(outputs: Sequence[OutRecord]) -> list[str]:
    found = (detour_of(a_record(headers=out.headers)) for out in outputs)
    return [detour.reason for detour in found if detour is not None]


def adds_up(tally: Tally) -> bool:
    return tally.received == tally.done + tally.retry + tally.dead + tally.in_flight and tally.in_flight >= 0


@given(st.lists(st.sampled_from(["done", "retry", "refuse", "raise", "poison"]), max_size=30), st.booleans())
def test_in_is_done_and_retry_and_dead_and_in_flight(fates: list[str], asks: bool) -> None:
    def handle(event: Event, given: Given) -> Outcome:
        match fates[int(event.subject.removeprefix("prompt-"))]:
            case "retry":
                return Outcome(detour=Retry(reason="busy", detail="", after_s=1))
            case "refuse":
                return Outcome(detour=Refusal(reason="never", detail=""))
            case "raise":
                raise ZeroDivisionError("a defect")
            case _:
                return Outcome(events=[curated(event)])

    stage = Asking(says=handle, asks=lambda event, given: [call_of(event)] if asks else [])
    records = [
        a_submission(n) if fate != "poison" else a_record(offset=n, value=b"{")
        for n, fate in enumerate(fates)
    ]
    engine = an_engine(stage, Answers(lambda _: REPLY))

    engine.received(len(records))
    assert engine.tally.in_flight == len(records)
    prepared = asyncio.run(engine.prepare(records))
    assert adds_up(engine.tally)
    engine.committed(prepared)

    assert adds_up(engine.tally)
    assert engine.tally.in_flight == 0
    assert engine.tally.done == fates.count("done")
    assert engine.tally.retry == fates.count("retry")
    assert engine.tally.dead == sum(fates.count(fate) for fate in ("refuse", "raise", "poison"))
    assert engine.tally.outputs == len(records)


async def test_a_stage_that_raises_makes_a_dead_letter_with_its_cause_and_the_others_go_on() -> None:
    def handle(event: Event, given: Given) -> Outcome:
        if event.subject == "prompt-1":
            raise ZeroDivisionError("the cause")
        return Outcome(events=[curated(event)])

    records = [a_submission(n) for n in range(3)]
    prepared = await an_engine(Asking(says=handle)).prepare(records)

    assert (prepared.done, prepared.dead) == (2, 1)
    assert [out.topic for out in prepared.outputs] == [
        "prompts.curated.v1",
        "dead-letters.v1",
        "prompts.curated.v1",
    ]
    letter = prepared.outputs[1]
    told = detour_of(a_record(headers=letter.headers))
    assert told is not None
    assert (told.reason, told.detail) == ("defect", "ZeroDivisionError: the cause")
    assert (told.topic, told.partition, told.offset) == ("prompts.submitted.v1", 0, 1)
    assert letter.value == records[1].value


async def test_a_stage_that_raises_when_it_is_asked_for_its_needs_is_a_dead_letter_too() -> None:
    def asks(event: Event, given: Given) -> list[Call]:
        raise LookupError("no such thing")

    prepared = await an_engine(Asking(asks=asks)).prepare([a_submission(0)])

    assert reasons(prepared.outputs) == ["defect"]


async def test_a_server_that_is_away_says_nothing() -> None:
    def reply(call: Call) -> Answer:
        raise Unavailable("the journal cannot be reached")

    engine = an_engine(Asking(asks=lambda event, given: [call_of(event)]), Answers(reply))
    engine.received(3)

    with pytest.raises(Unavailable, match="journal"):
        await engine.prepare([a_submission(n) for n in range(3)])

    assert (engine.tally.in_flight, engine.tally.outputs) == (3, 0)


@pytest.mark.parametrize("journalled", [True, False])
async def test_a_stage_that_never_stops_asking_comes_to_an_end(*, journalled: bool) -> None:
    stage = Asking(asks=lambda event, given: [call_of(event, len(given.answers), journalled=journalled)])
    answers = Answers(lambda _: REPLY)

    prepared = await an_engine(stage, answers).prepare([a_submission(0)])

    assert reasons(prepared.outputs) == ["defect"]
    assert MAX_ROUNDS <= len(answers.asked) <= MAX_ROUNDS + 1


@pytest.mark.parametrize("journalled", [True, False])
async def test_a_stage_may_ask_again_in_view_of_answers(*, journalled: bool) -> None:
    def asks(event: Event, given: Given) -> list[Call]:
        return [
            call_of(event, number, journalled=journalled) for number in range(min(len(given.answers) + 1, 3))
        ]

    answers = Answers(lambda _: REPLY)
    seen: list[int] = []

    def handle(event: Event, given: Given) -> Outcome:
        seen.append(len(given.answers))
        return Outcome(events=[curated(event)])

    prepared = await an_engine(Asking(asks=asks, says=handle), answers).prepare(
        [a_submission(n) for n in range(4)]
    )

    assert prepared.done == 4
    assert seen == [3, 3, 3, 3]
    assert len(answers.asked) == len(set(answers.asked)) == 12


async def test_outputs_stand_in_the_order_of_their_records_whoever_is_answered_first() -> None:
    release = {f"prompt-{n}": asyncio.Event() for n in range(4)}
    finished: list[str] = []

    class Slow(Answers):
        async def answer(self, call: Call) -> Answer:
            name = str(call.request["name"])
            await release[name].wait()
            finished.append(name)
            return REPLY

    stage = Asking(asks=lambda event, given: [Call(provider="s", request={"name": event.subject})])
    preparing = asyncio.create_task(
        an_engine(stage, Slow(lambda _: REPLY)).prepare([a_submission(n) for n in range(4)])
    )
    for number in (2, 0, 3, 1):
        release[f"prompt-{number}"].set()
        while len(finished) == 0 or finished[-1] != f"prompt-{number}":
            await asyncio.sleep(0)
    prepared = await preparing

    assert finished == ["prompt-2", "prompt-0", "prompt-3", "prompt-1"]
    assert [decode(out.value).subject for out in prepared.outputs] == [f"prompt-{n}" for n in range(4)]


async def test_a_transient_failure_becomes_a_retry_of_that_record_alone() -> None:
    def reply(call: Call) -> Answer:
        return Failure(reason="overloaded", detail="529", transient=True) if call == bad else REPLY

    records = [a_submission(n) for n in range(3)]
    bad = call_of(decode(records[1].value))

    def handle(event: Event, given: Given) -> Outcome:
        (answer,) = given.answers.values()
        if isinstance(answer, Failure):
            return Outcome(detour=Retry(reason=answer.reason, detail=answer.detail, after_s=0))
        return Outcome(events=[curated(event)])

    stage = Asking(asks=lambda event, given: [call_of(event)], says=handle)
    prepared = await an_engine(stage, Answers(reply)).prepare(records)

    assert (prepared.done, prepared.retry, prepared.dead) == (2, 1, 0)
    assert prepared.outputs[1].topic == "judging.retry.v1"


# State --------------------------------------------------------------------------------------------


def counts(outputs: Sequence[OutRecord]) -> list[str]:
    return [decode(out.value).model_dump()["slice"] for out in outputs]


async def test_a_batch_reads_its_states_once_and_builds_on_them_in_order() -> None:
    engine = an_engine(Counting())
    states = KeptStates({"a": StoredState(value=b"10", version=4)})
    engine.states = states
    records = [a_submission(n, key="ab"[n % 2]) for n in range(6)]

    prepared = await engine.prepare(records)

    assert states.reads == [frozenset({"a", "b"})]
    assert counts(prepared.outputs) == ["11", "1", "12", "2", "13", "3"]
    assert prepared.states == {"a": b"13", "b": b"3"}
    assert prepared.versions == {"a": 4, "b": 0}


async def test_a_defect_leaves_the_state_as_it_was() -> None:
    class Stumbling(Counting):
        def handle(self, event: Event, given: Given) -> Outcome:
            if given.states[event.subject] == b"1":
                raise ValueError("stumbled")
            return super().handle(event, given)

    prepared = await an_engine(Stumbling()).prepare([a_submission(n, key="a") for n in range(3)])

    assert (prepared.done, prepared.dead) == (1, 2)
    assert prepared.states == {"a": b"1"}


async def test_states_that_are_needed_only_in_view_of_others_are_read_too() -> None:
    class Following(Counting):
        def needs(self, event: Event, given: Given) -> Needs:
            first = given.states.get("pointer")
            return Needs(keys=frozenset({"pointer"} | ({first.decode()} if first else set())))

        def handle(self, event: Event, given: Given) -> Outcome:
            pointed = (given.states["pointer"] or b"").decode()
            return Outcome(
                events=[curated(event, note=(given.states[pointed] or b"none").decode())],
                states={"pointer": b"y"},
            )

    engine = an_engine(Following())
    engine.states = KeptStates(
        {
            "pointer": StoredState(value=b"x", version=1),
            "x": StoredState(value=b"at-x", version=1),
            "y": StoredState(value=b"at-y", version=1),
        }
    )

    prepared = await engine.prepare([a_submission(n) for n in range(2)])

    assert counts(prepared.outputs) == ["at-x", "at-y"], "the second record sees what the first one changed"
    assert prepared.versions == {"pointer": 1}


async def test_preparing_again_counts_nothing_twice() -> None:
    engine: Engine = an_engine(Counting())
    records = [a_submission(n) for n in range(5)]
    engine.received(5)

    await engine.prepare(records)
    engine.committed(await engine.prepare(records))

    assert (engine.tally.received, engine.tally.done, engine.tally.in_flight) == (5, 5, 0)
