"""How far the reading of a file got, so that an interrupted run goes on where it stopped."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from prefstream.adapters.files.rows import START, Position
from prefstream.adapters.files.sources import Identity
from prefstream.schemas.envelope import Instant, Value
from prefstream.schemas.errors import BadInput


class Checkpoint(Value):
    """One file's state: everything up to here is durable in the log."""

    version: Literal[1] = 1
    kind: str
    file: str
    #: `None` for standard input, which cannot be read twice.
    identity: Identity | None
    #: Event time of rows that carry none; a resumed run repeats it.
    started_at: Instant
    row: int = 0
    line: int = 0
    offset: int | None = None
    ingested: int = 0
    refused: int = 0
    refusals_bytes: int = 0
    done: bool = False

    @property
    def position(self) -> Position:
        """Return where to go on reading."""
        return Position(row=self.row, line=self.line, offset=self.offset) if self.row else START


class Checkpoints:
    """The checkpoint of one file, in a folder."""

    def __init__(self, folder: Path, key: str) -> None:
        self._folder = folder / "ingest"
        self._path = self._folder / f"{key}.json"
        #: Where the refusals of this file are kept.
        self.refusals = self._folder / f"{key}.refusals.jsonl"

    @contextmanager
    def locked(self, *, keep: bool = True) -> Iterator[None]:
        """Hold the file for this process alone; afterwards keep what is known of it, or forget it.

        Raises:
            BadInput: Another process brings in the same file, or the folder cannot be written.
        """
        descriptor = self._lock()
        try:
            yield
        finally:
            if not keep:
                self._forget()
            os.close(descriptor)

    def load(self) -> Checkpoint | None:
        """Return the checkpoint, or `None` where there is none that can be read.

        Reading a file again from its start is safe, since its events repeat their ids.
        """
        try:
            return Checkpoint.model_validate_json(self._path.read_bytes())
        except (FileNotFoundError, ValidationError):
            return None

    def save(self, checkpoint: Checkpoint) -> None:
        """Replace the checkpoint in one step.

        Raises:
            BadInput: The folder cannot be written.
        """
        fresh = self._path.with_suffix(".new")
        try:
            with fresh.open("wb") as file:
                file.write(checkpoint.model_dump_json().encode())
                if checkpoint.done:
                    file.flush()
                    os.fsync(file.fileno())
            fresh.replace(self._path)
        except OSError as error:
            raise BadInput(self._unwritable(error)) from error

    def _lock(self) -> int:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self._path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise BadInput(self._unwritable(error)) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(descriptor)
            raise BadInput("another process is bringing in this very file; let it finish") from error
        return descriptor

    def _forget(self) -> None:
        for path in (self._path, self.refusals, self._path.with_suffix(".lock")):
            path.unlink(missing_ok=True)

    def _unwritable(self, error: OSError) -> str:
        said = error.strerror or type(error).__name__
        return f"progress cannot be kept in {self._folder} ({said}); make room there or set another folder"
