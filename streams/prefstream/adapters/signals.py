"""SIGTERM and SIGINT: as an event for processes, at safe moments for commands."""

import asyncio
import os
import signal
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

T = TypeVar("T")
#: Seconds a process has to finish what it has begun.
DRAIN_S = 55.0


def stop_on_signals(*, drain_s: float = DRAIN_S) -> asyncio.Event:
    """Return an event that the first signal sets.

    A hung loop cannot count its own time, so the deadline of the drain runs in a thread.
    """
    loop, stop = asyncio.get_running_loop(), asyncio.Event()

    def heard() -> None:
        if stop.is_set():
            os._exit(1)
        stop.set()
        deadline = threading.Timer(drain_s, os._exit, (1,))
        deadline.daemon = True
        deadline.start()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, heard)
    return stop


@contextmanager
def undisturbed() -> Iterator[None]:
    """Let SIGINT and SIGTERM wait until the block is done; keep such blocks short."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def run_to_the_end(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a coroutine as `asyncio.run` does, and leave no loop behind if interrupted while it is made."""
    runner: asyncio.Runner | None = None
    try:
        with undisturbed():
            runner = asyncio.Runner()
            runner.get_loop()
        return runner.run(work())
    finally:
        if runner is not None:
            with undisturbed():
                runner.close()
