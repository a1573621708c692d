"""Rows of CSV and TSV: a header, then records, which may span lines."""

import csv
from collections.abc import Iterator
from pathlib import Path

from prefstream.adapters.files.rows import MAX_LINE_BYTES, Position, Row, Unreadable
from prefstream.adapters.files.sources import lines, open_bytes
from prefstream.schemas.errors import BadInput

_DELIMITERS = ",;\t"


class Table:
    """Reads a CSV file, going on at a byte; its cells are text."""

    header: tuple[str, ...] | None
    size: int | None

    def __init__(self, path: Path) -> None:
        # The standard limit of 128 KiB a field is less than one long response.
        csv.field_size_limit(MAX_LINE_BYTES)
        self._path = path
        self._file = open_bytes(path)
        self.size = None if path.suffix == ".gz" else path.stat().st_size
        self._delimiter = ","
        self._tape = _Tape(self._file, number=0, offset=0)
        try:
            self._names = self._read_header()
        except BadInput:
            self._file.close()
            raise
        self.header = self._names

    def rows(self, start: Position) -> Iterator[Row | Unreadable]:
        """Return the records after a position; cells are text, an empty cell is empty text."""
        if start.offset is not None:
            self._file.seek(start.offset)
            self._tape = _Tape(self._file, number=start.line, offset=start.offset)
        records = csv.reader(self._tape, delimiter=self._delimiter, strict=True)
        row = start.row
        while True:
            first, self._tape.problem = self._tape.number + 1, ""
            try:
                cells, reason = next(records), ""
            except StopIteration:
                return
            except csv.Error as error:
                cells, reason = [], f"the record is not CSV: {error}"
            reason = self._tape.problem or reason or self._misfit(cells)
            if not cells and not reason:
                continue
            row += 1
            end = Position(row=row, line=self._tape.number, offset=self._tape.offset)
            if reason:
                yield Unreadable(reason=reason, line=first, end=end)
            else:
                yield Row(cells=dict(zip(self._names, cells, strict=True)), line=first, end=end)

    def ready(self) -> bool:
        """Return true: a file has everything at hand."""
        return True

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _read_header(self) -> tuple[str, ...]:
        first = next(self._tape, "")
        self._delimiter = max(_DELIMITERS, key=first.count)
        try:
            cells = next(csv.reader([first], delimiter=self._delimiter, strict=True), [])
        except csv.Error as error:
            raise BadInput(f"{self._path}:1 is no header: {error}") from error
        if self._tape.problem:
            raise BadInput(f"{self._path}:1 is no header: {self._tape.problem}")
        names = tuple(name.strip() for name in cells)
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise BadInput(f"{self._path} has two columns named {twice[0]!r}; rename one")
        return names

    def _misfit(self, cells: list[str]) -> str:
        if not cells or len(cells) == len(self._names):
            return ""
        return f"the record has {len(cells)} cells, the header {len(self._names)}"


class _Tape:
    """Lines as text for the CSV reader, keeping count and the last thing that was wrong."""

    def __init__(self, file: object, *, number: int, offset: int) -> None:
        self._lines = lines(file, number=number, offset=offset)  # type: ignore[arg-type]
        self.number = number
        self.offset = offset
        self.problem = ""

    def __iter__(self) -> "_Tape":
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.number, self.offset = line.number, line.end
        self.problem = self.problem or line.problem
        try:
            return line.data.decode()
        except UnicodeDecodeError as error:
            self.problem = f"the text is not UTF-8 (byte {error.start} of line {line.number})"
            return line.data.decode(errors="replace")
