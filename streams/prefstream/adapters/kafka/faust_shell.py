"""The Faust app of a process: one agent per stage, over runs of records.

app = build_app(name="worker", group="prefstream.worker", connection=connection, stages=[stage])
await run_app(app, stop=stop_on_signals())
"""

import asyncio
import logging
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any

import faust
from faust.app import BootStrategy

from prefstream.adapters.kafka.connection import KafkaConnection, check_connection
from prefstream.adapters.kafka.pins import check_pins
from prefstream.adapters.kafka.producer import RunProducer
from prefstream.adapters.kafka.run_consumer import PassSchema, RunTransport
from prefstream.adapters.kafka.stages import OnFatal, RunStage, StageCarrier, StageProgress
from prefstream.adapters.kafka.times import ShellTimes, consumer_kwargs
from prefstream.adapters.kafka.topics import check_topics
from prefstream.schemas.errors import BadInput, Unavailable

# mode puts a silent handler on the logger of every module that holds one of its services, as this one does.
log = logging.getLogger("prefstream.stages")

EXIT_FATAL = 1


def exit_now(stage: str, error: BaseException) -> None:
    """End the process at once; what was not acknowledged is delivered again."""
    log.critical("Stage %s cannot go on, ending the process without acknowledging", stage, exc_info=error)
    _leave()


def _leave() -> None:
    logging.shutdown()
    sys.stderr.flush()
    os._exit(EXIT_FATAL)


class _Boot(BootStrategy):
    """Start no Faust producer and no web server: outputs go through our own producer."""

    enable_kafka_producer = False
    enable_web = False


class RunApp(faust.App):
    """A Faust app whose agents work on runs; made by `build_app`."""

    BootStrategy = _Boot

    #: Set by `build_app`.
    producer_of_runs: RunProducer
    consumer_kwargs: dict[str, Any]
    run_lengths: Mapping[str, int]
    connection: KafkaConnection
    times: ShellTimes
    carriers: dict[str, StageCarrier]

    def _new_transport(self) -> RunTransport:
        return RunTransport(self.conf.broker_consumer, self)

    def progress(self) -> list[StageProgress]:
        """Say how far each stage is."""
        return [carrier.progress for carrier in self.carriers.values()]


def build_app(
    *,
    name: str,
    group: str,
    connection: KafkaConnection,
    stages: Sequence[RunStage],
    times: ShellTimes | None = None,
    instance: str | None = None,
    on_fatal: OnFatal = exit_now,
) -> RunApp:
    """Make the app of a process, not started.

    Args:
        name: Names the process to the brokers.
        group: The consumer group; every process of the same stages names the same one.
        connection: How to reach Kafka.
        stages: The stages; a slow one holds up the others, so give those that call models their own process.
        times: Timeouts and intervals.
        instance: A name that a restarted process keeps: it takes its partitions back without a rebalance.
        on_fatal: What to do when a stage raises or Kafka refuses outputs; must not return in production.

    Raises:
        Unavailable: Another version of Faust, mode or aiokafka is installed.
        BadInput: Two stages read one topic or share a name.
    """
    check_pins()
    _check_stages(stages)
    times = times or ShellTimes()
    app = RunApp(group, **_faust_settings(stages, times), **connection.faust_kwargs())
    app.connection, app.times = connection, times
    app.consumer_kwargs = consumer_kwargs(name, group, connection, times, instance) | {
        # One poll must be worked off well within `poll_idle_s`, or the group takes us for dead.
        "max_poll_records": 2 * max(stage.run_length * stage.in_flight for stage in stages)
    }
    app.run_lengths = {topic: stage.run_length for stage in stages for topic in stage.topics}
    app.producer_of_runs = RunProducer(connection)
    app.carriers = {}
    for stage in stages:
        _register(app, stage, on_fatal)
    return app


def _check_stages(stages: Sequence[RunStage]) -> None:
    topics = [topic for stage in stages for topic in stage.topics]
    names = [stage.name for stage in stages]
    if not stages or len(set(topics)) < len(topics) or len(set(names)) < len(names):
        raise BadInput(
            f"An app needs stages with different names and topics, not names {names} over topics {topics}"
        )


def _register(app: RunApp, stage: RunStage, on_fatal: OnFatal) -> None:
    carrier = app.carriers[stage.name] = StageCarrier(stage, app.producer_of_runs, on_fatal)

    async def agent(stream: Any) -> None:
        await carrier.drive(stream)

    agent.__name__ = agent.__qualname__ = stage.name
    app.agent(app.topic(*stage.topics, schema=PassSchema()), name=stage.name)(agent)


def _faust_settings(stages: Sequence[RunStage], times: ShellTimes) -> dict[str, Any]:
    return {
        # Faust makes its data folder at the start; ours stays empty, so it may be one that exists.
        "datadir": Path(tempfile.gettempdir()),
        "autodiscover": False,
        "store": "memory://",
        "topic_allow_declare": False,
        "topic_disable_leader": True,
        "table_standby_replicas": 0,
        "web_enabled": False,
        "cython_optimizations": True,
        # Counted in runs: what waits in memory besides what is under way.
        "stream_buffer_maxsize": max(2, *(stage.in_flight for stage in stages)),
        "stream_wait_empty": True,
        "broker_commit_interval": times.commit_every_s,
        "broker_session_timeout": times.session_s,
        "broker_rebalance_timeout": times.rebalance_s,
        "broker_request_timeout": times.request_s,
        "broker_heartbeat_interval": times.heartbeat_s,
        "broker_max_poll_interval": times.poll_idle_s,
        "stream_processing_timeout": times.poll_idle_s,
    }


def stop_on_signals(signals: Sequence[int] = (signal.SIGTERM, signal.SIGINT)) -> asyncio.Event:
    """Give an event that the first of these signals sets; the second ends the process at once."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()

    def on_signal() -> None:
        if stop.is_set():
            _leave()
        stop.set()

    for number in signals:
        loop.add_signal_handler(number, on_signal)
    return stop


async def run_app(app: RunApp, *, stop: asyncio.Event, on_ready: Callable[[], None] | None = None) -> None:
    """Run an app until `stop` is set, then drain: no more intake, finish, commit, leave the group.

    A drain that takes longer than `ShellTimes.drain_s` ends the process with exit code 1.

    Raises:
        Unavailable: Kafka does not answer at the start, or the app lost it later.
    """
    await check_connection(app.connection)
    await check_topics(app.connection, list(app.run_lengths))
    await app.producer_of_runs.start()
    try:
        if await _started(app, stop) and on_ready is not None:
            on_ready()
        await _first_of(stop.wait(), app.wait_until_stopped())
    finally:
        await _drain(app)
    if app.crash_reason is not None:
        raise Unavailable(
            f"The Kafka stages stopped: {app.crash_reason!r}; restart the process"
        ) from app.crash_reason


async def _started(app: RunApp, stop: asyncio.Event) -> bool:
    """Start, unless told to stop before; joining a group may take as long as a rebalance."""
    starting = asyncio.create_task(app.start())
    await _first_of(starting, stop.wait())
    if not starting.done() or starting.cancelled():
        return False
    if error := starting.exception():
        raise Unavailable(f"The Kafka stages did not start: {error!r}") from error
    return True


async def _first_of(*ends: Coroutine[Any, Any, Any] | asyncio.Task[None]) -> None:
    waiting = {asyncio.ensure_future(end) for end in ends}
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()


async def _drain(app: RunApp) -> None:
    # A thread, because the loop itself may be what hangs.
    deadline = threading.Timer(app.times.drain_s, _give_up, (app.times.drain_s,))
    deadline.daemon = True
    deadline.start()
    try:
        await app.stop()
        for carrier in app.carriers.values():
            carrier.cancel()
        await app.producer_of_runs.close()
    finally:
        deadline.cancel()


def _give_up(drain_s: float) -> None:
    log.critical("Stages did not finish within %g s of the request to stop, ending the process", drain_s)
    _leave()
