"""SIGTERM in the middle of the event loop's work ends it in order, without a trace."""

import signal
import subprocess
import sys

#: What `prefstream up` does while it looks at the status: a task inside the loop, at any of its steps.
PROGRAM = """
import asyncio, os, signal
from prefstream.cli.deployment import _interrupted

async def look():
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.sleep(30)

signal.signal(signal.SIGTERM, _interrupted)
try:
    asyncio.run(asyncio.wait_for(look(), 20))
except KeyboardInterrupt:
    raise SystemExit(130)
"""


def test_sigterm_inside_the_event_loop_leaves_no_traceback() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=60, check=False
    )

    assert (done.returncode, done.stderr) == (signal.SIGINT + 128, "")
