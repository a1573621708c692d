"""Topics are made once and told apart; lag is what the brokers say."""

import asyncio

import pytest
from tests.integration.kafka.harness import Log, eventually, values

from prefstream.adapters.kafka.lag import LagProbe, PartitionLag
from prefstream.adapters.kafka.reader import RunReader
from prefstream.adapters.kafka.topics import TopicLayout, ensure_topics
from prefstream.schemas.errors import Unavailable

pytestmark = pytest.mark.kafka


async def test_topics_are_created_then_found_then_told_to_differ(log: Log) -> None:
    name = f"layout-{log.suffix}"
    wanted = TopicLayout(name=name, partitions=3, config={"cleanup.policy": "compact"})
    first = await ensure_topics(log.connection, [wanted])
    second = await ensure_topics(log.connection, [wanted])
    other = TopicLayout(name=name, partitions=6, replication=2, config={"cleanup.policy": "delete"})
    third = await ensure_topics(log.connection, [other])
    assert (first.created, second.existing) == ((name,), (name,))
    assert third.differing[name] == (
        "3 partitions, not 6",
        "replication 1, not 2",
        "cleanup.policy=compact, not delete",
    )


async def test_processes_that_create_topics_at_once_do_not_trip_over_each_other(log: Log) -> None:
    layouts = [TopicLayout(name=f"race-{number}-{log.suffix}", partitions=1) for number in range(5)]
    reports = await asyncio.gather(*(ensure_topics(log.connection, layouts) for _ in range(4)))
    created = [name for report in reports for name in report.created]
    assert sorted(created) == sorted(layout.name for layout in layouts)


async def test_a_topic_that_kafka_refuses_is_named_with_the_reason(log: Log) -> None:
    layout = TopicLayout(name=f"bad-{log.suffix}", partitions=1, config={"retention.ms": "soon"})
    with pytest.raises(Unavailable, match=rf"bad-{log.suffix}.*retention\.ms"):
        await ensure_topics(log.connection, [layout])


async def test_lag_counts_from_the_start_until_a_group_commits(log: Log) -> None:
    topic = await log.topic("lagging")
    await log.write(topic, values(10))
    async with LagProbe(log.connection) as probe:
        assert await probe.lag(log.group, [topic]) == {(topic, 0): PartitionLag(committed=0, end=10)}
        reader = RunReader(log.connection, name="reader", group=log.group, topics=[topic])
        await reader.start()
        try:
            await eventually(lambda: reader.poll(timeout_s=0.1), "records")
            await reader.commit({(topic, 0): 4})
        finally:
            await reader.close()
        lag = (await probe.lag(log.group, [topic]))[topic, 0]
        assert (lag.committed, lag.behind) == (4, 6)
        with pytest.raises(Unavailable, match="no topic absent"):
            await probe.lag(log.group, ["absent"])
