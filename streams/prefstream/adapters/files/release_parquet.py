"""Rows of a release as Parquet: a fixed schema, fixed row groups, zstd, and no trace of when or where."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from prefstream.adapters.files.release_rows import HashedFile, Written
from prefstream.domain.releases.tables import Column, Kind, ListOf, Row, Struct
from prefstream.schemas.errors import BadInput

#: Rows of a row group, and the characters after which one ends earlier: long texts fill the memory.
GROUP_ROWS: Final = 1_000
GROUP_CHARACTERS: Final = 16_000_000
_LEVEL: Final = 3


class ParquetFile:
    """Writes rows as Parquet; the bytes are a function of the rows and of pyarrow's version."""

    def __init__(self, path: Path, columns: Sequence[Column]) -> None:
        self._schema = schema(columns)
        self._names = {column.name: None for column in columns}.keys()
        import pyarrow.parquet as pq

        self._file = HashedFile(path)
        self._writer: Any = pq.ParquetWriter(
            self._file,
            self._schema,
            version="2.6",
            data_page_version="1.0",
            compression="zstd",
            compression_level=_LEVEL,
            use_dictionary=True,
            write_statistics=True,
        )
        self._waiting: list[Row] = []
        self._characters = 0
        self._rows = 0

    def add(self, row: Row) -> None:
        """Write a row.

        Raises:
            ValueError: It has other columns than the file.
        """
        # Arrow would leave out what it does not know, in silence.
        if row.keys() != self._names:
            raise ValueError(f"a row has the columns {', '.join(row)}, the file {', '.join(self._names)}")
        self._waiting.append(row)
        self._characters += _characters(row)
        if len(self._waiting) == GROUP_ROWS or self._characters >= GROUP_CHARACTERS:
            self._write()

    def close(self) -> Written:
        """Finish the file and say what it holds."""
        if self._waiting:
            self._write()
        self._writer.close()
        self._file.close()
        return Written(rows=self._rows, bytes=self._file.size, sha256=self._file.sha256)

    def abandon(self) -> None:
        """Let go of the file."""
        for part in (self._writer, self._file):
            with suppress(OSError):  # the failure that led here has been told already
                part.close()

    def _write(self) -> None:
        from pyarrow import Table

        table = Table.from_pylist(self._waiting, schema=self._schema)
        self._writer.write_table(table, row_group_size=len(self._waiting))
        self._rows += len(self._waiting)
        self._waiting, self._characters = [], 0


def schema(columns: Sequence[Column]) -> Any:
    """Return columns as a schema of Arrow.

    Raises:
        BadInput: pyarrow is not installed.
    """
    try:
        import pyarrow as pa
    except ImportError as error:
        raise BadInput(
            "a release in Parquet needs pyarrow; install it with: pip install 'prefstream[parquet]',"
            " or say files: jsonl in the plan"
        ) from error
    return pa.schema([(column.name, _type(pa, column.kind)) for column in columns])


def _type(pa: Any, kind: Kind) -> Any:
    if isinstance(kind, ListOf):
        return pa.list_(_type(pa, kind.item))
    if isinstance(kind, Struct):
        return pa.struct([(name, _type(pa, part)) for name, part in kind.fields])
    return {"string": pa.string(), "float64": pa.float64(), "int64": pa.int64(), "bool": pa.bool_()}[kind]


def _characters(value: Any) -> int:
    if isinstance(value, str):
        return len(value)
    if isinstance(value, dict):
        return sum(map(_characters, value.values()))
    return sum(map(_characters, value)) if isinstance(value, list) else 0
