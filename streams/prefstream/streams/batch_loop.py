"""Sends queued calls in batches, one process at a time, and takes in what comes of them.

Every step is durable before the next one, so a crash between any two repeats at most one of them:

- a batch has its row before the vendor is asked for it, so one that the vendor has and we do not know
  of is looked for in the vendor's list, by its requests, before its calls are sent again;
- answers, and that their calls are settled, are one transaction with the journal.
"""

import asyncio
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from prefstream.adapters.models.anthropic_batches import AnthropicBatches, Result, VendorBatch
from prefstream.adapters.postgres.batches import Batches, OpenBatch, Settlement
from prefstream.adapters.postgres.journal import Unkeepable, entry_of
from prefstream.schemas.calls import Call, Failure, Reply

log = structlog.get_logger(__name__)

#: Batches that a call may go through without an answer before it counts as failed.
MAX_TRIES = 3
#: Bytes of requests in one batch; the vendor takes 256 MB, and what is sent is held in memory.
MAX_BATCH_BYTES = 200_000_000
#: Failures after which the vendor may have the batch all the same.
_UNCERTAIN = frozenset({"timeout", "connection", "server_error", "unreadable_answer"})
#: Milliseconds by which the vendor's clock may be behind ours.
_SKEW_MS = 300_000
#: A batch that the vendor does not know any more is given up after so long.
_LOST_MS = 48 * 3_600_000
#: How long an answered call is kept: longer than anybody takes between journal and queue.
_KEPT_MS = 600_000
#: Longest pause after a vendor who takes no batches.
_MAX_PAUSE_S = 900.0


class Purse(Protocol):
    """Whoever watches the money."""

    async def admit(self, call: Call) -> Failure | None:
        """Set money aside for a call; a failure where there is none left."""
        ...

    def priced(self, call: Call, reply: Reply) -> Reply:
        """Return the reply with what it cost."""
        ...

    async def settled(self, call: Call, reply: Reply | None) -> None:
        """Give back what was set aside beyond what the call cost."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchPace:
    """How batches are made."""

    #: Calls of one batch.
    size: int
    #: Seconds that a call waits for others to share a batch with.
    interval_s: float
    #: Seconds between two looks at a batch.
    poll_s: float
    #: Seconds after asking for a batch within which the vendor's list may not show it yet.
    grace_s: float


@dataclass(slots=True, kw_only=True)
class BatchLoop:
    """The one that sends batches and takes in their results."""

    batches: Batches
    vendor: AnthropicBatches
    pace: BatchPace
    purse: Purse | None = None
    clock_ms: Callable[[], int] = lambda: int(time.time() * 1000)
    #: The vendor's batches that turned out to be somebody else's.
    _foreign: set[str] = field(default_factory=set)
    _pause_s: float = 0.0
    _paused_until_ms: int = 0
    _size: int = 0

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set."""
        while not stop.is_set():
            await self.step()
            wait_s = min(self.pace.poll_s, self.pace.interval_s)
            try:
                await asyncio.wait_for(stop.wait(), wait_s)
            except TimeoutError:
                continue

    async def step(self) -> None:
        """Look after every open batch, then send what is due to be sent."""
        for batch in await self.batches.open():
            if batch.vendor_id is None:
                await self._look_for(batch)
            else:
                await self._look_at(batch, batch.vendor_id)
        while await self._send():
            pass
        await self.batches.forget(before_ms=self.clock_ms() - _KEPT_MS)

    async def _send(self) -> bool:
        """Send one batch if it is due, and return whether another may be."""
        now_ms = self.clock_ms()
        queue = await self.batches.queue()
        full = queue.calls >= self.pace.size or queue.size >= MAX_BATCH_BYTES
        old = queue.calls and now_ms - queue.oldest_ms >= self.pace.interval_s * 1000
        if not (full or old) or now_ms < self._paused_until_ms:
            return False
        most = self._size or self.pace.size
        ids = await self._afforded(await self.batches.oldest(calls=most, size=MAX_BATCH_BYTES))
        if not ids:
            return False
        batch_id = uuid.uuid4().hex
        await self.batches.claim(batch_id, ids, now_ms=now_ms)
        return await self._create(batch_id, ids)

    async def _afforded(self, ids: Sequence[str]) -> Sequence[str]:
        """Return the first of these calls that there is money for."""
        if self.purse is None:
            return ids
        afforded: list[str] = []
        async for calls in self.batches.asked(ids):
            for call in calls:
                failure = await self.purse.admit(call)
                if failure is not None:
                    log.info("batch.waits_for_money", calls=len(ids) - len(afforded), said=failure.detail)
                    return afforded
                afforded.append(call.request_id)
        return afforded

    async def _create(self, batch_id: str, ids: Sequence[str]) -> bool:
        answer = await self.vendor.create(self.batches.asked(ids))
        if isinstance(answer, VendorBatch):
            await self.batches.created(batch_id, answer.vendor_id, now_ms=self.clock_ms())
            log.info("batch.created", batch=answer.vendor_id, calls=len(ids))
            self._pause_s, self._size = 0.0, 0
            return True
        if answer.reason in _UNCERTAIN:
            log.warning("batch.uncertain", batch=batch_id, said=answer.detail)
            return False
        await self._withdraw(batch_id)
        if answer.reason == "too_large" and len(ids) > 1:
            self._size = len(ids) // 2
            return True
        self._pause(answer)
        return False

    def _pause(self, failure: Failure) -> None:
        """Wait before the vendor is asked again: nothing is lost, so there is no hurry."""
        self._pause_s = min(
            max(self.pace.poll_s, self._pause_s * 2, failure.retry_after_s or 0), _MAX_PAUSE_S
        )
        self._paused_until_ms = self.clock_ms() + int(self._pause_s * 1000)
        log.warning("batch.refused", said=failure.detail, again_in_s=round(self._pause_s))

    async def _look_for(self, batch: OpenBatch) -> None:
        """Find out whether the vendor has a batch whose answer was never seen."""
        if self.clock_ms() - batch.claimed_ms < self.pace.grace_s * 1000:
            return
        listed = await self.vendor.since(batch.claimed_ms - _SKEW_MS)
        if isinstance(listed, Failure):
            log.warning("batch.list_failed", said=listed.detail)
            return
        known = await self.batches.known([one.vendor_id for one in listed])
        maybe = [
            one
            for one in listed
            if one.calls == batch.calls and one.vendor_id not in known and one.vendor_id not in self._foreign
        ]
        for one in maybe:
            if one.ended and await self._ours(batch, one.vendor_id):
                await self.batches.created(batch.batch_id, one.vendor_id, now_ms=self.clock_ms())
                log.info("batch.adopted", batch=one.vendor_id, calls=batch.calls)
                return
        if all(one.vendor_id in self._foreign for one in maybe):
            log.info("batch.not_created", batch=batch.batch_id, calls=batch.calls)
            await self._withdraw(batch.batch_id)

    async def _ours(self, batch: OpenBatch, vendor_id: str) -> bool:
        """Return whether a batch that has ended answers the calls of this one."""
        first: list[Result] = []

        async def take(results: Sequence[Result]) -> bool:
            first.extend(results)
            return False

        failure = await self.vendor.results(vendor_id, take)
        if not first:
            log.warning("batch.results_failed", batch=vendor_id, said=failure.detail if failure else "none")
            return False
        ids = [result.request_id for result in first]
        if len(await self.batches.calls(batch.batch_id, ids)) == len(ids):
            return True
        self._foreign.add(vendor_id)
        return False

    async def _look_at(self, batch: OpenBatch, vendor_id: str) -> None:
        """Take in the results of a batch if it has ended."""
        shown = await self.vendor.batch(vendor_id)
        if isinstance(shown, Failure):
            log.warning("batch.not_shown", batch=vendor_id, said=shown.detail)
            if shown.reason == "unknown_model" and self.clock_ms() - batch.claimed_ms > _LOST_MS:
                await self._withdraw(batch.batch_id)
            return
        if not shown.ended:
            return

        async def take(results: Sequence[Result]) -> bool:
            await self._take(batch, results)
            return True

        failure = await self.vendor.results(vendor_id, take)
        if failure is not None:
            log.warning("batch.results_failed", batch=vendor_id, said=failure.detail)
            return
        await self._finish(batch, vendor_id)

    async def _finish(self, batch: OpenBatch, vendor_id: str) -> None:
        """Note that a batch is done; a call that its results left out is sent again."""
        left = await self.batches.members(batch.batch_id)
        if left:
            missing = [_missing(request_id) for request_id in left]
            await self._take(batch, missing)
        await self.batches.done(batch.batch_id, now_ms=self.clock_ms())
        log.info("batch.done", batch=vendor_id, calls=batch.calls, without_result=len(left))

    async def _take(self, batch: OpenBatch, results: Sequence[Result]) -> None:
        """Settle what some results say; those taken in before a crash are not among the calls any more."""
        calls = await self.batches.calls(batch.batch_id, [result.request_id for result in results])
        answered: list[tuple[Call, Reply]] = []
        again: dict[str, str] = {}
        failed: dict[str, str] = {}
        for result in results:
            if result.request_id not in calls:
                continue
            call, tries = calls[result.request_id]
            answer = self._kept(call, result.answer)
            if isinstance(answer, Reply):
                answered.append((call, answer))
            elif answer.transient and tries < MAX_TRIES:
                again[call.request_id] = answer.detail
            else:
                failed[call.request_id] = answer.detail
        if calls:
            await self.batches.settle(Settlement(answered=answered, again=again, failed=failed))
            unanswered = [calls[request_id][0] for request_id in (*again, *failed)]
            await self._settled([*answered, *((call, None) for call in unanswered)])

    def _kept(self, call: Call, answer: Reply | Failure) -> Reply | Failure:
        """Return the answer with its price, or that it cannot be kept."""
        if isinstance(answer, Failure):
            return answer
        priced = self.purse.priced(call, answer) if self.purse else answer
        try:
            entry_of(call, priced)
        except Unkeepable as error:
            return Failure(reason="unreadable_answer", detail=str(error), transient=True)
        return priced

    async def _withdraw(self, batch_id: str) -> None:
        ids = await self.batches.members(batch_id)
        await self.batches.withdraw(batch_id, now_ms=self.clock_ms())
        if self.purse is not None:
            async for calls in self.batches.asked(ids):
                await self._settled([(call, None) for call in calls])

    async def _settled(self, outcomes: Sequence[tuple[Call, Reply | None]]) -> None:
        if self.purse is not None:
            for call, reply in outcomes:
                await self.purse.settled(call, reply)


def _missing(request_id: str) -> Result:
    failure = Failure(reason="batch_missing", detail="the batch's results left it out", transient=True)
    return Result(request_id=request_id, answer=failure)
