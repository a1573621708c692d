"""Whole columns of a plain table, read at once: for tables of a million rows that nothing is wrong with."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from pathlib import Path
from typing import Any

import orjson

from prefstream.adapters.files.sources import BROKEN, open_bytes
from prefstream.schemas.errors import BadInput

_TOLD_ROWS = 100_000
Told = Callable[[int, float | None], None]
#: Which of the columns there are are wanted; `None`: the table is not one to be read so.
Chosen = Callable[[Sequence[str]], Sequence[str] | None]


def read_columns(file: str, format_name: str, chosen: Chosen, told: Told) -> Mapping[str, list[Any]] | None:
    """Return the wanted columns, or `None` where the table has to be read row by row.

    Whatever is unusual, a broken line or a row with other fields, ends in `None`: the slow way then
    says what the matter is, and where.

    Args:
        file: The path.
        format_name: jsonl, csv or parquet; others are read row by row.
        chosen: Says which columns are wanted.
        told: Called now and then with the rows read.
    """
    readers = {"jsonl": _of_json_lines, "csv": _of_csv, "parquet": _of_parquet}
    if format_name not in readers:
        return None
    try:
        return readers[format_name](Path(file), chosen, told)
    except (BadInput, ValueError, KeyError, csv.Error, ImportError, *BROKEN):
        return None


def _of_json_lines(path: Path, chosen: Chosen, told: Told) -> Mapping[str, list[Any]] | None:
    found: list[tuple[Any, ...]] = []
    with open_bytes(path) as file:
        first = orjson.loads(file.readline())
        names = chosen(tuple(first)) if isinstance(first, dict) else None
        if names is None or len(names) < 2:
            return None
        keys, wanted = first.keys(), itemgetter(*names)
        found.append(wanted(first))
        for line in file:
            cells = orjson.loads(line)
            if cells.keys() != keys:
                return None
            found.append(wanted(cells))
            if len(found) % _TOLD_ROWS == 0:
                told(len(found), None)
    return _by_name(names, found)


def _of_csv(path: Path, chosen: Chosen, told: Told) -> Mapping[str, list[Any]] | None:
    found: list[tuple[Any, ...]] = []
    with open_bytes(path) as file, io.TextIOWrapper(file, "utf-8-sig", newline="") as text:
        records = csv.reader(text, strict=True)
        header = [name.strip() for name in next(records, [])]
        names = chosen(header)
        if names is None or len(names) < 2 or len(set(header)) < len(header):
            return None
        wanted = itemgetter(*(header.index(name) for name in names))
        for cells in records:
            if len(cells) != len(header):
                return None
            found.append(wanted(cells))
            if len(found) % _TOLD_ROWS == 0:
                told(len(found), None)
    return _by_name(names, found)


def _of_parquet(path: Path, chosen: Chosen, told: Told) -> Mapping[str, list[Any]] | None:
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        names = chosen(tuple(file.schema_arrow.names))
        if names is None:
            return None
        table = file.read(columns=list(names))
    told(table.num_rows, None)
    return {name: table.column(name).to_pylist() for name in names}


def _by_name(names: Sequence[str], found: list[tuple[Any, ...]]) -> Mapping[str, list[Any]]:
    columns = zip(*found, strict=True) if found else ((),) * len(names)
    return {name: list(column) for name, column in zip(names, columns, strict=True)}
