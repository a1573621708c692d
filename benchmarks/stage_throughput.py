"""Throughput of a light stage on Apache Kafka: the raw client, a plain Faust agent, and ours.

Every variant reads the same topic, decodes and encodes the JSON of every record, and writes it to a topic of
its own with acks=all; each runs in a fresh process, interleaved with the others, and is timed from its first
record until the last output is acknowledged. Idempotence is on wherever the client has it (Faust's own
producer has not). On a busy machine read the last column: CPU of raw by CPU of the variant.

    python benchmarks/stage_throughput.py                       # starts Apache Kafka by itself
    python benchmarks/stage_throughput.py --bootstrap host:9092
"""

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

PARTITIONS = 4
VALUE_BYTES = 1000
BATCH_BYTES = 600_000
CODECS: dict[str, Callable[[bytes], bytes]] = {
    "orjson": lambda value: orjson.dumps(orjson.loads(value)),
    "json": lambda value: json.dumps(json.loads(value)).encode(),
    "none": lambda value: value,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What one process is to do."""

    variant: str
    bootstrap: str
    source: str
    target: str
    records: int
    codec: str
    uvloop: bool


@dataclass(slots=True)
class Clock:
    """Times a variant from its first record to its last acknowledgement."""

    started_s: float = 0.0
    cpu_started_s: float = 0.0
    ended_s: float = 0.0
    cpu_ended_s: float = 0.0

    def first(self) -> None:
        """Note the first record; later calls change nothing."""
        if not self.started_s:
            self.started_s, self.cpu_started_s = time.perf_counter(), time.process_time()

    def last(self) -> None:
        """Note the last acknowledgement."""
        self.ended_s, self.cpu_ended_s = time.perf_counter(), time.process_time()

    def result(self, records: int) -> dict[str, float]:
        """Give records per second and microseconds of CPU per record."""
        return {
            "per_second": records / (self.ended_s - self.started_s),
            "cpu_us": (self.cpu_ended_s - self.cpu_started_s) / records * 1e6,
        }


async def run_raw(job: Job) -> dict[str, float]:
    """Poll, handle and send with aiokafka alone; one poll is handled while the last one is delivered."""
    from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

    handle, clock, done = CODECS[job.codec], Clock(), 0
    producer = AIOKafkaProducer(
        bootstrap_servers=job.bootstrap, acks="all", enable_idempotence=True, max_batch_size=BATCH_BYTES
    )
    consumer = AIOKafkaConsumer(
        job.source,
        bootstrap_servers=job.bootstrap,
        group_id=f"raw-{uuid.uuid4().hex}",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    await producer.start()
    await consumer.start()
    waiting: list[Any] = []
    offsets: dict[Any, int] = {}
    while done < job.records:
        found = await consumer.getmany(timeout_ms=1000)
        if not found:
            continue
        clock.first()
        sent = [
            await producer.send(job.target, handle(record.value), key=record.key)
            for records in found.values()
            for record in records
        ]
        await asyncio.gather(*waiting)
        if offsets:
            await consumer.commit(offsets)
        waiting, offsets = sent, {place: records[-1].offset + 1 for place, records in found.items()}
        done += len(sent)
    await asyncio.gather(*waiting)
    await consumer.commit(offsets)
    clock.last()
    await consumer.stop()
    await producer.stop()
    return clock.result(job.records)


async def run_plain(job: Job) -> dict[str, float]:
    """Run an ordinary Faust agent that sends with Faust's producer."""
    import faust

    handle, clock, done, finished = CODECS[job.codec], Clock(), 0, asyncio.Event()
    app = faust.App(
        f"plain-{uuid.uuid4().hex}",
        broker=f"kafka://{job.bootstrap}",
        value_serializer="raw",
        web_enabled=False,
        topic_disable_leader=True,
        topic_allow_declare=False,
        table_standby_replicas=0,
        producer_acks=-1,
        producer_linger=0.005,
        producer_max_batch_size=BATCH_BYTES,
        datadir=tempfile.gettempdir(),
    )
    source = app.topic(job.source, key_serializer="raw", value_serializer="raw")
    target = app.topic(job.target, key_serializer="raw", value_serializer="raw")

    async def agent(stream: Any) -> None:
        nonlocal done
        async for event in stream.events():
            clock.first()
            await target.send(key=event.key, value=handle(event.value))
            done += 1
            if done == job.records:
                await app.producer.flush()
                clock.last()
                finished.set()

    app.agent(source)(agent)
    await app.start()
    await finished.wait()
    await app.stop()
    return clock.result(job.records)


async def run_ours(job: Job) -> dict[str, float]:
    """Run our shell: a real Faust agent over runs of records."""
    from prefstream.adapters.kafka.connection import KafkaConnection
    from prefstream.adapters.kafka.faust_shell import build_app, run_app
    from prefstream.adapters.kafka.stages import RunStage
    from prefstream.schemas.records import LogRecord, OutRecord

    handle, clock, stop = CODECS[job.codec], Clock(), asyncio.Event()

    async def work(records: Sequence[LogRecord]) -> Sequence[OutRecord]:
        clock.first()
        return [
            OutRecord(topic=job.target, key=record.key or b"", value=handle(record.value or b""))
            for record in records
        ]

    app = build_app(
        name="bench",
        group=f"ours-{uuid.uuid4().hex}",
        connection=KafkaConnection(bootstrap=job.bootstrap),
        stages=[RunStage(name="light", topics=(job.source,), work=work)],
    )

    async def watch() -> None:
        while app.progress()[0].acked < job.records:
            await asyncio.sleep(0.002)
        clock.last()
        stop.set()

    watching = asyncio.create_task(watch())
    await run_app(app, stop=stop)
    await watching
    return clock.result(job.records)


VARIANTS: dict[str, Callable[[Job], Coroutine[Any, Any, dict[str, float]]]] = {
    "raw": run_raw,
    "plain": run_plain,
    "ours": run_ours,
}


def run_child(job: Job) -> None:
    """Run one variant in this process and print its result."""
    if job.uvloop:
        import uvloop

        uvloop.install()
    print(json.dumps(asyncio.run(VARIANTS[job.variant](job))))


async def make_topic(bootstrap: str, name: str) -> None:
    """Make a topic of the benchmark."""
    from prefstream.adapters.kafka.connection import KafkaConnection
    from prefstream.adapters.kafka.topics import TopicLayout, ensure_topics

    layout = TopicLayout(name=name, partitions=PARTITIONS)
    await ensure_topics(KafkaConnection(bootstrap=bootstrap), [layout])


async def fill(bootstrap: str, topic: str, records: int) -> None:
    """Write the records that every variant reads."""
    from prefstream.adapters.kafka.connection import KafkaConnection
    from prefstream.adapters.kafka.producer import RunProducer
    from prefstream.schemas.records import OutRecord

    await make_topic(bootstrap, topic)
    async with RunProducer(KafkaConnection(bootstrap=bootstrap)) as producer:
        for start in range(0, records, 5000):
            numbers = range(start, min(start + 5000, records))
            await (
                await producer.send(
                    [OutRecord(topic=topic, key=b"pair-%032d" % n, value=sample(n)) for n in numbers]
                )
            )


def sample(number: int) -> bytes:
    """Make the JSON of one record, about a kilobyte."""
    event = {"event_id": f"{number:036d}", "type": "pair", "slice": "maths", "votes": [0.25, 0.5], "text": ""}
    event["text"] = "x " * ((VALUE_BYTES - len(orjson.dumps(event))) // 2)
    return orjson.dumps(event)


def measure(job: Job) -> dict[str, float]:
    """Run a variant in a fresh process."""
    asyncio.run(make_topic(job.bootstrap, job.target))
    arguments = [
        str(getattr(job, name)) for name in ("variant", "bootstrap", "source", "target", "records", "codec")
    ]
    done = subprocess.run(
        [sys.executable, __file__, "--child", *arguments, *(["--uvloop"] if job.uvloop else [])],
        check=True,
        capture_output=True,
        timeout=300,
        text=True,
    )
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


@contextmanager
def broker(bootstrap: str | None) -> Iterator[str]:
    """Give the address of a running Kafka, ours for the time being unless one is named."""
    if bootstrap is not None:
        yield bootstrap
        return
    from prefstream.adapters.local import LocalKafka, fetch

    with tempfile.TemporaryDirectory() as folder:
        kafka = LocalKafka(Path(folder), fetch(on_progress=print))
        try:
            yield kafka.start()
        finally:
            kafka.stop()


def compare(bootstrap: str, arguments: argparse.Namespace) -> None:
    """Measure every variant in turn, several times over, and print medians and ratios."""
    source = f"bench-source-{uuid.uuid4().hex[:8]}"
    asyncio.run(fill(bootstrap, source, arguments.records))
    found: dict[str, list[dict[str, float]]] = {name: [] for name in arguments.variants}
    for repeat in range(arguments.repeats):
        for name in arguments.variants:
            job = Job(
                variant=name,
                bootstrap=bootstrap,
                source=source,
                target=f"bench-{name}-{repeat}-{uuid.uuid4().hex[:8]}",
                records=arguments.plain_records if name == "plain" else arguments.records,
                codec=arguments.codec,
                uvloop=arguments.uvloop,
            )
            found[name].append(measure(job))
            print(f"  {repeat + 1} {name:6} {found[name][-1]['per_second']:10,.0f} records/s", flush=True)
    show(found, arguments)


def show(found: dict[str, list[dict[str, float]]], arguments: argparse.Namespace) -> None:
    """Print the table."""
    raw = statistics.median(run["per_second"] for run in found["raw"])
    raw_cpu_us = statistics.median(run["cpu_us"] for run in found["raw"])
    print(f"{arguments.records} records of {VALUE_BYTES} B, {PARTITIONS} partitions, codec {arguments.codec}")
    print(
        f"{'variant':8}{'records/s':>12}{'lowest':>10}{'highest':>10}{'of raw':>8}{'CPU us':>9}{'of raw':>8}"
    )
    for name, runs in found.items():
        rates = [run["per_second"] for run in runs]
        median = statistics.median(rates)
        cpu_us = statistics.median(run["cpu_us"] for run in runs)
        print(
            f"{name:8}{median:12,.0f}{min(rates):10,.0f}{max(rates):10,.0f}{median / raw:8.2f}"
            f"{cpu_us:9.1f}{raw_cpu_us / cpu_us:8.2f}"
        )


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--bootstrap")
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--plain-records", type=int, default=15_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--codec", choices=sorted(CODECS), default="orjson")
    parser.add_argument("--uvloop", action="store_true")
    parser.add_argument("--variants", nargs="+", choices=sorted(VARIANTS), default=["raw", "plain", "ours"])
    parser.add_argument("--child", nargs=6, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        variant, bootstrap, source, target, records, codec = arguments.child
        run_child(
            Job(
                variant=variant,
                bootstrap=bootstrap,
                source=source,
                target=target,
                records=int(records),
                codec=codec,
                uvloop=arguments.uvloop,
            )
        )
        return
    with broker(arguments.bootstrap) as bootstrap:
        compare(bootstrap, arguments)


if __name__ == "__main__":
    main()
