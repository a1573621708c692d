"""What a cut has read and will read again in another order, on the disk instead of in memory."""

import os
import pickle
from array import array
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, Self

from prefstream.adapters.files.release_folder import writing

_BUFFER: Final = 1 << 20


class Spool:
    """Things by number: written one after the other, then read in any order.

    It is a file of the process that reads it, in a folder that only its owner can enter, and is gone
    when the cut is over.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[bytes] | None = None
        self._starts = array("Q", (0,))

    def __enter__(self) -> Self:
        with writing(self._path.parent):
            self._file = self._path.open("w+b", buffering=_BUFFER)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        file, self._file = self._file, None
        if file is not None:
            try:
                file.close()
            except OSError:
                if error is None:
                    raise

    def __len__(self) -> int:
        return len(self._starts) - 1

    def add(self, thing: Any) -> None:
        """Write a thing; its number is how many were written before."""
        assert self._file is not None
        said = pickle.dumps(thing, protocol=pickle.HIGHEST_PROTOCOL)
        with writing(self._path.parent):
            self._file.write(said)
        self._starts.append(self._starts[-1] + len(said))

    def written(self) -> None:
        """Have everything written before the first thing is read."""
        assert self._file is not None
        with writing(self._path.parent):
            self._file.flush()

    def __getitem__(self, number: int) -> Any:
        assert self._file is not None
        start, end = self._starts[number], self._starts[number + 1]
        # Without the file's buffer, which every jump would fill anew.
        said = os.pread(self._file.fileno(), end - start, start)
        return pickle.loads(said)  # noqa: S301  our own bytes
