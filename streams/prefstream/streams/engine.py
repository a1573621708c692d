"""The engine: takes records through a stage and fetches what the stage asks for.

It is the same on every log. It never raises for a record: a defect of a stage becomes a dead
letter with its cause. It raises only when a server it needs is away, and then nothing is said.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeVar

import structlog

from prefstream.adapters.postgres.states import StoredState
from prefstream.adapters.tracing import Tracing
from prefstream.agents.stage import NOTHING, Answer, Call, Configuration, Given, Needs, Stage
from prefstream.agents.tasks import HeadersOf, Result, Task, concluded, failed, missing, opened
from prefstream.schemas.cloudevents import headers_of
from prefstream.schemas.errors import Unavailable
from prefstream.schemas.records import LogRecord, OutRecord

log = structlog.get_logger(__name__)

T = TypeVar("T")
_NO_KEYS: frozenset[str] = frozenset()

#: A stage that asks more often than this for one event would never come to an end.
MAX_ROUNDS = 50


class Effects(Protocol):
    """Whoever performs calls and keeps their answers."""

    async def answer(self, call: Call) -> Answer:
        """Return the recorded answer, or perform the call and record it."""
        ...

    async def answers(self, calls: Sequence[Call]) -> Mapping[str, Answer]:
        """Return the answers to calls that this machine answers at once, by request id."""
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
    """States a batch works on, the versions they were read at, and what was answered to its tasks."""

    given: Given
    states: dict[str, bytes | None] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)
    #: Keys of tasks that may need more once one of these changes, by place in the batch.
    open_keys: dict[tuple[str, int, int], frozenset[str]] = field(default_factory=dict)
    answers: dict[tuple[str, int, int], dict[str, Answer]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.given = replace(self.given, states=self.states)

    def given_to(self, task: Task) -> Given:
        """Return what a task has been given so far."""
        answers = self.answers.get(_place(task)) if self.answers else None
        return replace(self.given, answers=answers) if answers else self.given

    def unanswered(self, task: Task, calls: Sequence[Call]) -> Sequence[Call]:
        """Return those of a task's calls to which there is no answer yet."""
        known = self.answers.get(_place(task), {})
        return [call for call in calls if call.request_id not in known]


@dataclass(slots=True)
class Engine:
    """Takes records through one stage."""

    stage: Stage
    effects: Effects
    states: States
    configuration: Callable[[], Configuration]
    tally: Tally = field(default_factory=Tally)
    clock_ms: Callable[[], int] = lambda: int(time.time() * 1000)
    headers: HeadersOf = headers_of
    #: Makes spans, where somebody traces.
    tracing: Tracing | None = None

    async def prepare(self, records: Sequence[LogRecord | Task]) -> Prepared:
        """Decide a batch; the records of one key must come in order and in one batch at a time.

        Args:
            records: Records as a log holds them, or tasks of records whose events are known already.

        Raises:
            Unavailable: A server is away; the batch may be prepared again.
        """
        opened_tasks = [
            record if isinstance(record, Task) else opened(self.stage, record) for record in records
        ]
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
        given = Given(configuration=self.configuration())
        results: dict[int, Result] = {}
        asking: dict[int, tuple[Task, Needs]] = {}
        for place, task in enumerate(tasks):
            needs = self._missing(task, given) if isinstance(task, Task) else task
            if isinstance(task, Task) and isinstance(needs, Needs) and needs.calls:
                asking[place] = (task, needs)
            elif isinstance(task, Task) and isinstance(needs, Needs):
                results[place] = self._concluded(task, given)
            elif isinstance(needs, Result):
                results[place] = needs
        results |= await self._answered(asking, given)
        return _prepared([results[place] for place in range(len(tasks))], {}, {})

    async def _answered(self, asking: Mapping[int, tuple[Task, Needs]], given: Given) -> dict[int, Result]:
        """Conclude tasks that make calls: those this machine answers in one go, the others side by side."""
        local = {place: one for place, one in asking.items() if not any(c.journalled for c in one[1].calls)}
        known = await self.effects.answers([call for _, needs in local.values() for call in needs.calls])
        results: dict[int, Result] = {}
        waiting: dict[int, Awaitable[Result]] = {}
        for place, (task, needs) in asking.items():
            answers = {c.request_id: known[c.request_id] for c in needs.calls} if place in local else {}
            answered = Given(configuration=given.configuration, answers=answers)
            more = self._missing(task, answered)
            if isinstance(more, Result):
                results[place] = more
            elif more.calls:
                waiting[place] = self._with_answers(task, answered)
            else:
                results[place] = self._concluded(task, answered)
        return results | dict(zip(waiting, await _gathered([*waiting.values()]), strict=True))

    async def _with_answers(self, task: Task, given: Given) -> Result:
        if self.tracing is None:
            return await self._asked(task, given)
        with self.tracing.handling(self.stage.name, task.record) as span:
            result = await self._asked(task, given)
            span.ended(result.outcome, result.outputs)
            return result

    async def _asked(self, task: Task, given: Given) -> Result:
        for _ in range(MAX_ROUNDS):
            needs = self._missing(task, given)
            if isinstance(needs, Result):
                return needs
            if not needs.calls:
                return self._decided(task, given)
            replies = await _gathered([self.effects.answer(call) for call in needs.calls])
            fresh = {call.request_id: reply for call, reply in zip(needs.calls, replies, strict=True)}
            given = Given(configuration=given.configuration, answers={**given.answers, **fresh})
        return failed(self.stage, task, RuntimeError(f"asked more than {MAX_ROUNDS} times for one event"))

    async def _in_order(self, tasks: Sequence[Task | Result]) -> Prepared:
        """Conclude tasks one after the other over a shared state, loaded in as few reads as possible."""
        loaded = _Loaded(given=Given(configuration=self.configuration()))
        await self._load([task for task in tasks if isinstance(task, Task)], loaded)
        results, changed = [], dict[str, bytes]()
        for task in tasks:
            if isinstance(task, Task):
                # Key by key: asking the set whether it is disjoint from a dict walks the dict.
                if any(key in changed for key in loaded.open_keys.get(_place(task), _NO_KEYS)):
                    await self._load([task], loaded)
                result = self._concluded(task, loaded.given_to(task))
                loaded.states.update(result.states)
                changed.update(result.states)
                results.append(result)
            else:
                results.append(task)
        return _prepared(results, changed, loaded.versions)

    async def _load(self, tasks: Sequence[Task], loaded: "_Loaded") -> None:
        """Load and ask what these tasks need, until none needs more."""
        asking = tasks
        for _ in range(MAX_ROUNDS):
            wanted: set[str] = set()
            calls: list[tuple[Task, Sequence[Call]]] = []
            again = []
            for task in asking:
                needs = self._needs(task, loaded.given_to(task))
                fresh = [key for key in needs.keys if key not in loaded.states]
                wanted.update(fresh)
                asked = loaded.unanswered(task, needs.calls) if needs.calls else ()
                calls += [(task, asked)] if asked else []
                if not needs.final:
                    loaded.open_keys[_place(task)] = needs.keys
                    again += [task] if fresh or asked else []
            if wanted:
                for key, stored in (await self.states.load(self.stage.name, frozenset(wanted))).items():
                    loaded.states[key] = stored.value
                    loaded.versions[key] = stored.version
            if calls:
                await self._ask(calls, loaded)
            asking = again
            if not asking:
                return

    async def _ask(self, calls: Sequence[tuple[Task, Sequence[Call]]], loaded: "_Loaded") -> None:
        """Have the calls of several tasks answered side by side, each once, however many ask the same."""
        each = {call.request_id: call for _, asked in calls for call in asked}
        replies = dict(
            zip(each, await _gathered([self.effects.answer(call) for call in each.values()]), strict=True)
        )
        for task, asked in calls:
            own = loaded.answers.setdefault(_place(task), {})
            own.update({call.request_id: replies[call.request_id] for call in asked})

    def _needs(self, task: Task, given: Given) -> Needs:
        try:
            return self.stage.needs(task.event, given)
        except Exception:  # noqa: BLE001  it will raise again when concluded, and is told then
            return NOTHING

    def _missing(self, task: Task, given: Given) -> Needs | Result:
        try:
            return missing(self.stage, task, given)
        except Exception as error:  # a defect in one event must not stop the others
            log.exception("stage.failed", stage=self.stage.name, event_id=task.event.event_id)
            return failed(self.stage, task, error)

    def _concluded(self, task: Task, given: Given) -> Result:
        if self.tracing is None:
            return self._decided(task, given)
        with self.tracing.handling(self.stage.name, task.record) as span:
            result = self._decided(task, given)
            span.ended(result.outcome, result.outputs)
            return result

    def _decided(self, task: Task, given: Given) -> Result:
        try:
            return concluded(self.stage, task, given, now_ms=self.clock_ms(), headers=self.headers)
        except Exception as error:  # a defect in one event must not stop the others
            log.exception("stage.failed", stage=self.stage.name, event_id=task.event.event_id)
            return failed(self.stage, task, error)


def _place(task: Task) -> tuple[str, int, int]:
    return task.record.topic, task.record.partition, task.record.offset


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
