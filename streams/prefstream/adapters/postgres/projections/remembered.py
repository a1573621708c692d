"""What this process wrote of each slice last, so that only what changed is written and said again.

A slice's row in `slice_refreshes` names the transaction that wrote its figures. As long as that is the one
remembered, the rows are as they were left: what another sink wrote, or a rollback undid, has another name.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from prefstream.adapters.postgres.connection import Connection
from prefstream.adapters.postgres.projections.figures import OF_PEOPLE, Numbers
from prefstream.schemas.metrics import Window

#: Window, statistic and subject.
Key = tuple[Window, str, str]
Rows = Mapping[Key, Numbers]
#: How long the same figures are not said again; who watches wants to know that time goes on.
_QUIET: Final = timedelta(minutes=1)

_STANDING: Final = """
select slice, written_in from slice_refreshes where slice = any($1::text[]) order by slice for update
"""
# Whoever knows of later events has the last word.
_CLAIM: Final = """
insert into slice_refreshes as r (slice, as_of, written_in)
select s, $2, txid_current() from unnest($1::text[]) as u (s) order by s
on conflict (slice) do update set as_of = excluded.as_of, written_in = excluded.written_in
where r.as_of <= excluded.as_of
returning slice, written_in
"""
_UPSERT: Final = """
insert into slice_metrics as m
  (slice, window_name, statistic, subject, value, low, high, standard_error, reason, n, as_of)
select u.*, $11 from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::float8[], $6::float8[],
                            $7::float8[], $8::float8[], $9::text[], $10::bigint[]) as u
on conflict (slice, window_name, statistic, subject) do update
set value = excluded.value, low = excluded.low, high = excluded.high,
    standard_error = excluded.standard_error, reason = excluded.reason, n = excluded.n,
    as_of = excluded.as_of
"""
# Two annotators who share no unit within the window any more have no row.
_DROP_OTHERS: Final = """
delete from slice_metrics m
where ((m.slice = any($5::text[]) and m.statistic <> 'cohen_kappa')
    or (m.slice = any($6::text[]) and m.statistic = 'cohen_kappa'))
  and not exists (
    select from unnest($1::text[], $2::text[], $3::text[], $4::text[]) as u (slice, name, statistic, subject)
    where (u.slice, u.name, u.statistic, u.subject) = (m.slice, m.window_name, m.statistic, m.subject)
  )
"""
_DROP: Final = """
delete from slice_metrics m using unnest($1::text[], $2::text[], $3::text[], $4::text[])
  as u (slice, name, statistic, subject)
where (u.slice, u.name, u.statistic, u.subject) = (m.slice, m.window_name, m.statistic, m.subject)
"""


class _Slice(NamedTuple):
    written_in: int
    #: All but the kappas of every two people.
    rows: Rows
    #: The figures last said of each window, as a hash, and when.
    said: Mapping[Window, tuple[str, datetime]]


@dataclass(slots=True)
class Remembered:
    """What was written of slices; empty, everything is written."""

    _slices: dict[str, _Slice] = field(default_factory=dict)

    async def write(
        self,
        connection: Connection,
        found: Mapping[str, Rows],
        said: Mapping[str, Mapping[Window, str]],
        as_of: datetime,
        people: Sequence[str],
    ) -> set[tuple[str, Window]]:
        """Write what differs from what stands, and return the slices and windows that have something to say.

        Args:
            connection: In a transaction.
            found: The figures of each slice.
            said: What an event would say of each slice and window, as a hash.
            as_of: End of the windows; of a slice with later figures nothing is written.
            people: Slices of which there are the kappas of every two people too.
        """
        names = sorted(found)
        standing = {row["slice"]: row["written_in"] for row in await connection.fetch(_STANDING, names)}
        claimed = {row["slice"]: row["written_in"] for row in await connection.fetch(_CLAIM, names, as_of)}
        known: dict[str, _Slice] = {}
        for name in names:
            one = self._slices.pop(name, None)
            if one is not None and one.written_in == standing.get(name):
                known[name] = one
        await _written(connection, {name: found[name] for name in claimed}, known, as_of, people)
        telling = {
            (name, window)
            for name, by_window in said.items()
            for window, one in by_window.items()
            if name in people or not _quiet(known.get(name), window, one, as_of)
        }
        for name, written_in in claimed.items():
            rows = {key: numbers for key, numbers in found[name].items() if key[1] != OF_PEOPLE}
            earlier = known[name].said if name in known else {}
            now = {window: (one, as_of) for window, one in said[name].items() if (name, window) in telling}
            self._slices[name] = _Slice(written_in, rows, {**earlier, **now})
        return telling


def _quiet(known: _Slice | None, window: Window, said: str, as_of: datetime) -> bool:
    before = known.said.get(window) if known else None
    return before is not None and before[0] == said and as_of - before[1] < _QUIET


async def _written(
    connection: Connection,
    found: Mapping[str, Rows],
    known: Mapping[str, _Slice],
    as_of: datetime,
    people: Sequence[str],
) -> None:
    rows, gone = list[tuple[object, ...]](), list[tuple[str, ...]]()
    for name, some in found.items():
        before = known[name].rows if name in known else {}
        rows += [(name, *key, *numbers) for key, numbers in some.items() if before.get(key) != numbers]
        gone += [(name, *key) for key in before.keys() - some.keys()]
    if rows:
        # In one order, so that two sinks never wait for each other.
        columns = [list(column) for column in zip(*sorted(rows, key=lambda row: row[:4]), strict=True)]
        await connection.execute(_UPSERT, *columns, as_of)
    anew, of_people = [name for name in found if name not in known], [one for one in people if one in found]
    if anew or of_people:
        kept = [(name, *key) for name, some in found.items() for key in some]
        keys = [list(column) for column in zip(*kept, strict=True)]
        await connection.execute(_DROP_OTHERS, *keys, anew, of_people)
    if gone:
        await connection.execute(_DROP, *(list(column) for column in zip(*sorted(gone), strict=True)))
