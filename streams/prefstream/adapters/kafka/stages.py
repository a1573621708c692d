"""A stage and its carrier: runs of records through work, delivery and acknowledgement.

Work of several runs goes on at once; outputs are handed to the producer in the order of the inputs, and a run
is acknowledged after its outputs are in the log and after every run before it in its partition.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from prefstream.adapters.kafka.producer import RunProducer
from prefstream.adapters.kafka.run_consumer import DEFAULT_RUN_LENGTH, log_records
from prefstream.schemas.errors import BadInput
from prefstream.schemas.records import LogRecord, OutRecord

Work = Callable[[Sequence[LogRecord]], Awaitable[Sequence[OutRecord]]]
#: Told the name of the stage and what went wrong; by default it ends the process.
OnFatal = Callable[[str, BaseException], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStage:
    """A stage: the topics it reads and what it makes of a run of their records.

    Args:
        name: Names the agent, in logs and counters.
        topics: Topics read; one topic belongs to one stage of an app.
        work: Makes the outputs of a run of records of one partition. It must not raise for bad records (give
            them to a retry or dead-letter topic): an exception ends the process without acknowledging.
        in_flight: Runs worked on or awaiting delivery at once; more wait in Kafka.
        run_length: Records of one run at most; small where one record takes long.
        ordered: Work on one run after the other for each partition number, over all topics of the stage.
        acked: Told the outputs of a run, the very object that `work` returned, once they are in the log and
            the run is acknowledged.
    """

    name: str
    topics: tuple[str, ...]
    work: Work
    in_flight: int = 8
    run_length: int = DEFAULT_RUN_LENGTH
    ordered: bool = False
    acked: Callable[[Sequence[OutRecord]], None] = lambda _outputs: None

    def __post_init__(self) -> None:
        if not self.topics or self.in_flight < 1 or self.run_length < 1:
            raise BadInput(f"Stage {self.name} needs a topic, and in_flight and run_length of 1 or more")


@dataclass(frozen=True, slots=True, kw_only=True)
class StageProgress:
    """What a stage has done since its process started; records, not runs."""

    stage: str
    received: int
    emitted: int
    acked: int
    in_flight: int
    #: `time.monotonic()` at the last acknowledgement, or at the start.
    last_progress_s: float


class _Turn:
    """The place of one run in the row of its partition."""

    __slots__ = ("acked", "handed")

    def __init__(self) -> None:
        self.handed = asyncio.Event()
        self.acked = asyncio.Event()


class StageCarrier:
    """Carries the runs of one stage; there is one for each stage of a process."""

    def __init__(self, stage: RunStage, producer: RunProducer, on_fatal: OnFatal) -> None:
        self._stage = stage
        self._producer = producer
        self._on_fatal = on_fatal
        self._gate = asyncio.Semaphore(stage.in_flight)
        self._rows: dict[Hashable, _Turn] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._received = self._emitted = self._acked = 0
        self._last_progress_s = time.monotonic()

    @property
    def progress(self) -> StageProgress:
        """Say how far the stage is."""
        return StageProgress(
            stage=self._stage.name,
            received=self._received,
            emitted=self._emitted,
            acked=self._acked,
            in_flight=self._received - self._acked,
            last_progress_s=self._last_progress_s,
        )

    async def drive(self, stream: Any) -> None:
        """Take runs from a Faust stream for as long as it lasts."""
        try:
            async for event in stream.noack().events():
                await self.take(event.value, partial(stream.ack, event))
        except Exception as error:  # noqa: BLE001  Faust would restart the agent and skip the run
            self._on_fatal(self._stage.name, error)

    async def take(self, run: Sequence[Any], ack: Callable[[], Awaitable[Any]]) -> None:
        """Start on a run as soon as fewer than `in_flight` are under way."""
        await self._gate.acquire()
        row = run[0].partition if self._stage.ordered else (run[0].topic, run[0].partition)
        before, turn = self._rows.get(row), _Turn()
        self._rows[row] = turn
        self._received += len(run)
        task = asyncio.create_task(self._carry(run, ack, before, turn))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def cancel(self) -> None:
        """Give up what is under way; nothing of it is acknowledged."""
        for task in self._tasks:
            task.cancel()

    async def _carry(
        self, run: Sequence[Any], ack: Callable[[], Awaitable[Any]], before: _Turn | None, turn: _Turn
    ) -> None:
        try:
            outputs = await self._work(run, before)
            if before is not None:
                await before.handed.wait()
            delivery = await self._producer.send(outputs)
            turn.handed.set()
            await delivery
            if before is not None:
                await before.acked.wait()
            await ack()
            turn.acked.set()
        except asyncio.CancelledError as error:
            # Cancelled from within: nobody would hear of it.
            if not _being_cancelled():
                self._on_fatal(self._stage.name, error)
            raise
        except Exception as error:  # noqa: BLE001  whatever it is, this run must not count as done
            self._on_fatal(self._stage.name, error)
            return
        self._stage.acked(outputs)
        self._count(len(run), len(outputs))
        self._gate.release()

    async def _work(self, run: Sequence[Any], before: _Turn | None) -> Sequence[OutRecord]:
        if self._stage.ordered and before is not None:
            await before.handed.wait()
        return await self._stage.work(log_records(run))

    def _count(self, acked: int, emitted: int) -> None:
        self._acked += acked
        self._emitted += emitted
        self._last_progress_s = time.monotonic()


def _being_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
