"""One stage at work on its partitions, one small step at a time.

The order is that of a running process: state is saved, outputs are appended, the record is acked,
the offset is committed; records of a partition are appended and acked in their order, whatever
the order in which their answers came. A record is handled and its state saved in one step, so a
stateful stage takes one record at a time though the outputs of several may wait to be appended.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Literal

from prefstream.agents.driver.answers import Answers
from prefstream.agents.driver.lane import Lane, Slot
from prefstream.agents.driver.log import Log, TopicPartition
from prefstream.agents.stage import Configuration, Given, Needs, Stage
from prefstream.agents.tasks import Result, Task, concluded, failed, missing, opened, retry_topic
from prefstream.schemas.records import OutRecord
from prefstream.schemas.topics import TOPICS

#: Where a process may die: before a record is handled, after its state is saved, after its outputs
#: are appended, before its offset is committed, or wherever it is right now.
CrashPoint = Literal["before_handle", "after_state", "after_emit", "before_commit", "now"]

#: A stage that asks more often than this for one event would never come to an end.
MAX_ROUNDS = 50
_TOPIC_NAMES = frozenset(spec.name for spec in TOPICS)
_COUNTED = ("received", "done", "retry", "dead")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What became of the records a stage received: received = done + retry + dead + in flight.

    A record in flight that a crash or a rebalance takes away counts as not received; it will be.
    """

    received: int = 0
    done: int = 0
    retry: int = 0
    dead: int = 0
    in_flight: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What all stages share: the log, the outside, chance, the present and the configuration."""

    log: Log
    answers: Answers
    chance: Random
    now_ms: Callable[[], int]
    configuration: Callable[[], Configuration]
    append: Callable[[OutRecord], None]


@dataclass(slots=True, kw_only=True, eq=False)
class Consumer:
    """A stage with its offsets, its state and its records in flight."""

    stage: Stage
    world: World
    #: Records of one partition in flight at once.
    window: int
    #: Probability that an ack is followed by a commit.
    commit_share: float
    lanes: dict[TopicPartition, Lane] = field(init=False)
    #: State by key; it survives crashes.
    states: dict[str, bytes] = field(default_factory=dict)
    #: Outputs of an owner that lost its partition and has not noticed yet.
    strays: list[Sequence[OutRecord]] = field(default_factory=list)
    armed: CrashPoint | None = None
    #: Whether something other than an append may have given the lanes new work.
    stirred: bool = False
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_COUNTED, 0))

    def __post_init__(self) -> None:
        names = [spec.name for spec in self.stage.inputs]
        retries = retry_topic(self.stage.name)
        topics = [*names, retries] if retries in _TOPIC_NAMES else names
        self.lanes = {
            (topic, partition): Lane(records=self.world.log.held(topic, partition), delayed=topic == retries)
            for topic in topics
            for partition in range(self.world.log.partitions(topic))
        }

    @property
    def tally(self) -> Tally:
        """Return the counters; the records in flight are counted, not derived."""
        return Tally(**self.counts, in_flight=sum(len(lane.slots) for lane in self.lanes.values()))

    def step(self, lane: Lane) -> bool:
        """Do one thing on a lane and return whether there was anything to do."""
        asking = [slot for slot in lane.slots if slot.pending]
        ready = bool(lane.slots) and lane.slots[0].result is not None
        takes = self._takes(lane)
        choice = int(self.world.chance.random() * (ready + takes + bool(asking)))
        if ready and choice == 0:
            self._deliver(lane)
        elif takes and choice == ready:
            self._take(lane)
        elif asking:
            self._ask(asking[int(self.world.chance.random() * len(asking))])
        else:
            return False
        return True

    def crash(self) -> None:
        """Lose everything in flight and uncommitted, and begin again at the last commit."""
        self.armed, self.stirred = None, True
        for lane in self.lanes.values():
            self._lose(lane, lane.committed)

    def redeliver(self, count: int) -> None:
        """Go back by up to `count` records on every partition, and drop what is in flight."""
        for lane in self.lanes.values():
            self._lose(lane, max(0, lane.acked - count))

    def rebalance(self) -> None:
        """Move partitions by chance; the old owner appends what it had decided, some time later."""
        for lane in self.lanes.values():
            if self.world.chance.random() < 0.5:
                decided = [slot.result.outputs for slot in lane.slots if slot.result is not None]
                self.strays.extend(outputs for outputs in decided if outputs)
                self._lose(lane, lane.committed)

    def append_stray(self) -> None:
        """Append the outputs of one record that the old owner had decided."""
        place = int(self.world.chance.random() * len(self.strays))
        for out in self.strays.pop(place):
            self.world.append(out)

    def due_ms(self) -> int | None:
        """Return when the next record may be taken; `None` when every lane is at its end."""
        dues = [due for lane in self.lanes.values() if (due := lane.due_ms()) is not None]
        return min(dues, default=None)

    def _takes(self, lane: Lane) -> bool:
        if lane.position >= len(lane.records) or len(lane.slots) >= self.window:
            return False
        due = lane.due_ms()
        return due is not None and due <= self.world.now_ms()

    def _take(self, lane: Lane) -> None:
        opening = opened(self.stage, lane.records[lane.position])
        lane.position += 1
        self.counts["received"] += 1
        slot = Slot(result=opening) if isinstance(opening, Result) else Slot(task=opening)
        lane.slots.append(slot)
        if slot.task is not None:
            self._go_on(slot, slot.task)

    def _ask(self, slot: Slot) -> None:
        call = slot.pending.pop(int(self.world.chance.random() * len(slot.pending)))
        slot.answers[call.request_id] = self.world.answers.answer(call)
        if not slot.pending and slot.task is not None:
            self._go_on(slot, slot.task)

    def _go_on(self, slot: Slot, task: Task) -> None:
        """Ask for what is missing, or conclude and save the state."""
        states: dict[str, bytes | None] = {}
        given = Given(configuration=self.world.configuration(), states=states, answers=slot.answers)
        slot.rounds += 1
        needs = self._missing(task, given, states, slot.rounds)
        if isinstance(needs, Needs) and needs.calls:
            slot.pending.extend({call.request_id: call for call in needs.calls}.values())
            return
        if self._dies("before_handle"):
            return
        result = needs if isinstance(needs, Result) else self._concluded(task, given)
        self.states.update(result.states)
        if not self._dies("after_state"):
            slot.result = result

    def _missing(
        self, task: Task, given: Given, states: dict[str, bytes | None], rounds: int
    ) -> Needs | Result:
        """Supply the states that are asked for and return the calls, or the dead letter of a defect."""
        try:
            for _ in range(MAX_ROUNDS + 1 - rounds):
                needs = missing(self.stage, task, given)
                if not needs.keys:
                    return needs
                states.update({key: self.states.get(key) for key in needs.keys})
        except Exception as error:  # noqa: BLE001  (a defect in one event must not stop the others)
            return failed(self.stage, task, error)
        endless = RuntimeError(f"asked more than {MAX_ROUNDS} times for one event")
        return failed(self.stage, task, endless)

    def _concluded(self, task: Task, given: Given) -> Result:
        try:
            return concluded(self.stage, task, given, now_ms=self.world.now_ms())
        except Exception as error:  # noqa: BLE001  (a defect in one event must not stop the others)
            return failed(self.stage, task, error)

    def _deliver(self, lane: Lane) -> None:
        """Append the outputs of the lane's oldest record, then ack it."""
        result = lane.slots[0].result
        assert result is not None
        for out in result.outputs:
            self.world.append(out)
        if not self._dies("after_emit"):
            self._ack(lane, result)

    def _ack(self, lane: Lane, result: Result) -> None:
        """Ack the lane's oldest record and perhaps commit."""
        lane.slots.popleft()
        lane.acked += 1
        self.counts[result.outcome] += 1
        if self.world.chance.random() < self.commit_share and not self._dies("before_commit"):
            lane.committed = lane.acked

    def _dies(self, point: CrashPoint) -> bool:
        """Die if a crash is armed for this point, and return whether it was."""
        if self.armed != point:
            return False
        self.crash()
        return True

    def _lose(self, lane: Lane, offset: int) -> None:
        self.counts["received"] -= lane.rewind(offset)
