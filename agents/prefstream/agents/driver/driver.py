"""The driver: stages wired by their topics over a log in memory, driven by a seed."""

from collections.abc import Sequence
from contextlib import suppress
from random import Random

from prefstream.agents.configuration import configured
from prefstream.agents.driver.answers import Answers, Script, no_answers
from prefstream.agents.driver.consumer import Consumer, CrashPoint, Tally, World
from prefstream.agents.driver.lane import Lane
from prefstream.agents.driver.log import Log, TopicPartition
from prefstream.agents.driver.scheduler import Scheduler
from prefstream.agents.stage import Configuration, Stage
from prefstream.agents.tasks import record_of
from prefstream.schemas import topics
from prefstream.schemas.codec import decode
from prefstream.schemas.envelope import Event
from prefstream.schemas.errors import Undecodable
from prefstream.schemas.records import Headers, LogRecord, OutRecord

_CONFIGURATION = frozenset(spec.name for spec in topics.CONFIGURATION)
_START_MS = 1_772_366_400_000


class Driver:
    """A whole chain in one process: same stages, input, script and seed, same bytes."""

    def __init__(
        self,
        stages: Sequence[Stage],
        configuration: Configuration,
        *,
        partitions: int = 4,
        seed: int = 0,
        answers: Script = no_answers,
        window: int = 8,
        commit_share: float = 0.3,
        start_ms: int = _START_MS,
    ) -> None:
        """Wire the stages by their topics.

        Args:
            stages: The stages; each is a consumer group of its own.
            configuration: What is in force until an event on a configuration topic changes it.
            partitions: Partitions of every topic whose number the contract does not fix.
            seed: Decides which partition goes next, which call is answered next, when offsets are
                committed and which partitions a rebalance moves.
            answers: What the outside world answers to a call.
            window: Records of one partition in flight at once.
            commit_share: Probability that an ack is followed by a commit; the rest lags behind.
            start_ms: The clock at the beginning, in milliseconds since 1970.
        """
        self.log = Log(partitions=partitions)
        self.answers = Answers(answers)
        self.configuration = configuration
        self.now_ms = start_ms
        chance = Random(seed)  # noqa: S311  (a reproducible choice, no secret)
        world = World(
            log=self.log,
            answers=self.answers,
            chance=chance,
            now_ms=lambda: self.now_ms,
            configuration=lambda: self.configuration,
            append=self._append,
        )
        self._consumers = {
            stage.name: self.consumer(stage, world, window=window, commit_share=commit_share)
            for stage in stages
        }
        self._scheduler = Scheduler(chance)
        self._readers: dict[TopicPartition, list[tuple[Consumer, Lane]]] = {}
        for consumer in self._consumers.values():
            for coordinates, lane in consumer.lanes.items():
                self._readers.setdefault(coordinates, []).append((consumer, lane))

    def consumer(self, stage: Stage, world: World, *, window: int, commit_share: float) -> Consumer:
        """Return what runs a stage; a subclass may return one that breaks the rules."""
        return Consumer(stage=stage, world=world, window=window, commit_share=commit_share)

    def pipe(self, topic: str, key: str, value: bytes | Event, *, headers: Headers = ()) -> None:
        """Append a record from outside: an event through the codec, or bytes as they are."""
        if isinstance(value, Event):
            out = record_of(value)
            self._append(OutRecord(topic=topic, key=key.encode(), value=out.value, headers=out.headers))
        else:
            self._append(OutRecord(topic=topic, key=key.encode(), value=value, headers=headers))

    def say(self, *events: Event) -> None:
        """Append events from outside, each on its own topic under its own key."""
        for event in events:
            self._append(record_of(event))

    def run_until_idle(self) -> None:
        """Go on until nothing can be done without the clock."""
        self._scheduler.run()

    def run(self, steps: int) -> bool:
        """Go on for some steps and return whether there may be more to do now."""
        return self._scheduler.run(steps)

    def settle(self) -> None:
        """Go on until nothing is left to do, moving the clock to each retry in turn."""
        self.run_until_idle()
        while (due := self._next_due_ms()) is not None:
            self.advance(max(0, due - self.now_ms))
            self.run_until_idle()

    def advance(self, milliseconds: int) -> None:
        """Move the clock; retries that have become due may then go on."""
        self.now_ms += milliseconds
        for consumer in self._consumers.values():
            self._scheduler.wake_all(consumer)

    def crash(self, stage: str, *, at: CrashPoint = "now") -> None:
        """Let a stage die now, or when it next gets to a point; it begins again at its last commit."""
        consumer = self._consumers[stage]
        if at == "now":
            consumer.crash()
        else:
            consumer.armed = at
        self._scheduler.wake_all(consumer)

    def redeliver(self, stage: str, count: int) -> None:
        """Hand a stage up to `count` records of every partition once more."""
        self._consumers[stage].redeliver(count)
        self._scheduler.wake_all(self._consumers[stage])

    def rebalance(self, stage: str) -> None:
        """Move about half of a stage's partitions to a new owner while records are in flight."""
        consumer = self._consumers[stage]
        consumer.rebalance()
        self._scheduler.stray(consumer)
        self._scheduler.wake_all(consumer)

    def read(self, topic: str) -> list[Event]:
        """Return the events on a topic, in the order they were appended.

        Raises:
            Undecodable: A record on it is no event; ask `records` for those.
        """
        return [decode(record.value) for record in self.log.records(topic)]

    def records(self, topic: str | None = None) -> list[LogRecord]:
        """Return the records of a topic, or of all, in the order they were appended."""
        return self.log.records(topic)

    def state(self, stage: str, key: str) -> bytes | None:
        """Return what a stage stored under a key."""
        return self._consumers[stage].states.get(key)

    def tally(self, stage: str) -> Tally:
        """Return a stage's counters."""
        return self._consumers[stage].tally

    def _append(self, out: OutRecord) -> None:
        record = self.log.append(out, now_ms=self.now_ms)
        if record.topic in _CONFIGURATION:
            with suppress(Undecodable):
                self.configuration = configured(self.configuration, decode(record.value))
        for consumer, lane in self._readers.get((record.topic, record.partition), ()):
            self._scheduler.wake(consumer, lane)

    def _next_due_ms(self) -> int | None:
        dues = [due for one in self._consumers.values() if (due := one.due_ms()) is not None]
        return min(dues, default=None)
