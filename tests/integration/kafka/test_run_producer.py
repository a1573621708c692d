"""The producer against real Kafka: order, delivery, room, and what is refused."""

import asyncio

import pytest
from aiokafka.partitioner import DefaultPartitioner
from hypothesis import given
from hypothesis import strategies as st
from tests.integration.kafka.harness import Log, values

from prefstream.adapters.kafka.partitions import key_hash, partition_for
from prefstream.adapters.kafka.producer import (
    DeliveryFailed,
    RecordTooLarge,
    RunProducer,
    record_bytes,
)
from prefstream.schemas.errors import Unavailable
from prefstream.schemas.records import OutRecord


@given(key=st.binary(max_size=80), partitions=st.integers(1, 64))
def test_keys_go_where_the_java_and_the_python_client_send_them(key: bytes, partitions: int) -> None:
    everywhere = list(range(partitions))
    assert partition_for(key, partitions) == DefaultPartitioner()(key, everywhere, everywhere)


@pytest.mark.parametrize(
    ("key", "expected"), [(b"21", -973932308), (b"foobar", -790332482), (b"abc", 479470107)]
)
def test_hash_equals_the_published_values_of_the_java_client(key: bytes, expected: int) -> None:
    assert key_hash(key) == expected & 0x7FFFFFFF


def test_record_size_counts_key_value_and_headers() -> None:
    record = OutRecord(topic="t", key=b"12", value=b"345", headers=(("name", b"67"),))
    assert record_bytes(record) == 11


@pytest.mark.kafka
async def test_many_sends_in_flight_keep_their_order_in_every_partition(log: Log) -> None:
    topic = await log.topic("ordered", 3)
    async with RunProducer(log.connection, batch_bytes=2_000) as producer:
        deliveries = [
            await producer.send(
                [OutRecord(topic=topic, key=b"%d" % (n % 7), value=b"%06d" % n) for n in range(s, s + 40)]
            )
            for s in range(0, 8_000, 40)
        ]
        for delivery in deliveries:
            await delivery
    found = await log.read(topic)
    assert sorted(record.value or b"" for record in found) == values(8_000)
    for key in {record.key for record in found}:
        of_key = [record.value for record in found if record.key == key]
        assert of_key == sorted(of_key, key=lambda value: value or b"")


@pytest.mark.kafka
async def test_headers_timestamps_keys_and_empty_values_arrive_as_sent(log: Log) -> None:
    topic = await log.topic("whole")
    sent = OutRecord(
        topic=topic,
        key=b"\x00key",
        value=b"",
        headers=(("ce_id", b"1"), ("ce_id", b"2"), ("empty", b"")),
        timestamp_ms=1_700_000_000_123,
    )
    async with RunProducer(log.connection) as producer:
        await (await producer.send([sent]))
    (found,) = await log.read(topic)
    assert (found.key, found.value, found.headers, found.timestamp_ms) == (
        sent.key,
        sent.value,
        sent.headers,
        sent.timestamp_ms,
    )


@pytest.mark.kafka
async def test_nothing_to_send_is_delivered_at_once(log: Log) -> None:
    async with RunProducer(log.connection) as producer:
        await (await producer.send([]))


@pytest.mark.kafka
async def test_too_large_a_record_is_refused_by_name_and_nothing_goes_out(log: Log) -> None:
    topic = await log.topic("limited")
    async with RunProducer(log.connection) as producer:
        with pytest.raises(RecordTooLarge, match=rf"{topic} with key b'big' has 1000004 bytes"):
            await producer.send(
                [
                    OutRecord(topic=topic, key=b"small", value=b"1"),
                    OutRecord(topic=topic, key=b"big", value=b"x" * 1_000_001),
                ]
            )
    assert await log.read(topic) == []


@pytest.mark.kafka
async def test_a_record_just_under_the_limit_fits_a_default_topic(log: Log) -> None:
    topic = await log.topic("limited")
    async with RunProducer(log.connection) as producer:
        await (await producer.send([OutRecord(topic=topic, key=b"k", value=b"x" * 999_990)]))
    assert len(await log.read(topic)) == 1


@pytest.mark.kafka
async def test_a_refused_batch_fails_its_delivery_and_all_that_waits_behind_it(log: Log) -> None:
    topic = await log.topic("narrow", config={"max.message.bytes": "1000"})
    async with RunProducer(log.connection) as producer:
        first = await producer.send([OutRecord(topic=topic, key=b"k", value=b"x" * 5000)])
        second = await producer.send([OutRecord(topic=topic, key=b"k", value=b"fine")])
        with pytest.raises(DeliveryFailed, match=rf"{topic} partition 0.*MessageSizeTooLarge"):
            await first
        with pytest.raises(DeliveryFailed):
            await second
        with pytest.raises(DeliveryFailed):
            await (await producer.send([OutRecord(topic=topic, key=b"k", value=b"later")]))


@pytest.mark.kafka
async def test_an_unknown_topic_is_named(log: Log) -> None:
    async with RunProducer(log.connection) as producer:
        with pytest.raises(Unavailable, match="absent-topic"):
            await producer.send([OutRecord(topic="absent-topic", key=b"k", value=b"v")])


@pytest.mark.kafka
async def test_send_waits_for_room_and_goes_on(log: Log) -> None:
    topic = await log.topic("roomy")
    async with RunProducer(log.connection, waiting_bytes=10_000) as producer:
        deliveries = [
            await producer.send([OutRecord(topic=topic, key=b"k", value=b"x" * 4_000)]) for _ in range(50)
        ]
        await asyncio.gather(*(_awaited(delivery) for delivery in deliveries))
    assert len(await log.read(topic)) == 50


async def _awaited(delivery: object) -> None:
    await delivery  # type: ignore[misc]
