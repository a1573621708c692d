"""Certification of files: read, prove, and tell as one document or as a policy."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

from prefstream.adapters.files import START, Reader, Row, open_rows
from prefstream.adapters.files.columns import read_columns
from prefstream.adapters.files.jsonl import JsonLines
from prefstream.adapters.files.parquet import Parquet
from prefstream.adapters.files.tables import Table
from prefstream.agents.ingestion.audit_arrays import plain_columns, plain_sample
from prefstream.agents.ingestion.audit_columns import AuditColumns, audit_columns
from prefstream.agents.ingestion.audit_rows import audit_row
from prefstream.agents.ingestion.audit_samples import AuditSample, Reading
from prefstream.agents.ingestion.audit_tables import AuditTable
from prefstream.domain.certification import (
    Backtest,
    BudgetCurve,
    Certificate,
    Design,
    Terms,
    backtest,
    budget_curve,
    certify,
)
from prefstream.domain.certification.certification import together
from prefstream.schemas.errors import BadInput

#: Rows after which progress is told.
_TOLD_ROWS = 20_000
#: Labels that a backtest draws in each run unless it is told otherwise.
_LABELS = 200
#: The formats whose columns can be read whole, by their readers.
_FORMATS: Mapping[type, str] = {JsonLines: "jsonl", Table: "csv", Parquet: "parquet"}
Told = Callable[[int, float | None], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A table of judged pairs, some of them labelled by people, and how to read it."""

    file: str
    format_name: str | None = None
    #: Column by field.
    columns: Mapping[str, str] = field(default_factory=dict)
    reading: Reading = field(default_factory=Reading)


def read_sample(source: Source, *, told: Told = lambda _rows, _share: None) -> AuditSample:
    """Return the evidence that a file holds.

    Args:
        source: The file and how to read it.
        told: Called now and then with the rows read and, where known, the share of the file.

    Raises:
        BadInput: The file or a row of it cannot be used; the message names the line.
    """
    reader = open_rows(source.file, format_name=source.format_name)
    if (plain := _plain(reader, source, told)) is not None:
        reader.close()
        return plain
    table, rows = AuditTable(), 0
    columns: AuditColumns | None = audit_columns(reader.header, source.columns) if reader.header else None
    known: dict[tuple[str, ...], AuditColumns] = {}
    try:
        for row in reader.rows(START):
            if not isinstance(row, Row):
                raise BadInput(f"{source.file}:{row.line}: {row.reason}; correct the row, or take it out")
            try:
                own = columns or _own_columns(row, source, known)
                table.add(audit_row(row.cells, own), row.line)
            except BadInput as error:
                raise BadInput(f"{source.file}:{row.line}: {error}") from error
            rows += 1
            if rows % _TOLD_ROWS == 0:
                told(rows, row.end.offset / reader.size if reader.size and row.end.offset else None)
    finally:
        reader.close()
    try:
        if known:
            audit_columns(dict.fromkeys(chain.from_iterable(known)), source.columns)
        return table.sample(source.reading)
    except BadInput as error:
        raise BadInput(f"{source.file}: {error}") from error


def _plain(reader: Reader, source: Source, told: Told) -> AuditSample | None:
    """Return the evidence of a plain table, which is read by whole columns."""
    format_name = _FORMATS.get(type(reader))
    if format_name is None:
        return None

    def chosen(header: Sequence[str]) -> Sequence[str] | None:
        fields = plain_columns(header, source.columns)
        return None if fields is None else tuple(fields.values())

    columns = read_columns(source.file, format_name, chosen, told)
    fields = plain_columns(tuple(columns), source.columns) if columns else None
    if columns is None or fields is None:
        return None
    return plain_sample({name: columns[column] for name, column in fields.items()}, source.reading)


def _own_columns(row: Row, source: Source, known: dict[tuple[str, ...], AuditColumns]) -> AuditColumns:
    """Return the columns of a row of a format without a header; rows share a few sets of them."""
    names = tuple(row.cells)
    if names not in known:
        known[names] = audit_columns(names, source.columns, whole=False)
    return known[names]


def certified(sample: AuditSample, terms: Terms) -> Certificate:
    """Return what the sample proves on these terms."""
    refused = tuple(sample.slices) if sample.one_class else ()
    return certify(sample.slices, terms, one_class=refused)


def backtested(sample: AuditSample, terms: Terms, design: Design, *, told: Callable[[int], None]) -> Backtest:
    """Return how often the promise would have held on this sample's pairs."""
    return backtest(sample.slices, terms, design, told=told)


def curve_of(sample: AuditSample, slice_name: str | None = None) -> BudgetCurve:
    """Return the budget curve of the labelled pairs of a slice, or of all.

    Raises:
        BadInput: There is no such slice, or nobody labelled a pair of it.
    """
    if slice_name is None:
        return budget_curve(together(list(sample.slices.values())))
    if slice_name not in sample.slices:
        raise BadInput(f"there is no slice {slice_name!r}; the slices are {', '.join(sample.slices)}")
    return budget_curve(sample.slices[slice_name])


def labels_for(sample: AuditSample, asked: int | None) -> int:
    """Return how many labels a run of a backtest draws: as asked, else 200 or half of what there is."""
    return asked if asked is not None else max(1, min(_LABELS, sample.n_labels // 2))
