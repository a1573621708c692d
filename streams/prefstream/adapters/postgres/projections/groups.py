"""Upserts of rows that several kinds of events fill, each kind its own group of columns.

A group begins with its rank. An event fills a group only where it outranks what stands there, so the
final row is the same whatever the order in which events came.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from prefstream.adapters.postgres.connection import Connection
from prefstream.adapters.postgres.projections.copying import (
    NULL,
    copy_rows,
    count_field,
    int_field,
    text_field,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Columns that one kind of event fills."""

    #: Column names with their types; the first `rank` of them decide which event wins. All of the rank
    #: are filled by every event of the kind.
    columns: Mapping[str, str]
    rank: int = 2


@dataclass(slots=True)
class Filled:
    """What a batch says of one row."""

    #: Place of a group in its table to the rank and the encoded columns of the best event.
    groups: dict[int, tuple[tuple[int | bytes, ...], bytes]] = field(default_factory=dict)
    #: Sums, then maxima, as the table names them.
    integers: list[int] = field(default_factory=list)

    def fill(self, group: int, rank: tuple[int | bytes, ...], columns: bytes) -> None:
        """Take an event's columns unless the batch has better ones."""
        standing = self.groups.get(group)
        if standing is None or rank > standing[0]:
            self.groups[group] = rank, columns


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table of one row per key, made of groups and of integers that add up or keep their maximum."""

    name: str
    key: str
    groups: Sequence[Group]
    sums: Sequence[str] = ()
    maxima: Sequence[str] = ()

    @property
    def columns(self) -> dict[str, str]:
        """Return the columns that events fill, with their types, in the order of a row."""
        columns = {self.key: "text"} | dict.fromkeys((*self.sums, *self.maxima), "int")
        for group in self.groups:
            columns |= group.columns
        return columns

    @property
    def staging(self) -> str:
        """Return the statement that makes the place where rows wait for the upsert."""
        columns = ", ".join(f"{name} {kind}" for name, kind in self.columns.items())
        return f"create temp table if not exists {self.name}_staged ({columns}) on commit delete rows"

    @property
    def upsert(self) -> str:
        """Return the statement that merges the staged rows into the table, in the order they are staged."""
        names = ", ".join(self.columns)
        sets = [f"{name} = t.{name} + excluded.{name}" for name in self.sums]
        sets += [f"{name} = greatest(t.{name}, excluded.{name})" for name in self.maxima]
        sets += [assignment for group in self.groups for assignment in _assignments(group)]
        return (
            f"insert into {self.name} as t ({names})\nselect {names} from {self.name}_staged\n"
            f"on conflict ({self.key}) do update set\n  " + ",\n  ".join(sets)
        )

    async def stage(self, connection: Connection, rows: Mapping[str, Filled]) -> None:
        """Stage rows by key, in the order in which all sinks lock them."""
        await connection.execute(self.staging)
        count = count_field(len(self.columns))
        nothing = [NULL * len(group.columns) for group in self.groups]
        encoded = (_row(count, key, rows[key], nothing) for key in sorted(rows))
        await copy_rows(connection, f"{self.name}_staged", self.columns, encoded)


def _row(count: bytes, key: str, filled: Filled, nothing: Sequence[bytes]) -> bytes:
    groups = filled.groups
    columns = [groups[place][1] if place in groups else empty for place, empty in enumerate(nothing)]
    return b"".join((count, text_field(key), *map(int_field, filled.integers), *columns))


def _assignments(group: Group) -> list[str]:
    names = list(group.columns)
    rank = names[: group.rank]
    theirs, ours = (", ".join(f"{side}.{name}" for name in rank) for side in ("excluded", "t"))
    return [
        f"{name} = case when excluded.{rank[0]} is null then t.{name}"
        f" when t.{rank[0]} is null or ({theirs}) > ({ours}) then excluded.{name} else t.{name} end"
        for name in names
    ]
