"""Signals: the first asks a process to drain, the second and a drain without end finish it."""

import os
import signal
import subprocess
import sys

import pytest

PROGRAM = """
import asyncio, sys, threading
from prefstream.adapters.signals import stop_on_signals

async def main():
    stop = stop_on_signals(drain_s=float(sys.argv[1]))
    print("listening", flush=True)
    await stop.wait()
    print("draining", flush=True)
    if sys.argv[2] == "drain":
        print("drained", flush=True)
    elif sys.argv[2] == "hang":
        threading.Event().wait()  # the loop hangs, so it cannot count its own time
    else:
        await asyncio.Event().wait()

asyncio.run(main())
"""


def begin(drain_s: float, then: str) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(drain_s), then],
        env=dict(os.environ) | {"PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "listening\n"
    return process


def ended(process: "subprocess.Popen[str]") -> tuple[int, str]:
    said, _ = process.communicate(timeout=30)
    return process.returncode, said


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_first_signal_asks_to_drain(number: signal.Signals) -> None:
    process = begin(30, "drain")
    process.send_signal(number)

    assert ended(process) == (0, "draining\ndrained\n")


def test_the_second_signal_ends_the_process_at_once() -> None:
    process = begin(3600, "wait")
    process.send_signal(signal.SIGTERM)
    assert process.stdout is not None
    assert process.stdout.readline() == "draining\n"
    process.send_signal(signal.SIGTERM)

    assert ended(process) == (1, "")


@pytest.mark.parametrize("then", ["wait", "hang"])
def test_a_drain_that_takes_too_long_ends_the_process(then: str) -> None:
    process = begin(0.2, then)
    process.send_signal(signal.SIGTERM)

    assert ended(process) == (1, "draining\n")
