"""The watchdog: a process that has work and does not get on with it is dead, however alive it looks."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

log = structlog.get_logger(__name__)

#: What a process exits with when the watchdog ends it.
STALLED_EXIT = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What was seen of a process at one moment."""

    #: Records waiting for this process, in its log or in its hands.
    waiting: int
    #: A number that grows whenever a record is dealt with.
    dealt_with: int


class Progress:
    """Judges progress from observations. Pure: time is an argument."""

    def __init__(self, *, stall_s: float, now_s: float) -> None:
        self._stall_s = stall_s
        self._since_s = now_s
        self._dealt_with = -1

    def observe(self, seen: Observation, now_s: float) -> None:
        """Take an observation: an idle process and one that gets on are both fine."""
        if seen.waiting == 0 or seen.dealt_with != self._dealt_with:
            self._since_s = now_s
        self._dealt_with = seen.dealt_with

    def stuck_s(self, now_s: float) -> float:
        """Return for how long there has been work without progress."""
        return now_s - self._since_s

    def ready(self, now_s: float) -> bool:
        """Return whether the process should get traffic: no longer after half the time allowed."""
        return self.stuck_s(now_s) < self._stall_s / 2

    def stalled(self, now_s: float) -> bool:
        """Return whether to give the process up."""
        return self.stuck_s(now_s) >= self._stall_s


class Watchdog:
    """Looks at a process every few seconds and ends it when it is stuck."""

    def __init__(
        self,
        observe: Callable[[], Awaitable[Observation]],
        *,
        stall_s: float,
        on_stall: Callable[[], None] = lambda: os._exit(STALLED_EXIT),
    ) -> None:
        self._observe = observe
        self._every_s = min(stall_s / 6, 5.0)
        self._on_stall = on_stall
        self.progress = Progress(stall_s=stall_s, now_s=time.monotonic())

    async def run(self, stop: asyncio.Event) -> None:
        """Watch until `stop` is set."""
        while not stop.is_set():
            await self._look()
            try:
                await asyncio.wait_for(stop.wait(), self._every_s)
            except TimeoutError:
                continue

    async def _look(self) -> None:
        try:
            seen = await asyncio.wait_for(self._observe(), self._every_s * 2)
            self.progress.observe(seen, time.monotonic())
        except Exception as error:  # noqa: BLE001  whatever keeps us from seeing
            # Not seeing is not progress: the time runs on.
            log.warning("watchdog.blind", error=repr(error))
        if self.progress.stalled(time.monotonic()):
            log.critical("watchdog.stalled", stuck_s=round(self.progress.stuck_s(time.monotonic())))
            self._on_stall()
