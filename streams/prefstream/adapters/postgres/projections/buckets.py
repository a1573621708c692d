"""Minute buckets: integers that add up, so that neither order nor lateness leaves a trace.

What a batch adds is copied to the server once; the server adds it to the minutes, and to the sums of hours,
days and all time.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import asyncpg

from prefstream.adapters.postgres.connection import Connection
from prefstream.adapters.postgres.projections.changes import Bucket
from prefstream.adapters.postgres.projections.copying import (
    bigint_field,
    copy_rows,
    count_field,
    int_field,
    text_field,
)
from prefstream.domain.agreement import Cell

#: Half of the range of an int.
_MINUTES: Final = 1 << 31
_INTEGERS: Final = frozenset({"minute", "since", "unit_size"})
_UNIT: Final = ("kind", "unit_size", "annotator_i", "annotator_j", "category_i", "category_j")
_SPANS: Final = """
  cross join lateral (values
    ('hour', s.minute - mod(mod(s.minute, 60) + 60, 60)),
    ('day', s.minute - mod(mod(s.minute, 1440) + 1440, 1440)),
    ('all', 0)
  ) as r (span, since)
"""

_Key = tuple[Any, ...]


class _Staged:
    """Where a batch's changes wait for the tables that they are added to."""

    def __init__(self, name: str, *keys: str) -> None:
        self.name, self.columns = name, (*keys, "n")
        kinds = {key: "int" if key in _INTEGERS else 'text collate "C"' for key in keys} | {"n": "bigint"}
        columns = ", ".join(f"{column} {kind}" for column, kind in kinds.items())
        self.staging = f"create temp table if not exists {name} ({columns}) on commit delete rows"
        self._integers = [key in _INTEGERS for key in keys]

    async def stage(self, connection: Connection, counts: Mapping[_Key, int]) -> bool:
        """Copy what is to be added; return whether there is anything.

        Raises:
            asyncpg.DataError: No column can hold a minute.
        """
        if not any(counts.values()):
            return False
        for _, minute, *_rest in counts:
            if not -_MINUTES <= minute < _MINUTES:
                raise asyncpg.DataError(f"minute {minute} since 1970 is beyond what is counted")
        await connection.execute(self.staging)
        await copy_rows(connection, self.name, self.columns, self._rows(counts))
        return True

    def _rows(self, counts: Mapping[_Key, int]) -> Iterator[bytes]:
        count, encoders = count_field(len(self.columns)), self._integers
        for key, n in counts.items():
            if n:
                fields = [
                    int_field(value) if integer else text_field(value)
                    for value, integer in zip(key, encoders, strict=True)
                ]
                yield b"".join((count, *fields, bigint_field(n)))


class _Buckets:
    """A table of integers that add up, with the statements that add what is staged to it."""

    def __init__(
        self, table: str, staged: _Staged, keys: Mapping[str, str], *, spans: bool = False, only: str = "true"
    ) -> None:
        """Say what is added to what.

        Args:
            table: The table.
            staged: Where the changes are.
            keys: Each column of the table's key, from what it comes.
            spans: To the sums of hours, days and all time, not to the minutes.
            only: Which of the changes.
        """
        names, places = ", ".join(keys), ", ".join(map(str, range(1, len(keys) + 1)))
        chosen = ", ".join(f"{source} as {name}" for name, source in keys.items())
        # Of each minute there is one change already.
        n, together = (
            ("sum(s.n)::bigint", f"group by {places} having sum(s.n) <> 0") if spans else ("s.n", "")
        )
        changes = (
            f"select {chosen}, {n} as n\nfrom {staged.name} s {_SPANS if spans else ''}\n"
            f"where {only} {together}"
        )
        # All sinks lock buckets in the order of their keys, so no two wait for each other. A bucket that
        # came to nothing goes, as if it had never been: another order would not have made it.
        self.add = f"""
with added as (
  insert into {table} as b ({names}, n)
  {changes} order by {places}
  on conflict ({names}) do update set n = b.n + excluded.n returning n
)
select exists (select from added where n = 0)
"""  # noqa: S608  names of our own
        self.drop = f"""
delete from {table} b using ({changes}) as u
where ({", ".join(f"b.{key}" for key in keys)}) = ({", ".join(f"u.{key}" for key in keys)}) and b.n = 0
"""  # noqa: S608  names of our own

    async def take(self, connection: Connection) -> None:
        """Add what is staged."""
        if await connection.fetchval(self.add):
            await connection.execute(self.drop)


def _from(*names: str, **others: str) -> dict[str, str]:
    return {name: f"s.{name}" for name in names} | others


_CELLS: Final = _Staged("cells_staged", "slice", "minute", *_UNIT)
_COUNTS: Final = _Staged("counts_staged", "slice", "minute", "measure", "key")
_SUMS: Final = {"slice": "s.slice", "span": "r.span", "since": "r.since"}
_OF_CELLS: Final = (
    _Buckets("agreement_cells", _CELLS, _from("slice", "minute", *_UNIT)),
    _Buckets("agreement_rollups", _CELLS, _SUMS | _from(*_UNIT), spans=True),
)
_OF_COUNTS: Final = (
    _Buckets(
        "funnel_buckets", _COUNTS, _from("slice", "minute", counter="s.key"), only="s.measure = 'funnel'"
    ),
    _Buckets(
        "measure_buckets",
        _COUNTS,
        _from("slice", "minute", "measure", "key"),
        only="s.measure <> 'funnel'",
    ),
    _Buckets("measure_rollups", _COUNTS, _SUMS | _from("measure", "key"), spans=True),
)


async def add_cells(connection: Connection, cells: Mapping[tuple[str, Cell], int]) -> None:
    """Add to the agreement cells, and to the sums of their hours, days and of all time."""
    if await _CELLS.stage(connection, {(name, *cell): n for (name, cell), n in cells.items()}):
        for buckets in _OF_CELLS:
            await buckets.take(connection)


async def add_counts(
    connection: Connection, funnel: Mapping[tuple[str, int, str], int], measures: Mapping[Bucket, int]
) -> None:
    """Add to the funnel and the measures, and to the sums of their hours, days and of all time."""
    counts: dict[_Key, int] = {
        (name, minute, "funnel", counter): n for (name, minute, counter), n in funnel.items()
    }
    counts |= {(name, minute, *count): n for (name, minute, count), n in measures.items()}
    if await _COUNTS.stage(connection, counts):
        for buckets in _OF_COUNTS:
            await buckets.take(connection)
