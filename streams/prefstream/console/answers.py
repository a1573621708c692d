"""Answers: submitted with what says them in one transaction, and taken back while nothing was said yet."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
from pydantic import ValidationError

from prefstream.adapters.postgres.connection import Connection
from prefstream.adapters.postgres.console import audit, leases, outbox, submissions, texts
from prefstream.adapters.postgres.console.leases import Drafted
from prefstream.adapters.postgres.console.submissions import Submission
from prefstream.agents.tasks import record_of
from prefstream.console import kinds
from prefstream.console.holding import held_or_problem, no_such_lease
from prefstream.console.leased import leased_task
from prefstream.console.lending import times_of
from prefstream.console.parts import Parts
from prefstream.console.principals import Principal
from prefstream.console.problems import Problem
from prefstream.console.quality_port import Answered, Asides
from prefstream.domain.tasks import (
    Given,
    Lease,
    PairAnswer,
    Times,
    answer_hash,
    counted_seconds,
    faults_of,
    label_of,
    storable,
    submission_id_of,
)
from prefstream.schemas.constitutions import Constitution
from prefstream.schemas.envelope import Event
from prefstream.schemas.labels import LabelSubmitted
from prefstream.schemas.values import Provenance

#: Findings about an answer that are said back at most.
_MOST_FINDINGS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """An answer as it comes in."""

    lease_id: str
    fence: int
    #: Seconds as the page measured them.
    seconds: float | None
    answer: Mapping[str, Any]
    canonical: bytes

    @property
    def hash(self) -> bytes:
        """Return what tells it from another answer."""
        return answer_hash(self.canonical)


def canonical(answer: Mapping[str, Any]) -> bytes:
    """Return the answer as JSON, the same however it was written.

    Raises:
        Problem: It holds what no JSON of ours can say (422).
    """
    if not storable(answer):
        raise Problem(422, "the answer has a NUL character, which no text has", kind="invalid_answer")
    try:
        return orjson.dumps(answer, option=orjson.OPT_SORT_KEYS)
    except (TypeError, orjson.JSONEncodeError) as error:
        raise Problem(422, f"the answer cannot be kept: {error}", kind="invalid_answer") from error


async def submitted(parts: Parts, principal: Principal, brought: Brought) -> Submission:
    """Take an answer, or answer a repeat as it was answered before.

    Raises:
        Problem: It cannot be taken (404, 409, 422); what was written is kept as the lease's draft.
    """
    async with parts.pool.acquire() as connection, connection.transaction():
        outcome = await _Desk(
            connection=connection, parts=parts, principal=principal, times=times_of(parts.settings)
        ).outcome(brought)
    if isinstance(outcome, Problem):
        raise outcome
    return outcome


async def undone(parts: Parts, principal: Principal, submission_id: str) -> dict[str, Any]:
    """Take an answer back and return its task, again the person's, with the answer as its draft.

    Raises:
        Problem: There is no such submission (404), or it has been said (409).
    """
    times = times_of(parts.settings)
    async with parts.pool.acquire() as connection:
        async with connection.transaction():
            held = await _reopened(connection, parts, principal, submission_id, times)
        return await leased_task(connection, principal, held, times=times, asides=Asides())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Desk:
    """Where answers of one person are taken."""

    connection: Connection
    parts: Parts
    principal: Principal
    times: Times

    async def outcome(self, brought: Brought) -> Submission | Problem:
        """Return what becomes of an answer; a problem is returned, not raised, where a draft is kept."""
        found = await leases.lease_of(self.connection, brought.lease_id, self.principal.person_id, lock=True)
        if found is None:
            raise no_such_lease()
        held, now = found
        problem = held_or_problem(held.lease, brought.fence)
        if problem is not None and problem.kind == "already_submitted":
            standing = await submissions.standing_of(self.connection, brought.lease_id)
            return standing if standing.answer_hash == brought.hash else _submitted_otherwise(standing)
        if problem is None and held.lease.expires_at <= now:
            problem = _too_old(held.lease, now, self.times)
        elif problem is not None and problem.kind == "lease_expired":
            problem = await self._late(held.lease, now) if held.lease.ending == "expired" else problem
        if problem is not None:
            if problem.kind != "stale_fence":
                await leases.keep_draft(self.connection, brought.lease_id, brought.canonical)
            return problem
        return await self._taken(held, brought, now)

    async def _late(self, lease: Lease, now: datetime) -> Problem | None:
        """Return why an answer comes too late for a lease that has ended, if it does."""
        problem = _too_old(lease, now, self.times)
        if problem is None and not await leases.still_wanted(self.connection, lease):
            return _expired(lease, "somebody else has the task now, or it is done")
        return problem

    async def _taken(self, held: Drafted, brought: Brought, now: datetime) -> Submission:
        lease = held.lease
        constitution = await texts.constitution_in_force(self.connection)
        given = Given(
            lease=lease,
            submission_id=submission_id_of(lease.lease_id, held.answers),
            submitted_at=now,
            said_s=brought.seconds,
            simulated=self.principal.simulated,
        )
        event = await self._event(brought.answer, given, constitution)
        answered = await self._answered(lease, event)
        undo_s = 0.0 if answered.feedback is not None else self.times.undo_s
        submission = Submission(
            submission_id=given.submission_id,
            lease_id=lease.lease_id,
            answer=brought.canonical,
            answer_hash=brought.hash,
            feedback=answered.feedback,
            events=len(answered.events),
            submitted_at=now,
            undo_until=now + timedelta(seconds=undo_s),
        )
        await self._kept(lease, submission, answered)
        if isinstance(event, LabelSubmitted):
            await self._noted(lease, event, submission.submission_id, constitution)
        return submission

    async def _event(
        self, answer: Mapping[str, Any], given: Given, constitution: Constitution | None
    ) -> Event:
        if given.lease.kind == "pair":
            return _label(answer, given, constitution)
        task = await texts.proposed_task(self.connection, given.lease.pair_id, given.lease.round)
        if task is None:
            raise Problem(409, "the task is not known any more", kind="unknown_task")
        return kinds.answer_event(answer, task=task, lease=_facts(given), constitution=constitution)

    async def _answered(self, lease: Lease, event: Event) -> Answered:
        """Return what is said: the answer itself; between the work what quality makes of it."""
        if lease.purpose == "work" or not isinstance(event, LabelSubmitted):
            return Answered(events=[event])
        return await self.parts.quality.answered(self.connection, lease, event)

    async def _kept(self, lease: Lease, submission: Submission, answered: Answered) -> None:
        try:
            records = [(event.event_id, record_of(event)) for event in answered.events]
        except ValueError as error:
            raise Problem(422, f"the answer is too large: {error}", kind="too_large") from error
        await submissions.add(self.connection, lease, submission, records)

    async def _noted(
        self, lease: Lease, label: LabelSubmitted, submission_id: str, constitution: Constitution | None
    ) -> None:
        """Note what stands beside a label."""
        if lease.purpose == "work":
            await self.parts.quality.worked(self.connection, lease, label)
        if lease.round == "adjudicate":
            detail = {
                "submission_id": submission_id,
                "verdict": label.verdict.value,
                "error_category": label.error_category,
            }
            await audit.note(self.connection, lease.person_id, "label.adjudicated", lease.pair_id, detail)
        if label.refinement is not None:
            await submissions.add_refinement(
                self.connection,
                lease,
                label.refinement,
                submission_id=submission_id,
                constitution_id=constitution.id if constitution else "",
                error_category=label.error_category,
                at=label.occurred_at,
            )


async def _reopened(
    connection: Connection, parts: Parts, principal: Principal, submission_id: str, times: Times
) -> Drafted:
    named = await submissions.submission_named(connection, submission_id, principal.person_id)
    if named is None:
        raise Problem(404, "you have no such submission", kind="no_such_submission")
    found = await leases.lease_of(connection, named.lease_id, principal.person_id, lock=True)
    assert found is not None
    held, _ = found
    # Read again: another request may have taken it back while this one waited for the lease.
    if (again := await submissions.submission_named(connection, submission_id, principal.person_id)) is None:
        raise _too_late()
    if again.undone_at is not None:
        if held.lease.ended_at is None:
            return held
        raise _too_late()
    if await outbox.take_back(connection, submission_id) != again.events:
        raise _too_late()
    if not await submissions.undo(connection, submission_id):
        raise _too_late()
    await parts.quality.undone(connection, held.lease, submission_id)
    if held.lease.round == "adjudicate":
        note = {"submission_id": submission_id}
        await audit.note(connection, principal.person_id, "label.taken_back", held.lease.pair_id, note)
    return await leases.reopen(connection, named.lease_id, draft=again.answer, lease_s=times.lease_s)


def _label(answer: Mapping[str, Any], given: Given, constitution: Constitution | None) -> LabelSubmitted:
    try:
        read = PairAnswer.model_validate_json(orjson.dumps(answer))
    except ValidationError as error:
        findings = error.errors(include_url=False, include_context=False, include_input=False)
        raise Problem(
            422,
            "the answer does not fit; `errors` says where",
            kind="invalid_answer",
            errors=[_finding(one) for one in findings[:_MOST_FINDINGS]],
        ) from None
    for fault in faults_of(read, given.lease, constitution):
        raise Problem(422, fault.detail[:500], kind=fault.kind)
    return label_of(read, given, constitution_id=constitution.id if constitution else None)


def _finding(found: Mapping[str, Any]) -> dict[str, str]:
    where = ".".join(str(part) for part in found["loc"])
    return {"where": f"answer.{where}"[:300], "what": str(found["msg"])[:300]}


def _facts(given: Given) -> kinds.LeaseFacts:
    lease = given.lease
    return kinds.LeaseFacts(
        submission_id=given.submission_id,
        annotator=lease.person_id,
        seconds=counted_seconds(given.said_s, shown_at=lease.shown_at, submitted_at=given.submitted_at),
        occurred_at=given.submitted_at,
        provenance=Provenance.SIMULATED if given.simulated else Provenance.REAL,
    )


def _submitted_otherwise(standing: Submission) -> Problem:
    return Problem(
        409,
        "another answer to this task was submitted before; that one counts",
        kind="already_submitted",
        submission_id=standing.submission_id,
    )


def _too_old(lease: Lease, now: datetime, times: Times) -> Problem | None:
    if now - lease.expires_at <= timedelta(seconds=times.grace_s):
        return None
    return _expired(lease, "it ended too long ago")


def _expired(lease: Lease, why: str) -> Problem:
    return Problem(
        409,
        f"the lease ended at {lease.expires_at:%H:%M:%S} UTC: {why}; what you wrote is kept",
        kind="lease_expired",
    )


def _too_late() -> Problem:
    return Problem(409, "it is too late to take this back: it has been said", kind="too_late")
