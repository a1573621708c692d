"""What the servers on this machine have in common: one folder, one port, one child."""

import shutil
import signal
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from prefstream.adapters.local import faults, ports
from prefstream.adapters.local.child import AS_PARENT, Child, last_lines, spawn
from prefstream.adapters.local.folders import OwnedFolder, unusable
from prefstream.schemas.errors import PrefstreamError, Unavailable

_ATTEMPTS = 3
_LAST_WORDS = 8
#: With less than this a server cannot even write why it ended.
_NO_SPACE_BYTES = 65_536


class LocalServer(ABC):
    """A server that keeps its data in a folder and dies with this process.

    A folder that was used before goes on where it stopped, also after kill -9, on the same port when that is
    free. The calls block; from asyncio, use `asyncio.to_thread`. Not for use by several threads at once.

    Args:
        folder: Takes the data and the server's own messages.
        port: Where clients connect; None takes that of the last run, else any free one.
    """

    #: What people call it.
    name: ClassVar[str]
    #: The signal that asks it to end cleanly.
    last_call: ClassVar[signal.Signals] = signal.SIGTERM

    def __init__(self, folder: Path, port: int | None = None) -> None:
        self._folder = OwnedFolder(folder)
        self._wanted_port = port
        self._port: int | None = None
        self._child: Child | None = None
        self._isolation = AS_PARENT

    @property
    def folder(self) -> Path:
        """Where everything of this server is kept."""
        return self._folder.path

    @property
    def port(self) -> int:
        """Where clients connect; known once it was started.

        Raises:
            Unavailable: It was never started.
        """
        if self._port is None:
            raise Unavailable(f"{self.name} on {self.folder} was not started yet. Call start() first.")
        return self._port

    @property
    def pid(self) -> int | None:
        """The process id of the server, or None when it does not run."""
        return None if self._child is None or self._child.exit_code is not None else self._child.pid

    @property
    def log_file(self) -> Path:
        """The server's own messages; those of the run before are beside it, as server.log.previous."""
        return self.folder / "server.log"

    def start(self, deadline_s: float = 60.0) -> str:
        """Start the server, wait until it serves, and give its address.

        Raises:
            BadInput: The folder or the port cannot be used, or the disk is full.
            Unavailable: Something it needs is missing, the folder has another owner, or it did not come up.
        """
        if self.pid is not None:
            return self._address()
        # A server that crashed leaves us as owner of its folder.
        self._folder.release()
        end_s = time.monotonic() + deadline_s
        self._folder.claim()
        try:
            self._start(end_s)
        except OSError as error:
            self.stop()
            raise unusable(self.folder, error) from error
        except BaseException:
            self.stop()
            raise
        return self._address()

    def stop(self, patience_s: float = 15.0) -> None:
        """Shut the server down cleanly, by force when it does not answer in time."""
        if self._child is not None:
            self._child.end(patience_s)
        self._forget()

    def kill(self) -> None:
        """End the server at once, as a crash would."""
        if self._child is not None:
            self._child.kill()
        self._forget()

    def ended_because(self) -> PrefstreamError | None:
        """Explain the end of a server that ended by itself; None when it runs or was stopped."""
        if self._child is None or self._child.exit_code is None:
            return None
        return self._fault(f"ended by itself (exit code {self._child.exit_code})", self._last_words())

    @abstractmethod
    def _address(self) -> str:
        """Give what clients connect to."""

    @abstractmethod
    def _prepare(self, end_s: float) -> None:
        """Make the folder ready for a start on `port`; called again when the port changes."""

    @abstractmethod
    def _command(self) -> Sequence[str]:
        """Give the command that runs the server in the foreground on `port`."""

    @abstractmethod
    def _is_ready(self) -> bool:
        """Say whether clients can be served."""

    def _forget(self) -> None:
        self._child = None
        self._folder.release()

    def _start(self, end_s: float) -> None:
        for attempt in range(1, _ATTEMPTS + 1):
            self._port = ports.choose(
                wanted=self._wanted_port, remembered=self._port or self._folder.remembered_port()
            )
            self._prepare(end_s)
            if self._serves(end_s):
                return
            words = self._last_words()
            # Somebody may take a port between our look and the server's; then another one will do.
            if attempt == _ATTEMPTS or not faults.port_was_taken(words):
                raise self._fault(_late(end_s) or "ended while it started", words)

    def _serves(self, end_s: float) -> bool:
        self._child = spawn(
            self._command(),
            log=self.log_file,
            isolation=self._isolation,
            last_call=self.last_call,
            lock_fd=self._folder.lock_fd,
        )
        self._folder.sign(server=self.name, pid=self._child.pid, port=self.port)
        return self._child.wait_until(self._is_ready, end_s - time.monotonic())

    def _run(self, command: Sequence[str], log: Path, end_s: float) -> None:
        """Run a program that prepares the folder, to its end."""
        program = spawn(command, log=log, isolation=self._isolation, lock_fd=self._folder.lock_fd)
        try:
            code = program.wait_end(max(0.0, end_s - time.monotonic()))
        finally:
            # Late, or Ctrl-C while we waited.
            if program.exit_code is None:
                program.kill()
        if code != 0:
            what = "could not prepare its folder" if code else "did not come up in time"
            raise self._fault(what, last_lines(log, _LAST_WORDS))

    def _last_words(self) -> str:
        return last_lines(self.log_file, _LAST_WORDS)

    def _fault(self, what: str, last_words: str) -> PrefstreamError:
        return faults.explain(
            self.name,
            what=what,
            folder=self.folder,
            port=self._port,
            last_words=last_words,
            disk_full=shutil.disk_usage(self.folder).free < _NO_SPACE_BYTES,
        )


def _late(end_s: float) -> str | None:
    return "did not come up in time" if time.monotonic() >= end_s else None
