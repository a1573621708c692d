"""The folder of a release while it is written: hidden, and in its place whole or not at all.

A cut that was killed leaves its hidden folder behind; the next cut beside it takes it away. A lock on
a file in it tells a folder that is still being written from one that nobody writes any more.
"""

import errno
import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from tempfile import mkdtemp
from time import time
from types import TracebackType
from typing import IO, Final, Self

from prefstream.domain.releases.manifest import FileFacts
from prefstream.schemas.errors import BadInput, Unavailable

_PREFIX: Final = ".prefstream-release-"
_LOCK: Final = ".lock"
_SPOOL: Final = ".spool"
_NO_ROOM: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_PIECE: Final = 1 << 20
_GRACE_S: Final = 60.0


class ReleaseFolder:
    """A folder that appears under its name when it is whole; leave the block to drop what is not."""

    def __init__(self, parent: Path) -> None:
        self.parent = parent
        self._lock: IO[bytes] | None = None
        self.path = parent

    def __enter__(self) -> Self:
        """Begin a hidden folder, after taking away those of cuts that were killed.

        Raises:
            BadInput: The folder it is to stand in cannot be written.
            Unavailable: There is no room left.
        """
        with writing(self.parent):
            self.parent.mkdir(parents=True, exist_ok=True)
            _remove_abandoned(self.parent)
            self.path = Path(mkdtemp(prefix=_PREFIX, dir=self.parent))
            self._lock = (self.path / _LOCK).open("wb")
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._lock is not None:
            self._lock.close()
        shutil.rmtree(self.path, ignore_errors=True)

    @property
    def spool(self) -> Path:
        """Return where to put what is read again before the folder is whole."""
        return self.path / _SPOOL

    def file(self, path: str) -> Path:
        """Return where a file of the release goes; its folder is there."""
        target = self.path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        return target

    @contextmanager
    def opened(self, path: str) -> Iterator[IO[bytes]]:
        """Open a file for writing, until the block ends."""
        with writing(self.parent), self.file(path).open("wb", buffering=_PIECE) as target:
            yield target

    def write(self, path: str, content: bytes) -> FileFacts:
        """Write a file and return what is to be said of it."""
        with writing(self.parent):
            self.file(path).write_bytes(content)
        return FileFacts(digest=sha256(content).hexdigest(), size_bytes=len(content))

    def rename(self, path: str, to: str) -> None:
        """Give a file its final name."""
        with writing(self.parent):
            (self.path / path).rename(self.path / to)

    def finish(self, name: str) -> Path:
        """Put the folder in its place, in one step, once all of it is on the disk.

        Raises:
            BadInput: Something of that name is there.
            Unavailable: There is no room left.
        """
        target = self.parent / name
        with writing(self.parent):
            for path in (self.path / _SPOOL, self.path / _LOCK):
                path.unlink(missing_ok=True)
            for path in _files(self.path):
                _to_disk(path)
            self.path.chmod(0o755)
            try:
                self.path.rename(target)
            except OSError as error:
                if error.errno in {errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR}:
                    raise BadInput(f"{target} is there already; nothing of it was changed") from error
                raise
            _to_disk(self.parent)
        return target


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Say in plain words why something could not be written.

    Raises:
        Unavailable: There is no room left.
        BadInput: The folder cannot be written.
    """
    try:
        yield
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise Unavailable(
                f"there is no room left to write in {folder} ({error.strerror}); no release was left behind:"
                " make room, then cut again"
            ) from error
        raise BadInput(f"{folder} cannot be written: {error.strerror or error}") from error


def facts_of(path: Path, *, rows: int | None = None) -> FileFacts:
    """Return what is to be said of a file, read piece by piece."""
    digest, size = sha256(), 0
    with path.open("rb") as source:
        while piece := source.read(_PIECE):
            digest.update(piece)
            size += len(piece)
    return FileFacts(digest=digest.hexdigest(), size_bytes=size, rows=rows)


def files_in(folder: Path) -> list[str]:
    """Return the paths of all files of a release, sorted."""
    return sorted(path.relative_to(folder).as_posix() for path in _files(folder))


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())


def _to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove_abandoned(parent: Path) -> None:
    for folder in parent.glob(f"{_PREFIX}*"):
        if _abandoned(folder):
            shutil.rmtree(folder, ignore_errors=True)


def _age_s(folder: Path) -> float:
    try:
        return time() - folder.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _abandoned(folder: Path) -> bool:
    try:
        with (folder / _LOCK).open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        # One that is just begun, or is just being put in its place, has no lock yet, or no more.
        return _age_s(folder) > _GRACE_S
    except OSError:
        return False
    return True
