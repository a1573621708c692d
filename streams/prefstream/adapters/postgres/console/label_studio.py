"""Tasks that are at a Label Studio: lent to it as to a person, and what was read back from it.

The lease is written before the task is pushed, the push is named by an id that the task carries: after a
crash in between, the task is found there by that id, or pushed if it is not.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

import asyncpg

from prefstream.adapters.postgres.connection import Connection
from prefstream.domain.tasks import sides_of

#: Who holds the leases of pushed tasks.
SERVICE = "label-studio"

_SERVICE = """
insert into people (person_id, name, role) values ($1, 'Label Studio', 'service') on conflict do nothing
"""
# As the queue does it: the lock of the task's row, then the room in a statement of its own.
_PICK = """
select t.pair_id, t.round, t.slice from tasks t join pairs p using (pair_id)
where t.open and p.proposed_id is not null and t.round = any($2::text[])
  and (cardinality($3::text[]) = 0 or t.slice = any($3))
  and not exists (select from label_studio_tasks s
    where s.address = $1 and s.pair_id = t.pair_id and s.round = t.round)
  and not exists (select from gold_items g where g.pair_id = t.pair_id)
order by t.priority desc, t.pair_id limit $4 for update of t skip locked
"""
_LEND = """
insert into leases (lease_id, pair_id, round, slice, person_id, purpose, sides, leased_at, expires_at)
select gen_random_uuid(), $1, $2, $3, $4, 'work', $5, now(), now() + make_interval(secs => $6)
from generate_series(1, $7)
"""
_PUSH = """
insert into label_studio_tasks (push_id, address, project_id, pair_id, round, slice, sides, constitution_id)
values ($1, $2, $3, $4, $5, $6, $7, $8)
"""
_PROJECT = """
select project_id from label_studio_projects where address = $1 and slice = $2 and constitution_id = $3
order by created_at desc limit 1
"""
_WAITING = """
select push_id::text, project_id, pair_id, round, sides from label_studio_tasks
where address = $1 and task_id is null and pushed_at <= now() order by pushed_at, push_id limit $2
"""
_OPEN = """
select count(*) from label_studio_tasks s join tasks t using (pair_id, round) where s.address = $1 and t.open
"""
# One that is not open any more and was annotated by nobody need not be done there.
_OVER = """
select s.push_id::text, s.task_id from label_studio_tasks s left join tasks t using (pair_id, round)
where s.address = $1 and s.task_id is not null and not coalesce(t.open, false)
  and not exists (select from label_studio_annotations a where a.push_id = s.push_id) limit $2
"""
_DELETED = """
select s.push_id::text from label_studio_tasks s
where s.address = $1 and s.project_id = $2 and s.task_id is not null and s.push_id::text <> all($3::text[])
  and s.pushed_at < $4 and not exists (select from label_studio_annotations a where a.push_id = s.push_id)
"""
_END = """
update leases l set ended_at = now(), ending = $3 from label_studio_tasks s
where s.push_id = any($1::uuid[]) and l.pair_id = s.pair_id and l.round = s.round and l.person_id = $2
  and l.ended_at is null
"""
_FREE = """
update tasks t set full_up = false from label_studio_tasks s
where s.push_id = any($1::uuid[]) and t.pair_id = s.pair_id and t.round = s.round and t.full_up
"""
_RENEW = """
update leases l set expires_at = now() + make_interval(secs => $3)
from label_studio_tasks s join tasks t using (pair_id, round)
where s.address = $1 and t.open and l.pair_id = s.pair_id and l.round = s.round and l.person_id = $2
  and l.ended_at is null
"""
# A label that was taken back, or a lease that ran out, makes room again for a task that is still there.
_ROOMY = """
select s.pair_id, s.round, s.slice, s.sides from label_studio_tasks s join tasks t using (pair_id, round)
where s.address = $1 and s.task_id is not null and t.open and not t.full_up
order by t.pair_id for update of t skip locked limit $2
"""
_TASK = """
select push_id::text, project_id, pair_id, round, slice, sides, constitution_id, task_id
from label_studio_tasks where address = $1 and push_id = $2 and task_id is not null
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """A task on its way to Label Studio."""

    push_id: str
    project_id: int
    pair_id: str
    round: str
    sides: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A task that is there."""

    push_id: str
    project_id: int
    pair_id: str
    round: str
    slice: str
    sides: str
    constitution_id: str
    task_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which tasks are to be pushed."""

    address: str
    rounds: Sequence[str]
    #: Empty: all.
    slices: Sequence[str]
    lease_s: float


async def ensure_service(pool: asyncpg.Pool) -> None:
    """See to it that the one who holds the leases is known."""
    await pool.execute(_SERVICE, SERVICE)


async def open_count(pool: asyncpg.Pool, address: str) -> int:
    """Return how many open tasks are there or on their way."""
    return int(await pool.fetchval(_OPEN, address))


async def next_slice(pool: asyncpg.Pool, wanted: Wanted) -> str | None:
    """Return the slice whose turn it is; `None`: nothing is to be pushed."""
    query = _PICK.partition(" for update")[0]
    row = await pool.fetchrow(query, wanted.address, list(wanted.rounds), list(wanted.slices), 1)
    return None if row is None else str(row["slice"])


async def begin(
    connection: Connection, wanted: Wanted, *, project_id: int, constitution_id: str, limit: int
) -> int:
    """Lend open tasks to Label Studio, in a transaction of the caller's, and return how many were looked at.

    Args:
        connection: In that transaction.
        wanted: Which.
        project_id: Where they go.
        constitution_id: What people will work by.
        limit: At most so many.
    """
    rows = await connection.fetch(_PICK, wanted.address, list(wanted.rounds), list(wanted.slices), limit)
    for pair_id, round_, slice_name in rows:
        room = await _room(connection, pair_id, round_)
        if room <= 0:
            continue
        push_id = str(uuid4())
        sides = sides_of(push_id)
        await connection.execute(
            _PUSH, push_id, wanted.address, project_id, pair_id, round_, slice_name, sides, constitution_id
        )
        await _lend(connection, (pair_id, round_, slice_name, sides), room, wanted.lease_s)
    return len(rows)


async def waiting(pool: asyncpg.Pool, address: str, *, limit: int) -> Sequence[Push]:
    """Return pushes that are begun and not known to have arrived."""
    return [Push(**row) for row in await pool.fetch(_WAITING, address, limit)]


async def arrived(pool: asyncpg.Pool, tasks: Mapping[str, int]) -> None:
    """Note the tasks that pushes became."""
    await pool.executemany(
        "update label_studio_tasks set task_id = $2 where push_id = $1::uuid", list(tasks.items())
    )


async def over(pool: asyncpg.Pool, address: str, *, limit: int) -> Sequence[tuple[str, int]]:
    """Return pushes nobody annotated whose task needs no label any more, each with its task there."""
    return [(row["push_id"], row["task_id"]) for row in await pool.fetch(_OVER, address, limit)]


async def take_back(pool: asyncpg.Pool, push_ids: Sequence[str]) -> None:
    """Give pushed tasks back to the queue; they may be pushed again."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(_END, list(push_ids), SERVICE, "released")
        await connection.execute(_FREE, list(push_ids))
        await connection.execute(
            "delete from label_studio_tasks s where push_id = any($1::uuid[]) and not exists"
            " (select from label_studio_annotations a where a.push_id = s.push_id)",
            list(push_ids),
        )


async def renew(pool: asyncpg.Pool, address: str, *, lease_s: float, limit: int = 500) -> None:
    """Keep the leases of tasks that are still open, and lend anew what has room again."""
    await pool.execute(_RENEW, address, SERVICE, lease_s)
    async with pool.acquire() as connection, connection.transaction():
        for row in await connection.fetch(_ROOMY, address, limit):
            room = await _room(connection, row["pair_id"], row["round"])
            if room > 0:
                await _lend(connection, tuple(row), room, lease_s)


async def sent_task(source: Connection | asyncpg.Pool, address: str, push_id: str) -> Sent | None:
    """Return the push that became a task there; `None`: it is none of ours."""
    try:
        row = await source.fetchrow(_TASK, address, UUID(push_id))
    except ValueError:
        return None
    return None if row is None else Sent(**row)


async def project_of(pool: asyncpg.Pool, address: str, slice_name: str, constitution_id: str) -> int | None:
    """Return the project in which a slice is labelled by a constitution."""
    project_id: int | None = await pool.fetchval(_PROJECT, address, slice_name, constitution_id)
    return project_id


async def add_project(
    pool: asyncpg.Pool, address: str, slice_name: str, constitution_id: str, project_id: int
) -> None:
    """Note a project that was created."""
    await pool.execute(
        "insert into label_studio_projects (address, project_id, slice, constitution_id)"
        " values ($1, $2, $3, $4)",
        address,
        project_id,
        slice_name,
        constitution_id,
    )


async def projects(pool: asyncpg.Pool, address: str) -> Mapping[int, datetime | None]:
    """Return the projects there, each with the time up to which its changes were read."""
    rows = await pool.fetch(
        "select project_id, read_until from label_studio_projects where address = $1 order by project_id",
        address,
    )
    return {row["project_id"]: row["read_until"] for row in rows}


async def forget_project(pool: asyncpg.Pool, address: str, project_id: int) -> None:
    """Forget a project that somebody deleted; the next tasks of its slice begin another."""
    await pool.execute(
        "delete from label_studio_projects where address = $1 and project_id = $2", address, project_id
    )


async def deleted(
    pool: asyncpg.Pool, address: str, project_id: int, seen: Collection[str], *, before: datetime
) -> Sequence[str]:
    """Return pushes of before then whose tasks are not among those seen and gave no label."""
    rows = await pool.fetch(_DELETED, address, project_id, list(seen), before)
    return [row["push_id"] for row in rows]


async def read_up_to(pool: asyncpg.Pool, address: str, project_id: int, moment: datetime) -> None:
    """Note up to when a project's changes were read."""
    await pool.execute(
        "update label_studio_projects set read_until = greatest(read_until, $3)"
        " where address = $1 and project_id = $2",
        address,
        project_id,
        moment,
    )


async def hint(pool: asyncpg.Pool, address: str, task_id: int | None) -> None:
    """Note that a task there is to be read again; `None`: all of them."""
    await pool.execute("insert into label_studio_hints (address, task_id) values ($1, $2)", address, task_id)


async def hints(pool: asyncpg.Pool, address: str, *, limit: int = 200) -> Mapping[int, int | None]:
    """Return hints by their numbers, the earliest first."""
    rows = await pool.fetch(
        "select n, task_id from label_studio_hints where address = $1 order by n limit $2", address, limit
    )
    return {row["n"]: row["task_id"] for row in rows}


async def heeded(pool: asyncpg.Pool, numbers: Sequence[int]) -> None:
    """Forget hints that were followed."""
    await pool.execute("delete from label_studio_hints where n = any($1::bigint[])", list(numbers))


async def _room(connection: Connection, pair_id: str, round_: str) -> int:
    return int(await connection.fetchval("select task_room($1, $2)", pair_id, round_) or 0)


async def _lend(connection: Connection, task: Sequence[str], room: int, lease_s: float) -> None:
    pair_id, round_, slice_name, sides = task
    await connection.execute(_LEND, pair_id, round_, slice_name, SERVICE, sides, lease_s, room)
