"""A plain group reader, for stages that keep their offsets themselves (the sink) and for retries."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError

from prefstream.adapters.kafka.connection import KafkaConnection, check_connection
from prefstream.adapters.kafka.lag import Place
from prefstream.adapters.kafka.run_consumer import log_records
from prefstream.adapters.kafka.times import ShellTimes, consumer_kwargs
from prefstream.schemas.errors import Fenced, Unavailable
from prefstream.schemas.records import LogRecord

OnAssigned = Callable[[frozenset[Place]], Awaitable[Mapping[Place, int]]]
OnRevoked = Callable[[frozenset[Place]], Awaitable[None]]


async def keep_committed(_: frozenset[Place]) -> Mapping[Place, int]:
    """Seek nowhere: go on where the group last committed."""
    return {}


async def let_go(_: frozenset[Place]) -> None:
    """Do nothing when partitions leave."""


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]
    """Passes a rebalance on, and keeps what went wrong for the next poll: aiokafka only logs it."""

    def __init__(self, reader: "RunReader", on_assigned: OnAssigned, on_revoked: OnRevoked) -> None:
        self._reader = reader
        self._on_assigned = on_assigned
        self._on_revoked = on_revoked

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        try:
            offsets = await self._on_assigned(_places(assigned))
            for place, offset in offsets.items():
                self._reader.seek(place, offset)
        except Exception as error:  # noqa: BLE001  raised by the next poll
            self._reader.failure = error

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        try:
            await self._on_revoked(_places(revoked))
        except Exception as error:  # noqa: BLE001  raised by the next poll
            self._reader.failure = error


class RunReader:
    """Reads topics as a member of a group and commits only what it is told to.

    A rebalance may happen between two polls. What was polled before it may then belong to another process:
    keep offsets with the results, behind a fence, and treat `Fenced` from `commit` as that news.
    """

    def __init__(
        self,
        connection: KafkaConnection,
        *,
        name: str,
        group: str,
        topics: Sequence[str],
        on_assigned: OnAssigned = keep_committed,
        on_revoked: OnRevoked = let_go,
        times: ShellTimes | None = None,
        instance: str | None = None,
    ) -> None:
        self._connection = connection
        self._group = group
        self._topics = tuple(topics)
        self._kwargs = consumer_kwargs(name, group, connection, times or ShellTimes(), instance)
        self._listener = _Listener(self, on_assigned, on_revoked)
        self._consumer: AIOKafkaConsumer | None = None
        self.failure: Exception | None = None

    async def start(self) -> None:
        """Join the group.

        Raises:
            Unavailable: Kafka does not answer.
        """
        await check_connection(self._connection)
        consumer = AIOKafkaConsumer(**self._kwargs, partition_assignment_strategy=[RangePartitionAssignor])
        self._consumer = consumer
        consumer.subscribe(self._topics, listener=self._listener)
        try:
            await consumer.start()
        except (KafkaError, OSError) as error:
            await self.close()
            raise Unavailable(f"Kafka group {self._group} cannot be joined: {error}") from error

    async def close(self) -> None:
        """Leave the group; nothing is committed."""
        if self._consumer is not None:
            await self._consumer.stop()
            self._consumer = None

    @property
    def assigned(self) -> frozenset[Place]:
        """Name the partitions that are ours now."""
        return _places(self._running().assignment())

    async def poll(self, *, max_records: int = 500, timeout_s: float = 0.5) -> dict[Place, list[LogRecord]]:
        """Wait for records, in order within each partition; nothing new gives an empty dictionary.

        Raises:
            Unavailable: Kafka cannot be read.
        """
        consumer = self._running()
        self._raise_failure()
        try:
            found = await consumer.getmany(timeout_ms=int(timeout_s * 1000), max_records=max_records)
        except (KafkaError, OSError) as error:
            raise Unavailable(f"Kafka topics {', '.join(self._topics)} cannot be read: {error}") from error
        self._raise_failure()
        return {(place.topic, place.partition): log_records(run) for place, run in found.items() if run}

    def seek(self, place: Place, offset: int) -> None:
        """Read on from this offset."""
        self._running().seek(TopicPartition(*place), offset)

    def pause(self, places: Iterable[Place]) -> None:
        """Stop reading partitions but keep them; go on calling `poll`."""
        self._running().pause(*(TopicPartition(*place) for place in places))

    def resume(self, places: Iterable[Place]) -> None:
        """Read paused partitions again."""
        self._running().resume(*(TopicPartition(*place) for place in places))

    async def commit(self, offsets: Mapping[Place, int]) -> None:
        """Record the next offset to read of these partitions.

        Raises:
            Fenced: A partition has gone to another process; nothing was recorded.
            Unavailable: Kafka does not answer.
        """
        try:
            await self._running().commit(
                {TopicPartition(*place): offset for place, offset in offsets.items()}
            )
        except (CommitFailedError, IllegalStateError) as error:
            raise Fenced(
                f"Group {self._group} no longer holds all of {sorted(offsets)}: {error}; poll again"
            ) from error
        except (KafkaError, OSError) as error:
            raise Unavailable(f"Kafka did not record offsets of group {self._group}: {error}") from error

    def _running(self) -> Any:
        if self._consumer is None:
            raise Unavailable("This Kafka reader is not started or already closed; start it first")
        return self._consumer

    def _raise_failure(self) -> None:
        if self.failure is not None:
            failure, self.failure = self.failure, None
            raise failure


def _places(partitions: Iterable[TopicPartition]) -> frozenset[Place]:
    return frozenset((place.topic, place.partition) for place in partitions)
