"""The figures of each slice and window, read from the agreement cells and the measures."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from prefstream.adapters.postgres.connection import Connection
from prefstream.adapters.postgres.projections.changes import MINUTE_US
from prefstream.adapters.postgres.projections.copying import microseconds
from prefstream.adapters.postgres.projections.figures import (
    OF_PEOPLE,
    Said,
    of_people,
    of_units,
    of_work,
    said_of,
)
from prefstream.adapters.postgres.projections.remembered import Remembered
from prefstream.domain.agreement import Cell, Statistic
from prefstream.domain.agreement.units import Kind
from prefstream.domain.measures import Span, stretches
from prefstream.schemas.ids import derived_id
from prefstream.schemas.metrics import MetricsUpdated, Window

#: Length of each window in minutes; `None` is all there is.
WINDOWS: Final[Mapping[Window, int | None]] = {"1h": 60, "24h": 24 * 60, "7d": 7 * 24 * 60, "all": None}
#: Pairs of people that one event speaks of at most.
MOST_PEOPLE_SAID = 200

# Minutes at the ends of a window, and sums of hours, days or all time for the rest.
_WINDOWS = """
with windows as (
  select * from unnest($2::text[], $3::text[], $4::int[], $5::int[]) as w (name, span, since, until)
)
"""
# Counts of every two people stand between those of units; the condition is that of an index without them.
_UNITS = f"""{_WINDOWS}
select slice, name, kind, category_i, category_j, sum(n)::bigint
from (
  select w.name, c.slice, c.kind, c.category_i, c.category_j, c.n
  from windows w join agreement_cells c
    on w.span = 'minute' and c.slice = any($1::text[]) and c.minute >= w.since and c.minute < w.until
      and c.kind in ('nominal', 'ordinal')
  union all
  select w.name, c.slice, c.kind, c.category_i, c.category_j, c.n
  from windows w join agreement_rollups c
    on c.slice = any($1::text[]) and c.span = w.span and c.since >= w.since and c.since < w.until
      and c.kind in ('nominal', 'ordinal')
) as counted
group by 1, 2, 3, 4, 5
"""  # noqa: S608  a text of our own
_PEOPLE = f"""{_WINDOWS}
select slice, name, unit_size, annotator_i, annotator_j, category_i, category_j, sum(n)::bigint
from (
  select w.name, c.slice, c.unit_size, c.annotator_i, c.annotator_j, c.category_i, c.category_j, c.n
  from windows w join agreement_cells c
    on w.span = 'minute' and c.slice = any($1::text[]) and c.minute >= w.since and c.minute < w.until
      and c.kind = 'pair'
  union all
  select w.name, c.slice, c.unit_size, c.annotator_i, c.annotator_j, c.category_i, c.category_j, c.n
  from windows w join agreement_rollups c
    on c.slice = any($1::text[]) and c.span = w.span and c.since >= w.since and c.since < w.until
      and c.kind = 'pair'
) as counted
group by 1, 2, 3, 4, 5, 6, 7
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

#: Slice and window.
_Place = tuple[str, Window]
#: Name, span, first minute and the minute after the last.
_Windows = Sequence[tuple[Window, Span, int, int]]


async def refresh(
    connection: Connection,
    slices: Collection[str],
    as_of: datetime,
    *,
    people: Collection[str] | None = None,
    remembered: Remembered | None = None,
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
        remembered: What this process wrote before: of that only what changed is written and said.
    """
    names = sorted(set(slices))
    windows = _windows(microseconds(as_of) // MINUTE_US + 1)
    kappas_of = sorted(names if people is None else {*people} & {*names})
    units, work = await _units(connection, names, windows), await _work(connection, names, windows)
    kappas = await _people(connection, kappas_of, windows)
    ages = await _ages(connection, names, as_of)
    found = {
        name: {
            window: [*kappas.get((name, window), ()), *units[name, window], *work[name, window], ages[name]]
            for window in WINDOWS
        }
        for name in names
    }
    rows = {
        name: {(window, one[0], one[1]): one.numbers for window, some in by_window.items() for one in some}
        for name, by_window in found.items()
    }
    events = {
        name: {window: _event(name, window, as_of, some) for window, some in by_window.items()}
        for name, by_window in found.items()
    }
    ids = {name: {window: said for window, (said, _) in some.items()} for name, some in events.items()}
    telling = await (remembered or Remembered()).write(connection, rows, ids, as_of, kappas_of)
    return [
        event
        for name, some in events.items()
        for window, (_, event) in some.items()
        if (name, window) in telling
    ]


def _windows(until: int) -> _Windows:
    return [
        (name, span, since, end)
        for name, length in WINDOWS.items()
        for span, since, end in stretches(length, until)
    ]


async def _units(
    connection: Connection, slices: Sequence[str], windows: _Windows
) -> dict[_Place, tuple[Said, ...]]:
    counts: dict[_Place, list[tuple[Kind, str, str, int]]] = _places(slices)
    for slice_name, name, *count in await connection.fetch(_UNITS, slices, *_columns(windows)):
        counts[slice_name, name].append((*count,))
    return {place: of_units(frozenset(some)) for place, some in counts.items()}


async def _work(
    connection: Connection, slices: Sequence[str], windows: _Windows
) -> dict[_Place, tuple[Said, ...]]:
    counts: dict[_Place, list[tuple[str, str, int]]] = _places(slices)
    for slice_name, name, *count in await connection.fetch(_COUNTS, slices, *_columns(windows)):
        counts[slice_name, name].append((*count,))
    return {place: of_work(frozenset(some)) for place, some in counts.items()}


async def _people(
    connection: Connection, slices: Sequence[str], windows: _Windows
) -> dict[_Place, list[Said]]:
    cells: dict[_Place, list[tuple[Cell, int]]] = {}
    if slices:
        for slice_name, name, *key, n in await connection.fetch(_PEOPLE, slices, *_columns(windows)):
            cells.setdefault((slice_name, name), []).append((Cell(0, "pair", *key), n))
    return {place: of_people(some) for place, some in cells.items()}


def _places(slices: Sequence[str]) -> dict[_Place, Any]:
    return {(slice_name, window): [] for slice_name in slices for window in WINDOWS}


def _columns(windows: _Windows) -> Iterable[list[Any]]:
    return map(list, zip(*windows, strict=True))


async def _ages(connection: Connection, slices: Sequence[str], as_of: datetime) -> dict[str, Said]:
    ages: dict[str, Said] = {}
    for slice_name, oldest in await connection.fetch(_OLDEST, slices):
        if oldest is None:
            age = Statistic.undefined("no task is open", n_units=0)
        else:
            waited_s = max(0.0, (as_of - oldest).total_seconds())
            age = Statistic.unbounded(waited_s, n_units=1, bounds_reason="it is one task's, not an estimate")
        ages[slice_name] = said_of("queue_age_s", "", age)
    return ages


def _event(
    slice_name: str, name: Window, as_of: datetime, some: Sequence[Said]
) -> tuple[str, MetricsUpdated]:
    """Return the event of a slice and window, and what it says as a hash."""
    telling = told_of(some)
    said = sha256(b"\n".join([one.text for one in telling])).hexdigest()
    event = MetricsUpdated(
        event_id=derived_id("metrics", slice_name, name, as_of.isoformat(), said),
        occurred_at=as_of,
        source="prefstream/metrics",
        subject=slice_name,
        correlation_id=slice_name,
        stage_version="1",
        slice=slice_name,
        window=name,
        as_of=as_of,
        measurements=tuple([one.measurement for one in telling]),
    )
    return said, event


def told_of(some: Sequence[Said]) -> Sequence[Said]:
    """Return the figures that an event says: of pairs of people those with the most pairs in common.

    People pair up quadratically, and an event must stay small; the table has every pair.
    """
    of_two = [one for one in some if one.statistic == OF_PEOPLE]
    if not of_two:
        return some
    most = sorted(of_two, key=lambda one: (-one.measurement.n, one.subject))[:MOST_PEOPLE_SAID]
    others = [one for one in some if one.statistic != OF_PEOPLE]
    return [*sorted(most, key=lambda one: one.subject), *others]
