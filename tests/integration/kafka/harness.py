"""Helpers of the Kafka tests: topics with records in them, worker processes, and waiting for a condition."""

import asyncio
import json
import signal
import sys
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from prefstream.adapters.kafka.connection import KafkaConnection
from prefstream.adapters.kafka.lag import LagProbe
from prefstream.adapters.kafka.producer import RunProducer
from prefstream.adapters.kafka.scan import TopicScan
from prefstream.adapters.kafka.topics import TopicLayout, ensure_topics
from prefstream.schemas.records import LogRecord, OutRecord

WORKER = Path(__file__).with_name("worker.py")

COMPACT = {
    "cleanup.policy": "compact",
    "segment.ms": "100",
    "min.cleanable.dirty.ratio": "0.001",
    "max.compaction.lag.ms": "100",
}


async def eventually(condition: Callable[[], Awaitable[Any]], what: str, deadline_s: float = 30.0) -> Any:
    """Wait until a condition gives something true, and give that back."""
    loop = asyncio.get_running_loop()
    end = loop.time() + deadline_s
    while not (found := await condition()):
        assert loop.time() < end, f"not within {deadline_s} s: {what}"
        await asyncio.sleep(0.05)
    return found


def values(count: int, start: int = 0) -> list[bytes]:
    """Make as many different values."""
    return [b"%06d" % number for number in range(start, start + count)]


class Log:
    """A broker for one test, with names of its own."""

    def __init__(self, bootstrap: str) -> None:
        self.connection = KafkaConnection(bootstrap=bootstrap)
        self.bootstrap = bootstrap
        self.suffix = uuid.uuid4().hex[:8]
        self.group = f"group-{self.suffix}"

    async def topic(self, name: str, partitions: int = 1, config: dict[str, str] | None = None) -> str:
        """Make a topic."""
        full = f"{name}-{self.suffix}"
        layout = TopicLayout(name=full, partitions=partitions, config=config or {})
        await ensure_topics(self.connection, [layout])
        return full

    async def write(self, topic: str, contents: Sequence[bytes]) -> None:
        """Append records with these values."""
        async with RunProducer(self.connection) as producer:
            records = [OutRecord(topic=topic, key=value, value=value) for value in contents]
            await (await producer.send(records))

    async def read(self, topic: str) -> list[LogRecord]:
        """Read everything that is in a topic now."""
        async with TopicScan(self.connection, [topic]) as scan:
            return [record async for record in scan.history()]

    async def count(self, topic: str) -> int:
        """Count the offsets of a topic."""
        async with TopicScan(self.connection, [topic]) as scan:
            return sum(scan.ends.values())

    async def committed(self, topic: str, group: str | None = None) -> int:
        """Sum the offsets that the group has committed."""
        async with LagProbe(self.connection) as probe:
            lag = await probe.lag(group or self.group, [topic])
        return sum(place.committed for place in lag.values())

    def worker(self, variant: str, topics: Sequence[str], target: str, **task: Any) -> "Worker":
        """Describe a worker process of this group.

        By default each takes over the partitions of the one before it at once, killed or not.
        """
        return Worker(
            {
                "variant": variant,
                "bootstrap": self.bootstrap,
                "group": self.group,
                "topics": list(topics),
                "target": target,
                "instance": "one",
                **task,
            }
        )


class Worker:
    """One worker process."""

    def __init__(self, task: dict[str, Any]) -> None:
        self.task = task
        self.lines: list[str] = []
        self.process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start the process; what an earlier one said is forgotten."""
        self.lines.clear()
        self.process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(WORKER),
            json.dumps(self.task),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self.process is not None
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            self.lines.append(line.decode().rstrip())

    async def says(self, line: str, deadline_s: float = 30.0) -> None:
        """Wait until the process has printed this line."""

        async def said() -> bool:
            return line in self.lines

        try:
            await eventually(said, f"worker says {line!r}", deadline_s)
        except AssertionError as error:
            raise AssertionError(f"{error}; it said {self.lines[-20:]}") from error

    @property
    def running(self) -> bool:
        """Tell whether the process runs."""
        return self.process is not None and self.process.returncode is None

    async def ended(self, deadline_s: float = 30.0) -> int:
        """Wait for the end of the process and give its exit code."""
        assert self.process is not None
        code = await asyncio.wait_for(self.process.wait(), deadline_s)
        if self._reading is not None:
            await self._reading
        return code

    def send(self, number: int) -> None:
        """Send a signal."""
        assert self.process is not None
        self.process.send_signal(number)

    async def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and wait for the end."""
        assert self.process is not None
        if self.running:
            self.process.send_signal(number)
        return await self.ended()


@asynccontextmanager
async def running(worker: Worker) -> AsyncIterator[Worker]:
    """Run a worker for a while; it is killed at the end if it still runs."""
    await worker.start()
    try:
        await worker.says("ready")
        yield worker
    finally:
        await worker.end(signal.SIGKILL)


async def compacted_topic(log: Log, rounds: int = 6, keys: int = 50) -> tuple[str, set[bytes]]:
    """Make a topic that compaction has torn holes into; give the values that are left."""
    topic = await log.topic("compacted", config=COMPACT)
    async with RunProducer(log.connection) as producer:
        for number in range(rounds):
            # A segment is closed by the first record whose timestamp is `segment.ms` later.
            timestamp_ms = (1_700_000_000 + number) * 1000
            records = [
                OutRecord(
                    topic=topic,
                    key=b"key-%d" % key,
                    value=b"compacted-%d-%d" % (key, number),
                    timestamp_ms=timestamp_ms,
                )
                for key in range(key_start(number), keys)
            ]
            await (await producer.send(records))

    async def torn() -> bool:
        return len(await log.read(topic)) < await log.count(topic) - keys

    await eventually(torn, "compaction left gaps", 60)
    return topic, {record.value or b"" for record in await log.read(topic)}


def key_start(number: int) -> int:
    """Leave some keys out of each round, so that survivors are spread over the offsets."""
    return number * 5
