"""Rows of a file with the lines they stand on, and the port to whatever reads them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

#: Longest line that is read; a longer one is skipped without ever being held in memory.
MAX_LINE_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """How far a file has been read."""

    #: Rows read, refused ones included.
    row: int
    #: Lines read.
    line: int
    #: Where to go on reading, in the reader's own unit; `None` where it has to count rows.
    offset: int | None


START = Position(row=0, line=0, offset=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row."""

    cells: Mapping[str, object]
    #: The line it begins on, from 1; the row's number where a format has no lines.
    line: int
    #: Where the row ends.
    end: Position


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """A stretch of the file that holds no row we can read."""

    reason: str
    line: int
    end: Position


class Reader(Protocol):
    """Reads the rows of one file."""

    #: The columns, where the format names them once for all rows.
    header: tuple[str, ...] | None
    #: Length in the unit of `Position.offset`, where it is known.
    size: int | None

    def rows(self, start: Position) -> Iterator[Row | Unreadable]:
        """Return the rows after a position."""
        ...

    def ready(self) -> bool:
        """Return whether more can be had at once; a pipe may have nothing for now."""
        ...

    def close(self) -> None:
        """Close the file."""
        ...
