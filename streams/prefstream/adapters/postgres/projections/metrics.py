"""The figures of each slice and window, read from the agreement cells and the measures."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from prefstream.adapters.postgres.connection import Connection
from prefstream.adapters.postgres.projections.changes import MINUTE_US
from prefstream.adapters.postgres.projections.copying import microseconds
from prefstream.domain.agreement import Cell, Statistic, figures, kappas, window
from prefstream.domain.measures import Count, Figure, Span, Sums, stretches
from prefstream.domain.measures import figures as measured
from prefstream.schemas.ids import derived_id
from prefstream.schemas.metrics import Measurement, MetricsUpdated, Window

#: Length of each window in minutes; `None` is all there is.
WINDOWS: Final[Mapping[Window, int | None]] = {"1h": 60, "24h": 24 * 60, "7d": 7 * 24 * 60, "all": None}
#: Longest name of a statistic in an event.
_NAME_LIMIT = 256
#: Pairs of people that one event speaks of at most.
MOST_PEOPLE_SAID = 200
_OF_PEOPLE: Final = "cohen_kappa"

# Minutes at the ends of a window, and sums of hours or of all time for the rest.
_WINDOWS = """
with windows as (
  select * from unnest($2::text[], $3::text[], $4::int[], $5::int[]) as w (name, span, since, until)
)
"""
_CELLS = f"""{_WINDOWS}
select slice, name, kind, unit_size, annotator_i, annotator_j, category_i, category_j, sum(n)::bigint
from (
  select w.name, c.slice, c.kind, c.unit_size, c.annotator_i, c.annotator_j, c.category_i, c.category_j, c.n
  from windows w join agreement_cells c
    on w.span = 'minute' and c.slice = any($1::text[]) and c.minute >= w.since and c.minute < w.until
      and (c.kind <> 'pair' or c.slice = any($6::text[]))
  union all
  select w.name, c.slice, c.kind, c.unit_size, c.annotator_i, c.annotator_j, c.category_i, c.category_j, c.n
  from windows w join agreement_rollups c
    on c.slice = any($1::text[]) and c.span = w.span and c.since >= w.since and c.since < w.until
      and (c.kind <> 'pair' or c.slice = any($6::text[]))
) as counted
group by 1, 2, 3, 4, 5, 6, 7, 8
"""  # noqa: S608  a text of our own
_COUNTS = f"""{_WINDOWS}
select slice, name, measure, key, sum(n)::bigint
from (
  select w.name, c.slice, c.measure, c.key, c.n
  from windows w join measure_buckets c
    on w.span = 'minute' and c.slice = any($1::text[]) and c.minute >= w.since and c.minute < w.until
  union all
  select w.name, c.slice, 'funnel', c.counter, c.n
  from windows w join funnel_buckets c
    on w.span = 'minute' and c.slice = any($1::text[]) and c.minute >= w.since and c.minute < w.until
  union all
  select w.name, c.slice, c.measure, c.key, c.n
  from windows w join measure_rollups c
    on c.slice = any($1::text[]) and c.span = w.span and c.since >= w.since and c.since < w.until
) as counted
group by 1, 2, 3, 4
"""  # noqa: S608  a text of our own
_OLDEST = """
select s.slice, (select min(t.opened_at) from tasks t where t.slice = s.slice and t.open)
from unnest($1::text[]) as s (slice)
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
delete from slice_metrics m where m.slice = any($1::text[]) and m.as_of <= $5
  and (m.statistic <> 'cohen_kappa' or m.slice = any($6::text[])) and not exists (
  select from unnest($1::text[], $2::text[], $3::text[], $4::text[]) as u (slice, name, statistic, subject)
  where (u.slice, u.name, u.statistic, u.subject) = (m.slice, m.window_name, m.statistic, m.subject)
)
"""

#: Slice and window.
_Place = tuple[str, Window]
#: Name, span, first minute and the minute after the last.
_Windows = Sequence[tuple[Window, Span, int, int]]


async def refresh(
    connection: Connection, slices: Collection[str], as_of: datetime, *, people: Collection[str] | None = None
) -> list[MetricsUpdated]:
    """Compute the figures of these slices anew, store them and return them as events.

    A window holds the minutes that end with the one of `as_of`; "all" has no end. The same figures
    at the same time give the same event id, other figures another.

    Args:
        connection: Anywhere; in a transaction, the figures include what it wrote.
        slices: The slices, e.g. those that `project` named.
        as_of: End of the windows, in event time; until then an open task has waited.
        people: Of these slices also the kappas of every two people, which grow with the square of the
            people: of the others they stay as they were, and the event says none. `None`: of all.
    """
    names = sorted(set(slices))
    places = [(slice_name, window_name) for slice_name in names for window_name in WINDOWS]
    windows = _windows(microseconds(as_of) // MINUTE_US + 1)
    kappas_of = sorted(names if people is None else {*people} & {*names})
    cells = await _cells(connection, names, windows, kappas_of)
    sums = await _sums(connection, names, windows)
    ages = await _ages(connection, names, as_of)
    found = {
        place: [
            *_agreement(cells.get(place, ())),
            *measured(Sums(counts=sums.get(place, {}))),
            ages[place[0]],
        ]
        for place in places
    }
    rows = [
        (*place, statistic, subject, *_numbers(figure))
        for place, some in found.items()
        for statistic, subject, figure in some
    ]
    if rows:
        columns = [list(column) for column in zip(*sorted(rows, key=lambda row: row[:4]), strict=True)]
        await connection.execute(_UPSERT, *columns, as_of)
        await connection.execute(_DROP_PAST, *columns[:4], as_of, kappas_of)
    return [_event(slice_name, name, as_of, some) for (slice_name, name), some in found.items()]


def _windows(until: int) -> _Windows:
    return [
        (name, span, since, end)
        for name, length in WINDOWS.items()
        for span, since, end in stretches(length, until)
    ]


async def _cells(
    connection: Connection, slices: Sequence[str], windows: _Windows, people: Sequence[str]
) -> dict[_Place, list[tuple[Cell, int]]]:
    cells: dict[_Place, list[tuple[Cell, int]]] = {}
    columns = map(list, zip(*windows, strict=True))
    for slice_name, name, *key, n in await connection.fetch(_CELLS, slices, *columns, people):
        cells.setdefault((slice_name, name), []).append((Cell(0, *key), n))
    return cells


async def _sums(
    connection: Connection, slices: Sequence[str], windows: _Windows
) -> dict[_Place, dict[Count, int]]:
    sums: dict[_Place, dict[Count, int]] = {}
    columns = map(list, zip(*windows, strict=True))
    for slice_name, name, measure, key, n in await connection.fetch(_COUNTS, slices, *columns):
        sums.setdefault((slice_name, name), {})[measure, key] = n
    return sums


async def _ages(connection: Connection, slices: Sequence[str], as_of: datetime) -> dict[str, Figure]:
    ages: dict[str, Figure] = {}
    for slice_name, oldest in await connection.fetch(_OLDEST, slices):
        if oldest is None:
            age = Statistic.undefined("no task is open", n_units=0)
        else:
            waited_s = max(0.0, (as_of - oldest).total_seconds())
            age = Statistic.unbounded(waited_s, n_units=1, bounds_reason="it is one task's, not an estimate")
        ages[slice_name] = "queue_age_s", "", age
    return ages


def _agreement(cells: Iterable[tuple[Cell, int]]) -> Iterator[Figure]:
    counted = window(cells)
    for (first, second), figure in kappas(counted).items():
        yield "cohen_kappa", f"{first}|{second}", figure
    for statistic, figure in figures(counted).items():
        yield statistic, "", figure


def _numbers(figure: Statistic) -> tuple[Any, ...]:
    return figure.value, figure.low, figure.high, figure.standard_error, figure.reason, figure.n_units


def _event(slice_name: str, name: Window, as_of: datetime, some: Iterable[Figure]) -> MetricsUpdated:
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


def said_of(some: Iterable[Figure]) -> list[Figure]:
    """Return the figures that an event says: of pairs of people those with the most pairs in common.

    People pair up quadratically, and an event must stay small; the table has every pair.
    """
    every = list(some)
    of_people = sorted(
        (one for one in every if one[0] == _OF_PEOPLE), key=lambda one: (-one[2].n_units, one[1])
    )
    return [
        *sorted(of_people[:MOST_PEOPLE_SAID], key=lambda one: one[1]),
        *(one for one in every if one[0] != _OF_PEOPLE),
    ]


def _measurement(statistic: str, subject: str, figure: Statistic) -> Measurement:
    name = f"{statistic}:{subject}" if subject else statistic
    value, low, high, _, reason, n = _numbers(figure)
    if len(name) > _NAME_LIMIT:
        name = f"{statistic}:{derived_id(subject)}"
    return Measurement(statistic=name, value=value, low=low, high=high, reason=reason, n=n)
