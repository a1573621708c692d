"""What people's labels change: label rows, agreement cells, label counts and the tasks left to do.

The caller has upserted the rows of all pairs concerned and so holds their locks: of two sinks that
bring a pair's labels and its slice at the same time, the second sees what the first wrote.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import orjson

from prefstream.adapters.postgres.connection import Connection
from prefstream.adapters.postgres.projections.changes import MINUTE_US, Bucket
from prefstream.adapters.postgres.projections.copying import (
    bool_field,
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
from prefstream.domain.measures import of_label
from prefstream.schemas.labels import LabelSubmitted, LabelWithdrawn
from prefstream.schemas.values import Verdict

#: What the upsert of pairs hands back for pairs that people labelled or are asked to label.
UNIT_COLUMNS = (
    "pair_id, slice, labels, withdrawals, labels_needed, "
    # Who does not say how many a round needs asks for one more.
    "case when reviews_needed > 0 then reviews_needed else review_disputes end as reviews_needed, "
    "case when adjudications_needed > 0 then adjudications_needed else adjudication_disputes end "
    "as adjudications_needed, "
    # What the judge alone resolved is open again once its acceptance was taken back; what people
    # resolved, once a later dispute took that back.
    "resolution_id is not null and (reopened_id is null or method <> 'judge') "
    "and (dispute_id is null or disputed_at <= resolved_at) as resolved, "
    "coalesce(reopened_priority, priority, 0) as priority, "
    "coalesce(reopened_at, routed_at, disputed_at) as asked_at, disputed_at"
)
_KNOWN = """
select event_id::text, pair_id, slice, annotator,
       case when needs_specialist then 'unsure' else verdict end, round,
       (extract(epoch from occurred_at) * 1000000)::bigint, sides, clauses <> '[]', withdrawn_at is not null
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
    "needs_specialist",
    "error_category",
    "quotes",
    "refinement",
)
_MOVE_LABELS = """
update labels l set slice = u.slice from unnest($1::text[], $2::text[]) as u (pair_id, slice)
where l.pair_id = u.pair_id and l.slice is distinct from u.slice
"""
# Of several withdrawals of a label the earliest holds.
_REMEMBER = """
insert into withdrawals as w
  (pair_id, label_id, withdrawn_at, withdrawal_id, withdrawn_by, withdrawn_reason)
select distinct on (pair_id, label_id) * from unnest(
  $1::text[], $2::uuid[], $3::timestamptz[], $4::uuid[], $5::text[], $6::text[])
  as u (pair_id, label_id, withdrawn_at, withdrawal_id, withdrawn_by, withdrawn_reason)
order by pair_id, label_id, withdrawn_at, withdrawal_id
on conflict (pair_id, label_id) do update
set withdrawn_at = excluded.withdrawn_at, withdrawal_id = excluded.withdrawal_id,
    withdrawn_by = excluded.withdrawn_by, withdrawn_reason = excluded.withdrawn_reason
where (excluded.withdrawn_at, excluded.withdrawal_id) < (w.withdrawn_at, w.withdrawal_id)
"""
_WITHDRAWN = "select pair_id, label_id::text from withdrawals where pair_id = any($1::text[])"
_WITHDRAW = """
update labels l set withdrawn_at = w.withdrawn_at, withdrawal_id = w.withdrawal_id,
  withdrawn_by = w.withdrawn_by, withdrawn_reason = w.withdrawn_reason
from withdrawals w
where w.pair_id = any($1::text[]) and l.event_id = w.label_id and l.pair_id = w.pair_id
  and l.withdrawal_id is distinct from w.withdrawal_id
"""
_UPSERT_TASKS = """
insert into tasks as t (pair_id, round, slice, needed, have, open, priority, opened_at)
select * from unnest($1::text[], $2::text[], $3::text[], $4::int[], $5::int[], $6::bool[], $7::int[],
                     $8::timestamptz[])
on conflict (pair_id, round) do update
set slice = excluded.slice, needed = excluded.needed, have = excluded.have, open = excluded.open,
    priority = excluded.priority, opened_at = excluded.opened_at
where (t.slice, t.needed, t.have, t.open, t.priority, t.opened_at) is distinct from
  (excluded.slice, excluded.needed, excluded.have, excluded.open, excluded.priority, excluded.opened_at)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A pair as its labels see it, after this batch."""

    pair_id: str
    #: `None` until the pair's proposal is known.
    slice: str | None
    labels: int
    labels_needed: int
    reviews_needed: int
    adjudications_needed: int
    resolved: bool
    #: Withdrawals that came, of whatever labels.
    withdrawals: int = 0
    #: Its place in the queue, the highest first; 0 until a route gives one.
    priority: int = 0
    #: When people were first asked, and when they last disagreed.
    asked_at: datetime | None = None
    disputed_at: datetime | None = None


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
    sides: str
    #: Whether it names a clause.
    cites: bool
    withdrawn: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitChanges:
    """What to add to the buckets."""

    cells: Mapping[tuple[str, Cell], int]
    labels: Mapping[tuple[str, int, str], int]
    measures: Mapping[Bucket, int]


async def project_units(
    connection: Connection,
    units: Collection[Unit],
    arrivals: Mapping[str, Sequence[LabelSubmitted]],
    withdrawals: Mapping[str, Sequence[LabelWithdrawn]],
) -> UnitChanges:
    """Write labels and tasks of the units and return what their labels add to the buckets.

    Args:
        connection: Holds the locks of the units' pairs.
        units: Every unit with an arrival, a slice that may have changed, or a task that may have.
        arrivals: New labels by pair.
        withdrawals: Labels that count no more, by pair, whether or not they have come.
    """
    await _remember(connection, withdrawals)
    known = await _known(connection, units, arrivals)
    withdrawn = await _withdrawn(connection, units)
    before = {pair_id: [label for label in some if not label.withdrawn] for pair_id, some in known.items()}
    after = {
        unit.pair_id: _after(unit, before[unit.pair_id], arrivals, withdrawn.get(unit.pair_id, ()))
        for unit in units
    }
    slices = {unit.pair_id: unit.slice for unit in units}
    await _write_labels(connection, slices, arrivals)
    moved = [unit for unit in units if any(label.slice != unit.slice for label in known[unit.pair_id])]
    if moved:
        await connection.execute(_MOVE_LABELS, [one.pair_id for one in moved], [one.slice for one in moved])
    if withdrawn:
        await connection.execute(_WITHDRAW, list(withdrawn))
    await _write_tasks(connection, [task for unit in units for task in tasks_of(unit, after[unit.pair_id])])
    return _bucketed((before[pair_id], after[pair_id]) for pair_id in after)


def tasks_of(unit: Unit, labels: Iterable[Label]) -> list[tuple[Any, ...]]:
    """Return the rows of the unit's tasks: one per round that people are asked for.

    A round has as many labels as people gave one in it that stands. There is no task before the pair's
    texts are known, and none is open while the pair has a label.
    """
    if unit.slice is None:
        return []
    annotators: dict[str, set[str]] = {}
    for label in labels:
        annotators.setdefault(label.round, set()).add(label.annotator)
    asked = (
        ("annotate", unit.labels_needed, unit.asked_at),
        ("review", unit.reviews_needed, unit.disputed_at),
        ("adjudicate", unit.adjudications_needed, unit.disputed_at),
    )
    rows = []
    for round_name, needed, opened_at in asked:
        have = len(annotators.get(round_name, ()))
        if needed:
            still_open = have < needed and not unit.resolved
            told = (unit.pair_id, round_name, unit.slice, needed, have, still_open, unit.priority, opened_at)
            rows.append(told)
    return rows


async def _remember(connection: Connection, withdrawals: Mapping[str, Sequence[LabelWithdrawn]]) -> None:
    rows = [
        (event.pair_id, event.label_id, event.occurred_at, event.event_id, event.by, event.reason)
        for some in withdrawals.values()
        for event in some
    ]
    if rows:
        await connection.execute(_REMEMBER, *map(list, zip(*rows, strict=True)))


async def _known(
    connection: Connection, units: Collection[Unit], arrivals: Mapping[str, Sequence[LabelSubmitted]]
) -> dict[str, list[Label]]:
    """Return the labels that came before, withdrawn or not."""
    known: dict[str, list[Label]] = {unit.pair_id: [] for unit in units}
    earlier = [unit.pair_id for unit in units if unit.labels > len(arrivals.get(unit.pair_id, ()))]
    if earlier:
        for row in await connection.fetch(_KNOWN, earlier):
            label = Label(*row)
            known[label.pair_id].append(label)
    return known


async def _withdrawn(connection: Connection, units: Collection[Unit]) -> dict[str, set[str]]:
    """Return the ids of labels that count no more, by pair."""
    pair_ids = [unit.pair_id for unit in units if unit.withdrawals]
    found: dict[str, set[str]] = {}
    if pair_ids:
        for pair_id, label_id in await connection.fetch(_WITHDRAWN, pair_ids):
            found.setdefault(pair_id, set()).add(label_id)
    return found


def _after(
    unit: Unit,
    before: Iterable[Label],
    arrivals: Mapping[str, Sequence[LabelSubmitted]],
    withdrawn: Collection[str],
) -> list[Label]:
    new = [_label(event, unit.slice) for event in arrivals.get(unit.pair_id, ())]
    both = [*(label._replace(slice=unit.slice) for label in before), *new]
    return [label for label in both if label.event_id not in withdrawn] if withdrawn else both


def _label(event: LabelSubmitted, slice_name: str | None) -> Label:
    at_us = microseconds(event.occurred_at)
    # Whoever wants somebody who knows more is not sure, whatever else they say.
    verdict = Verdict.UNSURE if event.needs_specialist else event.verdict
    return Label(
        event.event_id,
        event.pair_id,
        slice_name,
        event.annotator,
        verdict,
        event.round,
        at_us,
        event.sides,
        bool(event.clauses),
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
        bool_field(value=event.needs_specialist),
        name_field(event.error_category),
        json_field(orjson.dumps([quote.model_dump() for quote in event.quotes])),
        json_field(orjson.dumps(event.refinement.model_dump()) if event.refinement else None),
    )
    return b"".join(fields)


async def _write_tasks(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    if rows:
        await connection.execute(_UPSERT_TASKS, *map(list, zip(*sorted(rows), strict=True)))


def _bucketed(units: Iterable[tuple[Sequence[Label], Sequence[Label]]]) -> UnitChanges:
    cells: dict[tuple[str, Cell], int] = {}
    counts: dict[tuple[str, int, str], int] = {}
    measures: dict[Bucket, int] = {}
    for before, after in units:
        for slice_name in {label.slice for label in (*before, *after)}:
            old = [label for label in before if label.slice == slice_name]
            new = [label for label in after if label.slice == slice_name]
            if slice_name is None or _same(old, new):
                continue
            for cell, n in change(map(_unit_label, old), map(_unit_label, new)).items():
                cells[slice_name, cell] = cells.get((slice_name, cell), 0) + n
            for label, n in [*((label, -1) for label in old), *((label, 1) for label in new)]:
                minute = label.at_us // MINUTE_US
                bucket = slice_name, minute, "labels"
                counts[bucket] = counts.get(bucket, 0) + n
                for count in of_label(label.verdict, label.sides, label.cites):
                    place = slice_name, minute, count
                    measures[place] = measures.get(place, 0) + n
    return UnitChanges(cells=cells, labels=counts, measures=measures)


def _same(old: Sequence[Label], new: Sequence[Label]) -> bool:
    """Return whether these are the same labels, whose content never changes."""
    return len(old) == len(new) and {one.event_id for one in old} == {one.event_id for one in new}


def _unit_label(label: Label) -> UnitLabel:
    return UnitLabel(
        annotator=label.annotator,
        category=label.verdict,
        minute=label.at_us // MINUTE_US,
        order=(label.at_us, label.event_id),
    )
