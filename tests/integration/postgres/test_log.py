"""The Postgres log on a real server: no holes, no loss, order per key, one owner at a time."""

import asyncio
import random
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import asyncpg
import pytest

from prefstream.adapters.local import LocalPostgres
from prefstream.adapters.postgres.log import PostgresLog, Wakeups, columns, poll
from prefstream.adapters.postgres.migrations import upgrade
from prefstream.adapters.postgres.states import CONFLICT, FENCED, load_states, save_states
from prefstream.schemas.errors import Unavailable
from prefstream.schemas.records import LogRecord, OutRecord
from prefstream.streams import intake
from prefstream.streams.intake import PostgresIntake

pytestmark = pytest.mark.postgres

TOPICS = ("prompts.submitted.v1", "pairs.proposed.v1", "labels.submitted.v1")
WRITERS = 8
DEADLINE_S = 30.0


def out(key: str, value: bytes, topic: str = TOPICS[0], **changes: object) -> OutRecord:
    return OutRecord(topic=topic, key=key.encode(), value=value, **changes)  # type: ignore[arg-type]


async def everything(log: PostgresLog, topic: str) -> list[LogRecord]:
    return [record async for record in log.snapshot(topic)]


async def write_much(log: PostgresLog, writer: int, appends: int) -> int:
    """Append records of keys of this writer's own, each numbered, over topics in any order."""
    chance, written = random.Random(writer), 0
    for _ in range(appends):
        records = []
        for _ in range(chance.randint(1, 12)):
            key = f"{writer}-{chance.randrange(5)}"
            records.append(out(key, str(written).encode(), chance.choice(TOPICS)))
            written += 1
        await (await log.writer()).append(records)
    return written


async def test_offsets_have_no_gaps_under_concurrent_writers_of_several_topics(log: PostgresLog) -> None:
    async with asyncio.timeout(DEADLINE_S):
        counts = await asyncio.gather(*(write_much(log, writer, 30) for writer in range(WRITERS)))

    found = [record for topic in TOPICS for record in await everything(log, topic)]
    offsets = defaultdict(list)
    for record in found:
        offsets[record.topic, record.partition].append(record.offset)
    assert len(found) == sum(counts)
    assert len(offsets) == len(TOPICS) * 4
    assert all(of_one == list(range(len(of_one))) for of_one in offsets.values())


async def test_records_of_a_key_share_a_partition_and_keep_their_order(log: PostgresLog) -> None:
    await asyncio.gather(*(write_much(log, writer, 20) for writer in range(WRITERS)))

    for topic in TOPICS:
        partitions, numbers = defaultdict(set), defaultdict(list)
        for record in await everything(log, topic):
            assert record.key is not None
            assert record.value is not None
            partitions[record.key].add(record.partition)
            numbers[record.key].append(int(record.value))
        assert all(len(of_key) == 1 for of_key in partitions.values())
        assert all(of_key == sorted(of_key) for of_key in numbers.values())


async def test_a_reader_never_sees_a_hole_while_writers_write(log: PostgresLog) -> None:
    writing = asyncio.gather(*(write_much(log, writer, 30) for writer in range(WRITERS)))
    positions = {(topic, number): 0 for topic in TOPICS for number in range(4)}
    seen, looks = 0, 0

    async with asyncio.timeout(DEADLINE_S):
        while not (ended := writing.done()) or seen < sum(await writing):
            looks += 1
            for record in await poll(log.pool, positions, limit=7):
                at = (record.topic, record.partition)
                assert record.offset == positions[at], "a record appeared behind the reader's back"
                positions[at] += 1
                seen += 1

    assert ended
    assert looks > 5, "the reader did not look while the writers wrote"


async def test_any_bytes_survive(log: PostgresLog) -> None:
    every_byte = bytes(range(256))
    record = OutRecord(
        topic=TOPICS[0],
        key=every_byte,
        value=every_byte,
        headers=(("a", every_byte), ("a", b""), ("ü", b"1")),
    )
    await (await log.writer()).append([record, out("empty", b"")])

    found = {one.key: one for one in await everything(log, TOPICS[0])}
    assert found[every_byte].value == every_byte
    assert found[every_byte].headers == record.headers
    assert found[b"empty"].value == b""
    assert found[b"empty"].headers == ()


async def test_a_snapshot_ends_where_the_topic_ended_when_it_began(log: PostgresLog) -> None:
    writer = await log.writer()
    await writer.append([out(f"k{n}", b"before") for n in range(50)])

    seen = []
    async for record in log.snapshot(TOPICS[0]):
        seen.append(record.value)
        await writer.append([out("late", b"after")])

    assert seen == [b"before"] * 50


async def test_a_snapshot_of_an_empty_topic_ends(log: PostgresLog) -> None:
    assert await everything(log, TOPICS[0]) == []


async def test_following_goes_on_after_the_end(log: PostgresLog) -> None:
    writer = await log.writer()
    await writer.append([out("a", b"1")])

    async with asyncio.timeout(DEADLINE_S):
        seen = []
        async for record in log.follow(TOPICS[0]):
            seen.append(record.value)
            if len(seen) == 3:
                break
            await writer.append([out("a", str(len(seen) + 1).encode())])

    assert seen == [b"1", b"2", b"3"]


async def test_creating_topics_again_changes_nothing(log: PostgresLog) -> None:
    before = dict(log.partitions)

    assert await log.ensure_topics(partitions=9, replication=1) == []
    assert log.partitions == before


async def test_news_wakes_a_waiting_reader(
    log: PostgresLog, migrated_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "IDLE_S", 3600.0)
    connection = await asyncpg.connect(migrated_dsn)
    try:
        wakeups = await Wakeups.listen(connection)
        reader = PostgresIntake(
            log, wakeups, positions={(TOPICS[0], number): 0 for number in range(4)}, limit=10
        )
        waiting = asyncio.create_task(reader.poll())  # nobody else would wake it for an hour
        await (await log.writer()).append([out("other", b"", TOPICS[1]), out("a", b"news")])
        async with asyncio.timeout(5):
            assert [record.value for record in await waiting] == [b"news"]
    finally:
        await connection.close()


async def test_lags_count_what_a_group_has_not_read(log: PostgresLog) -> None:
    await log.pool.execute(
        "insert into log_offsets select 'g', $1, n, 0 from generate_series(0, 3) n", TOPICS[0]
    )
    await (await log.writer()).append([out(f"k{n}", b"") for n in range(10)])
    assert (await log.lags())["g"] == {TOPICS[0]: 10}

    await log.pool.execute(
        "update log_offsets o set next_offset = h.next_offset from log_heads h"
        " where h.topic = o.topic and h.partition = o.partition"
    )
    assert (await log.lags())["g"] == {TOPICS[0]: 0}


async def test_a_log_without_its_database_is_unavailable(log: PostgresLog) -> None:
    writer = await log.writer()
    await log.close()

    with pytest.raises(Unavailable, match="does not take records"):
        await writer.append([out("a", b"")])


# One owner, one transaction -----------------------------------------------------------------------


async def advance(log: PostgresLog, before: int, after: int) -> None:
    await log.pool.execute(
        "select log_advance(array['g'], $1, $2, $3, $4)", [TOPICS[0]], [0], [before], [after]
    )


async def stands_at(log: PostgresLog) -> int:
    return int(await log.pool.fetchval("select next_offset from log_offsets where grp = 'g'"))


async def test_offsets_move_only_for_who_knows_where_they_stand(log: PostgresLog) -> None:
    await log.pool.execute("insert into log_offsets values ('g', $1, 0, 0)", TOPICS[0])
    await advance(log, 0, 10)

    with pytest.raises(asyncpg.PostgresError) as refused:
        await advance(log, 0, 5)

    assert refused.value.sqlstate == FENCED
    assert await stands_at(log) == 10


async def test_a_state_is_saved_only_over_the_version_that_was_read(log: PostgresLog) -> None:
    assert await save_states(log.pool, "s", {"a": b"1", "b": b"1"}, {"a": 0, "b": 0})
    assert not await save_states(log.pool, "s", {"a": b"again"}, {"a": 0})
    assert await save_states(log.pool, "s", {"a": b"2"}, {"a": 1})
    assert not await save_states(log.pool, "s", {"b": b"2", "a": b"stale"}, {"b": 1, "a": 1})

    found = await load_states(log.pool, "s", ["a", "b", "c"])
    assert {key: (one.value, one.version) for key, one in found.items()} == {
        "a": (b"2", 2),
        "b": (b"1", 1),
        "c": (None, 0),
    }


async def commit(log: PostgresLog, *, before: int, version: int, outputs: Sequence[OutRecord]) -> None:
    placeholders = ", ".join(f"${n}" for n in range(1, 19))
    await log.pool.execute(
        f"select stage_commit({placeholders})",
        *(["g"], [TOPICS[0]], [0], [before], [before + 1], ["g"], ["key"], [version], [b"state"]),
        *columns(outputs, log.partitions),
        None,
    )


@pytest.mark.parametrize(
    ("before", "version", "sqlstate"), [(7, 0, FENCED), (0, 3, CONFLICT)], ids=["fenced", "conflict"]
)
async def test_a_commit_of_which_one_part_fails_leaves_nothing(
    log: PostgresLog, before: int, version: int, sqlstate: str
) -> None:
    await log.pool.execute("insert into log_offsets values ('g', $1, 0, 0)", TOPICS[0])

    with pytest.raises(asyncpg.PostgresError) as refused:
        await commit(log, before=before, version=version, outputs=[out("a", b"x", TOPICS[1])])

    assert refused.value.sqlstate == sqlstate
    assert await stands_at(log) == 0
    assert await everything(log, TOPICS[1]) == []
    assert (await load_states(log.pool, "g", ["key"]))["key"].version == 0


async def test_a_commit_whose_outputs_the_log_refuses_leaves_nothing(log: PostgresLog) -> None:
    await log.pool.execute("insert into log_offsets values ('g', $1, 0, 0)", TOPICS[0])
    await log.pool.execute("alter table log_records add constraint small check (length(value) < 10)")

    with pytest.raises(asyncpg.CheckViolationError):
        await commit(log, before=0, version=0, outputs=[out("a", b"x" * 20, TOPICS[1])])

    assert await stands_at(log) == 0
    assert (await load_states(log.pool, "g", ["key"]))["key"].version == 0


async def test_a_whole_commit_moves_everything(log: PostgresLog) -> None:
    await log.pool.execute("insert into log_offsets values ('g', $1, 0, 0)", TOPICS[0])

    await commit(log, before=0, version=0, outputs=[out("a", b"x", TOPICS[1])])

    assert await stands_at(log) == 1
    assert [record.value for record in await everything(log, TOPICS[1])] == [b"x"]
    assert (await load_states(log.pool, "g", ["key"]))["key"].value == b"state"


# Crashes ------------------------------------------------------------------------------------------


@pytest.mark.chaos
async def test_what_was_acknowledged_is_there_after_the_server_was_killed(tmp_path: Path) -> None:
    server = LocalPostgres(tmp_path)
    try:
        dsn = await asyncio.to_thread(server.start)
        connection = await asyncpg.connect(dsn)
        await upgrade(connection)
        await connection.close()
        acknowledged: set[bytes] = set()
        for number in range(3):
            acknowledged |= await _written_until_killed(server, dsn, number)
            dsn = await asyncio.to_thread(server.start)

        log = await PostgresLog.open(dsn, partitions=4)
        found = [record.value async for record in log.snapshot(TOPICS[0])]
        await log.close()
    finally:
        await asyncio.to_thread(server.stop)
    assert len(acknowledged) > 30
    assert acknowledged - set(found) == set()
    assert len(found) == len(set(found)), "nothing was appended twice"


async def _written_until_killed(server: LocalPostgres, dsn: str, number: int) -> set[bytes]:
    """Append from several tasks, kill -9 the server right after some append returned."""
    log = await PostgresLog.open(dsn, partitions=4)
    await log.ensure_topics(partitions=4, replication=1)
    acknowledged: set[bytes] = set()

    async def write(task: int) -> None:
        writer, count = await log.writer(), 0
        while True:
            value = f"{number}-{task}-{count}".encode()
            try:
                await writer.append([out(value.decode(), value)])
            except Unavailable:
                return
            acknowledged.add(value)
            count += 1
            if task == 0 and count == 20 + number:
                server.kill()

    async with asyncio.timeout(DEADLINE_S):
        await asyncio.gather(*(write(task) for task in range(4)))
    log.pool.terminate()
    return acknowledged
