"""What was read of annotations in Label Studio: labels into the outbox, answers to the leases, in one go."""

from collections.abc import Callable, Mapping, Sequence

import asyncpg
import orjson

from prefstream.adapters.postgres.connection import Connection
from prefstream.adapters.postgres.console import outbox
from prefstream.adapters.postgres.console.label_studio import SERVICE, Sent
from prefstream.domain.exchange.label_studio_annotations import Known, Person, Step
from prefstream.schemas.envelope import Event
from prefstream.schemas.records import OutRecord

_KNOWN = """
select annotation_id, revision, content_hash, event_id::text, annotator from label_studio_annotations
where push_id = $1::uuid
"""
_HOLD = "select from label_studio_tasks where push_id = $1::uuid for update"
_NOTE = """
insert into label_studio_annotations as a
  (address, annotation_id, push_id, revision, content_hash, event_id, annotator, findings)
select s.address, $2, s.push_id, $3, $4, $5::uuid, $6, $7 from label_studio_tasks s where s.push_id = $1::uuid
on conflict (push_id, annotation_id) do update set revision = excluded.revision,
  content_hash = excluded.content_hash, event_id = excluded.event_id,
  annotator = coalesce(excluded.annotator, a.annotator), findings = excluded.findings, read_at = now()
"""
_PEOPLE = (
    "select lower(email) as email, person_id, simulated from people where lower(email) = any($1::text[])"
)
_LEASE = """
select lease_id from leases where pair_id = $1 and round = $2 and person_id = $3 and ended_at is null
order by leased_at, lease_id limit 1 for update
"""
# More people annotated than were asked for, or the lease ran out: the answer counts all the same.
_LEASE_AFTERWARDS = """
insert into leases
  (lease_id, pair_id, round, slice, person_id, purpose, sides, leased_at, expires_at, ended_at, ending)
values (gen_random_uuid(), $1, $2, $3, $4, 'work', $5, now(), now(), now(), 'submitted') returning lease_id
"""
_SUBMIT = """
insert into submissions (submission_id, lease_id, pair_id, round, slice, person_id, purpose, answer,
  answer_hash, events, submitted_at, undo_until)
values ($1::uuid, $2, $3, $4, $5, $6, 'work', $7, $8, 1, now(), now())
"""
_TAKEN_BACK = """
update submissions set undone_at = now() where submission_id = $1::uuid and undone_at is null
returning lease_id
"""
_FINDINGS = """
select a.annotation_id, s.task_id, s.pair_id, a.findings, a.read_at from label_studio_annotations a
join label_studio_tasks s using (push_id) where a.address = $1 and a.findings <> ''
order by a.read_at desc limit $2
"""


async def people_by_email(
    source: Connection | asyncpg.Pool, emails: Mapping[int, str]
) -> Mapping[int, Person]:
    """Return who the users of Label Studio are: people of ours by their address, others by name of theirs."""
    rows = await source.fetch(_PEOPLE, [email.lower() for email in emails.values() if email])
    ours = {row["email"]: row for row in rows}
    return {user: _person(email, ours.get(email.lower())) for user, email in emails.items()}


async def known_of(connection: Connection, push_id: str) -> Mapping[int, Known]:
    """Return what was read of a task's annotations before, and hold the task for the transaction."""
    await connection.execute(_HOLD, push_id)
    rows = await connection.fetch(_KNOWN, push_id)
    return {
        row["annotation_id"]: Known(
            revision=row["revision"],
            content_hash=row["content_hash"],
            event_id=row["event_id"],
            annotator=row["annotator"],
        )
        for row in rows
    }


async def write(
    connection: Connection,
    sent: Sent,
    steps: Sequence[Step],
    people: frozenset[str],
    recorded: Callable[[Event], OutRecord],
) -> None:
    """Write what annotations ask for, in a transaction of the caller's.

    Args:
        connection: In that transaction.
        sent: The task.
        steps: What they ask for.
        people: Annotators who are people of ours; answers of others are noted as the service's.
        recorded: Makes the record that says an event.
    """
    for step in steps:
        lease_id = None
        if step.withdrawal is not None:
            lease_id = await connection.fetchval(_TAKEN_BACK, step.withdrawal.label_id)
        if step.label is not None:
            await _submit(connection, sent, step, lease_id, people)
        said = [event for event in (step.withdrawal, step.label) if event is not None]
        await outbox.put(connection, [(event.event_id, recorded(event)) for event in said])
        await connection.execute(
            _NOTE,
            sent.push_id,
            step.annotation_id,
            step.revision,
            step.content_hash,
            step.label.event_id if step.label else None,
            step.label.annotator if step.label else None,
            "; ".join(step.findings)[:1000].replace("\x00", ""),
        )


async def findings(pool: asyncpg.Pool, address: str, *, limit: int = 100) -> Sequence[Mapping[str, object]]:
    """Return the annotations that gave no label, and why, the latest first."""
    return [dict(row) for row in await pool.fetch(_FINDINGS, address, limit)]


async def _submit(
    connection: Connection, sent: Sent, step: Step, lease_id: object, people: frozenset[str]
) -> None:
    assert step.label is not None
    task = sent.pair_id, sent.round
    if lease_id is None:
        lease_id = await connection.fetchval(_LEASE, *task, SERVICE)
    if lease_id is None:
        lease_id = await connection.fetchval(_LEASE_AFTERWARDS, *task, sent.slice, SERVICE, sent.sides)
    await connection.execute(
        "update leases set ended_at = now(), ending = 'submitted' where lease_id = $1 and ended_at is null",
        lease_id,
    )
    answer = {
        "label_studio": step.annotation_id,
        "revision": step.revision,
        "verdict": step.label.verdict.value,
    }
    await connection.execute(
        _SUBMIT,
        step.label.event_id,
        lease_id,
        *task,
        sent.slice,
        step.label.annotator if step.label.annotator in people else SERVICE,
        orjson.dumps(answer).decode(),
        step.content_hash,
    )


def _person(email: str, ours: asyncpg.Record | None) -> Person:
    if ours is None:
        return Person(annotator=f"{SERVICE}:{email}"[:256])
    return Person(annotator=ours["person_id"], simulated=ours["simulated"])
