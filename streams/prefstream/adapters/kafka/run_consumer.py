"""The Faust driver that carries a run of records of one partition as one Faust message.

Faust pays about 200 microseconds per message, so a message holds hundreds of records here. And it commits by
one rule of ours: the acknowledged prefix of what was delivered, so nothing in flight is ever committed past.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import aiokafka
import faust
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, ConsumerMessage

from prefstream.schemas.records import LogRecord

DEFAULT_RUN_LENGTH = 500


class PassSchema(faust.Schema[Any, Any]):
    """A schema that decodes nothing: the value of an event is the run as it came."""

    def compile(self, app: Any, **_: Any) -> Any:
        """Give Faust a decoder that hands the message through."""
        create_event = app.create_event

        async def decode(message: Any, *, propagate: bool = False) -> Any:  # noqa: ARG001  Faust's signature
            return create_event(message.key, message.value, message.headers, message)

        return decode


class RunConsumerThread(driver.AIOKafkaConsumerThread):
    """The thread that polls Kafka, with our settings for its client."""

    app: Any

    def _create_worker_consumer(self, transport: Any) -> aiokafka.AIOKafkaConsumer:  # noqa: ARG002  Faust's signature
        return aiokafka.AIOKafkaConsumer(
            **self.app.consumer_kwargs, partition_assignment_strategy=[RangePartitionAssignor]
        )


class RunConsumer(driver.Consumer):
    """A Faust consumer of runs.

    `_runs` holds, per partition and in order of delivery, every message not yet known to be committed.
    """

    app: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._runs: defaultdict[TP, deque[ConsumerMessage]] = defaultdict(deque)

    def _new_consumer_thread(self) -> RunConsumerThread:
        return RunConsumerThread(self, loop=self.loop, beacon=self.beacon)

    async def _getmany(self, active_partitions: Any, timeout: float) -> Mapping[TP, list[Any]]:  # noqa: ASYNC109
        found = await super()._getmany(active_partitions, timeout)
        lengths = self.app.run_lengths
        return {
            partition: [
                records[start : start + lengths[partition.topic]]
                for start in range(0, len(records), lengths[partition.topic])
            ]
            for partition, records in found.items()
        }

    def _to_message(self, tp: TP, record: Any) -> ConsumerMessage:  # noqa: ARG002  Faust's signature
        last = record[-1]
        place = TP(last.topic, last.partition)
        message = ConsumerMessage(
            last.topic,
            last.partition,
            last.offset,
            last.timestamp / 1000.0,
            last.timestamp_type,
            None,
            None,
            record,
            None,
            0,
            0,
            place,
            generation_id=self.app.consumer_generation_id,
        )
        self._runs[place].append(message)
        return message

    def on_buffer_full(self, tp: TP) -> None:
        """Let a full agent queue block the fetcher: taking partitions away makes Faust sleep a second."""

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """Ignore jumps of offsets: between the last records of two runs they are normal."""

    def _filter_tps_with_pending_acks(self, topics: Any = None) -> Iterator[TP]:
        # Faust forgets its own list when partitions are revoked, before the last commit of what was done.
        return (tp for tp in list(self._runs) if topics is None or tp in topics or tp.topic in topics)

    def _new_offset(self, tp: TP) -> int | None:
        self._acked[tp].clear()
        self._acked_index[tp].clear()
        runs = self._runs[TP(tp.topic, tp.partition)]
        committed = self._committed_offset[tp] or 0
        committable = None
        while runs and (runs[0].acked or runs[0].offset < committed):
            committable = runs.popleft().offset + 1
        return committable

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """Forget the runs of the generation that ended; Kafka delivers again what was not committed."""
        self._runs.clear()
        await super().on_partitions_assigned(assigned, generation_id)


class RunTransport(driver.Transport):
    """Faust's Kafka transport with the consumer of runs."""

    Consumer = RunConsumer


def log_records(run: Iterable[Any]) -> list[LogRecord]:
    """Turn the records of a run, as aiokafka gives them, into ours."""
    return [
        LogRecord(
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            timestamp_ms=record.timestamp,
            key=record.key,
            value=record.value,
            headers=tuple(record.headers),
        )
        for record in run
    ]
