"""The rows that were refused, kept on disk so that any number of them is no burden."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Self

from prefstream.schemas.envelope import Value
from prefstream.schemas.errors import BadInput


class Refusal(Value):
    """One refused row and why."""

    file: str
    line: int
    row: int
    reason: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.reason}"


class Refusals:
    """A file of refusals that goes on where the last checkpoint left it."""

    def __init__(self, path: Path, *, length: int) -> None:
        self._path = path
        with self._kept():
            path.touch()
            self._file: IO[bytes] = path.open("r+b")
            if path.stat().st_size > length:
                self._file.truncate(length)
            self._file.seek(length)
        self.length = length

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):  # what could not be written has been said already
            self._file.close()

    def add(self, refusals: Sequence[Refusal]) -> None:
        """Write refusals; they are in the file when this returns.

        Raises:
            BadInput: The folder cannot be written.
        """
        with self._kept():
            for refusal in refusals:
                self.length += self._file.write(refusal.model_dump_json().encode() + b"\n")
            self._file.flush()

    def first(self, count: int) -> tuple[Refusal, ...]:
        """Return the first refusals of the file."""
        return tuple(refusal for _, refusal in zip(range(count), self._read(), strict=False))

    def copy_to(self, path: Path) -> None:
        """Copy all refusals to a file of the caller's.

        Raises:
            BadInput: That file cannot be written.
        """
        try:
            shutil.copyfile(self._path, path)
        except OSError as error:
            raise BadInput(f"the refused rows cannot be written to {path}: {error.strerror}") from error

    @contextmanager
    def _kept(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise BadInput(
                f"refused rows cannot be kept in {self._path}: {error.strerror}; make room there"
            ) from error

    def _read(self) -> Iterator[Refusal]:
        with self._path.open("rb") as file:
            for line in file:
                yield Refusal.model_validate_json(line)
