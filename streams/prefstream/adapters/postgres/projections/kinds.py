"""Tasks other than pairs, and their answers: rows of `tasks` and `task_answers`.

A task's row is upserted by whatever speaks of it, so that its lock orders two sinks of which one
brings the task and the other an answer; then it is counted who answered.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from prefstream.adapters.postgres.connection import Connection
from prefstream.domain.demonstrations import Answer
from prefstream.schemas.demonstrations import (
    DemonstrationSubmitted,
    RankingSubmitted,
    RatingSubmitted,
    SafetyLabelSubmitted,
    TaskKind,
    TaskProposed,
)

KIND_OF: Final[Mapping[type[Answer], TaskKind]] = {
    RankingSubmitted: TaskKind.RANKING,
    RatingSubmitted: TaskKind.RATING,
    DemonstrationSubmitted: TaskKind.DEMONSTRATION,
    SafetyLabelSubmitted: TaskKind.SAFETY,
}
#: Of several proposals of one task the latest holds; an answer that comes first makes room for it.
_UPSERT: Final = """
insert into tasks as t (pair_id, round, slice, needed, have, open, priority, opened_at, proposed_id)
select task_id, kind, slice, needed, 0, proposed_id is not null, priority, opened_at, proposed_id
from unnest($1::text[], $2::text[], $3::text[], $4::int[], $5::int[], $6::timestamptz[], $7::uuid[])
  as u (task_id, kind, slice, needed, priority, opened_at, proposed_id)
on conflict (pair_id, round) do update
set slice = excluded.slice, needed = excluded.needed, priority = excluded.priority,
    opened_at = excluded.opened_at, proposed_id = excluded.proposed_id
where excluded.proposed_id is not null and (t.proposed_id is null
  or (excluded.opened_at, excluded.proposed_id) > (t.opened_at, t.proposed_id))
"""
_INSERT: Final = """
insert into task_answers (event_id, task_id, kind, slice, annotator, occurred_at, seconds, provenance)
select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[],
  $7::float8[], $8::text[])
"""
_COUNT: Final = """
update tasks t set have = c.have, open = t.proposed_id is not null and c.have < t.needed
from (
  select u.task_id, u.kind, (
    select count(distinct a.annotator)::int from task_answers a
    where a.task_id = u.task_id and a.kind = u.kind
  ) as have
  from unnest($1::text[], $2::text[]) as u (task_id, kind)
) c
where t.pair_id = c.task_id and t.round = c.kind
  and (t.have, t.open) is distinct from (c.have, t.proposed_id is not null and c.have < t.needed)
"""

#: When a task was opened of which so far an answer alone is known.
_NOT_YET: Final = datetime(1970, 1, 1, tzinfo=UTC)
#: Task and kind, the key of a row.
_Key = tuple[str, str]
_Row = tuple[object, ...]


async def project_kinds(
    connection: Connection, asked: Iterable[TaskProposed], answers: Sequence[Answer]
) -> None:
    """Write the tasks, the answers, and how many people have answered.

    Args:
        connection: In the caller's transaction.
        asked: New proposals.
        answers: New answers.
    """
    proposed = _latest(asked)
    rows = {_key_of(answer): _room_for(answer) for answer in answers} | {
        key: _task_row(task) for key, task in proposed.items()
    }
    if not rows:
        return
    # In one order, so that two sinks never wait for each other.
    await connection.execute(_UPSERT, *_columns([(*key, *rows[key]) for key in sorted(rows)]))
    if answers:
        await connection.execute(_INSERT, *_columns([_answer_row(answer) for answer in answers]))
    await connection.execute(_COUNT, *_columns(sorted(rows)))


def _latest(asked: Iterable[TaskProposed]) -> dict[_Key, TaskProposed]:
    latest: dict[_Key, TaskProposed] = {}
    for task in asked:
        key = task.task_id, task.kind.value
        other = latest.get(key)
        if other is None or (task.occurred_at, task.event_id) > (other.occurred_at, other.event_id):
            latest[key] = task
    return latest


def _key_of(answer: Answer) -> _Key:
    return answer.task_id, KIND_OF[type(answer)].value


def _task_row(task: TaskProposed) -> _Row:
    return task.slice, task.overlap, task.priority, task.occurred_at, UUID(task.event_id)


def _room_for(answer: Answer) -> _Row:
    return answer.slice, 0, 0, _NOT_YET, None


def _answer_row(answer: Answer) -> _Row:
    return (
        UUID(answer.event_id),
        *_key_of(answer),
        answer.slice,
        answer.annotator,
        answer.occurred_at,
        answer.seconds,
        answer.provenance.value,
    )


def _columns(rows: Sequence[_Row]) -> list[list[object]]:
    return [list(column) for column in zip(*rows, strict=True)]
