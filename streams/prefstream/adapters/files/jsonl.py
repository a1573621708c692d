"""Rows of JSONL: one object a line."""

from collections.abc import Iterator
from pathlib import Path

import orjson

from prefstream.adapters.files.rows import Position, Row, Unreadable
from prefstream.adapters.files.sources import Line, StandardInput, lines, open_bytes


class JsonLines:
    """Reads a JSONL file, going on at a byte."""

    header: tuple[str, ...] | None = None

    def __init__(self, path: Path) -> None:
        self._file = open_bytes(path)
        self.size = None if path.suffix == ".gz" else path.stat().st_size

    def rows(self, start: Position) -> Iterator[Row | Unreadable]:
        """Return the rows after a position; blank lines are none."""
        offset = start.offset or 0
        self._file.seek(offset)
        return json_rows(lines(self._file, number=start.line, offset=offset), row=start.row)

    def ready(self) -> bool:
        """Return true: a file has everything at hand."""
        return True

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class PipedJsonLines:
    """Reads JSONL from standard input, once."""

    header: tuple[str, ...] | None = None
    size: int | None = None

    def __init__(self, source: StandardInput) -> None:
        self._source = source

    def rows(self, start: Position) -> Iterator[Row | Unreadable]:
        """Return the rows that come in."""
        return json_rows(lines(self._source, number=start.line, offset=0), row=start.row)

    def ready(self) -> bool:
        """Return whether a line can be had soon."""
        return self._source.ready()

    def close(self) -> None:
        """Do nothing: standard input is not ours to close."""


def json_rows(source: Iterator[Line], *, row: int) -> Iterator[Row | Unreadable]:
    """Return the rows that lines of JSON hold."""
    for line in source:
        if not line.problem and not line.data.strip():
            continue
        row += 1
        end = Position(row=row, line=line.number, offset=line.end)
        if line.problem:
            yield Unreadable(reason=line.problem, line=line.number, end=end)
            continue
        try:
            cells = orjson.loads(line.data)
        except orjson.JSONDecodeError as error:
            yield Unreadable(reason=f"the line is not JSON: {error}", line=line.number, end=end)
            continue
        if isinstance(cells, dict):
            yield Row(cells=cells, line=line.number, end=end)
        else:
            yield Unreadable(reason="the line is JSON, but no object", line=line.number, end=end)
