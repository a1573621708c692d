"""The log on Apache Kafka, as commands and processes use it besides running stages."""

from collections.abc import AsyncIterator, Mapping, Sequence

from prefstream.adapters.kafka.connection import KafkaConnection
from prefstream.adapters.kafka.lag import LagProbe
from prefstream.adapters.kafka.producer import RECORD_BYTES, RunProducer
from prefstream.adapters.kafka.scan import TopicScan
from prefstream.adapters.kafka.topics import TopicLayout, ensure_topics
from prefstream.schemas.records import LogRecord, OutRecord
from prefstream.schemas.topics import RAW, TOPICS, TopicSpec

#: Most bytes of a record on a topic of events: the contract's largest value and room for headers.
MAX_EVENT_RECORD_BYTES = 960_000


class KafkaWriter:
    """Appends to Kafka: idempotent, acknowledged by all replicas, awaited."""

    def __init__(self, producer: RunProducer) -> None:
        self._producer = producer

    async def append(self, records: Sequence[OutRecord]) -> None:
        """Append records in order per key; returns when every one is acknowledged."""
        if records:
            await (await self._producer.send(records))

    async def close(self) -> None:
        """Leave the brokers."""
        await self._producer.close()


class KafkaLog:
    """The log on a Kafka cluster."""

    def __init__(self, connection: KafkaConnection, *, groups: Mapping[str, Sequence[str]]) -> None:
        """Make the log.

        Args:
            connection: How to reach the brokers.
            groups: The consumer groups of the chain and the topics each reads, for lags.
        """
        self.connection = connection
        self._groups = groups
        self._probe: LagProbe | None = None

    async def writer(self) -> KafkaWriter:
        """Return a writer with a producer of its own."""
        producer = RunProducer(self.connection)
        await producer.start()
        return KafkaWriter(producer)

    async def ensure_topics(self, *, partitions: int, replication: int) -> Sequence[str]:
        """Create the contract's topics where they are missing and return the names created."""
        layouts = [_layout(spec, partitions, replication) for spec in TOPICS]
        report = await ensure_topics(self.connection, layouts)
        return list(report.created)

    async def snapshot(self, topic: str) -> AsyncIterator[LogRecord]:
        """Read a topic from its beginning to its end as of now."""
        async with TopicScan(self.connection, [topic]) as scan:
            async for record in scan.history():
                yield record

    async def follow(self, topic: str) -> AsyncIterator[LogRecord]:
        """Read a topic from its beginning and go on for ever."""
        async with TopicScan(self.connection, [topic]) as scan:
            async for record in scan.history():
                yield record
            async for record in scan.follow():
                yield record

    async def lags(self) -> dict[str, dict[str, int]]:
        """Return, per group and topic, how many records are not yet processed."""
        if self._probe is None:
            self._probe = await LagProbe(self.connection).__aenter__()
        found: dict[str, dict[str, int]] = {}
        for group, topics in self._groups.items():
            for (topic, _), lag in (await self._probe.lag(group, topics)).items():
                of_group = found.setdefault(group, {})
                of_group[topic] = of_group.get(topic, 0) + lag.behind
        return found

    async def close(self) -> None:
        """Let go of the connection that lags are read by; readers and writers close their own."""
        if self._probe is not None:
            await self._probe.__aexit__(None, None, None)
            self._probe = None


def _layout(spec: TopicSpec, partitions: int, replication: int) -> TopicLayout:
    return TopicLayout(
        name=spec.name,
        partitions=spec.partitions or partitions,
        replication=replication,
        config={
            "cleanup.policy": spec.cleanup,
            "retention.ms": str(spec.retention_ms),
            # What comes in must fit, with the headers of a detour, into what our producer hands on.
            "max.message.bytes": str(RECORD_BYTES if spec in RAW else MAX_EVENT_RECORD_BYTES),
        },
    )
