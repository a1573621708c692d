"""A process under test: our shell, or stock Faust with the same task, told what to do by a JSON argument."""

import asyncio
import itertools
import json
import logging
import sys
import tempfile
import zlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import faust

from prefstream.adapters.kafka import faust_shell
from prefstream.adapters.kafka.connection import KafkaConnection
from prefstream.adapters.kafka.faust_shell import build_app, exit_now, run_app, stop_on_signals
from prefstream.adapters.kafka.stages import RunStage, StageCarrier
from prefstream.adapters.kafka.times import ShellTimes
from prefstream.schemas.records import LogRecord, OutRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What the process does with a record: copies it to `target`, save where told otherwise."""

    variant: str
    bootstrap: str
    group: str
    topics: list[str]
    target: str
    block: list[int] = field(default_factory=list)
    fail_at: int | None = None
    cancel_at: int | None = None
    slow_s: float = 0.0
    run_length: int = 1
    in_flight: int = 3
    ordered: bool = False
    instance: str | None = None
    drain_s: float = 20.0
    session_s: float = 6.0

    async def treat(self, offset: int, value: bytes) -> None:
        """Behave as asked before this record counts as done."""
        if self.slow_s and zlib.crc32(value) % 10 == 0:
            await asyncio.sleep(self.slow_s * (1 + zlib.crc32(value) % 4))
        if offset == self.fail_at:
            raise RuntimeError(f"told to fail at {offset}")
        if offset == self.cancel_at:
            raise asyncio.CancelledError
        if offset in self.block:
            print(f"blocked {offset}", flush=True)
            await asyncio.Event().wait()


class EarlyCarrier(StageCarrier):
    """The fault that the chaos test must be able to see: acknowledged before it is delivered."""

    async def take(self, run: Sequence[Any], ack: Callable[[], Awaitable[Any]]) -> None:
        await ack()
        await super().take(run, _nothing)


async def _nothing() -> None:
    return


def _tell(stage: str, error: BaseException) -> None:
    print(f"fatal {stage} {error}", flush=True)


async def run_ours(task: Task) -> None:
    """Run the shell."""

    async def work(records: Sequence[LogRecord]) -> Sequence[OutRecord]:
        await asyncio.gather(*(task.treat(record.offset, record.value or b"") for record in records))
        return [
            OutRecord(
                topic=task.target, key=record.key or b"", value=record.value or b"", headers=record.headers
            )
            for record in records
        ]

    times = ShellTimes(
        heartbeat_s=1, session_s=task.session_s, rebalance_s=15, request_s=20, drain_s=task.drain_s
    )
    stage = RunStage(
        name="copy",
        topics=tuple(task.topics),
        work=work,
        in_flight=task.in_flight,
        run_length=task.run_length,
        ordered=task.ordered,
    )
    app = build_app(
        name="worker",
        group=task.group,
        connection=KafkaConnection(bootstrap=task.bootstrap),
        stages=[stage],
        times=times,
        instance=task.instance,
        on_fatal=_tell if task.variant == "survives" else exit_now,
    )
    await run_app(app, stop=stop_on_signals(), on_ready=lambda: print("ready", flush=True))
    print("stopped", flush=True)


def stock_app(task: Task, *, wait_empty: bool) -> faust.App:
    """Make a Faust app as its guide shows it."""
    return faust.App(
        task.group,
        broker=f"kafka://{task.bootstrap}",
        datadir=tempfile.mkdtemp(),
        web_enabled=False,
        topic_disable_leader=True,
        topic_allow_declare=False,
        table_standby_replicas=0,
        broker_commit_interval=0.2,
        broker_session_timeout=task.session_s,
        broker_heartbeat_interval=1,
        consumer_group_instance_id=task.instance,
        stream_wait_empty=wait_empty,
        value_serializer="raw",
        key_serializer="raw",
    )


async def run_stock(task: Task) -> None:
    """Run a stock agent of the kind named by the variant."""
    app = stock_app(task, wait_empty=task.variant != "stock-no-wait")
    source = app.topic(*task.topics, key_serializer="raw", value_serializer="raw")
    target = app.topic(task.target, key_serializer="raw", value_serializer="raw")

    async def one_by_one(stream: Any) -> None:
        async for event in stream.events():
            await task.treat(event.message.offset, event.value)
            if task.variant == "stock-send":
                await target.send(key=event.key, value=event.value)
            else:
                await (await target.send(key=event.key, value=event.value))

    async def by_take(stream: Any) -> None:
        offsets = itertools.count()
        async for values in stream.take(3, within=0.5):
            for offset, value in zip(offsets, values, strict=False):
                await task.treat(offset, value)
            for value in values:
                await (await target.send(value=value))

    agent = by_take if task.variant == "stock-take" else one_by_one
    app.agent(source, concurrency=task.in_flight if task.variant == "stock-concurrent" else 1)(agent)
    stop = stop_on_signals()
    await app.start()
    print("ready", flush=True)
    await stop.wait()
    await app.stop()
    print("stopped", flush=True)


def main() -> None:
    """Do the task."""
    logging.basicConfig(level=logging.WARNING)
    task = Task(**json.loads(sys.argv[1]))
    if task.variant == "early":
        vars(faust_shell)["StageCarrier"] = EarlyCarrier
    asyncio.run(run_stock(task) if task.variant.startswith("stock") else run_ours(task))


if __name__ == "__main__":
    main()
