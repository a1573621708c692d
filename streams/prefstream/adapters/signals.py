"""SIGTERM and SIGINT as an event; a second one, or a drain that takes too long, ends the process."""

import asyncio
import os
import signal
import threading

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
