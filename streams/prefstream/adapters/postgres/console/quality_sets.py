"""Calibration sets: drawn once a week, and what people and judges said of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from prefstream.adapters.postgres.connection import Connection
from prefstream.domain.reliability import SetAnswer
from prefstream.schemas.values import Provenance, Verdict

#: What people agreed on or a lead decided, the latest first: a set needs no more to be drawn from.
_CANDIDATES = """
select pair_id, slice, label from pairs
where resolution_id is not null and slice is not null and proposed_id is not null and label is not null
  and (method = 'adjudication' or (method = 'consensus' and labels >= 2))
  and not exists (select from gold_items g where g.pair_id = pairs.pair_id)
order by resolved_at desc, pair_id limit $1
"""
_EARLIER = "select week from calibration_sets where week < $1 order by week desc limit $2"
_JUDGED = """
select i.pair_id, i.slice, i.expected, p.judge_id, p.judge_label, p.provenance
from calibration_items i join pairs p using (pair_id)
where i.week = $1 and p.judge_id is not null and p.judge_label is not null order by i.pair_id
"""
_LEFT = """
select i.pair_id, i.slice from calibration_items i
where i.week = $1 and ($3::text[] is null or i.slice = any($3))
  and not exists (select from calibration_answers a
    where a.week = i.week and a.annotator = $2 and a.pair_id = i.pair_id and a.undone_at is null)
  and not exists (select from leases l where l.pair_id = i.pair_id and l.person_id = $2
    and l.purpose = 'calibration' and l.ended_at is null and l.expires_at > now())
"""
_ANSWER = """
insert into calibration_answers (week, annotator, pair_id, event_id, verdict, correct, judge, seconds,
  answered_at, provenance)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
on conflict (week, annotator, pair_id) do update set event_id = excluded.event_id,
  verdict = excluded.verdict, correct = excluded.correct, seconds = excluded.seconds,
  answered_at = excluded.answered_at, undone_at = null
where calibration_answers.undone_at is not null
"""
_ANSWERS = """
select annotator, pair_id as item, correct as "right", judge from calibration_answers
where week = $1 and undone_at is null
"""
_WEEKS = """
select s.week, s.drawn_at, s.earlier, count(i.pair_id) as items, count(i.pair_id) filter (where i.anchor)
  as anchors from calibration_sets s left join calibration_items i using (week)
group by s.week order by s.week desc limit $1
"""
_ITEMS = "select pair_id, slice, expected, anchor from calibration_items where week = $1 order by pair_id"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A pair that a set may be drawn from."""

    pair_id: str
    slice: str
    expected: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenSetAnswer:
    """An answer to an item of a set, with all that is kept of it."""

    week: str
    annotator: str
    pair_id: str
    event_id: str
    verdict: Verdict
    correct: bool
    answered_at: datetime
    judge: bool = False
    seconds: float | None = None
    provenance: Provenance = Provenance.REAL


async def drawn(source: Connection | asyncpg.Pool, week: str) -> bool:
    """Return whether the week has its set."""
    return bool(await source.fetchval("select exists (select from calibration_sets where week = $1)", week))


async def candidates(source: Connection | asyncpg.Pool, *, most: int) -> list[Candidate]:
    """Return the pairs that a set may be drawn from."""
    return [
        Candidate(pair_id=row["pair_id"], slice=row["slice"], expected=Verdict(row["label"]))
        for row in await source.fetch(_CANDIDATES, most)
    ]


async def earlier_week(source: Connection | asyncpg.Pool, week: str, *, back: int) -> str | None:
    """Return the week of the set `back` sets before, or of the first one there is."""
    rows = await source.fetch(_EARLIER, week, back)
    return str(rows[-1]["week"]) if rows else None


async def items_of(source: Connection | asyncpg.Pool, week: str) -> dict[str, Verdict]:
    """Return the items of a set with what is expected."""
    rows = await source.fetch("select pair_id, expected from calibration_items where week = $1", week)
    return {row["pair_id"]: Verdict(row["expected"]) for row in rows}


async def publish(
    connection: Connection, week: str, items: Iterable[Candidate], *, earlier: str | None, anchors: set[str]
) -> bool:
    """Write a week's set; return `False` where it has one already."""
    said: str = await connection.execute(
        "insert into calibration_sets values ($1, now(), $2) on conflict do nothing", week, earlier
    )
    if not said.endswith(" 1"):
        return False
    await connection.executemany(
        "insert into calibration_items values ($1, $2, $3, $4, $5)",
        [(week, one.pair_id, one.slice, one.expected, one.pair_id in anchors) for one in items],
    )
    return True


async def judged(connection: Connection, week: str) -> list[dict[str, Any]]:
    """Return what judges say, as of now, of the items of a set."""
    return [dict(row) for row in await connection.fetch(_JUDGED, week)]


async def left(
    connection: Connection, week: str, person_id: str, slices: Sequence[str] | None
) -> dict[str, str]:
    """Return the items of a week that a person has not done, with their slices."""
    rows = await connection.fetch(_LEFT, week, person_id, slices)
    return {row["pair_id"]: row["slice"] for row in rows}


async def expected_of(connection: Connection, week: str, pair_id: str) -> Verdict | None:
    """Return what is expected of an item of a set."""
    said = await connection.fetchval(
        "select expected from calibration_items where week = $1 and pair_id = $2", week, pair_id
    )
    return None if said is None else Verdict(said)


async def note(connection: Connection, answer: GivenSetAnswer) -> bool:
    """Keep an answer; return whether it is a new one."""
    said: str = await connection.execute(
        _ANSWER,
        answer.week,
        answer.annotator,
        answer.pair_id,
        answer.event_id,
        answer.verdict,
        answer.correct,
        answer.judge,
        answer.seconds,
        answer.answered_at,
        answer.provenance,
    )
    return said.endswith(" 1")


async def take_back(connection: Connection, event_id: str) -> None:
    """Forget an answer that its author took back."""
    await connection.execute("update calibration_answers set undone_at = now() where event_id = $1", event_id)


async def answers(source: Connection | asyncpg.Pool, week: str | None) -> list[SetAnswer]:
    """Return the answers to a week's set; none without a week."""
    if week is None:
        return []
    return [SetAnswer(**row) for row in await source.fetch(_ANSWERS, week)]


async def weeks(source: Connection | asyncpg.Pool, *, most: int = 52) -> list[dict[str, Any]]:
    """Return the sets there are, the latest first."""
    return [dict(row) for row in await source.fetch(_WEEKS, most)]


async def set_of(source: Connection | asyncpg.Pool, week: str) -> dict[str, Any] | None:
    """Return a set: its items, and which earlier set its anchors are from."""
    row = await source.fetchrow("select week, drawn_at, earlier from calibration_sets where week = $1", week)
    if row is None:
        return None
    found = await source.fetch(_ITEMS, week)
    return dict(row) | {"items": [dict(one) for one in found]}
