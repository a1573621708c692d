"""How far a consumer group is behind, asked of the brokers and not of our own counters."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from prefstream.adapters.kafka.connection import KafkaConnection, check_connection
from prefstream.adapters.kafka.topics import partition_counts
from prefstream.schemas.errors import Unavailable

REQUEST_TIMEOUT_MS = 30_000
COORDINATOR_TIMEOUT_S = 10.0
COORDINATOR_PAUSE_S = 0.2

#: A topic and a partition of it.
Place = tuple[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class PartitionLag:
    """Where a group and the log stand in one partition.

    Attributes:
        committed: The next offset the group reads; the first of the log when it has committed nothing.
        end: The next offset the log writes.
    """

    committed: int
    end: int

    @property
    def behind(self) -> int:
        """Count the offsets that the group has still to read."""
        return max(0, self.end - self.committed)


class LagProbe:
    """Asks for lag again and again over the same two connections."""

    def __init__(self, connection: KafkaConnection) -> None:
        self._connection = connection
        self._admin: AIOKafkaAdminClient | None = None
        self._consumer: AIOKafkaConsumer | None = None

    async def __aenter__(self) -> Self:
        await check_connection(self._connection)
        kwargs = self._connection.client_kwargs() | {"request_timeout_ms": REQUEST_TIMEOUT_MS}
        self._admin = AIOKafkaAdminClient(**kwargs)
        self._consumer = AIOKafkaConsumer(**kwargs, group_id=None)
        await self._admin.start()
        await self._consumer.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._admin is not None and self._consumer is not None:
            await self._admin.close()
            await self._consumer.stop()
        self._admin = self._consumer = None

    async def lag(self, group: str, topics: Sequence[str]) -> Mapping[Place, PartitionLag]:
        """Say where a group stands in every partition of these topics.

        Raises:
            Unavailable: Kafka does not answer, or a topic does not exist.
        """
        if self._admin is None or self._consumer is None:
            raise Unavailable("This lag probe is not open; use it in `async with`")
        try:
            counts = await partition_counts(self._admin, topics)
            places = [
                TopicPartition(topic, number) for topic, count in counts.items() for number in range(count)
            ]
            committed = await committed_offsets(self._admin, group)
            ends = await self._consumer.end_offsets(places)
            starts = await self._consumer.beginning_offsets(places)
        except (KafkaError, OSError) as error:
            raise Unavailable(f"Kafka does not tell the lag of group {group}: {error}") from error
        return {
            (place.topic, place.partition): PartitionLag(
                committed=max(committed[place].offset if place in committed else 0, starts[place]),
                end=ends[place],
            )
            for place in places
        }


async def committed_offsets(admin: AIOKafkaAdminClient, group: str) -> Mapping[TopicPartition, Any]:
    """Ask for the offsets of a group; a young or restarted cluster takes a while to name who keeps them."""
    loop = asyncio.get_running_loop()
    end_s = loop.time() + COORDINATOR_TIMEOUT_S
    while True:
        try:
            offsets: Mapping[TopicPartition, Any] = await admin.list_consumer_group_offsets(group)
        except KafkaError as error:
            if not error.retriable or loop.time() > end_s:
                raise
            await asyncio.sleep(COORDINATOR_PAUSE_S)
        else:
            return offsets
