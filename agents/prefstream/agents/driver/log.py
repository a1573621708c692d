"""A partitioned log in memory: append, read by coordinates, nothing is ever changed."""

from collections import defaultdict
from collections.abc import Sequence
from zlib import crc32

from prefstream.schemas.records import LogRecord, OutRecord
from prefstream.schemas.topics import TOPICS

TopicPartition = tuple[str, int]

_FIXED = {spec.name: spec.partitions for spec in TOPICS if spec.partitions is not None}


class Log:
    """Records by topic and partition, and all of them in the order they were appended."""

    def __init__(self, *, partitions: int) -> None:
        """Begin an empty log.

        Args:
            partitions: Partitions of every topic whose number the contract does not fix.
        """
        self._partitions = partitions
        self._records: defaultdict[TopicPartition, list[LogRecord]] = defaultdict(list)
        self._all: list[LogRecord] = []

    def append(self, out: OutRecord, *, now_ms: int) -> LogRecord:
        """Append a record to the partition of its key and return it with its coordinates."""
        partition = crc32(out.key) % self.partitions(out.topic)
        held = self._records[out.topic, partition]
        record = LogRecord(
            topic=out.topic,
            partition=partition,
            offset=len(held),
            timestamp_ms=now_ms if out.timestamp_ms is None else out.timestamp_ms,
            key=out.key,
            value=out.value,
            headers=out.headers,
        )
        held.append(record)
        self._all.append(record)
        return record

    def held(self, topic: str, partition: int) -> Sequence[LogRecord]:
        """Return a live view of one partition: what is appended later shows up in it."""
        return self._records[topic, partition]

    def partitions(self, topic: str) -> int:
        """Return how many partitions a topic has."""
        return _FIXED.get(topic, self._partitions)

    def records(self, topic: str | None = None) -> list[LogRecord]:
        """Return the records of a topic, or of all topics, in the order they were appended."""
        return [record for record in self._all if topic in (None, record.topic)]
