"""Judges held against people: read from files, reckoned, told as one document."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain

from prefstream.adapters.files import START, Row, open_rows
from prefstream.agents.ingestion import Defaults, Findings, check_names
from prefstream.agents.ingestion.evaluation_sets import EvaluationRows
from prefstream.agents.ingestion.evaluations import Columns, evaluation_row
from prefstream.domain.evaluation import EvaluationSet
from prefstream.schemas.errors import BadInput

#: Event time says nothing here.
_ANY_TIME = datetime(2000, 1, 1, tzinfo=UTC)
#: Rows after which progress is told.
_TOLD_ROWS = 5000
Told = Callable[[int, float | None], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Files that together hold pairs, people's labels and judges' verdicts, and how to read them."""

    files: Sequence[str]
    format_name: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    own: Columns = field(default_factory=Columns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What the files hold together."""

    evaluated: EvaluationSet
    rows: int
    #: Labels and readings that were there before, word for word.
    repeated: int


def read_files(source: Source, *, told: Told) -> Found:
    """Return what the files say of judges and people, put together by pair.

    Args:
        source: The files and how to read them.
        told: Called now and then with the rows read and, where known, the share of the file.

    Raises:
        BadInput: A file or row cannot be used; the message names the line.
    """
    gathering, rows = EvaluationRows(), 0
    check_names("evaluations", _defaults(source, source.columns.values()))
    seen: set[str] = set()
    for file in source.files:
        rows = _read(file, source, gathering, rows, seen, told)
    if lost := sorted(_named(source) - seen):
        raise BadInput(f"no file has a column {lost[0]!r}; the columns are {', '.join(sorted(seen))}")
    if not rows:
        raise BadInput(f"{', '.join(source.files)}: there is no row")
    return Found(evaluated=gathering.gathered(), rows=rows, repeated=gathering.repeated)


def _read(file: str, source: Source, gathering: EvaluationRows, rows: int, seen: set[str], told: Told) -> int:
    reader = open_rows(file, format_name=source.format_name)
    try:
        for row in reader.rows(START):
            if not isinstance(row, Row):
                raise BadInput(f"{file}:{row.line}: {row.reason}; correct the row, or take it out")
            seen.update(row.cells)
            found = evaluation_row(row.cells, _defaults(source, row.cells), source.own)
            if isinstance(found, Findings):
                raise BadInput(f"{file}:{row.line}: {found}; correct the row, or name its columns with --map")
            gathering.add(found, where=f"{file}:{row.line}")
            rows += 1
            if rows % _TOLD_ROWS == 0:
                told(rows, row.end.offset / reader.size if reader.size and row.end.offset else None)
    finally:
        reader.close()
    return rows


def _defaults(source: Source, cells: Collection[str]) -> Defaults:
    """Return how to read one row: of several files each has some of the columns that were named."""
    return Defaults(
        source="file",
        occurred_at=_ANY_TIME,
        columns={name: column for name, column in source.columns.items() if column in cells},
        constants=source.constants,
    )


def _named(source: Source) -> set[str]:
    own = source.own
    return set(chain(source.columns.values(), own.judges.values(), own.annotators.values()))


def named_columns(option: str, said: Iterable[str] | None) -> dict[str, str]:
    """Return what was said as NAME=COLUMN.

    Raises:
        BadInput: Something is not of that form, or names the same twice.
    """
    found: dict[str, str] = {}
    for one in said or ():
        name, equals, column = one.partition("=")
        if not (name and equals and column):
            raise BadInput(f"{option} takes NAME=VALUE, not {one!r}")
        if name in found:
            raise BadInput(f"{option} names {name!r} twice")
        found[name] = column
    return found
