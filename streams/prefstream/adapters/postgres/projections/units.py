"""What people's labels change: label rows, agreement cells, label counts and the tasks left to do.

The caller has upserted the rows of all pairs concerned and so holds their locks: of two sinks that
bring a pair's labels and its slice at the same time, the second sees what the first wrote.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson

from prefstream.adapters.postgres.connection import Connection
from prefstream.adapters.postgres.projections.changes import MINUTE_US
from prefstream.adapters.postgres.projections.copying import (
    copy_rows,
    count_field,
    float_field,
    instant_field,
    json_field,
    microseconds,
    name_field,
    text_field,
    uuid_bytes,
    uuid_field,
)
from prefstream.domain.agreement import Cell, UnitLabel, change
from prefstream.schemas.labels import LabelSubmitted

#: What the upsert of pairs hands back for pairs that people labelled or are asked to label.
UNIT_COLUMNS = (
    "pair_id, slice, labels, labels_needed, review_disputes, adjudication_disputes, "
    # What the judge alone resolved is open again once its acceptance was taken back.
    "resolution_id is not null and (reopened_id is null or method <> 'judge') as resolved, "
    "coalesce(reopened_priority, priority, 0) as priority"
)
_STANDING = """
select event_id::text, pair_id, slice, annotator, verdict, round,
       (extract(epoch from occurred_at) * 1000000)::bigint
from labels where pair_id = any($1::text[])
"""
_LABEL_COLUMNS = (
    "event_id",
    "pair_id",
    "slice",
    "annotator",
    "verdict",
    "round",
    "occurred_at",
    "seconds",
    "sides",
    "dimensions",
    "clauses",
    "rationale",
    "task_id",
    "provenance",
)
_MOVE_LABELS = """
update labels l set slice = u.slice from unnest($1::text[], $2::text[]) as u (pair_id, slice)
where l.pair_id = u.pair_id and l.slice is distinct from u.slice
"""
_UPSERT_TASKS = """
insert into tasks as t (pair_id, round, slice, needed, have, open, priority)
select * from unnest($1::text[], $2::text[], $3::text[], $4::int[], $5::int[], $6::bool[], $7::int[])
on conflict (pair_id, round) do update
set slice = excluded.slice, needed = excluded.needed, have = excluded.have, open = excluded.open,
    priority = excluded.priority
where (t.slice, t.needed, t.have, t.open, t.priority)
  is distinct from (excluded.slice, excluded.needed, excluded.have, excluded.open, excluded.priority)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A pair as its labels see it, after this batch."""

    pair_id: str
    #: `None` until the pair's proposal is known.
    slice: str | None
    labels: int
    labels_needed: int
    review_disputes: int
    adjudication_disputes: int
    resolved: bool
    #: Its place in the queue, the highest first; 0 until a route gives one.
    priority: int = 0


class Label(NamedTuple):
    """A label as far as units care."""

    event_id: str
    pair_id: str
    #: The slice it is counted under; `None`: not yet.
    slice: str | None
    annotator: str
    verdict: str
    round: str
    #: Microseconds since 1970.
    at_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitChanges:
    """What to add to the buckets."""

    cells: Mapping[tuple[str, Cell], int]
    labels: Mapping[tuple[str, int, str], int]


async def project_units(
    connection: Connection, units: Collection[Unit], arrivals: Mapping[str, Sequence[LabelSubmitted]]
) -> UnitChanges:
    """Write labels and tasks of the units and return what their labels add to the buckets.

    Args:
        connection: Holds the locks of the units' pairs.
        units: Every unit with an arrival, a slice that may have changed, or a task that may have.
        arrivals: New labels by pair.
    """
    before = await _standing(connection, units, arrivals)
    after = {unit.pair_id: _after(unit, before[unit.pair_id], arrivals) for unit in units}
    slices = {unit.pair_id: unit.slice for unit in units}
    await _write_labels(connection, slices, arrivals)
    moved = [unit for unit in units if any(label.slice != unit.slice for label in before[unit.pair_id])]
    if moved:
        await connection.execute(_MOVE_LABELS, [one.pair_id for one in moved], [one.slice for one in moved])
    await _write_tasks(connection, [task for unit in units for task in tasks_of(unit, after[unit.pair_id])])
    return _bucketed((before[pair_id], after[pair_id]) for pair_id in after)


def tasks_of(unit: Unit, labels: Iterable[Label]) -> list[tuple[Any, ...]]:
    """Return the rows of the unit's tasks: one per round that people are asked for.

    A round has as many labels as people gave one in it. There is no task before the pair's texts are
    known, and none is open once the pair has a label.
    """
    if unit.slice is None:
        return []
    annotators: dict[str, set[str]] = {}
    for label in labels:
        annotators.setdefault(label.round, set()).add(label.annotator)
    asked = (
        ("annotate", unit.labels_needed),
        ("review", unit.review_disputes),
        ("adjudicate", unit.adjudication_disputes),
    )
    rows = []
    for round_name, needed in asked:
        have = len(annotators.get(round_name, ()))
        if needed:
            still_open = have < needed and not unit.resolved
            rows.append((unit.pair_id, round_name, unit.slice, needed, have, still_open, unit.priority))
    return rows


async def _standing(
    connection: Connection, units: Collection[Unit], arrivals: Mapping[str, Sequence[LabelSubmitted]]
) -> dict[str, list[Label]]:
    standing: dict[str, list[Label]] = {unit.pair_id: [] for unit in units}
    earlier = [unit.pair_id for unit in units if unit.labels > len(arrivals.get(unit.pair_id, ()))]
    if earlier:
        for row in await connection.fetch(_STANDING, earlier):
            label = Label(*row)
            standing[label.pair_id].append(label)
    return standing


def _after(
    unit: Unit, before: Iterable[Label], arrivals: Mapping[str, Sequence[LabelSubmitted]]
) -> list[Label]:
    new = [_label(event, unit.slice) for event in arrivals.get(unit.pair_id, ())]
    return [*(label._replace(slice=unit.slice) for label in before), *new]


def _label(event: LabelSubmitted, slice_name: str | None) -> Label:
    at_us = microseconds(event.occurred_at)
    return Label(
        event.event_id, event.pair_id, slice_name, event.annotator, event.verdict.value, event.round, at_us
    )


async def _write_labels(
    connection: Connection,
    slices: Mapping[str, str | None],
    arrivals: Mapping[str, Sequence[LabelSubmitted]],
) -> None:
    if arrivals:
        rows = (_label_row(event, slices[pair_id]) for pair_id, some in arrivals.items() for event in some)
        await copy_rows(connection, "labels", _LABEL_COLUMNS, rows)


def _label_row(event: LabelSubmitted, slice_name: str | None) -> bytes:
    fields = (
        count_field(len(_LABEL_COLUMNS)),
        uuid_field(uuid_bytes(event.event_id)),
        text_field(event.pair_id),
        name_field(slice_name),
        name_field(event.annotator),
        text_field(event.verdict),
        name_field(event.round),
        instant_field(microseconds(event.occurred_at)),
        float_field(event.seconds),
        name_field(event.sides),
        json_field(orjson.dumps(event.dimensions)),
        json_field(orjson.dumps(event.clauses)),
        text_field(event.rationale),
        text_field(event.task_id),
        text_field(event.provenance),
    )
    return b"".join(fields)


async def _write_tasks(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    if rows:
        await connection.execute(_UPSERT_TASKS, *map(list, zip(*sorted(rows), strict=True)))


def _bucketed(units: Iterable[tuple[Sequence[Label], Sequence[Label]]]) -> UnitChanges:
    cells: dict[tuple[str, Cell], int] = {}
    counts: dict[tuple[str, int, str], int] = {}
    for before, after in units:
        # Labels only come, and move to the slice of their pair: as many under one slice are the same.
        for slice_name in {label.slice for label in (*before, *after)}:
            old = [label for label in before if label.slice == slice_name]
            new = [label for label in after if label.slice == slice_name]
            if slice_name is None or len(old) == len(new):
                continue
            for cell, n in change(map(_unit_label, old), map(_unit_label, new)).items():
                cells[slice_name, cell] = cells.get((slice_name, cell), 0) + n
            for label, n in [*((label, -1) for label in old), *((label, 1) for label in new)]:
                bucket = slice_name, label.at_us // MINUTE_US, "labels"
                counts[bucket] = counts.get(bucket, 0) + n
    return UnitChanges(cells=cells, labels=counts)


def _unit_label(label: Label) -> UnitLabel:
    return UnitLabel(
        annotator=label.annotator,
        category=label.verdict,
        minute=label.at_us // MINUTE_US,
        order=(label.at_us, label.event_id),
    )
