"""Anyone's table of labels: a task, a worker and a label in each row, and perhaps a slice."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from prefstream.adapters.files.formats import open_rows
from prefstream.adapters.files.rows import START, Reader, Row
from prefstream.schemas.errors import BadInput

#: What rows say.
TASK, WORKER, LABEL, SLICE = "task", "worker", "label", "slice"
_FIELDS = (TASK, WORKER, LABEL, SLICE)
#: Rows after which progress is told.
_TOLD_ROWS = 5000
Told = Callable[[int, float | None], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelTable:
    """The rows of a file that have a label, as texts by field."""

    #: Of each row its fields, in the order that was asked for.
    rows: tuple[tuple[str, ...], ...]
    #: Rows without a label.
    n_missing: int


def read_labels(
    file: str,
    fields: Collection[str],
    *,
    columns: Mapping[str, str] | None = None,
    missing: Collection[str] = (),
    format_name: str | None = None,
    told: Told | None = None,
) -> LabelTable:
    """Return what the rows of a file say.

    Args:
        file: CSV, JSONL, JSON or Parquet; "-" for JSONL from standard input.
        fields: Which of task, worker, label and slice to read.
        columns: The column of a field, where it does not have the field's name.
        missing: Labels that say nothing, besides empty ones.
        format_name: The format, where the file's name does not say it.
        told: Called now and then with the rows read and, where known, the share of the file.

    Raises:
        BadInput: The file, a column or a row cannot be used; the message names the line.
    """
    if unknown := sorted(set(columns or {}) - set(_FIELDS)):
        raise BadInput(f"--map names {unknown[0]!r}; the fields are {', '.join(_FIELDS)}")
    places = [(field, (columns or {}).get(field, field)) for field in fields]
    reader = open_rows(file, format_name=format_name)
    try:
        _require(file, reader.header, places)
        found = _rows(file, reader, places, frozenset(missing), told)
    finally:
        reader.close()
    if not found.rows:
        raise BadInput(
            f"{file} has no row{' with a label' if found.n_missing else ''}; there is nothing to count"
        )
    return found


def _require(file: str, header: Collection[str] | None, places: Collection[tuple[str, str]]) -> None:
    for field, column in places:
        if header is not None and column not in header:
            raise BadInput(
                f"{file} has no column {column!r}; its columns are {', '.join(header)}:"
                f" name the one of the {field} with --map {field}=COLUMN"
            )


def _rows(
    file: str,
    reader: Reader,
    places: Collection[tuple[str, str]],
    missing: Collection[str],
    told: Told | None,
) -> LabelTable:
    rows, n_missing = [], 0
    for n, row in enumerate(reader.rows(START), start=1):
        where = f"{file}:{row.line}"
        if not isinstance(row, Row):
            raise BadInput(f"{where}: {row.reason}; correct the row, or take it out")
        said = {field: _text(row.cells, column, where) for field, column in places}
        if said[LABEL] is None or said[LABEL] in missing:
            n_missing += 1
        else:
            rows.append(tuple(_given(said[field], field, where) for field, _ in places))
        if told is not None and n % _TOLD_ROWS == 0:
            told(n, row.end.offset / reader.size if reader.size and row.end.offset else None)
    return LabelTable(rows=tuple(rows), n_missing=n_missing)


def _text(cells: Mapping[str, object], column: str, where: str) -> str | None:
    """Return a cell as text; `None` if there is nothing in it."""
    cell = cells.get(column)
    if isinstance(cell, list | dict):
        raise BadInput(
            f"{where}: the column {column!r} holds a list or an object; it takes a text or a number"
        )
    return None if cell is None else str(cell).strip() or None


def _given(text: str | None, field: str, where: str) -> str:
    if text is None:
        raise BadInput(f"{where}: the row has a label but no {field}; give it one, or take the row out")
    return text
