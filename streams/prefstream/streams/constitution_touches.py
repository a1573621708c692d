"""What an edit of the constitution touches, counted in the database."""

import asyncio
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

import asyncpg
import orjson

from prefstream.adapters.constitutions import read_file, sound
from prefstream.adapters.postgres.connection import pool_of
from prefstream.adapters.postgres.opening import stream_opened
from prefstream.adapters.settings import Settings
from prefstream.agents.judges.rubric import system_prompt
from prefstream.domain.constitution.differences import changed_clauses, differences
from prefstream.domain.constitution.touches import Extent, Prices, again
from prefstream.schemas.codec import ERASED
from prefstream.schemas.constitutions import Constitution
from prefstream.streams.constitution_files import change_document
from prefstream.streams.constitution_versions import chosen, published_versions
from prefstream.streams.places import find_places, open_log

#: The archive of years may have to be read through.
TIMEOUT_S = 3600.0
_SLOW_S = 2.0
# What votes say stands in sealed content, which the database cannot read.
_JUDGEMENTS = """
select p.pair_id, a.value from pairs p join archive a on a.event_id = p.judgement_id
where p.constitution_id = $1
"""
_TOUCHED = """
with judged as (
  select pair_id, slice, judgement_id, reasons,
    resolution_id is not null and status <> 'disputed' as resolved
  from pairs where constitution_id = $1 and judgement_id is not null
), marked as (
  select j.pair_id, j.slice, j.resolved,
    j.pair_id = any($3) as by_vote,
    exists (
      select from jsonb_array_elements(j.reasons) r where r ->> 'clause' = any($2)
    ) as by_route,
    exists (
      select from labels l where l.pair_id = j.pair_id and l.withdrawn_at is null and l.clauses ?| $2
    ) as by_label
  from judged j
)
select m.slice, count(*) as pairs, count(*) filter (where m.resolved) as resolved,
  count(*) filter (where m.by_vote) as by_votes, count(*) filter (where m.by_route) as by_routes,
  count(*) filter (where m.by_label) as by_labels,
  coalesce(sum((select count(*) from tasks t where t.pair_id = m.pair_id and t.open)), 0)::int as open_tasks,
  coalesce(sum((
    select count(*) from labels l where l.pair_id = m.pair_id and l.withdrawn_at is null
  )), 0)::int as human_labels
from marked m where m.by_vote or m.by_route or m.by_label group by m.slice order by m.slice
"""
_JUDGED = "select count(*) from pairs where constitution_id = $1 and judgement_id is not null"
# Judges are paid per call; a pair that several judges read has several.
_PRICES = """
select
  (select count(distinct subject) from journal
   where purpose in ('judging', 'critique') and cost_nanousd is not null and subject <> '') as priced,
  (select coalesce(sum(cost_nanousd), 0)::bigint from journal
   where purpose in ('judging', 'critique') and cost_nanousd is not null and subject <> '') as cost_nanousd,
  (select count(*) from pairs where cost_nanousd > 0) as priced_pairs,
  (select coalesce(sum(cost_nanousd), 0)::bigint from pairs where cost_nanousd > 0) as pairs_nanousd,
  (select count(*) from labels where seconds is not null) as timed,
  (select coalesce(sum(seconds), 0) from labels where seconds is not null) as seconds
"""


async def touches(path: Path, *, when_slow: Callable[[], None]) -> dict[str, Any]:
    """Return what it would mean to put the constitution of a file in force instead of the present one.

    Args:
        path: The constitution as it is to be.
        when_slow: Called once if it takes longer than people wait without a word.

    Raises:
        BadInput: The file is no constitution.
        Unavailable: Nothing runs here.
    """
    new = sound(read_file(path))
    settings = Settings()
    places = find_places(settings)
    async with (
        pool_of(places.dsn.get_secret_value(), size=2) as pool,
        open_log(places, partitions=settings.partitions) as log,
    ):
        old = chosen(await published_versions(log), None).constitution
        told = asyncio.get_running_loop().call_later(_SLOW_S, when_slow)
        try:
            return await touched(pool, old, new)
        finally:
            told.cancel()


async def touched(pool: asyncpg.Pool, old: Constitution, new: Constitution) -> dict[str, Any]:
    """Return what the edit from one constitution to another touches."""
    changes = differences(old, new)
    clauses = sorted(changed_clauses(changes))
    prompt_changes = system_prompt(old) != system_prompt(new)
    extent = await extent_of(pool, old.id, clauses)
    redone = again(extent, await prices_of(pool), prompt_changes=prompt_changes)
    return {
        "from": old.id,
        "to": new.id,
        "changes": [change_document(change) for change in changes],
        "changed_clauses": clauses,
        "judge_prompt_changes": prompt_changes,
        "judged_pairs": extent.judged,
        "cited_by": {"votes": extent.by_votes, "routes": extent.by_routes, "labels": extent.by_labels},
        "pairs": extent.pairs,
        "resolved_labels": extent.resolved,
        "open_tasks": extent.open_tasks,
        "slices": dict(extent.slices),
        "judge_again": {
            "pairs": redone.pairs,
            "cost_usd": redone.cost_usd,
            "cost_reason": redone.cost_reason,
        },
        "label_again": {
            "labels": redone.labels,
            "minutes": redone.minutes,
            "minutes_reason": redone.minutes_reason,
        },
    }


async def extent_of(pool: asyncpg.Pool, constitution_id: str, clauses: Collection[str]) -> Extent:
    """Return what was judged under a constitution and, of that, what rests on some clauses."""
    judged = int(await pool.fetchval(_JUDGED, constitution_id, timeout=TIMEOUT_S))
    voted = await _cited_by_votes(pool, constitution_id, frozenset(clauses)) if clauses else []
    asked = (constitution_id, list(clauses), voted)
    rows = await pool.fetch(_TOUCHED, *asked, timeout=TIMEOUT_S) if clauses else []

    def total(name: str) -> int:
        return sum(row[name] for row in rows)

    return Extent(
        judged=judged,
        by_votes=total("by_votes"),
        by_routes=total("by_routes"),
        by_labels=total("by_labels"),
        pairs=total("pairs"),
        resolved=total("resolved"),
        open_tasks=total("open_tasks"),
        human_labels=total("human_labels"),
        slices={row["slice"]: row["pairs"] for row in rows},
    )


async def _cited_by_votes(pool: asyncpg.Pool, constitution_id: str, clauses: Collection[str]) -> list[str]:
    """Return the pairs whose votes say something under one of the clauses; erased ones say nothing."""
    async with pool.acquire() as connection, connection.transaction(readonly=True):
        return [
            row["pair_id"]
            async for row in stream_opened(connection, _JUDGEMENTS, constitution_id, at_once=1000)
            if row["value"] != ERASED and _cites(orjson.loads(row["value"]), clauses)
        ]


def _cites(judgement: Mapping[str, Any], clauses: Collection[str]) -> bool:
    return any(
        said["clause"] in clauses and said["verdict"] != "not_applicable"
        for vote in judgement.get("votes", ())
        for said in vote.get("clause_verdicts", ())
    )


async def prices_of(pool: asyncpg.Pool) -> Prices:
    """Return what judging and labelling have cost: by the journal, else by what the votes say."""
    row = await pool.fetchrow(_PRICES, timeout=TIMEOUT_S)
    assert row is not None  # one row of counts, always
    by_journal = row["priced"] > 0
    return Prices(
        priced=row["priced"] if by_journal else row["priced_pairs"],
        cost_nanousd=row["cost_nanousd"] if by_journal else row["pairs_nanousd"],
        timed=row["timed"],
        seconds=float(row["seconds"]),
    )
