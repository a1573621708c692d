"""The producer: records go out in batches, in the order handed over, and every delivery is awaited.

aiokafka keeps one request in flight per broker, so throughput is made of big batches. Records wait in one
lane per partition while the last batch travels and leave together in the next: big batches under load, no
wait when idle.
"""

import asyncio
from collections import deque
from collections.abc import Generator, Iterable, Sequence
from functools import partial
from typing import Any, Self

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from prefstream.adapters.kafka.connection import KafkaConnection
from prefstream.adapters.kafka.partitions import key_hash
from prefstream.schemas.errors import BadInput, Unavailable
from prefstream.schemas.records import OutRecord

#: Bytes of one batch; a broker takes 1 MiB by default (`message.max.bytes`).
BATCH_BYTES = 600_000
#: Bytes of one record: a broker's 1 MiB less what a batch adds around it.
RECORD_BYTES = 1_000_000
#: Bytes handed over and not acknowledged before `send` waits.
WAITING_BYTES = 32_000_000
REQUEST_TIMEOUT_MS = 40_000
METADATA_TIMEOUT_S = 8.0


class RecordTooLarge(BadInput):
    """A record is larger than a Kafka broker takes."""


class DeliveryFailed(Unavailable):
    """Records were not acknowledged by Kafka; they may or may not be in the log."""


def record_bytes(record: OutRecord) -> int:
    """Say how many bytes a record has: key, value and headers.

    >>> record_bytes(OutRecord(topic="t", key=b"k", value=b"four", headers=(("h", b"1"),)))
    7
    """
    size = len(record.key) + len(record.value)
    for name, value in record.headers:
        size += len(name) + len(value)
    return size


class Delivery:
    """What `send` gives back: await it to know that every record is in the log.

    Raises:
        DeliveryFailed: When awaited, if any record was not acknowledged.
    """

    __slots__ = ("_future", "_open", "size_bytes")

    def __init__(self, parts: int, size_bytes: int) -> None:
        self.size_bytes = size_bytes
        self._open = parts
        self._future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        # A failure nobody awaits any more (the process is stopping) must not be reported as an accident.
        self._future.add_done_callback(_look_at)
        if not parts:
            self._future.set_result(None)

    def __await__(self) -> Generator[Any, None, None]:
        return self._future.__await__()

    def when_done(self, callback: Any) -> None:
        """Call back once, delivered or not."""
        self._future.add_done_callback(callback)

    def expect_another(self) -> None:
        """Wait for one part more: the records of one partition did not fit one batch."""
        self._open += 1

    def settle(self, error: BaseException | None) -> None:
        """Take the news of one part."""
        self._open -= 1
        if self._future.done():
            return
        if error is not None:
            self._future.set_exception(error)
        elif not self._open:
            self._future.set_result(None)


def _look_at(future: asyncio.Future[Any]) -> None:
    if not future.cancelled():
        future.exception()


class _Parcel:
    """The records of one `send` for one partition, and how far they have been packed."""

    __slots__ = ("delivery", "packed", "records")

    def __init__(self, records: list[OutRecord], delivery: Delivery) -> None:
        self.records = records
        self.delivery = delivery
        self.packed = 0


class _Lane:
    """The queue of one partition: first in, first out, one batch after the other."""

    def __init__(self, producer: AIOKafkaProducer, topic: str, partition: int) -> None:
        self._producer = producer
        self._topic = topic
        self._partition = partition
        self._parcels: deque[_Parcel] = deque()
        self._aboard: list[Delivery] = []
        self._carrier: asyncio.Task[None] | None = None
        self._failure: DeliveryFailed | None = None

    def put(self, parcel: _Parcel) -> None:
        if self._failure is not None:
            parcel.delivery.settle(self._failure)
            return
        self._parcels.append(parcel)
        if self._carrier is None:
            self._carrier = asyncio.create_task(self._carry())

    async def _carry(self) -> None:
        try:
            while self._parcels:
                builder = self._pack()
                sent = await self._producer.send_batch(builder, self._topic, partition=self._partition)
                sent.add_done_callback(partial(self._settle, self._aboard))
                self._aboard = []
        except Exception as error:  # noqa: BLE001  whatever it is, whoever awaits a delivery must hear of it
            self._fail(self._aboard, error)
        finally:
            self._carrier = None

    def _pack(self) -> Any:
        """Fill one batch; `_aboard` then names the deliveries that have records in it."""
        builder = self._producer.create_batch()
        while self._parcels:
            parcel = self._parcels[0]
            start = parcel.packed
            if not _load(builder, parcel):
                if parcel.packed > start:
                    parcel.delivery.expect_another()
                    self._aboard.append(parcel.delivery)
                break
            self._aboard.append(self._parcels.popleft().delivery)
        return builder

    def _settle(self, aboard: list[Delivery], sent: asyncio.Future[Any]) -> None:
        error = asyncio.CancelledError() if sent.cancelled() else sent.exception()
        if error is not None:
            self._fail(aboard, error)
            return
        for delivery in aboard:
            delivery.settle(None)

    def _fail(self, aboard: list[Delivery], error: BaseException) -> None:
        """Fail these, all that wait and all to come: nothing may overtake a lost batch."""
        failure = DeliveryFailed(
            f"Kafka did not acknowledge records for {self._topic} partition {self._partition}: "
            f"{type(error).__name__}: {error}. They may or may not be in the log; "
            "send them again once Kafka answers"
        )
        failure.__cause__ = error
        self._failure = failure
        for delivery in [*aboard, *(parcel.delivery for parcel in self._parcels)]:
            delivery.settle(failure)
        self._parcels.clear()


def _load(builder: Any, parcel: _Parcel) -> bool:
    """Put records of a parcel into a batch, and tell whether all of them fitted."""
    append = builder.append
    records = parcel.records
    for index in range(parcel.packed, len(records)):
        record = records[index]
        taken = append(
            timestamp=record.timestamp_ms, key=record.key, value=record.value, headers=list(record.headers)
        )
        if taken is None:
            parcel.packed = index
            return False
    return True


class RunProducer:
    """An idempotent producer of runs of records (acks=all); several sends may be in flight.

    Example:
        producer = RunProducer(connection); await producer.start()
        first = await producer.send(records)      # handed over, in order
        second = await producer.send(more)
        await first; await second                 # in the log
    """

    def __init__(
        self,
        connection: KafkaConnection,
        *,
        batch_bytes: int = BATCH_BYTES,
        record_bytes_limit: int = RECORD_BYTES,
        waiting_bytes: int = WAITING_BYTES,
        request_timeout_ms: int = REQUEST_TIMEOUT_MS,
    ) -> None:
        self._connection = connection
        self._batch_bytes = batch_bytes
        self._record_bytes_limit = record_bytes_limit
        self._waiting_bytes = waiting_bytes
        self._request_timeout_ms = request_timeout_ms
        self._producer: AIOKafkaProducer | None = None
        self._lanes: dict[tuple[str, int], _Lane] = {}
        self._partitions: dict[str, int] = {}
        self._order = asyncio.Lock()
        self._room = asyncio.Event()
        self._room.set()
        self._unacknowledged_bytes = 0

    async def start(self) -> None:
        """Connect.

        Raises:
            Unavailable: Kafka does not answer.
        """
        producer = AIOKafkaProducer(
            **self._connection.client_kwargs(),
            acks="all",
            enable_idempotence=True,
            linger_ms=0,
            max_batch_size=self._batch_bytes,
            max_request_size=max(self._record_bytes_limit, self._batch_bytes) + 4096,
            request_timeout_ms=self._request_timeout_ms,
        )
        try:
            await producer.start()
        except (KafkaError, OSError) as error:
            await producer.stop()
            raise Unavailable(
                f"Kafka at {self._connection.bootstrap} cannot be written to: {error}"
            ) from error
        self._producer = producer

    async def close(self) -> None:
        """Wait for what is on its way, then disconnect."""
        if self._producer is not None:
            await self._producer.stop()
            self._producer = None
        self._lanes.clear()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def send(self, records: Sequence[OutRecord]) -> Delivery:
        """Hand records over, in order, after those of every earlier call.

        Waits only for room. A failed delivery also fails whatever waits behind it in the same partition.

        Raises:
            RecordTooLarge: One record exceeds the limit; none of these was handed over.
            Unavailable: A topic does not exist or Kafka does not answer.
        """
        size_bytes = self._measure(records)
        async with self._order:
            await self._room.wait()
            parcels = await self._address(records)
            delivery = Delivery(len(parcels), size_bytes)
            self._take_room(delivery)
            for lane, rows in parcels:
                lane.put(_Parcel(rows, delivery))
        return delivery

    def _measure(self, records: Iterable[OutRecord]) -> int:
        total = 0
        for record in records:
            size = len(record.key) + len(record.value)
            for name, value in record.headers:
                size += len(name) + len(value)
            if size > self._record_bytes_limit:
                raise RecordTooLarge(
                    f"A record for {record.topic} with key {record.key!r} has {size} bytes, the limit is "
                    f"{self._record_bytes_limit}; shorten it, or raise max.message.bytes of the topic "
                    "and this limit"
                )
            total += size
        return total

    async def _address(self, records: Iterable[OutRecord]) -> list[tuple[_Lane, list[OutRecord]]]:
        groups: dict[tuple[str, int], list[OutRecord]] = {}
        counts = self._partitions
        for record in records:
            topic = record.topic
            if topic not in counts:
                counts[topic] = await self._count_partitions(topic)
            place = (topic, key_hash(record.key) % counts[topic])
            if place in groups:
                groups[place].append(record)
            else:
                groups[place] = [record]
        return [(self._lane(*place), rows) for place, rows in groups.items()]

    async def _count_partitions(self, topic: str) -> int:
        producer = self._running()
        try:
            # Without a limit of ours it looks for the topic as long as a request may take.
            async with asyncio.timeout(METADATA_TIMEOUT_S):
                return len(await producer.partitions_for(topic))
        except (KafkaError, OSError, TimeoutError) as error:
            raise Unavailable(
                f"Kafka topic {topic} cannot be written to: {type(error).__name__}: {error}; "
                "create it or check access"
            ) from error

    def _lane(self, topic: str, partition: int) -> _Lane:
        lane = self._lanes.get((topic, partition))
        if lane is None:
            lane = self._lanes[topic, partition] = _Lane(self._running(), topic, partition)
        return lane

    def _running(self) -> AIOKafkaProducer:
        if self._producer is None:
            raise Unavailable("This Kafka producer is not started or already closed; start it first")
        return self._producer

    def _take_room(self, delivery: Delivery) -> None:
        self._unacknowledged_bytes += delivery.size_bytes
        if self._unacknowledged_bytes >= self._waiting_bytes:
            self._room.clear()
        delivery.when_done(lambda _: self._give_room(delivery.size_bytes))

    def _give_room(self, size_bytes: int) -> None:
        self._unacknowledged_bytes -= size_bytes
        if self._unacknowledged_bytes < self._waiting_bytes:
            self._room.set()
