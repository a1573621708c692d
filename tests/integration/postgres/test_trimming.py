"""Trimming deletes what everybody has read and nobody needs, and nothing else."""

import asyncio
import time

import pytest

from prefstream.adapters.postgres.log import PostgresLog, poll
from prefstream.schemas import topics
from prefstream.schemas.records import OutRecord
from prefstream.schemas.topics import TOPICS
from prefstream.streams import trimming
from prefstream.streams.topology import postgres_readers
from prefstream.streams.trimming import trim_until

pytestmark = pytest.mark.postgres

TOPIC = topics.PAIRS_JUDGED.name
READERS = {TOPIC: ["routing", "sink"]}
FAR_FUTURE_MS = 10**15


async def filled(log: PostgresLog, count: int, topic: str = TOPIC) -> int:
    """Append records of one key and return their partition."""
    await (await log.writer()).append(
        [OutRecord(topic=topic, key=b"one", value=str(number).encode()) for number in range(count)]
    )
    rows = await log.pool.fetch("select partition from log_heads where topic = $1 and next_offset > 0", topic)
    return int(rows[0]["partition"])


async def stands(log: PostgresLog, partition: int, *, routing: int | None, sink: int | None) -> None:
    """Say where the readers of the topic stand."""
    if routing is not None:
        await log.pool.execute(
            "insert into log_offsets values ('routing', $1, $2, $3)"
            " on conflict (grp, topic, partition) do update set next_offset = excluded.next_offset",
            TOPIC,
            partition,
            routing,
        )
    if sink is not None:
        await log.pool.execute(
            "insert into sink_offsets values ($1, $2, $3, 1)"
            " on conflict (topic, partition) do update set next_offset = excluded.next_offset",
            TOPIC,
            partition,
            sink,
        )


async def left(log: PostgresLog) -> list[int]:
    return [record.offset async for record in log.snapshot(TOPIC)]


@pytest.mark.parametrize(("routing", "sink", "first_kept"), [(7, 4, 4), (3, 9, 3), (10, 10, 10), (0, 10, 0)])
async def test_only_what_the_slowest_reader_has_read_goes(
    log: PostgresLog, routing: int, sink: int, first_kept: int
) -> None:
    partition = await filled(log, 10)
    await stands(log, partition, routing=routing, sink=sink)

    assert await log.trim(READERS, older_than_ms=FAR_FUTURE_MS, batch=2) == first_kept
    assert await left(log) == list(range(first_kept, 10))


@pytest.mark.parametrize(("routing", "sink"), [(None, 10), (10, None), (None, None)])
async def test_a_reader_that_never_began_keeps_everything(
    log: PostgresLog, routing: int | None, sink: int | None
) -> None:
    partition = await filled(log, 10)
    await stands(log, partition, routing=routing, sink=sink)

    assert await log.trim(READERS, older_than_ms=FAR_FUTURE_MS) == 0
    assert len(await left(log)) == 10


async def test_young_records_are_kept(log: PostgresLog) -> None:
    partition = await filled(log, 10)
    await stands(log, partition, routing=10, sink=10)
    await log.pool.execute("update log_records set ts_ms = 1000 where log_offset < 3")

    assert await log.trim(READERS, older_than_ms=int(time.time() * 1000) - 60_000) == 3
    assert await left(log) == list(range(3, 10))


async def test_offsets_go_on_after_everything_was_trimmed(log: PostgresLog) -> None:
    partition = await filled(log, 10)
    await stands(log, partition, routing=10, sink=10)
    await log.trim(READERS, older_than_ms=FAR_FUTURE_MS)

    await filled(log, 2)

    assert await left(log) == [10, 11]


def test_configuration_and_dead_letters_are_never_trimmed() -> None:
    kept = {spec.name for spec in (*topics.CONFIGURATION, topics.DEAD_LETTERS)}

    assert set(postgres_readers()) == {spec.name for spec in TOPICS} - kept
    assert all("sink" in groups for groups in postgres_readers().values())


async def test_trimming_under_writers_and_readers_takes_nothing_unread(
    log: PostgresLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trimming, "EVERY_S", 0.001)
    partition = await filled(log, 1)
    await stands(log, partition, routing=0, sink=0)
    total, stop, seen = 600, asyncio.Event(), list[int]()

    async def write() -> None:
        for _ in range((total - 1) // 10):
            await filled(log, 10)

    async def read() -> None:
        while len(seen) < total - 9:
            records = await poll(log.pool, {(TOPIC, partition): len(seen)}, limit=25)
            seen.extend(record.offset for record in records)
            await stands(log, partition, routing=len(seen), sink=len(seen))

    async with asyncio.timeout(60):
        trim = asyncio.create_task(trim_until(stop, log, keep_s=-60))
        await asyncio.gather(write(), read())
        while await left(log):
            await asyncio.sleep(0.01)
        stop.set()
        await trim

    assert seen == list(range(len(seen)))
    assert len(seen) == 591
