"""A topic read from its start to its end, and on from there: no group, no producer, no commits.

For compacted topics (policies, constitutions) and for replay. The end is pinned when the scan opens and
reached by position, not by counting: compaction and transaction markers leave gaps.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Any, Self

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import ConsumerStoppedError, KafkaError

from prefstream.adapters.kafka.connection import KafkaConnection, check_connection
from prefstream.adapters.kafka.lag import Place
from prefstream.adapters.kafka.run_consumer import log_records
from prefstream.adapters.kafka.topics import partition_counts
from prefstream.schemas.errors import Unavailable
from prefstream.schemas.records import LogRecord

POLL_MS = 500


class TopicScan:
    """Reads topics from their start: first the history, then what follows.

    Records of one partition come in order; partitions are interleaved as they arrive.

    Example:
        async with TopicScan(connection, ["policies.published.v1"]) as scan:
            async for record in scan.history(): ...
            async for record in scan.follow(): ...
    """

    def __init__(self, connection: KafkaConnection, topics: Sequence[str]) -> None:
        self._connection = connection
        self._topics = tuple(topics)
        self._consumer: AIOKafkaConsumer | None = None
        self._ends: dict[TopicPartition, int] = {}
        self._beyond: list[LogRecord] = []

    async def __aenter__(self) -> Self:
        await check_connection(self._connection)
        consumer = AIOKafkaConsumer(
            **self._connection.client_kwargs(),
            group_id=None,
            enable_auto_commit=False,
            isolation_level="read_committed",
        )
        try:
            await consumer.start()
            places = await self._places()
            consumer.assign(places)
            await consumer.seek_to_beginning(*places)
            self._ends = await consumer.end_offsets(places)
        except (KafkaError, OSError, Unavailable) as error:
            await consumer.stop()
            raise Unavailable(f"Kafka topics {', '.join(self._topics)} cannot be read: {error}") from error
        self._consumer = consumer
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._consumer is not None:
            await self._consumer.stop()
            self._consumer = None

    @property
    def ends(self) -> dict[Place, int]:
        """Give the ends pinned at opening: the first offset of each partition that is not history."""
        return {(place.topic, place.partition): end for place, end in self._ends.items()}

    async def history(self) -> AsyncIterator[LogRecord]:
        """Give every record before the pinned ends, then stop."""
        consumer = self._open()
        while unread := await self._unread(consumer):
            for place, run in (await self._poll(consumer, unread)).items():
                for record in log_records(run):
                    if record.offset < self._ends[place]:
                        yield record
                    else:
                        self._beyond.append(record)

    async def follow(self) -> AsyncIterator[LogRecord]:
        """Give the records after the history as they arrive, until the scan is closed."""
        while self._beyond:
            yield self._beyond.pop(0)
        while self._consumer is not None:
            try:
                found = await self._poll(self._consumer, [])
            except ConsumerStoppedError:
                return
            for run in found.values():
                for record in log_records(run):
                    yield record

    def _open(self) -> AIOKafkaConsumer:
        if self._consumer is None:
            raise Unavailable("This scan is not open; use it in `async with`")
        return self._consumer

    async def _unread(self, consumer: AIOKafkaConsumer) -> list[TopicPartition]:
        return [place for place, end in self._ends.items() if await consumer.position(place) < end]

    async def _poll(
        self, consumer: AIOKafkaConsumer, places: Sequence[TopicPartition]
    ) -> dict[TopicPartition, list[Any]]:
        try:
            found: dict[TopicPartition, list[Any]] = await consumer.getmany(*places, timeout_ms=POLL_MS)
        except ConsumerStoppedError:
            raise
        except (KafkaError, OSError) as error:
            raise Unavailable(f"Kafka topics {', '.join(self._topics)} cannot be read: {error}") from error
        return found

    async def _places(self) -> list[TopicPartition]:
        admin = AIOKafkaAdminClient(**self._connection.client_kwargs())
        try:
            await admin.start()
            counts = await partition_counts(admin, self._topics)
        finally:
            await admin.close()
        return [TopicPartition(topic, number) for topic, count in counts.items() for number in range(count)]
