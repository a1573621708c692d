"""Rows of a release into one file: the same rows give the same bytes, wherever they are written."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, Literal, Protocol

from prefstream.domain.releases.tables import Column, Row, line


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What a file holds."""

    rows: int
    bytes: int
    #: In hex.
    sha256: str


class RowFile(Protocol):
    """A file that is being written."""

    def add(self, row: Row) -> None:
        """Write a row.

        Raises:
            OSError: The disk is full, or gone.
        """

    def close(self) -> Written:
        """Finish the file and say what it holds.

        Raises:
            OSError: The disk is full, or gone.
        """

    def abandon(self) -> None:
        """Let go of the file unfinished, where writing failed; whoever made its folder removes it."""


def row_file(path: Path, columns: Sequence[Column], kind: Literal["jsonl", "parquet"]) -> RowFile:
    """Open a file that is not there yet for rows of these columns.

    Raises:
        BadInput: Parquet is wanted and pyarrow is not installed.
        OSError: The file cannot be made, or is there already.
    """
    if kind == "jsonl":
        return JsonLinesFile(path)
    from prefstream.adapters.files.release_parquet import ParquetFile

    return ParquetFile(path, columns)


class HashedFile:
    """A file that counts and hashes what goes into it."""

    def __init__(self, path: Path) -> None:
        self._file: BinaryIO = path.open("xb")
        self._hash = sha256()
        self.size = 0
        self.closed = False

    def write(self, data: bytes) -> int:
        """Write bytes, all of them."""
        self._file.write(data)
        self._hash.update(data)
        # What Parquet's writer hands over may be a buffer of wider items.
        self.size += memoryview(data).nbytes
        return len(data)

    def close(self) -> None:
        """Close the file; what the system could not take raises here at the latest."""
        self.closed = True
        self._file.close()

    @property
    def sha256(self) -> str:
        """Return the SHA-256 of everything written so far, in hex."""
        return self._hash.hexdigest()


class JsonLinesFile:
    """Writes rows as lines of JSON."""

    def __init__(self, path: Path) -> None:
        self._file = HashedFile(path)
        self._rows = 0

    def add(self, row: Row) -> None:
        """Write a row."""
        self._file.write(line(row))
        self._rows += 1

    def close(self) -> Written:
        """Finish the file and say what it holds."""
        self._file.close()
        return Written(rows=self._rows, bytes=self._file.size, sha256=self._file.sha256)

    def abandon(self) -> None:
        """Let go of the file."""
        with suppress(OSError):  # the failure that led here has been told already
            self._file.close()
