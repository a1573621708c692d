"""Tasks other than pairs and their answers, read back from the archive."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import Any, Final, TypeVar, cast

import asyncpg

from prefstream.adapters.postgres.connection import Connection
from prefstream.adapters.postgres.opening import fetch_opened, stream_opened
from prefstream.domain.demonstrations import Answer, Row, preference_row
from prefstream.schemas.codec import ERASED, decode
from prefstream.schemas.demonstrations import TaskKind, TaskProposed
from prefstream.schemas.pairs import PairProposed
from prefstream.schemas.values import Preference

E = TypeVar("E")

#: Records that are fetched at a time.
_AHEAD: Final = 500
_ANSWERS: Final = """
select a.value from task_answers t join archive a using (event_id)
where t.kind = any($1::text[]) and ($2::text is null or t.slice = $2) and t.provenance = any($3::text[])
order by t.occurred_at, t.event_id
"""
_TASKS: Final = """
select a.value from tasks t join archive a on a.event_id = t.proposed_id
where t.round = any($1::text[])
  and exists (select from task_answers s where s.task_id = t.pair_id and s.kind = t.round)
"""
# Of a person's answers to a task the latest.
_ANSWERED: Final = """
with latest as (
  select distinct on (task_id, annotator) event_id, task_id, kind, slice, occurred_at, provenance
  from task_answers where kind = $1 order by task_id, annotator, occurred_at desc, event_id desc
)
select proposal.value as task, answer.value as answer
from latest l
join tasks t on t.pair_id = l.task_id and t.round = l.kind
join archive proposal on proposal.event_id = t.proposed_id
join archive answer on answer.event_id = l.event_id
where ($2::text is null or l.slice = $2) and l.provenance = any($3::text[])
order by l.occurred_at, l.event_id
"""
_RANKED: Final = """
select a.value, p.label from pairs p join archive a on a.event_id = p.proposed_id
where p.strategy = 'ranked' and p.status = 'validated' and ($1::text is null or p.slice = $1)
  and p.provenance = any($2::text[])
  and not exists (select from labels l where l.pair_id = p.pair_id and l.provenance <> all($2::text[]))
order by p.resolved_at, p.resolution_id
"""


async def answers_of(
    pool: asyncpg.Pool,
    kinds: Collection[TaskKind],
    *,
    slice_name: str | None = None,
    provenances: Collection[str],
) -> Sequence[Answer]:
    """Return the answers of some kinds, the oldest first."""
    names = [kind.value for kind in kinds]
    rows = await fetch_opened(pool, _ANSWERS, names, slice_name, list(provenances))
    return [cast("Answer", decode(row["value"])) for row in rows if row["value"] != ERASED]


async def answered_tasks(pool: asyncpg.Pool, kinds: Collection[TaskKind]) -> Mapping[str, TaskProposed]:
    """Return the tasks of some kinds that somebody answered, by id."""
    rows = await fetch_opened(pool, _TASKS, [kind.value for kind in kinds])
    tasks = [cast("TaskProposed", decode(row["value"])) for row in rows if row["value"] != ERASED]
    return {task.task_id: task for task in tasks}


async def answered(
    connection: Connection, kind: TaskKind, *, slice_name: str | None, provenances: Collection[str]
) -> AsyncIterator[tuple[TaskProposed, Any]]:
    """Yield each task of a kind with each person's latest answer, the oldest first.

    Args:
        connection: In a transaction.
        kind: The kind.
        slice_name: This slice only.
        provenances: Answers of these only.
    """
    rows = stream_opened(
        connection,
        _ANSWERED,
        kind.value,
        slice_name,
        list(provenances),
        columns=("task", "answer"),
        at_once=_AHEAD,
    )
    async for row in rows:
        if ERASED not in (row["task"], row["answer"]):
            yield cast("TaskProposed", decode(row["task"])), decode(row["answer"])


async def ranked_pairs(
    connection: Connection, *, slice_name: str | None, provenances: Collection[str]
) -> AsyncIterator[Row]:
    """Yield the preferences that rankings gave and that passed validation, ties left out.

    Args:
        connection: In a transaction.
        slice_name: This slice only.
        provenances: Pairs and labels of these only.
    """
    async for found in stream_opened(connection, _RANKED, slice_name, list(provenances), at_once=_AHEAD):
        if found["value"] == ERASED:
            continue
        pair = cast("PairProposed", decode(found["value"]))
        row = preference_row(pair, Preference(found["label"]))
        if row is not None:
            yield row
