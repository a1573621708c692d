"""Stages, answers, states and logs whose behaviour a test says."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from tests.factories import a_constitution, a_prompt_curated, a_prompt_submitted, a_record

from prefstream.adapters.postgres.states import StoredState
from prefstream.agents.stage import Answer, Call, Configuration, Given, Needs, Outcome
from prefstream.schemas import topics
from prefstream.schemas.envelope import Event
from prefstream.schemas.ids import derived_id
from prefstream.schemas.prompts import PromptCurated
from prefstream.schemas.records import LogRecord, OutRecord
from prefstream.schemas.topics import TopicSpec
from prefstream.streams.engine import Engine
from prefstream.streams.intake import Position

CONFIGURATION = Configuration(constitution=a_constitution())


def a_submission(number: int, *, key: str | None = None, partition: int = 0) -> LogRecord:
    """Return the record of a prompt of its own at the offset of its number."""
    event = a_prompt_submitted(
        prompt_id=key or f"prompt-{number}", event_id=derived_id("test", "submission", str(number))
    )
    return a_record(event, offset=number, partition=partition)


def curated(event: Event, note: str = "seen") -> PromptCurated:
    """Return what the stages here say about an event."""
    return a_prompt_curated(
        prompt_id=event.subject,
        slice=note,
        event_id=derived_id("test", "curated", event.event_id),
        causation_id=event.event_id,
    )


@dataclass(frozen=True, kw_only=True)
class Asking:
    """A stage without state that asks what `asks` says and answers what `says` says."""

    name: str = "judging"
    version: str = "1"
    inputs: tuple[TopicSpec, ...] = (topics.PROMPTS_SUBMITTED,)
    stateful: bool = False
    asks: Callable[[Event, Given], Sequence[Call]] = lambda event, given: ()
    says: Callable[[Event, Given], Outcome] = lambda event, given: Outcome(events=[curated(event)])

    def needs(self, event: Event, given: Given) -> Needs:
        return Needs(calls=tuple(self.asks(event, given)))

    def handle(self, event: Event, given: Given) -> Outcome:
        return self.says(event, given)


@dataclass(frozen=True, kw_only=True)
class Counting:
    """A stage with state: it says of each event the how-manieth of its key it is."""

    name: str = "counting"
    version: str = "1"
    inputs: tuple[TopicSpec, ...] = (topics.PROMPTS_SUBMITTED,)
    stateful: bool = True

    def needs(self, event: Event, given: Given) -> Needs:
        return Needs(keys=frozenset({event.subject}), final=True)

    def handle(self, event: Event, given: Given) -> Outcome:
        count = int(given.states[event.subject] or b"0") + 1
        return Outcome(events=[curated(event, note=str(count))], states={event.subject: str(count).encode()})


@dataclass
class Answers:
    """The outside world: answers by a function, counts what it was asked."""

    reply: Callable[[Call], Answer]
    asked: list[str] = field(default_factory=list)

    async def answer(self, call: Call) -> Answer:
        self.asked.append(call.request_id)
        await asyncio.sleep(0)
        return self.reply(call)

    async def answers(self, calls: Sequence[Call]) -> Mapping[str, Answer]:
        return {call.request_id: await self.answer(call) for call in calls}


@dataclass
class KeptStates:
    """States in memory, and how often they were read."""

    kept: dict[str, StoredState] = field(default_factory=dict)
    reads: list[frozenset[str]] = field(default_factory=list)

    async def load(self, stage: str, keys: frozenset[str]) -> Mapping[str, StoredState]:
        self.reads.append(keys)
        return dict.fromkeys(keys, StoredState(value=None, version=0)) | {
            key: self.kept[key] for key in keys if key in self.kept
        }


def an_engine(stage: Asking | Counting, answers: Answers | None = None, **changes: object) -> Engine:
    """Return an engine around a stage of this module."""
    outside = answers or Answers(reply=_nobody)
    return Engine(stage, outside, KeptStates(), lambda: CONFIGURATION, **changes)  # type: ignore[arg-type]


def _nobody(call: Call) -> Answer:
    raise AssertionError(f"nobody was to be asked: {call}")


@dataclass
class MemoryIntake:
    """Records a test hands out in polls, and the positions it is told; it ends the loop at the end."""

    batches: list[Sequence[LogRecord]]
    stop: asyncio.Event
    done: Callable[[], bool] = lambda: True
    positions: dict[Position, int] = field(default_factory=dict)

    async def poll(self) -> Sequence[LogRecord]:
        await asyncio.sleep(0)
        if self.batches:
            return self.batches.pop(0)
        if self.done():
            self.stop.set()
        return ()

    async def commit(self, positions: Mapping[Position, int]) -> None:
        self.positions.update(positions)

    async def close(self) -> None:
        """Nothing is held."""


@dataclass
class MemoryWriter:
    """Keeps what is appended; raises what the test says first."""

    appended: list[OutRecord] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)

    async def append(self, records: Sequence[OutRecord]) -> None:
        await asyncio.sleep(0)
        if self.failures:
            raise self.failures.pop(0)
        self.appended.extend(records)

    async def close(self) -> None:
        """Nothing is held."""
