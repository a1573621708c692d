"""Readers: a group with offsets of its own, and a scan through gaps to a pinned end and on."""

from collections.abc import Mapping

import pytest
from aiokafka import AIOKafkaProducer
from tests.integration.kafka.harness import Log, compacted_topic, eventually, values

from prefstream.adapters.kafka.lag import Place
from prefstream.adapters.kafka.reader import RunReader
from prefstream.adapters.kafka.scan import TopicScan
from prefstream.adapters.kafka.times import ShellTimes
from prefstream.schemas.errors import Fenced, Unavailable
from prefstream.schemas.records import LogRecord

pytestmark = pytest.mark.kafka

QUICK = ShellTimes(heartbeat_s=0.5, session_s=6, rebalance_s=10, request_s=15)


async def read(reader: RunReader, count: int) -> list[LogRecord]:
    """Poll until as many records have come."""
    found: list[LogRecord] = []

    async def enough() -> bool:
        for run in (await reader.poll(timeout_s=0.1)).values():
            found.extend(run)
        return len(found) >= count

    await eventually(enough, f"{count} records")
    return found


async def test_reader_starts_where_its_owner_says_and_commits_only_when_told(log: Log) -> None:
    topic = await log.topic("read", 2)
    await log.write(topic, values(100))
    given: list[frozenset[Place]] = []

    async def on_assigned(places: frozenset[Place]) -> Mapping[Place, int]:
        given.append(places)
        return dict.fromkeys(places, 10)

    reader = RunReader(
        log.connection, name="r", group=log.group, topics=[topic], on_assigned=on_assigned, times=QUICK
    )
    await reader.start()
    try:
        found = await read(reader, 80)
        assert min(record.offset for record in found) == 10
        assert len(found) == 80
        assert given == [frozenset({(topic, 0), (topic, 1)})] == [reader.assigned]
        assert await log.committed(topic) == 0
        await reader.commit({(topic, 1): 33})
        assert await log.committed(topic) == 33
    finally:
        await reader.close()


async def test_paused_partitions_give_nothing_until_resumed(log: Log) -> None:
    topic = await log.topic("paused", 2)
    reader = RunReader(log.connection, name="r", group=log.group, topics=[topic], times=QUICK)
    await reader.start()
    try:

        async def joined() -> bool:
            await reader.poll(timeout_s=0.05)
            return bool(reader.assigned)

        await eventually(joined, "assignment")
        reader.pause([(topic, 0)])
        await log.write(topic, values(40))
        sizes = dict((await ends(log, topic)).items())
        assert {record.partition for record in await read(reader, sizes[topic, 1])} == {1}
        reader.resume([(topic, 0)])
        assert {record.partition for record in await read(reader, sizes[topic, 0])} == {0}
    finally:
        await reader.close()


async def ends(log: Log, topic: str) -> dict[Place, int]:
    """Give the end of every partition."""
    async with TopicScan(log.connection, [topic]) as scan:
        return scan.ends


async def test_a_second_reader_takes_partitions_over_and_fences_the_first(log: Log) -> None:
    topic = await log.topic("shared", 2)
    await log.write(topic, values(20))
    revoked: list[frozenset[Place]] = []

    async def on_revoked(places: frozenset[Place]) -> None:
        revoked.append(places)

    first = RunReader(
        log.connection, name="a", group=log.group, topics=[topic], on_revoked=on_revoked, times=QUICK
    )
    second = RunReader(log.connection, name="b", group=log.group, topics=[topic], times=QUICK)
    await first.start()
    try:
        await read(first, 20)
        await second.start()

        async def shared() -> bool:
            await first.poll(timeout_s=0.05)
            await second.poll(timeout_s=0.05)
            return len(first.assigned) == len(second.assigned) == 1

        await eventually(shared, "one partition each")
        assert revoked[-1] == frozenset({(topic, 0), (topic, 1)})
        (lost,) = second.assigned
        with pytest.raises(Fenced, match="no longer holds"):
            await first.commit({lost: 1})
    finally:
        await first.close()
        await second.close()


async def test_an_error_in_the_owners_callback_reaches_the_poll(log: Log) -> None:
    topic = await log.topic("broken")
    await log.write(topic, values(3))

    async def on_assigned(_: frozenset[Place]) -> Mapping[Place, int]:
        raise Unavailable("the database is away")

    reader = RunReader(
        log.connection, name="r", group=log.group, topics=[topic], on_assigned=on_assigned, times=QUICK
    )
    await reader.start()
    try:
        with pytest.raises(Unavailable, match="the database is away"):
            await read(reader, 3)
    finally:
        await reader.close()


async def test_scan_gives_the_history_then_what_follows(log: Log) -> None:
    topic = await log.topic("scanned", 3)
    await log.write(topic, values(50))
    async with TopicScan(log.connection, [topic]) as scan:
        await log.write(topic, values(5, start=50))
        history = [record.value async for record in scan.history()]
        assert sorted(history, key=str) == values(50)
        following = []
        async for record in scan.follow():
            following.append(record.value or b"")
            if len(following) == 5:
                break
        assert sorted(following) == values(5, start=50)


async def test_scan_of_an_empty_topic_ends_at_once(log: Log) -> None:
    topic = await log.topic("empty", 2)
    async with TopicScan(log.connection, [topic]) as scan:
        assert [record async for record in scan.history()] == []


async def test_scan_reaches_an_end_that_is_a_transaction_marker(log: Log) -> None:
    topic = await log.topic("transactions")
    producer = AIOKafkaProducer(bootstrap_servers=log.bootstrap, transactional_id=log.suffix)
    await producer.start()
    try:
        for number in range(3):
            async with producer.transaction():
                await producer.send_and_wait(topic, b"%d" % number)
        await producer.begin_transaction()
        await producer.send_and_wait(topic, b"taken back")
        await producer.abort_transaction()
    finally:
        await producer.stop()
    found = await log.read(topic)
    assert [(record.offset, record.value) for record in found] == [(0, b"0"), (2, b"1"), (4, b"2")]
    assert await log.count(topic) == 8


@pytest.mark.chaos
async def test_scan_crosses_the_holes_that_compaction_tore(log: Log) -> None:
    topic, survivors = await compacted_topic(log)
    found = await log.read(topic)
    assert {record.value for record in found} == survivors
    assert len(found) < await log.count(topic)
    assert {record.key for record in found} == {b"key-%d" % key for key in range(50)}


async def test_scan_of_an_absent_topic_is_refused_by_name(log: Log) -> None:
    with pytest.raises(Unavailable, match="absent"):
        async with TopicScan(log.connection, ["absent"]):
            pass
