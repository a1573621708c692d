"""The engine: takes records through a stage and fetches what the stage asks for.

It is the same on every log. It never raises for a record: a defect of a stage becomes a dead
letter with its cause. It raises only when a server it needs is away, and then nothing is said.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

import structlog

from prefstream.adapters.postgres.states import StoredState
from prefstream.agents.stage import Answer, Call, Configuration, Given, Needs, Stage
from prefstream.agents.tasks import Result, Task, concluded, failed, missing, opened
from prefstream.schemas.errors import Unavailable
from prefstream.schemas.records import LogRecord, OutRecord

log = structlog.get_logger(__name__)

T = TypeVar("T")

#: A stage that asks more often than this for one event would never come to an end.
MAX_ROUNDS = 50


class Effects(Protocol):
    """Whoever performs calls and keeps their answers."""

    async def answer(self, call: Call) -> Answer:
        """Return the recorded answer, or perform the call and record it."""
        ...


class States(Protocol):
    """Whoever keeps the state of stages."""

    async def load(self, stage: str, keys: frozenset[str]) -> Mapping[str, StoredState]:
        """Return the states of these keys."""
        ...


@dataclass(slots=True)
class Tally:
    """What became of the records a stage received: in = done + retry + dead + in flight."""

    received: int = 0
    done: int = 0
    retry: int = 0
    dead: int = 0
    outputs: int = 0

    @property
    def in_flight(self) -> int:
        """Return how many records are between their receipt and their end."""
        return self.received - self.done - self.retry - self.dead


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A batch that is decided but not yet committed."""

    outputs: Sequence[OutRecord]
    states: Mapping[str, bytes]
    #: The version each of these states was read at.
    versions: Mapping[str, int]
    done: int
    retry: int
    dead: int


@dataclass(slots=True)
class _Loaded:
    """States a batch works on, and the versions they were read at."""

    states: dict[str, bytes | None] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Engine:
    """Takes records through one stage."""

    stage: Stage
    effects: Effects
    states: States
    configuration: Callable[[], Configuration]
    tally: Tally = field(default_factory=Tally)
    clock_ms: Callable[[], int] = lambda: int(time.time() * 1000)

    async def prepare(self, records: Sequence[LogRecord]) -> Prepared:
        """Decide a batch; the records of one key must come in order and in one batch at a time.

        Raises:
            Unavailable: A server is away; the batch may be prepared again.
        """
        opened_tasks = [opened(self.stage, record) for record in records]
        if self.stage.stateful:
            return await self._in_order(opened_tasks)
        return await self._side_by_side(opened_tasks)

    def received(self, count: int) -> None:
        """Count records as received; once per delivery, however often they are prepared."""
        self.tally.received += count

    def committed(self, prepared: Prepared) -> None:
        """Count a batch as ended, after its outputs are durable."""
        self.tally.done += prepared.done
        self.tally.retry += prepared.retry
        self.tally.dead += prepared.dead
        self.tally.outputs += len(prepared.outputs)

    async def _side_by_side(self, tasks: Sequence[Task | Result]) -> Prepared:
        """Conclude tasks independently of each other; what needs nothing never touches the loop."""
        configuration = self.configuration()
        results: list[Result | None] = []
        waiting: list[tuple[int, Awaitable[Result]]] = []
        for place, task in enumerate(tasks):
            results.append(task if isinstance(task, Result) else None)
            if isinstance(task, Task):
                given = Given(configuration=configuration)
                needs = self._missing(task, given)
                if isinstance(needs, Result):
                    results[place] = needs
                elif needs.calls:
                    waiting.append((place, self._with_answers(task, given, needs)))
                else:
                    results[place] = self._concluded(task, given)
        answered = await _gathered([one for _, one in waiting])
        for (place, _), result in zip(waiting, answered, strict=True):
            results[place] = result
        return _prepared([result for result in results if result is not None], {}, {})

    async def _with_answers(self, task: Task, given: Given, needs: Needs) -> Result:
        answers: dict[str, Answer] = {}
        for _ in range(MAX_ROUNDS):
            replies = await _gathered([self.effects.answer(call) for call in needs.calls])
            answers |= {call.request_id: reply for call, reply in zip(needs.calls, replies, strict=True)}
            given = Given(configuration=given.configuration, answers=answers)
            asked = self._missing(task, given)
            if isinstance(asked, Result):
                return asked
            if not asked.calls:
                return self._concluded(task, given)
            needs = asked
        return failed(self.stage, task, RuntimeError(f"asked more than {MAX_ROUNDS} times for one event"))

    async def _in_order(self, tasks: Sequence[Task | Result]) -> Prepared:
        """Conclude tasks one after the other over a shared state, loaded in as few reads as possible."""
        loaded = _Loaded()
        given = Given(configuration=self.configuration(), states=loaded.states)
        await self._load([task for task in tasks if isinstance(task, Task)], given, loaded)
        results, changed = [], dict[str, bytes]()
        for task in tasks:
            if isinstance(task, Task):
                if changed:  # an earlier task may have made this one need more
                    await self._load([task], given, loaded)
                result = self._concluded(task, given)
                loaded.states.update(result.states)
                changed.update(result.states)
                results.append(result)
            else:
                results.append(task)
        return _prepared(results, changed, loaded.versions)

    async def _load(self, tasks: Sequence[Task], given: Given, loaded: "_Loaded") -> None:
        """Load what these tasks need, until none needs more."""
        asking = tasks
        for _ in range(MAX_ROUNDS):
            needs = [(task, self._missing(task, given)) for task in asking]
            asking = [task for task, one in needs if isinstance(one, Needs) and one.keys]
            if not asking:
                return
            keys = frozenset(key for _, one in needs if isinstance(one, Needs) for key in one.keys)
            for key, stored in (await self.states.load(self.stage.name, keys)).items():
                loaded.states[key] = stored.value
                loaded.versions[key] = stored.version

    def _missing(self, task: Task, given: Given) -> Needs | Result:
        try:
            return missing(self.stage, task, given)
        except Exception as error:  # a defect in one event must not stop the others
            log.exception("stage.failed", stage=self.stage.name, event_id=task.event.event_id)
            return failed(self.stage, task, error)

    def _concluded(self, task: Task, given: Given) -> Result:
        try:
            return concluded(self.stage, task, given, now_ms=self.clock_ms())
        except Exception as error:  # a defect in one event must not stop the others
            log.exception("stage.failed", stage=self.stage.name, event_id=task.event.event_id)
            return failed(self.stage, task, error)


async def _gathered(awaitables: Sequence[Awaitable[T]]) -> Sequence[T]:
    """Await all; when one fails, cancel the others and raise what it raised."""
    if not awaitables:
        return ()
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(_awaited(one)) for one in awaitables]
    except* Unavailable as errors:
        raise errors.exceptions[0] from errors
    return [task.result() for task in tasks]


async def _awaited(one: Awaitable[T]) -> T:
    return await one


def _prepared(
    results: Sequence[Result], changed: Mapping[str, bytes], versions: Mapping[str, int]
) -> Prepared:
    outcomes = [result.outcome for result in results]
    return Prepared(
        outputs=[out for result in results for out in result.outputs],
        states=changed,
        versions={key: versions[key] for key in changed},
        done=outcomes.count("done"),
        retry=outcomes.count("retry"),
        dead=outcomes.count("dead"),
    )
