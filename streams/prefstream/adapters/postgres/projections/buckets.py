"""Minute buckets: integers that add up, so that neither order nor lateness leaves a trace."""

from collections.abc import Mapping
from typing import Any, Final, TypeVar

from prefstream.adapters.postgres.connection import Connection
from prefstream.adapters.postgres.projections.changes import Bucket
from prefstream.domain.agreement import Cell
from prefstream.domain.measures import Span, rolled_up

_TYPES: Final = {"minute": "int", "since": "int", "unit_size": "int", "n": "bigint"}


class _Buckets:
    """A table of integers that add up, with the statements that add to it."""

    def __init__(self, table: str, *keys: str) -> None:
        kinds = [f"{_TYPES.get(name, 'text')}[]" for name in (*keys, "n")]
        given = [f"${place}::{kind}" for place, kind in enumerate(kinds, start=1)]
        key = ", ".join(keys)
        # A bucket that came to nothing goes, as if it had never been: another order would not have made it.
        self.add = f"""
with added as (
  insert into {table} as b ({key}, n)
  select * from unnest({", ".join(given)})
  on conflict ({key}) do update set n = b.n + excluded.n returning n
)
select exists (select from added where n = 0)
"""  # noqa: S608  names of our own
        self.drop = f"""
delete from {table} b using unnest({", ".join(given[:-1])}) as u ({key})
where ({", ".join(f"b.{name}" for name in keys)}) = ({", ".join(f"u.{name}" for name in keys)}) and b.n = 0
"""  # noqa: S608  names of our own


_CELL: Final = ("kind", "unit_size", "annotator_i", "annotator_j", "category_i", "category_j")
_CELLS: Final = _Buckets("agreement_cells", "slice", "minute", *_CELL)
_CELL_ROLLUPS: Final = _Buckets("agreement_rollups", "slice", "span", "since", *_CELL)
_FUNNEL: Final = _Buckets("funnel_buckets", "slice", "minute", "counter")
_MEASURES: Final = _Buckets("measure_buckets", "slice", "minute", "measure", "key")
_ROLLUPS: Final = _Buckets("measure_rollups", "slice", "span", "since", "measure", "key")


_Key = TypeVar("_Key", bound=tuple[Any, ...])


async def add_cells(connection: Connection, cells: Mapping[tuple[str, Cell], int]) -> None:
    """Add to the agreement cells, and to the sums of their hours and of all time."""
    await _add(connection, _CELLS, {(name, *cell): n for (name, cell), n in cells.items()})
    sums = rolled_up({(cell.minute, (name, *cell[1:])): n for (name, cell), n in cells.items()})
    await _add(connection, _CELL_ROLLUPS, _flat(sums))


async def add_counts(
    connection: Connection, funnel: Mapping[tuple[str, int, str], int], measures: Mapping[Bucket, int]
) -> None:
    """Add to the funnel and the measures, and to the sums of their hours and of all time."""
    await _add(connection, _FUNNEL, funnel)
    await _add(connection, _MEASURES, {(name, at, *count): n for (name, at, count), n in measures.items()})
    minutes: dict[tuple[int, tuple[str, ...]], int] = {
        (minute, (name, "funnel", counter)): n for (name, minute, counter), n in funnel.items()
    }
    minutes |= {(minute, (name, *count)): n for (name, minute, count), n in measures.items()}
    await _add(connection, _ROLLUPS, _flat(rolled_up(minutes)))


def _flat(sums: Mapping[tuple[Span, int, _Key], int]) -> dict[tuple[Any, ...], int]:
    return {(name, span, since, *key): n for (span, since, (name, *key)), n in sums.items()}


async def _add(connection: Connection, buckets: _Buckets, counts: Mapping[tuple[Any, ...], int]) -> None:
    # All sinks lock buckets in the order of their keys, so no two wait for each other.
    keys = sorted(key for key, n in counts.items() if n)
    if not keys:
        return
    columns = [list(column) for column in zip(*keys, strict=True)]
    if await connection.fetchval(buckets.add, *columns, [counts[key] for key in keys]):
        await connection.execute(buckets.drop, *columns)
