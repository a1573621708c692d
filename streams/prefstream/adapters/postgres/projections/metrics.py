"""The figures of each slice and window, read from the agreement cells."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from prefstream.adapters.postgres.connection import Connection
from prefstream.adapters.postgres.projections.changes import MINUTE_US
from prefstream.adapters.postgres.projections.copying import microseconds
from prefstream.domain.agreement import Cell, Statistic, figures, kappas, window
from prefstream.schemas.ids import derived_id
from prefstream.schemas.metrics import Measurement, MetricsUpdated, Window

#: Length of each window in minutes; `None` is all there is.
WINDOWS: Final[Mapping[Window, int | None]] = {"1h": 60, "24h": 24 * 60, "7d": 7 * 24 * 60, "all": None}
#: Longest name of a statistic in an event.
_NAME_LIMIT = 256
#: Pairs of people that one event speaks of at most.
MOST_PEOPLE_SAID = 200

_CELLS = """
select c.slice, w.name, c.kind, c.unit_size, c.annotator_i, c.annotator_j, c.category_i, c.category_j,
       sum(c.n)::bigint
from unnest($2::text[], $3::int[], $4::int[]) as w (name, since, until)
join agreement_cells c on c.slice = any($1::text[]) and c.minute >= w.since and c.minute < w.until
group by 1, 2, 3, 4, 5, 6, 7, 8
"""
# Whoever knows of later events has the last word.
_UPSERT = """
insert into slice_metrics as m
  (slice, window_name, statistic, subject, value, low, high, standard_error, reason, n, as_of)
select u.*, $11 from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::float8[], $6::float8[],
                            $7::float8[], $8::float8[], $9::text[], $10::bigint[]) as u
on conflict (slice, window_name, statistic, subject) do update
set value = excluded.value, low = excluded.low, high = excluded.high,
    standard_error = excluded.standard_error, reason = excluded.reason, n = excluded.n,
    as_of = excluded.as_of
where m.as_of <= excluded.as_of
"""
# Two annotators who share no unit within the window any more have no row.
_DROP_PAST = """
delete from slice_metrics m where m.slice = any($1::text[]) and m.as_of <= $5 and not exists (
  select from unnest($1::text[], $2::text[], $3::text[], $4::text[]) as u (slice, name, statistic, subject)
  where (u.slice, u.name, u.statistic, u.subject) = (m.slice, m.window_name, m.statistic, m.subject)
)
"""

_Figure = tuple[str, str, Statistic]


async def refresh(connection: Connection, slices: Collection[str], as_of: datetime) -> list[MetricsUpdated]:
    """Compute the figures of these slices anew, store them and return them as events.

    A window holds the minutes that end with the one of `as_of`; "all" has no end. The same figures
    at the same time give the same event id, other figures another.

    Args:
        connection: Anywhere; in a transaction, the figures include what it wrote.
        slices: The slices, e.g. those that `project` named.
        as_of: End of the windows, in event time.
    """
    cells = await _cells(connection, sorted(set(slices)), microseconds(as_of) // MINUTE_US + 1)
    found = {place: list(_figures(cells[place])) for place in sorted(cells)}
    rows = [
        (*place, statistic, subject, *_numbers(figure))
        for place, some in found.items()
        for statistic, subject, figure in some
    ]
    if rows:
        columns = [list(column) for column in zip(*sorted(rows, key=lambda row: row[:4]), strict=True)]
        await connection.execute(_UPSERT, *columns, as_of)
        await connection.execute(_DROP_PAST, *columns[:4], as_of)
    return [_event(slice_name, name, as_of, some) for (slice_name, name), some in found.items()]


async def _cells(
    connection: Connection, slices: Sequence[str], until: int
) -> dict[tuple[str, Window], list[tuple[Cell, int]]]:
    cells: dict[tuple[str, Window], list[tuple[Cell, int]]] = {
        (slice_name, name): [] for slice_name in slices for name in WINDOWS
    }
    since = [0 if length is None else max(0, until - length) for length in WINDOWS.values()]
    ends = [2**31 - 1 if length is None else until for length in WINDOWS.values()]
    for slice_name, name, *key, n in await connection.fetch(_CELLS, slices, [*WINDOWS], since, ends):
        cells[slice_name, name].append((Cell(0, *key), n))
    return cells


def _figures(cells: Iterable[tuple[Cell, int]]) -> Iterator[_Figure]:
    counted = window(cells)
    for (first, second), figure in kappas(counted).items():
        yield "cohen_kappa", f"{first}|{second}", figure
    for statistic, figure in figures(counted).items():
        yield statistic, "", figure


def _numbers(figure: Statistic) -> tuple[Any, ...]:
    return figure.value, figure.low, figure.high, figure.standard_error, figure.reason, figure.n_units


def _event(slice_name: str, name: Window, as_of: datetime, some: Iterable[_Figure]) -> MetricsUpdated:
    measurements = tuple(_measurement(*one) for one in said_of(some))
    said = sha256("\n".join(one.model_dump_json() for one in measurements).encode()).hexdigest()
    return MetricsUpdated(
        event_id=derived_id("metrics", slice_name, name, as_of.isoformat(), said),
        occurred_at=as_of,
        source="prefstream/metrics",
        subject=slice_name,
        correlation_id=slice_name,
        stage_version="1",
        slice=slice_name,
        window=name,
        as_of=as_of,
        measurements=measurements,
    )


def said_of(some: Iterable[_Figure]) -> list[_Figure]:
    """Return the figures that an event says: of pairs of people those with the most pairs in common.

    People pair up quadratically, and an event must stay small; the table has every pair.
    """
    every = list(some)
    of_people = sorted((one for one in every if one[1]), key=lambda one: (-one[2].n_units, one[1]))
    return [
        *sorted(of_people[:MOST_PEOPLE_SAID], key=lambda one: one[1]),
        *(one for one in every if not one[1]),
    ]


def _measurement(statistic: str, subject: str, figure: Statistic) -> Measurement:
    name = f"{statistic}:{subject}" if subject else statistic
    value, low, high, _, reason, n = _numbers(figure)
    if len(name) > _NAME_LIMIT:
        name = f"{statistic}:{derived_id(subject)}"
    return Measurement(statistic=name, value=value, low=low, high=high, reason=reason, n=n)
