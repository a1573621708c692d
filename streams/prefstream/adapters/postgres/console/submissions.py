"""Submissions: what people answered, in the transaction that also puts it into the outbox."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg
import orjson

from prefstream.adapters.postgres.connection import Connection
from prefstream.adapters.postgres.console import outbox
from prefstream.domain.tasks import Lease
from prefstream.schemas.ids import EventId
from prefstream.schemas.labels import Refinement
from prefstream.schemas.records import OutRecord

_COLUMNS = (
    "submission_id, lease_id, answer, answer_hash, feedback, events, submitted_at, undo_until, undone_at"
)
_OF_LEASE = f"select {_COLUMNS} from submissions where lease_id = $1 and undone_at is null"  # noqa: S608  names of our own
_ONE = f"select {_COLUMNS}, person_id from submissions where submission_id = $1 and person_id = $2"  # noqa: S608
#: Answer, end of the lease and what says it, in one statement.
_ADD = """
with answered as (
  insert into submissions (submission_id, lease_id, pair_id, round, slice, person_id, purpose, answer,
    answer_hash, feedback, events, submitted_at, undo_until)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
), ended as (
  update leases set ended_at = clock_timestamp(), ending = 'submitted', answers = answers + 1
  where lease_id = $2
)
insert into outbox (event_id, topic, key, value, headers, submission_id, not_before)
select e, t, k, v, h, $1, $13
from unnest($14::uuid[], $15::text[], $16::bytea[], $17::bytea[], $18::bytea[]) as u (e, t, k, v, h)
"""
#: By the clock of this very moment: the relay says what is due by the same clock.
_UNDO = """
update submissions set undone_at = now()
where submission_id = $1 and undone_at is null and undo_until > clock_timestamp()
returning submission_id
"""
_REFINEMENT = """
insert into refinements (submission_id, pair_id, slice, person_id, constitution_id, clause, kind, body,
  error_category, proposed_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""
_NO_REFINEMENT = "delete from refinements where submission_id = $1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """An answer that was taken."""

    submission_id: str
    lease_id: str
    answer: bytes
    answer_hash: bytes
    feedback: dict[str, Any] | None
    #: Events that say it.
    events: int
    submitted_at: datetime
    undo_until: datetime
    undone_at: datetime | None = None


async def standing_of(connection: Connection, lease_id: str) -> Submission:
    """Return the answer to a lease that was answered and whose row is locked."""
    row = await connection.fetchrow(_OF_LEASE, lease_id)
    assert row is not None
    return _submission(row)


async def submission_named(
    source: Connection | asyncpg.Pool, submission_id: str, person_id: str
) -> Submission | None:
    """Return a person's submission."""
    row = await source.fetchrow(_ONE, submission_id, person_id)
    return None if row is None else _submission(row)


async def add(
    connection: Connection,
    lease: Lease,
    submission: Submission,
    records: Sequence[tuple[EventId, OutRecord]],
) -> None:
    """Keep an answer with the records that say it once it cannot be taken back, and end its lease."""
    await connection.execute(
        _ADD,
        submission.submission_id,
        lease.lease_id,
        lease.pair_id,
        lease.round,
        lease.slice,
        lease.person_id,
        lease.purpose,
        submission.answer.decode(),
        submission.answer_hash,
        None if submission.feedback is None else orjson.dumps(submission.feedback).decode(),
        submission.events,
        submission.submitted_at,
        submission.undo_until,
        *outbox.columns(records),
    )
    if submission.undo_until <= submission.submitted_at:
        await outbox.wake(connection)


async def undo(connection: Connection, submission_id: str) -> bool:
    """Mark an answer as taken back, if it is not too late; what says it must be taken back before."""
    done = await connection.fetchval(_UNDO, submission_id)
    if done is None:
        return False
    await connection.execute(_NO_REFINEMENT, submission_id)
    return True


async def add_refinement(
    connection: Connection,
    lease: Lease,
    refinement: Refinement,
    *,
    submission_id: str,
    constitution_id: str,
    error_category: str | None,
    at: datetime,
) -> None:
    """Keep a better wording that was proposed with an answer."""
    await connection.execute(
        _REFINEMENT,
        submission_id,
        lease.pair_id,
        lease.slice,
        lease.person_id,
        constitution_id,
        refinement.clause,
        refinement.kind,
        refinement.text,
        error_category,
        at,
    )


def _submission(row: asyncpg.Record) -> Submission:
    feedback = row["feedback"]
    return Submission(
        submission_id=str(row["submission_id"]),
        lease_id=str(row["lease_id"]),
        answer=row["answer"].encode(),
        answer_hash=row["answer_hash"],
        feedback=None if feedback is None else orjson.loads(feedback),
        events=row["events"],
        submitted_at=row["submitted_at"],
        undo_until=row["undo_until"],
        undone_at=row["undone_at"],
    )
