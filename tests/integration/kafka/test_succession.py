"""A group that takes up the work of another reads nothing again and skips nothing."""

import pytest
from tests.integration.kafka.harness import Log, eventually, values

from prefstream.adapters.kafka.lag import LagProbe
from prefstream.adapters.kafka.reader import RunReader
from prefstream.adapters.kafka.succession import succeed
from prefstream.schemas.errors import Unavailable

pytestmark = pytest.mark.kafka


async def read_up_to(log: Log, group: str, topic: str, offset: int) -> int:
    """Read as a member of a group, commit, leave; return the first offset that was handed out."""
    reader = RunReader(log.connection, name="reader", group=group, topics=[topic])
    await reader.start()
    try:
        records = await eventually(lambda: reader.poll(timeout_s=0.1), "records")
        await reader.commit({(topic, 0): offset})
        return int(records[topic, 0][0].offset)
    finally:
        await reader.close()


async def test_a_new_group_begins_where_its_predecessor_stands_and_an_old_one_never_goes_back(
    log: Log,
) -> None:
    topic, old, new = await log.topic("moving"), f"{log.group}-old", f"{log.group}-new"
    await log.write(topic, values(10))
    nothing = await succeed(log.connection, predecessor=old, group=new, topics=[topic])
    assert nothing == {}

    await read_up_to(log, old, topic, 4)
    assert await succeed(log.connection, predecessor=old, group=new, topics=["another"]) == {}
    assert await succeed(log.connection, predecessor=old, group=new, topics=[topic]) == {(topic, 0): 4}
    assert await succeed(log.connection, predecessor=old, group=new, topics=[topic]) == {}
    async with LagProbe(log.connection) as probe:
        assert (await probe.lag(new, [topic]))[topic, 0].behind == 6

    assert await read_up_to(log, new, topic, 9) == 4
    assert await succeed(log.connection, predecessor=old, group=new, topics=[topic]) == {}
    assert await succeed(log.connection, predecessor=new, group=old, topics=[topic]) == {(topic, 0): 9}
    assert await read_up_to(log, old, topic, 10) == 9


async def test_a_group_at_work_is_not_moved_under_its_members(log: Log) -> None:
    topic, old, new = await log.topic("busy"), f"{log.group}-old", f"{log.group}-new"
    await log.write(topic, values(10))
    await read_up_to(log, old, topic, 8)
    reader = RunReader(log.connection, name="reader", group=new, topics=[topic])
    await reader.start()
    try:
        await eventually(lambda: reader.poll(timeout_s=0.1), "records")
        with pytest.raises(Unavailable, match="stop its processes"):
            await succeed(log.connection, predecessor=old, group=new, topics=[topic])
    finally:
        await reader.close()
