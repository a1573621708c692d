"""A process on Apache Kafka: its stages as a Faust app with their retries, or the sink."""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import cast

import structlog

from prefstream.adapters.kafka.connection import KafkaConnection
from prefstream.adapters.kafka.faust_shell import build_app, run_app
from prefstream.adapters.kafka.log import KafkaLog
from prefstream.adapters.kafka.reader import RunReader
from prefstream.adapters.kafka.succession import succeed
from prefstream.agents.tasks import retry_topic
from prefstream.schemas.topics import TOPICS
from prefstream.streams.batching import BatchArrivals
from prefstream.streams.engine import Engine
from prefstream.streams.intake import KafkaIntake
from prefstream.streams.kafka_runner import run_stage
from prefstream.streams.pace import pace_of
from prefstream.streams.retries import RetryLoop
from prefstream.streams.sink import Claims, Sink, sealing_keys
from prefstream.streams.surroundings import PostgresStates, Surroundings, together
from prefstream.streams.topology import MOVING, RETRYING, SINK_GROUP, ProcessName, process_group, retry_group

log = structlog.get_logger(__name__)

#: Records that one poll of the sink takes.
SINK_BATCH = 2000


async def run_stages(around: Surroundings, engines: Sequence[Engine]) -> None:
    """Run stages as a member of the process's consumer group, until told to stop."""
    connection = cast("KafkaLog", around.log).connection
    await _take_up(around, connection, engines)
    stages = []
    for engine in engines:
        pace = pace_of(engine.stage, around.settings.judge)
        stages.append(run_stage(engine, around.pool, in_flight=pace.in_flight, run_length=pace.run_length))
    app = build_app(
        name=f"prefstream-{around.name}",
        group=process_group(around.name),
        connection=connection,
        stages=stages,
        instance=around.settings.instance and f"{around.name}-{around.settings.instance}",
    )
    retries = [await _retries(around, engine) for engine in engines if engine.stage.name in RETRYING]
    work = [
        run_app(app, stop=around.stop, on_ready=around.active.set),
        *(one.run(around.stop) for one in retries),
    ]
    try:
        await together(around, *(asyncio.create_task(one) for one in work))
    finally:
        for one in retries:
            await one.intake.close()
            await one.writer.close()


async def run_sink(around: Surroundings) -> None:
    """Run the sink as a member of its consumer group, until told to stop."""
    claims = Claims(around.pool)
    reader = RunReader(
        cast("KafkaLog", around.log).connection,
        name="prefstream-sink",
        group=SINK_GROUP,
        topics=[spec.name for spec in TOPICS],
        on_assigned=claims.claim,
        on_revoked=claims.release,
        instance=around.settings.instance and f"sink-{around.settings.instance}",
    )
    await reader.start()
    writer = await around.log.writer()
    sink = Sink(
        pool=around.pool,
        claims=claims,
        intake=KafkaIntake(reader, limit=SINK_BATCH),
        writer=writer,
        keys=sealing_keys(around.settings),
    )
    around.tallies["sink"] = sink.tally
    around.active.set()
    try:
        await together(around, asyncio.create_task(sink.run(around.stop)))
    finally:
        await reader.close()
        await writer.close()


async def _take_up(around: Surroundings, connection: KafkaConnection, engines: Sequence[Engine]) -> None:
    """Go on with curation where the process stands that ran it before a classifier came or went."""
    topics = [spec.name for engine in engines if engine.stage.name == MOVING for spec in engine.stage.inputs]
    other: ProcessName = "worker" if around.name == "llm-worker" else "llm-worker"
    if topics:
        taken = await succeed(
            connection, predecessor=process_group(other), group=process_group(around.name), topics=topics
        )
        for (topic, partition), offset in taken.items():
            log.info("stage.taken_up", stage=MOVING, topic=topic, partition=partition, offset=offset)


async def _retries(around: Surroundings, engine: Engine) -> RetryLoop:
    stage = engine.stage.name
    reader = RunReader(
        cast("KafkaLog", around.log).connection,
        name=f"prefstream-{stage}-retry",
        group=retry_group(stage),
        topics=[retry_topic(stage)],
        instance=around.settings.instance and f"{stage}-retry-{around.settings.instance}",
    )
    await reader.start()
    return RetryLoop(
        engine=engine,
        intake=KafkaIntake(reader, limit=200),
        writer=await around.log.writer(),
        saved=partial(PostgresStates(around.pool).save, stage),
        arrivals=BatchArrivals(around.pool) if around.settings.judge.batch else None,
    )
