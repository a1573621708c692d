"""Many small requests as few large ones: what is asked while one statement runs goes with the next."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

Asked = TypeVar("Asked")
Answered = TypeVar("Answered")

#: Seconds for which the first of a group waits for others to join it.
GATHER_S = 0.004
#: Most that one statement takes.
MOST = 500


class Grouped(Generic[Asked, Answered]):
    """Gathers what is asked for a few milliseconds and does it in one go.

    Whoever asks gets the answer when the whole group is done, and what the group's work raised.
    Giving up asking does not take anything back: the work is done all the same.
    """

    def __init__(self, work: Callable[[Sequence[Asked]], Awaitable[Sequence[Answered]]]) -> None:
        """Take the work: it answers everything it is given, in the same order."""
        self._work = work
        self._waiting: list[tuple[Asked, asyncio.Future[Answered]]] = []
        self._running: asyncio.Task[None] | None = None

    def ask(self, asked: Asked) -> asyncio.Future[Answered]:
        """Let one join the next group, and return where its answer will be."""
        answer = asyncio.get_running_loop().create_future()
        self._waiting.append((asked, answer))
        if self._running is None:
            self._running = asyncio.create_task(self._run())
        return answer

    async def done(self) -> None:
        """Return when everything that was asked is done."""
        while self._running is not None:
            await asyncio.wait([self._running])

    async def _run(self) -> None:
        try:
            while self._waiting:
                await asyncio.sleep(GATHER_S)
                group, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
                await self._answer(group)
        finally:
            self._running = None
            for _, answer in self._waiting:
                answer.cancel()
            self._waiting = []

    async def _answer(self, group: Sequence[tuple[Asked, "asyncio.Future[Answered]"]]) -> None:
        try:
            answers = await self._work([asked for asked, _ in group])
        except Exception as error:  # noqa: BLE001  it is for those who asked
            for _, answer in group:
                if not answer.done():
                    answer.set_exception(error)
                    # Who gave up asking will not look at it.
                    answer.exception()
            return
        for (_, waiting), answered in zip(group, answers, strict=True):
            if not waiting.done():
                waiting.set_result(answered)
