"""Figures of slices now and over time, and the pairs behind them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import asyncpg

from prefstream.adapters.postgres.connection import Connection
from prefstream.domain.agreement import Statistic
from prefstream.domain.agreement.compositions import composition_said
from prefstream.domain.trends import Counted, Steps
from prefstream.domain.trends.series import Name
from prefstream.schemas.metrics import Window

Source = Connection | asyncpg.Pool
#: Labels of a stretch whose pairs are looked at: the latest.
_MOST_LABELS: Final = 5000

# One look into the index for each slice, not a walk over all rows.
_SLICES = """
with recursive found as (
  (select slice from slice_metrics order by slice limit 1)
  union all
  select (select m.slice from slice_metrics m where m.slice > f.slice order by m.slice limit 1)
  from found f where f.slice is not null
)
select slice from found where slice is not null
"""
# Rows of two people each are many: the index passes over statistics that nobody asks for.
_NOW = """
select slice, statistic, subject, value, low, high, standard_error, reason, n from slice_metrics
where slice = any($1::text[]) and window_name = $2 and statistic = any($3::text[])
"""
_AS_OF = "select max(as_of) from slice_refreshes where slice = any($1::text[])"
_OLDEST = """
select min(o.since) from unnest($1::text[]) as s (slice) cross join lateral (
  select since from measure_rollups r where r.slice = s.slice and r.span = 'hour' order by since limit 1
) o
"""
_UNITS_OF_SPANS = """
select slice, $3::int + (since - $3) / $4 * $4 as step, kind, category_i as said, sum(n)::bigint as n
from agreement_rollups where slice = any($1::text[]) and span = $2 and since >= $3 and since < $5
  and kind in ('nominal', 'ordinal') and kind = any($6::text[])
group by 1, 2, 3, 4
"""
_UNITS_OF_MINUTES = """
select slice, $3::int + (minute - $3) / $4 * $4 as step, kind, category_i as said, sum(n)::bigint as n
from agreement_cells where slice = any($1::text[]) and $2 = 'minute' and minute >= $3 and minute < $5
  and kind in ('nominal', 'ordinal') and kind = any($6::text[])
group by 1, 2, 3, 4
"""
_WORK_OF_SPANS = """
select slice, $3::int + (since - $3) / $4 * $4 as step, measure, key, sum(n)::bigint as n
from measure_rollups where slice = any($1::text[]) and span = $2 and since >= $3 and since < $5
group by 1, 2, 3, 4
"""
# The condition is that of an index.
_LINES_OF_SPANS = _WORK_OF_SPANS.replace(
    "group by",
    "and (measure in ('judge_audited', 'judge_all') or (measure = 'funnel' and key = 'labels')) group by",
)
_WORK_OF_MINUTES = """
select slice, $3::int + (minute - $3) / $4 * $4 as step, measure, key, sum(n)::bigint as n
from (
  select slice, minute, measure, key, n from measure_buckets
  union all select slice, minute, 'funnel', counter, n from funnel_buckets
) as c
where slice = any($1::text[]) and $2 = 'minute' and minute >= $3 and minute < $5
group by 1, 2, 3, 4
"""
_BEHIND = """
with seen as (
  select l.pair_id, l.verdict, l.annotator, l.occurred_at from labels l
  where l.slice = $1 and l.occurred_at >= $2 and l.occurred_at < $3 and l.withdrawn_at is null
  order by l.occurred_at desc limit $4
), told as (
  select pair_id, count(*) as labels, max(occurred_at) as latest from seen group by pair_id
), standing as (
  select t.pair_id, array_agg(distinct case
      when l.verdict like 'A>%' then 'A' when l.verdict like 'B>%' then 'B' else l.verdict
    end) filter (where l.verdict <> 'unsure') as said,
    count(distinct l.annotator) as people
  from told t join labels l on l.pair_id = t.pair_id and l.withdrawn_at is null group by t.pair_id
)
select t.pair_id, t.latest, s.said, s.people, p.status, p.audit, p.judge_label, p.label,
  coalesce(cardinality(s.said), 0) > 1 as disputed,
  coalesce(p.judge_label <> p.label and p.method <> 'judge', false) as against_judge
from told t join standing s using (pair_id) left join pairs p using (pair_id)
order by disputed desc, against_judge desc, t.latest desc, t.pair_id limit $5
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Behind:
    """A pair behind a point."""

    pair_id: str
    #: Its last label in the stretch.
    latest: datetime
    #: Answers that people gave, A, B, tie or both bad, each once.
    said: tuple[str, ...]
    people: int
    status: str | None
    audit: bool | None
    judge_label: str | None
    label: str | None
    #: People did not all say the same.
    disputed: bool
    #: What people resolved is not what the judge said.
    against_judge: bool


async def slices(source: Source) -> Sequence[str]:
    """Return the slices of which there are figures, by name."""
    return [row["slice"] for row in await source.fetch(_SLICES)]


async def figures_now(
    source: Source, names: Collection[str], window: Window, wanted: Sequence[Name]
) -> dict[str, dict[Name, Statistic]]:
    """Return the latest figures of slices in a window.

    Args:
        source: The database.
        names: The slices.
        window: The window.
        wanted: The figures, each by its statistic and subject.
    """
    asked, statistics = frozenset(wanted), sorted({statistic for statistic, _ in wanted})
    found: dict[str, dict[Name, Statistic]] = {name: {} for name in names}
    rows = await source.fetch(_NOW, list(names), window, statistics)
    for slice_name, statistic, subject, value, low, high, standard_error, reason, n in rows:
        if (statistic, subject) in asked:
            found[slice_name][statistic, subject] = Statistic(
                value=value, low=low, high=high, standard_error=standard_error, reason=reason, n_units=n
            )
    return found


async def as_of(source: Source, names: Collection[str]) -> datetime | None:
    """Return the event time up to which the figures of these slices go."""
    at: datetime | None = await source.fetchval(_AS_OF, list(names))
    return at


async def oldest(source: Source, names: Collection[str]) -> int | None:
    """Return the first minute of which these slices count anything, to the hour."""
    minute: int | None = await source.fetchval(_OLDEST, list(names))
    return minute


async def counted(
    source: Source,
    names: Collection[str],
    steps: Steps,
    *,
    kinds: Collection[str] = ("nominal", "ordinal"),
    everything: bool = True,
) -> Mapping[str, dict[int, Counted]]:
    """Return what slices counted in each step, by the step's first minute.

    Args:
        source: The database.
        names: The slices.
        steps: The steps.
        kinds: Scales on which units are counted.
        everything: All that is counted; else what lines are drawn of: judges beside people, and labels.
    """
    by_minute = steps.span == "minute"
    stretch = (list(names), steps.span, steps.since, steps.length, steps.until)
    found: dict[str, dict[int, Counted]] = {name: {} for name in names}
    units = _UNITS_OF_MINUTES if by_minute else _UNITS_OF_SPANS
    for slice_name, step, kind, said, n in await source.fetch(units, *stretch, list(kinds)):
        one = found[slice_name].setdefault(step, Counted())
        scale = one.nominal if kind == "nominal" else one.ordinal
        composition = composition_said(said)
        scale[composition] = scale.get(composition, 0) + n
    work = _WORK_OF_MINUTES if by_minute else _WORK_OF_SPANS if everything else _LINES_OF_SPANS
    for slice_name, step, measure, key, n in await source.fetch(work, *stretch):
        found[slice_name].setdefault(step, Counted()).work[measure, key] = n
    return found


async def behind(
    source: Source, slice_name: str, since: datetime, until: datetime, *, most: int
) -> Sequence[Behind]:
    """Return pairs of a slice that were labelled in a stretch of time, those in dispute first."""
    rows: Sequence[Any] = await source.fetch(_BEHIND, slice_name, since, until, _MOST_LABELS, most)
    return [Behind(**{**row, "said": tuple(sorted(row["said"] or ()))}) for row in rows]
