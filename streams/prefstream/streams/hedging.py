"""Asking twice: a second request where the first is slow, and the first answer wins."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from prefstream.schemas.calls import Answer, Reply


async def first_of_two(
    ask: Callable[[], Coroutine[Any, Any, Answer]], *, after_s: float
) -> tuple[Answer, Awaitable[Answer] | None]:
    """Ask, ask again if there is no answer after so many seconds, and return the first reply.

    Returns:
        The first reply, or the first failure where no reply comes; and the other request while it
        is under way: it will be paid for too.
    """
    first = asyncio.create_task(ask())
    tasks = {first}
    try:
        await asyncio.wait(tasks, timeout=after_s)
        if first.done():
            return first.result(), None
        tasks.add(asyncio.create_task(ask()))
        pending = tasks
        while pending:
            done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            won = next((task for task in done if isinstance(task.result(), Reply)), None)
            if won is not None:
                return won.result(), next(iter(tasks - {won}))
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise
    return first.result(), None
