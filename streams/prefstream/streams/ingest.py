"""Bringing a file in: read, map, append in batches, and remember how far that got.

A batch is read and mapped while the one before it is on its way; there are never more than two,
so a slow log slows the reading down. The checkpoint follows every batch that is durable. A crash
between the two sends one batch again, with the same event ids, which readers drop.
"""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any, TypeVar

from prefstream.adapters.files import (
    STDIN,
    Checkpoint,
    Checkpoints,
    Refusal,
    Refusals,
    identity_of,
    open_rows,
)
from prefstream.adapters.log import LogWriter
from prefstream.adapters.postgres.verdicts import RecordedVerdicts
from prefstream.agents.ingestion import Kind, RecordedVerdict, check_names
from prefstream.schemas.errors import BadInput, Unavailable
from prefstream.schemas.records import OutRecord
from prefstream.schemas.values import Vote
from prefstream.streams.ingest_batches import Batch, Item, Order, batches

__all__ = ["Deliver", "Order", "Progress", "Report", "check", "ingest", "to_log", "to_verdicts"]

T = TypeVar("T")
#: Makes a batch durable; returns when it is.
Deliver = Callable[[Sequence[Item]], Awaitable[None]]

#: Refusals carried in a report; all of them are in its file.
SHOWN_REFUSALS = 1000
#: How long a log that is away is waited for.
PATIENCE_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What became of the file."""

    kind: Kind
    file: str
    rows: int
    ingested: int
    refused: int
    #: Line after which this run went on; 0 if it began at the start.
    resumed_from: int
    seconds: float
    #: The first of the refusals.
    refusals: tuple[Refusal, ...]
    #: The run was asked to stop before the end of the file.
    interrupted: bool = False
    #: The file had been brought in before; this run did nothing.
    already: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a run has got."""

    rows: int
    refused: int
    #: Share of the file, where its length is known.
    share: float | None


def to_log(writer: LogWriter) -> Deliver:
    """Return the delivery of events to a log."""

    async def deliver(items: Sequence[Item]) -> None:
        await writer.append([item for item in items if isinstance(item, OutRecord)])

    return deliver


def to_verdicts(verdicts: RecordedVerdicts) -> Deliver:
    """Return the delivery of recorded verdicts to their table."""

    async def deliver(items: Sequence[Item]) -> None:
        recorded: dict[tuple[str, str], list[Vote]] = {}
        for item in items:
            if isinstance(item, RecordedVerdict):
                recorded.setdefault((item.judge, item.pair_id), []).append(item.vote)
        await verdicts.put_all(recorded)

    return deliver


def check(order: Order) -> None:
    """Make sure, before any server is asked, that the order makes sense.

    Raises:
        BadInput: A field does not exist, or the file cannot be read.
    """
    check_names(order.kind, order.defaults(datetime.now(UTC)))
    if order.file != STDIN:
        identity_of(Path(order.file))


async def ingest(
    order: Order,
    deliver: Deliver,
    *,
    stop: asyncio.Event,
    on_progress: Callable[[Progress], None] = lambda progress: None,  # noqa: ARG005
    rejects: Path | None = None,
    patience_s: float = PATIENCE_S,
) -> Report:
    """Bring a file in, from where an earlier run left off.

    Args:
        order: What to bring in.
        deliver: Makes a batch durable.
        stop: Set it to stop after the batch in flight.
        on_progress: Told after every batch.
        rejects: Where to write every refused row, as JSONL.
        patience_s: How long a log that is away is waited for.

    Raises:
        BadInput: The file cannot be read as these rows, or progress cannot be kept.
        Unavailable: The log stays away; what was delivered is kept, the next run goes on.
    """
    check(order)
    store = Checkpoints(order.folder, order.key)
    with store.locked(keep=order.file != STDIN):
        checkpoint = _checkpoint(order, store)
        run = _Run(
            order=order,
            deliver=deliver,
            stop=stop,
            on_progress=on_progress,
            patience_s=patience_s,
            store=store,
        )
        with Refusals(store.refusals, length=checkpoint.refusals_bytes) as refusals:
            report = await run.whole(checkpoint, refusals)
            if rejects is not None:
                refusals.copy_to(rejects)
    return report


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    order: Order
    deliver: Deliver
    stop: asyncio.Event
    on_progress: Callable[[Progress], None]
    patience_s: float
    store: Checkpoints

    async def whole(self, checkpoint: Checkpoint, refusals: Refusals) -> Report:
        """Bring in all there is after the checkpoint and report it."""
        began, resumed_from, already = monotonic(), checkpoint.line, checkpoint.done
        if not already:
            checkpoint = await self._rest(checkpoint, refusals)
        if not checkpoint.row and not self.stop.is_set():
            raise BadInput(f"{self.order.file} holds no rows")
        return Report(
            kind=self.order.kind,
            file=self.order.file,
            rows=checkpoint.row,
            ingested=checkpoint.ingested,
            refused=checkpoint.refused,
            resumed_from=resumed_from,
            seconds=round(monotonic() - began, 3),
            refusals=refusals.first(SHOWN_REFUSALS),
            interrupted=not checkpoint.done,
            already=already,
        )

    async def _rest(self, checkpoint: Checkpoint, refusals: Refusals) -> Checkpoint:
        reader = open_rows(self.order.file, format_name=self.order.format_name)
        rest = batches(self.order, reader, checkpoint)
        ahead = _in_thread(lambda: next(rest))
        try:
            while not checkpoint.done and (batch := await _unless(self.stop, ahead)) is not None:
                if not batch.last:
                    ahead = _in_thread(lambda: next(rest))
                checkpoint = await self._settled(batch, checkpoint, refusals)
                share = checkpoint.offset / reader.size if checkpoint.offset and reader.size else None
                self.on_progress(Progress(rows=checkpoint.row, refused=checkpoint.refused, share=share))
        finally:
            if self.order.file != STDIN:
                await asyncio.wait([ahead])  # it may still read from the file that is closed now
            reader.close()
        return checkpoint

    async def _settled(self, batch: Batch, checkpoint: Checkpoint, refusals: Refusals) -> Checkpoint:
        """Make a batch durable, then say so."""
        if batch.items:
            await self._delivered(batch.items, checkpoint.line)
        refusals.add(batch.refusals)
        settled = checkpoint.model_copy(
            update={
                "row": batch.end.row,
                "line": batch.end.line,
                "offset": batch.end.offset,
                "ingested": checkpoint.ingested + len(batch.items),
                "refused": checkpoint.refused + len(batch.refusals),
                "refusals_bytes": refusals.length,
                "done": batch.last,
            }
        )
        if self.order.file != STDIN and settled.row:
            self.store.save(settled)
        return settled

    async def _delivered(self, items: Sequence[Item], line: int) -> None:
        """Deliver a batch, again while the log is away: its events keep their ids."""
        until, wait_s = monotonic() + self.patience_s, 0.1
        while True:
            try:
                return await self.deliver(items)
            except Unavailable as error:
                if self.stop.is_set() or monotonic() + wait_s > until:
                    raise Unavailable(
                        f"{error}; {self.order.file} is in up to line {line}, run the same command to go on"
                    ) from error
            await asyncio.sleep(wait_s)
            wait_s = min(wait_s * 2, 5.0)


def _checkpoint(order: Order, store: Checkpoints) -> Checkpoint:
    """Return where to go on: the start, unless the very same file was begun before."""
    identity = None if order.file == STDIN else identity_of(Path(order.file))
    known = store.load()
    if known is not None and identity is not None and known.identity == identity and not order.restart:
        return known
    began = datetime.now(UTC)
    return Checkpoint(kind=order.kind, file=order.file, identity=identity, started_at=began)


def _in_thread(read: Callable[[], T]) -> "asyncio.Future[T]":
    """Run a read beside the loop, in a thread that never keeps the process alive.

    The executor of the loop is waited for at exit, which a pipe that says nothing would prevent.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()
    # Nobody may be left to ask for it after a stop.
    future.add_done_callback(lambda done: done.cancelled() or done.exception())

    def settle(result: T | None, error: BaseException | None) -> None:
        if future.cancelled():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)  # type: ignore[arg-type]

    def work() -> None:
        try:
            result, error = read(), None
        except Exception as raised:  # noqa: BLE001  (it is raised where the future is awaited)
            result, error = None, raised
        with suppress(RuntimeError):  # the loop was closed while the pipe said nothing
            loop.call_soon_threadsafe(settle, result, error)

    threading.Thread(target=work, name="ingest-read", daemon=True).start()
    return future


async def _unless(stop: asyncio.Event, future: "asyncio.Future[T]") -> T | None:
    """Return what the future brings, or `None` as soon as a stop is asked for."""
    stopping = asyncio.ensure_future(stop.wait())
    try:
        either: set[asyncio.Future[Any]] = {future, stopping}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        return None if stop.is_set() else await future
    finally:
        stopping.cancel()
