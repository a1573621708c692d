"""Leases: tasks lent to people, by the database's clock alone.

Whoever lends a task holds the lock of its row and counts in a statement of its own what is under way, so
that there are never more leases and answers than labels wanted. Statements here belong into a transaction
of the caller's, except where they say otherwise.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg
import orjson

from prefstream.adapters.postgres.connection import Connection
from prefstream.domain.people import Role
from prefstream.domain.tasks import Lease, Purpose, Sides, Wish, Worker

_COLUMNS = """
lease_id, pair_id, round, slice, person_id, purpose, fence, sides, leased_at, expires_at, shown_at, ended_at,
ending, answers
"""
#: The lock makes one turn of a person wait for the other; labels and leases may refer to the row meanwhile.
_PERSON = """
select person_id, role, simulated, disabled_at, paused_at, paused_until, paused_why, now() as now,
  (select array_agg(slice) from skills s where s.person_id = p.person_id) as skills,
  exists (select from leases l where l.ended_at is null and l.expires_at <= now()) as overdue
from people p where person_id = $1 for no key update
"""
_HELD = f"""
select {_COLUMNS}, draft from leases where person_id = $1 and ended_at is null order by leased_at, fence
"""  # noqa: S608  names of our own
_PICK = "select pair_id, round, slice, room from queue_pick($1, $2, $3, $4)"
#: A draft that the person left of the task comes along, and with it the sides it was written for.
_LEND = f"""
with earlier as (
  select l.draft, l.sides from leases l
  where l.pair_id = $2 and l.round = $3 and l.person_id = $5 and l.draft is not null
  order by l.leased_at desc limit 1
)
insert into leases (lease_id, pair_id, round, slice, person_id, purpose, sides, leased_at, expires_at, draft)
values ($1, $2, $3, $4, $5, $6, coalesce((select sides from earlier), $7), clock_timestamp(),
  now() + make_interval(secs => $8), (select draft from earlier))
returning {_COLUMNS}, draft
"""  # noqa: S608  names of our own
_FILLED = "update tasks set full_up = true where pair_id = $1 and round = $2"
_ONE = f"select {_COLUMNS}, draft, now() as now from leases where lease_id = $1 and person_id = $2"  # noqa: S608
_HOLDING = "lease_id = $1 and person_id = $2 and fence = $3 and ended_at is null"
#: Not worth a wait for the disk: lost with the server, the seconds of one label stay unknown.
_SHOWN = f"""
update leases set shown_at = coalesce(shown_at, now())
where {_HOLDING} and set_config('synchronous_commit', 'off', true) is not null
"""  # noqa: S608  names of our own
_BEAT = f"""
update leases set expires_at = greatest(expires_at, now() + make_interval(secs => $4)) where {_HOLDING}
returning expires_at
"""  # noqa: S608  names of our own
_EXTEND = """
update leases set expires_at = greatest(expires_at, now() + make_interval(secs => $2)) where lease_id = $1
returning expires_at
"""
_DRAFT = "update leases set draft = $2, drafted_at = now() where lease_id = $1"
_RELEASE = "update leases set ended_at = clock_timestamp(), ending = 'released' where lease_id = $1"
#: An answer that was taken back is the draft of the next one; whoever still has the old fence is late.
_REOPEN = f"""
update leases set ended_at = null, ending = null, fence = nextval('lease_fences'), draft = $2,
  drafted_at = now(), expires_at = now() + make_interval(secs => $3)
where lease_id = $1 returning {_COLUMNS}, draft
"""  # noqa: S608  names of our own
_FREE = "update tasks set full_up = false where pair_id = $1 and round = $2 and full_up"
_TASK = "select open from tasks where pair_id = $1 and round = $2 for update"
_ROOM = "select task_room($1, $2)"
#: Whether the person has dealt with the pair otherwise since this lease ended.
_ELSEWHERE = """
select exists (select from leases where pair_id = $1 and person_id = $2 and lease_id <> $3 and leased_at > $4)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """The person who asks, and whether the person may work now."""

    worker: Worker
    #: Why the person may not work now; `None`: may.
    kept_out: str | None
    #: The database's time.
    now: datetime
    #: Whether leases of anybody are past their time.
    overdue: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Pick:
    """A task whose row is locked for a person."""

    pair_id: str
    round: str
    slice: str
    #: Labels still wanted, that of the person counted in.
    room: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafted:
    """A lease with what its person has written so far."""

    lease: Lease
    draft: dict[str, Any] | None
    #: Answers given to it before, those taken back included.
    answers: int = 0


async def asker_named(connection: Connection, person_id: str) -> Asker | None:
    """Lock a person's row and return who it is."""
    row = await connection.fetchrow(_PERSON, person_id)
    if row is None:
        return None
    skills = row["skills"]
    worker = Worker(
        person_id=row["person_id"],
        role=Role(row["role"]),
        simulated=row["simulated"],
        skills=None if skills is None else frozenset(skills),
    )
    return Asker(worker=worker, kept_out=_kept_out(row), now=row["now"], overdue=row["overdue"])


async def held_by(connection: Connection, person_id: str) -> Sequence[Drafted]:
    """Return what a person holds, the earliest lease first; past its time too, if nobody ended it.

    A question of its own: asked together with the lock of the person's row it would not see what the
    turn before, for which the lock waited, has lent.
    """
    return [drafted(row) for row in await connection.fetch(_HELD, person_id)]


async def reap(connection: Connection) -> None:
    """End leases whose time is over."""
    await connection.execute("select queue_reap()")


async def pick(connection: Connection, worker: Worker, wish: Wish, *, oldest: bool) -> Pick | None:
    """Find a task for a person and lock its row until the transaction ends."""
    slices = None if wish.slices is None else list(wish.slices)
    row = await connection.fetchrow(_PICK, worker.person_id, list(wish.rounds), slices, oldest)
    return None if row is None else Pick(**row)


async def lend(  # noqa: PLR0913  what a lease is made of
    connection: Connection,
    *,
    lease_id: str,
    worker: Worker,
    pair_id: str,
    round_name: str,
    slice_name: str,
    purpose: Purpose,
    sides: Sides,
    lease_s: float,
    fills: bool = False,
) -> Drafted:
    """Lend a task; a draft that the person left of it comes along.

    Args:
        connection: For work, holds the lock of the task's row.
        lease_id: A new id.
        worker: To whom.
        pair_id: The pair, or the task of another kind.
        round_name: The round, or the kind.
        slice_name: Its slice.
        purpose: What for.
        sides: On which sides the responses stand, where no draft says it.
        lease_s: For how long.
        fills: Whether nobody else is wanted for the task then.
    """
    row = await connection.fetchrow(
        _LEND, lease_id, pair_id, round_name, slice_name, worker.person_id, purpose, sides, lease_s
    )
    if fills:
        await connection.execute(_FILLED, pair_id, round_name)
    assert row is not None
    return drafted(row)


async def lease_of(
    connection: Connection | asyncpg.Pool, lease_id: str, person_id: str, *, lock: bool
) -> tuple[Drafted, datetime] | None:
    """Return a person's lease and the database's time; `None`: the person has no such lease."""
    row = await connection.fetchrow(f"{_ONE} for update" if lock else _ONE, lease_id, person_id)
    return None if row is None else (drafted(row), row["now"])


async def shown(source: Connection | asyncpg.Pool, lease_id: str, person_id: str, fence: int) -> bool:
    """Note that the task is before the person's eyes, the first time counts; `False`: they do not hold it."""
    said: str = await source.execute(_SHOWN, lease_id, person_id, fence)
    return said.endswith(" 1")


async def heartbeat(
    source: Connection | asyncpg.Pool, lease_id: str, person_id: str, fence: int, *, lease_s: float
) -> datetime | None:
    """Lend for longer and return until when; `None`: they do not hold it."""
    expires_at: datetime | None = await source.fetchval(_BEAT, lease_id, person_id, fence, lease_s)
    return expires_at


async def extend(connection: Connection, lease_id: str, *, lease_s: float) -> datetime:
    """Lend for longer and return until when."""
    expires_at: datetime = await connection.fetchval(_EXTEND, lease_id, lease_s)
    return expires_at


async def keep_draft(connection: Connection, lease_id: str, draft: bytes) -> None:
    """Keep what the person has written so far."""
    await connection.execute(_DRAFT, lease_id, draft.decode())


async def release(connection: Connection, lease: Lease) -> None:
    """Give back a task whose lease's row is locked; it is free for others."""
    await connection.execute(_RELEASE, lease.lease_id)
    await connection.execute(_FREE, lease.pair_id, lease.round)


async def reopen(connection: Connection, lease_id: str, *, draft: bytes, lease_s: float) -> Drafted:
    """Give a lease back to its person under a new fence."""
    row = await connection.fetchrow(_REOPEN, lease_id, draft.decode(), lease_s)
    assert row is not None
    return drafted(row)


async def still_wanted(connection: Connection, lease: Lease) -> bool:
    """Return whether an answer to a lease that has ended is still wanted, and see to it that it stays so.

    Nobody else has taken the task, it is open, and the person has not come to the pair otherwise.
    """
    if await connection.fetchval(_ELSEWHERE, lease.pair_id, lease.person_id, lease.lease_id, lease.leased_at):
        return False
    if lease.purpose != "work":
        return True
    still_open = await connection.fetchval(_TASK, lease.pair_id, lease.round)
    return bool(still_open) and (await connection.fetchval(_ROOM, lease.pair_id, lease.round)) > 0


def drafted(row: asyncpg.Record) -> Drafted:
    """Return a row of leases."""
    draft = row["draft"]
    return Drafted(
        lease=Lease(
            lease_id=str(row["lease_id"]),
            pair_id=row["pair_id"],
            round=row["round"],
            slice=row["slice"],
            person_id=row["person_id"],
            purpose=row["purpose"],
            fence=row["fence"],
            sides=row["sides"],
            leased_at=row["leased_at"],
            expires_at=row["expires_at"],
            shown_at=row["shown_at"],
            ended_at=row["ended_at"],
            ending=row["ending"],
        ),
        draft=None if draft is None else orjson.loads(draft),
        answers=row["answers"],
    )


def _kept_out(row: asyncpg.Record) -> str | None:
    if row["disabled_at"] is not None:
        return "this account is disabled; ask an administrator"
    until = row["paused_until"]
    if row["paused_at"] is None or (until is not None and until <= row["now"]):
        return None
    lasts = "until somebody lets you go on" if until is None else f"until {until:%Y-%m-%d %H:%M} UTC"
    return f"your work is paused {lasts}: {row['paused_why'] or 'no reason was given'}"
