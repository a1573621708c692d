"""The example of a monitoring consumer, run as it is printed, against a real broker."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests import factories as make
from tests.integration.kafka.harness import Log, eventually

from prefstream.adapters.kafka.producer import RunProducer
from prefstream.adapters.kafka.topics import TopicLayout, ensure_topics
from prefstream.agents.tasks import record_of
from prefstream.schemas.ids import derived_id
from prefstream.schemas.metrics import Measurement
from prefstream.schemas.topics import METRICS_UPDATED

pytestmark = pytest.mark.kafka
EXAMPLE = Path(__file__).parents[3] / "examples" / "monitoring_consumer.py"


@asynccontextmanager
async def running(bootstrap: str, lines: list[str]) -> AsyncIterator[asyncio.subprocess.Process]:
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        str(EXAMPLE),
        bootstrap,
        stdout=asyncio.subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    assert child.stdout is not None

    async def read(stream: asyncio.StreamReader) -> None:
        async for line in stream:
            lines.append(line.decode().rstrip())  # noqa: PERF401  they are read while they come

    reading = asyncio.create_task(read(child.stdout))
    try:
        yield child
    finally:
        child.kill()
        await child.wait()
        await reading


async def test_it_prints_figures_and_why_others_are_undefined(log: Log) -> None:
    name, lines = f"slice-{log.suffix}", list[str]()
    await ensure_topics(log.connection, [TopicLayout(name=METRICS_UPDATED.name, partitions=1, config={})])
    event = make.a_metrics_updated(
        slice=name,
        window="all",
        event_id=derived_id(name),
        measurements=(
            Measurement(statistic="alpha_nominal", value=0.75, n=10),
            Measurement(statistic="gold_accuracy", value=None, reason="no gold questions yet", n=0),
        ),
    )

    async with running(log.bootstrap, lines):
        async with RunProducer(log.connection) as producer:
            await (await producer.send([record_of(event)]))

        async def printed() -> bool:
            return len([line for line in lines if line.startswith(name)]) == 2

        await eventually(printed, f"two figures of {name}; it said {lines[-5:]}")

    assert [line for line in lines if line.startswith(name)] == [
        f"{name} alpha_nominal 0.75",
        f"{name} gold_accuracy no gold questions yet",
    ]
