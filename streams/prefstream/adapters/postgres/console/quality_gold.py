"""Gold questions: the pool, what people answered, and which of them a person may still be asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import asyncpg
import orjson

from prefstream.adapters.postgres.connection import Connection
from prefstream.domain.reliability import GoldAnswer
from prefstream.schemas.values import Provenance, Verdict

_ADD = """
insert into gold_items (pair_id, slice, expected, why, clauses, active, added_by, added_at, retired_by,
  retired_at) values ($1, $2, $3, $4, $5, true, $6, $7, null, null)
on conflict (pair_id) do update set expected = excluded.expected, why = excluded.why,
  clauses = excluded.clauses, active = true, added_by = excluded.added_by, added_at = excluded.added_at,
  retired_by = null, retired_at = null
"""
_RETIRE = """
update gold_items set active = false, retired_by = $2, retired_at = $3 where pair_id = $1 and active
returning slice
"""
_ALL = """
select g.pair_id, g.slice, g.expected, g.why, g.clauses, g.active, g.added_by, g.added_at, g.retired_by,
  g.retired_at, coalesce(a.answers, 0) as answers, coalesce(a.correct, 0) as correct
from gold_items g left join lateral (
  select count(*) as answers, count(*) filter (where correct) as correct from gold_answers
  where pair_id = g.pair_id and undone_at is null and not training
) a on true
where ($1::text is null or slice = $1) and ($2::boolean is null or active = $2)
order by slice, pair_id
"""
_ONE = """
select pair_id, slice, expected, why, clauses, active, added_by, added_at, retired_by, retired_at
from gold_items where pair_id = $1
"""
#: Whoever was asked a pair before, as gold or in work, or has labelled it elsewhere, is not asked again.
_UNSEEN = """
select g.pair_id, g.slice from gold_items g
where g.active and ($2::text[] is null or g.slice = any($2))
  and not exists (select from leases l where l.pair_id = g.pair_id and l.person_id = $1)
  and not exists (select from labels l where l.pair_id = g.pair_id and l.annotator = $1)
"""
#: In training any question may come, those first that were answered longest ago or never.
_TRAINING = """
select g.pair_id, g.slice from gold_items g left join lateral (
  select max(a.answered_at) as at from gold_answers a where a.person_id = $1 and a.pair_id = g.pair_id
) a on true
where g.active and ($2::text[] is null or g.slice = any($2))
  and not exists (
    select from leases l where l.pair_id = g.pair_id and l.person_id = $1 and l.ended_at is null)
order by a.at nulls first, g.pair_id limit 1
"""
_ANSWER = """
insert into gold_answers (event_id, person_id, pair_id, slice, verdict, expected, correct, sides, seconds,
  training, told, answered_at, provenance)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
on conflict do nothing
"""
_ANSWERS = """
select event_id::text as id, correct as "right", answered_at as at from gold_answers
where person_id = $1 and undone_at is null and not training and ($2::timestamptz is null or answered_at > $2)
order by answered_at, event_id
"""
_SUGGESTED = """
select p.pair_id, p.slice, p.label as expected, p.method, p.labels, p.resolved_at
from pairs p
where p.resolution_id is not null and p.slice is not null and p.proposed_id is not null
  and (p.method = 'adjudication' or (p.method = 'consensus' and p.labels >= 3))
  and ($1::text is null or p.slice = $1)
  and not exists (select from gold_items g where g.pair_id = p.pair_id)
order by p.method = 'adjudication' desc, p.labels desc, p.resolved_at desc, p.pair_id limit $2
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldItem:
    """A pair with a known answer."""

    pair_id: str
    slice: str
    expected: Verdict
    why: str
    clauses: tuple[str, ...]
    active: bool
    added_by: str
    added_at: datetime
    retired_by: str | None = None
    retired_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenAnswer:
    """An answer to a gold question, with all that is kept of it."""

    event_id: str
    person_id: str
    pair_id: str
    slice: str
    verdict: Verdict
    expected: Verdict
    correct: bool
    sides: Literal["ab", "ba"]
    seconds: float | None
    training: bool
    #: Whether the person was told what is right.
    told: bool
    answered_at: datetime
    provenance: Provenance


async def pair_known(source: Connection | asyncpg.Pool, pair_id: str) -> dict[str, Any] | None:
    """Return slice and label of a pair whose texts are in the archive."""
    row = await source.fetchrow(
        "select slice, label, provenance from pairs where pair_id = $1 and proposed_id is not null", pair_id
    )
    return dict(row) if row else None


async def put(connection: Connection, item: GoldItem) -> None:
    """Make a pair a gold question, or one with another answer."""
    await connection.execute(
        _ADD,
        item.pair_id,
        item.slice,
        item.expected,
        item.why,
        orjson.dumps(item.clauses).decode(),
        item.added_by,
        item.added_at,
    )


async def retire(connection: Connection, pair_id: str, *, by: str, at: datetime) -> str | None:
    """Ask a pair no more; return its slice, or `None` where it is not asked."""
    slice_name: str | None = await connection.fetchval(_RETIRE, pair_id, by, at)
    return slice_name


async def item(source: Connection | asyncpg.Pool, pair_id: str) -> GoldItem | None:
    """Return a gold question, retired or not."""
    row = await source.fetchrow(_ONE, pair_id)
    return _item(row) if row else None


async def items(
    source: Connection | asyncpg.Pool, *, slice_name: str | None = None, active: bool | None = None
) -> list[dict[str, Any]]:
    """Return the pool, each question with how often it was answered and how often rightly."""
    rows = await source.fetch(_ALL, slice_name, active)
    return [dict(row) | {"clauses": orjson.loads(row["clauses"])} for row in rows]


async def suggested(
    source: Connection | asyncpg.Pool, *, slice_name: str | None = None, most: int = 20
) -> list[dict[str, Any]]:
    """Return pairs that would make gold questions: adjudicated ones, then those that three agree on."""
    return [dict(row) for row in await source.fetch(_SUGGESTED, slice_name, most)]


async def unseen(
    connection: Connection, person_id: str, slices: Sequence[str] | None
) -> dict[str, list[str]]:
    """Return, by slice, the gold pairs that a person was never asked and never labelled."""
    found: dict[str, list[str]] = {}
    for row in await connection.fetch(_UNSEEN, person_id, slices):
        found.setdefault(row["slice"], []).append(row["pair_id"])
    return found


async def training_item(
    connection: Connection, person_id: str, slices: Sequence[str] | None
) -> tuple[str, str] | None:
    """Return pair and slice of the next training question."""
    row = await connection.fetchrow(_TRAINING, person_id, slices)
    return (row["pair_id"], row["slice"]) if row else None


async def note(connection: Connection, answer: GivenAnswer) -> bool:
    """Keep an answer; return whether it is a new one."""
    said: str = await connection.execute(
        _ANSWER,
        answer.event_id,
        answer.person_id,
        answer.pair_id,
        answer.slice,
        answer.verdict,
        answer.expected,
        answer.correct,
        answer.sides,
        answer.seconds,
        answer.training,
        answer.told,
        answer.answered_at,
        answer.provenance,
    )
    return said.endswith(" 1")


async def taught(connection: Connection, person_id: str, pair_id: str) -> bool:
    """Return whether a person was told the answer in training."""
    query = "select exists (select from gold_answers where person_id = $1 and pair_id = $2 and told)"
    return bool(await connection.fetchval(query, person_id, pair_id))


async def take_back(connection: Connection, event_id: str) -> None:
    """Forget an answer that its author took back; one that was told what is right stays."""
    await connection.execute(
        "update gold_answers set undone_at = now() where event_id = $1 and not told", event_id
    )


async def answers(
    source: Connection | asyncpg.Pool, person_id: str, *, since: datetime | None = None
) -> list[GoldAnswer]:
    """Return the answers of a person that count in the test, in the order in which they came."""
    return [GoldAnswer(**row) for row in await source.fetch(_ANSWERS, person_id, since)]


def _item(row: asyncpg.Record) -> GoldItem:
    clauses = tuple(orjson.loads(row["clauses"]))
    return GoldItem(**dict(row) | {"expected": Verdict(row["expected"]), "clauses": clauses})
