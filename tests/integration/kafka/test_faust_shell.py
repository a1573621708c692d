"""The stage shell in this process, against real Kafka."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from aiokafka import AIOKafkaProducer
from tests.integration.kafka.harness import Log, eventually, running, values

from prefstream.adapters.kafka.connection import KafkaConnection
from prefstream.adapters.kafka.faust_shell import RunApp, build_app, run_app
from prefstream.adapters.kafka.producer import RunProducer
from prefstream.adapters.kafka.stages import RunStage
from prefstream.adapters.kafka.times import ShellTimes
from prefstream.schemas.errors import BadInput, Unavailable
from prefstream.schemas.records import LogRecord, OutRecord

QUICK = ShellTimes(commit_every_s=0.1, heartbeat_s=0.5, session_s=6, rebalance_s=10, request_s=15, drain_s=20)


async def nothing(_: Sequence[LogRecord]) -> Sequence[OutRecord]:
    return []


@asynccontextmanager
async def stages_running(log: Log, *stages: RunStage, **settings: object) -> AsyncIterator[RunApp]:
    """Run an app of these stages; on leaving it drains."""
    app = build_app(
        name="test",
        group=log.group,
        connection=log.connection,
        stages=stages,
        times=QUICK,
        **settings,  # type: ignore[arg-type]
    )
    ready, stop = asyncio.Event(), asyncio.Event()
    going = asyncio.create_task(run_app(app, stop=stop, on_ready=ready.set))
    try:
        await asyncio.wait_for(ready.wait(), 30)
        yield app
    finally:
        stop.set()
        await asyncio.wait_for(going, 30)


async def all_acked(app: RunApp, records: int) -> None:
    """Wait until the stages have acknowledged so many records."""

    async def acked() -> bool:
        return sum(stage.acked for stage in app.progress()) >= records

    await eventually(acked, f"{records} acknowledged")


@pytest.mark.kafka
async def test_one_stage_reads_several_topics_and_loses_no_header_key_or_timestamp(log: Log) -> None:
    sources = [await log.topic("one", 3), await log.topic("two", 2), await log.topic("three")]
    target = await log.topic("target", 4)
    sent = [
        OutRecord(
            topic=topic,
            key=b"%d" % number,
            value=b"%s %d" % (topic.encode(), number),
            headers=(("h", b"%d" % number), ("h", b"again")),
            timestamp_ms=1_700_000_000_000 + number,
        )
        for number in range(700)
        for topic in sources
    ]
    async with RunProducer(log.connection) as producer:
        await (await producer.send(sent))

    async def copy(records: Sequence[LogRecord]) -> Sequence[OutRecord]:
        assert len({(record.topic, record.partition) for record in records}) == 1
        assert len(records) <= 64
        return [
            OutRecord(
                topic=target,
                key=record.key or b"",
                value=record.value or b"",
                headers=record.headers,
                timestamp_ms=record.timestamp_ms,
            )
            for record in records
        ]

    stage = RunStage(name="copy", topics=tuple(sources), work=copy, run_length=64)
    async with stages_running(log, stage) as app:
        await all_acked(app, len(sent))
    found = await log.read(target)
    assert {(r.key, r.value, r.headers, r.timestamp_ms) for r in found} == {
        (r.key, r.value, r.headers, r.timestamp_ms) for r in sent
    }
    assert len(found) == len(sent)
    assert [await log.committed(topic) for topic in sources] == [700, 700, 700]


@pytest.mark.kafka
async def test_outputs_keep_the_order_of_inputs_though_work_ends_out_of_order(log: Log) -> None:
    source, target = await log.topic("source"), await log.topic("target")
    await log.write(source, values(40))
    finished: list[int] = []
    others_done = asyncio.Event()

    async def later_first(records: Sequence[LogRecord]) -> Sequence[OutRecord]:
        if records[0].offset == 0:
            await others_done.wait()
        finished.append(records[0].offset)
        if len(finished) == 7:
            others_done.set()
        return [OutRecord(topic=target, key=b"k", value=record.value or b"") for record in records]

    stage = RunStage(name="s", topics=(source,), work=later_first, in_flight=8, run_length=5)
    async with stages_running(log, stage) as app:
        await all_acked(app, 40)
    assert finished[-1] == 0
    assert [record.value for record in await log.read(target)] == values(40)


@pytest.mark.kafka
@pytest.mark.parametrize(("ordered", "most_at_once"), [(True, 1), (False, 4)])
async def test_an_ordered_stage_works_on_one_run_of_a_partition_number_at_a_time(
    log: Log, ordered: bool, most_at_once: int
) -> None:
    sources = [await log.topic("left"), await log.topic("right")]
    for source in sources:
        await log.write(source, values(40))
    at_once: list[int] = []
    under_way = 0

    async def work(records: Sequence[LogRecord]) -> Sequence[OutRecord]:
        nonlocal under_way
        under_way += 1
        at_once.append(under_way)
        for _ in range(20):
            await asyncio.sleep(0)
        under_way -= 1
        return []

    stage = RunStage(name="s", topics=tuple(sources), work=work, in_flight=4, run_length=5, ordered=ordered)
    async with stages_running(log, stage) as app:
        await all_acked(app, 80)
    assert max(at_once) == most_at_once


@pytest.mark.kafka
async def test_a_stage_that_hangs_takes_in_no_more_than_its_runs_in_flight(log: Log) -> None:
    source = await log.topic("source", 2)
    await log.write(source, values(500))
    release = asyncio.Event()

    async def hang(_: Sequence[LogRecord]) -> Sequence[OutRecord]:
        await release.wait()
        return []

    stage = RunStage(name="s", topics=(source,), work=hang, in_flight=3, run_length=10)
    async with stages_running(log, stage) as app:

        async def full() -> bool:
            return app.progress()[0].received == 30

        await eventually(full, "three runs of ten under way")
        assert app.progress()[0].in_flight == 30
        assert await log.committed(source) == 0
        release.set()
        await all_acked(app, 500)
        assert app.progress()[0].in_flight == 0
        assert app.progress()[0].received == 500
    assert await log.committed(source) == 500


@pytest.mark.kafka
async def test_nothing_from_a_failure_on_is_committed_even_if_the_process_lives_on(log: Log) -> None:
    source, target = await log.topic("source"), await log.topic("target")
    await log.write(source, values(20))
    worker = log.worker("survives", [source], target, fail_at=4, in_flight=4, run_length=2)
    async with running(worker):
        await worker.says("fatal copy told to fail at 4")

        async def committed() -> bool:
            return await log.committed(source) == 4

        await eventually(committed, "the runs before the failure are committed")
        assert {record.value for record in await log.read(target)} == set(values(4))


@pytest.mark.kafka
async def test_gaps_in_the_offsets_do_not_hold_the_commit(log: Log) -> None:
    source = await log.topic("transactions")
    producer = AIOKafkaProducer(bootstrap_servers=log.bootstrap, transactional_id=log.suffix)
    await producer.start()
    for number in range(6):
        async with producer.transaction():
            await producer.send_and_wait(source, b"%d" % number)
    await producer.stop()
    stage = RunStage(name="s", topics=(source,), work=nothing, run_length=1)
    async with stages_running(log, stage) as app:
        await all_acked(app, 6)

        async def committed() -> bool:
            return await log.committed(source) >= 11

        await eventually(committed, "the record at offset 10 is committed")


@pytest.mark.kafka
async def test_a_stage_of_an_absent_topic_is_refused_by_name(log: Log) -> None:
    stage = RunStage(name="s", topics=("absent",), work=nothing)
    app = build_app(name="n", group=log.group, connection=log.connection, stages=[stage], times=QUICK)
    with pytest.raises(Unavailable, match="no topic absent"):
        await run_app(app, stop=asyncio.Event())


@pytest.mark.kafka
async def test_a_stop_before_the_group_is_joined_ends_the_app(log: Log) -> None:
    stage = RunStage(name="s", topics=(await log.topic("source"),), work=nothing)
    app = build_app(name="n", group=log.group, connection=log.connection, stages=[stage], times=QUICK)
    stop = asyncio.Event()
    stop.set()
    await asyncio.wait_for(run_app(app, stop=stop), 20)


@pytest.mark.kafka
async def test_a_crash_within_faust_ends_the_app_with_its_reason(log: Log) -> None:
    stage = RunStage(name="s", topics=(await log.topic("source"),), work=nothing)
    app = build_app(name="n", group=log.group, connection=log.connection, stages=[stage], times=QUICK)
    ready = asyncio.Event()
    going = asyncio.create_task(run_app(app, stop=asyncio.Event(), on_ready=ready.set))
    await asyncio.wait_for(ready.wait(), 30)
    await app.consumer.crash(RuntimeError("the commit was refused"))
    with pytest.raises(Unavailable, match="the commit was refused"):
        await asyncio.wait_for(going, 20)


@pytest.mark.kafka
async def test_a_cancellation_within_the_work_is_fatal_and_not_forgotten(log: Log) -> None:
    source, target = await log.topic("source"), await log.topic("target")
    await log.write(source, values(3))
    worker = log.worker("ours", [source], target, cancel_at=1)
    await worker.start()
    assert await worker.ended() == 1
    assert await log.committed(source) <= 1


@pytest.mark.parametrize(
    "topics", [[("a",), ("a",)], [("a", "b"), ("b", "c")], []], ids=["same", "overlapping", "none"]
)
def test_a_topic_belongs_to_one_stage(topics: list[tuple[str, ...]]) -> None:
    stages = [RunStage(name=f"s{n}", topics=names, work=nothing) for n, names in enumerate(topics)]
    with pytest.raises(BadInput, match="different names and topics"):
        build_app(name="n", group="g", connection=KafkaConnection(bootstrap="k:1"), stages=stages)


def test_times_that_kafka_would_not_keep_are_refused() -> None:
    with pytest.raises(BadInput, match="rebalance < request"):
        ShellTimes(rebalance_s=120, request_s=60, session_s=30)
