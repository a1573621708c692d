"""Minute buckets: integers that add up, so that neither order nor lateness leaves a trace."""

from collections.abc import Mapping
from typing import Any

from prefstream.adapters.postgres.connection import Connection
from prefstream.domain.agreement import Cell

# A bucket that came to nothing goes, as if it had never been: another order would not have made it.
_ADD_CELLS = """
with added as (
  insert into agreement_cells as b
    (slice, minute, kind, unit_size, annotator_i, annotator_j, category_i, category_j, n)
  select * from unnest($1::text[], $2::int[], $3::text[], $4::int[], $5::text[], $6::text[], $7::text[],
                       $8::text[], $9::bigint[])
  on conflict (slice, minute, kind, unit_size, annotator_i, annotator_j, category_i, category_j)
  do update set n = b.n + excluded.n returning n
)
select exists (select from added where n = 0)
"""
_DROP_EMPTY_CELLS = """
delete from agreement_cells b
using unnest($1::text[], $2::int[], $3::text[], $4::int[], $5::text[], $6::text[], $7::text[], $8::text[])
  as u (slice, minute, kind, unit_size, annotator_i, annotator_j, category_i, category_j)
where (b.slice, b.minute, b.kind, b.unit_size, b.annotator_i, b.annotator_j, b.category_i, b.category_j)
    = (u.slice, u.minute, u.kind, u.unit_size, u.annotator_i, u.annotator_j, u.category_i, u.category_j)
  and b.n = 0
"""
_ADD_FUNNEL = """
with added as (
  insert into funnel_buckets as b (slice, minute, counter, n)
  select * from unnest($1::text[], $2::int[], $3::text[], $4::bigint[])
  on conflict (slice, minute, counter) do update set n = b.n + excluded.n returning n
)
select exists (select from added where n = 0)
"""
_DROP_EMPTY_FUNNEL = """
delete from funnel_buckets b using unnest($1::text[], $2::int[], $3::text[]) as u (slice, minute, counter)
where (b.slice, b.minute, b.counter) = (u.slice, u.minute, u.counter) and b.n = 0
"""


async def add_cells(connection: Connection, cells: Mapping[tuple[str, Cell], int]) -> None:
    """Add to the agreement cells."""
    flat = {(slice_name, *cell): n for (slice_name, cell), n in cells.items() if n}
    await _add(connection, flat, _ADD_CELLS, _DROP_EMPTY_CELLS)


async def add_funnel(connection: Connection, counts: Mapping[tuple[str, int, str], int]) -> None:
    """Add to the funnel."""
    await _add(connection, {bucket: n for bucket, n in counts.items() if n}, _ADD_FUNNEL, _DROP_EMPTY_FUNNEL)


async def _add(connection: Connection, counts: Mapping[tuple[Any, ...], int], add: str, drop: str) -> None:
    if not counts:
        return
    # All sinks lock buckets in the order of their keys, so no two wait for each other.
    keys = sorted(counts)
    columns = [list(column) for column in zip(*keys, strict=True)]
    if await connection.fetchval(add, *columns, [counts[key] for key in keys]):
        await connection.execute(drop, *columns)
