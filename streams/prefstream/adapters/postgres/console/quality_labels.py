"""Labels as they change, for whoever follows them, and the tables of what was learned from them.

A transaction may be over later than another that began after it; so the labels of all transactions that
may not have been over at the last look are read again. Whoever follows must not mind repeats.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg
import orjson

from prefstream.adapters.postgres.connection import Connection
from prefstream.adapters.postgres.opening import fetch_opened
from prefstream.domain.reliability import SliceTables, TablesName

_MARK = "select pg_snapshot_xmin(pg_current_snapshot())::text"
_LABELS = """
select event_id::text, pair_id, slice, annotator, verdict, occurred_at, provenance, needs_specialist,
  withdrawn_at is not null as withdrawn
from labels where changed >= $1::text::xid8 and round = 'annotate' and slice is not null
"""
_GOLD_ANSWERS = """
select event_id::text, pair_id, slice, person_id as annotator, verdict, answered_at as occurred_at,
  provenance, false as needs_specialist, undone_at is not null as withdrawn
from gold_answers where changed >= $1::text::xid8 and not training
"""
_WRITE = """
insert into reliability_slices (slice, classes, shares, strangers, labels, fingerprint, as_of, provenance)
values ($1, $2, $3, $4, $5, $6, $7, $8)
on conflict (slice) do update set classes = excluded.classes, shares = excluded.shares,
  strangers = excluded.strangers, labels = excluded.labels, fingerprint = excluded.fingerprint,
  as_of = excluded.as_of, provenance = excluded.provenance
"""
#: Who labelled, or whose labels changed, since a mark, beyond what their habits were read from.
_BUSY = """
select l.annotator, count(*) as labels from labels l join people p on p.person_id = l.annotator
left join annotator_habits h on h.person_id = l.annotator
where l.changed >= $1::text::xid8 and l.withdrawn_at is null
  and (h.last_label_at is null or l.occurred_at > h.last_label_at)
group by l.annotator
"""
#: Texts of usual length come along; of longer ones their length in bytes is enough.
_WORK = """
select l.event_id::text as id, l.pair_id, l.occurred_at, l.verdict, l.sides, l.seconds, l.round,
  p.judge_label, p.label as resolved, p.method,
  octet_length(a.value) as bytes, case when octet_length(a.value) <= 65536 then a.value end as proposal
from labels l left join pairs p using (pair_id) left join archive a on a.event_id = p.proposed_id
where l.annotator = $1 and l.withdrawn_at is null
order by l.occurred_at desc, l.event_id desc limit $2
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One verdict of a person in the annotate round, or to a gold question."""

    event_id: str
    pair_id: str
    slice: str
    annotator: str
    verdict: str
    occurred_at: datetime
    provenance: str
    needs_specialist: bool
    withdrawn: bool


async def mark(connection: Connection) -> str:
    """Return from where on to read next time; take it before reading."""
    return str(await connection.fetchval(_MARK))


async def said_since(connection: Connection, since: str) -> AsyncIterator[Said]:
    """Yield what was said, or taken back, since a mark; in no order, and some of it again."""
    for query in (_LABELS, _GOLD_ANSWERS):
        async for row in connection.cursor(query, since, prefetch=5000):
            yield Said(**row)


async def gold_known(connection: Connection) -> list[tuple[str, str, str]]:
    """Return slice, pair and expected verdict of all gold questions; retired ones are known too."""
    rows = await connection.fetch("select slice, pair_id, expected from gold_items")
    return [(row["slice"], row["pair_id"], row["expected"]) for row in rows]


async def write(connection: Connection, one: SliceTables) -> None:
    """Write the tables of a slice in place of those before."""
    await connection.execute(
        _WRITE,
        one.slice,
        _json(one.classes),
        _json(one.shares),
        _json(one.strangers),
        one.labels,
        one.fingerprint,
        one.as_of,
        one.provenance,
    )
    await connection.execute("delete from reliability where slice = $1", one.slice)
    await connection.copy_records_to_table(
        "reliability",
        columns=("slice", "annotator", "accuracy", "confusion", "labels"),
        records=[
            (one.slice, annotator, person.accuracy, _json(person.confusion), person.labels)
            for annotator, person in sorted(one.people.items())
        ],
    )


async def forget(connection: Connection, slice_name: str) -> None:
    """Take away the tables of a slice in which no label counts any more."""
    await connection.execute("delete from reliability_slices where slice = $1", slice_name)


async def written(source: Connection | asyncpg.Pool) -> dict[str, TablesName]:
    """Return what names the tables that there are, by slice."""
    rows = await source.fetch("select slice, fingerprint, as_of, provenance from reliability_slices")
    return {row["slice"]: (row["fingerprint"], row["as_of"], row["provenance"]) for row in rows}


async def published(source: Connection | asyncpg.Pool) -> dict[str, tuple[str | None, int]]:
    """Return, by slice, the fingerprint that was published last and from how many labels it was."""
    rows = await source.fetch("select slice, published, published_labels from reliability_slices")
    return {row["slice"]: (row["published"], row["published_labels"] or 0) for row in rows}


async def note_published(source: Connection | asyncpg.Pool, slice_name: str, one: SliceTables) -> None:
    """Remember what was published."""
    await source.execute(
        "update reliability_slices set published = $2, published_labels = $3 where slice = $1",
        slice_name,
        one.fingerprint,
        one.labels,
    )


async def busy(connection: Connection, since: str) -> dict[str, int]:
    """Return who has labelled since a mark, and how often; some of it may have been counted before."""
    return {row["annotator"]: row["labels"] for row in await connection.fetch(_BUSY, since)}


async def answered_gold(connection: Connection, since: str) -> set[str]:
    """Return who has answered gold questions, or took an answer back, since a mark."""
    rows = await connection.fetch(
        "select distinct person_id from gold_answers where changed >= $1::text::xid8", since
    )
    return {row["person_id"] for row in rows}


async def last_work(source: Connection | asyncpg.Pool, person_id: str, *, most: int) -> list[dict[str, Any]]:
    """Return the last labels of a person with what they were shown, the latest first."""
    return await fetch_opened(source, _WORK, person_id, most, columns=("proposal",))


def _json(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
