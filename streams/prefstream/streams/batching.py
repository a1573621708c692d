"""Batch mode: calls queue for the vendor's batches at half the price, their records wait meanwhile."""

import time
from collections.abc import Callable, Collection, Sequence

import asyncpg

from prefstream.adapters.postgres.batches import enqueue, pending, progress
from prefstream.adapters.postgres.connection import AWAY
from prefstream.adapters.postgres.grouping import Grouped
from prefstream.schemas.calls import Answer, Call, Failure

#: Why a record waits whose calls are in a batch.
IN_BATCH = "in_batch"
#: Seconds after which a waiting record looks for itself; its answers make it due much sooner.
LOOK_AGAIN_S = 900.0
#: Seconds after which to try again when the queue cannot be reached.
_AWAY_S = 5.0


class BatchedModel:
    """A provider that queues calls instead of performing them; their answers come through the journal."""

    #: Its answers cost nothing and are at once: no budget, no limit and no key is asked about them.
    queues = True

    def __init__(self, pool: asyncpg.Pool, *, clock_ms: Callable[[], int] | None = None) -> None:
        """Take the database that holds the queue."""
        self._pool = pool
        self._clock_ms = clock_ms or (lambda: int(time.time() * 1000))
        self._asked = Grouped[Call, Failure | None](self._enqueued)

    async def answer(self, call: Call) -> Answer:
        """Queue the call and return that it waits, or why no answer will come."""
        try:
            failed = await self._asked.ask(call)
        except AWAY as error:
            detail = f"the queue for batches cannot be reached: {error or type(error).__name__}"
            return _waiting(detail, _AWAY_S)
        return failed or _waiting("waits for the answers of a batch", LOOK_AGAIN_S)

    async def aclose(self) -> None:
        """Finish queueing what was asked."""
        await self._asked.done()

    async def _enqueued(self, calls: Sequence[Call]) -> Sequence[Failure | None]:
        return await enqueue(self._pool, calls, now_ms=self._clock_ms())


class BatchArrivals:
    """Tells records that wait for a batch when their answers are in."""

    reason = IN_BATCH

    def __init__(self, pool: asyncpg.Pool) -> None:
        """Take the database that holds the queue."""
        self._pool = pool

    async def progress(self) -> int:
        """Return a number that moves on whenever answers are in."""
        return await progress(self._pool)

    async def arrived(self, keys: Collection[str]) -> frozenset[str]:
        """Return those of these keys that no answer is still to come for."""
        return frozenset(keys) - await pending(self._pool, keys)


def _waiting(detail: str, seconds: float) -> Failure:
    return Failure(reason=IN_BATCH, detail=detail, transient=True, waiting=True, retry_after_s=seconds)
