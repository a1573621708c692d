"""What a console process does beside answering: each of it runs as long as the process and begins again."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

import structlog

from prefstream.adapters.postgres.connection import AWAY, CLASH
from prefstream.console.parts import Parts
from prefstream.schemas.errors import Unavailable

log = structlog.get_logger(__name__)

#: Works until `stop` is set, drains what it has begun, and returns.
Work = Callable[[Parts, asyncio.Event], Awaitable[None]]
_AGAIN_S = 1.0
_DRAIN_S = 10.0


@asynccontextmanager
async def beside(works: Sequence[Work], parts: Parts) -> AsyncIterator[None]:
    """Do all of it for as long as the block lasts."""
    stop = asyncio.Event()
    tasks = [asyncio.create_task(_kept_up(work, parts, stop)) for work in works]
    try:
        yield
    finally:
        stop.set()
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=_DRAIN_S)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)


async def _kept_up(work: Work, parts: Parts, stop: asyncio.Event) -> None:
    """Begin again, after a while, what ends by an error: people go on labelling meanwhile."""
    while not stop.is_set():
        try:
            await work(parts, stop)
        except (Unavailable, *AWAY, *CLASH) as error:
            log.warning("background.unavailable", work=work.__qualname__, error=str(error)[:300])
        except Exception:
            log.exception("background.failed", work=work.__qualname__)
        try:
            async with asyncio.timeout(_AGAIN_S):
                await stop.wait()
        except TimeoutError:
            continue
