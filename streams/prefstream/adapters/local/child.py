"""A server that runs as our own child: it dies with us, and its last words are kept."""

import atexit
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

#: How often a condition is looked at while waiting for it.
POLL_S = 0.02
_FRAME = re.compile(r"\s+(at |\.\.\. \d+ more)")
_LAUNCH = Path(__file__).with_name("launch.py")


@dataclass(frozen=True, slots=True, kw_only=True)
class Isolation:
    """An identity for a child. Both fields empty: that of its parent."""

    #: The user id that the child sees as its own inside a user namespace.
    namespace_uid: int | None = None
    #: User and group id to change to.
    user: tuple[int, int] | None = None

    def own(self, path: Path) -> None:
        """Hand `path` to the identity that the child will have."""
        if self.user is not None:
            os.chown(path, *self.user)


#: The identity of the parent itself.
AS_PARENT = Isolation()


class Child:
    """A running program, its log file, and its end.

    Args:
        process: The program.
        log: Where it writes.
        last_call: The signal that asks it to end cleanly.
    """

    def __init__(self, process: subprocess.Popen[bytes], *, log: Path, last_call: signal.Signals) -> None:
        self._process = process
        self._log = log
        self._last_call = last_call
        # The kernel's signal covers kill -9 of the parent; this covers an ordinary end, and other systems.
        atexit.register(self.end)

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """What it exited with, or None while it runs."""
        return self._process.poll()

    def tail(self, lines: int = 8) -> str:
        """Give its last words."""
        return last_lines(self._log, lines)

    def wait_until(self, ready: Callable[[], bool], deadline_s: float) -> bool:
        """Wait until `ready`; False when it ended before or the deadline passed."""
        end_s = time.monotonic() + deadline_s
        while time.monotonic() < end_s:
            if self.exit_code is not None:
                return False
            if ready():
                return True
            time.sleep(POLL_S)
        return False

    def wait_end(self, deadline_s: float) -> int | None:
        """Wait for it to end by itself; None when it still runs at the deadline."""
        try:
            code = self._process.wait(deadline_s)
        except subprocess.TimeoutExpired:
            return None
        atexit.unregister(self.end)
        return code

    def end(self, patience_s: float = 15.0) -> None:
        """Ask it to end, and end it by force when it does not."""
        if self.exit_code is None:
            self._process.send_signal(self._last_call)
        if self.wait_end(patience_s) is None:
            self.kill()

    def kill(self) -> None:
        """End it at once, as a crash would."""
        self._process.kill()
        self._process.wait()
        atexit.unregister(self.end)


def spawn(
    command: Sequence[str],
    *,
    log: Path,
    isolation: Isolation = AS_PARENT,
    last_call: signal.Signals = signal.SIGTERM,
    environment: Mapping[str, str] | None = None,
    lock_fd: int | None = None,
) -> Child:
    """Start `command`; it gets `last_call` when this process dies, however it dies.

    Args:
        command: An absolute path and its arguments.
        log: Takes both of its outputs; what was in it is kept beside it, once.
        isolation: Who it is to be.
        last_call: The signal for a clean end.
        environment: Replaces ours.
        lock_fd: An open lock that it shall hold as long as it lives.

    Raises:
        OSError: The log cannot be written.
    """
    arguments = launcher(command, isolation=isolation, last_call=last_call)

    def start() -> subprocess.Popen[bytes]:
        if log.exists():
            log.replace(f"{log}.previous")
        with log.open("wb") as output:
            return subprocess.Popen(  # noqa: S603 (a list of arguments that we made)
                arguments,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment,
                pass_fds=() if lock_fd is None else (lock_fd,),
                # Ctrl-C in a terminal goes to the whole group; the parent decides in which order things end.
                start_new_session=True,
            )

    return Child(_nursery(os.getpid()).submit(start).result(), log=log, last_call=last_call)


def launcher(
    command: Sequence[str],
    *,
    isolation: Isolation = AS_PARENT,
    last_call: signal.Signals = signal.SIGTERM,
) -> list[str]:
    """Make the arguments that start `command` through `launch.py`.

    Without a command it only tries the identity. The environment is not among them: it holds secrets, and
    everyone can read the arguments of a process.
    """
    order = {
        "command": list(command),
        "parent": os.getpid(),
        "death_signal": int(last_call),
        "namespace_uid": isolation.namespace_uid,
        "user": isolation.user,
    }
    return [sys.executable, "-I", "-S", str(_LAUNCH), json.dumps(order)]


def last_lines(path: Path, lines: int) -> str:
    """Read the last lines of a log that mean something to a person, without reading a long one whole."""
    try:
        with path.open("rb") as log:
            log.seek(0, os.SEEK_END)
            log.seek(max(0, log.tell() - 16_384))
            text = log.read().decode("utf-8", "replace")
    except OSError:
        return ""
    # Java's stack traces push out the line that says what is wrong.
    said = [line for line in text.splitlines() if not _FRAME.match(line)]
    return "\n".join(said[-lines:])


@cache
def _nursery(_process: int) -> ThreadPoolExecutor:
    """Give the one thread that starts children.

    Linux sends the signal for a dead parent when the *thread* that forked ends, so a child started from a
    passing worker thread would die with it. One nursery a process, because threads do not survive a fork.
    """
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="prefstream-nursery")
