"""The folder a server keeps its data in, and the one process that owns it."""

import fcntl
import json
import os
import time
from pathlib import Path

from prefstream.schemas.errors import BadInput, Unavailable

_LOCK = "owner.lock"
#: A server whose parent was just killed needs a moment to shut down.
_HANDOVER_S = 10.0


class OwnedFolder:
    """A data folder held by a lock, which the server inherits and so holds as long as it lives."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self._fd: int | None = None

    @property
    def lock_fd(self) -> int:
        """The open lock, for the server to inherit."""
        assert self._fd is not None, "claim() first"
        return self._fd

    def claim(self, handover_s: float = _HANDOVER_S) -> None:
        """Create the folder when it is missing and become its owner.

        Raises:
            BadInput: It is not a folder we can write.
            Unavailable: Another process owns it.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            fd = os.open(self.path / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise unusable(self.path, error) from error
        end_s = time.monotonic() + handover_s
        while not _locked(fd):
            if time.monotonic() >= end_s or self._owner_is_well():
                owner = self._owner()
                os.close(fd)
                raise Unavailable(
                    f"The folder {self.path} is in use{owner}. Stop it, or choose another folder."
                )
            time.sleep(0.05)
        self._fd = fd

    def sign(self, *, server: str, pid: int, port: int) -> None:
        """Leave word of who runs here, for whoever finds the folder taken."""
        os.ftruncate(self.lock_fd, 0)
        note = {"server": server, "pid": pid, "port": port, "parent": os.getpid()}
        os.pwrite(self.lock_fd, json.dumps(note).encode(), 0)

    def release(self) -> None:
        """Give the folder up; a server that still lives keeps holding it."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def remembered_port(self) -> int | None:
        """Tell the port of the last run, so that clients find a restarted server again."""
        note = self._note()
        return note["port"] if isinstance(note.get("port"), int) else None

    def _note(self) -> dict[str, int]:
        try:
            note = json.loads((self.path / _LOCK).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return note if isinstance(note, dict) else {}

    def _owner_is_well(self) -> bool:
        """Say whether both the server and the process that started it live; else it is about to go."""
        note = self._note()
        return all(_lives(note.get(role)) for role in ("pid", "parent"))

    def _owner(self) -> str:
        note = self._note()
        if not note:
            return " by another process"
        return (
            f" by {note.get('server')} (process {note.get('pid')}, port {note.get('port')}), "
            f"started by process {note.get('parent')}"
        )


def unusable(folder: Path, error: OSError) -> BadInput:
    """Say why `folder` cannot hold data."""
    return BadInput(
        f"The folder {folder} cannot hold data: {error.strerror or error}. Make it writable for user id "
        f"{os.geteuid()} with space to spare, or choose another folder."
    )


def _locked(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _lives(pid: int | None) -> bool:
    if pid is None:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
