"""Rows of Parquet, through pyarrow where it is installed."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from prefstream.adapters.files.rows import Position, Row, Unreadable
from prefstream.adapters.files.sources import unreadable
from prefstream.schemas.errors import BadInput

#: Rows turned into Python values at once.
_ROWS_AT_ONCE = 500


class Parquet:
    """Reads a Parquet file, going on at a row."""

    header: tuple[str, ...] | None

    def __init__(self, path: Path) -> None:
        try:
            import pyarrow as pa
            import pyarrow.parquet as pq
        except ImportError as error:
            raise BadInput(
                f"{path} is Parquet, which needs pyarrow; install it with: pip install 'prefstream[parquet]'"
            ) from error
        self._broken = (pa.ArrowException, OSError)
        try:
            self._file: Any = pq.ParquetFile(path)
        except self._broken as error:
            raise BadInput(unreadable(path, error)) from error
        self.header = tuple(self._file.schema_arrow.names)
        self.size: int | None = self._file.metadata.num_rows

    def rows(self, start: Position) -> Iterator[Row | Unreadable]:
        """Return the rows after a position; a line is a row here."""
        groups, skip = self._after(start.row)
        number = start.row - skip
        try:
            for batch in self._file.iter_batches(batch_size=_ROWS_AT_ONCE, row_groups=groups):
                for cells in batch.to_pylist():
                    number += 1
                    if number > start.row:
                        end = Position(row=number, line=number, offset=number)
                        yield Row(cells=cells, line=number, end=end)
        except self._broken as error:
            end = Position(row=number + 1, line=number + 1, offset=number + 1)
            yield Unreadable(reason=f"the file is damaged from here on: {error}", line=number + 1, end=end)

    def ready(self) -> bool:
        """Return true: a file has everything at hand."""
        return True

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _after(self, row: int) -> tuple[list[int], int]:
        """Return the row groups from the one that holds the row, and how many rows of it to skip."""
        before = 0
        for group in range(self._file.num_row_groups):
            count = self._file.metadata.row_group(group).num_rows
            if before + count > row:
                return list(range(group, self._file.num_row_groups)), row - before
            before += count
        return [], 0
